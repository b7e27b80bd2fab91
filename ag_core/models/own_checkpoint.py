"""Whether a weights file of somebody's own is what it is said to be: which model's, of which size, and whole.

A file of this project says whose weights it holds; one of bare tensors is that of the model that is named for it, in
the size whose shapes it has, and is written anew with what is missing. Nothing that a file holds is run.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from ag_core.catalog import DETECTORS, HOME_WORLD, ActionModelEntry, Entry, Family
from ag_core.errors import UserError
from ag_core.models.checkpoints import (
    STANDS_ON,
    find_owner,
    find_problems,
    load_checkpoint,
    read_metadata,
    save_checkpoint,
)
from ag_core.models.detector import build_faster_rcnn, load_detector
from ag_core.models.foreign.reading import read_foreign_tensors
from ag_core.models.graph_reader import build_graph_reader
from ag_core.models.relation import build_relation_head
from ag_core.models.video import build_bank_head, build_clip_classifier, read_trained_actions
from ag_core.presets import BANK_OPERATORS

ENDINGS = (".safetensors", ".pt", ".pth")
UNKNOWN_DATA = "data that the file does not name"


@contextmanager
def check_own_file(
    path: Path, table: Mapping[str, Entry], family: str, model: str | None = None
) -> Iterator[tuple[Path, str, str, dict[str, str]]]:
    """While the context lasts: a file that can be kept, model and preset of its weights, what they stand on by role.

    table   the models that it may be of; family what they are, in words
    model   whose weights it is said to hold; needed for a file that does not say so itself

    UserError names what is wrong: no such file, another model or preset, missing or misshapen tensors, whole numbers in
    the place of weights, values that are no numbers.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}; give the path of a weights file")
    if model is not None and model not in table:
        raise UserError(f"there is no {family} {model!r}; known are {', '.join(table)}")
    if path.suffix == ".onnx":
        if HOME_WORLD not in table:
            raise UserError(f"{path.name} is an ONNX file, and only detectors may be; give a {family} as .safetensors")
        load_detector(str(path))
        yield path, next(entry.id for entry in DETECTORS.values() if entry.file_ending == ".onnx"), "onnx", {}
        return
    if path.suffix == ".safetensors" and (owner := find_owner(read_metadata(path))) is not None:
        yield path, *_check_named_file(path, owner, table, family, model)
        return
    if path.suffix not in ENDINGS:
        raise UserError(f"{path.name} is no weights file; give one that ends with {', '.join(ENDINGS)} or .onnx")
    own = [entry.id for entry in table.values() if entry.presets]
    if model is None:
        raise UserError(
            f"{path.name} does not say whose weights it holds; name the model with --model, one of {', '.join(own)}"
        )
    if model not in own:
        raise UserError(f"{model} is no network of this project, and {path.name} holds bare tensors; give its own file")
    with TemporaryDirectory() as folder:
        written = Path(folder) / f"{path.stem}.safetensors"
        preset = _write_named_file(path, table[model], written)
        yield written, model, preset, {}


def _check_named_file(
    path: Path, owner: str, table: Mapping[str, Entry], family: str, model: str | None
) -> tuple[str, str, dict[str, str]]:
    if owner not in table:
        raise UserError(
            f"{path.name} holds the weights of {owner!r}, which is no {family}; known are {', '.join(table)}"
        )
    if model not in (None, owner):
        raise UserError(
            f"{path.name} holds the weights of {owner!r}, and those of {model!r} are wanted; give that file"
        )
    entry, metadata = table[owner], read_metadata(path)
    preset = _choose_preset(path, entry, metadata.get("preset"))
    module = _build(entry, preset, metadata.get("operator"), path)
    load_checkpoint(path, module, entry.presets[preset].name, owner)
    read_trained_actions(path, metadata)
    stands_on = dict(part.split("=", 1) for part in metadata.get(STANDS_ON, "").split() if "=" in part)
    return owner, entry.presets[preset].name, stands_on


def _choose_preset(path: Path, entry: Entry, said: str | None) -> str:
    """The short name of the preset that a file names, of those in which the model can take part in predictions."""
    usable = _list_presets(entry)
    for short in usable:
        if entry.presets[short].name == said:
            return short
    names = ", ".join(entry.presets[short].name for short in usable)
    raise UserError(
        f"{path.name} was trained with preset {said!r}, and {entry.id} takes part in predictions as {names}; "
        "train it in that size"
    )


def _list_presets(entry: Entry) -> list[str]:
    """Detectors and relation heads take part in the size that their file names, the others at demo size."""
    sizes = list(entry.presets)
    return sizes if entry.id in DETECTORS or entry.family == Family.RELATION_HEAD else sizes[:1]


def _build(entry: Entry, preset: str, operator: str | None, path: Path) -> nn.Module:
    """A network with fresh weights."""
    chosen = entry.presets[preset]
    if entry.id == HOME_WORLD:
        detector: nn.Module = build_faster_rcnn(chosen)
        return detector
    if entry.family == Family.RELATION_HEAD:
        return build_relation_head(entry.id, chosen)
    if entry.family == Family.CLIP_NETWORK:
        return build_clip_classifier(entry.id, chosen)
    if isinstance(entry, ActionModelEntry):
        if entry.bank is None:
            raise UserError(f"{entry.id} has no weights but those of its clip network; register that as a clip network")
        operator = operator or chosen.operator
        if operator not in BANK_OPERATORS:
            raise UserError(f"{path.name} has the bank operator {operator!r}; known are {', '.join(BANK_OPERATORS)}")
        return build_bank_head(entry.id, replace(chosen, operator=operator))
    return build_graph_reader()


def _write_named_file(path: Path, entry: Entry, written: Path) -> str:
    """Bare tensors as a file of ours, in the first size that they fit, whose preset's name is returned."""
    state = read_foreign_tensors(path)
    problems: list[str] = []
    for short in _list_presets(entry):
        with torch.device("meta"):
            module = _build(entry, short, None, path)
        found = find_problems(state, module)
        if not found:
            preset = entry.presets[short].name
            facts = {"model": entry.id, "preset": preset, "trained_on_data": UNKNOWN_DATA, "command": "weights add"}
            save_checkpoint(written, state, facts)
            return str(preset)
        if not problems or len(found) < len(problems):
            problems = found
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    raise UserError(
        f"{path.name} does not hold the weights of {entry.id}: {problems[0]}{more}; give a file of that model"
    )
