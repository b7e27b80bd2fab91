"""Which detector a video gets where nobody chooses: by whether it is a film of the home world or other footage."""

from pathlib import Path

from ag_core.catalog import DETECTORS, FETCHED_FIRST, HOME_WORLD, MORE_HOMES
from ag_core.downloads import list_fetched
from ag_core.files import hash_file_cached
from ag_core.results.prediction_notes import is_home_world
from ag_core.settings import WEIGHTS


def choose_detector(video: Path, weights: Path = WEIGHTS) -> str | None:
    """The home world's for its films, the best one in the folder of weights; the first that was fetched for other
    footage; None where somebody must choose."""
    if is_home_world(video):
        return find_home_detector(weights)
    return next((entry.id for entry in list_fetched()), None)


def find_home_detector(weights: Path = WEIGHTS) -> str:
    """Which of the home world's detectors finds boxes where nobody chooses.

    That of more homes where a folder of weights holds it beside the shipped detector, from which it went on; else the
    one that every folder holds, since who trained that anew wants its boxes.
    """
    first, shipped = (DETECTORS[HOME_WORLD].weights_path(folder) for folder in (weights, WEIGHTS))
    if not DETECTORS[MORE_HOMES].weights_path(weights).is_file() or not first.is_file():
        return HOME_WORLD
    return MORE_HOMES if hash_file_cached(first) == hash_file_cached(shipped) else HOME_WORLD


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
