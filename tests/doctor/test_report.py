"""What the doctor says: words of every check, the funnel beside the published one, and reports in three forms."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from ag_core.annotations.readers.issues import Kind
from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check import POPULATIONS, Check, Severity
from ag_core.doctor.check_runner import CHECKS, PARTS, run_checks
from ag_core.doctor.funnel import NO_REFERENCE, NOT_COMPARABLE, compare_funnel, has_verdicts, load_published_counts
from ag_core.doctor.repairs import REPAIRS
from ag_core.doctor.report import format_report, make_report, write_report
from ag_core.errors import UserError
from tests.doctor.stores import CLEAN, store_of


def test_every_kind_of_issue_has_its_words() -> None:
    assert {kind.value for kind in Kind} == set(REPAIRS)
    ids = {check.id for check in CHECKS}
    assert {name for name in REPAIRS if name in ids} == {
        name for name, repair in REPAIRS.items() if repair.counted_by == name
    }
    assert {repair.counted_by for repair in REPAIRS.values()} - {""} <= ids


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_only_asks_and_says_what_to_do(check: Check) -> None:
    for query in filter(None, (check.rows, check.figures, POPULATIONS[check.of])):
        (statement,) = duckdb.extract_statements(query)
        assert statement.type == duckdb.StatementType.SELECT
    assert check.severity is not Severity.FINE and check.meaning.endswith(".") and check.remedy.endswith(".")
    assert check.title[0].isupper() and not check.title.endswith(".")


def test_parts_are_all_examined_once(clean: Path) -> None:
    said = []
    with AnnotationStore(clean) as store:
        run_checks(store, lambda part, done, total: said.append((part, done, total)))
    assert [part for part, _, _ in said[:-1]] == list(PARTS) and said[-1] == ("", len(PARTS), len(PARTS))


# The funnel


def test_the_funnel_of_a_part_is_not_compared(clean: Path) -> None:
    with AnnotationStore(clean) as store:
        table = compare_funnel(store)
        assert table["step"].tolist() == [step["step"] for step in load_published_counts()["steps"]]
        assert set(table["verdict"]) == {NOT_COMPARABLE, NO_REFERENCE} and not has_verdicts(table)
        kept = table.set_index("step").loc["Kept frames"]
        assert (kept["train"], kept["test"], kept["together"]) == (5, 5, 10)
        assert (kept["train_published"], kept["test_published"], kept["together_published"]) == (177330, 56923, 234253)
        small = compare_funnel(store, SMALL_SIDE).set_index("step").loc["Kept frames"]
        assert small["verdict"] == NO_REFERENCE and small["together"] == 10 and small["origin"] == ""


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        (7_985, 1_863, "equal"),
        (7_985, 0, "train equal"),
        (7_980, 1_863, "differs: train by -5, together by -5"),
        (4_000, 1_000, NOT_COMPARABLE),
    ],
)
def test_the_verdict_names_what_differs(train: int, test: int, verdict: str, clean: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(clean, tmp_path / "s.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table one as from videos limit 1; delete from videos")
        for split, count in (("train", train), ("test", test)):
            connection.execute(
                """insert into videos by name select one.* replace ((n + ?)::integer as video, ? as split)
                   from one, range(?) numbers(n)""",
                [10_000 * len(split), split, count],
            )
        connection.execute("drop table one")
    with AnnotationStore(path) as store:
        table = compare_funnel(store)
        assert table["verdict"].iloc[0] == verdict and has_verdicts(table) == (verdict != NOT_COMPARABLE)


def test_published_counts_add_up() -> None:
    steps = {step["id"]: step for step in load_published_counts()["steps"]}
    for step in steps.values():
        if step["train"] is not None:
            assert step["train"] + step["test"] == step["together"]
    for column in ("train", "test", "together"):
        kept, without = steps["frames_kept"][column], steps["frames_without_person"][column]
        assert kept + without == steps["frames_with_object"][column]
    assert steps["frames"]["together"] == (
        steps["frames_with_object"]["together"] + steps["frames_without_object"]["together"]
    )


# Reports


def test_the_report_in_three_forms(clean: Path, tmp_path: Path) -> None:
    with AnnotationStore(clean) as store:
        report = make_report(store, "s.duckdb")
    read = json.loads(format_report(report, "json"))
    assert read["counts"]["error"] == 0 and read["findings"][0]["id"] == "action-never"
    assert len(read["findings"][0]["rows"]) == 100 and read["findings"][0]["count"] == 156
    assert read["funnel"][0]["together"] == 2 and read["funnel"][0]["together_published"] == 9848
    text = format_report(report, "md")
    assert "### Actions that never occur: 156 of 157 action classes" in text and "and 146 more." in text
    assert "| Kept frames | 5 (177,330) | 5 (56,923) | 10 (234,253) | not comparable |" in text
    assert "<h3>Actions that never occur: 156 of 157 action classes</h3>" in format_report(report, "html")
    for ending in ("json", "md", "html"):
        write_report(report, tmp_path / "out" / f"report.{ending}")
        assert (tmp_path / "out" / f"report.{ending}").read_text(encoding="utf-8") == format_report(report, ending)
    assert len(list((tmp_path / "out").iterdir())) == 3
    with pytest.raises(UserError, match=r"\.json, \.md or \.html"):
        format_report(report, "pdf")


def test_text_of_strangers_stays_text(tmp_path: Path) -> None:
    row = CLEAN.replace("Kitchen", "<script>alert(1)</script>(|)")
    with AnnotationStore(store_of(tmp_path, row)) as store:
        report = make_report(store, "<b>s</b>")
    assert "<script>" not in format_report(report, "html") and "<b>s" not in format_report(report, "html")
    assert "(\\|)" in format_report(report, "md")
