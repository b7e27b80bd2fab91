"""The store without faults, made once for a file of tests."""

from pathlib import Path

import pytest

from tests.doctor.stores import CLEAN, CLEAN_TEST, clean_frames, rates, store_of


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    frames = clean_frames("AB1CD", "EF2GH")
    for key in frames:
        frames[key][0]["metadata"]["set"] = "train" if key.startswith("AB") else "test"
    return store_of(folder, CLEAN, CLEAN_TEST, frames, rates=rates(folder, AB1CD=25, EF2GH=25))
