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
    this.graphs = new Sources();
    /** @type {any} */
    this.data = null;
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
    this.reports = new Reports(data, this.clock, this.root);
    this.file = new VideoFile(this.parts, this.clock, data);
    this.correcting = new Correcting(this.parts, {
      data,
      redraw,
      clock: this.clock,
      overlay: this.overlay,
      chosen: () => this.graphs.chosen,
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
    this.pointing = new Pointing(this.parts.stage, this.stop.signal, {
      data,
      hits: () => this.overlay.hits,
      on: () => this.controls.on.boxes,
      editing: () => this.editor.on,
      linking: () => this.linking,
      describe: (hit) => this.describe(hit),
      toggle: () => this.clock.toggle(),
    });
    this.announcer = new Announcer(this.parts.live);
    this.filters = new FilterControls(this.parts.filters, () => this.filtered());
    this.controls = new Controls(this.parts, this.clock, {
      changed: (name) => this.switched(name),
      source: (name) => this.chooseSource(name),
      marks: () => this.graphs.marks(this.controls.on.judge),
      clear: () => this.linking.select(null),
      next: (step) => this.pointing.selectNext(step),
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
    this.times = new FrameTimes(data.fps, data.n_frames, data.times ? column(data.times, "t") : null);
    const begun = this.correcting.now ? undefined : data.correcting?.source; // from now on: what is corrected is shown
    this.correcting.now = data.correcting;
    this.graphs.read(data, this.times, begun);
    const begins = !before || before.video !== data.video || before.src !== data.src;
    this.filters.offer(data, begins);
    this.graphs.filter(this.filters.filter);
    const scores = data.models.map((model) => scoreColumns(model, data[`scores:${model.name}`], data.score_actions.length));
    this.parts.layout.classList.toggle("with-beside", Boolean(data.beside));
    this.beside.build(data.beside, besideModels(data, scores));
    this.buildPanels();
    this.controls.explain(data.relations);
    this.parts.clock.title = explainClock(data);
    this.controls.offer(this.graphs.offered, this.graphs.chosen, this.graphs.comparing);
    this.controls.offerJudge(Boolean(data.judge), begins ? data.judging : undefined);
    this.timeline.build(data, this.times, this.graphs.offered, scores);
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
    this.reports.begin({ t: data.t0, selected: selectionText(this.linking.selection) });
    const { frames } = this.graphs.chosen;
    this.clock.part = frames.length > 1 ? { first: frames[0], last: frames[frames.length - 1] } : null;
    this.file.open(data, this.times);
    if ((data.autoplay || data.plays) && !calm.matches) this.clock.play();
    this.controls.showPlaying();
  }

  checkLength() {
    if (this.data) this.file.notice = describeLength(this.data, this.graphs.all, this.clock, this.times) || this.file.notice;
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
    const { data, clock, controls } = this;
    const { chosen, judge } = this.graphs;
    if (!data || !this.theme) return;
    if (data.debug) comparePicture(this, image);
    this.correcting.follow();
    const shown = chosen.shownAt(clock.frame, controls.mode);
    const verdict = this.graphs.verdictOn(chosen, shown.index, this.controls.on.judge);
    this.linking.follow(chosen, shown.index, verdict);
    const boxes = this.editor.apply(boxesWithVerdicts(judge, verdict, { sources: this.graphs.all, chosen, index: shown.index, frame: clock.frame, mode: controls.mode }));
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
    this.tally.show(controls.on.judge ? judge : null, verdict, chosen, shown.index, controls.groupsOn);
    const unknown = [!data.rate_known && "frame rate unknown", !data.length_known && "length unknown"];
    const age = describeAge(chosen, shown, clock, this.times, data);
    const status = [this.file.notice, ...unknown, age, describeBoxes(boxes)].filter(Boolean).join("  ·  ");
    if (this.parts.status.textContent !== status) {
      this.parts.status.textContent = status;
      this.parts.status.title = explainAge(chosen);
    }
    if (!clock.paused) this.reports.position(false);
  }

  // Sizes come from here alone: reading them in every frame would lay the page out in every frame.
  /** @param {ResizeObserverEntry[]} entries */
  resized(entries) {
    if (this.overlay.fit(entries[entries.length - 1])) this.draw();
  }

  showGraphs() {
    const { clock, controls, data } = this;
    const states = this.graphs.onScreen.map((source) => {
      const shown = source.shownAt(clock.frame, controls.mode);
      const { relation, track } = this.linking;
      return { source, ...shown, relation, track, verdict: this.graphs.verdictOn(source, shown.index, this.controls.on.judge), note: this.graphs.comparing ? describeAge(source, shown, this.clock, this.times, data) : "" };
    });
    this.panels.show(states, data, controls.groupsOn, !clock.paused, this.graphs.judge ? this.graphs.judge.words : []);
    this.panels.glow((frame) => clock.time - this.times.of(frame), clock.paused ? 0 : clock.speed, calm.matches);
    if (clock.paused) this.announcer.say(states[0], clock.frame, data, this.graphs.judge);
  }

  buildPanels() {
    const { comparing, onScreen } = this.graphs;
    this.root.classList.toggle("compare", comparing);
    this.panels.build(this.data, { onScreen, inPlay: this.graphs.inPlay(this.controls.on.judge), comparing, rule: this.describeRule() });
    this.panels.groups(this.controls.groupsOn);
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
    const { judged } = this.graphs;
    if (!this.controls.on.judge || !judged) return;
    this.parts.source.value = judged.name;
    this.chooseSource(judged.name);
  }

  chooseSource(name) {
    this.graphs.choose(name);
    this.correcting.edit();
    this.buildPanels();
    this.showEvolution();
    this.draw();
  }

  // Another choice of what predictions show.
  filtered() {
    this.graphs.filter(this.filters.filter);
    this.panels.say(this.describeRule());
    this.showEvolution();
    this.draw();
  }

  describeRule() {
    return this.graphs.all.some((one) => one.predicted) ? `${this.data.rule}, ${filterText(this.filters.filter)}` : "";
  }

  // The lanes and the changes of what is shown.
  showEvolution() {
    const { timeline } = this;
    const { chosen, onScreen } = this.graphs;
    this.parts.filters.hidden = !onScreen.some((source) => source.predicted);
    const { groupsOn } = this.controls;
    timeline.show(chosen, groupsOn);
    if (timeline.axis) this.log.build(timeline.axis, chosen, groupsOn);
    this.linking.emphasise();
  }

  // ---- selection ----

  // What a box on screen says of itself.
  /** @param {Hit} hit */
  describe(hit) {
    const { index } = this.graphs.chosen.shownAt(this.clock.frame, this.controls.mode);
    return this.timeline.axis ? describeBox(hit, this.graphs.chosen, index, this.timeline.axis) : "";
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
    const source = this.graphs.onScreen[at];
    const { index } = source.shownAt(this.clock.frame, this.controls.mode);
    const groups = source.edgesByTrack(index).get(track);
    if (!groups || !groups[group].length) return;
    this.clock.pause();
    this.clock.seek(source.beginOf(index, track, groups[group][0][0]));
  }

  copyLink() {
    const { data, clock, controls } = this;
    const shown = this.graphs.all.length > 1 ? this.graphs.chosen.name : null;
    this.reports.copy(linkTo(data, { time: clock.time, selection: this.linking.selection, shown, between: controls.mode, judging: controls.on.judge, filter: this.filters.asked }), controls);
  }

  destroy() {
    this.dead = this.file.dead = true;
    this.stop.abort();
    this.resizes.disconnect();
    this.visibility.disconnect();
    this.reports.destroy();
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
