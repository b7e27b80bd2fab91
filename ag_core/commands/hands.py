"""`train hands`: what the distance of a person's hands says of relationships, on films whose truth is known."""

import argparse
from functools import partial

from ag_core.commands.training_data import add_counting_options, open_data


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the counting."""
    add_counting_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Look for hands, count, and write the table. UserError where the pose network was not fetched."""
    from ag_core.catalog import HANDS, MOVENET, POSE_NETWORKS
    from ag_core.downloads import explain_missing, find_fetched
    from ag_core.errors import UserError
    from ag_core.experiments.hands import collect_pairs, count_hands_of
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.models.movenet import PoseNetwork
    from ag_core.outputs import check_target
    from ag_core.progress import ProgressReporter

    is_same_kind = partial(holds_weights_of, model=HANDS)
    check_target(options.out, is_same_kind=is_same_kind, kind=f"a weights file of {HANDS}", seekable=True)
    fetched = find_fetched(POSE_NETWORKS[MOVENET])
    if fetched is None:
        raise UserError(explain_missing(POSE_NETWORKS[MOVENET]))
    data = open_data(options, options.split)
    videos = data.load()
    with ProgressReporter() as report:
        pairs = collect_pairs(videos, PoseNetwork(fetched), report)
    facts = {"data": data.name, "trained_on_data": videos.name_origin(), "videos": str(len(videos.annotated()))}
    seen = count_hands_of(pairs, options.out, facts)
    print(f"{options.out}: hands beside {len(pairs.classes)} annotated objects, seen beside {seen:.0%}")
