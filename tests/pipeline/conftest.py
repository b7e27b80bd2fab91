"""Untrained models and a short film, made once for all tests of the pipeline."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.relation import build_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import build_bank_head, build_video_model
from ag_core.pipeline import Models, load_models, predict_video
from ag_core.presets import DEMO_DETECTOR, DEMO_RELDN, DEMO_VIDEO
from ag_core.results.prediction import Prediction
from tests.pipeline.stand_ins import MARK, TwoBoxes
from tests.video.test_frames import write_video


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights in the shipped format."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    states = {
        "detector": (build_faster_rcnn(DEMO_DETECTOR), DEMO_DETECTOR.name),
        "reldn": (build_relation_head("reldn"), DEMO_RELDN.name),
        "frequency": (build_relation_head("frequency"), DEMO_RELDN.name),
        "clip": (build_video_model("i3d"), DEMO_VIDEO.name),
        "lfb": (build_bank_head("lfb"), DEMO_VIDEO.name),
        "sgfb": (build_bank_head("sgfb"), DEMO_VIDEO.name),
    }
    models = {"detector": "home-world", "clip": "i3d"}
    for name, (module, preset) in states.items():
        metadata = {"preset": preset, "model": models.get(name, name)} | (
            {"trained_on": "c000, c156"} if name == "sgfb" else {}
        )
        save_checkpoint(folder / f"{name}.safetensors", module.state_dict(), metadata, half_precision=True)
    return folder


@pytest.fixture(scope="session")
def models(weights: Path) -> Models:
    """The models of the fixture with the stand-in detector."""
    loaded = load_models("cpu", weights=weights)
    return replace(loaded, graphs=SceneGraphPredictor(TwoBoxes(), loaded.graphs.trunk, loaded.graphs.head))


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", n_frames=42, rate=12, comment=MARK)


@pytest.fixture(scope="session")
def plain(models: Models, film: Path) -> Prediction:
    """The film predicted as it comes."""
    return predict_video(film, models)
