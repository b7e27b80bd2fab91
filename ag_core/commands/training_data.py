"""Options that `train` and `evaluate` share: which data, on which device; and the data they name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.annotations.store_format import ANNOTATION
from ag_core.catalog import DEFAULT_RELATION_HEAD, RELATION_HEADS
from ag_core.commands.number_options import add_threads
from ag_core.settings import is_address

WEIGHTS_HELP = "folder of weights, or your own ones by name, with commas between (default: the shipped ones)"

if TYPE_CHECKING:
    from ag_core.experiments.compute import Compute
    from ag_core.experiments.datasets import TrainingData


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


def add_relation_head(parser: argparse.ArgumentParser) -> None:
    """Add --relation-head: whose graphs SGFB reads."""
    judges = "relation head whose graphs SGFB reads (default %(default)s)"
    parser.add_argument("--relation-head", default=DEFAULT_RELATION_HEAD, choices=list(RELATION_HEADS), help=judges)


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
