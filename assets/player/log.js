// The change log: what changed in the graph and when, the last changes marked, and the newest of them beside the lanes.

class ChangeLog {
  /**
   * @param {HTMLElement} latest where the newest change stands
   * @param {{change: (change: Change) => void, hover: (track: number | null, group?: number, relation?: number) => void}} heard
   */
  constructor(latest, heard) {
    this.heard = heard;
    this.root = element("details", { class: "change-list" });
    this.summary = element("summary", {}, this.root, "Changes");
    this.list = element("ol", { class: "changes" }, this.root);
    this.newest = element("button", { type: "button", class: "change newest", title: "Go to the newest change" }, latest);
    this.newest.addEventListener("click", () => this.marked && this.heard.change(this.marked));
    this.root.addEventListener("toggle", () => this.opened());
    /** @type {Change[]} */
    this.changes = [];
    /** Of each change, made when the list is first open. @type {HTMLElement[]} */
    this.entries = [];
    /** The newest change up to now. @type {Change | null} */
    this.marked = null;
    /** How many changes there were up to now, and where those of the newest moment begin. */
    this.count = -1;
    this.from = 0;
    this.index = -1;
    /** @type {Axis | null} */
    this.axis = null;
  }

  /**
   * @param {Axis} axis
   * @param {Source} source
   * @param {boolean[]} groupsOn
   */
  build(axis, source, groupsOn) {
    this.axis = axis;
    this.changes = listChanges(source).filter(({ group }) => groupsOn[group]);
    this.entries = [];
    this.list.replaceChildren();
    this.summary.textContent = `Changes (${this.changes.length})`;
    this.summary.title = this.list.title = explainChanges(source);
    this.newest.title = `Go to the newest change; "and N more" counts those of the same frame. ${explainChanges(source)}`;
    this.list.setAttribute("aria-label", `Changes of the graph, ${source.label}`);
    this.root.hidden = !source.length;
    this.count = -1;
    this.marked = null;
    if (this.root.open) this.makeEntries();
    this.mark(this.countUpTo(this.index));
  }

  /** @param {number} index */
  countUpTo(index) {
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.changes[middle].index <= index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  opened() {
    if (!this.root.open) return;
    if (!this.entries.length) this.makeEntries();
    const { count } = this;
    this.count = -1;
    this.mark(count);
  }

  makeEntries() {
    this.entries = this.changes.map((change) => {
      const entry = element("button", { type: "button", class: "change" }, element("li", {}, this.list));
      this.write(entry, change);
      entry.addEventListener("click", () => this.heard.change(change));
      followAttention(entry, entry, () => this.heard.hover(change.track, change.group, change.begun[0] ?? change.ended[0]), () => this.heard.hover(null));
      return entry;
    });
    if (!this.changes.length) element("li", { class: "faint" }, this.list, "The graph stays as it begins.");
  }

  /**
   * @param {HTMLElement} entry
   * @param {Change} change
   */
  write(entry, change) {
    const axis = /** @type {Axis} */ (this.axis);
    const { name, letter } = GROUPS[change.group];
    entry.replaceChildren();
    element("span", { class: "when" }, entry, `${momentText(change.frame, axis)} `);
    element("span", { class: `chip ${name}`, "aria-hidden": "true" }, entry, letter);
    element("span", { class: "what" }, entry, ` ${axis.data.tracks[change.track].label}: ${changeText(change, axis.data.relations)}`);
  }

  // To the graph on screen; nothing is touched while it stays.
  /** @param {number} index of the graph among those of the source */
  follow(index) {
    if (index === this.index) return;
    this.index = index;
    this.mark(this.countUpTo(index));
  }

  // count: how many changes there were up to now; those of the newest moment stand out, those to come are faint.
  mark(count) {
    if (count === this.count) return;
    const before = this.count < 0 ? null : { from: this.from, count: this.count };
    this.count = count;
    this.marked = count ? this.changes[count - 1] : null;
    this.from = this.marked ? this.countUpTo(this.marked.index - 1) : 0;
    this.newest.hidden = !this.marked;
    if (this.marked) {
      this.write(this.newest, this.marked);
      const others = count - this.from - 1;
      if (others) element("span", { class: "faint" }, this.newest, ` and ${others} more`);
    }
    if (this.root.open) this.markEntries(before);
  }

  // Only entries between the two moments differ. before: what was marked; null for nothing.
  markEntries(before) {
    const low = before ? Math.min(before.from, this.from) : 0;
    const high = before ? Math.max(before.count, this.count) : this.entries.length;
    for (let at = low; at < high; at++) {
      this.entries[at].classList.toggle("last", at >= this.from && at < this.count);
      this.entries[at].classList.toggle("later", at >= this.count);
    }
    const last = this.entries[Math.max(0, this.count - 1)];
    if (last) this.list.scrollTop = last.offsetTop - this.list.clientHeight / 2;
  }
}
