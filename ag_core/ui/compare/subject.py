"""What a model is asked about on page Compare, and how one asks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ag_core.catalog import ActionModelEntry
from ag_core.jobs.what_if import Answer, Question
from ag_core.records import ActionScores
from ag_core.results.prediction import Prediction
from ag_core.ui.player.viewing import Viewing

ASK, ASK_WHY, ASK_WHAT_IF = "ask", "Why", "What if"
"""The query parameter, and the tabs, that say what is shown below the player; and the tabs of the two questions."""

SCORES_OVER_TIME = "Scores over time"
"""The first of the tabs."""

Ask = Callable[[Question], Answer | None]
"""Gives the answer to a question; None where there is none, which was said then."""


@dataclass(frozen=True)
class Subject:
    """A viewing with its video file, its whole prediction and the file of that, and the model that read its graphs."""

    viewing: Viewing
    video: Path
    file: Path
    prediction: Prediction
    model: ActionModelEntry

    @property
    def scores(self) -> ActionScores:
        """What the model said in the prediction."""
        return self.prediction.action_scores()[self.model.id]
