// The graphs on screen, one panel each, the triplets of this moment and the change log: folded under the controls of a
// single graph, open beside several.

class Panels {
  // parts: the player's elements `graphs` and `side`; log: the change log's element;
  // heard: {select(track), began(at, track, group), edge(track, relation), hover(track, group, relation), changed()}
  constructor(parts, log, heard) {
    this.parts = parts;
    this.log = log;
    this.heard = heard;
    /** @type {GraphPanel[]} */
    this.graphs = [];
    /** @type {TripletTable | null} */
    this.triplets = null;
    /** Holds the table of a single graph. @type {any} */
    this.details = null;
    this.key = "";
  }

  /**
   * Made anew only where they differ.
   * @param {Payload} data
   * @param {{onScreen: Source[], inPlay: Source[], comparing: boolean, rule: string}} what inPlay: whose objects get cards
   */
  build(data, { onScreen, inPlay, comparing, rule }) {
    const seen = seenTracks(inPlay);
    const kept = keptTracks(seen);
    const key = JSON.stringify([comparing && onScreen.map((source) => source.label), data.tracks, kept]);
    for (const panel of this.graphs) panel.shown = "";
    if (this.triplets) this.triplets.shown = "";
    this.say(rule);
    if (key === this.key) return;
    this.key = key;
    this.destroy();
    this.parts.side.replaceChildren();
    this.graphs = onScreen.map((source, at) => {
      const heard = { select: this.heard.select, began: (track, group) => this.heard.began(at, track, group), hover: this.heard.hover };
      const panel = new GraphPanel(this.parts.graphs, comparing ? source.label : "Scene graph", heard, rule);
      panel.build(data.tracks, kept, data.relations);
      return panel;
    });
    const left = seen.size - kept.length;
    if (left > 0) element("p", { class: "graph-more", title: `The graph has room for ${kept.length} cards: the objects that are in most graphs of what is shown. The others have boxes, lanes and triplets.` }, this.graphs[0].root, `and ${left} seldom seen ${left > 1 ? "objects" : "object"}, as boxes only`);
    if (comparing) this.triplets = new TripletTable(this.parts.side, this.heard);
    else this.addDetails();
    this.parts.side.appendChild(this.log);
  }

  addDetails() {
    const open = Boolean(this.details?.open);
    this.details = element("details", { class: "triplet-list" }, this.parts.side);
    this.details.open = open;
    element("summary", {}, this.details, "Triplets now");
    this.triplets = new TripletTable(element("div", { class: "scroll" }, this.details), this.heard);
    this.details.addEventListener("toggle", () => this.heard.changed());
  }

  // What of a prediction is shown, in words.
  /** @param {string} rule */
  say(rule) {
    for (const panel of this.graphs) panel.rule.textContent = rule;
  }

  // states: [{source, index, held, note, verdict, relation, track}], one a panel; words: what verdicts are called.
  show(states, data, groupsOn, playing, words) {
    states.forEach((state, at) => this.graphs[at].show(state));
    if (states.length > 1 || this.details?.open) this.triplets?.show(states, data.tracks, data.relations, groupsOn, playing, words);
  }

  /**
   * @param {(frame: number) => number} ageOf seconds since a frame
   * @param {number} speed 0 while the video stands
   * @param {boolean} still where nothing may move
   */
  glow(ageOf, speed, still) {
    for (const panel of this.graphs) panel.glow(ageOf, speed, still);
  }

  /** @param {boolean[]} on */
  groups(on) {
    for (const panel of this.graphs) panel.groups(on);
  }

  /**
   * @param {Set<number> | null} tracks
   * @param {number} group of the edge that is selected; -1 for none
   */
  emphasise(tracks, group) {
    for (const panel of this.graphs) panel.emphasise(tracks, group);
    this.triplets?.emphasise(tracks);
  }

  /**
   * @param {number | null} track
   * @param {number} group
   * @param {number} [relation]
   */
  hover(track, group, relation) {
    for (const panel of this.graphs) panel.hover(track, group);
    this.triplets?.hover(track, relation);
  }

  destroy() {
    for (const panel of this.graphs) panel.destroy();
  }
}
