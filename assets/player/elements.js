// What every piece shares: groups of relationships, making elements, formatting time, reading colours of the theme.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * One of the three groups of relationships: its name, letter, dashes of its lines and its colour in both themes.
 * @typedef {{name: string, letter: string, dash: number[], light: string, dark: string}} Group
 */

/** @type {Group[]} */
const GROUPS = [
  { name: "attention", letter: "A", dash: [0.1, 5], light: "#D96500", dark: "#FFA733" },
  { name: "spatial", letter: "S", dash: [6, 4], light: "#0F5F44", dark: "#6FE0B5" },
  { name: "contact", letter: "C", dash: [], light: "#8A2FC9", dark: "#A678F0" },
];
/** @type {Record<string, number>} */
const GROUP_INDEX = { attention: 0, spatial: 1, contact: 2 };

// Relationships that say what is not the case, or not known: drawn fainter.
const DENIALS = ["not looking at", "unsure", "not contacting"];

/**
 * Make an HTML element, append it to `parent` where there is one, and set its text as text.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {Element} [parent]
 * @param {string} [text]
 * @returns {any} the element, of the tag's own type
 */
function element(tag, attributes, parent, text) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

/**
 * The same for an SVG element.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {Element} [parent]
 * @param {string} [text]
 * @returns {any} the element, of the tag's own type
 */
function drawn(tag, attributes, parent, text) {
  const made = document.createElementNS(SVG_NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

/**
 * What the pointer does, the keyboard does as well: whatever it is on stands out elsewhere.
 * @param {Element} under where the pointer is
 * @param {Element} focused what the keyboard comes to
 * @param {() => void} enter
 * @param {() => void} leave
 */
function followAttention(under, focused, enter, leave) {
  under.addEventListener("pointerenter", enter);
  under.addEventListener("pointerleave", leave);
  focused.addEventListener("focus", enter);
  focused.addEventListener("blur", leave);
}

function lineSample(group) {
  const svg = drawn("svg", { class: "sample", viewBox: "0 0 26 8", "aria-hidden": "true" });
  drawn("line", { x1: 2, y1: 4, x2: 24, y2: 4, class: `line ${group.name}` }, svg);
  return svg;
}

/** @param {number} seconds */
function formatTime(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const rest = String(Math.floor(ms / 1000) % 60).padStart(2, "0");
  return `${Math.floor(ms / 60000)}:${rest}.${String(ms % 1000).padStart(3, "0")}`;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// Channels 0..255 of any CSS colour, through a canvas pixel.
const probe = document.createElement("canvas");
probe.width = probe.height = 1;
const probeContext = /** @type {CanvasRenderingContext2D} */ (probe.getContext("2d", { willReadFrequently: true }));

/** @param {string} colour */
function channels(colour) {
  probeContext.clearRect(0, 0, 1, 1);
  probeContext.fillStyle = "#888";
  probeContext.fillStyle = colour;
  probeContext.fillRect(0, 0, 1, 1);
  return probeContext.getImageData(0, 0, 1, 1).data;
}

/**
 * @typedef {{dark: boolean, background: string, raised: string, text: string, border: string, primary: string,
 *   font: string}} Theme
 */

/**
 * Colours for canvases, and the group colours as CSS variables of the player. Read again at every theme change.
 * @param {HTMLElement} player
 * @returns {Theme}
 */
function readTheme(player) {
  const style = getComputedStyle(player);
  const named = (name, other) => style.getPropertyValue(name).trim() || other;
  const background = named("--st-background-color", "#fff");
  const [red, green, blue] = channels(background);
  const dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  for (const one of [...GROUPS, ...VERDICTS]) if (one.name) player.style.setProperty(`--${one.name}`, dark ? one.dark : one.light);
  player.classList.toggle("dark", dark);
  return {
    dark,
    background,
    raised: named("--st-secondary-background-color", dark ? "#262730" : "#f0f2f6"),
    text: named("--st-text-color", dark ? "#fafafa" : "#31333f"),
    border: named("--st-border-color", dark ? "#444" : "#ddd"),
    primary: named("--st-primary-color", dark ? "#A678F0" : "#8A2FC9"),
    font: named("--st-font", "sans-serif"),
  };
}

/** @type {Record<string, number[]>} */
const DASHES = { solid: [], dash: [4, 3], dot: [1, 3] };

// Make a canvas as large as it is shown, in device pixels; true where that changed it.
function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const wide = Math.round(width * ratio);
  const high = Math.round(height * ratio);
  if (!wide || !high || (canvas.width === wide && canvas.height === high)) return false;
  canvas.width = wide;
  canvas.height = high;
  return true;
}
