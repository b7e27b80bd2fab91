// The triplets of the moment as a table beside the graph: what each source says of it, and what is right, false and missed.

// The edges of one frame in several sources as codes: by object, attention before spatial before contact, of each first
// what the sources together give most to.
function rankEdges(sets, relations) {
  const strength = (code) => sets.reduce((sum, set) => sum + (set.get(code) ?? 0), 0);
  const track = (code) => Math.floor(code / 256);
  const group = (code) => GROUP_INDEX[relations[code % 256].group];
  return [...new Set(sets.flatMap((set) => [...set.keys()]))].sort(
    (one, other) => track(one) - track(other) || group(one) - group(other) || strength(other) - strength(one) || one - other,
  );
}

/**
 * Codes of the relationships in masks by track.
 * @param {Map<number, number>} masks
 * @param {number} count how many relationships there are
 */
function listCodes(masks, count) {
  return [...masks].flatMap(([track, mask]) => relationsIn(mask, count).map((relation) => track * 256 + relation));
}

// The triplets of this moment as a table: one column of marks per source.
class TripletTable {
  // heard: {edge(track, relation), hover(track, group, relation)}
  constructor(parent, heard) {
    this.heard = heard;
    this.table = element("table", { class: "triplets" }, parent);
    this.head = element("tr", {}, element("thead", {}, this.table));
    this.body = element("tbody", {}, this.table);
    this.shown = "";
    this.since = 0;
    /** The tracks that stand out. @type {Set<number> | null} */
    this.tracks = null;
  }

  // states: [{source, index, verdict, relation, track}]; groupsOn: which groups are on; words: what verdicts are called.
  // While playing, at most four times a second.
  show(states, tracks, relations, groupsOn, playing, words) {
    const judged = states.find(({ verdict }) => verdict);
    const verdict = judged ? judged.verdict : null;
    const { relation: selected, track: selectedTrack } = states[0];
    const shown = `${states.map(({ source, index }) => `${source.name}|${source.version}|${index}`).join(" ")}${groupsOn.join()}|${Boolean(verdict)}|${selected}|${selectedTrack}`;
    const now = performance.now();
    if (shown === this.shown || (playing && now - this.since < 250)) return;
    this.shown = shown;
    this.since = now;
    this.head.replaceChildren();
    element("th", { scope: "col" }, this.head, "Triplets now");
    for (const { source } of states) element("th", { scope: "col", class: "mark" }, this.head, states.length > 1 ? source.label : source.predicted ? "score" : "");
    if (verdict) element("th", { scope: "col", class: "mark" }, this.head, states.length > 1 ? "where" : "verdict");
    const sets = states.map(({ source, index }) => (index < 0 ? new Map() : source.sets[index]));
    const rows = [];
    const unseen = new Set(verdict && states.length === 1 ? listCodes(verdict.missed, relations.length) : []);
    const said = sets.length && judged ? judged.source.sets[judged.index] : new Map();
    for (const code of rankEdges([...sets, new Map([...unseen].map((code) => [code, 0]))], relations)) {
      const relation = relations[code % 256];
      const group = GROUPS[GROUP_INDEX[relation.group]];
      if (!groupsOn[GROUP_INDEX[relation.group]]) continue;
      const track = Math.floor(code / 256);
      const picked = code % 256 === selected && (selectedTrack === undefined || selectedTrack === track);
      const row = element("tr", { "data-code": code, ...(picked ? { class: "picked" } : {}) });
      const cell = element("td", {}, row);
      const name = element("button", { type: "button", class: "triplet", "aria-pressed": String(picked) }, cell);
      element("span", { class: `chip ${group.name}` }, name, group.letter);
      element("span", {}, name, ` ${tripletText(relation, tracks[track].label)}`);
      name.addEventListener("click", () => this.heard.edge(track, code % 256));
      followAttention(row, name, () => this.heard.hover(track, GROUP_INDEX[relation.group], code % 256), () => this.heard.hover(null));
      const why = states.length === 1 ? states[0].source.reasonOf(states[0].index, code) : "";
      if (why) element("div", { class: "why faint", title: "What each part gave to the log odds; they add up." }, cell, why);
      sets.forEach((set, at) => {
        const mark = !set.has(code) ? "–" : states[at].source.predicted ? percentText(set.get(code)) : "✓";
        element("td", { class: set.has(code) ? "mark" : "mark faint", ...(states[at].source.predicted && { title: explainScore(states[at].source) }) }, row, mark);
      });
      if (verdict) {
        const missed = unseen.has(code) || (verdict.unfound.get(track) || 0) & (1 << code % 256);
        const found = said.has(code) ? verdictOf(verdict, track, code % 256) : missed ? MISSED : NEITHER;
        element("td", { class: `mark v-${VERDICTS[found].name}` }, row, `${VERDICTS[found].mark} ${words[found]}`.trim());
      }
      rows.push(row);
    }
    if (!rows.length) element("td", { class: "faint", colspan: 1 + states.length + (verdict ? 1 : 0) }, rows[rows.push(element("tr", {})) - 1], "none");
    const at = this.table.getRootNode().activeElement?.closest("tr[data-code]");
    this.body.replaceChildren(...rows);
    this.emphasise(this.tracks);
    if (at && !at.isConnected) this.body.querySelector(`tr[data-code="${at.dataset.code}"] button`)?.focus({ preventScroll: true });
  }

  // The rows of what is selected stand out.
  /** @param {Set<number> | null} tracks */
  emphasise(tracks) {
    this.tracks = tracks;
    for (const row of this.body.rows) row.classList.toggle("chosen", Boolean(tracks?.has(Math.floor(Number(row.dataset.code) / 256))));
  }

  /**
   * @param {number | null} track
   * @param {number} [relation] of one triplet alone
   */
  hover(track, relation) {
    for (const row of this.body.rows) {
      const code = Number(row.dataset.code);
      row.classList.toggle("hovered", track !== null && Math.floor(code / 256) === track && (relation === undefined || code % 256 === relation));
    }
  }
}
