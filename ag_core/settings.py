"""Where things are, and how many workers to use. Read once from the environment; nothing else reads it.

AG_HOME     folder for what the app makes (stores, cached results, generated videos); default `.ag` in a checkout, and
            the user's own data folder where the package is installed. Where it takes no files, they go to a folder of
            the system's for temporary ones, and what the home holds is still read
AG_STORE    the annotation store the app opens: a .duckdb file, the folder of a lake, or a lake's address (https://, s3://);
            default the embedded home world's store in AG_HOME
AG_SHOWCASE folder of the embedded home-world clips, their truth and predictions; default assets/showcase
AG_DEVICE   'cpu', 'cuda' or empty: the GPU when there is one
AG_PRECISION how a processor computes the dense parts of networks: 'float32' (default) has the same results everywhere,
            'bfloat16' is about twice as fast on processors that have it, 'auto' takes it where it is faster
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
"""The folder that `ag_core` is imported from: a checkout, or the environment's packages."""

IN_CHECKOUT = (PROJECT / "app.py").is_file() and (PROJECT / "assets").is_dir()

APPLICATION = PROJECT if IN_CHECKOUT else PROJECT / "ag_core" / "application"
"""The folder of app.py, pages and assets: the checkout itself, or where the installed package carries them."""

ASSETS = APPLICATION / "assets"
MIN_FREE_BYTES = 1 << 20
"""With less room than this a home takes no files: not even the embedded store."""

WEIGHTS = ASSETS / "weights"
SHOWCASE = ASSETS / "showcase"


@dataclass(frozen=True)
class Settings:
    """home: where the app writes; store: the store the app reads; device: '' lets the worker choose; precision: how a
    processor computes.

    `store` is a path, or the text of an address. showcase: the embedded clips, from which the default store is made.
    locked_home: the folder that was to be the home and takes no files; None where the home is the one that was asked.
    """

    home: Path
    store: Path | str
    device: str
    showcase: Path = SHOWCASE
    locked_home: Path | None = None
    precision: str = "float32"

    @property
    def embedded_store(self) -> Path:
        """The store made from the showcase; `store` is this one unless the user named another."""
        return self.home / "home-world.duckdb"

    @property
    def store_name(self) -> str:
        """The last part of the store's path or address."""
        return str(self.store).rstrip("/").rpartition("/")[2]

    @property
    def lakes(self) -> Path:
        """Folder of the copies of lakes that lie at an address."""
        return self.home / "lakes"

    @property
    def results(self) -> Path:
        """Folder of cached predictions."""
        return self.home / "results"

    @property
    def clip_features(self) -> Path:
        """Folder of what clip networks made of videos, kept for asking action models again."""
        return self.home / "clip_features"

    @property
    def corrections(self) -> Path:
        """Folder of the frames that the reader corrected, a file for each video."""
        return self.home / "corrections"

    def own_benchmark(self, name: str) -> Path:
        """The reader's own file of scores, which page Benchmarks shows: of 'scene_graphs', 'actions', ..."""
        return self.home / "benchmarks" / f"{name}.json"

    @property
    def own_few_shot(self) -> Path:
        """The reader's own file of few-shot scores, which page Few-shot shows."""
        return self.home / "benchmarks" / "few_shot.json"

    @property
    def own_ladder(self) -> Path:
        """The reader's own error ladder, which page Benchmarks shows."""
        return self.home / "benchmarks" / "ladder.json"

    @property
    def films(self) -> Path:
        """Folder of the films that were ordered of the home world."""
        return self.home / "films"

    def list_folders(self, name: str) -> list[Path]:
        """Where kept things of a name, such as 'films', are looked for: in the home, then in one that takes no more."""
        return [home / name for home in (self.home, self.locked_home) if home is not None]

    def explain_locked_home(self) -> str | None:
        """A sentence for who wonders where things are kept; None where the home is the one that was asked."""
        if self.locked_home is None:
            return None
        return (
            f"{self.locked_home} (AG_HOME) cannot be written or is full, so what is made lies in {self.home} and may "
            "be gone some day; set AG_HOME to a folder with room that can be written"
        )

    @property
    def uploads(self) -> Path:
        """Folder of the user's own videos, named by their content."""
        return self.home / "uploads"


def is_address(where: Path | str) -> bool:
    """Whether this is the address of something on a server, as against a path."""
    return isinstance(where, str) and "://" in where


def find_default_home() -> Path:
    """Where the app writes unless AG_HOME says otherwise: never among the environment's packages."""
    if IN_CHECKOUT:
        return PROJECT / ".ag"
    from platformdirs import user_data_path

    return user_data_path("action-genome")


def takes_files(folder: Path) -> bool:
    """Whether files can be made in a folder, or in it once it is made: it is ours, not read-only, and not full."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return False
    return shutil.disk_usage(there).free >= MIN_FREE_BYTES


def find_room_for_compiled_code() -> None:
    """Where no files can be made beside the renderer's code, have what is compiled of it kept in the home.

    To be called before the renderer is loaded, which else refuses to start where the user's own folders are read-only
    as well.
    """
    if not takes_files(PROJECT / "ag_core" / "world"):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(settings().home / "compiled"))


def find_spare_home(home: Path) -> Path:
    """A folder of this user's for temporary files that stands for a home; the home itself where there is none."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    try:
        spare = Path(tempfile.gettempdir()) / f"action-genome-{user}-{mark}"
        spare.mkdir(mode=0o700, exist_ok=True)
        if spare.is_symlink() or (hasattr(os, "getuid") and spare.stat().st_uid != user):
            spare = Path(tempfile.mkdtemp(prefix="action-genome-"))  # somebody else took the name
    except OSError:
        return home
    return spare.resolve() if takes_files(spare) else home


@cache
def settings() -> Settings:
    """The settings of this process."""
    asked = Path(os.environ.get("AG_HOME") or find_default_home()).resolve()
    home = asked if takes_files(asked) else find_spare_home(asked)
    named = os.environ.get("AG_STORE", "")
    store = named if is_address(named) else Path(named or home / "home-world.duckdb").resolve()
    showcase = Path(os.environ.get("AG_SHOWCASE") or SHOWCASE).resolve()
    locked_home = None if home == asked else asked
    precision = os.environ.get("AG_PRECISION") or "float32"
    return Settings(home, store, os.environ.get("AG_DEVICE", ""), showcase, locked_home, precision)
