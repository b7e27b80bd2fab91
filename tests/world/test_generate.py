"""Plans are fixed by the seed; a stopped run goes on; a folder holds one set."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ag_core.errors import UserError
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import find_large_copy
from ag_core.world import film as film_module
from ag_core.world import generate as generate_module
from ag_core.world.generate import N_IDS, Task, generate, make_video_id, plan_videos
from ag_core.world.render_cost import LINES, SUMMARY, read_costs, sum_costs
from tests.world.stand_in import FPS, StandInFilm, draw_stand_in

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The films that were drawn, each a small stand-in."""
    films: list[tuple[str, int]] = []

    def stand_in(
        profile: str, split: str, seed: int, size_wh: tuple[int, int] | None = None, fps: float = FPS
    ) -> StandInFilm:
        films.append((split, seed))
        return StandInFilm(split, seed, size_wh)

    monkeypatch.setattr(film_module, "compose_film", stand_in)
    return films


def contents(folder: Path) -> dict[str, bytes]:
    """What the set holds by path, what its making cost aside."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in (LINES, SUMMARY)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_ids_are_five_characters_and_never_shared() -> None:
    tasks = plan_videos("home-60", {"train": 3000, "val": 900}, seed=3)
    ids = {task.video_id for task in tasks}
    assert len(ids) == len({task.seed for task in tasks}) == 3900
    assert all(len(video_id) == 5 and video_id.isalnum() and video_id.upper() == video_id for video_id in ids)
    assert make_video_id(7) == make_video_id(7 + N_IDS)


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    assert plan_videos("home-60", {"train": 5, "val": 2}, 0)[:5] == plan_videos("home-60", {"train": 9}, 0)[:5]


def test_a_set_is_complete_and_a_second_call_draws_nothing(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    told: list[tuple[str, int, int]] = []
    summary = generate(
        tmp_path,
        "home-60",
        {"train": 2, "val": 1},
        workers=1,
        progress=lambda *counts: told.append(counts),
    )
    assert told == [("films", done, 3) for done in range(4)]
    assert summary["counts"]["videos"] == 3
    assert [len(summary["splits"][split]) for split in ("train", "val")] == [2, 1]
    assert json.loads((tmp_path / "world.json").read_text()) == summary
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert generate(tmp_path, "home-60", {"train": 2, "val": 1}, workers=1) == summary
    assert len(drawn) == 3
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_stopped_run_goes_on_without_gaps_or_repeats(
    tmp_path: Path, drawn: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_one = generate_module.draw_one

    def stop_at_second(task: Task, out: Path) -> float:
        if len(drawn) == 1:
            (out / "videos" / f"{task.video_id}.mp4").write_bytes(b"half")  # written, but no truth beside it
            raise KeyboardInterrupt
        return draw_one(task, out)

    monkeypatch.setattr(generate_module, "draw_one", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, "home-60", {"train": 3}, workers=1)
    monkeypatch.setattr(generate_module, "draw_one", draw_one)
    summary = generate(tmp_path, "home-60", {"train": 3}, workers=1)
    assert summary["counts"]["videos"] == 3 and sorted(seed for _, seed in drawn) == [0, 1, 2]
    assert not list(tmp_path.rglob("*.part*"))


def test_larger_copies_are_drawn_beside_a_set_that_stays_the_same(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    generate(tmp_path, "home-60", {"val": 2}, workers=1)
    before = contents(tmp_path)
    generate(tmp_path, "home-60", {"val": 2}, workers=1, large=True)
    large = {name: drawn for name, drawn in contents(tmp_path).items() if name.startswith("large")}
    assert {name: contents(tmp_path)[name] for name in before} == before and len(large) == 2
    for film in (tmp_path / "videos").iterdir():
        assert find_large_copy(film) == tmp_path / "large" / film.name
    assert read_frame_index(tmp_path / next(iter(large))).size_wh == (320, 192)
    n_drawn = len(drawn)
    generate(tmp_path, "home-60", {"val": 2}, workers=1, large=True)
    assert len(drawn) == n_drawn
    (tmp_path / next(iter(large))).unlink()
    generate(tmp_path, "home-60", {"val": 2}, workers=1, large=True)
    assert contents(tmp_path) == before | large


def test_two_calls_make_the_same_set_as_one(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    first = generate(tmp_path / "two", "home-60", {"train": 2}, workers=1)
    assert first["planned"] == {"train": 2} and not first["splits"]["val"]
    generate(tmp_path / "two", "home-60", {"val": 3}, workers=1)
    generate(tmp_path / "two", "home-60", {"train": 1}, workers=1)  # asks for less than is there
    assert len(drawn) == 5
    summary = generate(tmp_path / "one", "home-60", {"val": 3, "train": 2}, workers=1)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert summary["planned"] == {"train": 2, "val": 3}
    assert {part: len(ids) for part, ids in summary["parts"].items()} == {"iid": 2, "comp": 1}
    assert summary["counts"]["intervals_dropped_for_lack_of_evidence"] == 5
    assert summary["present"] == "3 of 157 classes present"
    assert summary["classes"]["c106"] == {
        "train": {"intervals": 2, "videos": 2},
        "val": {"intervals": 3, "videos": 3},
    }


def test_a_run_killed_twice_at_any_moment_is_resumed(tmp_path: Path) -> None:
    """Kill -9 of the whole program while workers draw, once early and once later; the third run ends the set."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "tests.world.stand_in", str(killed), "2"]
    for already in (1, 4):
        program = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            until = time.monotonic() + 120
            while len(list(killed.glob("dense/*.npz"))) < already or not list(killed.glob("videos/.*")):
                assert program.poll() is None and time.monotonic() < until, "the program ended before it was killed"
                time.sleep(0.01)
        finally:
            program.kill()
            program.wait()
        assert "splits" not in json.loads((killed / "world.json").read_text())
    there = {path: path.stat().st_mtime_ns for path in killed.glob("dense/*.npz")}
    time.sleep(1)  # workers notice the death of their parent and end
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True)
    subprocess.run([*command[:-2], str(whole), "1"], cwd=Path(__file__).parents[2], check=True)
    assert contents(killed) == contents(whole) and len(list(killed.glob("dense/*.npz"))) == 10
    assert all(path.stat().st_mtime_ns == written for path, written in there.items()), "a video was drawn again"
    making = sum_costs(killed)
    assert making.runs == 3 and 6 <= making.films <= 10  # a kill may take the line of a film just finished
    assert making.wall_s > 0 and making.cpu_s_a_video_s > 0 and making.bytes_on_disk > 10_000


def test_what_a_set_costs_is_added_up(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    generate(tmp_path, "home-60", {"train": 1}, workers=1)
    generate(tmp_path, "home-60", {"train": 3}, workers=1)
    with (tmp_path / LINES).open("a") as file:
        file.write('{"run": 3')  # a kill came
    costs = read_costs(tmp_path)
    making = sum_costs(tmp_path)
    assert (making.runs, making.films, len({cost.video_id for cost in costs})) == (2, 3, 3)
    assert making.cpu_s_a_video_s == pytest.approx(sum(cost.cpu_s for cost in costs) / 9, abs=2e-3)
    assert "3 films drawn in 2 runs" in making.describe()
    assert json.loads((tmp_path / SUMMARY).read_text())["films"] == 3


def test_another_set_in_the_folder_is_refused(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    generate(tmp_path, "home-60", {"train": 1}, workers=1)
    with pytest.raises(UserError, match="holds another set"):
        generate(tmp_path, "home-60", {"train": 1}, seed=1, workers=1)


def test_a_set_has_one_frame_rate(tmp_path: Path, drawn: list[tuple[str, int]]) -> None:
    generate(tmp_path / "twelve", "home-60", {"train": 1}, workers=1)
    generate(tmp_path / "twelve", "home-60", {"train": 1}, workers=1, fps=12.0)
    with pytest.raises(UserError, match=r"holds another set \(fps 12.0\)"):
        generate(tmp_path / "twelve", "home-60", {"train": 2}, workers=1, fps=0.5)
    summary = generate(tmp_path / "few", "home-60", {"train": 1}, workers=1, fps=0.5)
    assert summary["fps"] == 0.5
    with pytest.raises(UserError, match=r"holds another set \(fps 0.5\)"):
        generate(tmp_path / "few", "home-60", {"train": 2}, workers=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("no-such", {"train": 1}), "home-20"),
        (("home-60", {}), "--count"),
        (("home-60", {"train": 0}), "--count"),
        (("home-60", {"test": 3}), "--split val"),
    ],
)
def test_impossible_wishes_are_refused(tmp_path: Path, arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(UserError, match=says):
        generate(tmp_path, *arguments)


def test_several_processes_make_the_same_set_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    told: list[int] = []
    summary = generate(
        tmp_path / "two",
        "home-60",
        {"train": 3, "val": 1},
        workers=2,
        progress=lambda stage, done, total: told.append(done),
    )
    assert told[0] == 0 and told[-1] == 4 and told == sorted(told)
    assert generate(tmp_path / "one", "home-60", {"train": 3, "val": 1}, workers=1) == summary
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("workers", [1, 2])
def test_one_film_with_a_fault_is_named_and_costs_no_other(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    summary = generate(tmp_path, "home-60", {"train": 14, "val": 6}, workers=workers)
    (video_id,) = summary["not_drawn"]
    assert video_id == make_video_id(13) and "seed 13 cannot" in summary["not_drawn"][video_id]
    assert summary["counts"]["videos"] == len(list((tmp_path / "dense").glob("*.npz"))) == 19
    assert video_id not in summary["splits"]["train"]


def test_many_faults_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    monkeypatch.setattr(generate_module, "ENDURED_SHARE", 0.0)
    with pytest.raises(UserError, match=r"1 of 14 videos cannot be drawn.*seed 13"):
        generate(tmp_path, "home-60", {"train": 14}, workers=1)


def test_only_some_videos_of_a_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no video ZZZZZ"):
        generate(tmp_path / "set", "home-60", {"val": 3}, seed=1, only=["ZZZZZ"])
    assert not (tmp_path / "set").exists()
