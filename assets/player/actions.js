// The annotated part of the timeline: a ruler, the frames that have a graph, and a row for every action.

/** An interval of an action. @typedef {{id: string, name: string, class: string, start: number, end: number}} Lane */

class ActionRows extends TimePlot {
  /**
   * @param {Element} parent
   * @param {{seek: (seconds: number, dragging: boolean) => void, action: (lane: Lane) => void}} heard
   */
  constructor(parent, heard) {
    super(parent, "Timeline", heard.seek);
    this.heard = heard;
    /** @type {((lane: Lane) => boolean) | null} */
    this.matches = null;
  }

  // sources: those on screen; byAction: intervals by the id of their action.
  build(axis, sources, byAction) {
    const rows = [{ kind: "ruler", least: ROW.ruler, name: "" }];
    for (const source of sources) rows.push({ kind: "ticks", least: ROW.ticks, name: source.label, source });
    let before;
    for (const lanes of byAction.values()) {
      if (before !== lanes[0].class) rows.push({ kind: "gap", least: ROW.groupGap, name: "" });
      before = lanes[0].class;
      rows.push({ kind: "action", least: ROW.action, name: lanes[0].name, lanes });
    }
    this.setRows(axis, rows);
  }

  makeLabel(row, style) {
    if (row.kind !== "action") return super.makeLabel(row, style);
    row.button = element("button", { type: "button", style, class: "label action", title: `${row.name}: go to its start` }, this.labels, row.name);
    row.button.addEventListener("click", () => this.toStart(row));
    return row.button;
  }

  // To the first interval of the row that starts after now, else to its first one.
  toStart(row) {
    const next = row.lanes.find((lane) => lane.start > (this.axis?.now || 0) + 0.01) || row.lanes[0];
    this.heard.seek(next.start, false);
    this.heard.action(next);
  }

  // The interval under the pointer: where it goes, and what is said of it.
  hit(seconds, y) {
    const row = this.rowAt(y);
    const slack = this.secondsOf(4);
    const lane = row?.lanes?.find((one) => seconds >= one.start - slack && seconds <= one.end + slack);
    return lane && { says: `${lane.name}: ${formatTime(lane.start)} to ${formatTime(lane.end)}`, press: () => this.heard.action(lane) };
  }

  emphasise(matches) {
    this.matches = matches;
    for (const row of this.rows) if (row.button) row.button.classList.toggle("chosen", Boolean(matches && row.lanes.some(matches)));
    this.draw();
  }

  drawRow(context, row, wide) {
    if (row.kind === "ruler") this.drawRuler(context, row, wide);
    if (row.kind === "ticks") this.drawTicks(context, row, wide);
    if (row.kind === "action") this.drawIntervals(context, row, wide);
  }

  // In seconds, or in frames where the rate is unknown.
  drawRuler(context, row, wide) {
    const { fps, rate_known: timed } = this.data;
    const steps = timed ? [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400] : [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((frames) => frames / fps);
    const step = steps.find((candidate) => this.across(candidate) >= 64) || 2 * steps[steps.length - 1];
    context.fillStyle = this.theme.text;
    context.strokeStyle = this.theme.text;
    context.font = `11px ${this.theme.font}`;
    context.textBaseline = "middle";
    context.lineWidth = 1;
    for (let second = 0; second <= this.duration; second += step) {
      const x = this.across(second);
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

  drawTicks(context, row, wide) {
    context.fillStyle = this.theme.text;
    context.globalAlpha = 0.07;
    context.fillRect(0, row.top + 1, wide, row.height - 3);
    context.globalAlpha = row.source.length > wide / 4 ? 0.35 : 0.6;
    for (const frame of row.source.frames) context.fillRect(Math.round(this.across(this.times.of(frame))), row.top + 3, 1, row.height - 7);
    context.globalAlpha = 1;
  }

  drawIntervals(context, row, wide) {
    const middle = row.top + row.height / 2;
    context.fillStyle = this.theme.text;
    context.globalAlpha = 0.07;
    context.fillRect(0, Math.round(middle), wide, 1);
    for (const lane of row.lanes) {
      const chosen = this.matches && this.matches(lane);
      context.fillStyle = chosen ? this.theme.primary : this.theme.text;
      context.globalAlpha = chosen ? 0.85 : this.matches ? 0.14 : 0.3;
      context.beginPath();
      context.roundRect(this.across(lane.start), middle - ROW.action / 2 + 4, Math.max(3, this.across(Math.min(lane.end, this.duration)) - this.across(lane.start)), ROW.action - 8, 3);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}
