"""`train geometry`: what the places of two boxes alone say of relationships, on annotated frames with boxes."""

import argparse
from functools import partial

from ag_core.commands.training_data import add_counting_options, open_data


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the counting."""
    add_counting_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Count and write the table."""
    from ag_core.catalog import GEOMETRY
    from ag_core.experiments.geometry import count_geometry_of
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.outputs import check_target

    is_same_kind = partial(holds_weights_of, model=GEOMETRY)
    check_target(options.out, is_same_kind=is_same_kind, kind=f"a weights file of {GEOMETRY}", seekable=True)
    n_objects = count_geometry_of(open_data(options, options.split), options.out)
    print(f"{options.out}: places of {n_objects} annotated objects beside a person")
