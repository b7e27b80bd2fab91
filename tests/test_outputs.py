"""What the commands write never costs a file that is read, a file of another kind, or finished work."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store, holds_store
from ag_core.evaluation.results_log import append_log_row
from ag_core.files import append_line

FILM = b"\0\0\0\x20ftypisom the only copy"


@pytest.fixture(scope="module")
def store(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("store") / "store.duckdb"
    build_store(out, charades=showcase / "charades", action_genome=showcase / "annotations")
    return out


def write_film(path: Path) -> Path:
    path.write_bytes(FILM)
    return path


def write_other_database(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table mine as select 1 as one")
    return path


def write_weights_of_others(path: Path) -> Path:
    header = json.dumps({"theirs": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    return path


COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "predict": lambda showcase, store: ["predict", str(showcase / "videos" / "AB1CD.mp4"), "--out"],
    "export": lambda showcase, store: ["export", "AB1CD", "--store", str(store), "--format", "gexf", "--out"],
    "export json": lambda showcase, store: ["export", "AB1CD", "--store", str(store), "--format", "json", "--out"],
    "build-store": lambda showcase, store: ["build-store", "--charades", str(showcase / "charades"), "--out"],
    "train": lambda showcase, store: ["train", "detector", "--data", str(store), "--steps", "1", "--out"],
    "evaluate": lambda showcase, store: ["evaluate", "detector", "--data", str(store), "--log"],
    "audit": lambda showcase, store: ["audit", "--data", str(showcase), "--out"],
    "audit card": lambda showcase, store: ["audit", "--data", str(showcase), "--card"],
    "audit log": lambda showcase, store: ["audit", "--data", str(showcase), "--log"],
    "fill-tables": lambda showcase, store: ["fill-tables", "--log", str(store), ""],
}
OTHERS = {
    "film.mp4": write_film,
    "other.duckdb": write_other_database,
    "theirs.safetensors": write_weights_of_others,
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_of_another_kind_is_not_replaced(
    command: str, name: str, showcase: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = OTHERS[name](tmp_path / name)
    before = there.read_bytes()
    arguments = [word for word in COMMANDS[command](showcase, store) if word]
    assert main([*arguments, str(there)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"error: {there} is there already and is not ") and "give another name, or remove it" in said
    assert there.read_bytes() == before and list(tmp_path.iterdir()) == [there]


@pytest.mark.parametrize("name", ["report.json", "report.md", "report.html"])
def test_a_report_does_not_replace_a_film(
    name: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = write_film(tmp_path / name)
    assert main(["doctor", str(store), "--out", str(there)]) == 1
    assert "is there already and is not a report" in capsys.readouterr().err and there.read_bytes() == FILM


def test_what_is_read_is_not_replaced(
    showcase: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, read = tmp_path / "film.mp4", tmp_path / "read.json"
    shutil.copy(showcase / "videos" / "AB1CD.mp4", film)
    shutil.copy(showcase / "predictions" / "AB1CD.json", read)
    (tmp_path / "link").symlink_to(film)
    (tmp_path / "second name").hardlink_to(film)
    rates = tmp_path / "rates.csv"
    rates.write_text("video,fps\nAB1CD,12\n")
    charades = str(showcase / "charades")
    cases = [
        *(["predict", str(film), "--out", str(path)] for path in (film, tmp_path / "link", tmp_path / "second name")),
        ["export", "--prediction", str(read), "--format", "triplets", "--out", str(read)],
        ["export", "AB1CD", "--store", str(store), "--format", "json", "--force", "--out", str(store)],
        ["build-store", "--charades", charades, "--predictions", str(read), "--out", str(read)],
        ["build-store", "--charades", charades, "--rates", str(rates), "--out", str(rates)],
    ]
    before = {path: path.read_bytes() for path in (film, read, rates, store)}
    for arguments in cases:
        assert main(arguments) == 1, arguments
        assert "is read for this and would be replaced by its own result" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_an_older_or_equal_store_is_replaced_and_a_device_holds_none(
    showcase: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copy(store, copy)
    assert holds_store(copy) and not holds_store(tmp_path) and not holds_store(tmp_path / "none")
    arguments = ["build-store", "--charades", str(showcase / "charades"), "--out"]
    assert main([*arguments, str(copy)]) == 0
    assert main([*arguments, "/dev/null"]) == 1
    assert "is a device or a pipe, which cannot hold an annotation store" in capsys.readouterr().err


def test_a_home_world_is_not_made_over_other_data(
    showcase: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(showcase / "annotations", tmp_path / "annotations")
    arguments = ["world", "--split", "val", "--count", "1", "--out", str(tmp_path)]
    assert main(arguments) == 1
    assert f"{tmp_path} holds other data, such as {tmp_path}/annotations/" in capsys.readouterr().err
    (tmp_path / "world.json").write_bytes(FILM)
    assert main(arguments) == 1 and "is not that of a home world" in capsys.readouterr().err


def test_a_log_grows_by_whole_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "new" / "log.jsonl"
    append_log_row(log, {"what": "ä"})
    log.write_text(log.read_text().rstrip("\n"))  # somebody's editor took the last line's end
    append_line(log, '{"what": 2}')
    assert log.read_text() == '{"what": "ä"}\n{"what": 2}\n'
    assert main(["evaluate", "detector", "--data", "none", "--log", str(log / "below")]) == 1
    assert "a part of its path is a file" in capsys.readouterr().err
