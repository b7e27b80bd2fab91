// What Python hears, position and selection, no oftener than it must; and the link to what is on screen.

const REPORT_EVERY_MS = 1000;

class Reports {
  /**
   * @param {() => Payload | null} data
   * @param {Clock} clock
   */
  constructor(data, clock) {
    this.data = data;
    this.clock = clock;
    /** What Python heard last. @type {{t?: number, selected?: string}} */
    this.sent = {};
    this.last = 0;
    /** How Python is told; known with the first data. @type {((name: string, value: any) => void) | null} */
    this.setState = null;
  }

  // Where the video stands: now, or while it plays once in a while.
  /** @param {boolean} force */
  position(force) {
    const data = this.data();
    if (!data || !this.setState) return;
    const now = performance.now();
    if (!force && (data.autoplay || now - this.last < REPORT_EVERY_MS)) return;
    const t = Math.round(this.clock.time * 1000) / 1000;
    this.last = now;
    if (t === this.sent.t) return;
    this.sent.t = t;
    this.setState("t", t);
  }

  /** @param {string} text as JSON */
  selection(text) {
    if (text === this.sent.selected) return;
    this.sent.selected = text;
    this.setState?.("selected", JSON.parse(text));
  }

  /**
   * @param {string} link
   * @param {Controls} controls where is said what came of it
   */
  copy(link, controls) {
    const done = (/** @type {string} */ text) => {
      controls.hint(text);
      window.setTimeout(() => controls.hint(), 2500);
    };
    if (this.data()?.debug) Object.assign(window, { agPlayerLink: link });
    if (!navigator.clipboard) done(link);
    else navigator.clipboard.writeText(link).then(() => done("link copied"), () => done(link));
  }
}
