"""The weights files that a training stands on, by their roles."""

from pathlib import Path

from ag_core.catalog import (
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    ActionModelEntry,
    ClipNetworkEntry,
    find_clip_network,
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.checkpoints import read_metadata
from ag_core.presets import VideoPreset


def find_graph_weights(
    weights: Path, relation_head: str = DEFAULT_RELATION_HEAD, of_detector: Path | None = None
) -> dict[str, Path]:
    """The weights that make graphs, by role: detector and relations in a folder; the detector from `of_detector`,
    another folder, where one is given."""
    return {
        "detector": find_detector(HOME_WORLD).weights_path(of_detector or weights),
        "relations": find_relation_head(relation_head).weights_path(weights),
    }


def find_weights_below(entry: ClipNetworkEntry, preset: VideoPreset, options: TrainingOptions) -> dict[str, Path]:
    """The weights that a clip network stands on in its own training, by role: detector and frozen body, if any."""
    below = {"detector": find_detector(HOME_WORLD).weights_path(options.weights)} if preset.regions_per_frame else {}
    if entry.body is not None:
        body = find_clip_network(entry.body)
        below[body.role] = body.weights_path(options.weights)
    return below


def find_weights_of_features(model: ActionModelEntry, data: TrainingData, options: TrainingOptions) -> dict[str, Path]:
    """The weights that make the features of an action model's head, by role."""
    network = find_clip_network(model.clip_network)
    earlier = find_graph_weights(options.weights, options.relation_head)
    earlier[network.role] = network.weights_path(options.weights)
    if options.cross_predicted is not None:
        earlier |= find_fold_weights(options.cross_predicted, options.weights, data, options.relation_head)
    return earlier


def find_fold_weights(
    folders: tuple[Path, Path], weights: Path, data: TrainingData, relation_head: str = DEFAULT_RELATION_HEAD
) -> dict[str, Path]:
    """The files of detector and relation head of each fold, by role; the detector of `weights` where a folder has none.

    UserError where a relation head has not learned from its fold of this data alone, or a detector there has not.
    """
    found: dict[str, Path] = {}
    detector, relations = find_detector(HOME_WORLD), find_relation_head(relation_head)
    for fold, folder in enumerate(folders):
        own_detector = detector.weights_path(folder)
        of_fold = {"relations": relations.weights_path(folder)}
        if own_detector.is_file():
            of_fold["detector"] = own_detector
        for path in of_fold.values():
            said = read_metadata(path)
            if said.get("fold") != str(fold) or said.get("data") != data.name:
                learned = f"fold {said['fold']} of {said.get('data')}" if "fold" in said else "all videos"
                raise UserError(
                    f"{path} learned from {learned}, and fold {fold} of {data.name} alone is wanted; make it with "
                    f"`train` and --fold {fold}, and give the folder of fold 0 first"
                )
        of_fold.setdefault("detector", detector.weights_path(weights))
        found |= {f"{role}-of-fold-{fold}": path for role, path in of_fold.items()}
    return found
