// How a source's graph evolves: how long each relationship holds, and what changes from one of its frames to the next.
// An edge is a code: its track times 256 plus its relationship, as in Source.

/** An unbroken run of frames with an edge: the places of the first and last of them. @typedef {{first: number, last: number}} Span */

/**
 * What changes for one object and group: relationships that end, and others that begin, at a place among the frames.
 * @typedef {{index: number, frame: number, track: number, group: number, ended: number[], begun: number[]}} Change
 */

/**
 * The spans of every edge, by its code.
 * @param {Source} source
 * @returns {Map<number, Span[]>}
 */
function findSpans(source) {
  /** @type {Map<number, Span[]>} */
  const spans = new Map();
  source.sets.forEach((set, index) => {
    for (const code of set.keys()) {
      const known = spans.get(code);
      const newest = known && known[known.length - 1];
      if (newest && newest.last === index - 1) newest.last = index;
      else if (known) known.push({ first: index, last: index });
      else spans.set(code, [{ first: index, last: index }]);
    }
  });
  return spans;
}

/**
 * Codes of edges as they stand below each other: by object, attention before spatial before contact, the earliest first.
 * @param {Map<number, Span[]>} spans
 * @param {Source} source
 */
function orderLanes(spans, source) {
  const key = (/** @type {number} */ code) => [Math.floor(code / 256), source.groupOfRelation[code % 256], (spans.get(code) || [{ first: 0 }])[0].first, code];
  return [...spans.keys()]
    .map((code) => ({ code, key: key(code) }))
    .sort((one, other) => one.key.map((value, at) => value - other.key[at]).find((difference) => difference) || 0)
    .map(({ code }) => code);
}

/**
 * All changes after the first graph, in the order of time.
 * @param {Source} source
 * @returns {Change[]}
 */
function listChanges(source) {
  /** @type {Change[]} */
  const changes = [];
  for (let index = 1; index < source.length; index++) {
    /** @type {Map<number, Change>} */
    const here = new Map();
    const note = (/** @type {number} */ code, /** @type {"ended" | "begun"} */ what) => {
      const [track, relation] = [Math.floor(code / 256), code % 256];
      const group = source.groupOfRelation[relation];
      const place = track * GROUPS.length + group;
      if (!here.has(place)) here.set(place, { index, frame: source.frames[index], track, group, ended: [], begun: [] });
      /** @type {Change} */ (here.get(place))[what].push(relation);
    };
    for (const code of source.sets[index - 1].keys()) if (!source.sets[index].has(code)) note(code, "ended");
    for (const code of source.sets[index].keys()) if (!source.sets[index - 1].has(code)) note(code, "begun");
    changes.push(...[...here].sort(([one], [other]) => one - other).map(([, change]) => change));
  }
  return changes;
}

/**
 * "not contacting → touching", "touching begins" or "touching ends".
 * @param {Change} change
 * @param {Relation[]} relations
 */
function changeText({ ended, begun }, relations) {
  const named = (/** @type {number[]} */ codes) => codes.map((relation) => relations[relation].name).join(", ");
  if (ended.length && begun.length) return `${named(ended)} → ${named(begun)}`;
  const verb = (ended.length || begun.length) > 1 ? ["end", "begin"] : ["ends", "begins"];
  return ended.length ? `${named(ended)} ${verb[0]}` : `${named(begun)} ${verb[1]}`;
}

/**
 * A moment as lists print it: "0:09.1", or the frame where the rate is unknown.
 * @param {number} frame from 0
 * @param {Axis} axis
 */
function momentText(frame, { data, times }) {
  return data.rate_known ? formatTime(times.of(frame)).slice(0, -2) : `frame ${frame + 1}`;
}
