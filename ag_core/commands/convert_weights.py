"""`convert-weights`: weights that others published, written as weights of this project."""

import argparse
from functools import partial
from pathlib import Path

from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, HOME_WORLD, BankKind

MODELS = (
    HOME_WORLD,
    "sttran",
    *(network.id for network in CLIP_NETWORKS.values() if network.body is None),
    *(model.id for model in ACTION_MODELS.values() if model.bank is BankKind.CLIP_FEATURES),
)
"""What foreign weights can become (ids in the catalog)."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "convert-weights",
        help="make weights that others published into weights of this project",
        description="Make STTran's detector or relation model, a network of torchvision, or a video network of "
        "PySlowFast, PyTorchVideo, mmaction2 or caffe2 into weights of this project. docs/training.md says what comes "
        "of each.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a .pth, .pt, .safetensors or .pkl file")
    parser.add_argument("--as", dest="model", required=True, choices=MODELS, help="the model that it becomes")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Convert, and print what became of every tensor."""
    from ag_core.experiments.training_options import check_weights_target
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.models.foreign.conversion import convert_weights
    from ag_core.outputs import check_target

    check_weights_target(options.out, [options.file])
    is_same_kind = partial(holds_weights_of, model=options.model)
    check_target(options.out, is_same_kind=is_same_kind, kind=f"a weights file of {options.model}", seekable=True)
    print(convert_weights(options.file, options.model, options.out).describe())
