"""Weights that a person brought: named, kept by their content in the home folder, and put in the place of shipped ones.

Each has a small JSON file with its name, and the weights beside it under the hash of their bytes. What was removed
waits in a folder of its own, so that a removal can be undone. Whoever computes reads a folder of weights: some own
weights chosen by name make a folder in which they stand in the place of the shipped ones. Knows no torch; that a file
holds what it is said to hold is for `models.own_checkpoint` to say.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ag_core.catalog import (
    ACTION_MODELS,
    CLIP_NETWORKS,
    DETECTORS,
    GRAPH_READERS,
    HOME_WORLD,
    RELATION_HEADS,
    Entry,
    Family,
    find_clip_networks,
    find_detector,
    list_predicting_models,
)
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file, stage_file, stage_folder, write_atomically
from ag_core.settings import WEIGHTS, settings

KINDS: Mapping[str, Mapping[str, Entry]] = {
    "detector": DETECTORS,
    "relations": RELATION_HEADS,
    "clip": CLIP_NETWORKS,
    "action": ACTION_MODELS,
    "graph-reader": GRAPH_READERS,
}
"""What own weights can be, as `train` calls it, and the models of that kind."""

OWN_DETECTOR_FILE = "own-detector.safetensors"
"""In a folder of weights, a detector that finds boxes while the folder's own one still makes the region features."""

MAX_NAME, N_REMOVED = 40, 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class OwnWeights:
    """One registered file.

    kind       one of KINDS; model its id in the catalog, preset the size it was made for
    sha256     of the file that is kept; ending with the dot
    file       what the file was called; added: when, ISO
    stands_on  by role the first 12 digits of the hash of the weights that it was trained on top of
    """

    name: str
    kind: str
    model: str
    preset: str
    sha256: str
    ending: str
    file: str
    added: str
    stands_on: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where the weights lie."""
        return _folder() / f"{self.sha256}{self.ending}"

    @property
    def label(self) -> str:
        """How a screen names it: 'kitchen (RelDN)'."""
        return f"{self.name} ({KINDS[self.kind][self.model].label})"


@dataclass(frozen=True)
class CheckedFile:
    """What was found out of a file: whose weights of which size it holds, and what it stands on, as of OwnWeights."""

    kind: str
    model: str
    preset: str
    stands_on: Mapping[str, str]


def check_name(name: str) -> None:
    """UserError for a name that cannot be, that a model of the catalog has, or that is taken."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise UserError(
            f"{name!r} is no name for weights; take at most {MAX_NAME} letters, digits, points, - and _, a letter or "
            "digit first"
        )
    if any(name in table for table in KINDS.values()):
        raise UserError(f"{name!r} is the name of a model; choose another one for your weights")
    if _record(name).is_file():
        raise UserError(f"weights named {name!r} are there already; choose another name, or remove them first")


def keep_weights(path: Path, name: str, checked: CheckedFile, file: str = "") -> OwnWeights:
    """Copy a checked file into the home folder and register it; file: what it is called, where that is another name.

    UserError where the name is taken, or where nothing can be written.
    """
    check_name(name)
    sha256 = hash_file(path)
    target = _folder() / f"{sha256}{path.suffix}"
    if not target.is_file() or hash_file(target) != sha256:
        with stage_file(target) as staged:
            shutil.copyfile(path, staged)
    added = datetime.now(UTC).isoformat(timespec="seconds")
    facts = {"sha256": sha256, "ending": path.suffix, "file": file or path.name, "added": added}
    own = OwnWeights(name, **asdict(checked) | facts)
    _write(_record(name), own)
    return own


def list_own_weights() -> list[OwnWeights]:
    """All that is registered and whose file is there, by name."""
    return [own for path in sorted(_folder().glob("*.json")) if (own := _read(path)) is not None and own.path.is_file()]


def find_own_weights(name: str) -> OwnWeights:
    """One by its name; UserError lists the known ones."""
    known = {own.name: own for own in list_own_weights()}
    if name not in known:
        there = f"known are {', '.join(known)}" if known else "none are registered"
        raise UserError(f"there are no weights named {name!r}; {there}; `weights add` registers a file")
    return known[name]


def remove_weights(name: str) -> OwnWeights:
    """Take weights out of what can be chosen; `undo_removal` brings the newest back. UserError for an unknown name."""
    own = find_own_weights(name)
    removed = _folder() / "removed"
    stamp = f"{datetime.now(UTC).timestamp():.6f}"
    _write(removed / f"{stamp} {name}.json", own)
    _record(name).unlink()
    for path in sorted(removed.glob("*.json"))[:-N_REMOVED]:
        path.unlink()
    _forget_unnamed_files()
    return own


def undo_removal() -> OwnWeights:
    """Bring back what was removed last. UserError where nothing was, or where its name is taken by now."""
    newest = next(iter(sorted((_folder() / "removed").glob("*.json"), reverse=True)), None)
    own = None if newest is None else _read(newest)
    if newest is None or own is None or not own.path.is_file():
        raise UserError("no weights were removed, so nothing can be brought back")
    check_name(own.name)
    _write(_record(own.name), own)
    newest.unlink()
    return own


def list_removed() -> list[OwnWeights]:
    """What was removed and can be brought back, the newest first."""
    paths = sorted((_folder() / "removed").glob("*.json"), reverse=True)
    return [own for path in paths if (own := _read(path)) is not None and own.path.is_file()]


def compose_folder(names: Sequence[str], base: Path = WEIGHTS, *, whole: bool = False) -> Path:
    """A folder of weights as `base`, with own weights in the place of those of the same model; `base` without names.

    An own detector finds boxes, and region features stay with the base's, which the relation heads learned on; unless
    chosen weights learned on this one, or `whole` asks for it, as to evaluate the detector itself. UserError for an
    unknown name, and where two take the same place.
    """
    if not names:
        return base
    chosen = [find_own_weights(name) for name in sorted(set(names))]
    placed: dict[str, OwnWeights] = {}
    for own in chosen:
        if own.ending != ".safetensors":
            raise UserError(f"{own.name} is a model file of its own and stands in no folder; give it as the detector")
        file = _choose_place(own, chosen, whole)
        if file in placed:
            raise UserError(f"{placed[file].name} and {own.name} are weights of the same model; choose one of them")
        placed[file] = own
    lie = {path.name: path for path in sorted(base.glob("*.safetensors"))} | {f: own.path for f, own in placed.items()}
    states = [(file, str(path.resolve()), path.stat().st_mtime_ns) for file, path in lie.items()]
    key = hash_bytes(json.dumps(states).encode())[:16]
    folder = _folder() / "folders" / key / ",".join(own.name for own in chosen)  # its last part is what one may type
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with stage_folder(folder) as staged:
            for file, path in lie.items():
                _place(path.resolve(), staged / file)
    return folder


def check_predicting(own: OwnWeights) -> None:
    """UserError for weights of a model that takes part in no prediction."""
    predicting = list_predicting_models()
    taking_part = {model.id for model in predicting} | {network.id for network in find_clip_networks(predicting)}
    if own.kind in ("clip", "action") and own.model not in taking_part:
        raise UserError(
            f"{own.name} is of {KINDS[own.kind][own.model].label}, which takes part in no prediction; "
            "`evaluate` takes it, with --weights"
        )


def resolve_weights(text: str, *, whole: bool = True) -> Path:
    """What an option names: a folder of weights, or own weights by name, several with commas between."""
    folder, names = Path(text), [name for name in text.split(",") if name]
    if folder.is_dir() or not names or not all(map(_NAME.fullmatch, names)):
        return folder
    if not list_own_weights():
        return folder  # which whoever reads it misses with a sentence of its own
    return compose_folder(names, whole=whole)


def choose_scoring_weights(hashes: Mapping[str, str], base: Path = WEIGHTS) -> Path:
    """The folder of weights for models with these hashes by role: own weights where their hash is among them."""
    names = [own.name for own in list_own_weights() if own.sha256 in hashes.values() and own.ending == ".safetensors"]
    try:
        return compose_folder(names, base)
    except UserError:  # the same content under two names
        return base


def _choose_place(own: OwnWeights, chosen: Sequence[OwnWeights], whole: bool) -> str:
    """The file that weights are in a folder."""
    file = KINDS[own.kind][own.model].weights_path(Path()).name
    if own.model != HOME_WORLD or whole:
        return file
    stands = any(other.stands_on.get("detector") == own.sha256[:12] for other in chosen)
    return find_detector(HOME_WORLD).weights_path(Path()).name if stands else OWN_DETECTOR_FILE


def _place(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:  # a disk or a system without links
        shutil.copyfile(source, target)


def _forget_unnamed_files() -> None:
    """Delete the weights that neither a registered nor a removed name points to."""
    folder = _folder()
    records = [*folder.glob("*.json"), *(folder / "removed").glob("*.json")]
    named = {own.path for path in records if (own := _read(path)) is not None}
    for path in folder.iterdir():
        if path.is_file() and re.fullmatch(r"[0-9a-f]{64}\..+", path.name) and path not in named:
            path.unlink()


def _folder() -> Path:
    return settings().home / "weights"


def _record(name: str) -> Path:
    return _folder() / f"{name}.json"


def _write(path: Path, own: OwnWeights) -> None:
    write_atomically(path, json.dumps(asdict(own), indent=1) + "\n")


def _read(path: Path) -> OwnWeights | None:
    """A record; None where it is damaged, or of a model that is known no more."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        own = OwnWeights(**fields)
        return own if own.model in KINDS[own.kind] and re.fullmatch("[0-9a-f]{64}", own.sha256) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def find_own_name(sha256: str) -> str | None:
    """What own weights of a hash are called; None where they are not registered."""
    return next((own.name for own in list_own_weights() if own.sha256 == sha256), None)


def describe_family(kind: str) -> str:
    """What a kind is, in words: 'relation head'."""
    families = {"detector": Family.DETECTOR, "relations": Family.RELATION_HEAD, "clip": Family.CLIP_NETWORK}
    families |= {"action": Family.ACTION_MODEL, "graph-reader": Family.GRAPH_READER}
    return str(families[kind])
