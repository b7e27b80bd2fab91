"""A relation head, a clip network and an action model join by their files and their catalog entries alone."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

from ag_core import catalog
from ag_core.__main__ import main
from ag_core.catalog import ActionModelEntry, BankKind, ClipNetworkEntry, Need, RelationHeadEntry, Style
from ag_core.evaluation.results_log import read_log
from ag_core.models.checkpoints import read_metadata, save_checkpoint
from ag_core.models.pairs import PairBatch
from ag_core.models.relation import build_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import BankedVideoModel, BankHead, build_bank_head, build_clip_network
from ag_core.models.video.fbo import MeanBank
from ag_core.pipeline import Models, load_models, predict_video
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings, compute_result_key, find_weights_files
from ag_core.results.prediction_schema import build_prediction_schema
from ag_core.settings import WEIGHTS, settings
from ag_core.taxonomy import N_ACTIONS
from tests.experiments.rectangles import write_rectangles
from tests.experiments.test_action import TINY_VIDEO
from tests.experiments.test_detector import TINY
from tests.pages.test_pages import notes, open_page, read_payload
from tests.pipeline.stand_ins import MARK, TwoBoxes
from tests.toys.tiny_heads import list_tiny_heads
from tests.toys.tiny_networks import list_tiny_networks
from tests.toys.toy_head import ToyHeadPreset
from tests.toys.toy_network import ToyNetworkPreset
from tests.video.test_frames import write_video

HEAD = RelationHeadEntry(
    id="toy-head",
    label="Toy head",
    about="asks the whole video",
    build="tests.toys.toy_head:ToyHead",
    loss="tests.toys.toy_head:toy_losses",
    presets={"demo": ToyHeadPreset("toy-head-demo", 256)},
    weights_file="toy-head.safetensors",
    needs=frozenset({Need.REGIONS, Need.UNION_FEATURES, Need.WHOLE_VIDEO}),
)
NETWORK_PRESET = ToyNetworkPreset(
    name="toy-demo",
    frames=8,
    frame_step_s=1 / 6,
    size_wh=(48, 32),
    pathway_strides=(4, 1),
    regions_per_frame=2,
    operator="mean",
    latent_size=8,
    width=3,
)
NETWORK = ClipNetworkEntry(
    id="toy-network",
    label="Toy network",
    about="two pathways and regions",
    build="tests.toys.toy_network:ToyNetwork",
    presets={"demo": NETWORK_PRESET},
    weights_file="toy-network.safetensors",
    needs=frozenset({Need.CLIPS, Need.REGIONS}),
    role="toy clip",
)
MODEL = ActionModelEntry(
    id="toy",
    label="Toy model",
    about="remembers scene graphs on average",
    presets=NETWORK.presets,
    weights_file="toy.safetensors",
    needs=frozenset({Need.CLIPS, Need.BANK}),
    clip_network="toy-network",
    bank=BankKind.PREDICTED_GRAPHS,
    style=Style("#123456", "#ABCDEF", "dot"),
)


@pytest.fixture(scope="module")
def toys() -> Iterator[None]:
    """The toys are in the catalog."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.RELATION_HEADS, HEAD.id, HEAD)
        patch.setitem(catalog.CLIP_NETWORKS, NETWORK.id, NETWORK)
        patch.setitem(catalog.ACTION_MODELS, MODEL.id, MODEL)
        yield


@pytest.fixture(scope="module")
def weights(toys: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights, and fresh ones of the toys."""
    folder = tmp_path_factory.mktemp("toys") / "weights"
    shutil.copytree(WEIGHTS, folder)
    torch.manual_seed(0)
    classifier = BankHead(NETWORK_PRESET.feature_size, None, N_ACTIONS, 0.3)
    for entry, module in (
        (HEAD, build_relation_head(HEAD.id)),
        (NETWORK, BankedVideoModel(build_clip_network(NETWORK.id), classifier)),
        (MODEL, build_bank_head(MODEL.id)),
    ):
        facts = {"preset": entry.preset().name, "model": entry.id}
        save_checkpoint(entry.weights_path(folder), module.state_dict(), facts)
    return folder


@pytest.fixture(scope="module")
def models(weights: Path) -> Models:
    """All models with the toy head, and boxes that are always found."""
    loaded = load_models("cpu", PredictionSettings(relation_head=HEAD.id), weights)
    return replace(loaded, graphs=SceneGraphPredictor(TwoBoxes(), loaded.graphs.trunk, loaded.graphs.head))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_video(tmp_path / "film.mp4", n_frames=30, rate=12, comment=MARK)


def count_calls(head: torch.nn.Module) -> list[PairBatch]:
    """The batches that a head is asked about from now on."""
    batches: list[PairBatch] = []
    head.register_forward_pre_hook(lambda module, arguments: batches.append(arguments[0]))
    return batches


def test_the_toys_take_part_in_a_prediction(models: Models, film: Path) -> None:
    batches = count_calls(models.graphs.head)
    prediction = predict_video(film, models)
    written = json.loads(prediction.to_text())
    jsonschema.Draft202012Validator(build_prediction_schema()).validate(written)
    assert list(written["actions"]) == ["lfb", "sgfb", "toy", "graph"]
    assert {use.role: use.name for use in prediction.models}["relations"] == "toy-head"
    assert {use.role: use.name for use in prediction.models}["toy clip"] == "toy-network"
    assert Prediction.from_json(written).action_scores()["toy"].over_time.std() > 0
    # A head of whole videos is asked once, about all frames and their times.
    [batch] = batches
    assert batch.times_s.tolist() == pytest.approx([graph.time_s for graph in prediction.frames])
    assert len(batch.pairs) == len(prediction.frames) == 5 and not batch.video_of_frame.any()


def test_a_head_of_whole_videos_hears_of_other_frames(models: Models, film: Path) -> None:
    whole = predict_video(film, models).frames[0].relations
    more = predict_video(film, models, rate=6).frames
    assert not np.allclose(whole, next(graph for graph in more if graph.frame == 6).relations, atol=1e-6)


def test_the_toys_decide_the_key_of_a_kept_result(weights: Path, film: Path, tmp_path: Path) -> None:
    chosen = PredictionSettings(relation_head=HEAD.id)
    assert {"toy clip", "toy"} <= set(find_weights_files(chosen, weights))
    before = compute_result_key(film, chosen, weights)
    others = shutil.copytree(weights, tmp_path / "others")
    (others / "toy.safetensors").write_bytes(b"others")
    assert compute_result_key(film, chosen, others) != before


def test_the_toys_are_on_the_pages(
    models: Models, weights: Path, showcase: Path, app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "showcase"
    shutil.copytree(showcase, mine)
    predict_video(mine / "videos" / "AB1CD.mp4", models).save(mine / "predictions" / "AB1CD.json")
    monkeypatch.setenv("AG_SHOWCASE", str(mine))
    settings.cache_clear()
    compare = open_page("pages/2_Compare.py", v="AB1CD")
    assert not compare.exception
    assert "Toy model remembers scene graphs on average" in notes(compare)
    assert ".ag-model-toy { --colour: #123456; --line: dotted; }" in notes(compare)
    beside = read_payload(compare)["beside"]
    assert "Toy model" in json.dumps(beside["models"]), "the verdict beside the video"
    [figure] = compare.get("plotly_chart")
    assert {"LFB", "SGFB", "Toy model"} <= {line["name"] for line in json.loads(figure.proto.spec)["data"]}
    run = open_page("pages/8_Run.py")
    assert "Toy head" not in run.selectbox(key="run_head").options, "its weights are not among the shipped ones"
    monkeypatch.setattr("ag_core.ui.run.settings_form.WEIGHTS", weights)
    run = open_page("pages/8_Run.py")
    assert "Toy head" in run.selectbox(key="run_head").options


def test_a_bank_operator_is_chosen_by_the_preset(toys: None) -> None:
    head = build_bank_head(MODEL.id)
    assert isinstance(head.operator, MeanBank)
    assert head.operator.out_features == 875


@pytest.fixture
def world(toys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small home world, and every model at a size for it: the preset 'tiny'."""
    own = list_tiny_heads(TINY.box_head_width, TINY.pyramid_channels) | {
        "toy-head": ToyHeadPreset("toy-head-tiny", TINY.box_head_width)
    }
    for entry in catalog.RELATION_HEADS.values():
        monkeypatch.setitem(entry.presets, "tiny", own[entry.id])
    tiny = list_tiny_networks(TINY_VIDEO) | {NETWORK.id: NETWORK_PRESET}
    for network in catalog.CLIP_NETWORKS.values():
        monkeypatch.setitem(network.presets, "tiny", tiny[network.id])
    for model in catalog.ACTION_MODELS.values():
        monkeypatch.setitem(model.presets, "tiny", tiny[model.clip_network])
    monkeypatch.setitem(catalog.DETECTORS["home-world"].presets, "tiny", TINY)
    return write_rectangles(tmp_path / "rectangles")


def run_command(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.mark.slow
def test_the_toys_are_trained_and_evaluated(world: Path, tmp_path: Path) -> None:
    weights, log = tmp_path / "weights", tmp_path / "results.jsonl"
    tiny = ("--preset", "tiny", "--threads", 1, "--weights", weights, "--data", world)
    train = ("--steps", 2, "--batch", 2, *tiny[:4], "--data", world)
    file = {entry.id: entry.weights_path(weights) for entry in (HEAD, NETWORK, MODEL)}
    assert run_command("train", "detector", "--out", weights / "detector.safetensors", *train) == 0
    for head in ("reldn", HEAD.id):
        out = weights / f"{head}.safetensors"
        assert run_command("train", "relations", "--head", head, "--out", out, "--weights", weights, *train) == 0
    assert run_command("train", "clip", "--out", weights / "clip.safetensors", *train) == 0
    toy = ("--network", NETWORK.id, "--out", file[NETWORK.id], "--weights", weights)
    assert run_command("train", "clip", *toy, *train) == 0
    assert run_command("train", "action", "--out", weights, "--weights", weights, *train) == 0
    assert {entry: read_metadata(path)["model"] for entry, path in file.items()} == {name: name for name in file}

    few = ("--log", log, *tiny)
    assert run_command("evaluate", "relations", "--head", HEAD.id, "--frames", 6, *few) == 0
    assert run_command("evaluate", "actions", "--out", tmp_path / "actions.json", *few) == 0
    relations, actions = read_log(log)
    assert relations.what == "relations toy-head predcls"
    assert set(actions.about["AP"]) == {"I3D alone", "LFB", "SGFB", "SGFB oracle", MODEL.label}
