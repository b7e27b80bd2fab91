"""Trainings of relation heads as they are scored: each head from each folder of weights that holds it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ag_core.catalog import HOME_WORLD, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.experiments.evaluation import read_seed
from ag_core.files import hash_bytes, hash_file_cached
from ag_core.models.relation import RelationHead, load_relation_head


@dataclass(frozen=True)
class HeadRun:
    """One training of a head, loaded. key: the hash of its weights and its detector's, with the preset's name."""

    head: str
    seed: int
    network: RelationHead
    detector: Path
    detector_hash: str
    weights_hash: str
    trained_on: str
    key: str


def load_runs(
    heads: Sequence[str], folders: Sequence[Path], preset_name: str = "demo"
) -> tuple[list[HeadRun], dict[str, str]]:
    """Every training of the heads in folders of weights, each file once; and by head without any, what was looked for.

    What is counted instead of trained has no seed: equal counts count once, whenever each was written.

    UserError where there is none of any head.
    """
    own = find_detector(HOME_WORLD)
    runs: list[HeadRun] = []
    missing = {}
    for head in heads:
        entry = find_relation_head(head)
        found: dict[str, HeadRun] = {}
        for folder in folders:
            path, detector = entry.weights_path(folder), own.weights_path(folder)
            if not path.is_file():
                continue
            preset = entry.preset(preset_name)
            network, facts = load_relation_head(head, folder, preset)
            detector_hash, weights_hash = hash_file_cached(detector), hash_file_cached(path)
            key = hash_bytes(f"{weights_hash} {detector_hash} {preset.name}".encode())[:12]
            seed = read_seed(facts)
            identity = key if seed is not None else f"{_hash_numbers(network)} {detector_hash}"
            seed = len(found) if seed is None else seed
            trained_on = facts.get("trained_on_data", entry.trained_on)
            run = HeadRun(head, seed, network.eval(), detector, detector_hash, weights_hash, trained_on, key)
            found.setdefault(identity, run)
        runs += found.values()
        if not found:
            missing[head] = entry.weights_path(Path()).name
    if not runs:
        where = " and ".join(str(folder) for folder in folders)
        raise UserError(
            f"none of the heads {', '.join(heads)} has weights in {where}; train one with "
            "`train relations --head NAME --out FILE`, or name other folders with --weights"
        )
    return runs, missing


def _hash_numbers(network: RelationHead) -> str:
    """Hexadecimal SHA-256 of all numbers of a network, whatever else its file says."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.contiguous().numpy())
    return digest.hexdigest()
