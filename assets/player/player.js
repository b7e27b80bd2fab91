// The player: the picture, the boxes, the graph and the timeline follow one clock; one selection holds for all of them.
// Joined after the other pieces into one module; Streamlit calls the default export.

const VERSION = 4;
const REPORT_EVERY_MS = 1000;
const MAX_RETRIES = 4;
const RETRY_MS = 250;

const players = new WeakMap();
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  /** @param {Element} root */
  constructor(root) {
    /** @type {Record<string, any>} */
    this.parts = {};
    for (const part of root.querySelectorAll("[data-part]")) this.parts[part.getAttribute("data-part") || ""] = part;
    this.root = this.parts.player;
    /** @type {Source[]} */
    this.sources = [];
    /** The source whose boxes are drawn; known with the first data. @type {Source} */
    this.chosen = /** @type {any} */ (undefined);
    /** The sources whose graphs are shown: several when comparing. @type {Source[]} */
    this.onScreen = [];
    /** @type {any} */
    this.data = null;
    /** @type {Chosen | null} */
    this.selection = null;
    /** @type {Judge | null} */
    this.judge = null;
    /** What Python heard last. @type {{t?: number, selected?: string}} */
    this.sent = {};
    this.times = new FrameTimes(24, 1, null);
    this.lastReport = 0;
    this.notice = "";
    /** What is being corrected, as Python says. @type {any} */
    this.correcting = null;
    this.dead = false;
    this.retries = 0;
    this.stop = new AbortController();
    this.resizes = new ResizeObserver(() => this.resized());
    this.visibility = new IntersectionObserver((entries) => this.seen(entries[entries.length - 1].isIntersecting));
    this.overlay = new Overlay(this.parts.overlay);
    this.legend = new VerdictLegend(this.parts.verdicts);
    this.clock = new Clock(this.parts.video, {
      frame: (_frame, image) => this.draw(image),
      state: () => this.playingChanged(),
      settled: () => this.report(this.clock.paused),
    });
    this.panels = new Panels(this.parts, {
      select: (track) => this.select(objectSelection(this.data, track)),
      began: (at, track, group) => this.toBegin(at, track, group),
      changed: () => this.draw(),
    });
    this.controls = new Controls(this.parts, this.clock, {
      changed: (name) => this.switched(name),
      source: (name) => this.chooseSource(name),
      marks: () => this.marks(),
      clear: () => this.select(null),
      link: () => this.copyLink(),
      navigate: (direction) => this.data.neighbours && this.trigger("navigate", direction),
      edit: (key, shift) => this.editor.key(key, shift),
      command: (key, shift) => this.command(key, shift),
    });
    this.timeline = new Timeline(this.parts.timeline, {
      seek: (seconds, dragging) => this.seekTime(seconds, dragging),
      action: (lane) => this.select({ kind: "action", id: lane.id, label: lane.name, class: lane.class }, true),
    });
    this.editor = new BoxEditor(this.parts.stage, {
      hits: () => this.overlay.hits,
      boxes: () => this.boxesOfFrame(),
      size: () => [this.data.width, this.data.height],
      redraw: () => this.draw(),
      picked: (track, picks) => this.trigger("picked", { ...trackName(this.data, track), picks }),
      moved: (track, box) => this.trigger("boxed", { frame: this.correcting.frame, ...trackName(this.data, track), box: [box.x1, box.y1, box.x2, box.y2].map((side) => Math.round(side * 10) / 10) }),
    });
    this.listen();
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {(event: any) => void} */ does) =>
      target.addEventListener(name, does, { signal: this.stop.signal });
    on(this.parts.stage, "click", (event) => this.clicked(event));
    on(this.parts.video, "error", () => this.failed());
    on(this.parts.video, "loadedmetadata", () => {
      this.parts.video.playbackRate = this.clock.speed;
      this.checkLength();
      this.draw();
    });
    this.resizes.observe(this.parts.stage);
    this.visibility.observe(this.root);
  }

  // ---- what Python says ----

  update({ data, setStateValue, setTriggerValue }) {
    this.setState = setStateValue;
    this.trigger = setTriggerValue;
    const theme = (this.theme = readTheme(this.root));
    fitted.font = theme.font;
    const models = data ? data.models : [];
    models.forEach((/** @type {any} */ model, /** @type {number} */ at) =>
      this.root.style.setProperty(`--model-${at}`, theme.dark ? model.dark : model.light),
    );
    if (data !== this.data) this.receive(data);
    this.timeline.colours(this.theme);
    this.draw();
  }

  /** @param {Payload} data */
  receive(data) {
    const before = this.data;
    this.data = data;
    if (!data || data.v !== VERSION) {
      this.data = null;
      this.say(`This player reads format ${VERSION} of its data and got ${data ? data.v : "nothing"}; restart the app and reload the page.`);
      return;
    }
    this.comparing = data.compare.length > 1;
    this.times = new FrameTimes(data.fps, data.n_frames, data.times ? column(data.times, "t") : null);
    this.sources = data.sources.map((source) => new Source(source, data[`graphs:${source.name}`], data[`strengths:${source.name}`], data.relations, this.times, data.parts));
    const named = (/** @type {string} */ name) => this.sources.find((source) => source.name === name);
    const begun = this.correcting ? null : data.correcting; // from now on: what is corrected is shown
    this.correcting = data.correcting;
    this.chosen = (begun && named(begun.source)) || (this.chosen && named(this.chosen.name)) || named(data.shown) || this.sources[0] || emptySource(data);
    this.onScreen = this.comparing ? data.compare.flatMap((name) => named(name) || []) : [this.chosen];
    if (!this.onScreen.includes(this.chosen)) [this.chosen] = this.onScreen;
    this.judge = data.judge && new Judge(data.judge, data.verdicts);
    const scores = data.models.map((model) => scoreColumns(model, data[`scores:${model.name}`], data.score_actions.length));
    this.buildPanels();
    this.controls.explain(data.relations);
    this.controls.offer(this.comparing ? this.onScreen : this.sources, this.chosen, this.comparing);
    const begins = !before || before.video !== data.video || before.src !== data.src;
    this.controls.offerJudge(Boolean(data.judge), begins ? data.judging : undefined);
    if (begins) this.showJudged();
    this.timeline.build(data, this.times, this.comparing ? this.onScreen : this.sources, scores);
    if (begins) this.open(data);
    else this.emphasise();
    if (data.seek && data.seek.n !== this.seekNumber) {
      this.seekNumber = data.seek.n;
      this.seekTime(data.seek.t);
    }
    this.checkLength();
    this.edit();
  }

  // Boxes can be moved where the frame on screen is the one that Python has ready.
  edit() {
    const { correcting, clock, chosen, data } = this;
    const ready = Boolean(correcting && clock.paused && chosen.name === correcting.source && clock.frame + 1 === correcting.frame);
    const picked = ready && correcting.picked ? data.tracks.findIndex((_track, number) => sameTrack(trackName(data, number), correcting.picked)) : -1;
    this.editor.set(ready, picked < 0 ? null : picked, correcting ? correcting.picks : 0);
    this.root.toggleAttribute("data-correcting", ready);
  }

  // What is done to the whole frame with Ctrl: true where it was something.
  /**
   * @param {string} key
   * @param {boolean} shift
   */
  command(key, shift) {
    if (!this.correcting || (key !== "z" && key !== "enter")) return false;
    this.editor.flush();
    if (key === "z") this.trigger("stepped", shift ? 1 : -1);
    else if (this.editor.on) this.trigger("confirmed", this.correcting.frame);
    return true;
  }

  // The boxes of the frame on screen in pixels of the video, as they are being made.
  boxesOfFrame() {
    const { chosen, clock, controls } = this;
    const shown = chosen.shownAt(clock.frame, controls.mode);
    return this.editor.apply(chosen.boxesAt(shown.index, clock.frame, controls.mode));
  }

  /** @param {Payload} data */
  open(data) {
    this.say("");
    this.retries = 0;
    this.notice = this.clock.callbacks ? "" : "this browser has no frame callback: boxes may lag by a frame";
    if (!data.src) this.notice = "no video file";
    this.parts.stage.style.setProperty("--ratio", String(data.width / data.height));
    this.parts.stage.style.aspectRatio = `${data.width} / ${data.height}`;
    this.selection = startSelection(data);
    this.sent = { t: data.t0, selected: selectionText(this.selection) };
    this.clock.open({ src: data.src, times: this.times, loop: Boolean(data.autoplay), start: this.times.at(data.t0) });
    this.emphasise();
    if (data.autoplay && !calm.matches) this.clock.play();
    this.controls.showPlaying();
  }

  checkLength() {
    if (this.data) this.notice = describeLength(this.data, this.sources, this.clock, this.times) || this.notice;
  }

  // The annotations go on without a video that cannot be played. But when a run of the script is cut short by the next, the
  // server has not got the file until that one shows it again: so the player asks a few times more before it gives up.
  async failed() {
    const { src } = this.data || {};
    if (!src || !this.parts.video.getAttribute("src")) return;
    if (this.retries < MAX_RETRIES) {
      window.setTimeout(() => this.retry(src), RETRY_MS * 2 ** this.retries);
      this.retries += 1;
      return;
    }
    const reason = await reasonOfFailure(src);
    if (this.dead || !this.data || this.data.src !== src) return;
    this.notice = "annotations only";
    this.say(`The video cannot be shown: ${reason}.`);
    this.clock.leaveVideo();
  }

  /** @param {string} src */
  retry(src) {
    if (this.dead || !this.data || this.data.src !== src) return;
    const { clock, data } = this;
    const plays = !clock.paused;
    clock.open({ src, times: this.times, loop: Boolean(data.autoplay), start: clock.wanted ?? clock.frame });
    if (plays) clock.play();
  }

  /** @param {string} message */
  say(message) {
    this.parts.message.textContent = message;
    this.parts.message.hidden = !message;
  }

  /** @param {number} seconds */
  seekTime(seconds, dragging = false) {
    if (dragging) this.clock.pause();
    this.clock.seek(this.times.at(seconds));
  }

  playingChanged() {
    this.controls.showPlaying();
    this.edit();
    this.draw();
    if (this.clock.paused) this.report(true);
  }

  // The player pauses out of sight, and goes on when it comes back if it was playing by itself.
  /** @param {boolean} visible */
  seen(visible) {
    if (!visible && !this.clock.paused) {
      this.resume = Boolean(this.data && this.data.autoplay);
      this.clock.pause();
    } else if (visible && this.resume) {
      this.resume = false;
      this.clock.play();
    }
  }

  // ---- drawing ----

  // Everything that moves, at once, for the clock's frame. image: the new picture; none where something else changed.
  /** @param {CanvasImageSource} [image] */
  draw(image) {
    const { data, clock, controls, chosen } = this;
    if (!data || !this.theme) return;
    if (data.debug) comparePicture(this, image);
    if (this.editor.on && clock.frame + 1 !== this.correcting.frame) this.edit();
    const shown = chosen.shownAt(clock.frame, controls.mode);
    const verdict = this.verdictOn(chosen, shown.index);
    if (this.selection?.kind === "relation") this.emphasiseRelation(shown.index, verdict);
    this.overlay.draw({
      boxes: this.editor.apply(boxesWithVerdicts(this.judge, verdict, { sources: this.sources, chosen, index: shown.index, frame: clock.frame, mode: controls.mode })),
      edges: chosen.edgesByTrack(shown.index),
      held: shown.held,
      predicted: chosen.predicted,
      tracks: data.tracks,
      relations: data.relations,
      emphasised: this.emphasised,
      boxesOn: controls.on.boxes,
      labelsOn: controls.on.labels,
      groupsOn: controls.groupsOn,
      size: [data.width, data.height],
      font: this.theme.font,
    });
    this.editor.drawGrips(this.overlay);
    this.timeline.at(clock.time);
    this.parts.time.textContent = data.rate_known ? formatTime(clock.time) : "";
    this.parts.number.textContent = `frame ${clock.frame + 1}` + (data.length_known ? ` / ${data.n_frames}` : "");
    this.showGraphs();
    this.legend.show(controls.on.judge ? this.judge : null, verdict, chosen, shown.index, controls.groupsOn);
    const unknown = [!data.rate_known && "frame rate unknown", !data.length_known && "length unknown"];
    const status = [this.notice, ...unknown, describeAge(chosen, shown, clock, this.times, data)].filter(Boolean).join("  ·  ");
    if (this.parts.status.textContent !== status) this.parts.status.textContent = status;
    if (!clock.paused) this.report(false);
  }

  // The verdict on a graph, where the marks are on.
  /**
   * @param {Source} source
   * @param {number} index
   */
  verdictOn(source, index) {
    return this.controls.on.judge && this.judge ? this.judge.of(source, index) : null;
  }

  // Sizes are read here alone: reading them in every frame would lay the page out in every frame.
  resized() {
    fitCanvas(this.parts.overlay, this.parts.stage.clientWidth, this.parts.stage.clientHeight);
    this.draw();
  }

  showGraphs() {
    const { clock, controls, data } = this;
    const states = this.onScreen.map((source) => {
      const shown = source.shownAt(clock.frame, controls.mode);
      const relation = this.selection?.relation;
      return { source, ...shown, relation, verdict: this.verdictOn(source, shown.index), note: this.comparing ? describeAge(source, shown, this.clock, this.times, data) : "", still: calm.matches };
    });
    this.panels.show(states, data, controls.groupsOn, !clock.paused, this.judge ? this.judge.words : []);
    if (clock.paused) this.announce(states[0]);
  }

  // For screen readers: what the graph says, when it stands still.
  announce({ source, index, verdict }) {
    const at = `${source.name}|${index}|${Boolean(verdict)}`;
    if (at === this.announced) return;
    this.announced = at;
    const judged = verdict && this.judge ? ` ${describeVerdict(this.judge, verdict, source, index)}` : "";
    this.parts.live.textContent = `Frame ${this.clock.frame + 1}. ${describeGraph(source, index, this.data)}${judged}`;
  }

  buildPanels() {
    const { comparing, onScreen } = this;
    this.root.classList.toggle("compare", comparing);
    const rule = this.sources.some((one) => one.predicted) ? this.data.rule : "";
    this.panels.build(this.data, { onScreen, inPlay: this.sourcesInPlay(), comparing: Boolean(comparing), rule });
    this.panels.groups(this.controls.groupsOn);
  }

  // The sources whose objects get cards: what nobody asked for, such as an exact truth, is left aside.
  sourcesInPlay() {
    if (this.comparing) return this.onScreen;
    return this.sources.filter((source) => !source.aside || source === this.chosen || this.controls.on.judge);
  }

  switched(name = "") {
    if (name === "judge") {
      this.showJudged();
      this.buildPanels();
      this.emphasise();
    }
    this.panels.groups(this.controls.groupsOn);
    this.draw();
  }

  // Where the marks are on, what they are on: the judged source.
  showJudged() {
    const judged = this.controls.on.judge && this.judge && this.sources.find((source) => source.name === this.judge?.judged);
    if (!judged || !this.judge?.frames.length || this.chosen === judged) return;
    this.parts.source.value = judged.name;
    this.chooseSource(judged.name);
  }

  // The frames that the keys go to: where the marks are on, those that are judged.
  marks() {
    const { judge, chosen } = this;
    const judging = this.controls.on.judge && judge && judge.judged === chosen.name && judge.frames.length;
    return { frames: judging ? judge.frames : chosen.frames, changes: chosen.changes };
  }

  chooseSource(name) {
    this.chosen = this.sources.find((source) => source.name === name) || this.chosen;
    if (!this.comparing) this.onScreen = [this.chosen];
    this.edit();
    this.buildPanels();
    this.emphasise();
    this.draw();
  }

  // ---- selection ----

  clicked(event) {
    if (!this.data) return;
    const box = this.parts.stage.getBoundingClientRect();
    if (this.editor.on) return; // a box was taken hold of
    const track = this.controls.on.boxes ? this.overlay.pick(event.clientX - box.left, event.clientY - box.top) : null;
    if (track) this.select(objectSelection(this.data, track));
    else this.clock.toggle();
  }

  // Select; the same again clears, unless `keep`.
  select(selection, keep = false) {
    const same = selection && this.selection && selection.kind === this.selection.kind && selection.label === this.selection.label;
    if (same && keep) return;
    this.selection = same ? null : selection;
    this.emphasise();
    this.draw();
    const text = selectionText(this.selection);
    if (text === this.sent.selected) return;
    this.sent.selected = text;
    this.setState("selected", JSON.parse(text));
  }

  // Bring out what the selection means: tracks in picture and graph, lanes on the timeline.
  emphasise() {
    const { selection, data } = this;
    this.brought = ""; // which tracks have a relationship, each frame says
    const chosen = (/** @type {any} */ track, /** @type {number} */ number) => (selection?.kind === "object" ? number === selection.track : number > 0 && selection?.kind === "action" && track.class === selection.class);
    const numbers = selection ? data.tracks.flatMap((track, number) => (chosen(track, number) ? [number] : [])) : [];
    this.bringOut(numbers);
    const matches = selection && ((lane) => (selection.kind === "action" ? lane.id === selection.id : selection.kind === "object" && lane.class === selection.class));
    this.timeline.emphasise(matches && data.actions.some(matches) ? matches : null);
  }

  // What belongs to some tracks; where there are none, nothing is dimmed.
  /** @param {number[]} tracks */
  bringOut(tracks) {
    this.emphasised = tracks.length ? new Set(tracks) : null;
    this.panels.emphasise(this.emphasised);
  }

  // The tracks that have the selected relationship here stand out; none does where none has it.
  emphasiseRelation(index, verdict) {
    const tracks = tracksWith(/** @type {number} */ (this.selection?.relation), this.chosen, index, verdict);
    if (this.brought === tracks.join()) return;
    this.brought = tracks.join();
    this.bringOut(tracks);
  }

  // To the frame where the first relation of a lane began.
  toBegin(at, track, group) {
    const source = this.onScreen[at];
    const { index } = source.shownAt(this.clock.frame, this.controls.mode);
    const groups = source.edgesByTrack(index).get(track);
    if (!groups || !groups[group].length) return;
    this.clock.pause();
    this.clock.seek(source.beginOf(index, track, groups[group][0][0]));
  }

  // ---- what Python hears ----

  /** @param {boolean} force */
  report(force) {
    if (!this.data || !this.setState) return;
    const now = performance.now();
    if (!force && (this.data.autoplay || now - this.lastReport < REPORT_EVERY_MS)) return;
    const t = Math.round(this.clock.time * 1000) / 1000;
    this.lastReport = now;
    if (t === this.sent.t) return;
    this.sent.t = t;
    this.setState("t", t);
  }

  copyLink() {
    const { data, selection } = this;
    const link = linkTo(data, { time: this.clock.time, selection, shown: this.sources.length > 1 ? this.chosen.name : null, judging: this.controls.on.judge });
    const done = (text) => {
      this.controls.hint(text);
      window.setTimeout(() => this.controls.hint(), 2500);
    };
    if (data.debug) Object.assign(window, { agPlayerLink: link });
    if (!navigator.clipboard) done(link);
    else navigator.clipboard.writeText(link).then(() => done("link copied"), () => done(link));
  }

  destroy() {
    this.dead = true;
    this.stop.abort();
    this.resizes.disconnect();
    this.visibility.disconnect();
    this.panels.destroy();
    this.timeline.destroy();
    this.controls.destroy();
    this.editor.destroy();
    this.clock.destroy();
  }
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
