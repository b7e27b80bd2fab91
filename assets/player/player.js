// The player: one clock for the picture, the boxes, the graph and the timeline. Frames come from the browser's frame callback.
// Joined after elements, annotations, overlay, graph and timeline into one module; Streamlit calls the default export.

const VERSION = 1;
const SPEEDS = [0.25, 0.5, 1, 1.5, 2];
const MODES = ["hold", "interpolate", "exact"];
const REPORT_EVERY_MS = 1000;
const PLAY_ICON = "M8 5v14l11-7z";
const PAUSE_ICON = "M7 5h4v14H7zM13 5h4v14h-4z";
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
  ["N P", "next, previous video"],
  ["Esc", "clear the selection"],
  ["?", "this panel"],
];

const players = new WeakMap();
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  constructor(root) {
    this.parts = {};
    for (const part of root.querySelectorAll("[data-part]")) this.parts[part.dataset.part] = part;
    this.root = this.parts.player;
    this.video = this.parts.video;
    this.overlay = new Overlay(this.parts.overlay);
    this.timeline = new Timeline(this.parts.timeline, {
      seek: (seconds, dragging) => this.seekTime(seconds, dragging),
      action: (lane) => this.select({ kind: "action", id: lane.id, label: lane.name, class: lane.class }, true),
    });
    this.panels = [];
    this.stop = new AbortController();
    Object.assign(this, { frame: 0, mode: "hold", groupsOn: [true, true, true], boxesOn: true, labelsOn: true, graphOn: true });
    Object.assign(this, { selection: null, sent: {}, lastReport: 0, notice: "", speed: 1, virtual: false, playing: false });
    this.frameCallbacks = "requestVideoFrameCallback" in HTMLVideoElement.prototype;
    this.makeControls();
    this.listen();
    this.startClock();
    this.resizes = new ResizeObserver(() => this.resized());
    this.resizes.observe(this.parts.stage);
    this.visibility = new IntersectionObserver((entries) => this.seen(entries[entries.length - 1].isIntersecting));
    this.visibility.observe(this.root);
  }

  // ---- what Python says ----

  update({ data, setStateValue, setTriggerValue }) {
    this.setState = setStateValue;
    this.trigger = setTriggerValue;
    this.theme = readTheme(this.root);
    fitted.font = this.theme.font;
    this.theme.models.forEach((colour, at) => this.root.style.setProperty(`--model-${at}`, colour));
    if (data !== this.data) this.receive(data);
    this.timeline.colours(this.theme);
    this.redraw();
  }

  receive(data) {
    const before = this.data;
    this.data = data;
    if (!data || data.v !== VERSION) {
      this.data = null;
      this.say(`This player reads format ${VERSION} of its data and got ${data ? data.v : "nothing"}; restart the app and reload the page.`);
      return;
    }
    const fresh = !before || before.video !== data.video || before.src !== data.src;
    this.sources = data.sources.map((source) => new Source(source, data[`boxes:${source.name}`], data[`edges:${source.name}`], data.relations));
    this.chosen = this.sources.find((source) => this.chosen && source.name === this.chosen.name) || this.sources[0] || emptySource(data);
    this.onScreen = data.compare.length > 1 ? data.compare.map((name) => this.sources.find((source) => source.name === name)) : [this.chosen];
    if (data.compare.length > 1 && !this.onScreen.includes(this.chosen)) this.chosen = this.onScreen[0];
    this.scores = data.models.map((model) => scoreColumns(model, data[`scores:${model.name}`], data.score_actions.length));
    this.buildPanels();
    this.buildSourceChoice();
    this.timeline.build(data, data.compare.length > 1 ? this.onScreen : this.sources, this.scores);
    if (fresh) this.open(data);
    else this.emphasise();
    if (data.seek && data.seek.n !== this.seekNumber) {
      this.seekNumber = data.seek.n;
      this.seekTime(data.seek.t);
    }
    this.checkLength();
  }

  open(data) {
    this.say("");
    this.notice = this.frameCallbacks ? "" : "this browser has no frame callback: boxes may lag by a frame";
    this.root.classList.toggle("no-neighbours", !data.neighbours);
    this.parts.stage.style.setProperty("--ratio", String(data.width / data.height));
    this.parts.stage.style.aspectRatio = `${data.width} / ${data.height}`;
    const track = data.tracks.findIndex((candidate) => candidate.class === data.selected || candidate.label === data.selected);
    this.selection = track > 0 ? this.objectSelection(track) : null;
    this.sent = { t: data.t0, selected: this.selectionText() };
    this.virtual = !data.src;
    this.playing = false;
    this.frame = this.frameAt(data.t0);
    this.video.loop = Boolean(data.autoplay);
    if (data.src) {
      this.video.src = data.src;
      this.video.playbackRate = this.speed;
      if (this.frame > 0) this.seekFrame(this.frame);
    } else {
      this.video.removeAttribute("src");
      this.notice = "no video file: annotations only";
    }
    this.emphasise();
    if (data.autoplay && !calm.matches) this.play();
    this.showPlaying();
  }

  checkLength() {
    const last = Math.max(-1, ...this.sources.map((source) => (source.length ? source.frames[source.length - 1] : -1)));
    const shown = Number.isFinite(this.video.duration) && !this.virtual ? Math.round(this.video.duration * this.data.fps) : this.data.n_frames;
    if (last >= Math.max(shown, this.data.n_frames)) {
      this.notice = `annotated up to frame ${last + 1}, but the video has ${shown}: its frame rate may differ from the annotation's`;
    }
    if (last < 0) this.notice = "no annotated frames in this video";
  }

  // ---- the clock ----

  startClock() {
    if (this.frameCallbacks) {
      const presented = (_now, picture) => {
        if (this.dead) return;
        if (this.data && !this.virtual) {
          const still = stillOf(this.video);
          const seconds = still ? still.timestamp / 1e6 : picture.mediaTime;
          this.present(Math.round(seconds * this.data.fps), still || this.video);
          if (still) still.close();
        }
        this.video.requestVideoFrameCallback(presented);
      };
      this.video.requestVideoFrameCallback(presented);
    }
    let before = performance.now();
    const animated = (now) => {
      if (this.dead) return;
      if (this.data && this.virtual && this.playing) this.advance(Math.min(now - before, 100) / 1000);
      else if (this.data && !this.frameCallbacks) this.draw(Math.floor(this.video.currentTime * this.data.fps));
      before = now;
      if (this.virtual || !this.frameCallbacks) requestAnimationFrame(animated);
      else this.idle = window.setTimeout(() => requestAnimationFrame(animated), 250);
    };
    requestAnimationFrame(animated);
  }

  // A callback for the picture from before a seek may come after the seek: the sought frame is the one on screen.
  present(frame, image) {
    if (this.paused && this.wanted !== undefined && frame !== this.wanted) return;
    if (frame === this.wanted) this.wanted = undefined;
    this.draw(frame, image);
  }

  // Some browsers show a sought picture without a callback; then, a moment later, the sought frame is drawn.
  settle() {
    window.setTimeout(() => {
      if (this.dead || this.video.seeking) return;
      const wanted = this.wanted;
      this.wanted = undefined;
      if (wanted !== undefined && this.paused) this.draw(wanted, this.video);
      this.report(this.paused);
    }, 150);
  }

  // Without a video file the annotations run on a clock of their own.
  advance(seconds) {
    this.ownTime = (this.ownTime ?? this.frame / this.data.fps) + seconds * this.speed;
    const frame = Math.floor(this.ownTime * this.data.fps);
    if (frame >= this.data.n_frames && !this.data.autoplay) this.pause();
    const wrapped = frame >= this.data.n_frames;
    if (wrapped) this.ownTime = undefined;
    this.draw(wrapped ? (this.data.autoplay ? 0 : this.data.n_frames - 1) : frame);
  }

  frameAt(seconds) {
    return clamp(Math.floor(seconds * this.data.fps + 0.05), 0, this.data.n_frames - 1);
  }

  get paused() {
    return this.virtual ? !this.playing : this.video.paused;
  }

  play() {
    if (!this.data) return;
    if (this.virtual) {
      if (this.frame >= this.data.n_frames - 1) this.draw(0);
      this.ownTime = this.frame / this.data.fps;
      this.playing = true;
      this.showPlaying();
    } else this.video.play().catch(() => this.showPlaying());
  }

  pause() {
    if (this.virtual) {
      this.playing = false;
      this.showPlaying();
      this.report(true);
    } else this.video.pause();
  }

  toggle() {
    if (this.paused) this.play();
    else this.pause();
  }

  seekTime(seconds, dragging = false) {
    if (!this.data) return;
    if (dragging && !this.paused) this.pause();
    this.seekFrame(this.frameAt(seconds));
  }

  // To the middle of the frame's time, so that rounding never lands on its neighbour.
  seekFrame(frame) {
    const wanted = clamp(frame, 0, this.data.n_frames - 1);
    if (this.virtual) {
      this.ownTime = wanted / this.data.fps;
      this.draw(wanted);
      this.report(true);
      return;
    }
    this.wanted = wanted;
    this.video.currentTime = (wanted + 0.5) / this.data.fps;
  }

  step(frames) {
    this.pause();
    this.seekFrame((this.wanted ?? this.frame) + frames);
  }

  // To the next (or previous) of some sorted frames.
  jump(frames, direction) {
    if (!this.data || !frames.length) return;
    this.pause();
    const here = this.wanted ?? this.frame;
    const at = lastAtOrBefore(frames, direction > 0 ? here : here - 1) + (direction > 0 ? 1 : 0);
    if (at >= 0 && at < frames.length) this.seekFrame(frames[at]);
  }

  // The player pauses out of sight, and goes on when it comes back if it was playing by itself.
  seen(visible) {
    if (!visible && !this.paused) {
      this.resume = Boolean(this.data && this.data.autoplay);
      this.pause();
    } else if (visible && this.resume) {
      this.resume = false;
      this.play();
    }
  }

  // ---- drawing ----

  // Everything that moves, at once, for one frame. image: the new picture; none where only something else changed.
  draw(frame, image) {
    if (!this.data) return;
    this.frame = clamp(frame, 0, this.data.n_frames - 1);
    if (this.data.debug) this.compareWithPicture(image);
    const shown = this.chosen.shownAt(this.frame, this.mode);
    this.overlay.draw({
      boxes: this.chosen.boxesAt(shown.index, this.frame, this.mode),
      edges: this.chosen.edgesByTrack(shown.index),
      held: shown.held,
      predicted: this.chosen.predicted,
      tracks: this.data.tracks,
      relations: this.data.relations,
      emphasised: this.emphasised,
      boxesOn: this.boxesOn,
      labelsOn: this.labelsOn,
      groupsOn: this.groupsOn,
      size: [this.data.width, this.data.height],
      font: this.theme.font,
    });
    const time = this.frame / this.data.fps;
    this.timeline.at(time);
    this.parts.time.textContent = formatTime(time);
    this.parts.number.textContent = `frame ${this.frame + 1} / ${this.data.n_frames}`;
    this.showGraphs();
    this.showStatus(shown);
    if (!this.paused) this.report(false);
  }

  // Sizes are read here alone: reading them in every frame would lay the page out in every frame.
  resized() {
    fitCanvas(this.parts.overlay, this.parts.stage.clientWidth, this.parts.stage.clientHeight);
    this.redraw();
  }

  redraw() {
    if (this.data && this.theme) this.draw(this.frame);
  }

  showGraphs() {
    const states = this.onScreen.map((source) => {
      const { index, held } = source.shownAt(this.frame, this.mode);
      return { source, index, held, note: this.onScreen.length > 1 ? this.age(source, index, held) : "", still: calm.matches };
    });
    states.forEach((state, at) => this.panels[at] && this.panels[at].show(state));
    if (this.triplets && (this.data.compare.length > 1 || this.details.open)) {
      this.triplets.show(states, this.data.tracks, this.data.relations, this.groupsOn, !this.paused);
    }
    this.announce(states[0]);
  }

  age(source, index, held) {
    if (index < 0 && !source.length) return "no graphs";
    if (index < 0) return source.predicted ? "not predicted here" : "not annotated here";
    if (!held) return source.predicted ? "predicted here" : "annotated here";
    const frames = this.frame - source.frames[index];
    const seconds = frames / this.data.fps;
    const ago = seconds >= 0.1 ? `${seconds.toFixed(1)} s` : frames > 1 ? `${frames} frames` : "1 frame";
    return `${source.predicted ? "predicted" : "annotated"} ${ago} ago`;
  }

  showStatus({ index, held }) {
    const shown = [this.notice, this.age(this.chosen, index, held)].filter(Boolean).join("  ·  ");
    if (this.parts.status.textContent !== shown) this.parts.status.textContent = shown;
  }

  // For screen readers: what the graph says, when it stands still.
  announce({ source, index }) {
    if (!this.paused || this.announced === `${source.name}|${index}`) return;
    this.announced = `${source.name}|${index}`;
    const said = [];
    for (const [track, groups] of source.edgesByTrack(index)) {
      for (const [relation] of groups.flat()) said.push(`${this.data.relations[relation].name} ${this.data.tracks[track].label}`);
    }
    this.parts.live.textContent = `Frame ${this.frame + 1}. ${said.length ? `Person ${said.join(", ")}.` : "No relationships."}`;
  }

  // Debug: the clip carries its frame number as 12 cells across the bottom tenth of the picture, most significant first.
  compareWithPicture(image) {
    const stats = (window.agPlayerStats ||= { ticks: 0, differences: {}, redraws: 0 });
    Object.assign(stats, { frame: this.frame, paused: this.paused, sourceFrames: [...this.chosen.frames], player: this });
    stats.redraws++;
    if (!image) return;
    stats.reader ||= Object.assign(document.createElement("canvas"), { width: 120, height: 10 });
    const context = stats.reader.getContext("2d", { willReadFrequently: true });
    const { videoWidth, videoHeight } = this.video;
    context.drawImage(image, 0, videoHeight * 0.9, videoWidth, videoHeight * 0.1, 0, 0, 120, 10);
    const pixels = context.getImageData(0, 5, 120, 1).data;
    let number = 0;
    for (let bit = 0; bit < 12; bit++) number = number * 2 + (pixels[(bit * 10 + 5) * 4] > 127 ? 1 : 0);
    const difference = this.frame - number;
    stats.ticks++;
    stats.picture = number;
    stats.differences[difference] = (stats.differences[difference] || 0) + 1;
  }

  // ---- panels and controls ----

  buildPanels() {
    const comparing = this.data.compare.length > 1;
    this.root.classList.toggle("compare", comparing);
    const kept = keptTracks(this.data.tracks, this.sources);
    const key = JSON.stringify([this.onScreen.map((source) => source.label), this.data.tracks, kept]);
    if (key === this.panelKey) {
      for (const panel of this.panels) panel.shown = "";
      if (this.triplets) this.triplets.shown = "";
      return;
    }
    this.panelKey = key;
    for (const panel of this.panels) panel.destroy();
    this.parts.graphs.replaceChildren();
    this.parts.side.replaceChildren();
    this.panels = this.onScreen.map((source, at) => {
      const panel = new GraphPanel(this.parts.graphs, this.onScreen.length > 1 ? source.label : "Scene graph", {
        select: (track) => this.select(this.objectSelection(track)),
        began: (track, group) => this.toBegin(at, track, group),
      });
      panel.build(this.data.tracks, kept, this.data.relations);
      panel.groups(this.groupsOn);
      return panel;
    });
    const left = this.data.tracks.length - 1 - kept.length;
    if (left > 0) element("p", { class: "graph-more" }, this.panels[0].root, `and ${left} seldom seen ${left > 1 ? "objects" : "object"}, as boxes only`);
    if (comparing) this.triplets = new TripletTable(this.parts.side);
    else {
      this.details = element("details", { class: "triplet-list" }, this.panels[0].root);
      element("summary", {}, this.details, "Triplets now");
      this.triplets = new TripletTable(element("div", { class: "scroll" }, this.details));
      this.details.addEventListener("toggle", () => this.redraw());
    }
  }

  makeControls() {
    const { toggles, speed } = this.parts;
    this.sourceChoice = this.parts.source;
    for (const value of SPEEDS) element("option", { value }, speed, `${value}×`);
    speed.value = "1";
    this.buttons = {};
    GROUPS.forEach((group, index) => {
      const button = element("button", { type: "button", class: `toggle ${group.name}`, "aria-pressed": "true", title: `Show ${group.name} (${index + 1})` }, toggles);
      element("span", { class: "chip" }, button, group.letter);
      button.appendChild(lineSample(group));
      element("span", { class: "name" }, button, group.name);
      button.addEventListener("click", () => this.toggleGroup(index));
      this.buttons[group.name] = button;
    });
    for (const [name, key] of [["boxes", "B"], ["labels", "L"], ["graph", "G"]]) {
      const button = element("button", { type: "button", class: "toggle", "aria-pressed": "true", title: `Show ${name} (${key})` }, toggles, name);
      button.addEventListener("click", () => this.toggleSwitch(name));
      this.buttons[name] = button;
    }
    element("span", { class: "space" }, toggles);
    this.modeChoice = element("select", { "aria-label": "Between annotated frames", title: "Between annotated frames" }, toggles);
    for (const mode of MODES) element("option", { value: mode }, this.modeChoice, mode);
    const help = this.parts.help;
    element("strong", {}, help, "Keys");
    const list = element("dl", {}, help);
    for (const [key, does] of KEYS) {
      element("dt", {}, list, key);
      element("dd", {}, list, does);
    }
    const close = element("button", { type: "button", class: "toggle" }, help, "close");
    close.addEventListener("click", () => this.showHelp(false), { signal: this.stop.signal });
  }

  buildSourceChoice() {
    this.sourceChoice.replaceChildren();
    const choices = this.data.compare.length > 1 ? this.onScreen : this.sources;
    for (const source of choices) element("option", { value: source.name }, this.sourceChoice, this.data.compare.length > 1 ? `boxes: ${source.label}` : source.label);
    this.sourceChoice.value = this.chosen.name;
    this.sourceChoice.hidden = choices.length < 2;
  }

  chooseSource(name) {
    this.chosen = this.sources.find((source) => source.name === name);
    if (this.data.compare.length < 2) this.onScreen = [this.chosen];
    this.redraw();
  }

  toggleGroup(index) {
    this.groupsOn[index] = !this.groupsOn[index];
    this.buttons[GROUPS[index].name].setAttribute("aria-pressed", String(this.groupsOn[index]));
    for (const panel of this.panels) panel.groups(this.groupsOn);
    this.redraw();
  }

  toggleSwitch(name) {
    const field = `${name}On`;
    this[field] = !this[field];
    this.buttons[name].setAttribute("aria-pressed", String(this[field]));
    this.root.classList.toggle("no-graph", !this.graphOn);
    this.redraw();
  }

  setMode(mode) {
    this.mode = mode;
    this.modeChoice.value = mode;
    this.redraw();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = speed;
    this.parts.speed.value = String(speed);
  }

  changeSpeed(direction) {
    this.setSpeed(SPEEDS[clamp(SPEEDS.indexOf(this.speed) + direction, 0, SPEEDS.length - 1)]);
  }

  showPlaying() {
    const icon = this.parts["play-icon"].firstElementChild;
    icon.setAttribute("d", this.paused ? PLAY_ICON : PAUSE_ICON);
    icon.ownerSVGElement.parentElement.setAttribute("aria-label", this.paused ? "Play" : "Pause");
    this.root.classList.toggle("playing", !this.paused);
  }

  showHelp(on) {
    this.parts.help.hidden = !on;
    if (!on) this.root.focus({ preventScroll: true });
  }

  say(message) {
    this.parts.message.textContent = message;
    this.parts.message.hidden = !message;
  }

  hint(text) {
    this.parts.hint.textContent = text || (this.root.matches(":focus-within") ? "? shows the keys" : "click the video to use keys");
  }

  // ---- selection ----

  objectSelection(track) {
    const { label, class: name } = this.data.tracks[track];
    return { kind: "object", label, class: name, track };
  }

  // Select; the same again clears, unless `keep`.
  select(selection, keep = false) {
    const same = selection && this.selection && selection.kind === this.selection.kind && selection.label === this.selection.label;
    if (same && keep) return;
    this.selection = same ? null : selection;
    this.emphasise();
    this.redraw();
    const text = this.selectionText();
    if (text === this.sent.selected) return;
    this.sent.selected = text;
    this.setState("selected", JSON.parse(text));
  }

  // The selection as Python hears it: without the number of the track.
  selectionText() {
    if (!this.selection) return "null";
    const { kind, label, class: name, id } = this.selection;
    return JSON.stringify({ kind, label, class: name ?? null, id });
  }

  emphasise() {
    const { selection } = this;
    this.emphasised = null;
    if (selection && selection.kind === "object") this.emphasised = new Set([selection.track]);
    if (selection && selection.kind === "action" && selection.class) {
      const numbers = this.data.tracks.map((track, number) => (track.class === selection.class ? number : -1)).filter((number) => number > 0);
      if (numbers.length) this.emphasised = new Set(numbers);
    }
    for (const panel of this.panels) panel.emphasise(this.emphasised);
    const matches = selection && ((lane) => (selection.kind === "action" ? lane.id === selection.id : lane.class === selection.class));
    this.timeline.emphasise(matches && this.data.actions.some(matches) ? matches : null);
  }

  // To the frame where the strongest relation of a lane began.
  toBegin(at, track, group) {
    const source = this.onScreen[at];
    const { index } = source.shownAt(this.frame, this.mode);
    const groups = source.edgesByTrack(index).get(track);
    if (!groups || !groups[group].length) return;
    this.pause();
    this.seekFrame(source.beginOf(index, track, groups[group][0][0]));
  }

  // ---- what Python hears ----

  report(force) {
    if (!this.data || !this.setState) return;
    const now = performance.now();
    if (!force && (this.data.autoplay || now - this.lastReport < REPORT_EVERY_MS)) return;
    const t = Math.round((this.frame / this.data.fps) * 1000) / 1000;
    this.lastReport = now;
    if (t === this.sent.t) return;
    this.sent.t = t;
    this.setState("t", t);
  }

  copyLink() {
    const query = new URLSearchParams({ v: this.data.video, t: (this.frame / this.data.fps).toFixed(3) });
    if (this.selection) query.set("sel", this.selection.class || this.selection.label);
    const link = `${window.location.origin}${this.data.link_path || window.location.pathname}?${query}`;
    if (this.data.compare.length) query.set("m", this.data.compare.join(","));
    const done = (text) => {
      this.hint(text);
      window.setTimeout(() => this.dead || this.hint(""), 2500);
    };
    if (this.data.debug) window.agPlayerLink = link;
    if (!navigator.clipboard) done(link);
    else navigator.clipboard.writeText(link).then(() => done("link copied"), () => done(link));
  }

  // ---- events ----

  listen() {
    const { video, root, parts } = this;
    const on = (target, name, does) => target.addEventListener(name, does, { signal: this.stop.signal });
    const acts = {
      toggle: () => this.toggle(),
      previous: () => this.jump(this.chosen.frames, -1),
      next: () => this.jump(this.chosen.frames, 1),
      link: () => this.copyLink(),
      fullscreen: () => (root.getRootNode().fullscreenElement ? document.exitFullscreen() : root.requestFullscreen().catch(() => this.hint("full screen was refused"))),
      help: () => this.showHelp(parts.help.hidden),
    };
    for (const button of root.querySelectorAll("[data-act]")) on(button, "click", () => this.data && acts[button.dataset.act]());
    on(parts.speed, "change", () => this.setSpeed(Number(parts.speed.value)));
    on(this.modeChoice, "change", () => this.setMode(this.modeChoice.value));
    on(this.sourceChoice, "change", () => this.chooseSource(this.sourceChoice.value));
    on(parts.stage, "click", (event) => this.clicked(event));
    on(video, "play", () => this.showPlaying());
    on(video, "pause", () => {
      this.showPlaying();
      this.redraw();
      this.report(true);
    });
    on(video, "seeked", () => this.settle());
    on(video, "loadedmetadata", () => {
      this.video.playbackRate = this.speed;
      this.checkLength();
      this.redraw();
    });
    on(video, "error", () => this.failed());
    on(root, "keydown", (event) => this.key(event));
    on(root, "keyup", quiet);
    on(root, "keypress", quiet);
    on(root, "focusin", () => this.hint(""));
    on(root, "focusout", () => window.setTimeout(() => this.dead || this.hint(""), 0));
    this.hint("");
  }

  clicked(event) {
    if (!this.data) return;
    const box = this.parts.stage.getBoundingClientRect();
    const track = this.boxesOn ? this.overlay.pick(event.clientX - box.left, event.clientY - box.top) : null;
    if (track === null || track === 0) this.toggle();
    else this.select(this.objectSelection(track));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    if (!this.data || event.altKey) return;
    const target = event.composedPath()[0];
    const native = target.closest && target.closest("select");
    const pressing = target.closest && target.closest("button, summary, [role=button]") && (event.key === " " || event.key === "Enter");
    if ((native && event.key !== "Escape") || pressing) return;
    const does = this.keyActions(event.shiftKey)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  keyActions(shift) {
    const marks = () => (shift ? this.chosen.changes : this.chosen.frames);
    return {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      ArrowLeft: () => this.jump(marks(), -1),
      ArrowRight: () => this.jump(marks(), 1),
      d: () => this.step(-1),
      ",": () => this.step(-1),
      f: () => this.step(1),
      ".": () => this.step(1),
      c: () => this.step(-10),
      v: () => this.step(10),
      Home: () => this.seekFrame(0),
      End: () => this.seekFrame(this.data.n_frames - 1),
      "[": () => this.changeSpeed(-1),
      "]": () => this.changeSpeed(1),
      1: () => this.toggleGroup(0),
      2: () => this.toggleGroup(1),
      3: () => this.toggleGroup(2),
      b: () => this.toggleSwitch("boxes"),
      l: () => this.toggleSwitch("labels"),
      g: () => this.toggleSwitch("graph"),
      n: () => this.data.neighbours && this.trigger("navigate", 1),
      p: () => this.data.neighbours && this.trigger("navigate", -1),
      "?": () => this.showHelp(this.parts.help.hidden),
      Escape: () => (this.parts.help.hidden ? this.select(null) : this.showHelp(false)),
    };
  }

  // Why the video does not play, in a sentence; the annotations go on without it.
  async failed() {
    const { src } = this.data || {};
    if (!src || !this.video.getAttribute("src")) return;
    let reason = "its format or codec is one this browser cannot play; convert it to H.264 in an MP4 file";
    try {
      const answer = await fetch(src, { headers: { Range: "bytes=0-15" } });
      const type = answer.headers.get("content-type") || "";
      if (!answer.ok) reason = `the server has no such file any more (${answer.status}); reload the page`;
      else if (type.includes("text/html")) reason = "its address leads to a page instead of a video; reload the page";
    } catch {
      reason = "the server did not answer; check that the app is running";
    }
    if (this.dead || !this.data || this.data.src !== src) return;
    this.virtual = true;
    this.notice = "annotations only";
    this.say(`The video cannot be shown: ${reason}.`);
    this.frame = this.wanted ?? this.frame;
    this.wanted = undefined;
    this.showPlaying();
    this.redraw();
  }

  destroy() {
    this.dead = true;
    window.clearTimeout(this.idle);
    this.stop.abort();
    this.resizes.disconnect();
    this.visibility.disconnect();
    for (const panel of this.panels) panel.destroy();
    this.timeline.destroy();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

// The picture on screen, with its time. A busy browser calls back for a picture that it has already replaced, so the boxes
// follow the picture itself. Null without WebCodecs (an address that is not secure): then the callback's word stands.
function stillOf(video) {
  if (!("VideoFrame" in window) || video.readyState < 2) return null;
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}

function quiet(event) {
  if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
}

function emptySource(data) {
  const nothing = { getChild: () => null };
  return new Source({ name: "annotation", label: "Annotation" }, nothing, nothing, data.relations);
}

function scoreColumns(model, table, actions) {
  const columns = Array.from({ length: actions }, (_none, index) => column(table, `s${index}`));
  return { name: model.name, label: model.label, times: column(table, "t"), columns, video: model.video_scores };
}

// Streamlit calls this at the mount and whenever data or theme change, always with the same parentElement.
export default function (call) {
  const root = call.parentElement;
  let player = players.get(root);
  if (!player) {
    player = new Player(root);
    players.set(root, player);
  }
  const latest = (player.latest = {});
  player.update(call);
  return () => {
    window.setTimeout(() => {
      if (player.latest !== latest || players.get(root) !== player) return;
      player.destroy();
      players.delete(root);
    }, 0);
  };
}
