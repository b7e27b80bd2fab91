// What happens when, on one axis under the video: annotated frames and actions, lanes of relationships, action scores.
// One cursor runs over all of them; only it moves with the video.

class Timeline {
  /**
   * @param {HTMLElement} parent
   * @param {{seek: (seconds: number, dragging: boolean) => void, action: (lane: Lane) => void,
   *   edge: (track: number, relation: number, keep: boolean) => void, object: (track: number) => void,
   *   hover: (track: number | null, group?: number, relation?: number) => void}} heard
   */
  constructor(parent, heard) {
    this.parent = parent;
    this.actions = new ActionRows(parent, heard);
    this.lanes = new RelationLanes(parent, heard);
    this.scores = new ScoreRows(parent, heard.seek);
    this.cursor = element("div", { class: "cursor" }, parent);
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.actions.plot);
    /** @type {Axis | null} */
    this.axis = null;
    this.wide = 0;
  }

  // data: the payload; times: when its frames are shown; sources: those on screen; scores: [{label, times, columns}] by model.
  build(data, times, sources, scores) {
    const axis = (this.axis = { data, times, duration: times.duration, now: this.axis ? this.axis.now : 0 });
    const byAction = new Map();
    for (const lane of data.actions) byAction.set(lane.id, [...(byAction.get(lane.id) || []), lane]);
    this.actions.build(axis, sources, byAction);
    this.scores.build(axis, scores, byAction);
    this.parent.classList.toggle("scored", this.scores.bars.length > 0);
    this.place();
  }

  // The source whose relationships have lanes.
  /**
   * @param {Source} source
   * @param {boolean[]} groupsOn
   */
  show(source, groupsOn) {
    if (this.axis) this.lanes.build(this.axis, source, groupsOn);
  }

  // Sizes are read here alone, not in every frame.
  place() {
    const { plot } = this.actions;
    this.wide = plot.clientWidth;
    this.cursor.style.left = `${plot.offsetLeft - 1}px`;
    if (this.axis) this.at(this.axis.now);
  }

  at(time) {
    if (!this.axis) return;
    this.axis.now = time;
    this.cursor.style.transform = `translateX(${((time / this.axis.duration) * this.wide).toFixed(1)}px)`;
    this.scores.at(time);
  }

  colours(theme) {
    this.actions.colours(theme);
    this.scores.colours(theme);
  }

  destroy() {
    this.observer.disconnect();
    this.actions.destroy();
    this.scores.destroy();
  }
}
