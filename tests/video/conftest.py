"""Tests of video files keep what they find out in a home of their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(empty_home: Path) -> Path:
    """A fresh home for each test."""
    return empty_home
