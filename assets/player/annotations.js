// One source of graphs (the annotation or a prediction) as typed columns, and the questions the widget asks of it.

/**
 * An Arrow table, as far as it is used here.
 * @typedef {{getChild: (name: string) => ({toArray: () => any} | null)}} Table
 */

/**
 * What Python sends (format 5): `graphs:NAME` and `strengths:NAME` hold the tables of a source, `scores:NAME` those of a model,
 * `verdicts` how one source is judged by another, `times` the seconds `t` of every frame where they are not evenly spaced.
 * @typedef {{v: number, video: string, src: string | null, fps: number, n_frames: number, width: number, height: number, t0: number,
 *   selected: string | null, between: string, usual_between: string, judging: boolean, judge: JudgeAbout | null, autoplay: boolean, debug: boolean, neighbours: boolean, link_path: string | null,
 *   compare: string[], rule: string, filter: EdgeFilter, usual_filter: EdgeFilter, filters: {from: number[], top: number[], per: string[]}, parts: {name: string, label: string}[], sources: {name: string, label: string, predicted: boolean, aside: boolean}[],
 *   tracks: {label: string, class: string, kind: string}[], relations: Relation[], actions: Lane[],
 *   score_actions: {id: string, name: string}[], models: {name: string, label: string, video_scores: number[]}[],
 *   correcting: {source: string, frame: number, picked: TrackName | null, picks: number, n: number} | null, seek: {n: number, t: number} | null, select: {n: number, what: string} | null, [table: string]: any}} Payload
 */

/**
 * A relationship; `of_person` says that the person is its subject: "person holding cup", but "chair beneath person".
 * @typedef {{name: string, group: string, of_person: boolean}} Relation
 */

/**
 * What a relationship says of an object, in the direction that Python decided.
 * @param {Relation} relation
 * @param {string} label
 */
function tripletText(relation, label) {
  return relation.of_person ? `person ${relation.name} ${label}` : `${label} ${relation.name} person`;
}

/**
 * Whether the person is the subject of a group's relationships: where their arrows begin.
 * @param {Relation[]} relations
 * @param {Group} group
 */
function startsAtPerson(relations, group) {
  return relations.some((relation) => relation.group === group.name && relation.of_person);
}

/** @param {number} share */
function percentText(share) {
  return `${Math.round(share * 100)}%`;
}

/** @param {number} share with one decimal, and its sign */
function signed(share) {
  const size = Math.abs(share).toFixed(1);
  return Number(size) === 0 ? size : `${share < 0 ? "−" : "+"}${size}`;
}

/**
 * @param {Table} table
 * @param {string} name
 * @returns {any} the numbers; none where the table has no such column
 */
function column(table, name) {
  const found = table.getChild(name);
  return found ? found.toArray() : [];
}

// How a box comes to be where it is drawn: as it stands in its frame, moved between two frames that have it, or left where it was last.
const HERE = 0;
const BETWEEN = 1;
const HELD = 2;

/**
 * A box to draw; age: seconds to the nearest of its frames.
 * @typedef {{track: number, x1: number, y1: number, x2: number, y2: number, score: number, way: number, age: number}} ShownBox
 */

// Of a box row's mask: bit r says that relation r is an edge, NO_BOX that the track is known but has no box.
const NO_BOX = 1 << 30;

class Source {
  // rows: Arrow table sorted by frame, one row a track (frame, track, x1 .. y2, mask; score in percent where predicted).
  // strengths: percent of each edge, in the order of rows and bits; none where annotated. relations: list of Relation.
  // times: when frames are shown.
  // parts: what gives reasons, in the order in which they are said; strengths have a column for each where reasons are told.
  constructor(description, rows, strengths, relations, times, parts = []) {
    this.times = times;
    /** Log odds of every edge by part; empty where no reasons are told. */
    this.shares = strengths ? parts.map(({ name, label }) => ({ label, odds: column(strengths, name) })).filter(({ odds }) => odds.length) : [];
    /** By graph, the place of each edge among all of them. @type {Map<number, number>[]} */
    this.places = [];
    this.name = description.name;
    this.label = description.label;
    this.predicted = description.predicted;
    this.aside = Boolean(description.aside);
    /** The least probability of a relationship that is shown, in percent. */
    this.shownFrom = 0;
    this.boxes = {};
    for (const name of ["frame", "track", "x1", "y1", "x2", "y2", "score", "mask"]) this.boxes[name] = column(rows, name);
    this.groupOfRelation = relations.map((relation) => GROUP_INDEX[relation.group]);
    this.frames = [];
    this.boxStart = [];
    /** By graph, the edges that are shown, with their probability; of all that are known. @type {Map<number, number>[]} */
    this.sets = [];
    /** Counts how often that changed. */
    this.version = 0;
    /** @type {Map<number, Span[]>} */
    this.madeSpans = new Map();
    this.spansOf = -1;
    const { frame, track, mask } = this.boxes;
    const percent = strengths ? column(strengths, "score") : [];
    let edge = 0;
    for (let row = 0; row < frame.length; row++) {
      if (!row || frame[row] !== frame[row - 1]) {
        this.frames.push(frame[row]);
        this.boxStart.push(row);
        this.sets.push(new Map());
        this.places.push(new Map());
      }
      const edges = this.sets[this.sets.length - 1];
      for (let relation = 0; relation < relations.length; relation++) {
        if (!(mask[row] & (1 << relation))) continue;
        edges.set(track[row] * 256 + relation, strengths ? percent[edge] / 100 : 1);
        if (this.shares.length) this.places[this.places.length - 1].set(track[row] * 256 + relation, edge);
        edge++;
      }
    }
    this.boxStart.push(frame.length);
    this.known = this.sets;
    this.changes = this.findChanges();
  }

  findChanges() {
    return this.frames.filter((_frame, index) => index === 0 || !sameSet(this.sets[index], this.sets[index - 1]));
  }

  // Of a prediction, what a filter leaves; what is annotated stays whole.
  /** @param {EdgeFilter} filter */
  filter(filter) {
    if (!this.predicted) return;
    this.shownFrom = filter.from;
    const { track, score } = this.boxes;
    this.sets = this.known.map((edges, index) => {
      const scores = new Map();
      for (let row = this.boxStart[index]; row < this.boxStart[index + 1]; row++) scores.set(track[row], score[row] / 100);
      return filterEdges(edges, filter, this.groupOfRelation, scores);
    });
    this.version++;
    this.changes = this.findChanges();
  }

  // Why an edge is there: what each part gave to its log odds, which is their sum; "" where nobody tells.
  reasonOf(index, code) {
    const edge = index < 0 ? undefined : this.places[index].get(code);
    if (edge === undefined) return "";
    const given = this.shares.map(({ label, odds }) => ({ label, share: odds[edge] })).filter(({ share }) => share !== 0);
    const sum = given.reduce((total, { share }) => total + share, 0);
    return given.length ? `${given.map(({ label, share }) => `${label} ${signed(share)}`).join(", ")}; together ${signed(sum)}` : "";
  }

  get length() {
    return this.frames.length;
  }

  // Position of the last annotated frame at or before `frame`; -1 before the first.
  indexAt(frame) {
    return lastAtOrBefore(this.frames, frame);
  }

  // What is shown at `frame`: {index, held}, index -1 for nothing.
  shownAt(frame, mode) {
    const index = this.indexAt(frame);
    if (index < 0) return { index, held: false };
    const held = this.frames[index] !== frame;
    return mode === "exact" && held ? { index: -1, held: false } : { index, held };
  }

  // Boxes to draw: when interpolating, in a straight line from one frame to the next where both have the track.
  /**
   * @param {number} index
   * @param {number} frame
   * @param {string} mode
   * @returns {ShownBox[]}
   */
  boxesAt(index, frame, mode) {
    /** @type {ShownBox[]} */
    const found = [];
    if (index < 0) return found;
    const { track, x1, y1, x2, y2, score, mask } = this.boxes;
    const exact = frame === this.frames[index];
    const between = mode === "interpolate" && index + 1 < this.length && !exact;
    const since = this.times.of(frame) - this.times.of(this.frames[index]);
    const until = between ? this.times.of(this.frames[index + 1]) - this.times.of(frame) : 0;
    const part = between ? since / (since + until) : 0;
    for (let row = this.boxStart[index]; row < this.boxStart[index + 1]; row++) {
      if (mask[row] & NO_BOX) continue;
      const box = { track: track[row], x1: x1[row], y1: y1[row], x2: x2[row], y2: y2[row], score: score.length ? score[row] / 100 : 1, way: exact ? HERE : HELD, age: since };
      const later = between ? this.rowOf(index + 1, track[row]) : -1;
      if (later >= 0) {
        box.way = BETWEEN;
        box.age = Math.min(since, until);
        box.x1 += (x1[later] - box.x1) * part;
        box.y1 += (y1[later] - box.y1) * part;
        box.x2 += (x2[later] - box.x2) * part;
        box.y2 += (y2[later] - box.y2) * part;
      }
      found.push(box);
    }
    return found;
  }

  rowOf(index, track) {
    for (let row = this.boxStart[index]; row < this.boxStart[index + 1]; row++) {
      if (this.boxes.track[row] === track && !(this.boxes.mask[row] & NO_BOX)) return row;
    }
    return -1;
  }

  // Tracks named at an annotated frame, with or without a box.
  tracksAt(index) {
    const found = new Set();
    if (index < 0) return found;
    for (let row = this.boxStart[index]; row < this.boxStart[index + 1]; row++) {
      const person = this.boxes.track[row] === 0;
      if (!person || !(this.boxes.mask[row] & NO_BOX)) found.add(this.boxes.track[row]);
    }
    return found;
  }

  // Edges of an annotated frame: Map of track -> [[rel, score] of attention, of spatial, of contact], the strongest first.
  edgesByTrack(index) {
    const found = new Map();
    if (index < 0) return found;
    for (const [code, score] of this.sets[index]) {
      const track = Math.floor(code / 256);
      const relation = code % 256;
      if (!found.has(track)) found.set(track, [[], [], []]);
      found.get(track)[this.groupOfRelation[relation]].push([relation, score]);
    }
    for (const groups of found.values()) for (const edges of groups) edges.sort((one, other) => other[1] - one[1] || one[0] - other[0]);
    return found;
  }

  // When each shown edge holds; worked out once for a filter.
  get spans() {
    if (this.spansOf !== this.version) this.madeSpans = findSpans(this);
    this.spansOf = this.version;
    return this.madeSpans;
  }

  // First frame of the unbroken run in which the edge has held until `index`.
  beginOf(index, track, relation) {
    const spans = this.spans.get(track * 256 + relation) || [];
    let at = spans.length - 1;
    while (at >= 0 && spans[at].first > index) at--;
    return this.frames[at < 0 ? index : spans[at].first];
  }
}

function emptySource(data) {
  const nothing = { getChild: () => null };
  return new Source({ name: "annotation", label: "Annotation", predicted: false }, nothing, nothing, data.relations, new FrameTimes(24, 1, null));
}

function sameSet(one, other) {
  if (one.size !== other.size) return false;
  for (const code of one.keys()) if (!other.has(code)) return false;
  return true;
}

function lastAtOrBefore(sorted, value) {
  let low = 0;
  let high = sorted.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}
