"""Stores of small releases that the doctor looks at: one without faults, and what makes others."""

from pathlib import Path
from typing import Any

from ag_core.annotations.building.build import build_store
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check import Severity
from ag_core.doctor.check_runner import list_finding_rows, run_checks
from tests.annotations.readers.test_charades import written
from tests.annotations.released import object_entry, write_release

CLEAN = "AB1CD,S001,Kitchen,6,7,Yes,A person drinks.,cup,He drinks.,c107 0.00 10.00,10.00\r\n"
CLEAN_TEST = "EF2GH,S002,Bedroom,6,7,Yes,A person drinks.,cup,He drinks.,c107 0.00 10.00,10.00\r\n"
MIDPOINTS = (26, 76, 126, 176, 226)
"""Frames at the middles of five equal parts of an action from 0 to 10 s, at 25 frames a second."""


def store_of(
    folder: Path,
    train: str,
    test: str = "",
    frames: dict[str, Any] | None = None,
    persons: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    """A store of two Charades files and, where frames are given, a release."""
    written(folder, train)
    if test:
        written(folder, test, "Charades_v1_test.csv")
    release = None if frames is None else write_release(folder / "annotations", frames, persons)
    build_store(folder / "s.duckdb", folder, release, **more)
    return folder / "s.duckdb"


def found_in(path: Path) -> dict[str, int]:
    """The counts of all findings that are not fine, by id; each has as many rows as it counts."""
    with AnnotationStore(path) as store:
        findings = run_checks(store)
        for one in findings:
            assert len(list_finding_rows(store, one.id)) == one.count, one.id
            assert one.severity is (one.weight if one.count else Severity.FINE)
    return {one.id: one.count for one in findings if one.count}


def rates(folder: Path, **fps: float) -> Path:
    path = folder / "rates.csv"
    path.write_text("video,fps\n" + "".join(f"{video},{rate}\n" for video, rate in fps.items()))
    return path


def clean_frames(*videos: str) -> dict[str, Any]:
    return {f"{video}.mp4/{n:06d}.png": [object_entry("cup/glass/bottle")] for video in videos for n in MIDPOINTS}
