// The scene graph beside the video: the person in the middle, one fixed card per track around it, three lanes per card.
// Places depend on the tracks and the panel's size alone. Elements are made once; frames only change opacity and text.
// A line that is new glows, and fades with the age of what it says: by the browser's own animation, not frame by frame.

// Numbers the panels of a page, so that each has arrowheads of its own.
let panelsMade = 0;

// How long a new relationship glows, in seconds of the video.
const GLOW_S = 2.5;

const CARD = { width: 138, title: 20, row: 14.5, pad: 5, gap: 9, most: 14 };

class GraphPanel {
  // heard: {select(track), began(track, group), hover(track, group)}; rule: what of a prediction is shown, in words; "" where nothing is predicted
  constructor(parent, title, heard, rule) {
    this.heard = heard;
    this.number = panelsMade++;
    this.root = element("div", { class: "graph" }, parent);
    const head = element("div", { class: "graph-head" }, this.root);
    this.title = element("span", { class: "graph-title" }, head, title);
    this.note = element("span", { class: "graph-note" }, head);
    this.svg = drawn("svg", { role: "group", "aria-label": `Scene graph, ${title}` });
    this.root.appendChild(this.svg);
    this.rule = element("p", { class: "graph-more" }, this.root, rule);
    this.rule.hidden = !rule;
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.svg);
    /** Of each group, whether the person is the subject. @type {boolean[]} */
    this.ofPerson = [];
  }

  // tracks: all of them, in order of first appearance; kept: numbers of those that get a card.
  build(tracks, kept, relations) {
    this.tracks = tracks;
    this.relations = relations;
    this.ofPerson = GROUPS.map((group) => startsAtPerson(relations, group));
    this.shown = "";
    this.svg.replaceChildren();
    this.makeArrowheads();
    this.lanes = drawn("g", { class: "lanes" }, this.svg);
    this.nodes = kept.map((track) => this.makeNode(track));
    this.person = drawn("g", { class: "person" }, this.svg);
    this.disc = drawn("circle", {}, this.person);
    drawn("text", { "text-anchor": "middle", y: 4 }, this.person, "person");
    this.byTrack = new Map(this.nodes.map((node) => [node.track, node]));
    this.size = "";
    this.place();
  }

  // A head for the end of a line of each group: it points from subject to object.
  makeArrowheads() {
    const definitions = drawn("defs", {}, this.svg);
    for (const { name } of GROUPS) {
      const marker = drawn("marker", { id: `head-${this.number}-${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, definitions);
      drawn("path", { class: `head ${name}`, d: "M0,0.5 L8,4 L0,7.5 z" }, marker);
    }
  }

  makeNode(track) {
    const label = this.tracks[track].label;
    const card = drawn("g", { class: "card absent", tabindex: 0, role: "button", "aria-pressed": "false", "aria-label": label, "data-track": track });
    const plate = drawn("rect", { class: "plate", rx: 6 }, card);
    const title = drawn("text", { class: "card-title" }, card, label);
    card.addEventListener("click", () => this.heard.select(track));
    followAttention(card, card, () => this.heard.hover(track), () => this.heard.hover(null));
    card.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.heard.select(track);
    });
    const rows = GROUPS.map((group, index) => {
      const line = drawn("g", { class: `lane ${group.name} off` }, this.lanes);
      const path = drawn("path", { class: `line ${group.name}`, "marker-end": `url(#head-${this.number}-${group.name})` }, line);
      const reach = drawn("path", { class: `reach ${group.name}` }, line);
      const text = drawn("g", { class: `row ${group.name} off` }, card);
      const letter = drawn("text", { class: "letter" }, text, group.letter);
      const words = drawn("text", { class: "words" }, text);
      const full = drawn("title", {}, text);
      for (const target of [reach, text]) {
        target.addEventListener("click", (event) => {
          event.stopPropagation();
          this.heard.began(track, index);
        });
        target.addEventListener("pointerenter", () => this.heard.hover(track, index));
        target.addEventListener("pointerleave", () => this.heard.hover(target === text ? track : null));
      }
      return { line, path, reach, text, letter, words, full, written: "", said: "", begin: -1, fresh: false, glow: null, glowing: { begin: -1, speed: 0, age: 0, since: 0 } };
    });
    this.svg.appendChild(card);
    return { track, card, plate, title, rows, here: false, says: label };
  }

  // Fixed places: clockwise from the top right, so that neighbours in time are neighbours on the ring.
  place() {
    if (!this.nodes) return;
    const sides = Math.ceil(this.nodes.length / 2);
    const roomy = sides * (CARD.title + 3 * CARD.row + CARD.pad + CARD.gap) + 12;
    const tight = sides > 5 && this.svg.clientHeight < roomy;
    const row = tight ? 13 : CARD.row;
    const title = tight ? 18 : CARD.title;
    const gap = tight ? 5 : CARD.gap;
    const tall = title + 3 * row + CARD.pad;
    const needed = Math.max(230, sides * (tall + gap) + 12);
    this.svg.style.minHeight = `${needed}px`;
    const wide = this.svg.clientWidth;
    const high = Math.max(needed, this.svg.clientHeight);
    const size = `${wide}x${high}`;
    if (!wide || size === this.size) return;
    this.size = size;
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    const narrow = wide < 400;
    const radius = narrow ? 24 : 27;
    const reach = radius + (narrow ? 22 : 32);
    const card = Math.min(narrow ? 128 : CARD.width, wide / 2 - reach - 5);
    const spare = Math.min(70, wide / 2 - reach - card - 5);
    const centre = { x: wide / 2, y: high / 2 };
    this.disc.setAttribute("r", radius);
    this.person.setAttribute("transform", `translate(${centre.x},${centre.y})`);
    const pitch = Math.min(tall + 34, (high - 12) / Math.max(1, sides));
    this.nodes.forEach((node, index) => {
      const right = index < sides;
      const count = right ? sides : this.nodes.length - sides;
      const slot = right ? index : this.nodes.length - 1 - index;
      const offset = slot - (count - 1) / 2;
      const lean = sides > 1 ? (2 * offset) / (sides - 1) : 0;
      const out = reach + spare * (0.3 + 0.7 * Math.sqrt(1 - 0.85 * lean * lean));
      const inner = right ? centre.x + out : centre.x - out;
      const top = centre.y + offset * pitch - tall / 2;
      const angle = clamp(Math.atan2(offset * pitch, out), -1.15, 1.15);
      this.placeCard(node, { right, inner, top, card, tall, title, row, angle, radius, centre });
    });
    this.shown = "";
    if (this.last) this.show(this.last);
  }

  placeCard(node, at) {
    const sign = at.right ? 1 : -1;
    const set = (target, values) => Object.entries(values).forEach(([name, value]) => target.setAttribute(name, value));
    const anchor = at.right ? "start" : "end";
    node.width = at.card;
    set(node.plate, { x: at.right ? at.inner : at.inner - at.card, y: at.top, width: at.card, height: at.tall });
    set(node.title, { x: at.inner + sign * 9, y: at.top + at.title - 5, "text-anchor": anchor });
    node.title.textContent = fitted(this.tracks[node.track].label, at.card - 16, 12.5, 600);
    const along = { x: sign * Math.cos(at.angle), y: Math.sin(at.angle) };
    node.rows.forEach((row, index) => {
      const y = at.top + at.title + at.row * (index + 0.5);
      set(row.letter, { x: at.inner + sign * 9, y: y + 4, "text-anchor": anchor });
      set(row.words, { x: at.inner + sign * 22, y: y + 4, "text-anchor": anchor });
      const aside = (index - 1) * 7;
      const start = {
        x: at.centre.x + along.x * (at.radius + 2) - along.y * aside * sign,
        y: at.centre.y + along.y * (at.radius + 2) + along.x * aside * sign,
      };
      const bend = Math.abs(at.inner - start.x) * 0.5;
      const way = [
        [start.x, start.y],
        [start.x + along.x * bend, start.y + along.y * bend],
        [at.inner - sign * bend, y],
        [at.inner - sign * 2, y],
      ].map(([across, down]) => `${across.toFixed(1)},${down.toFixed(1)}`);
      if (!this.ofPerson[index]) way.reverse();
      const path = `M${way[0]}C${way.slice(1).join(" ")}`;
      row.path.setAttribute("d", path);
      row.reach.setAttribute("d", path);
    });
  }

  // state: {source, index, held, note, verdict, relation, track}. Nothing is touched while these stay the same; of `verdict`
  // (null where nothing is judged) the marks stand out, and `relation`, which is selected, of one `track` or of all.
  show(state) {
    this.last = state;
    const shown = `${state.source.name}|${state.source.version}|${state.index}|${state.held}|${Boolean(state.verdict)}|${state.relation}|${state.track}`;
    if (this.note.textContent !== state.note) this.note.textContent = state.note;
    this.rule.style.visibility = state.source.predicted ? "" : "hidden"; // its room stays, so that no card moves
    if (shown === this.shown || !this.nodes) return;
    this.shown = shown;
    const present = state.source.tracksAt(state.index);
    const edges = state.source.edgesByTrack(state.index);
    this.svg.classList.toggle("held", state.held);
    this.person.classList.toggle("absent", !present.has(0));
    for (const node of this.nodes) {
      const missed = this.listMissed(node.track, state);
      const here = present.has(node.track);
      let changed = here !== node.here;
      node.here = here;
      node.card.classList.toggle("absent", !here && !missed.length);
      const groups = edges.get(node.track);
      node.rows.forEach((row, group) => {
        const said = (groups ? groups[group] : []).map(([relation, score]) => [relation, score, verdictOf(state.verdict, node.track, relation)]);
        const unsaid = missed.filter((relation) => state.source.groupOfRelation[relation] === group).map((relation) => [relation, null, MISSED]);
        changed = this.showRow(node, row, [...said, ...unsaid], state) || changed;
        this.findBegin(node, row, said, state);
      });
      if (changed) this.nameCard(node, here);
    }
  }

  // Who cannot see a card hears its relationships.
  nameCard(node, here) {
    const said = node.rows.flatMap((row) => (row.text.classList.contains("off") ? [] : row.written.split("|")[0].split("\n")));
    const says = `${this.tracks[node.track].label}: ${said.join(", ") || (here ? "no relationship" : "not in this graph")}`;
    if (node.says === says) return;
    node.says = says;
    node.card.setAttribute("aria-label", says);
  }

  // The relationships of a track that only the truth has.
  listMissed(track, { verdict }) {
    return verdict ? relationsIn(verdict.missed.get(track), this.relations.length) : [];
  }

  // relations: [relationship, score (null where missed), verdict], the strongest first. False where the row says it already.
  showRow(node, row, relations, { source, index, relation: selected, track }) {
    const reasons = source.shares.length ? index : "";
    const said = `${source.name}|${source.version}|${relations.join("|")}|${selected}|${track}|${node.width}|${reasons}`;
    if (said === row.said) return false;
    row.said = said;
    const on = relations.length > 0;
    const weak = relations.every(([relation, , code]) => code === MISSED || DENIALS.includes(this.relations[relation].name));
    for (const part of [row.line, row.text]) {
      part.classList.toggle("off", !on);
      part.classList.toggle("weak", weak);
    }
    if (!on) return true;
    const names = relations.map(([relation, , code]) => `${VERDICTS[code].mark} ${this.relations[relation].name}`.trim());
    const scores = relations.map(([, score]) => (source.predicted && score !== null ? percentText(score) : ""));
    const styles = relations.map(([relation, , code]) => `v-${VERDICTS[code].name}${relation === selected && (track === undefined || track === node.track) ? " picked" : ""}`);
    const { label } = this.tracks[node.track];
    const full = relations
      .map(([relation, , code], at) => {
        const why = source.reasonOf(index, node.track * 256 + relation);
        return `${VERDICTS[code].mark} ${tripletText(this.relations[relation], label)} ${scores[at]}${why && ` (log odds: ${why})`}`.trim();
      })
      .join("\n");
    const about = scores.some(Boolean) ? `\n${explainScore(source)}` : "";
    const written = `${full}|${styles}${about}|${node.width}`;
    if (row.written !== written) {
      writeEdges(row.words, names, scores, node.width - 32, styles);
      row.full.textContent = full + about;
      row.written = written;
    }
    return true;
  }

  // When the newest relationship of a row began; -1 where none holds, or since the first graph, where nothing changed.
  findBegin(node, row, said, { source, index }) {
    const begins = said.map(([relation]) => source.beginOf(index, node.track, relation));
    const begin = Math.max(-1, ...begins);
    row.begin = begin > source.frames[0] ? begin : -1;
  }

  // What is new glows as strongly as it is new, and goes on fading while the video plays. ageOf: seconds since a frame.
  /**
   * @param {(frame: number) => number} ageOf
   * @param {number} speed of the fading; 0 while the video stands
   * @param {boolean} still where nothing may move: then what is new is thicker
   */
  glow(ageOf, speed, still) {
    const glowing = `${this.shown}|${speed}|${still}`;
    if (speed && glowing === this.glowing) return; // it fades by itself
    this.glowing = glowing;
    const now = performance.now();
    for (const row of (this.nodes || []).flatMap((node) => node.rows)) {
      const age = row.begin < 0 ? GLOW_S : ageOf(row.begin);
      const fresh = age >= 0 && age < GLOW_S;
      if (row.fresh !== (fresh && still)) row.line.classList.toggle("fresh", (row.fresh = fresh && still));
      if (!fresh || still) {
        row.glow?.cancel();
        row.glow = null;
        continue;
      }
      // To ask the animation itself how far it is costs a frame more than all else here.
      const { begin, speed: pace, age: then, since } = row.glowing;
      const goesOn = row.glow && speed && speed === pace && begin === row.begin;
      if (goesOn && Math.abs(then + (speed * (now - since)) / 1000 - age) < 0.25) continue;
      row.glowing = { begin: row.begin, speed, age, since: now };
      row.glow ||= row.reach.animate([{ strokeOpacity: 0.45 }, { strokeOpacity: 0 }], { duration: 1000 * GLOW_S });
      row.glow.playbackRate = speed || 1;
      row.glow.currentTime = 1000 * age;
      if (speed) row.glow.play();
      else row.glow.pause();
    }
  }

  // group: of an edge that is selected, so that the other lines of its object are dimmed; -1 for none
  /**
   * @param {Set<number> | null} tracks
   * @param {number} group
   */
  emphasise(tracks, group) {
    for (const node of this.nodes || []) {
      const chosen = Boolean(tracks && tracks.has(node.track));
      const dim = Boolean(tracks && !chosen);
      node.card.classList.toggle("chosen", chosen);
      node.card.classList.toggle("dim", dim);
      node.card.setAttribute("aria-pressed", String(chosen));
      node.rows.forEach((row, at) => row.line.classList.toggle("dim", dim || (chosen && group >= 0 && at !== group)));
    }
  }

  /**
   * @param {number | null} track
   * @param {number} group of one line alone; -1 for all
   */
  hover(track, group) {
    for (const node of this.nodes || []) {
      node.card.classList.toggle("hovered", node.track === track);
      node.rows.forEach((row, at) => {
        const on = node.track === track && (group < 0 || at === group);
        row.line.classList.toggle("hovered", on);
        row.text.classList.toggle("hovered", on && group >= 0);
      });
    }
  }

  groups(on) {
    GROUPS.forEach((group, index) => this.svg.classList.toggle(`hide-${group.name}`, !on[index]));
  }

  destroy() {
    this.observer.disconnect();
    this.root.remove();
  }
}

/**
 * Relationships in one line, each before its own score, as many as fit, and how many more there are. None is cut but the
 * first: half a number would be another number.
 * @param {any} text the SVG text
 * @param {string[]} names
 * @param {string[]} scores "" where there is none
 * @param {number} width in pixels
 * @param {string[]} styles classes of each
 */
function writeEdges(text, names, scores, width, styles) {
  const part = (/** @type {number} */ at) => names[at] + (scores[at] && ` ${scores[at]}`);
  const left = (/** @type {number} */ count) => (count < names.length ? ` +${names.length - count}` : "");
  let count = names.length;
  const line = () => names.slice(0, count).map((_name, at) => part(at)).join(", ") + left(count);
  while (count > 1 && textWidth(line(), 11.5, 400) > width) count--;
  const rest = (scores[0] && ` ${scores[0]}`) + left(count);
  text.textContent = "";
  for (let at = 0; at < count; at++) {
    const name = count === 1 ? fitted(names[at], width - textWidth(rest, 11.5, 400), 11.5, 400) : names[at];
    if (at) drawn("tspan", {}, text, ", ");
    drawn("tspan", { class: styles[at] }, text, name);
    if (scores[at]) drawn("tspan", { class: "faint" }, text, ` ${scores[at]}`);
  }
  if (left(count)) drawn("tspan", { class: "faint" }, text, left(count));
}

/**
 * How often each object is seen in some sources, by track; the person is none.
 * @param {Source[]} sources
 * @returns {Map<number, number>}
 */
function seenTracks(sources) {
  const times = new Map();
  for (const source of sources) for (const track of source.boxes.track) if (track) times.set(track, (times.get(track) || 0) + 1);
  return times;
}

/**
 * Which tracks get a card: those seen most often where there are too many, always in order of first appearance.
 * @param {Map<number, number>} times
 */
function keptTracks(times) {
  const often = [...times].sort(([one, first], [other, second]) => second - first || one - other).slice(0, CARD.most);
  return often.map(([track]) => track).sort((one, other) => one - other);
}

// Text cut with an ellipsis so that it is at most `width` pixels wide.
const ruler = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/**
 * @param {string} text
 * @param {number} width in pixels
 * @param {number} size in pixels
 * @param {number} weight
 */
function fitted(text, width, size, weight) {
  if (textWidth(text, size, weight) <= width) return text;
  let length = text.length - 1;
  while (length > 1 && textWidth(`${text.slice(0, length)}…`, size, weight) > width) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}
fitted.font = "sans-serif";

/**
 * @param {string} text
 * @param {number} size in pixels
 * @param {number} weight
 */
function textWidth(text, size, weight) {
  ruler.font = `${weight} ${size}px ${fitted.font}`;
  return ruler.measureText(text).width;
}
