// Lanes of relationships: one for every object and relationship that ever holds, grouped by object, over time.
// Colour, dashes and letter say the group, as in the exported timeline. Everything is drawn once for a source; the clock
// only marks what holds now.

const LANE = { row: 24, units: 1000, high: 216 };

/** @typedef {{code: number, track: number, relation: number, group: number, spans: Span[], name: HTMLButtonElement, line: SVGElement, says: string, now: boolean}} RelationRow */

class RelationLanes {
  /**
   * @param {Element} parent
   * @param {{seek: (seconds: number, dragging: boolean) => void, edge: (track: number, relation: number, keep: boolean) => void,
   *   object: (track: number) => void, hover: (track: number | null, group?: number, relation?: number) => void}} heard
   */
  constructor(parent, heard) {
    this.heard = heard;
    this.head = element("div", { class: "lanes-head" }, parent);
    this.fold = element("button", { type: "button", class: "label fold", "aria-expanded": "true", title: "Show or hide the lanes of relationships" }, this.head);
    this.fold.addEventListener("click", () => this.toggle());
    element("span", {}, this.fold, "Relationships");
    /** Where the newest change stands. @type {HTMLElement} */
    this.latest = element("div", { class: "latest" }, this.head);
    this.root = element("div", { class: "lanes", role: "group" }, parent);
    this.names = element("div", { class: "lane-names" }, this.root);
    this.plot = element("div", { class: "lane-plot" }, this.root);
    this.svg = drawn("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.plot.appendChild(this.svg);
    /** @type {RelationRow[]} */
    this.rows = [];
    /** What stands in each line: a lane, or the track of an object's name. @type {(RelationRow | number)[]} */
    this.lines = [];
    /** @type {Axis | null} */
    this.axis = null;
    /** @type {Source | null} */
    this.source = null;
    this.index = -2;
    /** How far the lanes are scrolled; kept, since reading it would lay the page out. */
    this.scrolled = 0;
    this.root.addEventListener("scroll", () => {
      this.scrolled = this.root.scrollTop;
    });
    followPointer(this.plot, {
      axis: () => this.axis,
      hit: (event, seconds) => this.hit(seconds, this.lineAt(event)),
      seek: heard.seek,
    });
    this.root.addEventListener("pointermove", (event) => this.hovered(this.lineAt(event)));
    this.root.addEventListener("pointerleave", () => heard.hover(null));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /**
   * @param {Axis} axis
   * @param {Source} source
   * @param {boolean[]} groupsOn the groups that have lanes
   */
  build(axis, source, groupsOn) {
    Object.assign(this, { axis, source, rows: [], lines: [], index: -2 });
    this.names.replaceChildren();
    this.svg.replaceChildren();
    const { spans } = source;
    for (const code of orderLanes(spans, source)) {
      const [track, relation] = [Math.floor(code / 256), code % 256];
      if (!groupsOn[source.groupOfRelation[relation]]) continue;
      if (this.rows[this.rows.length - 1]?.track !== track) this.addObject(track);
      this.addLane(code, track, relation, spans.get(code) || []);
    }
    const high = LANE.row * this.lines.length;
    this.svg.setAttribute("viewBox", `0 0 ${LANE.units} ${high}`);
    this.svg.style.height = `${high}px`;
    this.root.setAttribute("aria-label", `Relationships over time, ${source.label}`);
    this.fold.title = explainLanes(source, this.rows.length);
    this.head.hidden = !this.rows.length;
    this.root.hidden = !this.rows.length || this.fold.getAttribute("aria-expanded") !== "true";
    const first = this.names.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  addObject(track) {
    const { label } = /** @type {Axis} */ (this.axis).data.tracks[track];
    const name = element("button", { type: "button", class: "lane-object", tabindex: -1, title: `${label}: select it`, "data-track": track }, this.names, label);
    name.addEventListener("click", () => this.heard.object(track));
    name.addEventListener("focus", () => this.heard.hover(track));
    name.addEventListener("blur", () => this.heard.hover(null));
    this.lines.push(track);
  }

  addLane(code, track, relation, spans) {
    const { data } = /** @type {Axis} */ (this.axis);
    const source = /** @type {Source} */ (this.source);
    const known = data.relations[relation];
    const group = source.groupOfRelation[relation];
    const triplet = tripletText(known, data.tracks[track].label) + this.meanText(code, spans);
    const weak = DENIALS.includes(known.name) ? " weak" : "";
    const name = element("button", { type: "button", class: `lane-name ${GROUPS[group].name}${weak}`, tabindex: -1, title: triplet }, this.names);
    element("span", { class: "chip" }, name, GROUPS[group].letter);
    element("span", { class: "words" }, name, known.name);
    name.setAttribute("aria-label", this.describe(triplet, spans));
    name.addEventListener("click", () => this.toSpan(row));
    name.addEventListener("focus", () => this.heard.hover(track, group, relation));
    name.addEventListener("blur", () => this.heard.hover(null));
    const line = drawn("g", { class: `lane-line ${GROUPS[group].name}${weak}` }, this.svg);
    const row = { code, track, relation, group, spans, name, line, says: triplet, now: false };
    this.drawSpans(row, LANE.row * (this.lines.length + 0.5));
    this.rows.push(row);
    this.lines.push(row);
  }

  // From the first to the last frame that says so, as known; a single one is a dot.
  drawSpans({ spans, line }, y) {
    const { duration } = /** @type {Axis} */ (this.axis);
    const x = (/** @type {number} */ index) => ((this.timeOf(index) / duration) * LANE.units).toFixed(2);
    const path = (/** @type {Span[]} */ some) => some.map(({ first, last }) => `M${x(first)},${y}H${x(last)}`).join("");
    drawn("path", { class: "base", d: `M0,${y}H${LANE.units}` }, line);
    const long = spans.filter(({ first, last }) => last > first);
    if (long.length) drawn("path", { class: "span", d: path(long) }, line);
    const dots = spans.filter(({ first, last }) => last === first);
    if (dots.length) drawn("path", { class: "dot", d: path(dots) }, line);
  }

  timeOf(index) {
    const { times } = /** @type {Axis} */ (this.axis);
    return times.of(/** @type {Source} */ (this.source).frames[index]);
  }

  // The mean score where it holds, of what is predicted.
  meanText(code, spans) {
    const { predicted, sets } = /** @type {Source} */ (this.source);
    if (!predicted) return "";
    const scores = spans.flatMap(({ first, last }) => sets.slice(first, last + 1).map((set) => set.get(code)));
    return explainMean(scores.reduce((sum, score) => sum + score, 0) / scores.length, scores.length, /** @type {Source} */ (this.source));
  }

  spanText({ first, last }) {
    const axis = /** @type {Axis} */ (this.axis);
    const { frames } = /** @type {Source} */ (this.source);
    const [begin, end] = [momentText(frames[first], axis), momentText(frames[last], axis)];
    return last > first ? `${begin} to ${end}` : begin;
  }

  describe(triplet, spans) {
    const some = spans.slice(0, 3).map((span) => this.spanText(span));
    return `${triplet}: ${some.join(", ")}${spans.length > 3 ? ` and ${spans.length - 3} more times` : ""}`;
  }

  // To the next time that a relationship begins, else to the first.
  toSpan(row) {
    const now = /** @type {Axis} */ (this.axis).now;
    const next = row.spans.find(({ first }) => this.timeOf(first) > now + 0.01) || row.spans[0];
    this.go(row, next);
  }

  go(row, span) {
    this.heard.seek(this.timeOf(span.first), false);
    this.heard.edge(row.track, row.relation, true);
  }

  lineAt(event) {
    const at = Math.floor((event.clientY - this.plot.getBoundingClientRect().top) / LANE.row);
    return this.lines[at];
  }

  // A span under the pointer begins where its relationship does.
  hit(seconds, line) {
    if (line === undefined || typeof line === "number") return undefined;
    const slack = (5 / Math.max(1, this.plot.clientWidth)) * /** @type {Axis} */ (this.axis).duration;
    const span = line.spans.find(({ first, last }) => seconds >= this.timeOf(first) - slack && seconds <= this.timeOf(last) + slack);
    return span && { says: `${line.says}: ${this.spanText(span)}`, press: () => this.go(line, span), seeks: true };
  }

  hovered(line) {
    if (line === undefined) this.heard.hover(null);
    else if (typeof line === "number") this.heard.hover(line);
    else this.heard.hover(line.track, line.group, line.relation);
  }

  // One stop for the tabulator; the arrows go on from there.
  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const names = /** @type {HTMLButtonElement[]} */ ([...this.names.querySelectorAll("button:not([hidden])")]).filter((name) => name.offsetParent);
    const next = names[names.indexOf(event.target) + step];
    if (!next) return;
    for (const name of names) name.tabIndex = name === next ? 0 : -1;
    next.focus();
  }

  toggle() {
    const open = this.root.hidden;
    this.root.hidden = !open;
    this.fold.setAttribute("aria-expanded", String(open));
  }

  // Marks what holds in the graph on screen; nothing is touched while it stays.
  /** @param {number} index of the graph among those of the source; -1 for none */
  follow(index) {
    if (index === this.index || !this.source) return;
    this.index = index;
    const set = index < 0 ? null : this.source.sets[index];
    for (const row of this.rows) {
      const now = Boolean(set && set.has(row.code));
      if (now !== row.now) row.name.classList.toggle("now", (row.now = now));
    }
    this.keepInSight();
  }

  // Where nothing that holds now is in sight, the lanes scroll to it, unless somebody is at them.
  keepInSight() {
    const held = this.rows.filter(({ now }) => now);
    if (!held.length || held.some((row) => this.isInSight(row)) || this.root.matches(":hover, :focus-within")) return;
    this.reveal(held[0]);
  }

  isInSight(row) {
    const top = LANE.row * this.lines.indexOf(row);
    return top >= this.scrolled + LANE.row && top + LANE.row <= this.scrolled + LANE.high;
  }

  // What is selected stands out: an edge, all lanes of an object, or those of a relationship; the rest is dimmed.
  /** @param {((track: number, relation: number) => boolean) | null} matches */
  emphasise(matches) {
    const chosen = matches ? this.rows.filter(({ track, relation }) => matches(track, relation)) : [];
    for (const row of this.rows) {
      const picked = chosen.includes(row);
      for (const part of [row.name, row.line]) {
        part.classList.toggle("chosen", picked);
        part.classList.toggle("dim", chosen.length > 0 && !picked);
      }
    }
    if (chosen.length) this.reveal(chosen[0]);
  }

  // Into sight within the lanes alone, below the name of its object: the page stays where it is.
  reveal(row) {
    if (this.isInSight(row)) return;
    const from = this.rows.findIndex(({ track }) => track === row.track);
    const object = this.lines.indexOf(this.rows[from]) - 1;
    const line = this.lines.indexOf(row);
    this.scrolled = LANE.row * (line - object < LANE.high / LANE.row - 1 ? object : line - 1);
    this.root.scrollTop = this.scrolled;
  }

  // What the pointer is on elsewhere: lanes of an object, of one of its groups, or of one relationship.
  /**
   * @param {number | null} track
   * @param {number} group -1 for all
   * @param {number} [relation]
   */
  hover(track, group, relation) {
    for (const row of this.rows) {
      const on = row.track === track && (group < 0 || row.group === group) && (relation === undefined || row.relation === relation);
      row.name.classList.toggle("hovered", on);
      row.line.classList.toggle("hovered", on);
    }
  }
}
