"""A video of a source: what is known of it without reading it, and its file on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from ag_core.object_storage import ask_again, open_file_system
from ag_core.settings import is_address


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
    files = open_file_system(address)
    ask_again(lambda: files.get_file(address, str(path)), f"{address} cannot be fetched")
