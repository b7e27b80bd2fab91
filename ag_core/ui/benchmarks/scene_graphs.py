"""Benchmarks, the tabs of scene graphs: each shows one choice of the scores that are there."""

from collections.abc import Callable

from ag_core.evaluation.protocol import Owner
from ag_core.results.scene_graph_scores import SceneGraphScores
from ag_core.ui.benchmarks.scope import BenchmarkScope, pick_scope
from ag_core.ui.benchmarks.score_files import explain_command, load_score_files
from ag_core.ui.benchmarks.table_5 import show_paper_table
from ag_core.ui.page import show_empty_state

NAME = "scene_graphs"
COMMAND = "evaluate scene-graphs --heads all --tasks all --data STORE"


def show_scene_graphs(show: Callable[[BenchmarkScope], None]) -> None:
    """A tab of the reader's choice, or what to run where nobody has scored anything, above the paper's numbers."""
    every = load_score_files(NAME, SceneGraphScores.load, Owner.OURS_HOME)
    if every:
        show(pick_scope(every))
        return
    why = (
        "No relation head has been scored yet. Score every head that has weights on a home world or on Action Genome "
        f"with Charades: {explain_command(COMMAND, NAME)}"
    )
    show_empty_state("No scores yet", why)
    show_paper_table()
