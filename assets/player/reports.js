// What Python hears, position and selection, no oftener than it must; and the link to what is on screen.
//
// Streamlit sends the state of all widgets with every report, as the browser knows it. While a script runs that is the
// state before: a report sent then would take back what the script has just set, such as the tab that a click opened,
// and would end that run before its time. So a report waits until no script runs, and only the newest is sent.

const REPORT_EVERY_MS = 1000;
const AFTER_RUN_MS = 50; // after a run the page takes up what came of it
const ANSWER_MS = 2000; // how long a run may take to begin after a visitor's act; most begin at once, others never

// Streamlit says on its outermost element whether a script runs.
const RUN_STATE = "data-test-script-state";

const findApp = () => document.querySelector(`[${RUN_STATE}]`);

function scriptRuns() {
  const state = findApp()?.getAttribute(RUN_STATE);
  return state === "running" || state === "rerunRequested";
}

class Reports {
  /**
   * @param {() => Payload | null} data
   * @param {Clock} clock
   * @param {Element} root what a visitor does elsewhere on the page may start a run
   */
  constructor(data, clock, root) {
    this.data = data;
    this.clock = clock;
    /** What Python heard last. @type {{t?: number, selected?: string}} */
    this.sent = {};
    this.last = 0;
    /** How Python is told; known with the first data. @type {((name: string, value: any) => void) | null} */
    this.setState = null;
    /** What is told as soon as no script runs. @type {Map<string, any>} */
    this.waiting = new Map();
    this.quietUntil = 0;
    this.timer = 0;
    this.runs = new MutationObserver(() => this.runChanged());
    const app = findApp();
    if (app) this.runs.observe(app, { attributeFilter: [RUN_STATE] });
    this.stop = new AbortController();
    for (const type of ["click", "keydown"]) {
      document.addEventListener(type, (event) => event.composedPath().includes(root) || this.acted(), { capture: true, signal: this.stop.signal });
    }
  }

  acted() {
    this.quietUntil = performance.now() + ANSWER_MS;
  }

  runChanged() {
    if (scriptRuns()) this.quietUntil = 0;
    else this.quietUntil = Math.max(this.quietUntil, performance.now() + AFTER_RUN_MS);
    this.send();
  }

  // Another video: what Python knows of it, and nothing to tell of the one before.
  /** @param {{t: number, selected: string}} known */
  begin(known) {
    this.sent = known;
    this.waiting.clear();
  }

  /** @param {string} name @param {any} value */
  tell(name, value) {
    this.waiting.set(name, value);
    this.send();
  }

  // All that waits: at once, or when the page is quiet.
  send() {
    window.clearTimeout(this.timer);
    if (!this.waiting.size || scriptRuns()) return;
    const wait = this.quietUntil - performance.now();
    if (wait > 0) {
      this.timer = window.setTimeout(() => this.send(), wait);
      return;
    }
    const reports = [...this.waiting];
    this.waiting.clear();
    for (const [name, value] of reports) this.setState?.(name, value);
  }

  destroy() {
    this.stop.abort();
    this.runs.disconnect();
    window.clearTimeout(this.timer);
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
    this.tell("t", t);
  }

  /** @param {string} text as JSON */
  selection(text) {
    if (text === this.sent.selected) return;
    this.sent.selected = text;
    this.tell("selected", JSON.parse(text));
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
