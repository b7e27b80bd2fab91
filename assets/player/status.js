// What the player says in words: how old a graph is, what it holds for those who cannot see it, what is odd about the length.

/**
 * @param {Source} source
 * @param {{index: number, held: boolean}} shown
 * @param {Clock} clock
 * @param {FrameTimes} times
 * @param {Payload} data
 */
function describeAge(source, { index, held }, clock, times, data) {
  if (index < 0 && !source.length) return "no graphs";
  const did = source.predicted ? "predicted" : "annotated";
  if (index < 0) return `not ${did} here`;
  const nobody = source.predicted && !source.tracksAt(index).has(0) ? ", nobody clear enough" : "";
  if (!held) return `${did} here${nobody}`;
  const frames = clock.frame - source.frames[index];
  const seconds = clock.time - times.of(source.frames[index]);
  const ago = data.rate_known && seconds >= 0.1 ? `${seconds.toFixed(1)} s` : frames > 1 ? `${frames} frames` : "1 frame";
  return `${did} ${ago} ago${nobody}`;
}

/**
 * How many boxes are not annotated in the frame on screen; empty where all are, or all are held.
 * @param {ShownBox[]} boxes
 */
function describeBoxes(boxes) {
  const [between, held] = [BETWEEN, HELD].map((way) => boxes.filter((box) => box.way === way).length);
  const one = (/** @type {number} */ count) => `${count} ${count === 1 ? "box" : "boxes"}`;
  return between ? `${one(between)} interpolated${held ? `, ${held} held` : ""}` : "";
}

/**
 * Where a box comes from, for who points at it.
 * @param {{track: number, way: number, score: number, code: number}} box
 * @param {Source} source whose boxes are shown
 * @param {number} index of its graph on screen
 * @param {Axis} axis
 */
function describeBox({ track, way, score, code }, source, index, axis) {
  const { label } = axis.data.tracks[track];
  if (code === MISSED) return `${label}: of the truth, and missed`;
  const did = source.predicted ? "predicted" : "annotated";
  const sure = source.predicted ? `, score ${percentText(score)}: how sure the detector is that it is one` : "";
  const at = (/** @type {number} */ place) => `frame ${source.frames[place] + 1}${axis.data.rate_known ? ` (${momentText(source.frames[place], axis)})` : ""}`;
  if (way === BETWEEN) return `${label}: interpolated between ${at(index)} and ${at(index + 1)}, where it is ${did}${sure}`;
  return way === HERE ? `${label}: ${did} in this frame${sure}` : `${label}: held since ${at(index)}, where it is ${did}${sure}`;
}

/**
 * The triplets of a graph, each with its own score where it is predicted.
 * @param {Source} source
 * @param {number} index
 * @param {Payload} data
 */
function describeGraph(source, index, data) {
  const triplets = [];
  for (const [track, groups] of source.edgesByTrack(index)) {
    for (const [relation, score] of groups.flat()) {
      triplets.push(tripletText(data.relations[relation], data.tracks[track].label) + (source.predicted ? ` ${percentText(score)}` : ""));
    }
  }
  return triplets.length ? `${triplets.join(", ")}.` : "No relationships.";
}

/**
 * Where the annotation goes on after the video's end; empty where it does not.
 * @param {Payload} data
 * @param {Source[]} sources
 * @param {Clock} clock
 * @param {FrameTimes} times
 */
function describeLength(data, sources, clock, times) {
  const { duration } = clock.video;
  const last = Math.max(-1, ...sources.map((source) => (source.length ? source.frames[source.length - 1] : -1)));
  const known = Number.isFinite(duration) && !clock.virtual && !times.seconds ? Math.round(duration * data.fps) : data.n_frames;
  if (!data.length_known || !data.rate_known || last < Math.max(known, data.n_frames)) return "";
  return `annotated up to frame ${last + 1}, but the video has ${known}: its frame rate may differ from the annotation's`;
}

// For screen readers: what the graph says, when it stands still.
class Announcer {
  /** @param {HTMLElement} live */
  constructor(live) {
    this.live = live;
    this.said = "";
  }

  /**
   * @param {{source: Source, index: number, verdict: FrameVerdict | null}} state
   * @param {number} frame
   * @param {Payload} data
   * @param {Judge | null} judge
   */
  say({ source, index, verdict }, frame, data, judge) {
    const at = `${source.name}|${source.version}|${index}|${Boolean(verdict)}`;
    if (at === this.said) return;
    this.said = at;
    const judged = verdict && judge ? ` ${describeVerdict(judge, verdict, source, index)}` : "";
    this.live.textContent = `Frame ${frame + 1}. ${describeGraph(source, index, data)}${judged}`;
  }
}
