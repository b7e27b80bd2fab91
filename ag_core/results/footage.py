"""Which detector a video gets where nobody chooses: by whether it is a film of the home world or other footage."""

from pathlib import Path

from ag_core.catalog import DETECTORS, FETCHED_FIRST, HOME_WORLD
from ag_core.downloads import list_fetched
from ag_core.results.prediction_notes import is_home_world


def choose_detector(video: Path) -> str | None:
    """The home world's for its films; the first that was fetched for other footage; None where somebody must choose."""
    if is_home_world(video):
        return HOME_WORLD
    return next((entry.id for entry in list_fetched()), None)


def explain_other_footage(video: Path) -> str:
    """A sentence on why the home world's detector is not taken for a video."""
    return (
        f"{video.name} is not a film of the home world, and the home world's detector sees the home world's things in "
        "anything"
    )


def explain_choices(video: Path) -> str:
    """A sentence for the command line on what to choose where `choose_detector` does not."""
    offered = DETECTORS[FETCHED_FIRST].download
    assert offered is not None
    return (
        f"{explain_other_footage(video)}; add --fetch to fetch a detector for real footage once "
        f"({offered.megabytes} MB), give a YOLOX or NanoDet file with --detector FILE.onnx, or insist with "
        f"--detector {HOME_WORLD}"
    )
