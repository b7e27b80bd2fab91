"""A build is whole or absent, goes on where it was stopped, takes turns with others, and does nothing twice."""

import errno
import fcntl
import multiprocessing
import pickle
import random
import shutil
import sys
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.build import WAITING, build_store, read_fingerprint
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.files import stage_file
from tests.annotations.readers.test_charades import written
from tests.annotations.released import object_entry, person_entry, write_release
from tests.annotations.test_store import prediction
from tests.test_unpickle import Runs

TABLES = (
    "sources", "issues", "videos", "action_intervals", "frames", "objects", "faint_objects", "relations",
    "relations_by_class", "relation_cube", "relation_reasons", "action_scores",
)  # fmt: skip

NAMES = ("cup/glass/bottle", "bag", "chair", "door", "food")
KILLS = 4


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Arguments of a build of 80 videos with 400 frames and 20 predictions: some tenths of a second of work."""
    folder = tmp_path_factory.mktemp("inputs")
    ids = [f"V{number:04d}" for number in range(80)]
    written(
        folder, "".join(f"{i},S,Kitchen,6,7,Yes,A person.,cup,,c107 0.00 5.00;c106 1.00 12.00,9.50\r\n" for i in ids)
    )
    objects = {
        f"{video_id}.mp4/{frame:06d}.png": [
            object_entry(name, (10, 20, 400 + 40 * frame, 40)) for name in NAMES[:frame]
        ]
        for video_id in ids
        for frame in range(1, 6)
    }
    write_release(folder, objects, {key: person_entry() for key in objects})
    (folder / "rates.csv").write_text(
        "video,fps\n" + "".join(f"{video_id},{10 + n}\n" for n, video_id in enumerate(ids))
    )
    predictions = []
    for video_id in ids[:20]:
        predictions.append(folder / f"{video_id}.json")
        prediction(video_id).save(predictions[-1])
    return {"charades": folder, "action_genome": folder, "rates": folder / "rates.csv", "predictions": predictions}


@pytest.fixture(scope="module")
def older(inputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of less, which a build replaces."""
    out = tmp_path_factory.mktemp("older") / "s.duckdb"
    build_store(out, charades=inputs["charades"])
    return out


@pytest.fixture(scope="module")
def undisturbed(inputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "s.duckdb"
    build_store(out, **inputs)
    return out


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes that have the builder loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ag_core.annotations.building.build", "tests.annotations.building.test_building"])
    process = context.Process(target=time.sleep, args=(0,))
    process.start()
    process.join()
    return context


def rows_of(path: Path) -> list[pd.DataFrame]:
    with AnnotationStore(path) as store:
        return [store.ask(f"from {table}") for table in TABLES]


def same(rows: list[pd.DataFrame], others: list[pd.DataFrame]) -> bool:
    return all(one.equals(other) for one, other in zip(rows, others, strict=True))


def build(out: Path, inputs: dict[str, Any], started: Path | None = None, waiting: Path | None = None) -> None:
    """In a process of its own: exits with 0 where a store was written, 3 where it was current."""

    def told(stage: str, done: int, total: int) -> None:
        if stage == WAITING and waiting is not None:
            waiting.touch()

    if started is not None:
        started.touch()
    sys.exit(0 if build_store(out, **inputs, progress=told) else 3)


def wait_for(*paths: Path) -> None:
    end = time.monotonic() + 240
    while not all(path.exists() for path in paths):
        assert time.monotonic() < end, f"{paths} did not appear"
        time.sleep(0.002)


@pytest.mark.slow
def test_killed_at_random_moments_a_build_leaves_the_old_or_the_new_store(
    inputs: dict[str, Any], older: Path, undisturbed: Path, processes: ForkServerContext, tmp_path: Path
) -> None:
    timed = tmp_path / "timed"
    timed.mkdir()
    process = processes.Process(target=build, args=(timed / "s.duckdb", inputs, timed / "started"))
    process.start()
    wait_for(timed / "started")
    began = time.monotonic()
    process.join()
    seconds = time.monotonic() - began
    old, new = rows_of(older), rows_of(undisturbed)
    moments = random.Random(20)
    found = []
    for number in range(KILLS):  # benchmarks/interruptions.py tries more
        out = tmp_path / str(number) / "s.duckdb"
        out.parent.mkdir()
        shutil.copy(older, out)
        process = processes.Process(target=build, args=(out, inputs, out.parent / "started"))
        process.start()
        wait_for(out.parent / "started")
        time.sleep((number + moments.random()) / KILLS * seconds)
        process.kill()
        process.join()
        (out.parent / "started").unlink()
        rows = rows_of(out)
        assert same(rows, old) or same(rows, new)
        found.append(same(rows, new))
        assert build_store(out, **inputs) is not found[-1]
        assert same(rows_of(out), new)
        assert list(out.parent.iterdir()) == [out]
    assert not all(found), "no kill came before the end; the moments are not those of the build"


def test_parts_of_a_build_killed_after_its_store_was_in_place_go(
    inputs: dict[str, Any], undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.duckdb"
    shutil.copy(undisturbed, out)
    left = tmp_path / ".s.duckdb.parts" / "persons-0"
    left.mkdir(parents=True)
    assert build_store(out, **inputs) is False
    assert list(tmp_path.iterdir()) == [out]


def test_two_builds_at_once_take_turns(
    inputs: dict[str, Any], undisturbed: Path, processes: ForkServerContext, tmp_path: Path
) -> None:
    out = tmp_path / "s.duckdb"
    waiting = [tmp_path / "one", tmp_path / "two"]
    lock = tmp_path / ".s.duckdb.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        both = [processes.Process(target=build, args=(out, inputs, None, path)) for path in waiting]
        for process in both:
            process.start()
        wait_for(*waiting)
        assert not out.exists()
    for process in both:
        process.join()
    assert sorted(str(process.exitcode) for process in both) == ["0", "3"]
    assert same(rows_of(out), rows_of(undisturbed))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "s.duckdb", "two"]


class Stopped(BaseException):
    """Stands for a process that ends: nothing catches it."""


def stopped_at(stage_to_stop: str, out: Path, inputs: dict[str, Any]) -> dict[str, int]:
    """A build stopped at a stage; returns the parts that it leaves, with the time of their making."""

    def stop(stage: str, done: int, total: int) -> None:
        if stage == stage_to_stop and done == total:
            raise Stopped

    with pytest.raises(Stopped):
        build_store(out, **inputs, progress=stop)
    return {part.name: part.stat().st_mtime_ns for part in (out.parent / f".{out.name}.parts").iterdir()}


def test_a_build_goes_on_where_it_was_stopped(inputs: dict[str, Any], undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    first = stopped_at("charades", out, inputs)
    assert [name.split("-")[0] for name in first] == ["Charades_v1_train"]
    second = stopped_at("predictions", out, inputs)
    assert first.items() < second.items() and len(second) == 1 + 2 + 3
    third = stopped_at("writing", out, inputs)
    assert second.items() < third.items()
    assert build_store(out, **inputs)
    assert same(rows_of(out), rows_of(undisturbed)) and list(tmp_path.iterdir()) == [out]


def test_a_changed_input_is_read_again_and_the_others_are_not(inputs: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    mine = inputs | {"charades": tmp_path / "charades"}
    mine["charades"].mkdir()
    written(mine["charades"], "V0000,S,Kitchen,6,7,Yes,A person.,cup,,c107 0.00 5.00,9.50\r\n")
    before = stopped_at("writing", out, mine)
    written(mine["charades"], "V0000,S,Kitchen,6,7,Yes,A person.,cup,,c107 0.00 6.00,9.50\r\n")
    after = stopped_at("writing", out, mine)
    assert before.items() < after.items()
    assert [name.split("-")[0] for name in after.keys() - before.keys()] == ["Charades_v1_train"]
    build_store(out, **mine)
    with AnnotationStore(out) as store:
        assert store.intervals_of("V0000")[0].end_s == 6


def test_a_damaged_part_is_made_again(inputs: dict[str, Any], undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    stopped_at("writing", out, inputs)
    objects = next((tmp_path / ".s.duckdb.parts").glob("objects-*/objects.parquet"))
    objects.write_bytes(b"")
    build_store(out, **inputs)
    assert same(rows_of(out), rows_of(undisturbed))


def test_what_dead_builds_left_goes(inputs: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    left = tmp_path / ".s.duckdb.1-0123abcd.part"
    left.mkdir()
    for path in (left / "s.duckdb", left / "s.duckdb.wal", tmp_path / ".s.duckdb.lock"):
        path.touch()
    (tmp_path / ".s.duckdb.parts" / ".objects-0.1-0123abcd.part").mkdir(parents=True)
    with stage_file(tmp_path / "other.duckdb") as staged:  # somebody who lives
        staged.touch()
        build_store(out, charades=inputs["charades"])
        assert sorted(tmp_path.iterdir()) == [staged.parent, out]


def test_a_store_of_the_same_inputs_is_left_as_it_is(
    inputs: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.duckdb"
    assert build_store(out, **inputs)
    made, rows = out.stat().st_mtime_ns, rows_of(out)
    assert not build_store(out, **inputs) and out.stat().st_mtime_ns == made
    assert build_store(out, **inputs, force=True) and out.stat().st_mtime_ns != made
    assert same(rows_of(out), rows)
    assert build_store(out, **(inputs | {"predictions": inputs["predictions"][:3]}))
    arguments = ["build-store", "--charades", str(inputs["charades"]), "--out", str(out)]
    assert main(arguments) == 0 and "nothing to do" not in capsys.readouterr().out
    assert main(arguments) == 0 and "nothing to do" in capsys.readouterr().out
    assert main([*arguments, "--force"]) == 0 and "nothing to do" not in capsys.readouterr().out


def test_a_store_that_was_cut_short_is_built_again(inputs: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "store.duckdb"
    build_store(out, **inputs)
    with out.open("r+b") as file:
        file.truncate(out.stat().st_size - 100_000)
    assert build_store(out, **inputs)
    assert not build_store(out, **inputs)


def test_a_store_that_cannot_be_read_is_built_again(inputs: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    out.write_text("no store")
    assert read_fingerprint(out) is None
    assert build_store(out, charades=inputs["charades"]) and read_fingerprint(out) is not None


def test_a_malicious_pickle_is_refused_by_name_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import os

    folder = write_release(tmp_path / "release", {"AB1CD.mp4/000001.png": [object_entry("bag")]})
    mark = tmp_path / "ran"
    evil = {"AB1CD.mp4/000001.png": [Runs(os.system, f"touch {mark}")]}
    (folder / "object_bbox_and_relationship.pkl").write_bytes(pickle.dumps(evil))
    out = tmp_path / "made" / "s.duckdb"
    assert main(["build-store", "--action-genome", str(folder), "--out", str(out)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: object_bbox_and_relationship.pkl") and "system, which is refused" in said
    assert not mark.exists() and list(out.parent.iterdir()) == []


def test_memory_is_bounded(inputs: dict[str, Any], undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.duckdb"
    with pytest.raises(UserError, match="1MB of memory are not enough"):
        build_store(out, **inputs, memory="1MB")
    assert not out.exists()
    with pytest.raises(UserError, match="'much' is no amount of memory"):
        build_store(out, **inputs, memory="much")
    assert build_store(out, **inputs, memory="100MB")
    assert same(rows_of(out), rows_of(undisturbed)) and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("gone", ["Charades_v1_train.csv", "V0003.json", "object_bbox_and_relationship.pkl"])
def test_an_input_that_goes_during_the_build_is_named(gone: str, inputs: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    shutil.copytree(inputs["charades"], folder)
    mine: dict[str, Any] = dict.fromkeys(("charades", "action_genome"), folder)
    predictions = sorted(folder.glob("V*.json"))

    def remove(stage: str, done: int, total: int) -> None:
        (folder / gone).unlink(missing_ok=True)

    with pytest.raises(UserError) as told:
        build_store(tmp_path / "s.duckdb", **mine, predictions=predictions, progress=remove)
    assert gone in str(told.value) and "s.duckdb" not in str(told.value) and not (tmp_path / "s.duckdb").exists()


def test_an_input_that_changes_during_the_build_is_said(inputs: dict[str, Any], tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    shutil.copy(inputs["rates"], rates)

    def change(stage: str, done: int, total: int) -> None:
        rates.write_text("video,fps\nV0000,25\n")

    with pytest.raises(UserError, match="changed during the build; build again"):
        build_store(tmp_path / "s.duckdb", **(inputs | {"rates": rates}), progress=change)
    assert not (tmp_path / "s.duckdb").exists()


def test_where_nothing_can_be_written_a_sentence_says_so(inputs: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        build_store(tmp_path / "file" / "s.duckdb", **inputs)


def test_the_lake_is_written_with_the_store(
    inputs: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, lake = tmp_path / "s.duckdb", tmp_path / "lake"
    arguments = ["build-store", "--charades", str(inputs["charades"]), "--action-genome", str(inputs["charades"])]
    assert main([*arguments, "--out", str(out), "--lake", str(lake)]) == 0
    assert f"{lake}: " in capsys.readouterr().out
    assert same(rows_of(lake), rows_of(out))
    shutil.rmtree(lake)
    assert main([*arguments, "--out", str(out), "--lake", str(lake)]) == 0
    assert "nothing to do" in capsys.readouterr().out and (lake / "manifest.json").is_file()


def test_video_files_are_read_in_batches_that_are_found_again(showcase: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    clip = showcase / "videos" / "AB1CD.mp4"
    ids = [f"V{number:04d}" for number in range(130)]
    for video_id in ids[:-1]:  # links to one file: a batch is more than what its files hold
        (videos / f"{video_id}.mp4").symlink_to(clip)
    (videos / "V0003.mkv").symlink_to(clip)
    (videos / "V0004.mp4").unlink()
    (videos / "V0004.mp4").write_bytes(b"no video")
    written(tmp_path, "".join(f"{i},S,Kitchen,6,7,Yes,A person.,cup,,c107 0.00 2.00,3\r\n" for i in ids))
    out, told = tmp_path / "made" / "s.duckdb", []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if (stage, done) == ("videos", 64):
            raise Stopped

    with pytest.raises(Stopped):
        build_store(out, charades=tmp_path, videos=videos, progress=stop)
    kept = {part.name: part.stat().st_mtime_ns for part in out.parent.glob(".s.duckdb.parts/videos-*")}
    assert len(kept) == 1 and ("videos", 0, 129) in told
    inputs: dict[str, Any] = {"charades": tmp_path, "action_genome": None, "videos": videos}
    assert kept.items() < stopped_at("writing", out, inputs).items()
    build_store(out, **inputs)
    with AnnotationStore(out) as store:
        rates = store.ask("select video_id, fps, path from videos order by video_id")
        issues = store.issues().set_index("kind")
    assert rates["fps"].notna().sum() == 128 and rates["video_id"][rates["fps"].isna()].tolist() == ["V0004", "V0129"]
    assert rates["path"][0] == str(clip.resolve())
    assert sorted(issues.index) == ["video-missing", "video-several", "video-unreadable"]
    assert issues.loc["video-unreadable", "key"] == "V0004" and "1 of 130" in issues.loc["video-missing", "reason"]


def test_rows_lie_in_order_whatever_the_order_of_the_files(
    inputs: dict[str, Any], undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.duckdb"
    build_store(out, **(inputs | {"predictions": inputs["predictions"][::-1]}))
    assert same(rows_of(out), rows_of(undisturbed))
    orders = {
        "videos": "source, video", "action_intervals": "source, video, start_ms, end_ms, action",
        "frames": "source, video, t_ms", "objects": "source, video, t_ms, object_id",
        "relations": "source, video, t_ms, object_id, relation nulls first",
        "relations_by_class": "source, class, relation, video, t_ms, frame_id, object_id",
        "relation_cube": "source, split, class, relation", "action_scores": "source, video, model, action",
        "issues": "kind, file, key, reason",
    }  # fmt: skip
    with AnnotationStore(out) as store:
        for table, order in orders.items():
            assert store.ask(f"from {table}").equals(store.ask(f"from {table} order by {order}")), table
        for table, number in (("frames", "frame_id"), ("objects", "object_id")):
            numbers = store.ask(f"select source, {number} as n from {table}").groupby("source")["n"]
            assert all(found.tolist() == list(range(len(found))) for _, found in numbers)


@pytest.mark.parametrize("given", ["charades", "action_genome", "predictions"])
def test_a_folder_that_may_not_be_entered_is_named(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    inputs: dict[str, Any] = {given: [tmp_path / "clip.json"] if given == "predictions" else tmp_path}
    with pytest.raises(UserError, match=rf"{tmp_path}/\S+ cannot be looked at \(Permission denied\)"):
        build_store(tmp_path / "s.duckdb", **inputs)


def test_a_folder_is_no_prediction(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder; give files"):
        build_store(tmp_path / "s.duckdb", predictions=[tmp_path])
