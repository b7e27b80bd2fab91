"""What `predict` and `predict-many` are asked of models, as one value."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ag_core.results.prediction_cache import PredictionSettings


def read_weights(text: str | None) -> tuple[Path, list[str]]:
    """What --weights names: a folder of weights, or the shipped one with own weights by name.

    UserError where it is neither.
    """
    from ag_core.errors import UserError
    from ag_core.results.own_weights import list_own_weights
    from ag_core.settings import WEIGHTS

    if text is None:
        return WEIGHTS, []
    folder = Path(text)
    if folder.is_dir():
        return folder.resolve(), []
    if folder.exists():
        raise UserError(f"--weights {text} is a file; give the folder that it lies in, or name it with `weights add`")
    if not list_own_weights():
        raise UserError(f"there is no folder {text}, and no weights of your own have a name; give a folder of weights")
    return WEIGHTS, text.split(",")


def read_prediction_settings(options: argparse.Namespace, detector: str, own: Sequence[str]) -> "PredictionSettings":
    """The settings that the options name, with a detector and weights of one's own by name; UserError for these."""
    from ag_core.results.prediction_cache import PredictionSettings, with_own_weights

    chosen = PredictionSettings(
        detector,
        options.relation_head,
        options.rate,
        options.smooth,
        person=options.person,
        hands=options.hands,
        min_side_px=options.min_size,
    )
    return with_own_weights(chosen, own) if own else chosen
