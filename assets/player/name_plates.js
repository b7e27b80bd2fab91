// The names beside boxes, each drawn once on a small canvas of its own and copied from there: to lay out text costs a frame
// more than all of its boxes.

const PLATE = { tall: 17, pad: 5, round: 3, most: 300 };

/** @typedef {{canvas: HTMLCanvasElement, width: number}} Plate width in pixels of the page */

class NamePlates {
  constructor() {
    /** @type {Map<string, Plate>} */
    this.kept = new Map();
    this.of = "";
  }

  /**
   * The plate of a text in a colour.
   * @param {string} text
   * @param {string} colour
   * @param {string} font family
   * @param {number} ratio pixels of the screen for one of the page
   * @returns {Plate}
   */
  get(text, colour, font, ratio) {
    const of = `${ratio} ${font}`;
    if (of !== this.of || this.kept.size > PLATE.most) this.kept.clear();
    this.of = of;
    const key = `${colour} ${text}`;
    let plate = this.kept.get(key);
    if (!plate) this.kept.set(key, (plate = makePlate(text, colour, font, ratio)));
    return plate;
  }
}

/**
 * @param {string} text
 * @param {string} colour
 * @param {string} font family
 * @param {number} ratio
 * @returns {Plate}
 */
function makePlate(text, colour, font, ratio) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const lettering = `600 11.5px ${font}`;
  context.font = lettering;
  const width = Math.ceil((context.measureText(text).width + 2 * PLATE.pad) * ratio) / ratio;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(PLATE.tall * ratio) }); // forgets the font
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = lettering;
  context.textBaseline = "middle";
  context.fillStyle = OVERLAY.halo;
  context.beginPath();
  context.roundRect(0, 0, width, PLATE.tall, PLATE.round);
  context.fill();
  context.fillStyle = colour;
  context.fillText(text, PLATE.pad, PLATE.tall / 2 + 0.5);
  return { canvas, width };
}
