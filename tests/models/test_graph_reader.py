"""The reader of scene graphs: shapes, gradients, what a dimmed graph may and may not hold, files of others."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ag_core.catalog import GRAPH_READER
from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.graph_reader import (
    FAINT,
    add_false_objects,
    build_graph_reader,
    dim_graphs,
    keep_classes,
    load_graph_reader,
    read_graphs,
)
from ag_core.presets import DEMO_GRAPH_READER
from ag_core.records import SceneGraph
from ag_core.taxonomy import ACTIONS, N_ACTIONS, N_OBJECTS, N_RELATIONS


def draw_matrices(n: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    there = torch.rand(n, N_OBJECTS, 1, generator=random) < 0.1
    return ((torch.rand(n, N_OBJECTS, N_RELATIONS, generator=random) < 0.2) & there).float()


def test_every_parameter_learns_and_the_input_stays() -> None:
    reader, matrices = build_graph_reader(), draw_matrices(8)
    before = matrices.clone()
    logits = reader(matrices)
    assert logits.shape == (8, N_ACTIONS)
    logits.sum().backward()
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in reader.parameters())
    assert torch.equal(matrices, before)
    assert reader(matrices[:0]).shape == (0, N_ACTIONS)


def test_frames_are_read_apart() -> None:
    reader, matrices = build_graph_reader().eval(), draw_matrices(5)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(reader(matrices)[order], reader(matrices[order]))


def test_the_verbs_speak_of_an_action_only_where_its_object_is_there() -> None:
    reader, matrices = build_graph_reader().eval(), draw_matrices(6)
    torch.nn.init.zeros_(reader.classify.weight)
    torch.nn.init.zeros_(reader.classify.bias)
    there = matrices.amax(dim=2) > 0
    asked = torch.stack(
        [there[:, a.object_class - 1] if a.object_class else there[:, 0] | True for a in ACTIONS], dim=1
    )
    assert torch.equal(reader(matrices) != 0, asked)


def test_the_faintest_guess_of_a_detector_moves_no_score() -> None:
    reader, matrices = build_graph_reader().eval(), torch.zeros(1, N_OBJECTS, N_RELATIONS)
    torch.nn.init.constant_(reader.verbs.bias.weight, 5.0)
    faint = matrices.clone()
    faint[0, :, 3] = 1e-4
    with_object = torch.tensor([action.object_class is not None for action in ACTIONS])
    moved = (reader(faint) - reader(matrices)).abs()[0]
    assert moved[with_object].max() < 0.01


def test_graphs_without_objects_are_ordinary() -> None:
    nothing = np.zeros((0, 4), np.float32)
    empty = SceneGraph(
        1, 0.0, None, 0.0, np.zeros(0, np.int64), nothing, nothing[:, 0], np.zeros((0, N_RELATIONS), np.float32)
    )
    found = read_graphs(build_graph_reader(), [empty, empty])
    assert found.shape == (2, N_ACTIONS) and ((found > 0) & (found < 1)).all()
    assert np.allclose(found[0], found[1], atol=1e-6)  # rows of a batch may be summed in another order


def test_false_objects_are_faint_and_leave_what_is_there() -> None:
    matrices = draw_matrices(200)
    seen = add_false_objects(matrices, torch.Generator().manual_seed(1))
    there = matrices.amax(dim=2) > 0
    false = (seen.amax(dim=2) > 0) & ~there
    assert torch.equal(seen[there], matrices[there])
    assert 0.02 < false.float().mean() < 0.1 and seen[false].max() <= FAINT
    assert torch.equal(seen, add_false_objects(matrices, torch.Generator().manual_seed(1)))


def test_a_dimmed_graph_has_no_object_that_was_not_there() -> None:
    matrices = draw_matrices(200)
    dimmed = dim_graphs(matrices, torch.Generator().manual_seed(1))
    there, seen = matrices.amax(dim=2) > 0, dimmed.amax(dim=2) > 0
    assert not (seen & ~there).any()
    missed = 1 - float(seen.sum() / there.sum())
    assert 0.2 < missed < 0.3  # a quarter on average: up to a half of a frame's objects
    assert ((dimmed >= 0) & (dimmed <= 1)).all()
    still = seen[..., None].expand_as(matrices)
    assert dimmed[still & (matrices > 0)].mean() > 3 * dimmed[still & (matrices == 0)].mean()
    assert torch.equal(dimmed, dim_graphs(matrices, torch.Generator().manual_seed(1)))


def test_unknown_classes_are_gone() -> None:
    known = np.zeros(N_OBJECTS, bool)
    known[:3] = True
    kept = keep_classes(draw_matrices(50), known)
    assert kept[:, 3:].sum() == 0 and torch.equal(kept[:, :3], draw_matrices(50)[:, :3])


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    path, reader = tmp_path / "reader.safetensors", build_graph_reader()
    save_checkpoint(path, reader.state_dict(), {"model": GRAPH_READER, "preset": DEMO_GRAPH_READER.name})
    loaded, metadata = load_graph_reader(path)
    assert metadata["model"] == GRAPH_READER and not loaded.training
    torch.testing.assert_close(loaded(draw_matrices(3)), reader.eval()(draw_matrices(3)))
    save_checkpoint(path, reader.state_dict(), {"model": "sgfb", "preset": DEMO_GRAPH_READER.name})
    with pytest.raises(UserError, match="holds the weights of 'sgfb'"):
        load_graph_reader(path)
