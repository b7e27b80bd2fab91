"""The prediction file: there and back, its schema, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.records import ActionScores, SceneGraph, Video
from ag_core.results.prediction import FORMAT, VERSION, ModelUse, Prediction, describe_training
from ag_core.taxonomy import ACTIONS, N_ACTIONS, N_RELATIONS, OBJECTS, RELATIONS_OF_GROUP, Group

SCHEMA = json.loads((Path(__file__).parents[2] / "assets" / "prediction.schema.json").read_text())


def example(n_graphs: int = 3, n_objects: int = 2) -> Prediction:
    rng = np.random.default_rng(0)
    graphs = [
        SceneGraph(
            frame=6 * k + 6,
            time_s=(6 * k + 5) / 12,
            person_box_xyxy=None if k == 1 else np.array([10.04, 20, 60, 120]),
            person_score=0.0 if k == 1 else 0.91237,
            object_classes=rng.integers(1, 36, n_objects),
            object_boxes_xyxy=rng.uniform(0, 200, (n_objects, 4)),
            object_scores=rng.uniform(size=n_objects),
            relations=rng.uniform(size=(n_objects, N_RELATIONS)),
        )
        for k in range(n_graphs)
    ]
    times = [graph.time_s for graph in graphs]
    actions = tuple(
        ActionScores(
            model,
            rng.uniform(size=N_ACTIONS),
            np.array(times),
            rng.uniform(size=(len(times), N_ACTIONS)),
            np.arange(N_ACTIONS) < 20,
        )
        for model in ("lfb", "sgfb")
    )
    models = (ModelUse("reldn", "relations", "relation-demo", "ab" * 32, "home world"),)
    video = Video("clip", 12.0, 12.0, 480, 270, 144)
    return Prediction(video, "clip.mp4", "0f" * 32, models, 2.0, ("a note",), tuple(graphs), actions)


@pytest.mark.parametrize("prediction", [example(), example(n_objects=0), example(n_graphs=0)])
def test_the_file_fits_its_schema(prediction: Prediction) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(prediction.to_text()))


def test_the_schema_knows_the_taxonomy_and_the_version() -> None:
    assert SCHEMA["properties"]["format"]["const"] == FORMAT
    assert SCHEMA["properties"]["version"]["const"] == VERSION
    found = SCHEMA["$defs"]["object"]["properties"]
    assert found["class"]["enum"] == list(OBJECTS)
    for group in Group:
        assert list(found[group]["properties"]) == found[group]["required"] == list(RELATIONS_OF_GROUP[group])


def test_the_schema_refuses_what_is_missing_or_unknown() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA)
    ways: tuple[Callable[[dict[str, Any]], object], ...] = (
        lambda content: content.pop("notes"),
        lambda content: content["frames"][0]["objects"][0]["contact"].pop("eating"),
        lambda content: content["actions"]["lfb"].pop(),
        lambda content: content["video"].update(path="/somewhere"),
        lambda content: content["frames"][0].update(frame=0),
    )
    for spoil in ways:
        content = example().to_json()
        spoil(content)
        assert not check.is_valid(content)


def test_there_and_back(tmp_path: Path) -> None:
    before = example()
    before.save(tmp_path / "made" / "clip.json")
    after = Prediction.load(tmp_path / "made" / "clip.json")
    assert after.to_json() == before.to_json()
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["clip.json"]
    for one, two in zip(before.graphs(), after.graphs(), strict=True):
        np.testing.assert_array_equal(one.object_classes, two.object_classes)
        np.testing.assert_allclose(one.relations, two.relations, atol=5.1e-5)
        np.testing.assert_allclose(one.object_boxes_xyxy, two.object_boxes_xyxy, atol=0.051)
        assert (one.person_box_xyxy is None) == (two.person_box_xyxy is None)
    for name, scores in before.action_scores().items():
        np.testing.assert_allclose(scores.over_time, after.action_scores()[name].over_time, atol=5.1e-5)
        np.testing.assert_array_equal(scores.trained_on, after.action_scores()[name].trained_on)


def test_times_of_frames_that_are_not_evenly_spaced_travel(tmp_path: Path) -> None:
    made = example()
    times_s = np.concatenate([np.arange(100) / 12, 60 + np.arange(44) / 5])
    made = replace(made, video=replace(made.video, duration_s=68.7, frame_times_s=times_s))
    made.save(tmp_path / "clip.json")
    jsonschema.validate(made.to_json(), SCHEMA)
    clock = Prediction.load(tmp_path / "clip.json").video.clock
    assert clock is not None and clock.n_frames == 144
    np.testing.assert_allclose(clock.times_s, times_s, atol=1e-6)
    assert "frame_times_s" not in example().to_json()["video"]


@pytest.mark.parametrize("times_s", [[0.0] * 144, list(range(3)), "soon", [5.0, *range(6, 149)]])
def test_times_that_no_video_has_are_refused(times_s: object) -> None:
    content = example().to_json()
    content["video"]["frame_times_s"] = times_s
    with pytest.raises(UserError, match="damaged"):
        Prediction.from_json(content)


def test_all_actions_are_named_and_the_untrained_marked() -> None:
    rows = example().to_json()["actions"]["sgfb"]
    assert [(row["id"], row["label"]) for row in rows] == [(action.id, action.label) for action in ACTIONS]
    assert sum(row["trained"] for row in rows) == 20


def test_no_number_is_longer_than_it_means() -> None:
    text = example().to_text()
    assert "0.9124" in text and "0.91237" not in text
    assert "NaN" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "is not JSON"),
        ("[]", "is not a prediction"),
        ('{"format": "other"}', "is not a prediction"),
        (json.dumps({"format": FORMAT, "version": VERSION + 1}), "version"),
        (json.dumps({"format": FORMAT, "version": VERSION}), "damaged"),
    ],
)
def test_other_files_are_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        Prediction.load(path)


def spoil(*way: Any, value: Any) -> dict[str, Any]:
    """The example's content with one value replaced, found by its keys."""
    content = example().to_json()
    owner: Any = content
    for key in way[:-1]:
        owner = owner[key]
    owner[way[-1]] = value
    return content


BROKEN: list[tuple[tuple[Any, ...], Any]] = [
        *((("video", "fps"), value) for value in (0, -1, None, "12", True, 1e9, 1e-300)),
        *((("video", "id"), value) for value in ("", 5, None, "a/b", "\ud800", "A" * 201, "a\0b")),
        *((("video", "frames"), value) for value in (0, 144.5, "144", 10**8, 10**400)),
        *((("video", "width"), value) for value in (0, -480, None, 10**6)),
        *((("video", "duration_s"), value) for value in (0, -1, 1e9, "12")),
        (("video", "file"), None), (("video", "sha256"), 7), (("video",), []),
        (("models", 0, "name"), "\udfff"), (("models", 0, "role"), 3), (("models",), {}), (("models", 0), "reldn"),
        (("settings", "rate"), 0), (("notes",), "a note"), (("notes",), [7]),
        *((("frames", 0, "time_s"), value) for value in (-1, 4e7, None, "soon")),
        *((("frames", 0, "frame"), value) for value in (0, 1.5, 10**8, True)),
        *((("frames", 0, "person", "score"), value) for value in (72, -0.1, "0.9")),
        *((("frames", 0, "person", "box_xyxy"), box) for box in ([1, 2, 3], [1, 2, 3, "4"], [1, 2, 3, 1e300], "box")),
        *((("frames", 0, "objects", 0, "box_xyxy"), box) for box in ([], "", 0, [1, 2], list("1234"), [[1, 2, 3, 4]])),
        *((("frames", 0, "objects", 0, "score"), value) for value in (2, None, "0.5")),
        *((("frames", 0, "objects", 0, "class"), value) for value in ("dragon", "person", 7)),
        (("frames", 0, "objects", 0, "contact", "eating"), 1.5), (("frames", 0, "objects"), None), (("frames",), {}),
        (("actions", "sgfb", 0, "trained"), "False"), (("actions", "sgfb", 0, "trained"), 0),
        (("actions", "sgfb", 0, "score"), -1), (("actions", "sgfb", 0, "score"), "high"),
        (("actions_over_time", "times_s"), [-1, 2, 3]), (("actions_over_time", "sgfb"), [[2] * N_ACTIONS] * 3),
        (("actions",), []),
]  # fmt: skip
"""Values of a prediction's file that no later step can hold, by their keys."""


@pytest.mark.parametrize(("way", "value"), BROKEN)
def test_values_that_no_later_step_can_hold_are_refused(way: tuple[Any, ...], value: Any) -> None:
    assert Prediction.from_json(example().to_json()).video.video_id == "clip"
    with pytest.raises(UserError, match=r"this prediction is damaged \(.+\); make it anew"):
        Prediction.from_json(spoil(*way, value=value))


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA)
    # What a schema cannot say: half a pair of surrogates.
    written = [(way, value) for way, value in BROKEN if not (isinstance(value, str) and "\ud800" <= value <= "\udfff")]
    assert [(way, value) for way, value in written if check.is_valid(spoil(*way, value=value))] == []


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert Prediction.from_json(spoil("video", "frames", value=144.0)).video.n_frames == 144


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(spoil("video", "fps", value=float("nan"))), "not JSON .it holds NaN"),
        (json.dumps(spoil("frames", 0, "time_s", value=float("inf"))), "not JSON .it holds Infinity"),
        ("[" * 100_000, "nested too deeply"),
        ("{" + '"a": 1' + "0" * 5000 + "}", "not JSON"),
        (json.dumps(spoil("frames", 0, "time_s", value=-1)), "frame 6: time_s is -1, not a number from 0 to 1e"),
    ],
)
def test_a_text_that_breaks_a_reader_is_refused_with_its_reason(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.json"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        Prediction.load(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "clip.json"
    path.write_text(example().to_text(), encoding="utf-8-sig")
    assert Prediction.load(path).to_json() == example().to_json()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.json cannot be read"):
        Prediction.load(tmp_path / "none.json")


def test_graphs_out_of_order_are_refused() -> None:
    whole = example()
    with pytest.raises(ValueError, match="ascend"):
        Prediction(
            whole.video,
            whole.file,
            whole.sha256,
            whole.models,
            whole.rate,
            whole.notes,
            whole.frames[::-1],
            whole.actions,
        )


@pytest.mark.parametrize(
    ("trained_on", "said"),
    [
        (
            dict.fromkeys(("detector", "lfb"), "home world"),
            "this project's models, trained only on the synthetic home world",
        ),
        ({"detector": "charades-ag", "lfb": "charades-ag"}, "models trained on charades-ag"),
        (
            {"detector": "COCO", "clip": "home world", "lfb": "home world"},
            "models trained on COCO photographs (detector) and the synthetic home world (clip, lfb)",
        ),
        ({}, "models trained on data that the file does not name"),
    ],
)
def test_what_models_were_trained_on_in_words(trained_on: dict[str, str], said: str) -> None:
    uses = [ModelUse(role, role, "p", "0" * 64, data) for role, data in trained_on.items()]
    assert describe_training(uses) == said
