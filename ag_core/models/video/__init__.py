"""Video models, built from the catalog: a clip network, and behind it a bank head (methods C16, C18, C19)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.catalog import find_action_model, find_clip_network
from ag_core.errors import UserError
from ag_core.models.checkpoints import check_earlier_weights, load_checkpoint, read_metadata
from ag_core.models.feature_bank import get_bank_width
from ag_core.models.references import import_reference, select_own_arguments
from ag_core.models.video.bank_head import BankedVideoModel, BankHead
from ag_core.models.video.clip_network import ClipInput, ClipNetwork, PooledClipNetwork, make_clip_input
from ag_core.models.video.fbo import build_bank_operator
from ag_core.presets import BANK_OPERATORS, BodyPreset, VideoPreset
from ag_core.taxonomy import ACTIONS, N_ACTIONS, find_action_index

__all__ = [
    "BankHead",
    "BankedVideoModel",
    "ClipInput",
    "ClipNetwork",
    "PooledClipNetwork",
    "build_bank_head",
    "build_clip_classifier",
    "build_clip_network",
    "build_video_model",
    "fill_body",
    "load_bank_head",
    "load_clip_network",
    "make_clip_input",
    "read_trained_actions",
]


def build_clip_network(network: str, preset: VideoPreset | None = None) -> ClipNetwork:
    """A clip network of the catalog with fresh weights, at demo size unless another preset of it is given.

    UserError lists the known networks.
    """
    entry = find_clip_network(network)
    build: Callable[..., ClipNetwork] = import_reference(entry.build)
    return build(**select_own_arguments(entry.preset() if preset is None else preset, VideoPreset))


def build_bank_head(model: str, preset: VideoPreset | None = None) -> BankHead:
    """Bank operator and classifier of an action model with fresh weights: what is trained on cached clip features.

    UserError lists the known models.
    """
    entry = find_action_model(model)
    chosen: VideoPreset = entry.preset() if preset is None else preset
    if entry.bank is None:
        return BankHead(chosen.feature_size, None, N_ACTIONS, chosen.dropout)
    operator = build_bank_operator(
        chosen.operator,
        chosen.feature_size,
        get_bank_width(entry.bank, chosen.feature_size),
        chosen.latent_size,
        chosen.bank_layers,
        chosen.bank_dropout,
    )
    return BankHead(chosen.feature_size, operator, N_ACTIONS, chosen.dropout, entry.bank)


def build_video_model(model: str, preset: VideoPreset | None = None) -> BankedVideoModel:
    """An action model with its clip network, fresh weights; UserError lists the known models."""
    entry = find_action_model(model)
    return BankedVideoModel(build_clip_network(entry.clip_network, preset), build_bank_head(model, preset))


def build_clip_classifier(network: str, preset: VideoPreset | None = None) -> BankedVideoModel:
    """A clip network with a classifier of its own behind it, fresh weights: what is trained on clips."""
    chosen: VideoPreset = find_clip_network(network).preset() if preset is None else preset
    built = build_clip_network(network, chosen)
    return BankedVideoModel(built, BankHead(chosen.feature_size, None, N_ACTIONS, chosen.dropout))


def load_clip_network(
    network: str, folder: Path, preset: VideoPreset | None = None
) -> tuple[BankedVideoModel, dict[str, str]]:
    """A clip network and its own classifier with the weights in `folder`, and what their file says of itself.

    Regions may come from another detector than in its training: of them only boxes are read. UserError as
    `load_checkpoint`.
    """
    entry = find_clip_network(network)
    chosen: VideoPreset = entry.preset() if preset is None else preset
    model = build_clip_classifier(network, chosen)
    path = entry.weights_path(folder)
    metadata = load_checkpoint(path, model, chosen.name, network)
    return model.eval(), metadata


def fill_body(net: ClipNetwork, network: str, preset: VideoPreset, folder: Path) -> None:
    """Give the frozen body of a clip network, where it has one, the weights of that network in `folder`.

    A file of a trained network holds its body; this is how a training begins. UserError as `load_clip_network`.
    """
    entry = find_clip_network(network)
    if entry.body is None:
        return
    if not isinstance(preset, BodyPreset):
        raise ValueError(f"{network} stands on {entry.body}, and its preset {preset.name} does not say at which size")
    body, _ = load_clip_network(entry.body, folder, preset.body)
    net.get_submodule("body.network").load_state_dict(body.clip_net.state_dict())


def load_bank_head(model: str, folder: Path, preset: VideoPreset | None = None) -> tuple[BankHead, dict[str, str]]:
    """An action model's head with the weights in `folder`, and what its file says of itself.

    The head of a model without a bank is the classifier beside its clip network; that of another one has the bank
    operator it was trained with, whatever the preset says. UserError as `load_checkpoint`, and where it was trained on
    features of another clip network than the folder's.
    """
    entry = find_action_model(model)
    chosen: VideoPreset = entry.preset() if preset is None else preset
    if entry.bank is None:
        network, metadata = load_clip_network(entry.clip_network, folder, chosen)
        return network.head, metadata
    path, network_entry = entry.weights_path(folder), find_clip_network(entry.clip_network)
    operator = read_metadata(path).get("operator", chosen.operator)
    if operator not in BANK_OPERATORS:
        raise UserError(
            f"{path} has the bank operator {operator!r}; known are {', '.join(BANK_OPERATORS)}; train it anew"
        )
    head = build_bank_head(model, replace(chosen, operator=operator))
    metadata = load_checkpoint(path, head, chosen.name, model)
    check_earlier_weights(path, metadata, network_entry.role, network_entry.weights_path(folder))
    return head.eval(), metadata | {"operator": operator}


def read_trained_actions(path: Path, metadata: dict[str, str]) -> NDArray[np.bool_]:
    """[157] from the action ids in a checkpoint's `trained_on`; all where it names none. UserError for unknown ones."""
    ids = [text.strip() for text in metadata.get("trained_on", "").split(",") if text.strip()]
    known = np.zeros(N_ACTIONS, bool)
    try:
        known[[find_action_index(text) for text in ids or [action.id for action in ACTIONS]]] = True
    except KeyError as error:
        raise UserError(f"{path} was trained on actions that are not Charades' ({error.args[0]})") from None
    return known
