// One selection, and one thing under the pointer, for boxes, cards, lanes, the change log and the table of triplets.

class Linking {
  /**
   * @param {{data: () => Payload, panels: Panels, timeline: Timeline, selected: (text: string) => void, redraw: () => void}} heard
   *   selected: the selection in the form in which Python hears it
   */
  constructor(heard) {
    this.heard = heard;
    /** @type {Chosen | null} */
    this.selection = null;
    /** The tracks that stand out; null where none does. @type {Set<number> | null} */
    this.emphasised = null;
    /** The track under the pointer. @type {number | null} */
    this.hovered = null;
    this.under = "";
    this.brought = "";
  }

  // Select; the same again clears, unless `keep`.
  /**
   * @param {Chosen | null} selection
   * @param {boolean} keep
   */
  select(selection, keep = false) {
    const same = selection && this.selection && selection.kind === this.selection.kind && selection.label === this.selection.label;
    if (same && keep) return;
    this.selection = same ? null : selection;
    this.emphasise();
    this.heard.redraw();
    this.heard.selected(selectionText(this.selection));
  }

  // The relationship that is selected, and of which track, where it is of one.
  get relation() {
    return this.selection?.relation;
  }

  get track() {
    return this.selection?.kind === "edge" ? this.selection.track : undefined;
  }

  // Bring out what the selection means: tracks in picture and graph, rows of the timeline.
  emphasise() {
    const { selection } = this;
    const { timeline } = this.heard;
    const data = this.heard.data();
    this.brought = ""; // which tracks have a relationship, each frame says
    const chosen = (/** @type {any} */ track, /** @type {number} */ number) =>
      selection?.kind === "action" ? number > 0 && track.class === selection.class : selection?.track === number;
    this.bringOut(selection ? data.tracks.flatMap((track, number) => (chosen(track, number) ? [number] : [])) : []);
    const matches = selection && ((/** @type {Lane} */ lane) => (selection.kind === "action" ? lane.id === selection.id : selection.kind !== "relation" && lane.class === selection.class));
    timeline.actions.emphasise(matches && data.actions.some(matches) ? matches : null);
    const { relation } = this;
    timeline.lanes.emphasise(selection && ((track, said) => (relation === undefined || said === relation) && (selection.kind === "relation" || chosen(data.tracks[track], track))));
  }

  // What belongs to some tracks; where there are none, nothing is dimmed.
  /** @param {number[]} tracks */
  bringOut(tracks) {
    this.emphasised = tracks.length ? new Set(tracks) : null;
    const edge = this.selection?.kind === "edge";
    this.heard.panels.emphasise(this.emphasised, edge ? GROUP_INDEX[this.heard.data().relations[/** @type {number} */ (this.relation)].group] : -1);
  }

  // Of a relationship, the tracks that have it here stand out; none does where none has it.
  /**
   * @param {Source} source
   * @param {number} index
   * @param {FrameVerdict | null} verdict
   */
  follow(source, index, verdict) {
    if (this.selection?.kind !== "relation") return;
    const tracks = tracksWith(/** @type {number} */ (this.relation), source, index, verdict);
    if (this.brought === tracks.join()) return;
    this.brought = tracks.join();
    this.bringOut(tracks);
  }

  // What the pointer is on: an object, one of its lines, or one relationship; wherever else it is shown, it stands out.
  /**
   * @param {number | null} track
   * @param {number} group
   * @param {number} [relation]
   */
  hover(track, group = -1, relation) {
    const under = track === null ? "" : `${track}|${group}|${relation}`;
    if (under === this.under) return;
    this.under = under;
    this.heard.panels.hover(track, group, relation);
    this.heard.timeline.lanes.hover(track, group, relation);
    if (track === this.hovered) return;
    this.hovered = track;
    this.heard.redraw();
  }
}
