"""Files whole or not at all: two writers at once, a killed writer, refusals with their sentences, hashes."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ag_core.errors import UserError
from ag_core.files import (
    check_target,
    hash_bytes,
    hash_file,
    hash_file_cached,
    hash_files,
    is_unfinished,
    remove_leftovers,
    stage_file,
    stage_folder,
    write_atomically,
)

PIECES = 200
PIECE_BYTES = 4096

WRITES_AGAIN_AND_AGAIN = f"""
import sys
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
from ag_core.errors import UserError
from ag_core.files import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), b"x" * 5000)
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
    long = tmp_path / ("n" * 250)
    write_atomically(long, b"")
    assert long.exists()


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
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link to itself").symlink_to(tmp_path / "link to itself")
    cases = {
        tmp_path: "is a folder; give the name of a file",
        Path("/dev/null"): "is a device or a pipe",
        tmp_path / "pipe": "is a device or a pipe",
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
    for path in (given, tmp_path / "alias.mp4"):
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


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    target = tmp_path / "big.bin"
    target.write_text("old")
    command = [sys.executable, "-c", WRITES_MORE_THAN_ALLOWED, str(target)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith(f"{target} cannot be written: it grew larger") and "Traceback" not in told
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
