// Rows of action scores: a curve for every model, where the action is annotated, and what each model says now.

const LEGEND_LINE = 16;

// How strongly an annotated action shades the scores of it, so that it is seen on a light and on a dark page.
const TRUTH_ALPHA = 0.22;

class ScoreRows extends TimePlot {
  /**
   * @param {Element} parent
   * @param {(seconds: number, dragging: boolean) => void} seek
   */
  constructor(parent, seek) {
    super(parent, "Action scores over time", seek);
    /** @type {any[]} */
    this.bars = [];
    /** @type {any[]} */
    this.scores = [];
  }

  // scores: [{label, times, columns}] by model; byAction: intervals by the id of their action.
  build(axis, scores, byAction) {
    this.scores = scores;
    this.bars = [];
    const rows = [];
    if (scores.length && axis.data.score_actions.length) {
      rows.push({ kind: "head", least: ROW.head, name: "Action scores" });
      const tall = Math.max(ROW.score, 12 * scores.length + 8);
      axis.data.score_actions.forEach((action, index) => {
        rows.push({ kind: "score", least: tall, name: action.name, index, truth: byAction.get(action.id) || [] });
      });
    }
    this.setRows(axis, rows);
  }

  makeLabel(row, style) {
    if (row.kind === "score") this.buildBars(row, row.value);
    return super.makeLabel(row, style);
  }

  buildBars(row, value) {
    this.scores.forEach((model, at) => {
      const line = element("div", { class: "score-line", title: explainActionScore(model, row.name) }, value);
      const bar = element("i", { style: `background:var(--model-${at})` }, element("span", { class: "track" }, line));
      this.bars.push({ bar, number: element("b", {}, line), model, index: row.index, at: -1 });
    });
  }

  // The names of the models may take several lines.
  leastHeight(row) {
    return row.kind === "head" ? row.least + LEGEND_LINE * Math.max(0, ...this.placeLegend().map((item) => item.line)) : row.least;
  }

  at(time) {
    for (const entry of this.bars) {
      const value = valueAt(entry.model, entry.index, time);
      const percent = Math.round(value * 100);
      if (percent === entry.at) continue;
      entry.at = percent;
      entry.bar.style.transform = `scaleX(${value.toFixed(3)})`;
      entry.number.textContent = `${percent}%`;
    }
  }

  drawRow(context, row, wide) {
    if (row.kind === "head") this.drawLegend(context, row);
    if (row.kind === "score") this.drawScores(context, row, wide);
  }

  // Where the models and what the shade means stand: as many on a line as there is room for, each with its mark.
  placeLegend() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.font = `11px ${this.theme ? this.theme.font : "sans-serif"}`;
    const items = this.scores.map((model) => ({ model, label: model.label }));
    if (this.data.actions.length) items.push({ model: null, label: "annotated action" });
    let [x, line] = [0, 0];
    return items.map((item) => {
      const width = 28 + context.measureText(item.label).width;
      if (x > 0 && x + width > this.plot.clientWidth) [x, line] = [0, line + 1];
      const placed = { ...item, x, line };
      x += width + 16;
      return placed;
    });
  }

  drawLegend(context, row) {
    context.font = `11px ${this.theme.font}`;
    context.textBaseline = "middle";
    for (const { model, label, x, line } of this.placeLegend()) {
      const middle = row.top + ROW.head / 2 + 1 + line * LEGEND_LINE;
      context.fillStyle = this.theme.text;
      if (model) this.stroke(context, model, [[x, middle], [x + 22, middle]]);
      else {
        context.globalAlpha = TRUTH_ALPHA;
        context.fillRect(x, middle - 6, 22, 12);
      }
      context.globalAlpha = 0.75;
      context.fillText(label, x + 28, middle);
      context.globalAlpha = 1;
    }
  }

  drawScores(context, row, wide) {
    const low = row.top + row.height - 4;
    const tall = row.height - 8;
    context.fillStyle = this.theme.text;
    context.globalAlpha = TRUTH_ALPHA;
    for (const lane of row.truth) context.fillRect(this.across(lane.start), row.top + 2, this.across(Math.min(lane.end, this.duration)) - this.across(lane.start), row.height - 4);
    context.globalAlpha = 0.12;
    context.fillRect(0, low, wide, 1);
    context.globalAlpha = 1;
    this.scores.forEach((model) => {
      const points = [];
      const scores = model.columns[row.index];
      for (let sample = 0; sample < model.times.length; sample++) points.push([this.across(model.times[sample]), low - scores[sample] * tall]);
      if (points.length) this.stroke(context, model, [[0, points[0][1]], ...points, [wide, points[points.length - 1][1]]]);
    });
  }

  stroke(context, model, points) {
    context.strokeStyle = this.theme.dark ? model.dark : model.light;
    context.lineWidth = 1.75;
    context.setLineDash(DASHES[model.line]);
    context.beginPath();
    points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    context.setLineDash([]);
  }
}

function scoreColumns(model, table, actions) {
  const columns = Array.from({ length: actions }, (_none, index) => column(table, `s${index}`));
  const { name, label, light, dark, line } = model;
  return { name, label, light, dark, line, times: column(table, "t"), columns, video: model.video_scores };
}

// A model's score of one action at a time, straight between its samples; its video score where it has no samples.
function valueAt(model, index, time) {
  const { times, columns, video } = model;
  const before = lastAtOrBefore(times, time);
  if (!times.length) return video[index];
  if (before < 0) return columns[index][0];
  if (before + 1 >= times.length) return columns[index][times.length - 1];
  const part = (time - times[before]) / (times[before + 1] - times[before]);
  return columns[index][before] + (columns[index][before + 1] - columns[index][before]) * part;
}
