"""The embedded home world: makes the store the app opens from the clips and truth shipped in the showcase folder.

The store is made once per showcase: a stamp beside it remembers what it was made from, and a changed showcase or schema
makes a new one, as do corrections of its videos, which are a source of their own. A store that the user named with
AG_STORE is never made nor replaced here.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ag_core.annotations.building.assembly import ASSEMBLY
from ag_core.annotations.building.inputs import FurtherAnnotation
from ag_core.annotations.connection import fetch_store
from ag_core.annotations.readers.corrections import find_corrected_annotation
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import FORMAT_VERSION, SCHEMA
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file, write_atomically
from ag_core.settings import Settings, settings


def ensure_store() -> Path:
    """The store of this process's settings, made or made anew where it is the embedded one and out of date.

    A lake at an address is fetched: the answer is its local copy.

    Two processes may ask at once: one builds, the other waits. Raises UserError where there is nothing to open.
    """
    chosen = settings()
    if chosen.store != chosen.embedded_store:
        if isinstance(chosen.store, Path) and not chosen.store.exists():
            raise UserError(
                f"there is no store at {chosen.store}; make one with `python -m ag_core build-store`, "
                "or unset AG_STORE to see the embedded home world"
            )
        return fetch_store(chosen.store)
    if not (chosen.showcase / "annotations").is_dir():
        raise UserError(
            f"the embedded videos are missing from {chosen.showcase}; restore the folder from the repository, "
            "or name a store of your own with AG_STORE"
        )
    wanted = _compute_fingerprint(chosen)
    if chosen.locked_home is not None:
        before = replace(chosen, home=chosen.locked_home)
        if _is_current(before, wanted):
            return before.embedded_store
    if not _is_current(chosen, wanted):
        _build(chosen, wanted)
    return chosen.embedded_store


def open_store(where: Path | str | None = None) -> AnnotationStore:
    """A store, open for reading: a .duckdb file, a lake's folder or its address; by default the one the app opens.

    That is AG_STORE where it is set, else the embedded home world, made at the first call (some seconds).
    """
    return AnnotationStore(ensure_store() if where is None else where)


def list_showcase_predictions(showcase: Path) -> list[Path]:
    """The shipped prediction files, sorted by video id; empty where none were made."""
    return sorted((showcase / "predictions").glob("*.json"))


def _build(chosen: Settings, wanted: str) -> None:
    from ag_core.annotations.building.build import build_store  # much to import, and seldom needed

    build_store(
        chosen.embedded_store,
        charades=chosen.showcase / "charades",
        action_genome=chosen.showcase / "annotations",
        videos=chosen.showcase / "videos",
        predictions=list_showcase_predictions(chosen.showcase),
        further=_list_corrections(chosen),
        force=_was_cut(chosen, wanted),
    )
    write_atomically(_stamp_path(chosen), _describe_state(chosen.embedded_store, wanted))


def _list_corrections(chosen: Settings) -> list[FurtherAnnotation]:
    """What the reader corrected in the embedded videos; nothing where a file is damaged, which the player says."""
    embedded = [path.stem for path in (chosen.showcase / "videos").glob("*.mp4")]
    with suppress(UserError):
        found = find_corrected_annotation(chosen.corrections, embedded)
        return [] if found is None else [found]
    return []


def _describe_state(store: Path, wanted: str) -> str:
    """What the stamp says of a whole store: what it was made from, and its size, another one where it was cut."""
    return f"{wanted} {store.stat().st_size}"


def _stamp_path(chosen: Settings) -> Path:
    return chosen.embedded_store.with_suffix(".stamp")


def _is_current(chosen: Settings, wanted: str) -> bool:
    stamp = _stamp_path(chosen)
    store = chosen.embedded_store
    return store.is_file() and stamp.is_file() and stamp.read_text() == _describe_state(store, wanted)


def _was_cut(chosen: Settings, wanted: str) -> bool:
    """Whether the store was made from this showcase and is no longer as long as it was then."""
    stamp = _stamp_path(chosen)
    made_from, _, size = stamp.read_text().partition(" ") if stamp.is_file() else ("", "", "")
    store = chosen.embedded_store
    return made_from == wanted and bool(size) and (not store.is_file() or size != str(store.stat().st_size))


def _compute_fingerprint(chosen: Settings) -> str:
    """What the store depends on: contents of the small files, sizes of the videos, the schema, where the videos lie,
    and what was corrected."""
    parts = ("charades", "annotations", "predictions", "videos")
    files = [path for part in parts for path in sorted((chosen.showcase / part).glob("*")) if path.is_file()]
    facts = [f"{FORMAT_VERSION} {chosen.showcase}"]
    files += [path for annotation in _list_corrections(chosen) for path in annotation.files]
    for path in [*files, SCHEMA, ASSEMBLY]:
        facts.append(f"{path.name} {path.stat().st_size if path.suffix == '.mp4' else hash_file(path)}")
    return hash_bytes("\n".join(facts).encode())
