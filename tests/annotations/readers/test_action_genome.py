"""The Action Genome reader: boxes, spellings and contradictions by hand, then the verbatim records."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_core.annotations.readers.action_genome import OTHER_BIT, RELATION_FIELDS, ActionGenomeTable, read_action_genome
from ag_core.annotations.readers.clipping import clip_to_frame_sizes
from ag_core.annotations.readers.issues import Kind
from ag_core.errors import UserError
from ag_core.taxonomy import find_object_index, find_relation_index
from tests.annotations.released import SHARED, object_entry, person_entry, write_release

BOX = ["x1", "y1", "x2", "y2"]


def relations_of(mask: int) -> list[int]:
    return [bit for bit in range(OTHER_BIT + 1) if mask >> bit & 1]


Box = tuple[float, float, float, float]


def kinds_of(table: ActionGenomeTable) -> list[Kind]:
    return [issue.kind for issue in table.issues]


def test_boxes_become_corners_inside_the_picture(tmp_path: Path) -> None:
    objects = {"AB1CD.mp4/000007.png": [object_entry("cup/glass/bottle", (460, -5, 40, 25)), object_entry("bag")]}
    table = read_action_genome(write_release(tmp_path, objects))
    assert table.objects[BOX].values.tolist() == [[460, 0, 480, 20], [10, 20, 40, 60]]
    person = table.frames.iloc[0]
    assert [person[f"person_{side}"] for side in BOX] == [10, 20, 110, 220]
    assert kinds_of(table) == [Kind.BOX_CLIPPED]
    assert "'cup/glass/bottle' (460.0, -5.0, 500.0, 20.0)" in table.issues[0].reason
    assert (person["width"], person["height"], person["split"], person["frame"]) == (480, 270, "train", 7)


@pytest.mark.parametrize(
    ("box", "size", "expected", "changed"),
    [
        ((-5, 5, 20, 30), (10, 20), (0, 5, 10, 20), True),
        ((1, 5, 10.000001, 20), (10, 20), (1, 5, 10, 20), False),
        ((10, 0, 12, 5), (10, 20), None, False),
        ((4, 4, 4, 9), (10, 20), None, False),
        ((9, 4, 4, 9), (10, 20), None, False),
        ((1, 2, 30, 40), (np.nan, np.nan), (1, 2, 30, 40), False),
        ((1, 2, np.inf, 40), (np.nan, np.nan), None, False),
        ((np.nan, 2, 30, 40), (100, 100), None, False),
    ],
)
def test_clipping(box: Box, size: tuple[float, float], expected: Box | None, changed: bool) -> None:
    clipped = clip_to_frame_sizes(np.array([box, (1, 1, 2, 2)], float), np.array([size, (5, 5)], float))
    assert clipped.inside.tolist() == [expected is not None, True] and clipped.changed.tolist() == [changed, False]
    assert np.array_equal(clipped.boxes[0], np.full(4, np.nan) if expected is None else expected, equal_nan=True)
    assert len(clip_to_frame_sizes(np.zeros((0, 4)), np.zeros((0, 2))).boxes) == 0


def test_frames_and_relations_are_in_order_and_every_spelling_is_known(tmp_path: Path) -> None:
    objects = {
        "EF2GH.mp4/000003.png": [],
        "AB1CD.mp4/000100.png": [
            object_entry("phonecamera", contacting_relationship=["writing_on", "holding", "other_relationship"])
        ],
        "AB1CD.mp4/000009.png": [object_entry("phone/camera", spatial_relationship=["infrontof", "on the side of"])],
    }
    table = read_action_genome(write_release(tmp_path, objects))
    assert table.frames[["video_id", "frame"]].values.tolist() == [["AB1CD", 9], ["AB1CD", 100], ["EF2GH", 3]]
    assert set(table.objects["class"]) == {find_object_index("phone/camera")}
    of_second = relations_of(table.objects["relation_mask"][1])
    assert of_second == [*map(find_relation_index, ("looking_at", "in_front_of", "holding", "writing_on")), OTHER_BIT]
    assert relations_of(table.objects["relation_mask"][0])[1:3] == [
        find_relation_index("in_front_of"), find_relation_index("on_the_side_of"),
    ]  # fmt: skip
    assert not table.issues


def test_invisible_objects_have_no_box_and_no_relation(tmp_path: Path) -> None:
    table = read_action_genome(
        write_release(tmp_path, {"AB1CD.mp4/000001.png": [object_entry("light", visible=False)]})
    )
    assert table.objects["visible"].tolist() == [False] and table.objects[BOX].isna().all(axis=None)
    assert table.objects["relation_mask"].tolist() == [0] and not table.issues


def test_contradictions_are_repaired_and_listed(tmp_path: Path) -> None:
    hidden_box = object_entry("bag") | {"visible": False}
    no_box = object_entry("bed") | {"bbox": None}
    objects = {
        "AB1CD.mp4/000001.png": [hidden_box, no_box, object_entry("box", (500, 10, 20, 20))],
        "AB1CD.mp4/000002.png": [
            object_entry("dragon"),
            object_entry("person"),
            "nothing",
            object_entry("book", "none"),
        ],
        "AB1CD.mp4/000003.png": [object_entry("door"), object_entry("door", (5, 5, 10, 10))],
        "AB1CD.mp4/000004.png": [object_entry("dish", contacting_relationship=["holding", "hugging", "holding"])],
        "strange name": [object_entry("dish")],
        7: [],
    }
    two = person_entry() | {
        "bbox": np.array([[0, 0, 5, 5], [1, 1, 9, 9]], np.float32),
        "bbox_score": np.array([0.2, 0.8]),
    }
    persons = {key: person_entry() for key in objects} | {
        "AB1CD.mp4/000003.png": two,
        "AB1CD.mp4/000004.png": person_entry((5, 5, 5, 9)),
        "AB1CD.mp4/000005.png": person_entry(None),
    }
    table = read_action_genome(write_release(tmp_path, objects, persons))
    assert table.frames["frame"].tolist() == [1, 2, 3, 4, 5]
    assert table.objects["visible"].tolist() == [False, False, False, False, True, True, True]
    assert table.frames["person_x1"].tolist()[:3] == [10, 10, 1] and table.frames["person_x1"].isna()[3:].all()
    said = " | ".join(issue.reason for issue in table.issues)
    parts = (
        "not visible but has a box", "visible but has no box", "no area", "'dragon'", "'person'", "four numbers",
        "twice", "'hugging'", "its name is not like", "2 person boxes", "person box without an area", "without objects",
    )  # fmt: skip
    for part in parts:
        assert part in said, part


def test_without_the_person_file_nobody_is_found(tmp_path: Path) -> None:
    write_release(tmp_path, {"AB1CD.mp4/000001.png": [object_entry("bag", (-5, 0, 10, 10))]})
    (tmp_path / "person_bbox.pkl").unlink()
    table = read_action_genome(tmp_path)
    assert table.frames["person_x1"].isna().all()
    assert kinds_of(table) == [Kind.FILE_MISSING, Kind.BOX_CLIPPED]
    assert table.objects[BOX].values.tolist() == [[0, 0, 5, 10]]


@pytest.mark.parametrize(
    ("change", "kind", "visible"),
    [
        ({"visible": np.bool_(True)}, None, True),
        ({"visible": np.array([True, False])}, Kind.VISIBILITY_UNREADABLE, True),
        ({"visible": "maybe"}, Kind.VISIBILITY_UNREADABLE, True),
        ({"visible": "True"}, Kind.VISIBILITY_UNREADABLE, True),
        ({"visible": None}, Kind.VISIBILITY_UNREADABLE, True),
        ({"visible": 1}, None, True),
        ({"visible": 2}, Kind.VISIBILITY_UNREADABLE, True),
        ({"metadata": {"set": "Train "}}, None, True),
        ({"metadata": {"set": "val"}}, Kind.SPLIT_UNREADABLE, True),
        ({"bbox": ("1", "2", "3", "4")}, Kind.BOX_MALFORMED, False),
        ({"bbox": "1234"}, Kind.BOX_MALFORMED, False),
        ({"bbox": (1, 2, True, 4)}, Kind.BOX_MALFORMED, False),
        ({"bbox": {1, 2, 3, 4}}, Kind.BOX_MALFORMED, False),
        ({"bbox": {1: 1, 2: 2, 3: 3, 4: 4}}, Kind.BOX_MALFORMED, False),
        ({"bbox": np.array(["1", "2", "3", "4"])}, Kind.BOX_MALFORMED, False),
        ({"bbox": np.array([1, 2, 3, 4])}, None, True),
        ({"bbox": (1, 2, 1e300, 4)}, Kind.BOX_OUTSIDE, False),
        ({"spatial_relationship": {"in": True}}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"spatial_relationship": np.array([["in"]])}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"attention_relationship": ["behind"]}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"spatial_relationship": ["other_relationship"]}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"spatial_relationship": [b"in"]}, Kind.RELATIONSHIP_UNKNOWN, True),
        ({"spatial_relationship": [10**5000]}, Kind.RELATIONSHIP_UNKNOWN, True),
        ({"metadata": None}, None, True),
        ({"metadata": "train"}, Kind.SPLIT_UNREADABLE, True),
        ({"metadata": np.float64(1)}, Kind.SPLIT_UNREADABLE, True),
        ({"metadata": {"set": 3}}, Kind.SPLIT_UNREADABLE, True),
        ({"metadata": {"set": "\ud800"}}, Kind.SPLIT_UNREADABLE, True),
        ({"bbox": 7}, Kind.BOX_MALFORMED, False),
        ({"bbox": (1, 2, 3)}, Kind.BOX_MALFORMED, False),
        ({"bbox": (1, 2, 3, "x")}, Kind.BOX_MALFORMED, False),
        ({"bbox": (1, 2, 3, 10**400)}, Kind.BOX_MALFORMED, False),
        ({"bbox": (np.nan,) * 4}, Kind.BOX_OUTSIDE, False),
        ({"bbox": (0, 0, -5, 5)}, Kind.BOX_OUTSIDE, False),
        ({"spatial_relationship": "in_front_of"}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"spatial_relationship": 7}, Kind.RELATIONSHIPS_MALFORMED, True),
        ({"spatial_relationship": [["in"]]}, Kind.RELATIONSHIP_UNKNOWN, True),
        ({"spatial_relationship": [None, "in"]}, Kind.RELATIONSHIP_UNKNOWN, True),
    ],
)
def test_every_malformed_object_is_survived(
    change: dict[str, object], kind: Kind | None, visible: bool, tmp_path: Path
) -> None:
    table = read_action_genome(write_release(tmp_path, {"AB1CD.mp4/000001.png": [object_entry("bag") | change]}))
    assert table.objects["visible"].tolist() == [visible]
    assert kinds_of(table) == ([] if kind is None else [kind])
    held = relations_of(table.objects["relation_mask"][0])
    assert (find_relation_index("holding") in held) == visible


def test_hidden_objects_keep_neither_box_nor_relationships(tmp_path: Path) -> None:
    hidden = object_entry("bag") | {"visible": False}
    table = read_action_genome(write_release(tmp_path, {"AB1CD.mp4/000001.png": [hidden]}))
    assert table.objects["relation_mask"].tolist() == [0] and table.objects["x1"].isna().all()
    assert kinds_of(table) == [Kind.HIDDEN_WITH_BOX, Kind.HIDDEN_WITH_RELATIONSHIPS]


@pytest.mark.parametrize("entries", [None, 7, "text", {"class": "bag"}, (object_entry("bag"),)])
def test_a_frame_that_is_no_list_is_kept_without_objects(entries: object, tmp_path: Path) -> None:
    table = read_action_genome(write_release(tmp_path, {"AB1CD.mp4/000001.png": entries}))
    assert (len(table.frames), len(table.objects), kinds_of(table)) == (1, 0, [Kind.FRAME_UNREADABLE])


@pytest.mark.parametrize(
    ("person", "kinds", "x1"),
    [
        (None, [Kind.PERSON_UNREADABLE], np.nan),
        ([], [Kind.PERSON_UNREADABLE], np.nan),
        ({}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox_size": (0, 270)}, [Kind.PERSON_UNREADABLE], 10),
        (person_entry() | {"bbox_size": None}, [Kind.PERSON_UNREADABLE], 10),
        (person_entry() | {"bbox_size": ("x", "y")}, [Kind.PERSON_UNREADABLE], 10),
        (person_entry() | {"bbox_size": ("480", "270")}, [Kind.PERSON_UNREADABLE], 10),
        (person_entry() | {"bbox_mode": "cxcywh"}, [Kind.PERSON_BOX_CLIPPED], 0),
        (person_entry() | {"bbox_mode": "XYWH"}, [], 10),
        (person_entry() | {"bbox_mode": "ltrb"}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox_mode": 1}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": [["10", "20", "110", "220"]]}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": np.array([["10", "20", "110", "220"]])}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": np.ones((1, 5))}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": np.ones((2, 8))}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": [10, 20, 110, 220]}, [], 10),
        (person_entry() | {"bbox": 7}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox_score": np.array([np.nan])}, [Kind.PERSON_SCORES], 10),
        (person_entry() | {"bbox_score": np.array([72.0])}, [Kind.PERSON_SCORES], 10),
        (person_entry() | {"bbox_score": ["best"]}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": [1, 2, 3]}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": "none"}, [Kind.PERSON_UNREADABLE], np.nan),
        (person_entry() | {"bbox": [[10, 20, 110, 220]], "bbox_score": None}, [], 10),
        (person_entry() | {"bbox_score": [1, 2, 3]}, [Kind.PERSON_SCORES], 10),
        (person_entry() | {"bbox_mode": "xywh"}, [], 10),
        (person_entry((np.nan,) * 4), [Kind.PERSON_BOX_OUTSIDE], np.nan),
        (person_entry((-9, 20, 110, 220)), [Kind.PERSON_BOX_CLIPPED], 0),
        (person_entry(None), [], np.nan),
    ],
)
def test_every_malformed_person_is_survived(person: object, kinds: list[Kind], x1: float, tmp_path: Path) -> None:
    key = "AB1CD.mp4/000001.png"
    table = read_action_genome(write_release(tmp_path, {key: [object_entry("bag")]}, {key: person}))
    assert kinds_of(table) == kinds and len(table.objects) == 1
    assert np.array_equal(table.frames["person_x1"], [x1], equal_nan=True)


def test_a_score_that_is_no_number_does_not_win(tmp_path: Path) -> None:
    several = person_entry() | {
        "bbox": np.array([[0, 0, 5, 5], [1, 1, 9, 9], [2, 2, 8, 8], [3, 3, np.nan, 9]], np.float32),
        "bbox_score": np.array([np.nan, 0.2, 0.5, 0.9]),
    }
    key = "AB1CD.mp4/000001.png"
    table = read_action_genome(write_release(tmp_path, {key: []}, {key: several}))
    assert table.frames[["person_x1", "person_score"]].values.tolist() == [[2, 0.5]]
    assert kinds_of(table) == [Kind.PERSON_SCORES, Kind.PERSONS_SEVERAL]


@pytest.mark.parametrize("entry", [np.float64(2.5), np.float32("nan"), np.arange(3), 7, None, "bag", [], np.int64(7)])
def test_an_object_that_is_no_dictionary_is_left_out(entry: object, tmp_path: Path) -> None:
    table = read_action_genome(write_release(tmp_path, {"AB1CD.mp4/000001.png": [entry, object_entry("bag")]}))
    assert len(table.objects) == 1 and kinds_of(table) == [Kind.OBJECT_UNKNOWN]


def test_an_object_is_read_alike_whatever_else_its_frame_holds(tmp_path: Path) -> None:
    arrays = object_entry("bag", contacting_relationship=np.array(["holding"]))
    objects = {
        "AB1CD.mp4/000001.png": [arrays],
        "AB1CD.mp4/000031.png": [arrays | {"visible": np.bool_(True)}],
        "AB1CD.mp4/000061.png": [object_entry("bag")],
        "AB1CD.mp4/000091.png": [object_entry("bag") | {"visible": "False"}],
    }
    table = read_action_genome(write_release(tmp_path, objects))
    assert table.objects["relation_mask"].tolist()[:3] == [table.objects["relation_mask"][2]] * 3
    assert table.objects["visible"].tolist() == [True, True, True, False]
    assert kinds_of(table) == [Kind.VISIBILITY_UNREADABLE, Kind.HIDDEN_WITH_BOX, Kind.HIDDEN_WITH_RELATIONSHIPS]


def test_blanks_around_an_id_are_none_of_it(tmp_path: Path) -> None:
    names = (" AB1CD.mp4/000001.png", "AB1CD .mp4/000002.png", " .mp4/000003.png", "my clip.mp4/000004.png")
    table = read_action_genome(write_release(tmp_path, {name: [] for name in names}, {}))
    assert table.frames["video_id"].tolist() == ["AB1CD", "AB1CD", "my clip"]
    assert kinds_of(table).count(Kind.FRAME_NAME) == 1


def test_frames_that_no_video_has(tmp_path: Path) -> None:
    names = ("AB1CD.mp4/9999999.png", "AB1CD.mp4/10000000.png", "AB1CD.mp4/00\u0661.png", "A" * 300 + ".mp4/000001.png")
    table = read_action_genome(write_release(tmp_path, {name: [] for name in names}, {}))
    assert table.frames["frame"].tolist() == [9_999_999] and kinds_of(table).count(Kind.FRAME_NAME) == 3


def test_names_of_frames(tmp_path: Path) -> None:
    objects: dict[object, list[object]] = {
        "AB1CD.mp4/000001.png": [], "AB1CD.mp4/1.jpg": [], "AB1CD.mkv/000002.png": [], "AB1CD.mp4/000000.png": [],
        "A/B.mp4/000003.png": [], "\ud800.mp4/000004.png": [], ".mp4/000005.png": [], b"AB1CD.mp4/000006.png": [],
    }  # fmt: skip
    table = read_action_genome(write_release(tmp_path, objects, {}))
    assert table.frames[["video_id", "frame"]].values.tolist() == [["AB1CD", 1], ["AB1CD", 2]]
    assert [kinds_of(table).count(kind) for kind in (Kind.FRAME_TWICE, Kind.FRAME_NAME)] == [1, 5]
    assert kinds_of(table).count(Kind.FRAME_WITHOUT_PERSON) == 2


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["bag", "in", "holding"]),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("class", "bbox", "visible", "metadata", *RELATION_FIELDS)
object_like = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, plain) | {"class": st.just("bag") | plain})
person_like = st.fixed_dictionaries({}, optional=dict.fromkeys(("bbox", "bbox_score", "bbox_size", "bbox_mode"), plain))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(entries=st.lists(object_like | plain, max_size=5) | plain, person=person_like | plain)
def test_nothing_is_dropped_silently_whatever_a_record_holds(entries: object, person: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        key = "AB1CD.mp4/000001.png"
        write_release(Path(folder), {key: entries}, {key: person})
        table = read_action_genome(Path(folder))
    assert len(table.frames) == 1
    if isinstance(entries, list):
        assert len(entries) == len(table.objects) + kinds_of(table).count(Kind.OBJECT_UNKNOWN)
    else:
        assert kinds_of(table).count(Kind.FRAME_UNREADABLE) == 1
    assert np.isfinite(table.objects.loc[table.objects["visible"], BOX]).all(axis=None)


def test_no_frames_is_an_ordinary_release(tmp_path: Path) -> None:
    table = read_action_genome(write_release(tmp_path, {}))
    assert len(table.frames) == len(table.objects) == len(table.issues) == 0


def test_other_things_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        read_action_genome(tmp_path)
    write_release(tmp_path, {})
    (tmp_path / "object_bbox_and_relationship.pkl").write_bytes(b"\x80\x04]\x94.")
    with pytest.raises(UserError, match="holds a list"):
        read_action_genome(tmp_path)


def test_the_verbatim_records(tmp_path: Path) -> None:
    path = SHARED / "ag-annotation-samples" / "ag_schema_samples.json"
    if not path.is_file():
        pytest.skip("needs the verbatim Action Genome records in ../shared/data")
    samples = json.loads(path.read_text())
    objects = samples["object_bbox_and_relationship"]
    persons = {
        key: entry | {"bbox": np.array(entry["bbox"], np.float32).reshape(-1, 4)}
        for key, entry in samples["person_bbox"].items()
    }
    table = read_action_genome(write_release(tmp_path, objects, persons))
    frames = table.frames
    assert set(frames["video_id"]) == {"Q8XEE", "50N4E", "E546V", "001YG"}
    assert frames.groupby("video_id")["frame"].apply(lambda numbers: numbers.is_monotonic_increasing).all()
    assert len(table.objects) == sum(map(len, objects.values()))
    assert table.objects["visible"].sum() == sum(entry["visible"] for entries in objects.values() for entry in entries)
    sofa = table.objects[table.objects["class"] == find_object_index("sofa/couch")].iloc[0]
    assert sofa[BOX].tolist() == pytest.approx([57.0714, 226.5, 269.5047, 359.0], abs=1e-3)
    of_sofa = relations_of(int(sofa["relation_mask"]))
    names = ("not_looking_at", "behind", "beneath", "on_the_side_of", "in_front_of", "sitting_on")
    assert of_sofa == sorted(map(find_relation_index, names))
    seen = frames[frames["video_id"] == "001YG"]
    assert seen["width"].tolist() == [480] * len(seen) and seen["height"].tolist() == [270] * len(seen)
