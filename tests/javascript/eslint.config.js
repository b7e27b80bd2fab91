// The pieces of the player are joined into one module, so they share their top level; each piece is a script here.
import js from "@eslint/js";
import globals from "globals";

const shared = [
  "GROUPS", "GROUP_INDEX", "DENIALS", "DASHES", "SPEEDS", "element", "drawn", "lineSample", "followAttention", "formatTime", "clamp", "readTheme",
  "fitCanvas", "column", "tripletText", "startsAtPerson", "percentText", "Source", "lastAtOrBefore", "NamePlates", "PLATE", "Overlay", "GraphPanel", "TripletTable", "keptTracks", "seenTracks", "fitted", "Timeline",
  "objectSelection", "startSelection", "selectionText", "linkTo", "describeAge", "describeBoxes", "explainScore", "explainAge", "explainClock", "explainActionScore", "explainLanes", "explainMean", "explainChanges", "explainTally", "describeBox", "HERE", "BETWEEN", "HELD", "describeGraph", "describeLength", "comparePicture", "emptySource",
  "scoreColumns", "Picture", "stillOf", "observePixels", "Clock", "FrameTimes", "reasonOfFailure", "Controls",
  "NEITHER", "RIGHT", "FALSE", "MISSED", "VERDICTS", "Judge", "BoxEditor", "OVERLAY", "smallestAt", "trackName", "sameTrack", "Panels", "Tally", "countTriplets", "filterEdges", "filterText", "FilterControls", "verdictOf", "relationsIn", "boxesWithVerdicts", "tracksWith", "describeVerdict",
  "ROW", "TimePlot", "followPointer", "ActionRows", "ScoreRows", "RelationLanes", "ChangeLog", "findSpans", "orderLanes", "listChanges", "changeText", "momentText",
  "Beside", "besideModels", "valueAt", "edgeSelection", "Linking", "Pointing", "Sources", "Announcer", "Correcting", "VideoFile", "Reports",
];
const readonly = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));
const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-restricted-properties": ["error", { property: "innerHTML", message: "set text as text" }, { property: "outerHTML" }],
};

export default [
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules,
  },
  {
    files: ["**/assets/player/*.js"],
    languageOptions: { globals: readonly(shared) },
    rules: {
      "no-redeclare": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { varsIgnorePattern: `^(${shared.join("|")})$`, argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["**/assets/graph_page/*.js"],
    languageOptions: { sourceType: "script", globals: readonly(["nodes", "edges", "network", "FACTS"]) },
  },
];
