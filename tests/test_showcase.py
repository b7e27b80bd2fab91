"""What ships is whole and fits together: clips, truth, weights, and predictions by exactly these weights."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ag_core.catalog import ORACLE, find_action_model
from ag_core.files import hash_file
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings, find_weights_files
from ag_core.settings import ASSETS, SHOWCASE, WEIGHTS
from ag_core.video.frames import probe_video

CLIPS = sorted((SHOWCASE / "videos").glob("*.mp4"))
MAX_WEIGHTS_BYTES = 16_000_000
MAX_CLIPS_BYTES = 12_000_000


def test_two_dozen_small_clips_with_truth() -> None:
    assert len(CLIPS) == 24
    assert all((SHOWCASE / "dense" / f"{clip.stem}.npz").is_file() for clip in CLIPS)
    kept = [*SHOWCASE.glob("videos/*"), *SHOWCASE.glob("dense/*"), *SHOWCASE.glob("annotations/*")]
    assert sum(path.stat().st_size for path in kept) < MAX_CLIPS_BYTES


def test_weights_are_small() -> None:
    weights = list(WEIGHTS.glob("*.safetensors"))
    assert {path.stem for path in weights} >= {"detector", "reldn", "frequency", "clip", "lfb", "sgfb"}
    assert all(path.stat().st_size < MAX_WEIGHTS_BYTES for path in weights)


@pytest.fixture(scope="module")
def shipped_weights() -> dict[str, str]:
    """SHA-256 of each role's weights, the oracle's among them: the showcase is annotated."""
    files = find_weights_files(PredictionSettings()) | {ORACLE: find_action_model(ORACLE).weights_path(WEIGHTS)}
    return {role: hash_file(path) for role, path in files.items()}


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((ASSETS / "prediction.schema.json").read_text()))


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_predictions_are_by_the_shipped_weights_for_this_clip(
    clip: Path, shipped_weights: dict[str, str], schema: Draft202012Validator
) -> None:
    path = SHOWCASE / "predictions" / f"{clip.stem}.json"
    written = json.loads(path.read_text())
    schema.validate(written)
    prediction = Prediction.load(path)
    assert prediction.sha256 == hash_file(clip)
    assert prediction.video.n_frames == probe_video(clip).n_frames == 144
    assert {use.role: use.sha256 for use in prediction.models} == shipped_weights
