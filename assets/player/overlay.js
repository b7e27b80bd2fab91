// The picture and the boxes over it. Every stroke is drawn twice, a dark halo and then the colour, so that it shows on any picture.

const OVERLAY = { neutral: "#FFFFFF", attention: "#FFA733", contact: "#C9A8FF", halo: "rgba(0, 0, 0, 0.72)", core: "#101114" };

// Dashes and gaps, in pixels, of what is not annotated in its frame; the gaps open within a third of a second while the video
// plays, so that nothing flickers at a frame that is, and what is held fades with its age.
const DASH = { [BETWEEN]: [3, 3], [HELD]: [8, 6] };
const OPEN_S = 0.33;
const FADE_S = 4;
const FADED = 0.4;

/**
 * How a box is drawn that is not annotated in its frame.
 * @param {{way: number, age: number}} box
 * @param {boolean} still while the video stands, what is not annotated is so at first sight
 */
function styleOf({ way, age }, still) {
  if (way === HERE) return { dash: [], alpha: 1, thin: 0 };
  const open = still ? 1 : Math.min(1, age / OPEN_S);
  const [dash, gap] = DASH[way];
  return { dash: [dash, gap * open], alpha: way === HELD ? Math.max(FADED, 1 - ((1 - FADED) * age) / FADE_S) : 1, thin: way === BETWEEN ? 0.35 * open : 0 };
}

/** @typedef {{track: number, score: number, code: number, way: number, age: number, x: number, y: number, width: number, height: number}} Hit */

class Overlay {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** What is drawn, in pixels of the canvas. @type {Hit[]} */
    this.hits = [];
    this.plates = new NamePlates();
  }

  // As many pixels as the screen has for it, so that the picture on it is as sharp as the video. True where that changed.
  /** @param {ResizeObserverEntry} entry of the canvas */
  fit({ contentRect, devicePixelContentBoxSize: exact }) {
    const about = [contentRect.width, contentRect.height].map((side) => Math.round(side * (window.devicePixelRatio || 1)));
    const told = exact ? [exact[0].inlineSize, exact[0].blockSize] : about;
    const [width, height] = told.some((side, at) => Math.abs(side - about[at]) > 1) ? about : told; // some do not know their ratio
    if (!width || !height || (this.canvas.width === width && this.canvas.height === height)) return false;
    Object.assign(this.canvas, { width, height });
    return true;
  }

  // view: {picture, boxes, edges, still (the video stands), predicted, tracks, emphasised (Set or null), hovered (track or null), boxesOn, labelsOn, groupsOn, size, font}; a box with
  // the code of a verdict is drawn as that
  draw(view) {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    view.picture.paint(context, canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const across = canvas.width / ratio / view.size[0];
    const down = canvas.height / ratio / view.size[1];
    this.hits = view.boxes.map((box) => ({
      track: box.track,
      score: box.score,
      code: box.code || NEITHER,
      way: box.way,
      age: box.age,
      x: box.x1 * across,
      y: box.y1 * down,
      width: Math.max(2, (box.x2 - box.x1) * across),
      height: Math.max(2, (box.y2 - box.y1) * down),
    }));
    if (!view.boxesOn) return;
    const dim = (track) => view.emphasised && track !== 0 && track !== view.hovered && !view.emphasised.has(track);
    const order = [...this.hits].sort((one, other) => other.width * other.height - one.width * one.height);
    for (const hit of order) this.outline(hit, this.colourOf(hit, view), dim(hit.track), view);
    if (view.labelsOn) this.labels(order.filter((hit) => !dim(hit.track)), view, canvas.width / ratio, canvas.height / ratio);
  }

  // That of its verdict, where it has one.
  colourOf(hit, view) {
    return hit.code === NEITHER ? this.colour(hit.track, view) : VERDICTS[hit.code].over;
  }

  // Purple in contact, orange when looked at, white otherwise: the strongest thing the graph says of the object.
  colour(track, view) {
    const groups = view.edges.get(track);
    if (!groups) return OVERLAY.neutral;
    const affirms = ([relation, score], edges) => score === edges[0][1] && !DENIALS.includes(view.relations[relation].name);
    const says = (group) => view.groupsOn[group] && groups[group].some((edge) => affirms(edge, groups[group]));
    if (says(GROUP_INDEX.contact)) return OVERLAY.contact;
    return says(GROUP_INDEX.attention) ? OVERLAY.attention : OVERLAY.neutral;
  }

  outline(hit, colour, dim, view) {
    const { context } = this;
    const chosen = hit.track === view.hovered || (view.emphasised && view.emphasised.has(hit.track));
    const hollow = hit.code === MISSED;
    const style = styleOf(hit, view.still);
    const width = (chosen ? 3 : 1.75) + (hollow ? 1.75 : 0) - style.thin;
    context.globalAlpha = dim ? 0.28 : chosen ? 1 : style.alpha;
    context.setLineDash(style.dash);
    context.lineJoin = "round";
    for (const [stroke, thick] of [[OVERLAY.halo, width + 2.5], [colour, width], [OVERLAY.core, hollow ? width / 2 : 0]]) {
      if (!thick) continue;
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      context.strokeRect(hit.x, hit.y, hit.width, hit.height);
    }
    if (hit.code === FALSE) this.crosses(hit, colour, width);
    else if (view.predicted && !hollow) this.corners(hit, colour, width);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // Corner marks tell a predicted box from an annotated one.
  corners(hit, colour, width) {
    const { context } = this;
    const reach = Math.min(10, hit.width / 3, hit.height / 3);
    context.setLineDash([]);
    context.beginPath();
    for (const [x, y, right, below] of [
      [hit.x, hit.y, 1, 1],
      [hit.x + hit.width, hit.y, -1, 1],
      [hit.x, hit.y + hit.height, 1, -1],
      [hit.x + hit.width, hit.y + hit.height, -1, -1],
    ]) {
      context.moveTo(x + right * reach, y);
      context.lineTo(x, y);
      context.lineTo(x, y + below * reach);
    }
    context.strokeStyle = colour;
    context.lineWidth = width + 1.75;
    context.stroke();
  }

  // A cross on every corner tells a false box.
  crosses(hit, colour, width) {
    const { context } = this;
    const reach = Math.min(6, hit.width / 3, hit.height / 3);
    context.setLineDash([]);
    context.beginPath();
    for (const x of [hit.x, hit.x + hit.width]) {
      for (const y of [hit.y, hit.y + hit.height]) {
        context.moveTo(x - reach, y - reach);
        context.lineTo(x + reach, y + reach);
        context.moveTo(x + reach, y - reach);
        context.lineTo(x - reach, y + reach);
      }
    }
    for (const [style, thick] of [[OVERLAY.halo, width + 2.5], [colour, width]]) {
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.stroke();
    }
  }

  // Labels stand above their box, or inside where there is no room, and step aside for one another.
  labels(hits, view, wide, high) {
    const { context } = this;
    const ratio = window.devicePixelRatio || 1;
    const onPixel = (/** @type {number} */ place) => Math.round(place * ratio) / ratio; // so that letters stay sharp
    const { tall } = PLATE;
    const taken = [];
    for (const hit of [...hits].reverse()) {
      const scored = view.predicted && hit.code !== MISSED && hit.score < 1;
      const text = `${VERDICTS[hit.code].mark} ${view.tracks[hit.track].label}${scored ? ` ${Math.round(hit.score * 100)}%` : ""}`.trim();
      const { canvas, width } = this.plates.get(text, this.colourOf(hit, view), view.font, ratio);
      const x = onPixel(clamp(hit.x - 1, 0, Math.max(0, wide - width)));
      const places = [hit.y - tall, hit.y + 1, hit.y + hit.height - tall, hit.y + hit.height + 1, hit.y + tall + 2];
      const fits = (y) => y >= 0 && y + tall <= high && !taken.some((t) => x < t.x + t.width && t.x < x + width && y < t.y + tall && t.y < y + tall);
      const y = places.find(fits);
      if (y === undefined) continue;
      taken.push({ x, y, width });
      context.globalAlpha = styleOf(hit, view.still).alpha;
      context.drawImage(canvas, x, onPixel(y), canvas.width / ratio, canvas.height / ratio);
    }
    context.globalAlpha = 1;
  }
}

/**
 * Track of the smallest box under a point; null beside all boxes.
 * @param {Hit[]} hits
 * @param {number} x
 * @param {number} y
 * @returns {number | null}
 */
function smallestAt(hits, x, y) {
  /** @type {Hit | null} */
  let best = null;
  for (const hit of hits) {
    const inside = x >= hit.x && x <= hit.x + hit.width && y >= hit.y && y <= hit.y + hit.height;
    if (inside && (!best || hit.width * hit.height < best.width * best.height)) best = hit;
  }
  return best && best.track;
}

/**
 * Observe the size of a canvas in pixels of the screen, where the browser tells them.
 * @param {ResizeObserver} observer
 * @param {HTMLCanvasElement} canvas
 */
function observePixels(observer, canvas) {
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(canvas);
  }
}
