"""What `predict` and `predict-many` are asked of models, as one value."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ag_core.results.prediction_cache import PredictionSettings


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
