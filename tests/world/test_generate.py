"""Plans are fixed by the seed; a stopped run goes on; a folder holds one set."""

import json
from pathlib import Path

import pytest

from ag_core.errors import UserError
from ag_core.world import film as film_module
from ag_core.world import generate as generate_module
from ag_core.world.generate import N_IDS, generate, plan, video_id_of
from tests.world.stand_in import StandInFilm, draw_stand_in


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The films that were drawn, each a small stand-in."""
    films: list[tuple[str, int]] = []

    def stand_in(profile: str, split: str, seed: int) -> StandInFilm:
        films.append((split, seed))
        return StandInFilm(split, seed)

    monkeypatch.setattr(film_module, "film", stand_in)
    return films


def test_ids_are_five_characters_and_never_shared():
    tasks = plan("home-20", 3000, 900, seed=3)
    ids = {task.video_id for task in tasks}
    assert len(ids) == len({task.seed for task in tasks}) == 3900
    assert all(len(video_id) == 5 and video_id.isalnum() and video_id.upper() == video_id for video_id in ids)
    assert video_id_of(7) == video_id_of(7 + N_IDS)


def test_a_longer_plan_begins_with_the_shorter_one():
    assert plan("home-20", 5, 2, 0)[:5] == plan("home-20", 9, 2, 0)[:5]


def test_a_set_is_complete_and_a_second_call_draws_nothing(tmp_path: Path, drawn: list):
    told: list[tuple[int, int]] = []
    summary = generate(tmp_path, "home-20", 2, 1, workers=1, progress=lambda done, total, s: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert summary["counts"]["videos"] == 3
    assert [len(summary["splits"][split]) for split in ("train", "val")] == [2, 1]
    assert json.loads((tmp_path / "world.json").read_text()) == summary
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert generate(tmp_path, "home-20", 2, 1, workers=1) == summary
    assert len(drawn) == 3
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_stopped_run_goes_on_without_gaps_or_repeats(tmp_path: Path, drawn: list, monkeypatch: pytest.MonkeyPatch):
    draw_one = generate_module.draw_one

    def stop_at_second(task, out):
        if len(drawn) == 1:
            (out / "videos" / f"{task.video_id}.mp4").write_bytes(b"half")  # written, but no truth beside it
            raise KeyboardInterrupt
        draw_one(task, out)

    monkeypatch.setattr(generate_module, "draw_one", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, "home-20", 3, 0, workers=1)
    monkeypatch.setattr(generate_module, "draw_one", draw_one)
    summary = generate(tmp_path, "home-20", 3, 0, workers=1)
    assert summary["counts"]["videos"] == 3 and sorted(seed for _, seed in drawn) == [0, 1, 2]
    assert not list(tmp_path.rglob("*.part*"))


def test_another_set_in_the_folder_is_refused(tmp_path: Path, drawn: list):
    generate(tmp_path, "home-20", 1, 0, workers=1)
    with pytest.raises(UserError, match="holds another set"):
        generate(tmp_path, "home-20", 1, 0, seed=1, workers=1)


@pytest.mark.parametrize(("arguments", "says"), [(("no-such", 1, 1), "home-20"), (("home-20", 0, 0), "--train")])
def test_impossible_wishes_are_refused(tmp_path: Path, arguments: tuple, says: str):
    with pytest.raises(UserError, match=says):
        generate(tmp_path, *arguments)


def test_several_processes_make_the_same_set_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    told: list[int] = []
    summary = generate(tmp_path / "two", "home-20", 3, 1, workers=2, progress=lambda done, total, s: told.append(done))
    assert told[0] == 0 and told[-1] == 4 and told == sorted(told)
    assert generate(tmp_path / "one", "home-20", 3, 1, workers=1) == summary
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes(), path


@pytest.mark.parametrize("workers", [1, 2])
def test_one_film_with_a_fault_is_named_and_costs_no_other(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    summary = generate(tmp_path, "home-20", 14, 6, workers=workers)
    (video_id,) = summary["not_drawn"]
    assert video_id == video_id_of(13) and "seed 13 cannot" in summary["not_drawn"][video_id]
    assert summary["counts"]["videos"] == len(list((tmp_path / "dense").glob("*.npz"))) == 19
    assert video_id not in summary["splits"]["train"]


def test_many_faults_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate_module, "draw_one", draw_stand_in)
    monkeypatch.setattr(generate_module, "ENDURED_SHARE", 0.0)
    with pytest.raises(UserError, match=r"1 of 14 videos cannot be drawn.*seed 13"):
        generate(tmp_path, "home-20", 14, 0, workers=1)


def test_only_some_videos_of_a_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no video ZZZZZ"):
        generate(tmp_path / "set", "home-20", 0, 3, seed=1, only=["ZZZZZ"])
    assert not (tmp_path / "set").exists()
