// Beside the video: who is right, and the actions on which the models differ most, with what each model says now.

/**
 * Words, and where they are a term of the glossary its address and meaning.
 * @typedef {[string, string | null, string | null]} Words
 * @typedef {{text: Words[], title: string}} Explained
 * @typedef {{name: string, verdict: string, right: boolean, t: number | null, scores: number[]}} DifferingAction
 * @typedef {{script: string, said: Words[], heads: Explained[], models: {at: number, name: Words[], cells: string[]}[],
 *   head: Words[], note: string, rows: DifferingAction[], about_scores: string, about_verdicts: string,
 *   about_now: string}} BesideData
 */

class Beside {
  /**
   * @param {HTMLElement} root
   * @param {(seconds: number) => void} seek
   */
  constructor(root, seek) {
    this.root = root;
    this.seek = seek;
    /** Bars of what models say now: their curve, its row, and the last value that was shown. @type {any[]} */
    this.bars = [];
    this.key = "";
  }

  /**
   * Made anew only where it differs, so that the focus stays.
   * @param {BesideData | null} said
   * @param {any[]} models label, colours and curves of each, as scoreColumns makes them
   */
  build(said, models) {
    this.root.hidden = !said;
    const key = JSON.stringify([said, models.map(({ name }) => name)]);
    if (key === this.key) return;
    this.key = key;
    this.bars = [];
    this.root.replaceChildren();
    if (!said) return;
    if (said.script) element("p", { class: "beside-script" }, this.root, said.script);
    appendWords(element("p", { class: "beside-said" }, this.root), said.said);
    if (said.models.length) this.buildTable(said, models);
    if (said.head.length) appendWords(element("h2", { class: "beside-head", title: said.about_now }, this.root), said.head);
    if (said.note) element("p", { class: "beside-note" }, this.root, said.note);
    const list = element("ul", { class: "differing" }, this.root);
    said.rows.forEach((row, index) => this.buildRow(list, row, index, models, said));
  }

  buildTable(said, models) {
    const table = element("table", {}, this.root);
    const head = element("tr", {}, element("thead", {}, table));
    for (const { text, title } of said.heads) appendWords(element("th", { scope: "col", ...(title && { title }) }, head), text);
    const body = element("tbody", {}, table);
    for (const { at, name, cells } of said.models) {
      const row = element("tr", {}, body);
      const title = element("th", { scope: "row" }, row);
      element("i", { class: `stroke ${models[at]?.line || "solid"}`, style: `--colour:var(--model-${at})` }, title);
      appendWords(title, name);
      cells.forEach((cell, column) => element("td", { title: said.heads[column + 1].title }, row, cell));
    }
  }

  buildRow(list, row, index, models, said) {
    const item = element("li", {}, list);
    const words = element("div", { class: "differing-name" }, item);
    element("span", {}, words, row.name);
    if (row.verdict) element("span", { class: `differing-verdict${row.right ? " right" : ""}`, title: said.about_verdicts }, words, row.verdict);
    const bars = element("div", { class: "differing-bars" }, item);
    models.forEach((model, at) => {
      const percent = percentOf(row.scores[at]);
      const line = element("div", { class: "differing-bar", style: `--colour:var(--model-${at})`, title: `${model.label}: ${percent}. ${said.about_scores} ${said.about_now}` }, bars);
      const track = element("span", { class: "track" }, line);
      element("i", { class: "most", style: `transform:scaleX(${row.scores[at]})` }, track);
      const now = element("i", {}, track);
      element("span", { class: "unseen" }, line, `${model.label} `);
      element("b", {}, line, percent);
      if (model.differing.times.length) this.bars.push({ now, curve: model.differing, index, at: -1 });
    });
    if (row.t === null) return;
    const when = row.t;
    const button = element("button", { type: "button", class: "differing-go", title: `Go to where the scores of ${row.name} are farthest apart` }, item, formatTime(when));
    button.addEventListener("click", () => this.seek(when));
  }

  /** @param {number} time */
  at(time) {
    for (const bar of this.bars) {
      const value = Math.round(200 * valueAt(bar.curve, bar.index, time)) / 200;
      if (value === bar.at) continue;
      bar.at = value;
      bar.now.style.transform = `scaleX(${value})`;
    }
  }
}

// The models with their curves of the actions on which they differ.
/** @param {any} data @param {any[]} scores */
function besideModels(data, scores) {
  if (!data.beside) return scores;
  return scores.map((model) => ({ ...model, differing: scoreColumns(model, data[`differing:${model.name}`], data.beside.rows.length) }));
}

/**
 * Words of a sentence, terms of the glossary as links in a tab of their own, so that the video plays on.
 * @param {Element} parent
 * @param {Words[]} words
 */
function appendWords(parent, words) {
  for (const [text, address, meaning] of words) {
    if (address) element("a", { class: "term", href: address, target: "_blank", title: meaning || "" }, parent, text);
    else parent.append(text);
  }
}

/** @param {number} share */
function percentOf(share) {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return share < 1 && share >= 0.9995 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`;
}
