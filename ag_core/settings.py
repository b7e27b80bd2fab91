"""Where things are, and how many workers to use. Read once from the environment; nothing else reads it.

AG_HOME     folder for what the app makes (stores, cached results, generated videos); default `.ag` in a checkout, and
            the user's own data folder where the package is installed
AG_STORE    the annotation store the app opens: a .duckdb file, the folder of a lake, or a lake's address (https://, s3://);
            default the embedded home world's store in AG_HOME
AG_SHOWCASE folder of the embedded home-world clips, their truth and predictions; default assets/showcase
AG_DEVICE   'cpu', 'cuda' or empty: the GPU when there is one
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
"""The folder that `ag_core` is imported from: a checkout, or the environment's packages."""

IN_CHECKOUT = (PROJECT / "app.py").is_file() and (PROJECT / "assets").is_dir()

APPLICATION = PROJECT if IN_CHECKOUT else PROJECT / "ag_core" / "application"
"""The folder of app.py, pages and assets: the checkout itself, or where the installed package carries them."""

ASSETS = APPLICATION / "assets"
WEIGHTS = ASSETS / "weights"
SHOWCASE = ASSETS / "showcase"


@dataclass(frozen=True)
class Settings:
    """home: where the app writes; store: the store the app reads; device: '' lets the worker choose.

    `store` is a path, or the text of an address. showcase: the embedded clips, from which the default store is made.
    """

    home: Path
    store: Path | str
    device: str
    showcase: Path = SHOWCASE

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
    def films(self) -> Path:
        """Folder of the films that were ordered of the home world."""
        return self.home / "films"

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


@cache
def settings() -> Settings:
    """The settings of this process."""
    home = Path(os.environ.get("AG_HOME") or find_default_home()).resolve()
    named = os.environ.get("AG_STORE", "")
    store = named if is_address(named) else Path(named or home / "home-world.duckdb").resolve()
    showcase = Path(os.environ.get("AG_SHOWCASE") or SHOWCASE).resolve()
    return Settings(home, store, os.environ.get("AG_DEVICE", ""), showcase)
