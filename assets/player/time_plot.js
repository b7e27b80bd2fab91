// A part of the timeline: a canvas of rows on the axis of time, the name of each on its left, a value on its right.
// The canvas is drawn again only when the data, the size, the theme or the selection change.

const ROW = { ruler: 22, ticks: 14, action: 24, score: 30, head: 28, groupGap: 6 };

/** What all parts of a timeline share; `now` is the clock's time. @typedef {{data: Payload, times: FrameTimes, duration: number, now: number}} Axis */

class TimePlot {
  /**
   * @param {Element} parent
   * @param {string} name for those who cannot see it
   * @param {(seconds: number, dragging: boolean) => void} seek
   */
  constructor(parent, name, seek) {
    this.labels = element("div", { class: "labels" }, parent);
    this.plot = element("div", { class: "plot" }, parent);
    this.canvas = element("canvas", { "aria-label": name, role: "img" }, this.plot);
    this.values = element("div", { class: "values" }, parent);
    this.seek = seek;
    /** @type {any[]} */
    this.rows = [];
    /** @type {Axis | null} */
    this.axis = null;
    this.wide = 0;
    this.height = 0;
    /** Known before anything is drawn. @type {Theme} */
    this.theme = /** @type {any} */ (undefined);
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.plot);
    this.observer.observe(this.labels);
    followPointer(this.plot, {
      axis: () => this.axis,
      hit: (event, seconds) => this.hit(seconds, event.clientY - this.plot.getBoundingClientRect().top),
      seek,
    });
  }

  get data() {
    return /** @type {Axis} */ (this.axis).data;
  }

  get times() {
    return /** @type {Axis} */ (this.axis).times;
  }

  get duration() {
    return this.axis ? this.axis.duration : 0;
  }

  /** @param {number} seconds */
  across(seconds) {
    return (seconds / this.duration) * this.wide;
  }

  /** @param {number} pixels */
  secondsOf(pixels) {
    return (pixels / Math.max(1, this.wide)) * this.duration;
  }

  rowAt(y) {
    return this.rows.find((row) => y >= row.top && y < row.top + row.height);
  }

  // What is under the pointer: {says, press}; nothing here.
  /**
   * @param {number} _seconds
   * @param {number} _y
   * @returns {Pointed | undefined}
   */
  hit(_seconds, _y) {
    return undefined;
  }

  /**
   * @param {Axis} axis
   * @param {any[]} rows each with its kind, name and `least` height
   */
  setRows(axis, rows) {
    this.axis = axis;
    this.rows = rows;
    this.labels.replaceChildren();
    this.values.replaceChildren();
    for (const row of rows) {
      row.value = element("div", { class: `value ${row.kind}` }, this.values);
      row.label = this.makeLabel(row, `min-height:${row.least}px`);
    }
    for (const part of [this.labels, this.plot, this.values]) part.hidden = !rows.length;
    this.place();
  }

  makeLabel(row, style) {
    const label = element("div", { style, class: `label ${row.kind}`, title: row.name }, this.labels);
    element("span", {}, label, row.name);
    return label;
  }

  leastHeight(row) {
    return row.least;
  }

  // Each row is as high as its name, which may take several lines where there is little room.
  place() {
    this.wide = this.plot.clientWidth;
    let top = 0;
    for (const row of this.rows) {
      row.label.style.minHeight = `${this.leastHeight(row)}px`;
      row.top = top;
      row.height = row.label.offsetHeight;
      row.value.style.height = `${row.height}px`;
      top += row.height;
    }
    this.height = top + 4;
    this.canvas.style.height = this.plot.style.height = `${this.height}px`;
    this.draw();
  }

  colours(theme) {
    this.theme = theme;
    this.place();
  }

  draw() {
    const { wide } = this;
    if (!this.theme || !this.duration || !wide) return;
    fitCanvas(this.canvas, wide, this.height);
    const ratio = window.devicePixelRatio || 1;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, this.height);
    for (const row of this.rows) this.drawRow(context, row, wide);
  }

  drawRow(_context, _row, _wide) {}

  destroy() {
    this.observer.disconnect();
  }
}

/** Something under the pointer: what is said of it, and what a press on it does; `seeks` where it says itself where to go. @typedef {{says: string, press: () => void, seeks?: boolean}} Pointed */

/**
 * Pressing goes to a time, dragging on, and what is under the pointer says what it is.
 * @param {HTMLElement} plot as wide as the axis
 * @param {{axis: () => Axis | null, hit: (event: PointerEvent, seconds: number) => Pointed | undefined,
 *   seek: (seconds: number, dragging: boolean) => void}} heard
 */
function followPointer(plot, { axis, hit, seek }) {
  let dragging = false;
  const secondsAt = (event) => {
    const box = plot.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * (axis()?.duration || 0);
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !axis()) return;
    const seconds = secondsAt(event);
    const found = hit(event, seconds);
    if (!found?.seeks) {
      dragging = true;
      plot.setPointerCapture(event.pointerId);
      seek(seconds, false);
    }
    found?.press();
  });
  plot.addEventListener("pointermove", (event) => {
    const known = axis();
    if (!known) return;
    const seconds = secondsAt(event);
    if (dragging) {
      seek(seconds, true);
      return;
    }
    const here = known.data.rate_known ? formatTime(seconds) : `frame ${known.times.at(seconds) + 1}`;
    const title = hit(event, seconds)?.says || here;
    if (plot.title !== title) plot.title = title;
  });
  const stop = () => {
    dragging = false;
  };
  plot.addEventListener("pointerup", stop);
  plot.addEventListener("pointercancel", stop);
}
