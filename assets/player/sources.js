// The sources of graphs of a video: which one's boxes are drawn, which ones' graphs are on screen, and who judges whom.

class Sources {
  constructor() {
    /** @type {Source[]} */
    this.all = [];
    /** The one whose boxes are drawn; known with the first data. @type {Source} */
    this.chosen = /** @type {any} */ (undefined);
    /** Those whose graphs are shown: several when comparing. @type {Source[]} */
    this.onScreen = [];
    this.comparing = false;
    /** @type {Judge | null} */
    this.judge = null;
  }

  /**
   * @param {Payload} data
   * @param {FrameTimes} times
   * @param {string | undefined} begun the source that is shown from now on, whatever was
   */
  read(data, times, begun) {
    this.comparing = data.compare.length > 1;
    this.all = data.sources.map((source) => new Source(source, data[`graphs:${source.name}`], data[`strengths:${source.name}`], data.relations, times, data.parts));
    this.chosen = this.named(begun) || this.named(this.chosen?.name) || this.named(data.shown) || this.all[0] || emptySource(data);
    this.onScreen = this.comparing ? data.compare.flatMap((name) => this.named(name) || []) : [this.chosen];
    if (!this.onScreen.includes(this.chosen)) [this.chosen] = this.onScreen;
    this.judge = data.judge && new Judge(data.judge, data.verdicts, this.all);
  }

  /** @param {string | undefined} name */
  named(name) {
    return this.all.find((source) => source.name === name);
  }

  /** @param {string} name */
  choose(name) {
    this.chosen = this.named(name) || this.chosen;
    if (!this.comparing) this.onScreen = [this.chosen];
  }

  // Another choice of what predictions show.
  /** @param {EdgeFilter} filter */
  filter(filter) {
    for (const source of this.all) source.filter(filter);
  }

  // Those between which one chooses, and which have a row of their frames.
  get offered() {
    return this.comparing ? this.onScreen : this.all;
  }

  // Those whose objects get cards: what nobody asked for, such as an exact truth, is left aside.
  /** @param {boolean} judging whether the marks are on */
  inPlay(judging) {
    if (this.comparing) return this.onScreen;
    return this.all.filter((source) => !source.aside || source === this.chosen || judging);
  }

  // The source that the marks are on, where it is not the chosen one.
  get judged() {
    const judged = this.judge?.frames.length ? this.named(this.judge.judged) : undefined;
    return judged === this.chosen ? undefined : judged;
  }

  // The verdict on a graph, where the marks are on.
  /**
   * @param {Source} source
   * @param {number} index
   * @param {boolean} judging
   */
  verdictOn(source, index, judging) {
    return judging && this.judge ? this.judge.of(source, index) : null;
  }

  // The frames that the keys go to: where the marks are on, those that are judged.
  /** @param {boolean} judging */
  marks(judging) {
    const { judge, chosen } = this;
    const judged = judging && judge && judge.judged === chosen.name && judge.frames.length;
    return { frames: judged ? judge.frames : chosen.frames, changes: chosen.changes };
  }
}
