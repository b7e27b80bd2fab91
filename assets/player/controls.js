// Buttons, switches, selectors, keys and the help panel. What is switched on is kept here; the player reads it.

/** What is drawn between annotated frames. @type {Record<string, string>} */
const MODES = {
  interpolate: "moves a box in a straight line from one annotated frame to the next where both have the object (the same class, and the same of several); fine dashes. An object that the next has not is held",
  hold: "leaves each box where it was last annotated; long dashes, which fade with its age",
  exact: "shows boxes and graph on annotated frames alone",
};
const MODE_HELP = `Boxes between annotated frames (I).\n${Object.entries(MODES).map(([mode, does]) => `${mode}: ${does}`).join(".\n")}.\nRelationships are never interpolated: they hold until the next graph. Of a prediction, the same with predicted frames.`;
const PLAY_ICON = "M8 5v14l11-7z";
const PAUSE_ICON = "M7 5h4v14H7zM13 5h4v14h-4z";
/** @type {[string, string][]} */
const KEYS = [
  ["Space, K", "play or pause"],
  ["← →", "previous, next annotated frame"],
  ["Shift ← →", "previous, next change in the graph"],
  ["D F", "one frame back, on (also , .)"],
  ["C V", "ten frames back, on"],
  ["Home End", "start, end"],
  ["[ ]", "slower, faster"],
  ["1 2 3", "attention, spatial, contact"],
  ["B L G", "boxes, labels, graph"],
  ["I", "boxes between annotated frames: interpolate, hold, exact"],
  ["J", "what is right, false or missed"],
  ["N P", "next, previous video"],
  ["↑ ↓", "in the lanes of relationships: previous, next"],
  ["O", "select the next box on screen; with Shift the one before"],
  ["← → ↑ ↓", "while correcting: move that box; with Shift its lower right corner"],
  ["Ctrl Z", "while correcting: undo; with Shift redo"],
  ["Ctrl Enter", "while correcting: the frame is right as it is"],
  ["Esc", "clear the selection; let go of the box"],
  ["?", "this panel"],
];

class Controls {
  /**
   * @param {Record<string, any>} parts the elements of the player by their data-part
   * @param {Clock} clock
   * @param {{changed: (name?: string) => void, source: (name: string) => void, clear: () => void, next: (step: number) => void, link: () => void,
   *   navigate: (direction: number) => void, edit: (key: string, shift: boolean) => boolean,
   *   command: (key: string, shift: boolean) => boolean, marks: () => {frames: number[], changes: number[]}}} heard
   */
  constructor(parts, clock, heard) {
    this.parts = parts;
    this.clock = clock;
    this.heard = heard;
    this.mode = "interpolate";
    this.groupsOn = [true, true, true];
    this.ready = false;
    /** @type {Record<string, HTMLButtonElement>} */
    this.buttons = {};
    /** @type {Record<string, boolean>} */
    this.on = { boxes: true, labels: true, graph: true, judge: false };
    this.stop = new AbortController();
    this.makeSwitches();
    this.makeSelectors();
    this.makeHelp();
    this.listen();
    this.hint();
  }

  makeSwitches() {
    const make = (/** @type {string} */ name, /** @type {string | number} */ key, /** @type {() => void} */ does) => {
      const button = element("button", { type: "button", class: "toggle", "aria-pressed": "true", title: `Show ${name} (${key})` }, this.parts.toggles);
      button.addEventListener("click", does);
      this.buttons[name] = button;
      return button;
    };
    GROUPS.forEach((group, index) => {
      const button = make(group.name, index + 1, () => this.toggleGroup(index));
      button.classList.add(group.name);
      element("span", { class: "chip" }, button, group.letter);
      button.appendChild(lineSample(group));
      element("span", {}, button, group.name);
    });
    for (const name of Object.keys(this.on)) make(name, name[0].toUpperCase(), () => this.toggleSwitch(name)).textContent = name;
    this.buttons.judge.classList.add("added"); // off at first, so no part of the picture is struck out
    this.buttons.judge.title = "Mark what is right (TP), false (FP) and missed (FN) (J)";
  }

  makeSelectors() {
    const { speed, status } = this.parts;
    for (const value of SPEEDS) element("option", { value }, speed, `${value}×`);
    speed.value = "1";
    speed.addEventListener("change", () => this.setSpeed(Number(speed.value)));
    this.modes = element("select", { "aria-label": "Between annotated frames", title: MODE_HELP });
    status.before(this.modes); // beside what is said of the moment
    for (const mode of Object.keys(MODES)) element("option", { value: mode }, this.modes, mode);
    this.modes.addEventListener("change", () => this.setMode(this.modes.value));
    this.parts.source.addEventListener("change", () => this.heard.source(this.parts.source.value));
  }

  makeHelp() {
    const { help } = this.parts;
    element("strong", {}, help, "Keys");
    const list = element("dl", {}, help);
    for (const [key, does] of KEYS) {
      element("dt", {}, list, key);
      element("dd", {}, list, does);
    }
    element("button", { type: "button", class: "toggle" }, help, "close").addEventListener("click", () => this.showHelp(false));
  }

  listen() {
    const { clock } = this;
    const root = this.parts.player;
    /** @type {Record<string, () => void>} */
    const acts = {
      toggle: () => clock.toggle(),
      previous: () => clock.jump(this.heard.marks().frames, -1),
      next: () => clock.jump(this.heard.marks().frames, 1),
      link: () => this.heard.link(),
      fullscreen: () => this.fullScreen(),
      help: () => this.showHelp(this.parts.help.hidden),
    };
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {(event: any) => void} */ does) => target.addEventListener(name, does, { signal: this.stop.signal });
    for (const button of root.querySelectorAll("[data-act]")) on(button, "click", () => this.ready && acts[button.dataset.act]());
    on(root, "keydown", (event) => this.key(event));
    on(root, "keyup", quiet);
    on(root, "keypress", quiet);
    on(root, "focusin", () => this.hint());
    on(root, "focusout", () => window.setTimeout(() => this.hint(), 0));
  }

  // sources: those to choose from; chosen: the one shown; comparing: whether all graphs are on screen anyway.
  /**
   * @param {{name: string, label: string}[]} sources
   * @param {{name: string}} chosen
   * @param {boolean} comparing
   */
  offer(sources, chosen, comparing) {
    const { source } = this.parts;
    source.replaceChildren();
    for (const { name, label } of sources) element("option", { value: name }, source, comparing ? `boxes: ${label}` : label);
    source.value = chosen.name;
    source.hidden = sources.length < 2;
    this.ready = true;
  }

  // Whether anything can be judged, or why not can be told; and whether it is marked at the start.
  /**
   * @param {boolean} asked
   * @param {boolean} [on]
   */
  offerJudge(asked, on) {
    this.buttons.judge.hidden = !asked;
    if (on !== undefined) this.on.judge = asked && on;
    this.buttons.judge.setAttribute("aria-pressed", String(this.on.judge));
  }

  // Which way the arrows of each group run, on its button.
  /** @param {Relation[]} relations */
  explain(relations) {
    GROUPS.forEach((group, index) => {
      const way = startsAtPerson(relations, group) ? "person to object" : "object to person";
      this.buttons[group.name].title = `Show ${group.name}, ${way} (${index + 1})`;
    });
  }

  /** @param {number} index */
  toggleGroup(index) {
    this.groupsOn[index] = !this.groupsOn[index];
    this.buttons[GROUPS[index].name].setAttribute("aria-pressed", String(this.groupsOn[index]));
    this.heard.changed();
  }

  /** @param {string} name */
  toggleSwitch(name) {
    this.on[name] = !this.on[name];
    this.buttons[name].setAttribute("aria-pressed", String(this.on[name]));
    this.parts.player.classList.toggle("no-graph", !this.on.graph);
    this.heard.changed(name);
  }

  /** @param {string} mode */
  offerMode(mode) {
    this.mode = this.modes.value = mode;
  }

  /** @param {string} mode */
  setMode(mode) {
    this.offerMode(mode);
    this.heard.changed();
  }

  nextMode() {
    const modes = Object.keys(MODES);
    this.setMode(modes[(modes.indexOf(this.mode) + 1) % modes.length]);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.clock.setSpeed(speed);
    this.parts.speed.value = String(speed);
  }

  /** @param {number} direction */
  changeSpeed(direction) {
    this.setSpeed(SPEEDS[clamp(SPEEDS.indexOf(this.clock.speed) + direction, 0, SPEEDS.length - 1)]);
  }

  // Of the wrapper, never of the video: the boxes must come along.
  fullScreen() {
    const { player } = this.parts;
    if (player.getRootNode().fullscreenElement) document.exitFullscreen();
    else player.requestFullscreen().catch(() => this.hint("full screen was refused"));
  }

  showPlaying() {
    const icon = this.parts["play-icon"];
    icon.firstElementChild.setAttribute("d", this.clock.paused ? PLAY_ICON : PAUSE_ICON);
    icon.parentElement.setAttribute("aria-label", this.clock.paused ? "Play" : "Pause");
  }

  /** @param {boolean} on */
  showHelp(on) {
    this.parts.help.hidden = !on;
    if (!on) this.parts.player.focus({ preventScroll: true });
  }

  // Without a text: how to get at the keys.
  /** @param {string} [text] */
  hint(text) {
    const { hint, player } = this.parts;
    hint.textContent = text || (player.matches(":focus-within") ? "? shows the keys" : "click the video to use keys");
  }

  // Streamlit hears keys on the document: none of ours may reach it. Buttons and selectors keep their own keys.
  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey) {
      if (!this.heard.command(event.key.toLowerCase(), event.shiftKey)) return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    event.stopPropagation();
    if (!this.ready || event.altKey) return;
    const target = /** @type {Element} */ (event.composedPath()[0]);
    const choosing = target.closest("select, input") && event.key !== "Escape";
    const pressing = target.closest("button, summary, [role=button]") && (event.key === " " || event.key === "Enter");
    if (choosing || pressing) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const does = this.keyActions(event.shiftKey)[name];
    if (this.heard.edit(name, event.shiftKey)) event.preventDefault();
    else if (does) {
      event.preventDefault();
      does();
    }
  }

  /**
   * @param {boolean} shift
   * @returns {Record<string, () => void>}
   */
  keyActions(shift) {
    const { clock, heard } = this;
    const marks = () => (shift ? heard.marks().changes : heard.marks().frames);
    return {
      " ": () => clock.toggle(),
      k: () => clock.toggle(),
      ArrowLeft: () => clock.jump(marks(), -1),
      ArrowRight: () => clock.jump(marks(), 1),
      d: () => clock.step(-1),
      ",": () => clock.step(-1),
      f: () => clock.step(1),
      ".": () => clock.step(1),
      c: () => clock.step(-10),
      v: () => clock.step(10),
      Home: () => clock.seek(0),
      End: () => clock.seek(clock.frames - 1),
      "[": () => this.changeSpeed(-1),
      "]": () => this.changeSpeed(1),
      1: () => this.toggleGroup(0),
      2: () => this.toggleGroup(1),
      3: () => this.toggleGroup(2),
      b: () => this.toggleSwitch("boxes"),
      l: () => this.toggleSwitch("labels"),
      g: () => this.toggleSwitch("graph"),
      i: () => this.nextMode(),
      o: () => heard.next(shift ? -1 : 1),
      j: () => this.buttons.judge.hidden || this.toggleSwitch("judge"),
      n: () => heard.navigate(1),
      p: () => heard.navigate(-1),
      "?": () => this.showHelp(this.parts.help.hidden),
      Escape: () => (this.parts.help.hidden ? heard.clear() : this.showHelp(false)),
    };
  }

  destroy() {
    this.stop.abort();
  }
}

/** @param {KeyboardEvent} event */
function quiet(event) {
  if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
}
