"""Relationships under other habits: Bayes by hand, evidence from nothing to whole, files there and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.movenet import PersonPoints
from ag_core.models.relation import hands
from ag_core.models.relation.cell_evidence import load_evidence, save_evidence
from ag_core.models.relation.frequency import FrequencyHead, count_relation_frequencies, to_relation_logits
from ag_core.models.relation.geometry import N_CELLS, count_geometry, find_cells
from ag_core.models.relation.habits import TABLE, Habits, correct_graphs, load_habits, save_habits
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, RELATIONS, Group, find_object_index

CUP, HOLDING = find_object_index("cup/glass/bottle"), RELATIONS.index("holding")
ATTENTION = GROUP_SLICES[Group.ATTENTION]


def make_habits(evidence: float, held_there: float = 0.2, held_here: float = 0.8) -> Habits:
    """Cups are held in 2 of 10 cases where the head learned, and in 8 of 10 here; the rest is even."""
    tables = []
    for share in (held_there, held_here):
        table = np.full((N_CLASSES, N_RELATIONS), 0.5, np.float32)
        table[:, ATTENTION] = [0.5, 0.3, 0.2]
        table[CUP, HOLDING] = share
        tables.append(to_relation_logits(table).double())
    return Habits(tables[0], tables[1], evidence)


def make_relations(held: float) -> np.ndarray:
    relations = np.full((1, N_RELATIONS), 0.5, np.float32)
    relations[:, ATTENTION] = [0.1, 0.6, 0.3]
    relations[0, HOLDING] = held
    return relations


def make_graph(
    relations: np.ndarray, classes: list[int], person: list[float] | None = None, boxes: np.ndarray | None = None
) -> SceneGraph:
    boxes = np.zeros((len(classes), 4), np.float32) if boxes is None else boxes.astype(np.float32)
    person_box = np.array(person or [0, 0, 20, 60], np.float32)
    scores = np.ones(len(classes), np.float32)
    return SceneGraph(1, 0.0, person_box, 0.9, np.array(classes), boxes, scores, relations)


def test_evidence_is_what_is_left_without_the_habits() -> None:
    # The head says no more than its habits, so nothing was seen: what is usual here remains, however far it is trusted.
    for evidence in (0.0, 0.5, 1.0):
        found = make_habits(evidence).correct(make_graph(make_relations(0.2), [CUP]))
        assert found[0, HOLDING] == pytest.approx(0.8, abs=1e-6)
    # Odds of 1 where 1 to 4 is usual are evidence of 4; on odds of 4 it makes 16, and a half of it (its root) 8.
    for evidence, odds in ((1.0, 16), (0.5, 8), (0.0, 4)):
        found = make_habits(evidence).correct(make_graph(make_relations(0.5), [CUP]))
        assert found[0, HOLDING] == pytest.approx(odds / (1 + odds), abs=1e-6)


def test_the_same_habits_and_whole_evidence_change_nothing() -> None:
    relations = make_relations(0.3)
    found = make_habits(1.0, 0.4, 0.4).correct(make_graph(relations, [CUP]))
    np.testing.assert_allclose(found, relations, atol=1e-6)
    np.testing.assert_array_equal(relations, make_relations(0.3))


def test_attention_stays_one_of_three_and_certainty_stays_finite() -> None:
    relations = np.zeros((2, N_RELATIONS), np.float32)
    relations[:, ATTENTION] = [0.0, 1.0, 0.0]
    found = make_habits(0.5).correct(make_graph(relations, [CUP, 1]))
    assert np.isfinite(found).all() and (found >= 0).all() and (found <= 1).all()
    np.testing.assert_allclose(found[:, ATTENTION].sum(axis=1), 1, atol=1e-6)
    assert found[:, ATTENTION].argmax(axis=1).tolist() == [1, 1]


def test_what_each_part_gave_adds_up_to_the_log_odds_of_what_is_said() -> None:
    chance = np.random.default_rng(0)
    relations = chance.uniform(0.01, 0.99, (4, N_RELATIONS)).astype(np.float32)
    relations[:, ATTENTION] /= relations[:, ATTENTION].sum(axis=1, keepdims=True)
    person, boxes = [0.0, 0, 20, 60], np.array([[5, 25, 9, 30], [90, 0, 99, 9], [0, 0, 20, 60], [2, 70, 9, 80]])
    graph = make_graph(relations, [CUP, 1, 7, CUP], person, boxes)
    geometry = torch.from_numpy(chance.normal(size=(N_CELLS, N_RELATIONS)))
    of_hands = torch.from_numpy(chance.normal(size=(hands.N_CELLS, N_RELATIONS)))
    points = PersonPoints(np.array([[9, 3], [6, 26], [50, 50]], np.float32), np.array([0.9, 0.8, 0.1], np.float32))
    for evidence in (0.0, 0.3, 1.0):
        habits = replace(make_habits(evidence), geometry=geometry, hands=of_hands)
        shares, said = habits.explain(graph, points), habits.correct(graph, points).astype(np.float64)
        np.testing.assert_allclose(1 / (1 + np.exp(-shares.sum(axis=2))), said, atol=2e-7)
        # The habits alone: their own log odds, of attention as one of three.
        np.testing.assert_allclose(shares[0, HOLDING, 0], np.log(0.8 / 0.2), atol=1e-5)
        np.testing.assert_allclose(shares[0, 0, 0], 0, atol=1e-5)
        cell = hands.find_hand_cells(person, boxes[:1], points)
        np.testing.assert_allclose(shares[0, HOLDING, 2], of_hands[cell, HOLDING], atol=1e-6)
        if not evidence:
            assert not habits.explain(graph)[..., 1:].any()  # habits alone where no hands are known
    # Whole evidence: odds of 1 where 1 to 4 is usual are an evidence of 4, of which the boxes explain their part.
    graph.relations[0, HOLDING] = 0.5
    _, boxes_said, hands_said, seen = habits.explain(graph)[0, HOLDING]
    assert hands_said == 0
    assert boxes_said == pytest.approx(float(geometry[find_cells(person, boxes[0]), HOLDING]))
    assert boxes_said + seen == pytest.approx(np.log(4), abs=1e-5)


def test_places_say_how_much_oftener_something_held_there_than_is_usual_for_such_objects() -> None:
    person = np.tile([0, 0, 20, 60], (4, 1))
    objects = np.array([[5, 25, 9, 30], [40, 25, 50, 30], [5, -20, 9, -10], [18, 50, 22, 100]])
    cells = find_cells(person, objects)
    assert cells.tolist() == [3 * 5 + 2, 0 + 2, 0, 1 * 5 + 4]  # inside; apart; above the head; a fifth inside, below
    assert find_cells(person[0], [3, 3, 3, 3]).tolist() == [1]  # without an area
    here, there = np.full(10, 17), np.full(10, 2)
    held = np.zeros((20, N_RELATIONS), bool)
    held[:9, HOLDING] = True  # nine of ten inside, none apart: 10 of 22 are usual, smoothed
    table = count_geometry(np.concatenate([here, there]), np.full(20, CUP), held)
    usual = 10 * 10 / 22
    expected = np.log(10 / (usual + 1)) - np.log(2 / (10 - usual + 1))
    assert table[17, HOLDING] == pytest.approx(expected, abs=1e-5) and table[2, HOLDING] < -1
    assert not table[0].any()  # nobody was ever seen there


def test_a_graph_without_a_person_stays() -> None:
    boxes = np.array([[0, 0, 9, 9]], np.float32)
    graph = SceneGraph(1, 0.0, boxes[0], 0.9, np.array([CUP]), boxes, np.ones(1, np.float32), make_relations(0.5))
    nobody = replace(graph, person_box_xyxy=None, person_score=0.0, relations=np.zeros((1, N_RELATIONS), np.float32))
    changed, same = correct_graphs([graph, nobody], make_habits(1.0))
    assert changed.relations[0, HOLDING] > 0.9
    assert same is nobody


def test_a_file_gives_back_what_was_counted(tmp_path: Path) -> None:
    classes, relations = np.array([CUP, CUP, 1]), np.zeros((3, N_RELATIONS), bool)
    relations[:2, [0, HOLDING]] = True
    path = tmp_path / "habits.safetensors"
    save_habits(path, classes, relations, {"data": "my homes"})
    learned = FrequencyHead()
    habits = load_habits(path, learned, 0.0)
    found = habits.correct(make_graph(make_relations(0.1), [CUP]))
    counted = count_relation_frequencies(classes, relations)[CUP]
    np.testing.assert_allclose(found[0], counted, atol=1e-5)


@pytest.mark.parametrize(
    ("table", "model", "said"),
    [
        (torch.full((N_CLASSES, N_RELATIONS), 0.5), "reldn", "holds the weights of 'reldn'"),
        (torch.full((N_CLASSES, 3), 0.5), "habits", "is damaged"),
        (torch.full((N_CLASSES, N_RELATIONS), 1.5), "habits", "is damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, table: torch.Tensor, model: str, said: str) -> None:
    path = tmp_path / "habits.safetensors"
    save_checkpoint(path, {TABLE: table}, {"model": model, "preset": "habits"})
    with pytest.raises(UserError, match=said):
        load_habits(path, FrequencyHead(), 1.0)


def test_tables_of_evidence_are_known_by_name_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "geometry.safetensors"
    table = np.ones((N_CELLS, N_RELATIONS), np.float32)
    save_evidence(path, "geometry", table, {"data": "my homes"})
    found = load_evidence(path, "geometry", N_CELLS)
    assert torch.equal(found, torch.ones(N_CELLS, N_RELATIONS, dtype=torch.float64))
    with pytest.raises(UserError, match="is damaged; count it anew with `train geometry`"):
        load_evidence(path, "geometry", N_CELLS + 1)
    with pytest.raises(UserError, match="holds the weights of 'geometry', and hands is wanted"):
        load_evidence(path, "hands", N_CELLS)
