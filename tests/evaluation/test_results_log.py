"""The results log, old rows and new, and the documents whose numbers come from it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ag_core.__main__ import main
from ag_core.errors import UserError
from ag_core.evaluation.metrics import Counts, Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner, Protocol, Unit
from ag_core.evaluation.results_log import build_log_row, read_log
from ag_core.evaluation.results_tables import BLOCK, average_over_seeds, fill_tables
from ag_core.settings import ASSETS, PROJECT
from ag_core.taxonomy import Mode

LOG = PROJECT / "docs" / "results.jsonl"
RESULTS = PROJECT / "docs" / "results.md"

ORIGIN = Origin(Owner.YOURS, "mine", "val", seeds=(0,), command="evaluate actions")
METRIC = Metric(20.0, Protocol("video mAP", Unit.PERCENT, averaging=Averaging.CLASS), ORIGIN, Counts(9), model="SGFB")


def trained(seed: int, number: float) -> Metric:
    return replace(METRIC, number=number, origin=replace(ORIGIN, seeds=(seed,)))


def test_every_shipped_row_is_read() -> None:
    results = read_log(LOG)
    validator = Draft202012Validator(json.loads((ASSETS / "metric.schema.json").read_text()))
    for result in results:
        assert bool(result.metrics) != result.what.startswith("benchmark"), result.what
        for metric in result.metrics:
            validator.validate(metric.to_json())


def test_an_old_row_keeps_its_numbers_and_protocol() -> None:
    rows = {(r.what, r.metrics[0].origin.dataset): r for r in read_log(LOG) if r.metrics}
    metrics = rows["relations reldn sgdet", "home60"].metrics
    (recall,) = (
        m
        for m in metrics
        if (m.protocol.k, m.protocol.averaging, m.protocol.constraint)
        == (20, Averaging.VIDEO, Constraint.NO_CONSTRAINT)
    )
    start = '"relations reldn sgdet", "data": "home60"'
    logged = json.loads(next(line for line in LOG.read_text().splitlines() if start in line))
    assert recall.number == logged["metrics"]["no-constraint"]["video"]["R@20"]
    assert recall.protocol.mode is Mode.SGDET and recall.model == "reldn"
    assert recall.n == Counts(120, 300, triplets=7604) and recall.origin.seeds == (0,)
    real = rows["frequency prior on real Action Genome graphs, predcls", "ag-scene-graphs"].metrics[0]
    assert real.origin.owner is Owner.OURS_REAL and real.n.train_frames == 6220
    audit = rows["home world audit", "home60"].metrics
    assert next(m.model for m in audit if m.origin.split == "iid") == "chance"
    assert all(m.bounds for m in audit if m.model != "chance")


def test_a_new_row_is_read_back(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(build_log_row("actions", [METRIC, trained(1, 30)], {"classes": 4})) + "\n")
    (result,) = read_log(log)
    assert result.metrics == (METRIC, trained(1, 30)) and result.about == {"classes": 4} and result.what == "actions"


def test_a_log_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"\xff\x9e")
    with pytest.raises(UserError, match=r"log\.jsonl cannot be read"):
        read_log(tmp_path / "log.jsonl")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "{}",
        '{"what": "x", "date": "y", "metrics": [{"number": 3}]}',
        "[]",
        '{"what": "x", "date": {"value": "y"}, "metrics": {}}',
        '{"what": "detector", "date": "y", "metrics": {}}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(build_log_row("actions", [METRIC])) + "\n" + line + "\n")
    with pytest.raises(UserError, match=r"log\.jsonl, line 2"):
        read_log(log)


def test_trainings_become_their_mean() -> None:
    mean = average_over_seeds([trained(0, 20), trained(1, 30), trained(0, 20)])
    assert mean.number == 25 and mean.origin.seeds == (0, 1) and mean.number_of_seed == (20, 30)
    assert average_over_seeds([METRIC, METRIC]) == METRIC
    with pytest.raises(UserError, match="two numbers for one seed"):
        average_over_seeds([trained(0, 20), trained(1, 20), trained(1, 21)])
    with pytest.raises(UserError, match="differ in more than the seed"):
        average_over_seeds([METRIC, replace(trained(1, 20), n=Counts(8))])


REQUEST = '<!-- metrics {"rows": {"SGFB": "ours"}, "where": {"label": "video mAP"}, "columns": [{"split": "%s"}]} -->\n'


def test_tables_are_filled_and_stay_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, log = tmp_path / "doc.md", tmp_path / "log.jsonl"
    document.write_text(f"# Doc\n\n{REQUEST % 'val'}old\n<!-- end of metrics -->\n\nThe end.\n")
    log.write_text(json.dumps(build_log_row("actions", [METRIC])) + "\n")
    for _ in range(2):
        assert main(["fill-tables", str(document), "--log", str(log)]) == 0
        text = document.read_text()
        assert "| ours | 20.0 |" in text and "Yours; video mAP in %" in text and "old" not in text
        assert text.startswith("# Doc\n") and text.endswith("The end.\n")
    document.write_text(REQUEST % "iid" + "<!-- end of metrics -->")
    assert main(["fill-tables", str(document), "--log", str(log)]) == 1
    assert "the log has no number of SGFB" in capsys.readouterr().err
    assert main(["fill-tables", str(document), "--log", str(tmp_path / "none")]) == 1
    with pytest.raises(UserError, match="not by speed"):
        fill_tables((REQUEST % "val").replace("label", "speed") + "<!-- end of metrics -->", [])


def test_the_results_are_those_of_the_log() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) >= 11
    assert fill_tables(text, read_log(LOG)) == text, "fill it: python -m ag_core fill-tables docs/results.md --log ..."


OWNER = re.compile(r"ours on (the home world|real data)|\bpaper\b|\byours\b", re.IGNORECASE)
COUNT = re.compile(r"\d[\d,]* (videos|frames|boxes|triplets)|number of videos")


def tables_of(document: Path) -> list[tuple[str, str]]:
    """Every table that has a number in a cell, with the paragraph above it."""
    found, paragraphs = [], document.read_text(encoding="utf-8").split("\n\n")
    for above, block in zip(["", *paragraphs], paragraphs):
        if block.startswith("|") and re.search(r"\| *[+-]?\d", block.partition("\n")[2]):
            found.append((above, block))
    return found


@pytest.mark.parametrize("name", ["results.md", "home_world.md"])
def test_every_table_of_numbers_says_whose_how_and_how_many(name: str) -> None:
    tables = tables_of(PROJECT / "docs" / name)
    assert len(tables) >= 5
    for above, table in tables:
        said = f"{above}\n{table}"
        assert OWNER.search(said), f"whose numbers are these?\n{said[:500]}"
        assert COUNT.search(said), f"on how many videos or frames?\n{said[:500]}"
        assert "python -m ag_core" in re.sub(r"\s+", " ", said) or "counts over" in said, (
            f"by what command?\n{said[:500]}"
        )


def test_a_table_without_an_owner_is_found(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("Numbers:\n\n| model | mAP |\n| --- | --- |\n| LFB | 14.0 |\n\nText.\n")
    ((above, table),) = tables_of(document)
    assert not OWNER.search(above + table) and not COUNT.search(above + table)
