// Which relationships of a prediction are shown: from which probability, how many of a frame, and how many of an object.

/** from: percent; top: at most so many of a frame, 0 for all; per: of each object all, one a group, or one. @typedef {{from: number, top: number, per: string}} EdgeFilter */

const PER_NAMES = { all: "all of an object", group: "one per group", object: "one per object" };

/**
 * What a filter leaves of the edges of a frame, in their order.
 * @param {Map<number, number>} edges probability by code
 * @param {EdgeFilter} filter
 * @param {number[]} groupOfRelation
 * @param {Map<number, number>} scores of the boxes by track, the person's as 0
 * @returns {Map<number, number>}
 */
function filterEdges(edges, filter, groupOfRelation, scores) {
  let kept = [...edges].filter(([, share]) => Math.round(100 * share) >= filter.from);
  const best = (/** @type {[number, number][]} */ some) => some.sort(([one, first], [other, second]) => second - first || one - other);
  if (filter.per !== "all") {
    const taken = new Set();
    kept = best(kept).filter(([code]) => {
      const place = `${Math.floor(code / 256)}|${filter.per === "group" ? groupOfRelation[code % 256] : ""}`;
      return !taken.has(place) && taken.add(place);
    });
  }
  if (filter.top) {
    const weighed = kept.map(([code, share]) => /** @type {[number, number]} */ ([code, share * (scores.get(Math.floor(code / 256)) ?? 1)]));
    const first = new Set(best(weighed).slice(0, filter.top).map(([code]) => code));
    kept = kept.filter(([code]) => first.has(code));
  }
  const left = new Set(kept.map(([code]) => code));
  return new Map([...edges].filter(([code]) => left.has(code)));
}

/**
 * The end of a sentence on what is shown.
 * @param {EdgeFilter} filter
 */
function filterText({ from, top, per }) {
  const many = top ? `, at most ${top} of a frame` : "";
  return `relationships from ${from}%${per === "all" ? "" : `, ${PER_NAMES[per]}`}${many}`;
}

// The row of controls under the switches; hidden where nothing is predicted.
class FilterControls {
  /**
   * @param {HTMLElement} root
   * @param {() => void} changed
   */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    /** @type {EdgeFilter} */
    this.filter = { from: 50, top: 0, per: "all" };
    this.usual = this.filter;
    const label = element("label", { title: "The least probability of a predicted relationship that is shown" }, root, "Relationships from ");
    this.from = element("input", { type: "range", "aria-label": "Relationships from, in percent" }, label);
    this.percent = element("output", {}, label);
    this.top = element("select", { "aria-label": "How many relationships of a frame", title: "At most so many of a frame, the likeliest first: score of person, object and relationship multiplied" }, root);
    this.per = element("select", { "aria-label": "How many relationships of an object", title: "All of an object (no constraint), the likeliest of each group, or the likeliest of each object (with constraint)" }, root);
    this.reset = element("button", { type: "button", class: "toggle", title: "Show what is usually shown" }, root, "reset");
    this.from.addEventListener("input", () => this.set({ ...this.filter, from: Number(this.from.value) }));
    this.top.addEventListener("change", () => this.set({ ...this.filter, top: Number(this.top.value) }));
    this.per.addEventListener("change", () => this.set({ ...this.filter, per: this.per.value }));
    this.reset.addEventListener("click", () => this.set(this.usual));
  }

  /**
   * @param {Payload} data
   * @param {boolean} begins whether the data say with which filter
   */
  offer({ filters, filter, usual_filter: usual }, begins) {
    Object.assign(this.from, { min: filters.from[0], max: filters.from[filters.from.length - 1], step: filters.from[1] - filters.from[0] });
    if (!this.top.options.length) {
      for (const value of filters.top) element("option", { value }, this.top, value ? `top ${value} of a frame` : "all of a frame");
      for (const value of filters.per) element("option", { value }, this.per, PER_NAMES[value]);
    }
    this.usual = usual;
    if (begins) this.filter = filter;
    this.show();
  }

  /** @param {EdgeFilter} filter */
  set(filter) {
    this.filter = filter;
    this.show();
    this.changed();
  }

  show() {
    const { from, top, per } = this.filter;
    this.from.value = String(from);
    this.percent.textContent = `${from}%`;
    this.top.value = String(top);
    this.per.value = per;
    this.reset.style.visibility = this.asked.length ? "" : "hidden";
  }

  // What differs from the usual, as a link says it.
  get asked() {
    return Object.entries(this.filter).filter(([name, value]) => value !== this.usual[name]);
  }
}
