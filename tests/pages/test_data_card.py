"""The home world's data card on the Statistics page, with a result and without."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.settings import PROJECT
from ag_core.ui import shipped_files
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, render_figure
from ag_core.ui.statistics import data_card
from ag_core.world_audit.report_metrics import read_audit_metrics
from tests.pages.test_pages import notes


def bounds(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 2, "high": mean + 2}


def result(parts: tuple[str, ...] = ("val", "iid", "comp"), real: bool = True) -> dict[str, Any]:
    """A small result in the form that `audit` writes."""
    sample = {"frames": 9, "objects": 20, "objects_a_frame": 2.2, "one_each": 0.8}
    sample |= {f"{what}_an_object": 1.0 for what in ("relations", "attention", "spatial", "contact")}
    rows = [
        {"object": name, "home": 30, "real": 40, "distance": distance, "attention": 0.1, "spatial": 0.1, "contact": 0.1}
        for name, distance in (("bed", 0.4), ("door", 0.2), ("shoe", None))
    ]
    agreement = {"classes": rows, "worst": ["bed", "door"], "mean": 0.3, "classes_compared": 2, "least_objects": 20}
    return {
        "date": "2026-01-31T00:00:00+00:00",
        "command": "audit --data home",
        "protocol": "as in the test",
        "seeds": [0, 1, 2],
        "steps": 400,
        "world": {"data": "home", "profile": "home-60", "generator_version": 2, "seed": 0},
        "n": {"train": 40, "val": 12, "iid": 6, "comp": 6, "intervals": 1234, "dropped": 3},
        "classes": {"of": 157, "present": 60, "val": 55, "absent": [], "tiers": {"A": {"of": 110, "present": 50}}},
        "chance": dict.fromkeys(parts, 9.0),
        "audits": [
            {"key": name, "name": name, **{part: bounds(value) | {"seeds": [value] * 3} for part in parts}}
            for name, value in (("presence", 30.0), ("joints and objects", 60.0))
        ],
        "comparisons": [{"name": "joints and objects − presence", **{part: bounds(30.0) for part in parts}}],
        "labels": [{"action": "c008", "label": "Opening a door", "intervals": 9, "train": 5} | dict.fromkeys(parts, 1)],
        "presence": [
            {"object": "door", "with_action": 7, "without_action": 45, "seen_with": 1.0, "seen_without": 0.4,
             "gap": 0.6, "bits": 0.1, "bystander": False},
            {"object": "bed", "with_action": 0, "without_action": 52, "seen_with": None, "seen_without": 0.4,
             "gap": None, "bits": 0.0, "bystander": False},
        ],
        "boxes": [{"object": "door", "boxes": 99, "large": 0.97, "median_px": 50.0, "visibility": 0.8}],
        "agreement": agreement | {"home": sample, "real": sample, "real_against_itself": 0.07} if real else None,
    }  # fmt: skip


def open_card(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None) -> AppTest:
    monkeypatch.setattr(shipped_files, "load_home_world_audit", lambda: found)
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    app.query_params["tab"] = "Home world"
    return app.switch_page("pages/4_Statistics.py").run()


def test_the_card_says_whose_numbers_they_are(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_card(monkeypatch, result())
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["60 of 157", "40 + 12", "1,234", "3"]
    said = notes(app)
    assert (
        "generator version 2" in said
        and "<code>python -m ag_core audit --data home</code>" in said
        and "as in the test" in said
    )
    assert "Not so: door." in " ".join(caption.value for caption in app.caption)
    assert said.count("Ours on the home world; video mAP in %") == 1 and "seeds 0, 1, 2" in said
    assert "video mAP of chance 9.0 % (ours on the home world; home iid, 6 videos, 1 class)" in said
    audits, differences = (table.value for table in app.table[:2])
    assert audits.columns.tolist()[0] == "home val, 12 videos, 1 class"
    assert audits.loc["presence"].iloc[1] == "30.0 (28.0 to 32.0)"
    assert differences.iloc[0, 0] == "+30.0 (+28.0 to +32.0)"
    files = {button.proto.id.split("-", 3)[-1] for button in app.get("download_button")}
    assert {
        f"card_{chart}_{kind}" for chart in ("dots", "boxes", "agreement") for kind in ("csv", "svg", "png")
    } <= files
    drawn = app.get("vega_lite_chart")
    assert len(drawn) == 3 and all(chart.proto.alt for chart in drawn)


def test_the_dots_come_as_a_picture() -> None:
    metrics = {name: of_part["val"] for name, of_part in read_audit_metrics(result()).items()}
    chance = data_card.build_plot_table({"chance": metrics.pop("chance")}, "input")
    audits = data_card.build_plot_table(metrics, "input")
    figure = Figure(
        "Inputs",
        "by hand",
        "Dots",
        "audits",
        "test",
        lambda dark: plots.draw_interval_dots(audits, "input", chance, dark=dark),
        audits,
    )
    svg = render_figure(figure, "svg").decode()
    assert "joints and objects" in svg and "by hand" in svg


def test_a_set_of_one_part_without_a_real_sample(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_card(monkeypatch, result(parts=("val",), real=False))
    assert not app.exception
    assert app.table[0].value.columns.tolist() == ["video mAP in %"]
    assert any("give its folder with --real" in caption.value for caption in app.caption)


def test_a_missing_audit_names_the_command(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_card(monkeypatch, None)
    assert not app.exception
    assert [heading.value for heading in app.header] == ["No audit yet"]
    assert any(data_card.COMMAND in text.value for text in app.markdown)


def test_the_shipped_result_is_read_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped_files, "ASSETS", tmp_path)
    assert shipped_files.load_home_world_audit() is None
    (tmp_path / "home_world_audit.json").write_text(json.dumps(result()))
    assert shipped_files.load_home_world_audit() == result()
