"""The files of a lake: readable by other engines, packed, sorted and listed, and never seen half written."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow.dataset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ag_core.annotations.lake import writing as lake
from ag_core.annotations.lake.folder import MANIFEST, read_manifest
from ag_core.annotations.lake.writing import SORTED_BY, quote_partition_value, write_lake
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from tests.annotations.lake import killed_writer
from tests.annotations.lake.test_lake import in_any_order

TABLES = (
    "store_format sources issues object_classes relation_classes action_classes videos action_intervals frames "
    "objects faint_objects relations relations_by_class relation_cube relation_reasons action_scores"
).split()
VIEWS = ["named_actions", "named_objects", "named_relations", "named_reasons", "named_action_scores"]


def test_other_engines_read_the_folders(folder: Path, pair: tuple[AnnotationStore, AnnotationStore]) -> None:
    """pyarrow reads hive-style folders as Spark does: the partitions become columns, `source` stays as it is."""
    data = folder / read_manifest(folder).data
    expected = pair[0].ask("select source, video, class, relation_mask from objects").astype({"source": str})
    rows = pyarrow.dataset.dataset(data / "objects", partitioning="hive").to_table().to_pandas()
    found = rows[list(expected)].astype({"source": str})
    assert_frame_equal(in_any_order(found), in_any_order(expected), check_dtype=False)
    assert set(rows["source_key"]) == {quote_partition_value(source) for source in pair[0].sources()}
    assert set(rows.loc[rows["source"] == "annotation", "split"]) == {"test"}
    with duckdb.connect() as connection:
        query = "select count(*) from read_parquet(?, hive_partitioning = true) where source_key = 'annotation'"
        paths = str(data / "relations" / "**" / "*.parquet")
        assert connection.execute(query, [paths]).fetchall() == pair[0].rows(
            "select count(*) from relations where source = 'annotation'"
        )


def test_every_file_is_packed_sorted_and_listed(folder: Path) -> None:
    manifest = read_manifest(folder)
    data = folder / manifest.data
    assert {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()} == {
        file.path for file in manifest.files()
    }
    assert max(len(table.files) for table in manifest.tables.values()) > 4
    with duckdb.connect() as connection:
        for name, table in manifest.tables.items():
            for file in table.files:
                path = str(data / file.path)
                packing = connection.execute("select distinct compression from parquet_metadata(?)", [path]).fetchall()
                assert packing in ([], [("ZSTD",)])
                frame = connection.execute("from read_parquet(?, hive_partitioning = false)", [path]).df()
                assert len(frame) == file.rows and path.startswith(str(data / name))
                assert list(frame.columns) == list(table.columns)
                if name in SORTED_BY:
                    keys = frame[list(SORTED_BY[name])]
                    assert_frame_equal(keys, keys.sort_values(list(SORTED_BY[name]), ignore_index=True))


@given(st.text(min_size=1), st.text(min_size=1))
def test_partition_values_are_safe_and_differ_where_the_texts_do(first: str, second: str) -> None:
    values = quote_partition_value(first), quote_partition_value(second)
    assert all(value and set(value) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") for value in values)
    assert not any(value.startswith(".") for value in values)  # hidden, or the folder above
    assert (values[0] == values[1]) == (first == second)


def test_partition_values_stay_readable() -> None:
    assert quote_partition_value("annotation") == "annotation"
    assert quote_partition_value("prediction:faster-rcnn+reldn").startswith("prediction-faster-rcnn-reldn-")
    assert quote_partition_value(None) == "__HIVE_DEFAULT_PARTITION__"


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 40))
def test_files_cut_at_whole_videos(rows: list[int], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake, "ROWS_PER_FILE", limit)
        ranges = list(lake._group_into_ranges((3 * place, n) for place, n in enumerate(rows)))
    covered = [place for first, last in ranges for place in range(first // 3, last // 3 + 1)]
    assert covered == list(range(len(rows)))
    assert all(first == last or sum(rows[first // 3 : last // 3 + 1]) <= limit for first, last in ranges)


# The folder: old or new, never between


def test_the_same_store_gives_the_same_lake_and_keeps_its_files(store_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write_lake(store_file, folder)
    first = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    text = (folder / MANIFEST).read_text()
    heard: list[tuple[str, int, int]] = []
    write_lake(store_file, folder, lambda *said: heard.append(said))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == first
    assert (folder / MANIFEST).read_text() == text
    done = [rows for _, rows, _ in heard]
    assert done == sorted(done) and heard[-1][1] == heard[-1][2] == sum(f.rows for f in read_manifest(folder).files())


def test_a_newer_lake_takes_the_place_of_the_older(store_file: Path, other_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write_lake(store_file, folder)
    older = read_manifest(folder)
    write_lake(other_file, folder)
    newer = read_manifest(folder)
    assert newer.fingerprint != older.fingerprint
    assert sorted(path.name for path in folder.iterdir()) == sorted([newer.data, MANIFEST])


def test_a_damaged_lake_is_written_anew(store_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write_lake(store_file, folder)
    one = next(folder.rglob("objects/**/*.parquet"))
    one.write_bytes(one.read_bytes()[:-1])
    with pytest.raises(UserError, match="missing or cut short"):
        AnnotationStore(folder)
    write_lake(store_file, folder)
    with AnnotationStore(folder) as store:
        assert len(store.graphs_of("AB1CD")) == 4


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_the_old_lake_or_the_new_one_is_there(
    store_file: Path, other_file: Path, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", killed_writer.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def run(folder: Path, moment: int) -> int:
            print(json.dumps([moment, str(store_file), str(folder)]), file=process.stdin, flush=True)
            assert process.stdout is not None
            ended, touched = map(int, process.stdout.readline().split())
            assert ended == (-signal.SIGKILL if moment else 0)
            return touched

        moments = run(tmp_path / "whole", 0)
        new = read_manifest(tmp_path / "whole").fingerprint
        folder = tmp_path / "lake"
        write_lake(other_file, folder)
        old = read_manifest(folder).fingerprint
        moments = run(shutil.copytree(folder, tmp_path / "again"), 0)  # with an older lake there is more to do
        found = []
        at_the_end = range(moments - 12, moments + 1)  # where the new lake takes the old one's place: each single step
        for moment in [*range(1, moments - 12, max(1, moments // 5)), *at_the_end]:
            run(folder, moment)
            found.append(read_manifest(folder).fingerprint)
            with AnnotationStore(folder) as store:
                assert len(store.graphs_of("EF2GH")) == 4
            if found[-1] == new:
                write_lake(other_file, folder)  # and a later writer is not stopped by what the killed one left
                assert sorted(path.name for path in folder.iterdir()) == sorted([read_manifest(folder).data, MANIFEST])
        assert set(found) == {old, new} and found[0] == old and found[-1] == new

        run(tmp_path / "first", moments // 2)
        with pytest.raises(UserError, match=r"is no lake: manifest.json is missing"):
            AnnotationStore(tmp_path / "first")
        process.stdin.close()


def test_two_writers_at_once_leave_one_whole_lake(store_file: Path, other_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: write_lake(path, folder), [store_file, other_file] * 3))
    assert sorted(path.name for path in folder.iterdir()) == sorted([read_manifest(folder).data, MANIFEST])
    with AnnotationStore(folder) as store:
        assert len(store.graphs_of("AB1CD")) == 4


def test_a_failure_leaves_the_older_lake(store_file: Path, other_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write_lake(store_file, folder)
    before = read_manifest(folder)

    def full(stage: str, done: int, total: int) -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="lake cannot be written: the disk is full"):
        write_lake(other_file, folder, full)
    assert read_manifest(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == sorted([before.data, MANIFEST])


def test_what_cannot_be_written_says_so(store_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there; make it with"):
        write_lake(tmp_path / "none.duckdb", tmp_path / "lake")
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(UserError, match="is no annotation store"):
        write_lake(tmp_path / "text.duckdb", tmp_path / "lake")
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("create table store_format as select 'another' as name, 1 as version")
    with pytest.raises(UserError, match="has another format"):
        write_lake(tmp_path / "old.duckdb", tmp_path / "lake")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match=r"holds other things, such as letter\.txt"):
        write_lake(store_file, mine)
    assert (mine / "letter.txt").read_text() == "dear"
    with pytest.raises(UserError, match="cannot be written"):
        write_lake(store_file, mine / "letter.txt")


def test_rows_of_no_video_are_not_lost_in_silence(store_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.duckdb"
    path.write_bytes(store_file.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from videos where video = 1 and source = 'annotation'")
    with pytest.raises(UserError, match="rows of videos that are not there"):
        write_lake(path, tmp_path / "lake")
