// What happens when: annotated frames, lanes of actions, rows of action scores, on one axis under the video.
// The canvas is drawn again only when the data, the size, the theme or the selection change; the cursor is an element.

const ROW = { ruler: 22, ticks: 14, action: 22, score: 30, head: 28, groupGap: 6 };
const LEGEND_LINE = 16;

// How strongly an annotated action shades the scores of it, so that it is seen on a light and on a dark page.
const TRUTH_ALPHA = 0.22;

/** An interval of an action. @typedef {{id: string, name: string, class: string, start: number, end: number}} Lane */

class Timeline {
  /**
   * @param {Element} parent
   * @param {{seek: (seconds: number, dragging: boolean) => void, action: (lane: Lane) => void}} heard
   */
  constructor(parent, heard) {
    this.heard = heard;
    this.labels = element("div", { class: "labels" }, parent);
    this.plot = element("div", { class: "plot" }, parent);
    this.canvas = element("canvas", { "aria-label": "Timeline", role: "img" }, this.plot);
    this.cursor = element("div", { class: "cursor" }, this.plot);
    this.values = element("div", { class: "values" }, parent);
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.plot);
    this.observer.observe(this.labels);
    /** @type {any[]} */
    this.rows = [];
    /** @type {any[]} */
    this.bars = [];
    /** @type {any[]} */
    this.scores = [];
    this.times = new FrameTimes(24, 1, null);
    this.duration = 0;
    this.height = 0;
    this.wide = 0;
    /** Known once the clock has shown a frame. @type {any} */
    this.time = undefined;
    /** Known before anything is drawn. @type {Theme} */
    this.theme = /** @type {any} */ (undefined);
    /** @type {((lane: Lane) => boolean) | null} */
    this.matches = null;
    this.listen();
  }

  listen() {
    let dragging = false;
    const seconds = (event) => {
      const box = this.plot.getBoundingClientRect();
      return clamp((event.clientX - box.left) / box.width, 0, 1) * this.duration;
    };
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.duration) return;
      const lane = this.laneAt(event, seconds(event));
      dragging = true;
      this.plot.setPointerCapture(event.pointerId);
      this.heard.seek(seconds(event), false);
      if (lane) this.heard.action(lane);
    });
    this.plot.addEventListener("pointermove", (event) => {
      if (dragging) this.heard.seek(seconds(event), true);
      else if (this.duration) {
        const lane = this.laneAt(event, seconds(event));
        const here = this.data.rate_known ? formatTime(seconds(event)) : `frame ${this.times.at(seconds(event)) + 1}`;
        const title = lane ? `${lane.name}: ${formatTime(lane.start)} to ${formatTime(lane.end)}` : here;
        if (this.plot.title !== title) this.plot.title = title;
      }
    });
    const stop = () => {
      dragging = false;
    };
    this.plot.addEventListener("pointerup", stop);
    this.plot.addEventListener("pointercancel", stop);
  }

  laneAt(event, seconds) {
    const y = event.clientY - this.plot.getBoundingClientRect().top;
    const row = this.rows.find((candidate) => candidate.lanes && y >= candidate.top && y < candidate.top + candidate.height);
    const slack = (4 / Math.max(1, this.plot.clientWidth)) * this.duration;
    return row && row.lanes.find((lane) => seconds >= lane.start - slack && seconds <= lane.end + slack);
  }

  // data: the payload; times: when its frames are shown; sources: those on screen; scores: [{label, times, columns}] by model.
  build(data, times, sources, scores) {
    this.times = times;
    this.duration = times.duration;
    this.data = data;
    this.sources = sources;
    this.scores = scores;
    this.rows = [{ kind: "ruler", least: ROW.ruler, name: "" }];
    for (const source of sources) this.rows.push({ kind: "ticks", least: ROW.ticks, name: source.label, source });
    const byAction = new Map();
    for (const lane of data.actions) byAction.set(lane.id, [...(byAction.get(lane.id) || []), lane]);
    let before;
    for (const lanes of byAction.values()) {
      if (before !== lanes[0].class) this.rows.push({ kind: "gap", least: ROW.groupGap, name: "" });
      before = lanes[0].class;
      this.rows.push({ kind: "action", least: ROW.action, name: lanes[0].name, lanes });
    }
    if (scores.length && data.score_actions.length) {
      this.rows.push({ kind: "head", least: ROW.head, name: "Action scores" });
      const tall = Math.max(ROW.score, 12 * scores.length + 8);
      data.score_actions.forEach((action, index) => {
        this.rows.push({ kind: "score", least: tall, name: action.name, index, truth: byAction.get(action.id) || [] });
      });
    }
    this.buildSides();
    this.place();
  }

  // Each row is as high as its name, which may take several lines where there is little room.
  place() {
    let top = 0;
    for (const row of this.rows) {
      if (row.kind === "head") row.label.style.minHeight = `${row.least + LEGEND_LINE * Math.max(0, ...this.placeLegend().map((item) => item.line))}px`;
      row.top = top;
      row.height = row.label.offsetHeight;
      row.value.style.height = `${row.height}px`;
      top += row.height;
    }
    this.height = top + 4;
    this.canvas.style.height = this.plot.style.height = `${this.height}px`;
    this.draw();
  }

  buildSides() {
    this.labels.replaceChildren();
    this.values.replaceChildren();
    this.bars = [];
    for (const row of this.rows) {
      const style = `min-height:${row.least}px`;
      row.value = element("div", { class: `value ${row.kind}` }, this.values);
      if (row.kind === "action") {
        const button = element("button", { type: "button", style, class: "label action", title: `${row.name}: go to its start` }, this.labels, row.name);
        button.addEventListener("click", () => this.toStart(row));
        row.label = row.button = button;
        continue;
      }
      row.label = element("div", { style, class: `label ${row.kind}`, title: row.name }, this.labels);
      element("span", {}, row.label, row.name);
      if (row.kind === "score") this.buildBars(row, row.value);
    }
    this.values.classList.toggle("none", !this.bars.length);
  }

  buildBars(row, value) {
    this.scores.forEach((model, at) => {
      const line = element("div", { class: "score-line", title: `${model.label}: ${row.name}` }, value);
      const bar = element("i", { style: `background:var(--model-${at})` }, element("span", { class: "track" }, line));
      this.bars.push({ bar, number: element("b", {}, line), model, index: row.index, at: -1 });
    });
  }

  // To the first interval of the row that starts after now, else to its first one.
  toStart(row) {
    const next = row.lanes.find((lane) => lane.start > this.time + 0.01) || row.lanes[0];
    this.heard.seek(next.start, false);
    this.heard.action(next);
  }

  at(time) {
    this.time = time;
    this.cursor.style.transform = `translateX(${((time / this.duration) * this.wide).toFixed(1)}px)`;
    for (const entry of this.bars || []) {
      const value = valueAt(entry.model, entry.index, time);
      const percent = Math.round(value * 100);
      if (percent === entry.at) continue;
      entry.at = percent;
      entry.bar.style.transform = `scaleX(${value.toFixed(3)})`;
      entry.number.textContent = `${percent}%`;
    }
  }

  colours(theme) {
    this.theme = theme;
    this.place();
  }

  emphasise(matches) {
    this.matches = matches;
    for (const row of this.rows) if (row.button) row.button.classList.toggle("chosen", Boolean(matches && row.lanes.some(matches)));
    this.draw();
  }

  draw() {
    const wide = (this.wide = this.plot.clientWidth);
    if (!this.theme || !this.duration || !wide) return;
    fitCanvas(this.canvas, wide, this.height);
    const ratio = window.devicePixelRatio || 1;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, this.height);
    const across = (seconds) => (seconds / this.duration) * wide;
    for (const row of this.rows) {
      if (row.kind === "ruler") this.drawRuler(context, row, wide, across);
      if (row.kind === "ticks") this.drawTicks(context, row, wide, across);
      if (row.kind === "action") this.drawLanes(context, row, wide, across);
      if (row.kind === "head") this.drawLegend(context, row);
      if (row.kind === "score") this.drawScores(context, row, wide, across);
    }
    if (this.time !== undefined) this.at(this.time);
  }

  // In seconds, or in frames where the rate is unknown.
  drawRuler(context, row, wide, across) {
    const { fps, rate_known: timed } = this.data;
    const steps = timed ? [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400] : [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((frames) => frames / fps);
    const step = steps.find((candidate) => across(candidate) >= 64) || 2 * steps[steps.length - 1];
    context.fillStyle = this.theme.text;
    context.strokeStyle = this.theme.text;
    context.font = `11px ${this.theme.font}`;
    context.textBaseline = "middle";
    context.lineWidth = 1;
    for (let second = 0; second <= this.duration; second += step) {
      const x = across(second);
      const text = timed ? this.clockText(second, step) : String(Math.max(1, Math.round(second * fps)));
      const width = context.measureText(text).width;
      context.globalAlpha = 0.35;
      context.fillRect(clamp(Math.round(x), 0, wide - 1), row.height - 6, 1, 6);
      context.globalAlpha = 0.65;
      if (x + width / 2 <= wide || second === 0) context.fillText(text, clamp(x - width / 2, 0, wide - width), 8);
    }
    context.globalAlpha = 1;
  }

  clockText(second, step) {
    const rest = (second % 60).toFixed(step < 1 ? 1 : 0);
    return `${Math.floor(second / 60)}:${rest.padStart(step < 1 ? 4 : 2, "0")}`;
  }

  drawTicks(context, row, wide, across) {
    context.fillStyle = this.theme.text;
    context.globalAlpha = 0.07;
    context.fillRect(0, row.top + 1, wide, row.height - 3);
    context.globalAlpha = row.source.length > wide / 4 ? 0.35 : 0.6;
    for (const frame of row.source.frames) context.fillRect(Math.round(across(this.times.of(frame))), row.top + 3, 1, row.height - 7);
    context.globalAlpha = 1;
  }

  drawLanes(context, row, wide, across) {
    const middle = row.top + row.height / 2;
    context.fillStyle = this.theme.text;
    context.globalAlpha = 0.07;
    context.fillRect(0, Math.round(middle), wide, 1);
    for (const lane of row.lanes) {
      const chosen = this.matches && this.matches(lane);
      context.fillStyle = chosen ? this.theme.primary : this.theme.text;
      context.globalAlpha = chosen ? 0.85 : this.matches ? 0.14 : 0.3;
      context.beginPath();
      context.roundRect(across(lane.start), middle - ROW.action / 2 + 4, Math.max(3, across(Math.min(lane.end, this.duration)) - across(lane.start)), ROW.action - 8, 3);
      context.fill();
    }
    context.globalAlpha = 1;
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

  drawScores(context, row, wide, across) {
    const low = row.top + row.height - 4;
    const tall = row.height - 8;
    context.fillStyle = this.theme.text;
    context.globalAlpha = TRUTH_ALPHA;
    for (const lane of row.truth) context.fillRect(across(lane.start), row.top + 2, across(Math.min(lane.end, this.duration)) - across(lane.start), row.height - 4);
    context.globalAlpha = 0.12;
    context.fillRect(0, low, wide, 1);
    context.globalAlpha = 1;
    this.scores.forEach((model) => {
      const points = [];
      const scores = model.columns[row.index];
      for (let sample = 0; sample < model.times.length; sample++) points.push([across(model.times[sample]), low - scores[sample] * tall]);
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

  destroy() {
    this.observer.disconnect();
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
