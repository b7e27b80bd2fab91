"""STRG: its graphs by hand, what regions tell, and clips without any."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ag_core.catalog import find_clip_network
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.video import ClipInput, build_clip_classifier, build_clip_network, load_clip_network
from ag_core.models.video.strg import GraphConvolutions, Strg, link_overlaps
from ag_core.presets import DEMO_STRG, PAPER_STRG
from tests.models.video.test_contract import TINY, make_clips


def build_tiny() -> Strg:
    """The network at a size for tests, ready to be asked."""
    torch.manual_seed(0)
    network = build_clip_network("strg", TINY["strg"]).eval()
    assert isinstance(network, Strg)
    return network


def test_paper_size() -> None:
    with torch.device("meta"):
        network = build_clip_network("strg", PAPER_STRG)
    learned = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    # 1x1x1 convolution to 512, two matrices of likeness, nine of the graphs with their normalisation.
    assert learned == (2048 * 512 + 512) + 2 * 512**2 + 9 * (512**2 + 2 * 512)
    assert network.feature_size == 2048 + 512
    maps = PAPER_STRG.frames // PAPER_STRG.region_step
    assert (maps, maps * PAPER_STRG.regions_per_frame) == (16, 800)
    with pytest.raises(ValueError, match="strg-demo needs region_step 4"):
        replace(DEMO_STRG, region_step=1)


def test_overlaps_by_hand() -> None:
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 5], [5, 0, 15, 10], [50, 50, 60, 60]], dtype=torch.float32)
    steps = torch.tensor([0, 1, 1, 2])
    forward = link_overlaps(boxes, steps, 1)
    # IoU of the first with the second is 1/2, with the third 1/3; nothing later overlaps the others.
    assert torch.allclose(forward[0], torch.tensor([0, 0.6, 0.4, 0]))
    assert not forward[1:].any()
    backward = link_overlaps(boxes, steps, -1)
    assert torch.allclose(backward, torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]))


def test_graph_convolution_by_hand() -> None:
    graph = GraphConvolutions(2, 1)
    torch.nn.init.eye_(graph.weights[0].get_parameter("weight"))
    nodes, edges = torch.tensor([[1.0, 3.0], [5.0, 2.0]]), torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    # The first hears of the second, whose larger number becomes 1 and its smaller -1, which is cut; nobody tells it.
    assert torch.allclose(graph(nodes, edges), torch.tensor([[2.0, 3.0], [5.0, 2.0]]), atol=1e-4)


def test_a_region_is_pooled_from_its_own_clip_and_frame() -> None:
    network, clips = build_tiny(), make_clips(TINY["strg"])
    maps = torch.zeros(2, network.width, 2, 2, 3)  # [B, width, T', H', W']
    maps[1, :, 1] = 7.0
    asked = ClipInput(
        clips.pathways,
        torch.tensor([[0, 0, 48, 32], [0, 0, 48, 32], [0, 0, 16, 16]], dtype=torch.float32),
        torch.tensor([0, 1, 1]),
        torch.tensor([4, 4, 0]),
    )
    nodes = network.describe_regions(maps, asked, torch.tensor([1, 1, 0]))
    assert nodes[:, 0].tolist() == [0, 7, 0]


def test_regions_are_searched_in_one_frame_of_every_map() -> None:
    clips = make_clips(TINY["strg"])
    assert clips.frame_of_box.unique().tolist() == [0, 4] and clips.clip_of_box.bincount().tolist() == [4, 4]


def test_only_the_graphs_hear_of_regions_and_a_clip_may_have_none() -> None:
    network, clips = build_tiny(), make_clips(TINY["strg"])
    mine = clips.clip_of_box == 0
    first = ClipInput(clips.pathways, clips.boxes_xyxy[mine], clips.clip_of_box[mine], clips.frame_of_box[mine])
    with torch.inference_mode():
        with_all, with_some = network(clips), network(first)
        nothing = network(ClipInput.of_tensors(*clips.pathways))
    body = network.body.channels
    assert torch.equal(with_all[:, :body], nothing[:, :body])
    assert torch.allclose(with_some[0], with_all[0], atol=1e-5)
    assert not with_some[1, body:].any() and not nothing[:, body:].any() and with_all[:, body:].any()


def test_the_order_of_regions_does_not_matter() -> None:
    network, clips = build_tiny(), make_clips(TINY["strg"])
    order = torch.randperm(len(clips.boxes_xyxy))
    mixed = ClipInput(clips.pathways, clips.boxes_xyxy[order], clips.clip_of_box[order], clips.frame_of_box[order])
    with torch.inference_mode():
        assert torch.allclose(network(clips), network(mixed), atol=1e-5)


def test_weights_that_learned_on_the_regions_of_another_detector_load(tmp_path: Path) -> None:
    preset, stands_on = TINY["strg"], {"stands_on": "detector=0123456789ab"}
    facts = {"model": "strg", "preset": preset.name} | stands_on
    state = build_clip_classifier("strg", preset).state_dict()
    save_checkpoint(find_clip_network("strg").weights_path(tmp_path), state, facts)
    loaded, said = load_clip_network("strg", tmp_path, preset)
    assert stands_on.items() <= said.items() and loaded.state_dict().keys() == state.keys()
