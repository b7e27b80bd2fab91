"""Trainings of action models as they are scored: each model from each folder of weights that holds it.

A folder holds one training: the head, and beside it the networks that make its features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ag_core.catalog import (
    DEFAULT_RELATION_HEAD,
    ActionModelEntry,
    find_action_model,
    find_clip_network,
)
from ag_core.errors import UserError
from ag_core.experiments.earlier_weights import find_graph_weights
from ag_core.experiments.evaluation import read_seed
from ag_core.files import hash_bytes, hash_file_cached
from ag_core.models.checkpoints import read_metadata
from ag_core.models.video import BankHead, load_bank_head


@dataclass(frozen=True)
class ActionRun:
    """One training of an action model, loaded.

    folder        of its weights; weights_hash of its head's file
    clip_seed, clip_hash   of its clip network's training and file
    operator      of its bank; empty without a bank
    """

    entry: ActionModelEntry
    seed: int
    head: BankHead
    folder: Path
    weights_hash: str
    clip_seed: int
    clip_hash: str
    operator: str


def load_action_runs(
    models: Sequence[str],
    folders: Sequence[Path],
    preset_name: str = "demo",
    relation_head: str = DEFAULT_RELATION_HEAD,
) -> tuple[list[ActionRun], dict[str, str]]:
    """Every training of the models in folders of weights, the same files once; and by model without any, what was
    looked for.

    UserError where there is none of any model.
    """
    runs: list[ActionRun] = []
    missing = {}
    for name in models:
        entry = find_action_model(name)
        found: dict[str, ActionRun] = {}
        for folder in folders:
            path = entry.weights_path(folder)
            if path.is_file():
                key = _hash_all(entry, folder, relation_head)
                if key not in found:
                    found[key] = _load_run(entry, folder, preset_name, len(found))
        runs += found.values()
        if not found:
            missing[name] = entry.weights_path(Path()).name
    if not runs:
        where = " and ".join(str(folder) for folder in folders)
        raise UserError(
            f"none of the action models {', '.join(models)} has weights in {where}; train them with `train clip` and "
            "`train action`, or name other folders with --weights"
        )
    return runs, missing


def _load_run(entry: ActionModelEntry, folder: Path, preset_name: str, number: int) -> ActionRun:
    """The training in a folder; `number` is its seed where its file does not say one."""
    head, facts = load_bank_head(entry.id, folder, entry.preset(preset_name))
    clip_file = find_clip_network(entry.clip_network).weights_path(folder)
    seed, clip_seed = read_seed(facts), read_seed(read_metadata(clip_file))
    return ActionRun(
        entry,
        number if seed is None else seed,
        head,
        folder,
        hash_file_cached(entry.weights_path(folder)),
        number if clip_seed is None else clip_seed,
        hash_file_cached(clip_file),
        "" if entry.bank is None else facts["operator"],
    )


def _hash_all(entry: ActionModelEntry, folder: Path, relation_head: str) -> str:
    """One hash of the head and of all networks that make what it reads."""
    network = find_clip_network(entry.clip_network)
    files = [entry.weights_path(folder), network.weights_path(folder)]
    if entry.bank is not None:
        files += find_graph_weights(folder, relation_head).values()
    return hash_bytes(" ".join(hash_file_cached(path) for path in files if path.is_file()).encode())
