"""A folder of exported graphs: a file for every video, whatever the ids."""

from pathlib import Path

import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.commands.export import MAX_NAME_BYTES
from tests.annotations.released import object_entry, write_release


def test_no_two_videos_share_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = ["a b", "a_b", "A_B", ".hidden", "plain", "\u00e9" * 150]
    write_release(tmp_path / "release", {f"{video_id}.mp4/000001.png": [object_entry("bag")] for video_id in ids})
    store, out = tmp_path / "s.duckdb", tmp_path / "out"
    build_store(store, action_genome=tmp_path / "release")
    export = ["export", "--store", str(store), "--format", "triplets", "--out", str(out), "--all"]
    assert main(export) == 0 and "6 files written, 0 kept" in capsys.readouterr().out
    names = sorted(path.name for path in out.iterdir())
    assert len({name.casefold() for name in names}) == 6 and {"plain.json", "hidden.json"} < set(names)
    assert all(len(name.encode()) <= MAX_NAME_BYTES + 20 for name in names)
    said = {path.read_text().split('"video": ')[1].split("\n")[0] for path in out.iterdir()}
    assert len(said) == 6
    assert main(export) == 0 and "0 files written, 6 kept" in capsys.readouterr().out
