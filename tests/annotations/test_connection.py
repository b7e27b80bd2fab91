"""A store opens from a file, a lake's folder or an address; what cannot be opened says why; nothing else stays open."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pytest
from fsspec.registry import _registry as registered

from ag_core import object_storage
from ag_core.annotations.building.build import build_store
from ag_core.annotations.connection import attach_store, read_change_time_ns
from ag_core.annotations.lake.fetching import fetch_lake
from ag_core.annotations.lake.folder import MANIFEST, read_manifest
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.statistics.counts import count_rows
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.settings import settings


@pytest.fixture(scope="module")
def lake(store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lakes") / "it's a lake"
    write_lake(store_file, folder)
    return folder


@dataclass
class Served:
    """A web server over a folder: its address, and what was asked of it."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(folder: Path, ranges: bool = True, cut: str = "") -> Iterator[Served]:
    """Serve a folder without listings, with or without partial reads; files whose path holds `cut` come too short."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.asked.append(self.path)
            path = Path(self.translate_path(self.path))
            if not path.is_file():
                self.send_error(404)
                return
            content = path.read_bytes()
            if cut and cut in self.path:
                content = content[:-7]
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if ranges and asked:
                first, last = int(asked[1]), int(asked[2] or len(content) - 1)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                content = content[first : last + 1]
            else:
                self.send_response(200)
            if ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served = Served(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


# At an address


@pytest.mark.parametrize("ranges", [True, False], ids=["partial reads", "whole files only"])
@pytest.mark.parametrize("ending", ["", "/", f"/{MANIFEST}"])
def test_a_lake_opens_at_an_address(app_home: Path, store_file: Path, lake: Path, ranges: bool, ending: str) -> None:
    with serving(lake.parent, ranges) as served:
        store = AnnotationStore(f"{served.address}/it's a lake{ending}")
    with store, AnnotationStore(store_file) as of_file:  # the server is gone, the answers stay
        assert store.path.parent == app_home / "lakes"
        assert count_rows(store) == count_rows(of_file) and store.sources() == of_file.sources()
        assert [graph.time_s for graph in store.graphs_of("AB1CD")] == [
            graph.time_s for graph in of_file.graphs_of("AB1CD")
        ]


def test_a_copy_is_fetched_once_and_again_when_the_lake_changed(showcase: Path, lake: Path, tmp_path: Path) -> None:
    there = shutil.copytree(lake, tmp_path / "there")
    copies = tmp_path / "copies"
    heard: list[tuple[str, int, int]] = []
    with serving(there) as served:
        folder = fetch_lake(served.address, copies, lambda *said: heard.append(said))
        first = read_manifest(folder)
        assert first == read_manifest(lake)
        assert heard[0] == ("fetching", 0, first.size_bytes)
        assert heard[-1] == ("fetching", first.size_bytes, first.size_bytes)
        assert len(served.asked) == 1 + len(list(first.files()))
        served.asked.clear()
        assert fetch_lake(served.address, copies) == folder
        assert served.asked == [f"/{MANIFEST}"]

        build_store(tmp_path / "b.duckdb", showcase / "charades")
        write_lake(tmp_path / "b.duckdb", there)
        assert fetch_lake(served.address, copies) == folder
        assert read_manifest(folder) == read_manifest(there) != first
        assert sorted(path.name for path in folder.iterdir()) == sorted([read_manifest(folder).data, MANIFEST])

        damaged = next(folder.rglob("*.parquet"))
        damaged.unlink()
        fetch_lake(served.address, copies)
        assert damaged.is_file()


def test_a_failed_transfer_keeps_the_older_copy(showcase: Path, lake: Path, tmp_path: Path) -> None:
    there = shutil.copytree(lake, tmp_path / "there")
    with serving(there) as served:
        folder = fetch_lake(served.address, tmp_path / "copies")
        before = read_manifest(folder)
        build_store(tmp_path / "b.duckdb", showcase / "charades")
        write_lake(tmp_path / "b.duckdb", there)
        next(there.rglob("videos/**/*.parquet")).unlink()
        with pytest.raises(UserError, match=r"lacks videos/.*; it may just have been replaced: try again"):
            fetch_lake(served.address, tmp_path / "copies")
    assert read_manifest(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == sorted([before.data, MANIFEST])
    address = served.address
    with pytest.raises(UserError, match=re.escape(f"AG_STORE={folder} opens the copy made before")):
        fetch_lake(address, tmp_path / "copies")
    with AnnotationStore(folder) as store:
        assert store.sources()[0] == "annotation"


def test_what_came_cut_short_or_changed_is_refused(lake: Path, tmp_path: Path) -> None:
    with (
        serving(lake, cut="objects") as served,
        pytest.raises(UserError, match=r"objects/.* came cut short or changed; try again"),
    ):
        fetch_lake(served.address, tmp_path)
    there = shutil.copytree(lake, tmp_path / "there")
    one = next(there.rglob("frames/**/*.parquet"))
    content = bytearray(one.read_bytes())
    content[len(content) // 2] ^= 1
    one.write_bytes(content)
    with serving(there) as served, pytest.raises(UserError, match=r"frames/.* came cut short or changed"):
        fetch_lake(served.address, tmp_path / "copies")


def test_an_address_without_a_lake_says_so(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_storage, "FIRST_WAIT_S", 0.0)
    with serving(tmp_path) as served:
        with pytest.raises(UserError, match=r"there is no lake at .*: it has no manifest.json"):
            fetch_lake(served.address, tmp_path / "copies")
        (tmp_path / MANIFEST).write_text("<html>Welcome</html>")
        with pytest.raises(UserError, match=r"manifest.json of http.* is damaged"):
            fetch_lake(served.address, tmp_path / "copies")
        content = json.loads((lake / MANIFEST).read_text())
        (tmp_path / MANIFEST).write_text(json.dumps(content | {"version": 99}))
        with pytest.raises(UserError, match="has another format than this version reads"):
            fetch_lake(served.address, tmp_path / "copies")
    with pytest.raises(UserError, match="cannot be read; check the address and the network"):
        fetch_lake(served.address, tmp_path / "copies")  # the server is gone
    assert not (tmp_path / "copies").exists()


def test_a_lake_larger_than_the_disk_is_not_begun(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with serving(lake) as served, pytest.raises(UserError, match="make room or set AG_HOME to a larger disk"):
        fetch_lake(served.address, tmp_path)
    assert served.asked == [f"/{MANIFEST}"]


def test_unknown_kinds_of_address_and_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"ftp://; an address begins with s3://, https:// or http://"):
        AnnotationStore("ftp://example.org/lake")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(registered, "s3", raising=False)
    with pytest.raises(UserError, match="needs the package s3fs, which is not installed; pip install s3fs"):
        AnnotationStore("s3://bucket/lake")


# On disk


def test_the_rest_of_the_disk_is_shut(store_file: Path, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    outside = str(tmp_path / "secret.csv")
    for where in (store_file, lake):
        with AnnotationStore(where) as store:
            for query in (
                f"from '{outside}'",
                f"from read_csv('{outside}')",
                f"copy (select 1) to '{tmp_path / 'new.csv'}'",
                f"attach '{tmp_path / 'new.duckdb'}'",
                "set enable_external_access = true",
                f"set allowed_directories = ['{tmp_path}']",
                "install httpfs",
            ):
                with pytest.raises((duckdb.Error, UserError)):
                    store.rows(query)
            assert store.rows("select count(*) from videos where source = 'annotation'") == [(2,)]
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_what_is_no_store_says_so(lake: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there; make it with"):
        AnnotationStore(tmp_path / "none")
    with pytest.raises(UserError, match=r"is no lake: manifest.json is missing"):
        AnnotationStore(tmp_path)
    broken = shutil.copytree(lake, tmp_path / "broken")
    one = next(broken.rglob("issues/*.parquet"))
    one.write_bytes(b"\0" * one.stat().st_size)
    with pytest.raises(UserError, match="is no annotation store"):
        AnnotationStore(broken)
    one.unlink()
    with pytest.raises(UserError, match=r"is incomplete: issues/.* is missing or cut short"):
        AnnotationStore(broken)


def test_a_lake_that_goes_while_it_is_open_says_so(lake: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lake, tmp_path / "lake")
    with AnnotationStore(folder) as store:
        shutil.rmtree(folder)
        with pytest.raises(UserError, match="was replaced or damaged since it was opened"):
            store.graphs_of("AB1CD")


def test_a_store_with_a_damaged_block_says_so(store_file: Path, tmp_path: Path) -> None:
    whole, said = store_file.read_bytes(), []
    for block in range(3 * 4096, len(whole), 1 << 18):
        damaged = tmp_path / f"{block}.duckdb"
        damaged.write_bytes(whole[: block + 1000] + b"\xaa" * 64 + whole[block + 1064 :])
        try:
            with AnnotationStore(damaged) as store:
                store.graphs_of("AB1CD")
        except UserError as error:
            said.append(str(error))
    assert any("was replaced or damaged since it was opened" in sentence for sentence in said)


def test_a_lake_with_a_damaged_file_says_so(lake: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lake, tmp_path / "lake")
    for path in folder.rglob("frames/*/*/*.parquet"):
        path.write_bytes(path.read_bytes()[::-1])
    with (
        pytest.raises(UserError, match=r"is no annotation store|was replaced or damaged"),
        AnnotationStore(folder) as store,
    ):
        store.graphs_of("AB1CD")


def test_another_connection_may_attach_the_same_store(store_file: Path, lake: Path) -> None:
    for where in (store_file, lake):
        with AnnotationStore(where) as store, duckdb.connect() as connection:
            assert attach_store(connection, where) == where == store.path
            with connection.cursor() as cursor:
                cursor.execute("use store")
                assert cursor.execute("select count(*) from named_objects").fetchall() == store.rows(
                    "select count(*) from named_objects"
                )


@pytest.mark.parametrize("kind", ["file", "lake"])
def test_threads_share_a_store(store_file: Path, lake: Path, kind: str) -> None:
    with AnnotationStore(store_file if kind == "file" else lake) as store, ThreadPoolExecutor(8) as pool:
        alone = [store.graphs_of(video) for video in ("AB1CD", "EF2GH")]

        def ask(turn: int) -> bool:
            graphs = store.graphs_of(("AB1CD", "EF2GH")[turn % 2])
            same = all(
                np.array_equal(one.relations, other.relations) and one.frame == other.frame
                for one, other in zip(graphs, alone[turn % 2], strict=True)
            )
            return same and count_rows(store)["videos"] == 2 and len(store.videos()) == 2

        assert all(pool.map(ask, range(60)))


# As the app opens it


def test_the_app_opens_what_ag_store_names(
    app_home: Path, store_file: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(named: str) -> Path:
        monkeypatch.setenv("AG_STORE", named)
        settings.cache_clear()
        return ensure_store()

    assert opened(str(store_file)) == store_file
    assert opened(str(lake)) == lake and settings().store_name == "it's a lake"
    with serving(lake) as served:
        copy = opened(served.address)
    assert copy.parent == app_home / "lakes" and read_manifest(copy) == read_manifest(lake)
    assert settings().store == served.address
    with pytest.raises(UserError, match="there is no store at"):
        opened(str(lake / "none"))


def test_a_newer_lake_is_another_store_to_the_app(showcase: Path, lake: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lake, tmp_path / "lake")
    before = read_change_time_ns(folder)
    build_store(tmp_path / "b.duckdb", showcase / "charades")
    write_lake(tmp_path / "b.duckdb", folder)
    assert read_change_time_ns(folder) > before
    (folder / MANIFEST).unlink()
    for gone in (folder, tmp_path / "none.duckdb"):
        with pytest.raises(UserError, match="there is no store at"):
            read_change_time_ns(gone)
    assert read_change_time_ns(tmp_path / "b.duckdb") == (tmp_path / "b.duckdb").stat().st_mtime_ns


def test_a_look_up_loads_no_pandas(store_file: Path) -> None:
    program = """if True:
        import sys
        from ag_core.annotations.store import AnnotationStore
        with AnnotationStore(sys.argv[1]) as store:
            assert len(store.graphs_of("AB1CD")) == 4 and len(store.targets_of(["EF2GH"]).frame_numbers) == 4
            assert store.video("AB1CD").fps and store.intervals_of("AB1CD") and store.sources()
        heavy = {"pandas", "pyarrow", "fsspec", "aiohttp", "streamlit", "cv2", "av"} & set(sys.modules)
        assert not heavy, heavy"""
    subprocess.run(
        [sys.executable, "-c", program, str(store_file)],
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_targets_hold_what_the_graphs_hold(store_file: Path) -> None:
    with AnnotationStore(store_file) as store:
        for source in store.sources():
            targets = store.targets_of(["EF2GH", "AB1CD", "XXXXX"], source)
            assert targets.video_ids == ("AB1CD", "EF2GH")
            graphs = [(place, graph) for place in (0, 1) for graph in store.graphs_of(targets.video_ids[place], source)]
            assert targets.frame_video.tolist() == [place for place, _ in graphs]
            assert targets.frame_numbers.tolist() == [graph.frame for _, graph in graphs]
            assert targets.times_ms == pytest.approx([graph.time_s * 1000 for _, graph in graphs], abs=0.5)
            relations = targets.relations()
            for index, (_, graph) in enumerate(graphs):
                rows = targets.objects_of(index)
                assert graph.person_box_xyxy is not None
                assert np.array_equal(targets.person_boxes_xyxy[index], graph.person_box_xyxy)
                assert np.array_equal(targets.object_classes[rows], graph.object_classes)
                assert np.array_equal(targets.object_boxes_xyxy[rows], graph.object_boxes_xyxy)
                assert np.array_equal(targets.visible[rows], graph.visible)
                assert np.array_equal(relations[rows], graph.relations >= 0.5)
            assert targets.objects_of(len(graphs) - 1).stop == len(targets.object_classes)
        nothing = store.targets_of([])
        assert nothing.video_ids == () and nothing.relations().shape == (0, 25)
        assert nothing.person_boxes_xyxy.shape == nothing.object_boxes_xyxy.shape == (0, 4)
