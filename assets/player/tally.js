// How many boxes and triplets are right, false and missed, here and in the whole video; the sums add up.

/**
 * How many triplets of a graph are right, false and missed, by code; only of the groups that are on.
 * @param {FrameVerdict} verdict
 * @param {Source} source
 * @param {number} index
 * @param {boolean[]} groupsOn
 */
function countTriplets(verdict, source, index, groupsOn) {
  const counts = [0, 0, 0, 0];
  const counted = (/** @type {number} */ relation) => groupsOn[source.groupOfRelation[relation]];
  for (const code of source.sets[index].keys()) if (counted(code % 256)) counts[verdictOf(verdict, Math.floor(code / 256), code % 256)]++;
  for (const mask of verdict.unfound.values()) counts[MISSED] += relationsIn(mask, source.groupOfRelation.length).filter(counted).length;
  return counts;
}

/**
 * The same of its boxes, the person's among them.
 * @param {FrameVerdict} verdict
 */
function countBoxes(verdict) {
  const counts = [0, 0, 0, verdict.missedBoxes.length];
  for (const box of verdict.boxes.values()) counts[box]++;
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
  const counts = countTriplets(verdict, source, index, [true, true, true]);
  return `${[RIGHT, FALSE, MISSED].map((code) => `${counts[code]} ${judge.words[code]}`).join(", ")}.`;
}

/**
 * Sums over all judged frames: of triplets and of boxes.
 * @param {Judge} judge
 * @param {Source} source
 * @param {boolean[]} groupsOn
 */
function countVideo(judge, source, groupsOn) {
  const sums = [[0, 0, 0, 0], [0, 0, 0, 0]];
  for (const frame of judge.frames) {
    const index = source.indexAt(frame);
    const verdict = judge.of(source, index);
    if (!verdict) continue;
    [countTriplets(verdict, source, index, groupsOn), countBoxes(verdict)].forEach((counts, at) => counts.forEach((count, code) => (sums[at][code] += count)));
  }
  return sums;
}

// Under the switches: what the marks mean, how many there are of each, and where there are more.
class Tally {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.shown = "";
    this.summed = "";
    /** Of the whole video: triplets, boxes. */
    this.sums = [[0, 0, 0, 0], [0, 0, 0, 0]];
  }

  /**
   * @param {Judge | null} judge null where the marks are off
   * @param {FrameVerdict | null} verdict null where the graph is not judged
   * @param {Source} source
   * @param {number} index
   * @param {boolean[]} groupsOn
   */
  show(judge, verdict, source, index, groupsOn) {
    const sides = judge ? judge.sides.map((side) => side?.version).join() : "";
    const shown = judge ? `${judge.words}|${judge.note}|${source.name}|${verdict ? index : ""}|${groupsOn}|${sides}` : "";
    if (shown === this.shown) return;
    this.shown = shown;
    this.root.hidden = !judge;
    this.root.replaceChildren();
    if (!judge) return;
    const judged = judge.sides[0];
    const summed = `${judge.note}|${judge.judged}|${groupsOn}|${sides}`;
    if (judged && summed !== this.summed) this.sums = countVideo(judge, judged, groupsOn);
    this.summed = summed;
    if (judge.frames.length) {
      const here = verdict ? [countTriplets(verdict, source, index, groupsOn), countBoxes(verdict)] : [null, null];
      this.buildTable(judge, [["Triplets here", here[0]], ["Boxes here", here[1]], ["Triplets in all", this.sums[0]], ["Boxes in all", this.sums[1]]]);
    }
    const elsewhere = source.name === judge.judged ? "Not in this frame." : "The other graphs are judged by these.";
    element("span", { class: "verdict-note" }, this.root, verdict || !judge.frames.length ? judge.note : `${elsewhere} ${judge.note}`);
  }

  /**
   * @param {Judge} judge
   * @param {[string, number[] | null][]} rows
   */
  buildTable(judge, rows) {
    const table = element("table", {}, this.root);
    const head = element("tr", {}, element("thead", {}, table));
    element("td", {}, head);
    for (const code of [RIGHT, FALSE, MISSED]) this.explain(judge, code, element("th", { scope: "col" }, head));
    const [judged, truth] = judge.sides.map((source) => source?.label || "");
    element("th", { scope: "col", title: `${judge.words[RIGHT]} and ${judge.words[FALSE]}: what is judged of ${judged}` }, head, judged);
    element("th", { scope: "col", title: `${judge.words[RIGHT]} and ${judge.words[MISSED]}: all of ${truth}` }, head, truth);
    const body = element("tbody", {}, table);
    for (const [name, counts] of rows) {
      const row = element("tr", {}, body);
      element("th", { scope: "row", title: name.endsWith("here") ? "In this frame" : "In all frames that are judged" }, row, name);
      const cells = counts ? [counts[RIGHT], counts[FALSE], counts[MISSED], counts[RIGHT] + counts[FALSE], counts[RIGHT] + counts[MISSED]] : Array(5).fill("–");
      const columns = [RIGHT, FALSE, MISSED].map((code) => judge.words[code]).concat(`all of ${judged}`, `all of ${truth}`);
      cells.forEach((cell, at) => element("td", { title: explainTally(judge.about, name, columns[at]) }, row, typeof cell === "number" ? cell.toLocaleString("en") : cell));
    }
  }

  /**
   * @param {Judge} judge
   * @param {number} code
   * @param {HTMLElement} cell
   */
  explain(judge, code, cell) {
    const { mark, name } = VERDICTS[code];
    const term = judge.terms[code];
    const entry = element("span", { class: `verdict v-${name}` }, cell);
    entry.appendChild(boxSample(code));
    element("b", {}, entry, mark);
    element("span", { class: "word" }, entry, judge.words[code] + (term ? ` (${term})` : ""));
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
