"""The paper's printed numbers come back as metrics that say where they are printed."""

import json

import pytest

from ag_core.evaluation.graph_recall import build_recall_protocol
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.paper_results import read_paper_table, read_paper_totals
from ag_core.evaluation.protocol import Averaging, Constraint, Owner
from ag_core.settings import ASSETS
from ag_core.taxonomy import Mode

PRINTED = json.loads((ASSETS / "paper_results.json").read_text())


def metrics_of(number: int) -> list[Metric]:
    return [metric for _, row in read_paper_table(PRINTED, number).rows for metric in row if metric is not None]


def test_totals_say_whose_they_are() -> None:
    totals = read_paper_totals(PRINTED)
    assert str(totals["frames"]) == "234,253 (paper)" and str(totals["relations"]) == "1,715,568 (paper)"
    assert totals["action_classes"].protocol.label == "action classes"


@pytest.mark.parametrize("number", [3, 4, 5])
def test_every_printed_number_is_there_and_the_papers(number: int) -> None:
    printed = [value for row in PRINTED[f"table_{number}"] for value in row.values() if isinstance(value, float)]
    metrics = metrics_of(number)
    assert [metric.number for metric in metrics] == printed
    assert all(m.origin.owner is Owner.PAPER and m.origin.source == f"Table {number}" for m in metrics)
    assert len({metric.protocol for metric in metrics}) == {3: 1, 4: 3, 5: 12}[number]
    assert read_paper_table(PRINTED, number).format_caption().startswith("Paper; ")


def test_table_5_is_told_by_mode_averaging_and_k() -> None:
    (best,) = (m for m in metrics_of(5) if m.model == "RelDN" and m.protocol.k == 20 and m.number == 34.92)
    assert best.protocol.mode is Mode.SGDET and best.protocol.averaging is Averaging.VIDEO
    assert "SGDet" in best.format_sentence() and "Table 5" in best.format_sentence()
    ours = build_recall_protocol(20, Mode.SGDET, Constraint.ONE_PER_DIRECTION, Averaging.VIDEO)
    assert ours != best.protocol, "the paper says neither constraint nor overlap: its numbers share no column with ours"


def test_other_tables_hold_no_results() -> None:
    with pytest.raises(ValueError, match="Table 1 holds no results"):
        read_paper_table(PRINTED, 1)
