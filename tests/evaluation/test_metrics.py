"""Metrics carry their protocol: no way to a bare float, there and back as JSON, one protocol a column."""

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ag_core.errors import UserError
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import FACTS, Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner, Protocol, Unit
from ag_core.settings import ASSETS
from ag_core.taxonomy import Mode

SCHEMA = json.loads((ASSETS / "metric.schema.json").read_text())

R20 = Protocol(
    "R", Unit.PERCENT, 20, Mode.PREDCLS, Constraint.WITH_CONSTRAINT, Averaging.FRAME, 25, details="overlap 0.5"
)
HOME = Origin(Owner.OURS_HOME, "home60", "val", "dense view", (0,), "evaluate relations --head reldn")
RECALL = Metric(67.71, R20, HOME, Counts(videos=120, frames=300, triplets=7604))
MAP = Metric(
    27.13,
    Protocol("video mAP", Unit.PERCENT, averaging=Averaging.CLASS),
    Origin(Owner.YOURS, "mine", "iid", seeds=(0, 1, 2), command="evaluate actions"),
    Counts(videos=60, classes=59, train_videos=400),
    Bounds(24.0, 31.25, "95 % bounds"),
    (27.8, 26.9, 26.7),
    "SGFB",
)
PAPER = Metric(49.37, R20, Origin(Owner.PAPER, "Action Genome", "test", source="Table 5"))
NOTHING = replace(RECALL, number=float("nan"))


@pytest.mark.parametrize("spec", [".1f", "d", ">10", "%"])
def test_a_metric_is_no_float(spec: str) -> None:
    with pytest.raises(TypeError):
        float(RECALL)  # type: ignore[arg-type]  # the checker refuses it as well
    with pytest.raises(TypeError, match="not a float"):
        format(RECALL, spec)
    with pytest.raises(TypeError):
        round(RECALL, 1)  # type: ignore[call-overload]  # the checker refuses it as well


def test_formatting_says_unit_and_owner() -> None:
    assert f"{RECALL}" == str(RECALL) == "67.7 % (ours on the home world)"
    assert f"{PAPER}" == "49.4 % (paper)"
    assert f"{NOTHING}" == "– % (ours on the home world)"


@pytest.mark.parametrize(
    ("unit", "number", "text"),
    [
        (Unit.PERCENT, 42.14, "42.1 %"),
        (Unit.POINTS, 1.25, "+1.2 points"),
        (Unit.RATIO, 0.224, "0.22"),
        (Unit.COUNT, 7604, "7,604"),
        (Unit.SECONDS, 2.345, "2.35 s"),
    ],
)
def test_units(unit: Unit, number: float, text: str) -> None:
    assert replace(RECALL, number=number, protocol=replace(R20, unit=unit)).format_number(with_unit=True) == text


@pytest.mark.parametrize("metric", [RECALL, MAP, PAPER])
def test_the_sentence_says_everything(metric: Metric) -> None:
    sentence = metric.format_sentence()
    assert list(metric.list_facts()) == [kind for kind in FACTS if kind in metric.list_facts()]
    for text in metric.list_facts().values():
        assert text in sentence or text == metric.list_facts()["measure"]
    assert str(metric.origin.owner) in sentence and metric.origin.split in sentence
    assert metric.origin.command in sentence and metric.origin.source in sentence


def test_the_short_form_says_whose_what_and_how_many() -> None:
    assert RECALL.format_short() == (
        "R@20 67.7 % (ours on the home world; PredCls, with constraint, home60 val dense view, 120 videos, 300 frames, "
        "7,604 triplets, seed 0)"
    )
    assert MAP.format_sentence().startswith("Video mAP of SGFB is 27.1 % (24.0 to 31.2), yours: ")
    assert MAP.format_number() == "27.1 (24.0 to 31.2)"
    assert replace(MAP, bounds=None).format_number() == "27.1 (27.8 / 26.9 / 26.7)"


@pytest.mark.parametrize("metric", [RECALL, MAP, PAPER])
def test_there_and_back_as_json(metric: Metric) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    row = json.loads(json.dumps(metric.to_json(), allow_nan=False))
    Draft202012Validator(SCHEMA).validate(row)
    assert Metric.from_json(row) == metric


def test_not_a_number_is_null() -> None:
    row = NOTHING.to_json()
    Draft202012Validator(SCHEMA).validate(row)
    assert row["number"] is None and Metric.from_json(row).format_number() == "–"


def changed(**changes: object) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(json.dumps(RECALL.to_json()))
    for path, value in changes.items():
        part, _, name = path.partition("__")
        target = row[part] if name else row
        if value is ...:
            del target[name or part]
        else:
            target[name or part] = value
    return row


@pytest.mark.parametrize(
    "row",
    [
        changed(number=...),
        changed(origin__owner=...),
        changed(origin__owner="somebody"),
        changed(origin__command=...),
        changed(origin__split=""),
        changed(protocol__unit="percent"),
        changed(protocol__mode="predicate"),
        changed(protocol__n_relations=27),
        changed(protocol__k=0),
        changed(protocol__speed=3),
        changed(n=...),
        changed(n__pictures=3),
        changed(more=1),
    ],
)
def test_what_is_no_metric_is_refused(row: dict[str, Any]) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(row)
    with pytest.raises(UserError, match="this is no metric"):
        Metric.from_json(row)


def test_the_schema_knows_the_fields() -> None:
    described = {name: set(part["properties"]) for name, part in SCHEMA["properties"].items() if "properties" in part}
    for name, kind in (("protocol", Protocol), ("origin", Origin), ("n", Counts), ("bounds", Bounds)):
        assert described[name] == set(kind.__dataclass_fields__), name
    assert set(SCHEMA["properties"]) == set(Metric.__dataclass_fields__)


def test_numbers_need_their_origin() -> None:
    with pytest.raises(ValueError, match="needs its source"):
        Origin(Owner.PAPER, "Charades", "val")
    with pytest.raises(ValueError, match="needs the command"):
        Origin(Owner.YOURS, "mine", "val")
    with pytest.raises(ValueError, match="give n"):
        replace(RECALL, n=Counts())
    with pytest.raises(ValueError, match="2 numbers for 1 seeds"):
        replace(RECALL, number_of_seed=(1.0, 2.0))


R50 = replace(R20, k=50)
FREQUENCY = replace(HOME, seeds=(), command="evaluate relations --head frequency")


def test_a_table_says_everything_once() -> None:
    table = MetricTable.from_rows(
        "head",
        {
            "RelDN": [RECALL, replace(RECALL, protocol=R50, number=78.7)],
            "frequency": [replace(RECALL, origin=FREQUENCY, number=64.5), None],
        },
    )
    assert table.to_markdown().splitlines() == [
        "Ours on the home world; PredCls; with constraint; mean over frames; 25 relationships; overlap 0.5; home60 val "
        "dense view; 120 videos, 300 frames, 7,604 triplets.",
        "",
        "| head | R@20 in % | R@50 in % | seeds | command |",
        "| --- | --- | --- | --- | --- |",
        "| RelDN | 67.7 | 78.7 | seed 0 | `python -m ag_core evaluate relations --head reldn` |",
        "| frequency | 64.5 | – |  | `python -m ag_core evaluate relations --head frequency` |",
    ]
    assert table.to_records()[1]["R@20 in %"] == "64.5"


def test_owners_in_one_column_are_told_apart() -> None:
    mine = replace(
        PAPER, number=50.0, origin=Origin(Owner.YOURS, "Action Genome", "test", command="x"), n=Counts(frames=9)
    )
    lines = MetricTable.from_rows("", {"RelDN": [PAPER], "RelDN, trained here": [mine]}).to_markdown().splitlines()
    assert lines[-2:] == [
        "| RelDN | 49.4 | paper |  | Table 5 |  |",
        "| RelDN, trained here | 50.0 | yours | 9 frames |  | `python -m ag_core x` |",
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(RECALL, protocol=R50),
        replace(RECALL, protocol=replace(R20, mode=Mode.SGDET)),
        replace(RECALL, protocol=replace(R20, constraint=Constraint.NO_CONSTRAINT)),
        replace(RECALL, protocol=replace(R20, averaging=Averaging.VIDEO)),
        replace(RECALL, protocol=replace(R20, n_relations=26)),
        replace(RECALL, origin=replace(HOME, split="iid")),
        replace(RECALL, origin=replace(HOME, truth="sparse view")),
        replace(RECALL, n=Counts(videos=120, frames=301, triplets=7604)),
        PAPER,
    ],
)
def test_no_column_mixes_protocols(other: Metric) -> None:
    assert not RECALL.is_comparable(other)
    with pytest.raises(UserError, match="do not belong into one column"):
        MetricTable.from_rows("head", {"a": [RECALL], "b": [other]})


def test_rows_of_a_table_have_one_length() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        MetricTable.from_rows("head", {"a": [RECALL], "b": []})
    with pytest.raises(ValueError, match="no number at all"):
        MetricTable.from_rows("head", {"a": [None]})
