"""Which detector a video gets where nobody chooses: by whether it is a film of the home world or other footage."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

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

    That of more homes where a folder of weights holds it beside the detector that it went on from, as the shipped one
    does; else the one that every folder holds.
    """
    path, start = (DETECTORS[name].weights_path(weights) for name in (MORE_HOMES, HOME_WORLD))
    try:
        with safe_open(path, "numpy") as opened:
            stands_on = (opened.metadata() or {}).get("stands_on", "").split()
    except (OSError, SafetensorError):
        return HOME_WORLD
    return MORE_HOMES if start.is_file() and f"start={hash_file_cached(start)[:12]}" in stands_on else HOME_WORLD


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
