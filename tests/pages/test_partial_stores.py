"""Pages on what a researcher has at first: one kind of annotation, no lengths, sizes or persons; bare predictions."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ag_core.annotations.building.build import build_store
from ag_core.settings import settings
from tests.conftest import CLIPS, FPS, stand_in_prediction, write_action_genome, write_charades
from tests.pages.test_links import visit
from tests.stores import blank_length

TIMED, OTHER = CLIPS
PAGES = ("pages/1_Explore.py", "pages/2_Compare.py", "pages/3_Search.py", "pages/4_Statistics.py", "pages/10_Doctor.py")


def graphs_alone(folder: Path) -> dict[str, Any]:
    """The two pickles and nothing else: no lengths, no rates, no actions."""
    write_action_genome(folder / "annotations")
    return {"action_genome": folder / "annotations"}


def actions_alone(folder: Path) -> dict[str, Any]:
    """The csv of Charades and nothing else."""
    write_charades(folder / "charades")
    return {"charades": folder / "charades"}


def some_without_length(folder: Path) -> dict[str, Any]:
    """One of two videos has a length, and the other one has a rate."""
    inputs = {**graphs_alone(folder), **actions_alone(folder), "rates": folder / "rates.csv"}
    blank_length(folder / "charades", TIMED)
    (folder / "rates.csv").write_text(f"video,fps\n{TIMED},{FPS}\n")
    return inputs


def frames_without_size(folder: Path) -> dict[str, Any]:
    """No entry says how large its frame is."""
    inputs = graphs_alone(folder)
    path = folder / "annotations" / "person_bbox.pkl"
    persons = pickle.loads(path.read_bytes())
    for entry in persons.values():
        del entry["bbox_size"]
    path.write_bytes(pickle.dumps(persons))
    return inputs


def graphs_without_persons(folder: Path) -> dict[str, Any]:
    """The pickle of objects without that of persons."""
    inputs = graphs_alone(folder)
    (folder / "annotations" / "person_bbox.pkl").unlink()
    return inputs


def scores_alone(folder: Path) -> dict[str, Any]:
    """A prediction without a graph."""
    replace(stand_in_prediction(TIMED), frames=()).save(folder / "scores.json")
    return {"predictions": [folder / "scores.json"]}


def predicted_graphs_alone(folder: Path) -> dict[str, Any]:
    """A prediction without action scores, of a video that the annotation does not have."""
    replace(stand_in_prediction(TIMED), actions=()).save(folder / "graphs.json")
    return {"predictions": [folder / "graphs.json"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        graphs_alone, actions_alone, some_without_length, frames_without_size, graphs_without_persons, scores_alone,
        predicted_graphs_alone,
    ],
)  # fmt: skip
def test_pages_open_on_a_part_of_the_data(
    make: Callable[[Path], dict[str, Any]], app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    build_store(tmp_path / "part.duckdb", **make(folder))
    monkeypatch.setenv("AG_STORE", str(tmp_path / "part.duckdb"))
    settings.cache_clear()
    for page in PAGES:
        app = visit(page, {})
        assert not app.exception and not app.error, page
    watched = visit("pages/1_Explore.py", {"v": TIMED, "table": "About"})
    assert not watched.exception and len(watched.get("bidi_component")) == 1
    assert any("missing" in one.value for one in (*watched.caption, *watched.markdown))
