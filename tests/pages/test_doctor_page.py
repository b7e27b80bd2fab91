"""The Doctor page and its command: what they show of sound and of faulty data, by link, and how the command ends."""

import json
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check_runner import run_checks
from ag_core.settings import SHOWCASE, settings
from ag_core.ui import cached, cached_doctor
from tests.annotations.released import object_entry, write_release
from tests.pages.test_pages import notes, open_page

PAGE = "pages/10_Doctor.py"
HIDDEN = 130


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with many hidden objects, one contradiction, and an interval outside its video."""
    folder = tmp_path_factory.mktemp("faulty")
    frames = {f"AB1CD.mp4/{number:06d}.png": [object_entry("bed", visible=False)] for number in range(1, HIDDEN + 1)}
    frames["AB1CD.mp4/000200.png"] = [
        object_entry("cup/glass/bottle", contacting_relationship=["holding", "not_contacting"])
    ]
    (folder / "rates.csv").write_text("video,fps\nAB1CD,10\n")
    (folder / "Charades_v1_train.csv").write_text(
        "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\n"
        "AB1CD,S001,Kitchen,6,7,Yes,A person drinks.,cup,He drinks.,c107 0.00 10.00,30.00\n"
    )
    path = folder / "faulty.duckdb"
    build_store(path, folder, write_release(folder / "annotations", frames), rates=folder / "rates.csv")
    with duckdb.connect(str(path)) as connection:
        connection.execute("update action_intervals set end_ms = 90000")
    return path


@pytest.fixture
def opened(faulty: Path, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app opens the faulty store."""
    monkeypatch.setenv("AG_STORE", str(faulty))
    settings.cache_clear()
    return faulty


def headings(app: AppTest) -> list[str]:
    return [heading.value.partition(":")[0] for heading in app.header]


def labels(app: AppTest) -> list[str]:
    return [box.label.partition(" :gray")[0] for box in app.expander]


def test_the_page_shows_errors_first_and_no_rows_unasked(opened: Path) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert headings(app) == ["The funnel", "Findings", "Errors", "Warnings", "Notes", "Fine"]
    assert "1 error" in app.markdown[0].value and "1 warning]" in app.markdown[0].value
    assert labels(app)[:2] == ["Intervals outside their video in the store", "Objects both touched and not contacted"]
    assert len(app.dataframe) == 1  # the funnel alone
    funnel = app.dataframe[0].value.set_index("step")
    assert funnel.loc["Kept frames", "train"] == 1 and funnel.loc["Kept frames", "train_published"] == 177_330
    # A part of the data: one sentence says that nothing is compared, instead of a column that says it in every row.
    assert "verdict" not in funnel and "None of these counts is compared" in notes(app)


def test_a_link_opens_findings_and_pages_through_their_rows(opened: Path) -> None:
    app = open_page(PAGE, **{"hidden-objects": "true", "page_hidden-objects": "2"})
    rows = app.dataframe[1].value
    assert rows["frame"].tolist() == list(range(101, HIDDEN + 1)) and set(rows["video_id"]) == {"AB1CD"}
    assert f"Rows 101 to {HIDDEN} of {HIDDEN}" in notes(app)
    assert len(cached_doctor.load_finding_rows(cached.get_store_key(), "hidden-objects", None, 0)) == HIDDEN
    app = open_page(PAGE, **{"contact-contradiction": "true"})
    assert app.dataframe[1].value["time_s"].tolist() == [19.9]
    assert any(text.value.startswith("**What to do.**") for text in app.markdown)


def test_areas_by_link_and_by_click(opened: Path) -> None:
    app = open_page(PAGE, area="Charades")
    assert "Objects both touched and not contacted" not in labels(app)
    assert "Intervals outside their video in the store" in labels(app)
    app.button_group(key="area").set_value(["Action Genome"]).run()
    assert not app.exception
    assert labels(app)[0] == "Objects both touched and not contacted"


def test_small_objects_may_be_left_out_of_the_funnel(opened: Path) -> None:
    app = open_page(PAGE, small="true")
    assert not app.exception
    assert "Nothing is published for this filter" in notes(app)
    assert "train_published" in app.dataframe[0].value  # Charades rows are the same with any filter


def test_the_report_is_what_the_buttons_give(opened: Path) -> None:
    open_page(PAGE)
    key = cached.get_store_key()
    assert json.loads(cached_doctor.make_doctor_report(key, "json"))["counts"]["error"] == 1
    assert "# Doctor's report" in cached_doctor.make_doctor_report(key, "md")
    assert cached_doctor.make_doctor_report(key, "html").startswith("<!doctype html>")


def test_home_points_to_the_doctor(opened: Path) -> None:
    app = open_page("app.py")
    assert not app.exception
    assert any("see the doctor" in link.proto.label for link in app.get("page_link"))


def test_the_command_reports_and_is_strict_where_asked(
    faulty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(faulty), "--out", str(tmp_path / "r" / "report.json")]) == 0
    said = capsys.readouterr()
    assert "error    Intervals outside their video in the store: 1 of 1 intervals." in said.out
    assert "Kept frames" in said.out and "1 error, 1 warning" in said.out
    assert all(line.startswith("checking: ") for line in said.err.splitlines())
    assert json.loads((tmp_path / "r" / "report.json").read_text())["counts"]["error"] == 1
    assert main(["doctor", str(faulty), "--strict"]) == 1
    assert "1 of the doctor's checks found errors" in capsys.readouterr().err
    assert main(["doctor", str(faulty), "--out", "report.pdf"]) == 1
    assert "ending in .json, .md or .html" in capsys.readouterr().err
    assert main(["doctor", str(tmp_path / "none.duckdb")]) == 1


def test_the_command_examines_the_store_of_the_app(app_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--strict"]) == 0
    assert "No errors" in capsys.readouterr().out


def test_the_embedded_home_world_has_no_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SHOWCASE / "annotations").is_dir():
        pytest.skip("needs the shipped clips in assets/showcase")
    monkeypatch.setenv("AG_HOME", str(tmp_path))
    for name in ("AG_STORE", "AG_SHOWCASE"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    try:
        with AnnotationStore(ensure_store()) as store:
            odd = [one.id for one in run_checks(store) if one.severity.value in ("error", "warning")]
    finally:
        settings.cache_clear()
    assert odd == []
