// The player: the picture, the boxes, the graph and the timeline follow one clock; one selection holds for all of them.
// Joined after the other pieces into one module; Streamlit calls the default export.

const VERSION = 5;

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
    /** @type {Judge | null} */
    this.judge = null;
    this.times = new FrameTimes(24, 1, null);
    this.dead = false;
    this.stop = new AbortController();
    this.resizes = new ResizeObserver((entries) => this.resized(entries));
    this.visibility = new IntersectionObserver((entries) => this.seen(entries[entries.length - 1].isIntersecting));
    this.overlay = new Overlay(this.parts.overlay);
    this.tally = new Tally(this.parts.verdicts);
    this.clock = new Clock(this.parts.video, {
      frame: (_frame, image) => this.draw(image),
      state: () => this.playingChanged(),
      settled: () => this.reports.position(this.clock.paused),
    });
    const data = () => this.data;
    const redraw = () => this.draw();
    this.reports = new Reports(data, this.clock);
    this.file = new VideoFile(this.parts, this.clock, data);
    this.correcting = new Correcting(this.parts, {
      data,
      redraw,
      clock: this.clock,
      overlay: this.overlay,
      chosen: () => this.chosen,
      mode: () => this.controls.mode,
      trigger: (name, value) => this.trigger(name, value),
    });
    this.editor = this.correcting.editor;
    const object = (/** @type {number} */ track) => this.linking.select(objectSelection(this.data, track));
    const edge = (/** @type {number} */ track, /** @type {number} */ relation, keep = false) => this.linking.select(edgeSelection(this.data, track, relation), keep);
    const hover = (/** @type {number | null} */ track, group = -1, /** @type {number | undefined} */ relation) => this.linking.hover(track, group, relation);
    const seek = (/** @type {number} */ seconds, dragging = false) => this.seekTime(seconds, dragging);
    const action = (/** @type {Lane} */ lane) => this.linking.select({ kind: "action", id: lane.id, label: lane.name, class: lane.class }, true);
    this.timeline = new Timeline(this.parts.timeline, { seek, action, edge, object, hover });
    this.log = new ChangeLog(this.timeline.lanes.latest, { change: (change) => this.toChange(change), hover });
    this.panels = new Panels(this.parts, this.log.root, {
      select: object,
      edge,
      hover,
      began: (at, track, group) => this.toBegin(at, track, group),
      changed: redraw,
    });
    this.beside = new Beside(this.parts.beside, (seconds) => this.seekTime(seconds, true));
    this.linking = new Linking({
      data,
      redraw,
      panels: this.panels,
      timeline: this.timeline,
      selected: (text) => this.reports.selection(text),
    });
    this.filters = new FilterControls(this.parts.filters, () => this.filtered());
    this.controls = new Controls(this.parts, this.clock, {
      changed: (name) => this.switched(name),
      source: (name) => this.chooseSource(name),
      marks: () => this.marks(),
      clear: () => this.linking.select(null),
      next: (step) => this.selectNext(step),
      link: () => this.copyLink(),
      navigate: (direction) => this.data.neighbours && this.trigger("navigate", direction),
      edit: (key, shift) => this.editor.key(key, shift),
      command: (key, shift) => this.correcting.command(key, shift),
    });
    this.listen();
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {(event: any) => void} */ does) =>
      target.addEventListener(name, does, { signal: this.stop.signal });
    on(this.parts.stage, "click", (event) => this.clicked(event));
    on(this.parts.stage, "pointermove", (event) => this.pointed(this.boxUnder(event)));
    on(this.parts.stage, "pointerleave", () => this.pointed(null));
    on(this.parts.video, "error", () => this.file.failed());
    on(this.parts.video, "loadedmetadata", () => {
      this.parts.video.playbackRate = this.clock.speed;
      this.checkLength();
      this.draw();
    });
    on(this.parts.overlay, "contextrestored", () => this.draw());
    observePixels(this.resizes, this.parts.overlay);
    this.visibility.observe(this.root);
  }

  // ---- what Python says ----

  update({ data, setStateValue, setTriggerValue }) {
    this.reports.setState = setStateValue;
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
      this.file.say(`This player reads format ${VERSION} of its data and got ${data ? data.v : "nothing"}; restart the app and reload the page.`);
      return;
    }
    this.clock.picture.drawn = data.one_surface && this.clock.callbacks;
    this.comparing = data.compare.length > 1;
    this.times = new FrameTimes(data.fps, data.n_frames, data.times ? column(data.times, "t") : null);
    this.sources = data.sources.map((source) => new Source(source, data[`graphs:${source.name}`], data[`strengths:${source.name}`], data.relations, this.times, data.parts));
    const named = (/** @type {string} */ name) => this.sources.find((source) => source.name === name);
    const begun = this.correcting.now ? null : data.correcting; // from now on: what is corrected is shown
    this.correcting.now = data.correcting;
    this.chosen = (begun && named(begun.source)) || (this.chosen && named(this.chosen.name)) || named(data.shown) || this.sources[0] || emptySource(data);
    this.onScreen = this.comparing ? data.compare.flatMap((name) => named(name) || []) : [this.chosen];
    if (!this.onScreen.includes(this.chosen)) [this.chosen] = this.onScreen;
    const begins = !before || before.video !== data.video || before.src !== data.src;
    this.filters.offer(data, begins);
    for (const source of this.sources) source.filter(this.filters.filter);
    this.judge = data.judge && new Judge(data.judge, data.verdicts, this.sources);
    const scores = data.models.map((model) => scoreColumns(model, data[`scores:${model.name}`], data.score_actions.length));
    this.parts.layout.classList.toggle("with-beside", Boolean(data.beside));
    this.beside.build(data.beside, besideModels(data, scores));
    this.buildPanels();
    this.controls.explain(data.relations);
    this.parts.clock.title = explainClock(data);
    this.controls.offer(this.comparing ? this.onScreen : this.sources, this.chosen, this.comparing);
    this.controls.offerJudge(Boolean(data.judge), begins ? data.judging : undefined);
    this.timeline.build(data, this.times, this.comparing ? this.onScreen : this.sources, scores);
    if (begins) {
      this.controls.offerMode(data.between);
      this.showJudged();
      this.open(data);
    }
    this.showEvolution();
    if (data.seek && data.seek.n !== this.seekNumber) {
      this.seekNumber = data.seek.n;
      this.seekTime(data.seek.t);
    }
    if (data.select && data.select.n !== this.selectNumber) {
      this.selectNumber = data.select.n;
      const asked = begins ? null : startSelection(data, data.select.what);
      if (asked) this.linking.select(asked, true);
    }
    this.checkLength();
    this.correcting.edit();
  }

  /** @param {Payload} data */
  open(data) {
    this.linking.selection = startSelection(data);
    this.reports.sent = { t: data.t0, selected: selectionText(this.linking.selection) };
    this.file.open(data, this.times);
    if ((data.autoplay || data.plays) && !calm.matches) this.clock.play();
    this.controls.showPlaying();
  }

  checkLength() {
    if (this.data) this.file.notice = describeLength(this.data, this.sources, this.clock, this.times) || this.file.notice;
  }

  /** @param {number} seconds */
  seekTime(seconds, dragging = false) {
    if (dragging) this.clock.pause();
    this.clock.seek(this.times.at(seconds));
  }

  playingChanged() {
    this.controls.showPlaying();
    this.correcting.edit();
    this.draw();
    if (this.clock.paused) this.reports.position(true);
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
    this.correcting.follow();
    const shown = chosen.shownAt(clock.frame, controls.mode);
    const verdict = this.verdictOn(chosen, shown.index);
    this.linking.follow(chosen, shown.index, verdict);
    const boxes = this.editor.apply(boxesWithVerdicts(this.judge, verdict, { sources: this.sources, chosen, index: shown.index, frame: clock.frame, mode: controls.mode }));
    this.overlay.draw({
      picture: clock.picture,
      boxes,
      edges: chosen.edgesByTrack(shown.index),
      still: clock.paused,
      predicted: chosen.predicted,
      tracks: data.tracks,
      relations: data.relations,
      emphasised: this.linking.emphasised,
      hovered: this.linking.hovered,
      boxesOn: controls.on.boxes,
      labelsOn: controls.on.labels,
      groupsOn: controls.groupsOn,
      size: [data.width, data.height],
      font: this.theme.font,
    });
    this.editor.drawGrips(this.overlay);
    this.timeline.at(clock.time);
    this.beside.at(clock.time);
    this.timeline.lanes.follow(shown.index);
    this.log.follow(shown.index);
    this.parts.time.textContent = data.rate_known ? formatTime(clock.time) : "";
    this.parts.number.textContent = `frame ${clock.frame + 1}` + (data.length_known ? ` / ${data.n_frames}` : "");
    this.showGraphs();
    this.tally.show(controls.on.judge ? this.judge : null, verdict, chosen, shown.index, controls.groupsOn);
    const unknown = [!data.rate_known && "frame rate unknown", !data.length_known && "length unknown"];
    const age = describeAge(chosen, shown, clock, this.times, data);
    const status = [this.file.notice, ...unknown, age, describeBoxes(boxes)].filter(Boolean).join("  ·  ");
    if (this.parts.status.textContent !== status) {
      this.parts.status.textContent = status;
      this.parts.status.title = explainAge(chosen);
    }
    if (!clock.paused) this.reports.position(false);
  }

  // The verdict on a graph, where the marks are on.
  /**
   * @param {Source} source
   * @param {number} index
   */
  verdictOn(source, index) {
    return this.controls.on.judge && this.judge ? this.judge.of(source, index) : null;
  }

  // Sizes come from here alone: reading them in every frame would lay the page out in every frame.
  /** @param {ResizeObserverEntry[]} entries */
  resized(entries) {
    if (this.overlay.fit(entries[entries.length - 1])) this.draw();
  }

  showGraphs() {
    const { clock, controls, data } = this;
    const states = this.onScreen.map((source) => {
      const shown = source.shownAt(clock.frame, controls.mode);
      const { relation, track } = this.linking;
      return { source, ...shown, relation, track, verdict: this.verdictOn(source, shown.index), note: this.comparing ? describeAge(source, shown, this.clock, this.times, data) : "" };
    });
    this.panels.show(states, data, controls.groupsOn, !clock.paused, this.judge ? this.judge.words : []);
    this.panels.glow((frame) => clock.time - this.times.of(frame), clock.paused ? 0 : clock.speed, calm.matches);
    if (clock.paused) this.announce(states[0]);
  }

  // For screen readers: what the graph says, when it stands still.
  announce({ source, index, verdict }) {
    const at = `${source.name}|${source.version}|${index}|${Boolean(verdict)}`;
    if (at === this.announced) return;
    this.announced = at;
    const judged = verdict && this.judge ? ` ${describeVerdict(this.judge, verdict, source, index)}` : "";
    this.parts.live.textContent = `Frame ${this.clock.frame + 1}. ${describeGraph(source, index, this.data)}${judged}`;
  }

  buildPanels() {
    const { comparing, onScreen } = this;
    this.root.classList.toggle("compare", comparing);
    this.panels.build(this.data, { onScreen, inPlay: this.sourcesInPlay(), comparing: Boolean(comparing), rule: this.describeRule() });
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
    }
    this.panels.groups(this.controls.groupsOn);
    if (!name) this.showEvolution(); // which groups have lanes
    else this.linking.emphasise();
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
    this.correcting.edit();
    this.buildPanels();
    this.showEvolution();
    this.draw();
  }

  // Another choice of what predictions show.
  filtered() {
    for (const source of this.sources) source.filter(this.filters.filter);
    this.panels.say(this.describeRule());
    this.showEvolution();
    this.draw();
  }

  describeRule() {
    return this.sources.some((one) => one.predicted) ? `${this.data.rule}, ${filterText(this.filters.filter)}` : "";
  }

  // The lanes and the changes of what is shown.
  showEvolution() {
    const { timeline, chosen } = this;
    this.parts.filters.hidden = !this.onScreen.some((source) => source.predicted);
    const { groupsOn } = this.controls;
    timeline.show(chosen, groupsOn);
    if (timeline.axis) this.log.build(timeline.axis, chosen, groupsOn);
    this.linking.emphasise();
  }

  // ---- selection ----

  clicked(event) {
    if (!this.data || this.editor.on) return; // a box was taken hold of
    const track = this.boxUnder(event);
    if (track) this.linking.select(objectSelection(this.data, track));
    else this.clock.toggle();
  }

  // What a box is, the browser says where the pointer rests on it.
  /** @param {number | null} track */
  pointed(track) {
    this.linking.hover(track || null);
    const box = track === null ? undefined : this.overlay.hits.find((hit) => hit.track === track);
    const { index } = this.chosen.shownAt(this.clock.frame, this.controls.mode);
    const title = box && this.timeline.axis ? describeBox(box, this.chosen, index, this.timeline.axis) : "";
    if (this.parts.stage.title !== title) this.parts.stage.title = title;
  }

  // The next object with a box on screen, or the one before; then none.
  /** @param {number} step */
  selectNext(step) {
    const tracks = [...new Set(this.overlay.hits.map((hit) => hit.track))].filter((track) => track > 0).sort((one, other) => one - other);
    const at = tracks.indexOf(this.linking.selection?.track ?? -1);
    const next = at < 0 ? (step > 0 ? 0 : tracks.length - 1) : at + step;
    this.linking.select(next in tracks ? objectSelection(this.data, tracks[next]) : null);
  }

  boxUnder(event) {
    const box = this.parts.stage.getBoundingClientRect();
    return this.controls.on.boxes ? this.overlay.pick(event.clientX - box.left, event.clientY - box.top) : null;
  }

  // To a change: what began there is selected, or what ended.
  /** @param {Change} change */
  toChange({ frame, track, begun, ended }) {
    this.clock.pause();
    this.clock.seek(frame);
    this.linking.select(edgeSelection(this.data, track, begun[0] ?? ended[0]), true);
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

  copyLink() {
    const { data, clock, controls } = this;
    const shown = this.sources.length > 1 ? this.chosen.name : null;
    this.reports.copy(linkTo(data, { time: clock.time, selection: this.linking.selection, shown, between: controls.mode, judging: controls.on.judge, filter: this.filters.asked }), controls);
  }

  destroy() {
    this.dead = this.file.dead = true;
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
