"""Sentences that a prediction carries for its reader: damage, and models that look at footage unlike what they know."""

from collections.abc import Sequence
from pathlib import Path

from ag_core.catalog import GRAPH_READERS, HABITS_FILE, HOME_WORLD_DATA
from ag_core.files import hash_file_cached
from ag_core.results.prediction import SMOOTHING, ModelUse
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import HOME_WORLD_MARK, read_comment


def list_replaced_notes(n_replaced: int, n_wanted: int) -> tuple[str, ...]:
    """What must be said where frames were too damaged to decode."""
    if not n_replaced:
        return ()
    return (
        f"The file is damaged: {n_replaced} of the {n_wanted} frames that were looked at cannot be decoded; in place "
        "of each stands the frame before it.",
    )


STAYING_SHARE = 0.1
"""Of the frames: who is seen in so many counts as one of the people of a video."""


def list_nobody_notes(n_frames: int, person: int = 1) -> tuple[str, ...]:
    """What must be said where no person, or no so many, was clear enough to count in any frame."""
    who = "No person" if person == 1 else f"No person {person}"
    return (f"{who} was found in the {n_frames} frames that were looked at, so no actions are scored.",)


def list_people_notes(people: Sequence[Sequence[int | None]], person: int) -> tuple[str, ...]:
    """What must be said where several people were seen: who is followed; people as `follow_people` gives them."""
    if len(people) < 2 or person > len(people):
        return ()
    seen = [sum(place is not None for place in one) for one in people]
    rank = {1: "the one who is there most", 2: "the second most"}.get(person, f"number {person} of them")
    frames = len(people[0])
    staying = sum(count >= STAYING_SHARE * frames for count in seen)  # not passers-by and false boxes
    told = f"{staying} people were told apart" if staying > 1 else "Others are there for a moment"
    return (
        f"{told}; followed is {rank}, seen in {seen[person - 1]} of {frames} frames. "
        "Where that one is not seen, the graph has no person.",
    )


def list_habits_notes(evidence: float) -> tuple[str, ...]:
    """What must be said where relationships were put right for real homes."""
    return (
        "Relationships follow how often they are annotated in real homes (Action Genome); what the network itself saw "
        f"counts for {evidence:.0%}.",
    )


def list_small_notes(min_side_px: int) -> tuple[str, ...]:
    """What must be said where small objects were left out."""
    if not min_side_px:
        return ()
    return (f"Objects less than {min_side_px} pixels wide or high were left out.",)


def list_domain_notes(uses: Sequence[ModelUse]) -> tuple[str, ...]:
    """What must be said of footage that is not of the home world where models know only that."""
    of_role = {"detector": "objects", "regions": "", "relations": "relations", SMOOTHING: "relations"}
    strangers = [of_role.get(use.role, "actions") for use in uses if use.trained_on_data == HOME_WORLD_DATA]
    found = [what for what in dict.fromkeys(strangers) if what]
    if not found:
        return ()
    what = " and ".join([", ".join(found[:-1]), found[-1]] if found[1:] else found).capitalize()
    learned = any(use.role in GRAPH_READERS and use.trained_on_data != HOME_WORLD_DATA for use in uses)
    return (
        f"{what} come from models trained only on the synthetic home world. This video is other footage, "
        "so treat them as guesses."
        + (" Only the actions read from the graph alone were learned on real annotations." if learned else ""),
    )


def needs_real_habits(path: Path, weights: Path = WEIGHTS) -> bool:
    """Whether relationships in a file are put right for real homes where nobody chooses: all but films of the home
    world, as far as these habits lie in the folder of weights."""
    return (weights / HABITS_FILE).is_file() and not is_home_world(path)


def is_home_world(path: Path) -> bool:
    """Whether a file is a film of the home world: it says so, lies in an exported world, or is one of the showcase."""
    if HOME_WORLD_MARK in read_comment(path) or (path.resolve().parent.parent / "world.json").is_file():
        return True
    size = path.stat().st_size
    alike = [shown for shown in (settings().showcase / "videos").glob("*.mp4") if shown.stat().st_size == size]
    return any(hash_file_cached(shown) == hash_file_cached(path) for shown in alike)
