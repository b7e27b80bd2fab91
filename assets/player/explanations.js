// What each number of the player is, for who points at it: what is counted, from which threshold on, and who says so.

/** @typedef {{judged: string, truth: string, words: string[], terms: string[], note: string, rule: string}} JudgeAbout */

/**
 * The score of a relationship.
 * @param {Source} source
 */
function explainScore({ label, shownFrom }) {
  return `${label}: probability of the relationship, as the relation head says it; shown from ${shownFrom}% on`;
}

/**
 * How long the graph on screen has held, and where its boxes come from.
 * @param {Source} source
 */
function explainAge({ label, predicted, length }) {
  const did = predicted ? "predicted" : "annotated";
  return `${label}: ${length.toLocaleString("en")} frames of the video are ${did}. The graph is that of the last of them; an interpolated box lies between two of them, a held one is that of the last.`;
}

/**
 * The clock and the number of the frame.
 * @param {Payload} data
 */
function explainClock({ rate_known: timed, length_known: whole, fps }) {
  const time = timed ? `When the frame on screen is shown, minutes and seconds with three decimals, at ${Number(fps.toFixed(2))} frames a second. ` : "";
  return `${time}Its number, from 1${whole ? ", of all frames of the video file" : ""}.`;
}

/**
 * What an action model says now.
 * @param {{label: string, times: ArrayLike<number>}} model
 * @param {string} action
 */
function explainActionScore({ label, times }, action) {
  const between = times.length > 1 ? `at this moment, in a straight line between its ${times.length} clips` : "for the whole video";
  return `${label}: score of "${action}" ${between}; the model's own probability, 0 to 100%, without a threshold`;
}

/**
 * Lanes, and how many there are.
 * @param {Source} source
 * @param {number} count
 */
function explainLanes({ label, predicted, shownFrom }, count) {
  return `Show or hide the lanes of relationships. ${count} of ${label}: every object and relationship that holds in some frame${predicted ? ` with a probability from ${shownFrom}%` : ""}, of the groups that are on. Up and down arrows go through them.`;
}

/**
 * The mean in the name of a predicted lane.
 * @param {number} mean
 * @param {number} count of the graphs that have it
 * @param {Source} source
 */
function explainMean(mean, count, { length, shownFrom }) {
  return `, ${percentText(mean)} on average in the ${count} of ${length} graphs that have it from ${shownFrom}% on`;
}

/**
 * Changes, and how many there are.
 * @param {Source} source
 */
function explainChanges({ label, predicted, shownFrom }) {
  return `Changes from one graph to the next, ${label}: relationships of one object and group that end or begin${predicted ? `, counted from a probability of ${shownFrom}% on` : ""}. Groups that are off are not counted.`;
}

/**
 * A cell of the table of what is right, false and missed.
 * @param {JudgeAbout} about
 * @param {string} what the row, such as "Triplets here"
 * @param {string} column
 */
function explainTally({ rule }, what, column) {
  const where = what.endsWith("here") ? "in this frame" : "in all judged frames";
  return `${what.split(" ")[0]} ${where}, ${column}. ${rule}`;
}
