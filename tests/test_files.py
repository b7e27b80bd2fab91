"""Files whole or not at all: two writers at once, a killed writer, refusals with their sentences, hashes."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ag_core import files
from ag_core.errors import UserError
from ag_core.files import (
    hash_bytes,
    hash_file,
    hash_file_cached,
    hash_files,
    is_unfinished,
    remove_leftovers,
    stage_file,
    stage_folder,
    write_atomically,
    write_or_rescue,
)
from ag_core.outputs import check_target, holds_json, holds_markup, holds_text

PIECES = 200
PIECE_BYTES = 4096

WRITES_AGAIN_AND_AGAIN = f"""
import sys
import threading
from pathlib import Path
from ag_core.files import stage_file
letter = sys.argv[2].encode()
print("ready", flush=True)
while True:
    with stage_file(Path(sys.argv[1])) as staged, staged.open("wb") as file:
        for _ in range({PIECES}):
            file.write(letter * {PIECE_BYTES})
"""

WRITES_HALF_AND_WAITS = """
import sys
import threading
from pathlib import Path
from ag_core.files import stage_file, stage_folder
target = Path(sys.argv[1])
with stage_file(target) as staged, stage_folder(target.with_name("folder")) as folder:
    staged.write_text("half of the new")
    (folder / "one").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""

WRITES_MORE_THAN_ALLOWED = """
import resource, sys
from pathlib import Path
from ag_core import files
from ag_core.errors import UserError
from ag_core.files import stage_file, stage_folder, write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), b"x" * 5000)
except UserError as error:
    print(error)
try:
    with stage_file(Path(sys.argv[1])), stage_folder(Path(sys.argv[1]).with_name("new")):
        raise RuntimeError("a library failed to write and does not say why")
except UserError as error:
    print(error)
"""


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline()
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_two_processes_that_write_one_file_never_mix(tmp_path: Path) -> None:
    target = tmp_path / "target.bin"
    writers = [start(WRITES_AGAIN_AND_AGAIN, target, letter) for letter in "ab"]
    try:
        seen = set()
        for _ in range(20_000):
            if target.exists():
                content = target.read_bytes()
                assert len(content) == PIECES * PIECE_BYTES
                assert content in (b"a" * len(content), b"b" * len(content))
                seen.add(content[:1])
            if len(seen) == 2:
                break
        assert seen == {b"a", b"b"}
    finally:
        for writer in writers:
            end(writer)


def test_a_killed_writer_leaves_the_old_and_the_next_writer_cleans_up(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    writer = start(WRITES_HALF_AND_WAITS, target)
    hidden = [path for path in tmp_path.iterdir() if is_unfinished(path)]
    assert len(hidden) == 2
    remove_leftovers(tmp_path)
    assert all(path.exists() for path in hidden), "what a living process writes must stay"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert target.read_text() == "old" and (tmp_path / "folder" / "old").exists()
    assert all(path.exists() for path in hidden)
    assert "ready" in start_and_stop(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "other.txt", "target.txt"]


def test_a_clean_up_between_making_and_locking_costs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = files._lock
    taken: list[Path] = []

    def lock_after_another(folder: Path, wait: bool) -> int | None:
        if wait and not taken:
            taken.append(folder)
            folder.rmdir()  # as the clean-up of another process, which found the folder unlocked
        return lock(folder, wait)

    monkeypatch.setattr(files, "_lock", lock_after_another)
    write_atomically(tmp_path / "new.txt", "whole")
    assert taken and (tmp_path / "new.txt").read_text() == "whole"


def start_and_stop(folder: Path) -> str:
    """Another process that writes one file in the folder; its output."""
    program = "import sys; from pathlib import Path; from ag_core.files import write_atomically; "
    program += "write_atomically(Path(sys.argv[1]) / 'other.txt', 'new'); print('ready')"
    return subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def test_an_exception_leaves_the_old_and_nothing_else(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new folder" / "a.txt", "old")
    with pytest.raises(KeyboardInterrupt), stage_file(tmp_path / "new folder" / "a.txt") as staged:
        staged.write_text("half")
        raise KeyboardInterrupt
    assert [path.read_text() for path in (tmp_path / "new folder").iterdir()] == ["old"]


def test_text_keeps_its_line_ends_and_the_name_its_ending(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.csv", "ä\r\n", to_disk=True)
    assert (tmp_path / "a.csv").read_bytes() == "ä\r\n".encode()
    with stage_file(tmp_path / "film.mp4") as staged:
        assert staged.name == "film.mp4" and staged.parent.parent == tmp_path
        staged.touch()
    for name in ("n" * 255, "名" * 85, "😀" * 63):  # a name may have 255 bytes, whatever its letters
        write_atomically(tmp_path / name, b"")
        assert (tmp_path / name).exists()


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    for content in ("first", "second"):
        with stage_folder(target) as staged:
            (staged / content).touch()
    assert [path.name for path in target.iterdir()] == ["second"]
    with pytest.raises(ZeroDivisionError), stage_folder(target) as staged:
        (staged / "third").touch()
        raise ZeroDivisionError
    assert [path.name for path in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"), stage_folder(tmp_path / "file"):
        pass


def test_what_cannot_be_replaced_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "video.mp4"
    given.write_bytes(b"film")
    (tmp_path / "link to itself").symlink_to(tmp_path / "link to itself")
    cases = {
        tmp_path: "is a folder; give the name of a file",
        given / "below.json": "a part of its path is a file",
        tmp_path / ("n" * 300): "the name is too long",
        tmp_path / "link to itself": "cannot be written",
    }
    for path, sentence in cases.items():
        with pytest.raises(UserError, match=sentence):
            check_target(path)
        with pytest.raises(UserError, match=sentence):
            write_atomically(path, "new")
    (tmp_path / "alias.mp4").symlink_to(given)
    (tmp_path / "second name.mp4").hardlink_to(given)
    for path in (given, tmp_path / "alias.mp4", tmp_path / "second name.mp4"):
        with pytest.raises(UserError, match="read for this and would be replaced"):
            write_atomically(path, "new", inputs=(given,))
    assert given.read_bytes() == b"film"


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "disk" / "file.txt")
    for content in ("first", "second"):
        write_atomically(link, content)
        assert link.is_symlink() and (tmp_path / "disk" / "file.txt").read_text() == content


def test_a_pipe_gets_the_content_and_stays(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", tmp_path / "got"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    for path in (pipe, tmp_path / "link"):
        reader = threading.Thread(target=lambda: got.write_bytes(pipe.read_bytes()))
        reader.start()
        write_atomically(path, f"through {path.name}")
        reader.join()
        assert got.read_text() == f"through {path.name}" and pipe.is_fifo()
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(UserError, match="is a device or a pipe, which cannot hold a store; name a file"):
            check_target(path, seekable=True, kind="a store")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["got", "link", "pipe"]


def test_devices_are_written_to(tmp_path: Path) -> None:
    before = Path("/dev/null").stat()
    write_atomically(Path("/dev/null"), "new")
    assert os.path.samestat(before, Path("/dev/null").stat())
    if Path("/dev/full").exists():
        (tmp_path / "link").symlink_to("/dev/full")
        with pytest.raises(UserError, match="link cannot be written: the disk is full"):
            write_atomically(tmp_path / "link", "new")
        assert (tmp_path / "link").is_symlink()


def test_the_names_of_the_own_output_go_on_where_it_is(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from ag_core.files import write_atomically; print('before'); "
    program += "write_atomically(Path(sys.argv[1]), 'content\\n'); print('after')"
    (tmp_path / "link").symlink_to("/dev/stdout")
    for path in ("/dev/stdout", "/dev/fd/1", tmp_path / "link"):
        with (tmp_path / "got").open("w") as file:
            subprocess.run([sys.executable, "-c", program, str(path)], stdout=file, check=True)
        assert (tmp_path / "got").read_text() == "before\ncontent\nafter\n"


def test_a_file_of_another_kind_stays(tmp_path: Path) -> None:
    film, page, text = tmp_path / "film.mp4", tmp_path / "page.html", tmp_path / "text.md"
    film.write_bytes(b"\0\0\0\x20ftypisom")
    page.write_text("\ufeff\n<!doctype html>")
    text.write_text("ä" * 3000)
    found = [[holds(path) for path in (film, page, text)] for holds in (holds_json, holds_markup, holds_text)]
    assert found == [[False, False, False], [False, True, False], [False, True, True]]
    with pytest.raises(UserError, match=r"film.mp4 is there already and is not JSON, so it is not replaced; give"):
        check_target(film, is_same_kind=holds_json, kind="JSON")
    film.write_bytes(b"")
    for path in (film, tmp_path / "none.json"):
        assert check_target(path, is_same_kind=holds_json, kind="JSON") == path
    text.write_text('{"old": 1}')
    assert check_target(text, is_same_kind=holds_json, kind="JSON") == text


def test_what_cannot_be_written_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").touch()

    def write(path: Path) -> None:
        write_atomically(path, "hours of work")

    write_or_rescue(tmp_path / "well", write)
    assert (tmp_path / "well").read_text() == "hours of work" and not list((tmp_path / "temporary").iterdir())
    with pytest.raises(UserError, match=r"not a folder; name another place\. What was to be written lies in") as told:
        write_or_rescue(tmp_path / "file" / "below", write)
    assert Path(str(told.value).rpartition(" ")[2]).read_text() == "hours of work"


def test_rights_of_a_replaced_file_stay(tmp_path: Path) -> None:
    target = tmp_path / "private.json"
    target.touch(0o600)
    write_atomically(target, "{}")
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_folder_is_replaced_in_one_step(tmp_path: Path) -> None:
    """A reader beside a writer always finds the folder; what was interrupted between two steps comes back."""
    target, stop, missed = tmp_path / "folder", threading.Event(), 0
    with stage_folder(target) as staged:
        (staged / "file").touch()

    def write() -> None:
        while not stop.is_set():
            with stage_folder(target) as staged:
                (staged / "file").touch()

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(2000):
        missed += not target.exists()
    stop.set()
    writer.join()
    assert not missed or sys.platform not in ("linux", "darwin")


def test_an_older_folder_comes_back_from_between_two_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "folder"
    for content in ("first", "second"):
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)  # a disk that cannot
        with stage_folder(target) as staged:
            (staged / content).touch()
    assert [path.name for path in target.iterdir()] == ["second"]
    dead = tmp_path / ".folder.1-0123abcd.part"
    (dead / "replaced-01").mkdir(parents=True)
    target.rename(dead / "replaced-01" / "folder")
    remove_leftovers(tmp_path)
    assert [path.name for path in target.iterdir()] == ["second"] and list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    target = tmp_path / "big.bin"
    target.write_text("old")
    command = [sys.executable, "-c", WRITES_MORE_THAN_ALLOWED, str(target)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0].startswith(f"{target} cannot be written: it grew larger")
    assert told[1].startswith(f"{tmp_path / 'new'} cannot be written: it grew larger")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_hashes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"content")
    other.write_bytes(b"content")
    expected = hashlib.sha256(b"content").hexdigest()
    assert hash_bytes(b"content") == hash_file(one) == hash_file_cached(one) == hash_file_cached(other) == expected
    together = hash_files([one, other])
    other.write_bytes(b"another content")
    assert hash_file_cached(other) == hash_bytes(b"another content") and hash_files([one, other]) != together
    with pytest.raises(UserError, match="none cannot be read"):
        hash_file_cached(tmp_path / "none")
