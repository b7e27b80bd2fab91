"""A process that writes a lake and is killed while it does, at the moment it is told: for test_lake.py.

Each line on stdin is `MOMENT STORE FOLDER` as JSON: a fork of this process writes the lake and is killed at its
MOMENT-th touch of the folder. The answer on stdout is how it ended and how often it touched the folder.
"""

import json
import os
import signal
import sys
from typing import Any

from ag_core.annotations.lake.writing import write_lake

CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
"""Python's audit events at which something in a folder may change."""


def write_and_die(moment: int, store_file: str, folder: str) -> int:
    """Write the lake, unless killed before; how often its folder was touched."""
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in CHANGES and folder in str(arguments):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    write_lake(store_file, folder)
    return seen


def main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()  # nothing but imports has happened yet: no thread, no open database
        if child == 0:
            os.write(writing, str(write_and_die(*json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        touched = os.read(reading, 100)
        os.close(reading)
        print(os.waitstatus_to_exitcode(status), int(touched or 0), flush=True)


if __name__ == "__main__":
    main()
