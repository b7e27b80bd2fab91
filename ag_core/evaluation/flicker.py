"""Flicker: how often a relationship comes or goes for a single frame, and how such a number is named."""

from ag_core.evaluation.protocol import Averaging, Protocol, Unit
from ag_core.records import MIN_PROBABILITY
from ag_core.taxonomy import N_RELATIONS, Mode

FLICKER, FLICKER_SMOOTHED, FLICKER_OF_TRUTH = "flicker", "flicker after smoothing", "flicker of the truth"
FLICKER_MEASURES = (FLICKER, FLICKER_SMOOTHED, FLICKER_OF_TRUTH)


def build_flicker_protocol(name: str, mode: Mode) -> Protocol:
    """How flicker is counted, one of FLICKER_MEASURES."""
    details = (
        f"times a minute that a relationship, which holds from probability {MIN_PROBABILITY:g} on, is otherwise in one "
        "scored frame than in the scored frames before and after it; of each object class the best-scoring object; "
        "minutes from the first to the last scored frame of a video"
    )
    return Protocol(name, Unit.PER_MINUTE, None, mode, None, Averaging.MICRO, N_RELATIONS, details=details)
