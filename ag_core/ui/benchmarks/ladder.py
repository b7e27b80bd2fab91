"""Benchmarks, tab Ladder: what of the gap between SGFB and its oracle is due to which error, and what to improve."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from ag_core.errors import UserError
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.protocol import Owner
from ag_core.results.ladder_scores import STEP_NAMES, STEPS, LadderScores, Step, list_steps
from ag_core.settings import ASSETS, settings
from ag_core.ui import cached
from ag_core.ui.benchmarks.score_files import OURS, YOURS
from ag_core.ui.benchmarks.table_5 import show_metric_table
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.ladder_plot import draw_waterfall
from ag_core.ui.charts.plots import Chart
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.page import check_link, show_empty_state, show_failure

SHIPPED = ASSETS / "benchmarks" / "ladder.json"
COMMAND = "python -m ag_core evaluate ladder --data STORE --weights DIR --out"

MEANINGS = {
    Step.BOXES: "objects that were missed are there, what was found of nothing is gone, every box is the true one",
    Step.CLASSES: "an object that was found is known for what it is, with certainty",
    Step.RELATIONS: "attention, spatial and contact relationships of every object that was found are the true ones",
    Step.TIMING: "graphs are of the moments that were annotated instead of a fixed two a second",
    Step.FUSION: "the head is the oracle's, which learned on true graphs, instead of one that learned on predicted",
}

REMEDIES = {
    Step.BOXES: "the detector: the objects it misses, and what it finds of nothing",
    Step.CLASSES: "the detector's classes: what it finds and calls by another name",
    Step.RELATIONS: "the relation head",
    Step.TIMING: "when graphs are made: more moments, or better chosen ones",
    Step.FUSION: "how the head learns: on graphs with fewer faults, or on a mix of predicted and true ones",
}


def show_ladder() -> None:
    """Both files' waterfalls side by side where there are two, then the numbers of one, and what the steps mean."""
    every = load_all_ladders()
    if not every:
        show_no_ladder()
        return
    for column, (whose, ladder) in zip(st.columns(len(every), gap="large"), every.items()):
        with column:
            st.header(f"{whose}: from {ladder.cells[0].model} to its oracle", anchor=False)
            st.markdown(describe_next(ladder))
            _show_waterfall(whose, ladder)
            for note in ladder.notes:
                st.caption(escape_markdown(note))
    _explain_steps()
    whose = _pick_ladder(every)
    ladder, which = every[whose], whose.lower()
    st.header(f"Each step, {which}", anchor=False)
    show_metric_table(build_step_table(ladder), "ladder-steps", which, "benchmarks_ladder_steps")
    st.header(f"All {len(ladder.cells)} combinations, {which}", anchor=False)
    show_metric_table(build_cell_table(ladder), "ladder", which, "benchmarks_ladder_cells")


def load_all_ladders() -> dict[str, LadderScores]:
    """The ladders that are there by whose they are; one that cannot be read is told on the page."""
    found = {}
    for whose, path, owner in ((OURS, SHIPPED, Owner.OURS_HOME), (YOURS, settings().own_ladder, Owner.YOURS)):
        if path.is_file():
            try:
                found[whose] = cached.load_ladder_scores(path).with_owner(owner)
            except UserError as error:
                show_failure(error)
    return found


def show_no_ladder() -> None:
    """What to run where nobody has measured a ladder."""
    why = (
        "SGFB reads predicted scene graphs, its oracle annotated ones. The ladder replaces boxes, classes, relations, "
        "times and the head by truth in all combinations and says what each costs. Measure it on any store with video "
        f"files, actions and annotated graphs: `{COMMAND} {settings().own_ladder}`"
    )
    show_empty_state("No ladder yet", why)


def describe_next(ladder: LadderScores) -> str:
    """Which step has the largest share, and what that asks for."""
    step = ladder.find_largest_step()
    share = f"{ladder.shares[STEPS.index(step)]}"
    return f"Most of the gap is due to **{step.value}**: {escape_markdown(share)}. To improve next: {REMEDIES[step]}."


def build_step_table(ladder: LadderScores) -> MetricTable:
    """A row a step: its share, what it adds as the only one, and as the last."""
    return MetricTable.from_rows("step", {step.value: ladder.list_step_metrics(step) for step in STEPS})


def build_cell_table(ladder: LadderScores) -> MetricTable:
    """A row a combination."""
    names = [", ".join(STEP_NAMES[step] for step in list_steps(number)) for number in range(len(ladder.cells))]
    names[0], names[-1] = f"nothing: {ladder.cells[0].model}", f"everything: {ladder.cells[-1].model}"
    return MetricTable.from_rows("replaced", {name: [cell] for name, cell in zip(names, ladder.cells)})


def _show_waterfall(whose: str, ladder: LadderScores) -> None:
    table = pd.DataFrame(ladder.list_waterfall())
    show_figure(
        Figure(
            "The error ladder",
            f"{ladder.gap.format_sentence()} A bar is a step's share: what it adds, averaged over all orders of "
            "the steps. Shares add up to the gap. Lines: bounds.",
            "Waterfall: from SGFB's video mAP, by the share of each replacement, to that of its oracle",
            "ladder-waterfall",
            whose.lower(),
            partial(_draw, table),
            table,
        ),
        f"benchmarks_ladder_{whose.lower()}",
    )


def _draw(table: pd.DataFrame, dark: bool) -> Chart:
    return draw_waterfall(table, dark=dark)


def _explain_steps() -> None:
    st.header("What each step means", anchor=False)
    st.markdown(
        "\n".join(
            f"- **{step.value}**: {MEANINGS[step]}. If its share is large, improve {REMEDIES[step]}." for step in STEPS
        )
    )


def _pick_ladder(every: Mapping[str, LadderScores]) -> str:
    """Whose numbers the tables show; the link remembers."""
    check_link("ladder", every, "file of a ladder")
    if len(every) == 1:
        return next(iter(every))
    chosen = st.segmented_control(
        "Numbers of", list(every), default=next(iter(every)), required=True, key="ladder", bind="query-params"
    )
    return str(chosen)
