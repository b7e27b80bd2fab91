// What is selected, as the player, Python and a link say it.

/** @typedef {{kind: string, label: string, class?: string, track?: number, id?: string, relation?: number}} Chosen */

/** @typedef {{class: string, instance: number}} TrackName */

/**
 * A relationship of one object; a link names it as "food: touching".
 * @param {Payload} data
 * @param {number} track
 * @param {number} relation
 * @returns {Chosen}
 */
function edgeSelection(data, track, relation) {
  const name = `${data.tracks[track].label}: ${data.relations[relation].name}`;
  return { kind: "edge", id: name, label: name, class: data.tracks[track].class, track, relation };
}

/**
 * @param {Payload} data
 * @param {number} track
 * @returns {Chosen}
 */
function objectSelection(data, track) {
  const { label, class: name } = data.tracks[track];
  return { kind: "object", label, class: name, track };
}

/**
 * A track as Python names it: its class, and which of that class it is, from 0.
 * @param {Payload} data
 * @param {number} track
 * @returns {TrackName}
 */
function trackName(data, track) {
  const { class: name } = data.tracks[track];
  return { class: name, instance: data.tracks.slice(0, track).filter((other) => other.class === name).length };
}

/**
 * @param {TrackName} one
 * @param {TrackName} other
 */
function sameTrack(one, other) {
  return one.class === other.class && one.instance === other.instance;
}

/**
 * What is to be selected, at the start what the data say: an object by its class or label, an action by its id, a
 * relationship of everything or of one object.
 * @param {Payload} data
 * @param {string | null} what
 * @returns {Chosen | null}
 */
function startSelection(data, what = data.selected) {
  const track = data.tracks.findIndex((candidate) => candidate.class === what || candidate.label === what);
  if (track > 0) return objectSelection(data, track);
  const lane = data.actions.find((action) => action.id === what);
  if (lane) return { kind: "action", id: lane.id, label: lane.name, class: lane.class };
  const [label, name] = (what || "").split(": ");
  const relation = data.relations.findIndex((candidate) => candidate.name === (name || what));
  const owner = data.tracks.findIndex((candidate) => candidate.label === label);
  if (name) return owner > 0 && relation >= 0 ? edgeSelection(data, owner, relation) : null;
  return relation >= 0 ? { kind: "relation", label: data.relations[relation].name, relation } : null;
}

/**
 * The tracks that a relationship holds of in a graph, said or missed.
 * @param {number} relation
 * @param {Source} source
 * @param {number} index
 * @param {FrameVerdict | null} verdict
 */
function tracksWith(relation, source, index, verdict) {
  const codes = index < 0 ? [] : [...source.sets[index].keys()];
  const said = codes.filter((code) => code % 256 === relation).map((code) => Math.floor(code / 256));
  const missed = verdict ? [...verdict.missed].filter(([, mask]) => mask & (1 << relation)).map(([track]) => track) : [];
  return [...new Set([...said, ...missed])].sort((one, other) => one - other);
}

/**
 * The selection as Python hears it: without the number of the track.
 * @param {Chosen | null} selection
 */
function selectionText(selection) {
  if (!selection) return "null";
  const { kind, label, class: name, id } = selection;
  return JSON.stringify({ kind, label, class: name ?? null, id });
}

/**
 * The page's own address with what the player shows; the page that `link_path` names, where it names one.
 * @param {Payload} data
 * @param {{time: number, selection: Chosen | null, shown: string | null, between: string, judging: boolean, filter: [string, any][]}} state
 *   filter: what of it differs from the usual; between: what is drawn between annotated frames
 */
function linkTo(data, { time, selection, shown, between, judging, filter }) {
  const { pathname, search, origin } = window.location;
  const [page, order = ""] = (data.link_path || `${pathname}${search}`).split("?");
  const query = new URLSearchParams(order);
  if (!data.link_path || !order) query.set("v", data.video); // an order names what to watch by itself
  query.set("t", time.toFixed(3));
  query.delete("sel");
  if (selection) query.set("sel", selection.id || selection.class || selection.label);
  if (shown) query.set("m", shown);
  query.delete("between");
  if (between !== data.usual_between) query.set("between", between);
  query.delete("judged");
  if (judging) query.set("judged", "true");
  for (const name of Object.keys(data.usual_filter)) query.delete(name);
  for (const [name, value] of filter) query.set(name, String(value));
  return `${origin}${page}?${query}`;
}
