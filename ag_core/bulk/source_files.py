"""A video of a source: what is known of it without reading it, and its file on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any
from urllib.parse import unquote, urlsplit

from ag_core.errors import UserError
from ag_core.settings import is_address

FETCH_TRIES = 5
FIRST_WAIT_S = 0.5
"""Before the second try; each further wait is twice as long."""


@dataclass(frozen=True)
class SourceVideo:
    """A video to predict.

    where     path or address of its file
    identity  what tells the file's content from that of an earlier run, as far as it is known without reading it:
              size and time of change, or what the object storage says of it
    """

    video_id: str
    where: str
    identity: str

    @property
    def file_name(self) -> str:
        """The name of its file."""
        if is_address(self.where):
            return unquote(PurePosixPath(urlsplit(self.where).path).name)
        return Path(self.where).name


@contextmanager
def open_locally(video: SourceVideo) -> Iterator[Path]:
    """A file of this machine with the video's content, in the block; fetched where the video lies at an address.

    A server that fails is asked again some times. UserError where the file cannot be had.
    """
    if not is_address(video.where):
        yield Path(video.where)
        return
    with TemporaryDirectory(prefix="action-genome-") as folder:
        path = Path(folder) / video.file_name
        _fetch(video.where, path)
        yield path


def _fetch(address: str, path: Path) -> None:
    from ag_core.annotations.lake.fetching import open_file_system

    files = open_file_system(address)
    ask_again(lambda: files.get_file(address, str(path)), f"{address} cannot be fetched")


def ask_again(ask: Callable[[], Any], failed: str) -> Any:
    """The answer of a server that may fail now and then; UserError where it goes on failing, or there is nothing."""
    for tries_left in reversed(range(FETCH_TRIES)):
        try:
            return ask()
        except FileNotFoundError:
            raise UserError(f"{failed}: nothing is there") from None
        except Exception as error:  # each library has errors of its own
            if not tries_left:
                said = str(error).strip() or type(error).__name__
                raise UserError(f"{failed} ({said}), tried {FETCH_TRIES} times") from None
            sleep(FIRST_WAIT_S * 2 ** (FETCH_TRIES - 1 - tries_left))
