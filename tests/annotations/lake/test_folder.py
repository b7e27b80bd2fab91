"""The manifest of a lake comes back equal, and what is no manifest or leads out of the folder is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ag_core.annotations.lake.folder import MANIFEST, Manifest, publish_lake, read_manifest, start_lake
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError

CHANGED: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("a newer lake", lambda m: m.update(version=2), "another format"),
    ("another store", lambda m: m["store"].update(version=1), "another format"),
    ("another thing", lambda m: m.update(format="something"), "another format"),
    ("no tables", lambda m: m.pop("tables"), "damaged"),
    ("a number too many", lambda m: m["tables"]["videos"]["files"][0].update(rows=9), "damaged"),
    ("a path out", lambda m: m["tables"]["videos"]["files"][0].update(path="../../../etc/passwd"), "damaged"),
    ("a root path", lambda m: m["tables"]["videos"]["files"][0].update(path="/etc/passwd"), "damaged"),
    ("a list", lambda m: m.update(tables=[]), "damaged"),
]


@pytest.mark.parametrize(("change", "reason"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED])
def test_a_changed_manifest_is_refused(folder: Path, change: Callable[[dict[str, Any]], Any], reason: str) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    change(content)
    with pytest.raises(UserError, match=reason):
        Manifest.from_json(json.dumps(content), "here")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", "\x00", b"\xff\xfe\x00"])
def test_what_is_no_manifest_is_refused(text: str | bytes) -> None:
    with pytest.raises(UserError, match=r"manifest.json of here is damaged"):
        Manifest.from_json(text, "here")


def test_no_path_leads_out_even_where_the_fingerprint_fits(folder: Path) -> None:
    manifest = read_manifest(folder)
    table = manifest.tables["videos"]
    for path in ("../x.parquet", "/x.parquet", "a/../../x.parquet", "a\\..\\x", "", "a'b", "videos/\n"):
        odd = type(table)(table.columns, table.sorted_by, (type(table.files[0])(path, 1, 1, "0"),))
        with pytest.raises(UserError, match="damaged"):
            Manifest.from_json(Manifest(manifest.tables | {"videos": odd}).to_json(), "here")


def test_the_manifest_comes_back_equal(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert Manifest.from_json(manifest.to_json(), "here") == manifest
    content = json.loads((folder / MANIFEST).read_text())
    assert content["tables"]["objects"]["columns"]["relation_mask"] == "uinteger"
    assert content["tables"]["objects"]["sorted_by"][:3] == ["source", "video", "t_ms"]


def test_a_lake_without_one_of_the_tables_is_refused(folder: Path, tmp_path: Path) -> None:
    manifest = read_manifest(folder)
    fewer = Manifest({name: table for name, table in manifest.tables.items() if name != "frames"})
    with start_lake(tmp_path / "lake") as part:
        for file in fewer.files():
            (part / file.path).parent.mkdir(parents=True, exist_ok=True)
            (part / file.path).write_bytes((folder / manifest.data / file.path).read_bytes())
        publish_lake(tmp_path / "lake", part, fewer)
    with pytest.raises(UserError, match="has no table frames"):
        AnnotationStore(tmp_path / "lake")
