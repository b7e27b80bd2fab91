// Boxes moved by hand, by dragging and by keys, on a frame that is being corrected. Knows no graph and tells what came of it.

const GRIP_PX = 9;
const SLOP_PX = 3;
const SETTLE_MS = 450;
const CURSORS = { "00": "move", "-1-1": "nwse-resize", "11": "nwse-resize", "-11": "nesw-resize", "1-1": "nesw-resize", "-10": "ew-resize", "10": "ew-resize", "0-1": "ns-resize", "01": "ns-resize" };

/** @typedef {{x1: number, y1: number, x2: number, y2: number}} Box */
/** @typedef {{across: -1 | 0 | 1, down: -1 | 0 | 1}} Grip which sides move: 0 and 0 is the whole box */

class BoxEditor {
  /**
   * @param {HTMLElement} stage
   * @param {{hits: () => Hit[], boxes: () => (Box & {track: number})[], size: () => [number, number], redraw: () => void,
   *   picked: (track: number, picks: number) => void, moved: (track: number, box: Box) => void}} heard
   *   hits and boxes are those on screen, in pixels of the stage and of the video
   */
  constructor(stage, heard) {
    this.stage = stage;
    this.heard = heard;
    this.on = false;
    /** The track whose box the keys move. @type {number | null} */
    this.track = null;
    /** The picked box as it is being made. @type {Box | null} */
    this.draft = null;
    /** @type {{grip: Grip, x: number, y: number, box: Box, moved: boolean} | null} */
    this.drag = null;
    this.settle = 0;
    /** How many boxes were picked here: what Python says of an earlier one is out of date. */
    this.picks = 0;
    this.stop = new AbortController();
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ does) => stage.addEventListener(name, does, { signal: this.stop.signal });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", () => this.up());
    on("pointercancel", () => this.cancel());
  }

  // What Python says: whether boxes of this frame can be moved, and which one is picked, as of so many picks.
  /**
   * @param {boolean} on
   * @param {number | null} track
   * @param {number} picks
   */
  set(on, track, picks) {
    const leaves = !on || (picks >= this.picks && track !== this.track);
    if (leaves) this.flush();
    if (leaves) this.cancel();
    else if (!this.drag && !this.settle) this.draft = null; // Python has heard of it
    this.on = on;
    if (leaves) this.track = on ? track : null;
    this.picks = Math.max(this.picks, picks);
    this.stage.style.touchAction = on ? "none" : "";
    if (!on) this.stage.style.cursor = "";
  }

  // The boxes to draw, with the picked one as it is being made.
  /**
   * @template {Box & {track: number}} T
   * @param {T[]} boxes
   * @returns {T[]}
   */
  apply(boxes) {
    const { draft, track } = this;
    return draft ? boxes.map((box) => (box.track === track ? { ...box, ...draft } : box)) : boxes;
  }

  // Squares on the picked box to take hold of.
  /** @param {Overlay} overlay */
  drawGrips(overlay) {
    const hit = this.on && overlay.hits.find((one) => one.track === this.track);
    if (!hit) return;
    const { context } = overlay;
    for (const x of [hit.x, hit.x + hit.width / 2, hit.x + hit.width]) {
      for (const y of [hit.y, hit.y + hit.height / 2, hit.y + hit.height]) {
        if (x === hit.x + hit.width / 2 && y === hit.y + hit.height / 2) continue;
        context.fillStyle = OVERLAY.core;
        context.fillRect(x - 5, y - 5, 10, 10);
        context.fillStyle = OVERLAY.neutral;
        context.fillRect(x - 3.5, y - 3.5, 7, 7);
      }
    }
  }

  // What of the picked box is under a point of the stage; null beside it.
  /**
   * @param {number} x
   * @param {number} y
   * @returns {Grip | null}
   */
  gripAt(x, y) {
    const hit = this.heard.hits().find((one) => one.track === this.track);
    if (!hit) return null;
    const side = (/** @type {number} */ at, /** @type {number} */ low, /** @type {number} */ long) => {
      if (at < low - GRIP_PX || at > low + long + GRIP_PX) return null;
      const grip = Math.min(GRIP_PX, long / 3);
      return at < low + grip ? -1 : at > low + long - grip ? 1 : 0;
    };
    const across = side(x, hit.x, hit.width);
    const down = side(y, hit.y, hit.height);
    return across === null || down === null ? null : { across, down };
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (!this.on || event.button) return;
    const { x, y } = this.at(event);
    let grip = this.gripAt(x, y);
    if (!grip) {
      const track = smallestAt(this.heard.hits(), x, y);
      if (track === null) return;
      this.pick(track);
      grip = { across: 0, down: 0 };
    }
    const box = this.pickedBox();
    if (!box) return;
    this.drag = { grip, x, y, box, moved: false };
    this.stage.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.on) return;
    const { x, y } = this.at(event);
    if (!this.drag) {
      const grip = this.gripAt(x, y);
      this.stage.style.cursor = grip ? CURSORS[`${grip.across}${grip.down}`] : "";
      return;
    }
    if (!this.drag.moved && Math.hypot(x - this.drag.x, y - this.drag.y) < SLOP_PX) return;
    this.drag.moved = true;
    const [wide, high] = this.heard.size();
    const across = ((x - this.drag.x) * wide) / this.stage.clientWidth;
    const down = ((y - this.drag.y) * high) / this.stage.clientHeight;
    this.draft = movedBox(this.drag.box, this.drag.grip, across, down, [wide, high]);
    this.heard.redraw();
  }

  up() {
    const { drag } = this;
    this.drag = null;
    if (drag?.moved) this.tell();
  }

  cancel() {
    window.clearTimeout(this.settle);
    this.settle = 0;
    this.drag = null;
    this.draft = null;
  }

  // A key that belongs to the picked box: true where it did something.
  /**
   * @param {string} key
   * @param {boolean} shift
   */
  key(key, shift) {
    if (!this.on) return false;
    if (key === "o") return this.pickNext(shift ? -1 : 1);
    if (this.track === null) return false;
    if (key === "Escape") return this.letGo();
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[key];
    const box = way && this.pickedBox();
    if (!box) return false;
    const [wide, high] = this.heard.size();
    const step = Math.max(1, Math.round(wide / 240));
    this.draft = movedBox(box, shift ? { across: 1, down: 1 } : { across: 0, down: 0 }, way[0] * step, way[1] * step, [wide, high]);
    this.heard.redraw();
    window.clearTimeout(this.settle);
    this.settle = window.setTimeout(() => this.tell(), SETTLE_MS);
    return true;
  }

  letGo() {
    this.flush();
    this.track = null;
    this.heard.redraw();
    return true;
  }

  /** @param {number} step */
  pickNext(step) {
    const tracks = this.heard.boxes().map((box) => box.track).sort((one, other) => one - other);
    if (!tracks.length) return true;
    const at = this.track === null ? -1 : tracks.indexOf(this.track);
    this.pick(tracks[at < 0 ? (step > 0 ? 0 : tracks.length - 1) : (at + step + tracks.length) % tracks.length]);
    return true;
  }

  /** @param {number} track */
  pick(track) {
    if (track === this.track) return;
    this.flush();
    this.draft = null;
    this.track = track;
    this.picks += 1;
    this.heard.picked(track, this.picks);
    this.heard.redraw();
  }

  // Say at once what keys did, before anything else happens.
  flush() {
    if (this.settle) this.tell();
  }

  tell() {
    window.clearTimeout(this.settle);
    this.settle = 0;
    if (this.draft && this.track !== null) this.heard.moved(this.track, this.draft);
  }

  pickedBox() {
    return this.draft || this.heard.boxes().find((box) => box.track === this.track) || null;
  }

  /** @param {PointerEvent} event */
  at(event) {
    const place = this.stage.getBoundingClientRect();
    return { x: event.clientX - place.left, y: event.clientY - place.top };
  }

  destroy() {
    this.cancel();
    this.stop.abort();
  }
}

/**
 * A box moved, or some of its sides, by so many pixels; inside the frame, and never turned inside out.
 * @param {Box} box
 * @param {Grip} grip
 * @param {number} across
 * @param {number} down
 * @param {[number, number]} size
 * @returns {Box}
 */
function movedBox(box, grip, across, down, [wide, high]) {
  const least = 2;
  if (!grip.across && !grip.down) {
    const x = clamp(across, -box.x1, wide - box.x2);
    const y = clamp(down, -box.y1, high - box.y2);
    return { x1: box.x1 + x, y1: box.y1 + y, x2: box.x2 + x, y2: box.y2 + y };
  }
  return {
    x1: grip.across < 0 ? clamp(box.x1 + across, 0, box.x2 - least) : box.x1,
    y1: grip.down < 0 ? clamp(box.y1 + down, 0, box.y2 - least) : box.y1,
    x2: grip.across > 0 ? clamp(box.x2 + across, box.x1 + least, wide) : box.x2,
    y2: grip.down > 0 ? clamp(box.y2 + down, box.y1 + least, high) : box.y2,
  };
}
