"""Options that `train` and `evaluate` share: which data, on which device; and the data they name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.annotations.store_format import ANNOTATION
from ag_core.catalog import DEFAULT_RELATION_HEAD, DETECTORS, HOME_WORLD, RELATION_HEADS
from ag_core.commands.number_options import add_threads
from ag_core.settings import is_address

WEIGHTS_HELP = "folder of weights, or your own ones by name, with commas between (default: the shipped ones)"

if TYPE_CHECKING:
    from ag_core.experiments.compute import Compute
    from ag_core.experiments.datasets import TrainingData
    from ag_core.experiments.graph_makers import GraphMakers


def add_counting_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that counts a table on one split."""
    add_data_options(parser)
    parser.add_argument("--split", default="train", help="split to count (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="file of the table")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --source, --cache, --device and --threads."""
    parser.add_argument(
        "--data",
        type=parse_location,
        required=True,
        metavar="STORE",
        help="store made by `build-store` (.duckdb, lake folder or address), or the folder of a home world",
    )
    parser.add_argument(
        "--source", help="whose boxes and relationships (default: dense where there is one, annotation)"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="decoded frames and features (default: beside --data)"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default %(default)s)")
    add_threads(parser, help="processor threads (default: one a core)")


def add_detector_choice(parser: argparse.ArgumentParser, default: str | None = HOME_WORLD) -> None:
    """Add --detector: one of those that ship; without a default the best one in the folder of weights."""
    own = [entry.id for entry in DETECTORS.values() if entry.weights_file]
    finds = f"detector that finds the boxes (default: {default or 'the best one in the folder of weights'})"
    parser.add_argument("--detector", default=default, choices=own, help=finds)


def add_graph_makers(parser: argparse.ArgumentParser) -> None:
    """Add --detector and --relation-head: whose graphs SGFB reads."""
    add_detector_choice(parser, default=None)
    judges = "relation head whose graphs SGFB reads (default %(default)s)"
    parser.add_argument("--relation-head", default=DEFAULT_RELATION_HEAD, choices=list(RELATION_HEADS), help=judges)


def read_graph_makers(options: argparse.Namespace, weights: Path) -> "GraphMakers":
    """What `add_graph_makers` asked for, with the networks in a folder of weights."""
    from ag_core.experiments.graph_makers import GraphMakers
    from ag_core.results.footage import find_home_detector

    return GraphMakers(options.detector or find_home_detector(weights), options.relation_head)


def add_graph_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data and --source of what reads annotated graphs alone, without any video file."""
    data = "store made by `build-store`, or the folder of ag_frames_train.jsonl and ag_frames_val.jsonl"
    parser.add_argument("--data", type=parse_location, required=True, metavar="STORE", help=data)
    parser.add_argument("--source", default=ANNOTATION, help="whose graphs a store gives (default %(default)s)")


def parse_location(text: str) -> Path | str:
    """A path, or an address as it stands."""
    return text if is_address(text) else Path(text)


def open_data(options: argparse.Namespace, split: str) -> "TrainingData":
    """The data that the options name; a home world's store is built once, beside its files."""
    from ag_core.experiments.datasets import TrainingData
    from ag_core.world.dense_source import build_home_world_store, holds_home_world

    where = options.data
    if isinstance(where, Path) and where.is_dir() and holds_home_world(where):
        store = build_home_world_store(where)
        return TrainingData.open(store, split, options.source, options.cache or where / ".cache", name_data(where))
    return TrainingData.open(where, split, options.source, options.cache, name_data(where))


def name_data(where: Path | str) -> str:
    """What results and weights call the data: the last part of its path or address."""
    return where.resolve().name if isinstance(where, Path) else where.rstrip("/").rpartition("/")[2]


def read_compute(options: argparse.Namespace) -> "Compute":
    """Device and precision that the options ask for; the number of threads is set."""
    import torch

    from ag_core.experiments.compute import Compute

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    chosen = vars(options)
    return Compute(options.device, chosen.get("autocast", "off"))
