"""The register of published numbers: each carries its protocol and source, and contradictions are marked."""

import json

from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Owner
from ag_core.evaluation.published_results import PublishedNumber, Reading, read_published_results
from ag_core.settings import ASSETS
from ag_core.taxonomy import Mode

REGISTER = json.loads((ASSETS / "published_scene_graphs.json").read_text(encoding="utf-8"))
NUMBERS = read_published_results(REGISTER)


def find(method: str, name: str, k: int, mode: Mode, constraint: Constraint) -> list[PublishedNumber]:
    return [
        number
        for number in NUMBERS
        if number.metric.model == method
        and (number.metric.protocol.name, number.metric.protocol.k) == (name, k)
        and (number.metric.protocol.mode, number.metric.protocol.constraint) == (mode, constraint)
    ]


def test_every_printed_number_is_there_with_its_protocol() -> None:
    printed = [value for row in REGISTER["rows"] for value in row["values"].values()]
    assert [number.metric.number for number in NUMBERS] == printed and len(printed) > 100
    for number in NUMBERS:
        metric = number.metric
        assert metric.origin.owner is Owner.OTHER_PAPER and metric.origin.source
        assert metric.protocol.n_relations == 26 and 0 < metric.number <= 100
        assert metric.protocol.averaging is {"R": Averaging.FRAME, "mR": Averaging.RELATION}[metric.protocol.name]
        assert Metric.from_json(metric.to_json()) == metric


def test_contradictions_between_papers_are_marked_on_all_sides() -> None:
    tempura = find("TEMPURA", "mR", 10, Mode.SGDET, Constraint.WITH_CONSTRAINT)
    assert sorted(number.metric.number for number in tempura) == [15.5, 18.5, 22.6]
    assert all(len(number.disagreements) == 2 for number in tempura)
    reldn = find("RelDN", "R", 10, Mode.PREDCLS, Constraint.WITH_CONSTRAINT)
    (lone,) = [number for number in reldn if number.metric.number == 20.3]
    assert lone.disagreements == ("66.3 in: result tables of later papers", "66.3 in: paper of GTR (IJCAI 2023)")
    oed = find("OED", "R", 20, Mode.SGDET, Constraint.NO_CONSTRAINT)
    assert {number.reading for number in oed} == {Reading.NOTES, Reading.REPOSITORY}
    assert not any(number.disagreements for number in oed)


def test_numbers_of_different_protocols_share_no_column() -> None:
    with_constraint = find("STTran", "R", 20, Mode.SGDET, Constraint.WITH_CONSTRAINT)[0].metric
    other_method = find("GTR", "R", 20, Mode.SGDET, Constraint.WITH_CONSTRAINT)[0].metric
    without = find("STTran", "R", 20, Mode.SGDET, Constraint.NO_CONSTRAINT)[0].metric
    assert MetricTable.from_rows("method", {"STTran": [with_constraint], "GTR": [other_method]}).rows
    assert not with_constraint.is_comparable(without)
