"""Video networks of other toolboxes converted: the same answers as the originals, and refusals of what does not fit."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from ag_core.catalog import CLIP_NETWORKS
from ag_core.errors import UserError
from ag_core.experiments.clip import start_from_pretraining
from ag_core.models.checkpoints import read_metadata
from ag_core.models.foreign.conversion import convert_weights
from ag_core.models.foreign.reading import read_foreign_tensors
from ag_core.models.video import ClipInput, build_clip_classifier, load_bank_head, load_clip_network
from ag_core.presets import PAPER_SLOWFAST, PAPER_VIDEO, VideoPreset
from tests.models.foreign.sttran_networks import scramble
from tests.models.foreign.video_networks import (
    DEPTHS,
    SLOW_NONLOCAL,
    PySlowFast,
    State,
    fold_norms,
    make_i3d,
    make_slowfast,
    to_caffe2,
    to_mmaction,
    to_pytorchvideo,
    to_pytorchvideo_i3d,
)

SLOWFAST = replace(
    PAPER_SLOWFAST,
    name="slowfast-toy",
    blocks=DEPTHS,
    slow_temporal=(0, 0, 5, 2),
    fast_temporal=(2, 4, 5, 2),
    base_width=8,
    fast_width=2,
)
TOYS: dict[str, VideoPreset] = {
    "i3d": replace(
        PAPER_VIDEO,
        name="video-toy",
        blocks=DEPTHS,
        temporal_blocks=((0, 1), (0, 2), (0, 2, 4), (1,)),
        nonlocal_blocks=((3, 1), (3, 3), (4, 4)),
        base_width=4,
        latent_size=8,
    ),
    "slowfast": SLOWFAST,
    "slowfast-nl": replace(
        SLOWFAST,
        name="slowfast-nl-toy",
        slow_temporal=(0, 0, 3, 2),
        fast_temporal=(2, 4, 3, 2),
        nonlocal_blocks=((4, 2), (4, 4)),
    ),
}


def calm(network: PySlowFast) -> PySlowFast:
    """Random weights with which many layers neither vanish nor grow."""
    scramble(network)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith("c_bn.weight"):
                value.mul_(0.3)
    return network


def write_blobs(blobs: State, path: Path) -> None:
    """A pickle as caffe2's users have it: with what training leaves in it."""
    arrays = {name: tensor.numpy() for name, tensor in blobs.items()}
    beside = {"lr": np.float32(0.1), "model_iter": np.int64(7), "conv1_w_momentum": np.zeros(3, np.float32)}
    path.write_bytes(pickle.dumps({"blobs": arrays | beside}, protocol=2))


def write(state: State, path: Path) -> Path:
    if path.suffix == ".pkl":
        write_blobs(state, path)
    else:
        torch.save({"model_state": state, "epoch": 3, "cfg": "some text"}, path)
    return path


def make_clips(model: str) -> ClipInput:
    random = torch.Generator().manual_seed(1)
    fast = torch.randn(1, 3, 8, 32, 32, generator=random)
    return ClipInput.of_tensors(fast) if model == "i3d" else ClipInput.of_tensors(fast[:, :, ::4], fast)


def answer(network: PySlowFast, clips: ClipInput) -> tuple[Tensor, Tensor]:
    features = network.describe(*clips.pathways)
    return features, network.head.projection(features)


@pytest.mark.parametrize(
    ("make", "rename", "ending", "model"),
    [
        (make_i3d, dict, ".pyth", "i3d"),
        (make_i3d, lambda state: fold_norms(to_caffe2(state)), ".pkl", "i3d"),
        (lambda: make_slowfast(3, SLOW_NONLOCAL), to_caffe2, ".pkl", "slowfast-nl"),
        (lambda: make_slowfast(3, set()), to_pytorchvideo, ".pyth", "slowfast"),
    ],
)
def test_a_converted_network_answers_as_it_did(
    make: Callable[[], PySlowFast], rename: Callable[[State], State], ending: str, model: str, tmp_path: Path
) -> None:
    network, toy = calm(make()), TOYS[model]
    path = write(rename(network.state_dict()), tmp_path / f"theirs{ending}")
    out = CLIP_NETWORKS[model].weights_path(tmp_path)
    report = convert_weights(path, model, out, toy)
    assert not report.missing and not report.left_over
    assert len(report.matched) + len(report.converted) == len(build_clip_classifier(model, toy).state_dict())
    assert read_metadata(out)["trained_on_data"] == "Charades"
    ours, _ = load_clip_network(model, tmp_path, toy)
    clips = make_clips(model)
    with torch.no_grad():
        features, logits = answer(network, clips)
        torch.testing.assert_close(ours.clip_net(clips), features, rtol=1e-3, atol=1e-4 * float(features.abs().max()))
        torch.testing.assert_close(ours(clips), logits, rtol=1e-3, atol=1e-4 * float(logits.abs().max()))


def test_a_shorter_network_without_non_local_blocks_begins_as_it_was(tmp_path: Path) -> None:
    network = calm(make_i3d(looking=set(), depths=(2, 4, 3, 2), classes=400))
    path = write(to_pytorchvideo_i3d(network.state_dict()), tmp_path / "i3d_r50.pyth")
    out = tmp_path / "start.safetensors"
    report = convert_weights(path, "i3d", out, TOYS["i3d"])
    assert report.missing == ("head.classifier.weight", "head.classifier.bias")
    assert report.left_over == ("blocks.6.proj.weight", "blocks.6.proj.bias")
    assert "begins as nothing" in report.describe() and "a start of training" in report.describe()
    assert read_metadata(out)["trained_on_data"] == "Kinetics-400"
    ours = build_clip_classifier("i3d", TOYS["i3d"]).eval()
    start_from_pretraining(ours, "i3d", TOYS["i3d"], out)
    clips = make_clips("i3d")
    with torch.no_grad():
        features = network.describe(*clips.pathways)
        torch.testing.assert_close(ours.clip_net(clips), features, rtol=1e-3, atol=1e-4 * float(features.abs().max()))


def test_a_network_of_mmaction_is_a_start(tmp_path: Path) -> None:
    network = calm(make_slowfast(5, set()))
    state = to_mmaction(network.state_dict())
    torch.save({"meta": {}, "state_dict": state}, tmp_path / "slowfast.pth")
    out = tmp_path / "start.safetensors"
    report = convert_weights(tmp_path / "slowfast.pth", "slowfast", out, TOYS["slowfast"])
    assert report.missing == ("head.classifier.weight", "head.classifier.bias")
    assert report.converted["clip_net.laterals.2.translate.1.running_var"].startswith("what changes nothing")
    ours = build_clip_classifier("slowfast", TOYS["slowfast"]).eval()
    start_from_pretraining(ours, "slowfast", TOYS["slowfast"], out)
    random = torch.Generator().manual_seed(1)
    share = torch.rand(1, 3, 8, 32, 32, generator=random)
    mean, std = (torch.tensor(v).view(3, 1, 1, 1) / 255 for v in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
    stem, own = network.s1.get_submodule("pathway1_stem"), ours.clip_net.get_submodule("fast_stem")
    with torch.no_grad():
        expected = stem.get_submodule("bn")(stem.get_submodule("conv")((share - mean) / std))
        inside = (
            slice(None),
            slice(None),
            slice(2, -2),
            slice(2, -2),
            slice(2, -2),
        )  # beyond, padding is another colour
        torch.testing.assert_close(own((share - 0.45) / 0.225)[inside], expected[inside], rtol=1e-3, atol=1e-4)


def test_the_bank_head_of_lfb(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(0)
    size, latent = TOYS["i3d"].feature_size, 8
    shapes = {"lfb_1x1": (latent, size, 1, 1, 1), "pool5_fbonl_reduc": (latent, size), "pred": (157, size + latent)}
    shapes |= {f"lfb_nl{n}_{part}": (latent, latent, 1, 1, 1) for n in (0, 1) for part in ("theta", "phi", "g", "out")}
    blobs = {f"{name}_w": torch.randn(shape, generator=random) for name, shape in shapes.items()}
    blobs |= {f"{name}_b": torch.randn(shape[0], generator=random) for name, shape in shapes.items()}
    blobs |= fold_norms(to_caffe2(calm(make_i3d()).state_dict())) | {name: blobs[name] for name in ("pred_w", "pred_b")}
    path = write(blobs, tmp_path / "lfb_nl.pkl")
    report = convert_weights(path, "lfb", tmp_path / "lfb.safetensors", TOYS["i3d"])
    assert not report.missing and {"pool5_fbonl_reduc_w", "pred_w"}.isdisjoint(report.left_over)
    head, metadata = load_bank_head("lfb", tmp_path, TOYS["i3d"])
    assert metadata["operator"] == "non-local"

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ blobs[f"{name}_w"].flatten(1).T + blobs[f"{name}_b"]

    short_term, bank = torch.randn(2, size, generator=random), torch.randn(2, 20, size, generator=random)
    a, entries = linear("pool5_fbonl_reduc", short_term), linear("lfb_1x1", bank)
    for layer in ("lfb_nl0", "lfb_nl1"):
        weights = (linear(f"{layer}_theta", a)[:, None] @ linear(f"{layer}_phi", entries).transpose(1, 2)) / latent**0.5
        seen = (weights.softmax(-1) @ linear(f"{layer}_g", entries))[:, 0]
        a = torch.relu(a + layer_norm(linear(f"{layer}_out", seen), (latent,)))
    expected = linear("pred", torch.cat([short_term, a], dim=1))
    torch.testing.assert_close(head(short_term, bank).detach(), expected, rtol=1e-3, atol=1e-3)
    start = convert_weights(path, "i3d", tmp_path / "clip.safetensors", TOYS["i3d"])
    assert start.missing == ("head.classifier.weight", "head.classifier.bias"), "it scores with the bank"


MIDDLE = "s4.pathway0_res3.branch2.b.weight"


def add_block(state: State) -> None:
    for name in [name for name in state if name.startswith("s2.pathway0_res1.")]:
        state[name.replace("res1", "res2")] = state[name]


def move_nonlocal(state: State) -> None:
    for name in [name for name in state if name.startswith("s4.pathway0_nonlocal4.")]:
        state[name.replace("nonlocal4", "nonlocal3")] = state.pop(name)


@pytest.fixture(scope="module")
def i3d_state() -> State:
    return dict(calm(make_i3d()).state_dict())


@pytest.mark.parametrize(
    ("change", "model", "said"),
    [
        (lambda state: state.pop(MIDDLE), "i3d", f"lacks {MIDDLE}, without which"),
        (
            lambda state: state.update({MIDDLE: state[MIDDLE] * torch.nan}),
            "i3d",
            f"holds values in {MIDDLE} that are no",
        ),
        (lambda state: state.update({MIDDLE: state[MIDDLE].long()}), "i3d", f"holds int64 in {MIDDLE}"),
        (lambda state: state.update({MIDDLE: state[MIDDLE][:3]}), "i3d", r"does not fit .* I3D \(clip_net.stages.2"),
        (lambda state: state.update({"s1.pathway0_stem.bn.running_var": -torch.ones(4)}), "i3d", "variances below 0"),
        (add_block, "i3d", r"has s2.pathway0_res2.* and 17 more, for which our network has no place: it is of another"),
        (move_nonlocal, "i3d", r"has s4.pathway0_nonlocal3.conv_theta.weight .*non-local blocks stand elsewhere"),
        (lambda state: None, "slowfast", "holds PySlowFast's I3D, which becomes i3d, not slowfast"),
        (
            lambda state: state.pop("s4.pathway0_nonlocal4.conv_g.bias"),
            "i3d",
            "lacks s4.pathway0_nonlocal4.conv_g.bias",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    i3d_state: State, change: Callable[[State], None], model: str, said: str, tmp_path: Path
) -> None:
    state = dict(i3d_state)
    change(state)
    path, out = write(state, tmp_path / "theirs.pyth"), tmp_path / "out.safetensors"
    with pytest.raises(UserError, match=said):
        convert_weights(path, model, out, TOYS[model])
    assert not out.exists()


class Opener:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_pickle_of_caffe2_is_read_without_running_it(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "weights.pkl"

    def refuse(content: bytes, said: str) -> None:
        path.write_bytes(content)
        with pytest.raises(UserError, match=said):
            read_foreign_tensors(path)

    refuse(pickle.dumps({"blobs": {"a_w": Opener(mark)}}), "asks for .* which is refused: only NumPy arrays")
    assert not mark.exists()
    whole = pickle.dumps({"blobs": {"a_w": np.ones(3, np.float32)}}, protocol=2)
    refuse(whole[:-9], "cannot be read as a pickle")
    refuse(b"hello", "cannot be read as a pickle")
    refuse(pickle.dumps([1, 2]), "holds no blobs of caffe2, but list")
    refuse(pickle.dumps({"blobs": {"a_w": "text"}}), "holds 'a_w', which is no array of numbers")
    path.write_bytes(pickle.dumps({b"blobs": {b"a_w": np.ones(3, ">f4"), b"lr": 0.1}}, protocol=2))
    assert read_foreign_tensors(path)["a_w"].tolist() == [1, 1, 1]
