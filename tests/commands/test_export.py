"""The command `export`: every format, one video or many, and refusals in a sentence."""

import json
from pathlib import Path

import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.counts import count_rows
from ag_core.annotations.store import AnnotationStore
from ag_core.graphs.exchange import to_triplets
from ag_core.graphs.formats import FORMATS
from ag_core.graphs.networks import to_networkx
from ag_core.records import Video
from tests.annotations.released import SHARED, real_release
from tests.graphs.scenes import CUP

# The command


@pytest.fixture(scope="module")
def store_file(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mine.duckdb"
    build_store(
        path, charades=showcase / "charades", action_genome=showcase / "annotations",
        predictions=sorted((showcase / "predictions").glob("*.json")), videos=showcase / "videos",
    )  # fmt: skip
    return path


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


@pytest.mark.parametrize("name", FORMATS)
def test_command_writes_every_format(name: str, store_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / f"graph.{FORMATS[name].extension}"
    assert export("EF2GH", "--store", store_file, "--format", name, "--out", out) == 0
    assert (b"EF2GH" if name != "png" else b"PNG") in out.read_bytes()
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_command_takes_a_frame_and_a_source(
    store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "one.json"
    assert export("AB1CD", "--store", store_file, "--format", "triplets", "--at", 1.2, "--out", out) == 0
    assert {row["frame"] for row in json.loads(out.read_bytes())["triplets"]} == {15}
    assert export("AB1CD", "--store", store_file, "--format", "triplets", "--frame", 9, "--out", out) == 0
    assert {row["frame"] for row in json.loads(out.read_bytes())["triplets"]} == {9}
    assert capsys.readouterr().out.splitlines() == [f"{out}: 1 graph of AB1CD"] * 2
    assert export("AB1CD", "--store", store_file, "--format", "json", "--source", "nobody", "--out", out) == 1
    assert "there are: annotation, prediction:" in capsys.readouterr().err


def test_command_reads_a_prediction(showcase: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.json"
    file = showcase / "predictions" / "AB1CD.json"
    assert export("--prediction", file, "--format", "triplets", "--out", out) == 0
    content = json.loads(out.read_bytes())
    assert content["source"] == "prediction:faster-rcnn+reldn"
    rows = content["triplets"]
    assert {row["frame"] for row in rows} == set(range(6, 37, 6))
    assert {(row["subject"], row["relation"], row["object"]) for row in rows} == {
        ("person", "looking_at", CUP), (CUP, "in_front_of", "person"),
        ("person", "holding", CUP), ("person", "drinking_from", CUP),
    }  # fmt: skip


def test_command_goes_on_where_it_stopped(store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "all"
    arguments = ("--all", "--store", store_file, "--format", "gexf", "--out", folder)
    assert export(*arguments) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["AB1CD.gexf", "EF2GH.gexf"]
    whole = (folder / "AB1CD.gexf").read_bytes()
    (folder / "AB1CD.gexf").write_text("mine")
    (folder / "EF2GH.gexf").unlink()
    assert export(*arguments) == 0
    assert (folder / "AB1CD.gexf").read_text() == "mine" and (folder / "EF2GH.gexf").is_file()
    assert "1 files written, 1 kept" in capsys.readouterr().out
    assert export(*arguments, "--force") == 0
    assert (folder / "AB1CD.gexf").read_bytes() == whole
    assert export("AB1CD", "EF2GH", "--store", store_file, "--format", "svg", "--out", folder) == 0
    assert (folder / "EF2GH.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["NOONE", "--format", "gexf"], "NOONE is not in"),
        (["NOONE", "EF2GH", "--format", "gexf"], "NOONE is not in"),
        (["--format", "gexf"], "--all"),
        (["AB1CD", "--all", "--format", "gexf"], "both ids and --all say which videos; give one of them"),
        (["AB1CD", "--format", "json", "--frame", "37"], "frame 37 does not exist; video AB1CD has 36 frames"),
        (["AB1CD", "--format", "svg", "--at", "3.5"], "--at 3.5 is no moment of video AB1CD; it lasts 3.0 s"),
        (["AB1CD", "--format", "gif", "--video", "/nowhere/v.mp4"], "--video /nowhere/v.mp4 is not there; name"),
        (["AB1CD", "--format", "gif", "--video", "/"], "--video / is a folder; name the file"),
        (["AB1CD", "--format", "strip", "--frame", "3"], "whole video"),
        (["AB1CD", "--format", "json", "--frame", "3", "--at", "1"], "--at"),
        (["AB1CD", "--format", "mp4", "--at", "1"], "give --from and --to"),
        (["AB1CD", "--format", "svg", "--from", "1"], "choose mp4 or gif"),
        (["AB1CD", "--format", "mp4", "--from", "2", "--to", "1"], "begins at 2 s and ends at 1 s"),
        (["AB1CD", "--format", "gif", "--to", "9"], "runs from 0 to 3.000 s"),
        (["AB1CD", "EF2GH", "--format", "mp4", "--video", "x.mp4"], "give one id"),
        (["AB1CD", "--format", "json", "--frame", "0"], "give a whole number from 1"),
    ],
)
def test_command_refuses_with_a_sentence(
    arguments: list[str], says: str, store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(*arguments, "--store", store_file, "--out", out) == 1
    assert says in capsys.readouterr().err
    assert not out.is_file()


def test_command_writes_clips(store_file: Path, showcase: Path, tmp_path: Path) -> None:
    part = ("--from", 1, "--to", 2)
    assert export("AB1CD", "--store", store_file, "--format", "mp4", *part, "--out", tmp_path / "a.mp4") == 0
    assert export("AB1CD", "--store", store_file, "--format", "gif", *part, "--out", tmp_path / "a.gif") == 0
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp" and (tmp_path / "a.gif").read_bytes()[:6] == b"GIF89a"
    (tmp_path / "notes.mp4").write_text("mine")
    assert export("AB1CD", "--store", store_file, "--format", "mp4", *part, "--out", tmp_path / "notes.mp4") == 1
    assert (tmp_path / "notes.mp4").read_text() == "mine"
    prediction = ("--prediction", showcase / "predictions" / "AB1CD.json", "--format", "mp4", "--to", 0.5)
    assert export(*prediction, "--out", tmp_path / "p.mp4") == 1
    file = showcase / "videos" / "AB1CD.mp4"
    assert export(*prediction, "--video", file, "--out", tmp_path / "p.mp4") == 0
    assert export("--all", "--store", store_file, "--format", "mp4", "--to", 0.2, "--out", tmp_path / "all") == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["AB1CD.mp4", "EF2GH.mp4"]


def test_no_real_relationship_is_lost(tmp_path: Path) -> None:
    rates = SHARED / "star-benchmark" / "charades_video_fps.csv"
    name = "ag_frames_val.jsonl"
    if not (SHARED / "ag-scene-graphs" / name).is_file() or not rates.is_file():
        pytest.skip("needs the real scene graphs and rates in ../shared/data")
    build_store(tmp_path / "real.duckdb", action_genome=real_release(tmp_path, [name]), rates=rates)
    rows = frames = 0
    with AnnotationStore(tmp_path / "real.duckdb") as store:
        for video_id in store.videos()["video_id"]:
            video, graphs = Video(video_id, 30.0), store.graphs_of(video_id)
            rows += len(json.loads(to_triplets(graphs, video))["triplets"])
            frames += sum(data["frames"] for *_, data in to_networkx(graphs, video).edges(data=True))
        assert rows == frames == count_rows(store)["relations"]
