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
  { mark: "✕", name: "false", over: "#FF8F5A", light: "#A3154B", dark: "#FF9A6B" },
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
  // about: {judged, truth, words, terms, note, rule}; rows: Arrow table (frame, of_truth, track, pair, box), none without judgement.
  constructor(about, rows, sources) {
    this.about = about;
    this.judged = about.judged;
    this.truth = about.truth;
    /** What the codes are called. @type {string[]} */
    this.words = ["", ...about.words];
    /** What the field calls them. @type {string[]} */
    this.terms = ["", ...about.terms];
    this.note = about.note;
    /** The two sources, judged and truth. @type {(Source | undefined)[]} */
    this.sides = [about.judged, about.truth].map((name) => sources.find((source) => source.name === name));
    /** Rows of each frame: judged, then of the truth. @type {Map<number, {track: number, pair: number, box: number}[][]>} */
    this.rows = new Map();
    /** @type {Map<number, FrameVerdict>} */
    this.made = new Map();
    this.version = "";
    if (!rows) return;
    const [frame, ofTruth, track, pair, box] = ["frame", "of_truth", "track", "pair", "box"].map((name) => column(rows, name));
    for (let row = 0; row < frame.length; row++) {
      if (!this.rows.has(frame[row])) this.rows.set(frame[row], [[], []]);
      this.rows.get(frame[row])?.[ofTruth[row]].push({ track: track[row], pair: pair[row], box: box[row] });
    }
    this.frames = [...this.rows.keys()].sort((one, other) => one - other);
  }

  /** @type {number[]} */
  frames = [];

  /**
   * The verdict on the graph of a source; null where it is not judged.
   * @param {Source} source
   * @param {number} index
   */
  of(source, index) {
    return index >= 0 && source.name === this.judged && this.rows.has(source.frames[index]) ? this.judgeFrame(source.frames[index]) : null;
  }

  // A triplet is right where it is shown of a box and of that of the truth to which the box belongs.
  /**
   * @param {number} frame
   * @returns {FrameVerdict | null}
   */
  judgeFrame(frame) {
    const [judged, truth] = this.sides;
    const rows = this.rows.get(frame);
    if (!judged || !truth || !rows) return null;
    const version = `${judged.version}|${truth.version}`;
    if (version !== this.version) this.made.clear();
    this.version = version;
    const known = this.made.get(frame);
    if (known) return known;
    const [said, true_] = [judged, truth].map((source) => masksOf(source, source.indexAt(frame)));
    /** @type {FrameVerdict} */
    const found = { boxes: new Map(), right: new Map(), missedBoxes: [], missed: new Map(), unfound: new Map() };
    for (const { track, pair, box } of rows[0]) {
      found.boxes.set(track, box);
      if (box === RIGHT && track) found.right.set(track, (said.get(track) || 0) & (true_.get(pair) || 0));
    }
    for (const { track, pair, box } of rows[1]) {
      if (box === MISSED) found.missedBoxes.push(track);
      const missed = box === NEITHER || !track ? 0 : (true_.get(track) || 0) & ~(box === RIGHT ? found.right.get(pair) || 0 : 0);
      if (!missed) continue;
      found.unfound.set(track, missed);
      found.missed.set(pair, (found.missed.get(pair) || 0) | missed);
    }
    this.made.set(frame, found);
    return found;
  }
}

/**
 * The relationships that are shown of each track of a graph, as masks.
 * @param {Source} source
 * @param {number} index
 * @returns {Map<number, number>}
 */
function masksOf(source, index) {
  const masks = new Map();
  for (const code of source.sets[index].keys()) {
    const track = Math.floor(code / 256);
    masks.set(track, (masks.get(track) || 0) | (1 << code % 256));
  }
  return masks;
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
