// How one source is judged by another: what is right, false and missed, frame by frame, as Python decided it.

// Codes of boxes and triplets, as in the column `box`.
const NEITHER = 0;
const RIGHT = 1;
const FALSE = 2;
const MISSED = 3;

/**
 * Of each code: its mark, its name, and its colour over pictures and on light and dark pages.
 * @type {{mark: string, name: string, over: string, light: string, dark: string}[]}
 */
const VERDICTS = [
  { mark: "", name: "", over: "#FFFFFF", light: "", dark: "" },
  { mark: "✓", name: "right", over: "#6CC4FF", light: "#0B63AE", dark: "#6CC4FF" },
  { mark: "✕", name: "false", over: "#FF8F5A", light: "#B03A12", dark: "#FF9A6B" },
  { mark: "○", name: "missed", over: "#FFE45C", light: "#7A6000", dark: "#FFE45C" },
];

/**
 * Of one frame. boxes: verdict by track of the judged source; right: mask of its right relationships by track;
 * missedBoxes: tracks of the truth that nobody claimed; missed: mask of missed relationships by track of the card that
 * shows them; unfound: the same by the truth's own track.
 * @typedef {{boxes: Map<number, number>, right: Map<number, number>, missedBoxes: number[], missed: Map<number, number>,
 *   unfound: Map<number, number>}} FrameVerdict
 */

class Judge {
  // about: {judged, truth, words, terms, note}; rows: Arrow table (frame, of_truth, track, shown_on, box, mask), none without judgement.
  constructor(about, rows) {
    this.judged = about.judged;
    this.truth = about.truth;
    /** What the codes are called. @type {string[]} */
    this.words = ["", ...about.words];
    /** What the field calls them. @type {string[]} */
    this.terms = ["", ...about.terms];
    this.note = about.note;
    /** @type {Map<number, FrameVerdict>} */
    this.byFrame = new Map();
    if (!rows) return;
    const [frame, ofTruth, track, shownOn, box, mask] = ["frame", "of_truth", "track", "shown_on", "box", "mask"].map((name) => column(rows, name));
    for (let row = 0; row < frame.length; row++) {
      if (!this.byFrame.has(frame[row])) this.byFrame.set(frame[row], { boxes: new Map(), right: new Map(), missedBoxes: [], missed: new Map(), unfound: new Map() });
      const found = /** @type {FrameVerdict} */ (this.byFrame.get(frame[row]));
      if (!ofTruth[row]) {
        found.boxes.set(track[row], box[row]);
        found.right.set(track[row], mask[row]);
        continue;
      }
      if (box[row] === MISSED) found.missedBoxes.push(track[row]);
      if (!mask[row]) continue;
      found.unfound.set(track[row], mask[row]);
      found.missed.set(shownOn[row], (found.missed.get(shownOn[row]) || 0) | mask[row]);
    }
    this.frames = [...this.byFrame.keys()].sort((one, other) => one - other);
  }

  /** @type {number[]} */
  frames = [];

  /**
   * The verdict on the graph of a source; null where it is not judged.
   * @param {Source} source
   * @param {number} index
   */
  of(source, index) {
    return (index >= 0 && source.name === this.judged && this.byFrame.get(source.frames[index])) || null;
  }
}

/**
 * What is said of a triplet of the judged source.
 * @param {FrameVerdict | null} verdict
 * @param {number} track
 * @param {number} relation
 */
function verdictOf(verdict, track, relation) {
  if (!verdict || !verdict.boxes.get(track)) return NEITHER;
  return (verdict.right.get(track) || 0) & (1 << relation) ? RIGHT : FALSE;
}

/**
 * The relationships of a mask.
 * @param {number | undefined} mask
 * @param {number} count how many relationships there are
 */
function relationsIn(mask, count) {
  return Array.from({ length: count }, (_none, relation) => relation).filter((relation) => (mask || 0) & (1 << relation));
}

/**
 * How many triplets of a graph are right, false and missed, by code; only of the groups that are on.
 * @param {FrameVerdict} verdict
 * @param {Source} source
 * @param {number} index
 * @param {boolean[]} groupsOn
 */
function countVerdicts(verdict, source, index, groupsOn) {
  const counts = [0, 0, 0, 0];
  const counted = (relation) => groupsOn[source.groupOfRelation[relation]];
  for (const code of source.sets[index].keys()) if (counted(code % 256)) counts[verdictOf(verdict, Math.floor(code / 256), code % 256)]++;
  for (const mask of verdict.unfound.values()) counts[MISSED] += relationsIn(mask, source.groupOfRelation.length).filter(counted).length;
  return counts;
}

/**
 * The counts of a graph in words.
 * @param {Judge} judge
 * @param {FrameVerdict} verdict
 * @param {Source} source
 * @param {number} index
 */
function describeVerdict(judge, verdict, source, index) {
  const counts = countVerdicts(verdict, source, index, [true, true, true]);
  return `${[RIGHT, FALSE, MISSED].map((code) => `${counts[code]} ${judge.words[code]}`).join(", ")}.`;
}

/**
 * Boxes to draw: of the chosen source, with their verdicts where it is judged, and those of the truth that it misses.
 * @param {Judge | null} judge
 * @param {FrameVerdict | null} verdict
 * @param {{sources: Source[], chosen: Source, index: number, frame: number, mode: string}} at
 */
function boxesWithVerdicts(judge, verdict, { sources, chosen, index, frame, mode }) {
  const found = chosen.boxesAt(index, frame, mode);
  const truth = verdict && sources.find((source) => source.name === judge?.truth);
  if (!verdict || !truth) return found;
  const there = truth.boxesAt(truth.indexAt(chosen.frames[index]), frame, mode);
  const missed = there.filter((box) => verdict.missedBoxes.includes(box.track));
  return [...found.map((box) => ({ ...box, code: verdict.boxes.get(box.track) })), ...missed.map((box) => ({ ...box, code: MISSED }))];
}

// The line under the switches: what the marks mean, how many triplets there are of each, and where there are more.
class VerdictLegend {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.shown = "";
  }

  /**
   * @param {Judge | null} judge null where the marks are off
   * @param {FrameVerdict | null} verdict null where the graph is not judged
   * @param {Source} source
   * @param {number} index
   * @param {boolean[]} groupsOn
   */
  show(judge, verdict, source, index, groupsOn) {
    const shown = judge ? `${judge.words}|${judge.note}|${source.name}|${verdict ? index : ""}|${groupsOn}` : "";
    if (shown === this.shown) return;
    this.shown = shown;
    this.root.hidden = !judge;
    this.root.replaceChildren();
    if (!judge) return;
    const counts = verdict && countVerdicts(verdict, source, index, groupsOn);
    if (judge.frames.length) for (const code of [RIGHT, FALSE, MISSED]) this.explain(judge, code, counts);
    const elsewhere = source.name === judge.judged ? "Not in this frame." : "The other graphs are judged by these.";
    const note = verdict || !judge.frames.length ? judge.note : `${elsewhere} ${judge.note}`;
    element("span", { class: "verdict-note" }, this.root, note);
  }

  /**
   * @param {Judge} judge
   * @param {number} code
   * @param {number[] | null} counts
   */
  explain(judge, code, counts) {
    const { mark, name } = VERDICTS[code];
    const term = judge.terms[code];
    const entry = element("span", { class: `verdict v-${name}` }, this.root);
    entry.appendChild(boxSample(code));
    element("b", {}, entry, mark);
    element("span", { class: "word" }, entry, judge.words[code] + (term ? ` (${term})` : ""));
    if (counts) element("b", {}, entry, String(counts[code]));
  }
}

/**
 * A small box, drawn as those over the picture are.
 * @param {number} code
 */
function boxSample(code) {
  const svg = drawn("svg", { class: "verdict-box", viewBox: "0 0 22 16", "aria-hidden": "true" });
  const box = (/** @type {number} */ inset, /** @type {number} */ width) => drawn("rect", { x: inset, y: inset, width: 22 - 2 * inset, height: 16 - 2 * inset, "stroke-width": width }, svg);
  const path = (/** @type {string} */ d) => drawn("path", { d, "stroke-width": 2 }, svg);
  if (code === MISSED) {
    box(2, 1.2);
    box(5, 1.2);
  } else box(4, 1.6);
  if (code === RIGHT) path("M3.5,8 V3.5 H8 M14,3.5 H18.5 V8 M18.5,8.5 V12.5 H14 M8,12.5 H3.5 V8.5");
  if (code === FALSE) path([4, 18].flatMap((x) => [4, 12].map((y) => `M${x - 3},${y - 3} l6,6 m-6,0 l6,-6`)).join(" "));
  return svg;
}
