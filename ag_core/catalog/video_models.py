"""The clip networks, and the action models that read their features."""

from collections.abc import Iterable

from ag_core import presets
from ag_core.catalog.entries import (
    ActionModelEntry,
    BankKind,
    ClipNetworkEntry,
    Family,
    Need,
    Style,
    find_entry,
    index_by_id,
)

_I3D_PRESETS: dict[str, presets.VideoPreset] = {"demo": presets.DEMO_VIDEO, "paper": presets.PAPER_VIDEO}
_SLOWFAST_PRESETS: dict[str, presets.VideoPreset] = {"demo": presets.DEMO_SLOWFAST, "paper": presets.PAPER_SLOWFAST}
_SLOWFAST_NL_PRESETS: dict[str, presets.VideoPreset] = {
    "demo": presets.DEMO_SLOWFAST_NL,
    "paper": presets.PAPER_SLOWFAST_NL,
}
_TIMECEPTION_PRESETS: dict[str, presets.VideoPreset] = {
    "demo": presets.DEMO_TIMECEPTION,
    "paper": presets.PAPER_TIMECEPTION,
}
_STRG_PRESETS: dict[str, presets.VideoPreset] = {"demo": presets.DEMO_STRG, "paper": presets.PAPER_STRG}

CLIP_NETWORKS: dict[str, ClipNetworkEntry] = index_by_id(
    ClipNetworkEntry(
        id="i3d",
        label="I3D",
        about="a ResNet over clips with non-local blocks",
        build="ag_core.models.video.i3d:I3dNonLocal",
        presets=_I3D_PRESETS,
        weights_file="clip.safetensors",
        needs=frozenset({Need.CLIPS}),
        role="clip",
    ),
    ClipNetworkEntry(
        id="slowfast",
        label="SlowFast",
        about="a wide network for few frames, told by a narrow one that sees them all",
        build="ag_core.models.video.slowfast:SlowFast",
        presets=_SLOWFAST_PRESETS,
        weights_file="slowfast.safetensors",
        needs=frozenset({Need.CLIPS}),
        role="slowfast clip",
    ),
    ClipNetworkEntry(
        id="slowfast-nl",
        label="SlowFast + NL",
        about="the same with non-local blocks",
        build="ag_core.models.video.slowfast:SlowFast",
        presets=_SLOWFAST_NL_PRESETS,
        weights_file="slowfast-nl.safetensors",
        needs=frozenset({Need.CLIPS}),
        role="slowfast-nl clip",
    ),
    ClipNetworkEntry(
        id="timeception",
        label="Timeception",
        about="temporal convolutions over the I3D's maps of a whole video",
        build="ag_core.models.video.timeception:build_timeception",
        presets=_TIMECEPTION_PRESETS,
        weights_file="timeception.safetensors",
        needs=frozenset({Need.CLIPS}),
        role="timeception clip",
        body="i3d",
    ),
    ClipNetworkEntry(
        id="strg",
        label="STRG",
        about="graphs of the regions in a clip, over the I3D's maps",
        build="ag_core.models.video.strg:build_strg",
        presets=_STRG_PRESETS,
        weights_file="strg.safetensors",
        needs=frozenset({Need.CLIPS, Need.REGIONS}),
        role="strg clip",
        body="i3d",
    ),
)

SGFB, ORACLE = "sgfb", "oracle"
"""The paper's model, and the same model with annotated graphs in its bank: the two ends of the error ladder."""

ACTION_MODELS: dict[str, ActionModelEntry] = index_by_id(
    ActionModelEntry(
        id="i3d",
        label="I3D alone",
        about="the clip network with a classifier, without a bank",
        presets=_I3D_PRESETS,
        weights_file="clip.safetensors",
        needs=frozenset({Need.CLIPS}),
        clip_network="i3d",
        bank=None,
        style=Style("#5B7A2E", "#A6CF6B", "dot"),
        predicts=False,
        name_in_paper="I3D + NL",
    ),
    ActionModelEntry(
        id="lfb",
        label="LFB",
        about="remembers what clips look like",
        presets=_I3D_PRESETS,
        weights_file="lfb.safetensors",
        needs=frozenset({Need.CLIPS, Need.BANK}),
        clip_network="i3d",
        bank=BankKind.CLIP_FEATURES,
        style=Style("#66718A", "#9AA5B8", "dash"),
    ),
    ActionModelEntry(
        id=SGFB,
        label="SGFB",
        about="remembers scene graphs",
        presets=_I3D_PRESETS,
        weights_file="sgfb.safetensors",
        needs=frozenset({Need.CLIPS, Need.BANK}),
        clip_network="i3d",
        bank=BankKind.PREDICTED_GRAPHS,
        style=Style("#0B6BCB", "#5CB3FF"),
    ),
    ActionModelEntry(
        id=ORACLE,
        label="SGFB oracle",
        about="reads the annotated scene graphs",
        presets=_I3D_PRESETS,
        weights_file="oracle.safetensors",
        needs=frozenset({Need.CLIPS, Need.BANK}),
        clip_network="i3d",
        bank=BankKind.ANNOTATED_GRAPHS,
        style=Style("#8A6A00", "#E5C15A", "dot"),
        predicts=False,
    ),
    # Without a bank: compared with the others in evaluations, where their weights are, and in no prediction.
    ActionModelEntry(
        id="slowfast",
        label="SlowFast",
        about="sees few frames well and all of them roughly",
        presets=_SLOWFAST_PRESETS,
        weights_file="slowfast.safetensors",
        needs=frozenset({Need.CLIPS}),
        clip_network="slowfast",
        bank=None,
        style=Style("#8A2FC9", "#B88AF5", "dot"),
        predicts=False,
    ),
    ActionModelEntry(
        id="slowfast-nl",
        label="SlowFast + NL",
        about="the same with non-local blocks",
        presets=_SLOWFAST_NL_PRESETS,
        weights_file="slowfast-nl.safetensors",
        needs=frozenset({Need.CLIPS}),
        clip_network="slowfast-nl",
        bank=None,
        style=Style("#8A2FC9", "#B88AF5", "dash"),
        predicts=False,
    ),
    ActionModelEntry(
        id="timeception",
        label="Timeception",
        about="sees the whole video at once",
        presets=_TIMECEPTION_PRESETS,
        weights_file="timeception.safetensors",
        needs=frozenset({Need.CLIPS}),
        clip_network="timeception",
        bank=None,
        style=Style("#B3401F", "#F08A68", "dot"),
        predicts=False,
    ),
    ActionModelEntry(
        id="strg",
        label="STRG",
        about="sees how the regions of a clip resemble and follow one another",
        presets=_STRG_PRESETS,
        weights_file="strg.safetensors",
        needs=frozenset({Need.CLIPS, Need.REGIONS}),
        clip_network="strg",
        bank=None,
        style=Style("#0E7C74", "#4CC9BD", "dot"),
        predicts=False,
    ),
)


def find_clip_network(network: str) -> ClipNetworkEntry:
    """A clip network by its id; UserError lists the known ones."""
    return find_entry(CLIP_NETWORKS, network, Family.CLIP_NETWORK)


def find_action_model(model: str) -> ActionModelEntry:
    """An action model by its id; UserError lists the known ones."""
    return find_entry(ACTION_MODELS, model, Family.ACTION_MODEL)


def list_predicting_models() -> list[ActionModelEntry]:
    """The action models that take part in predictions, in their order."""
    return [entry for entry in ACTION_MODELS.values() if entry.predicts]


def find_clip_networks(models: Iterable[ActionModelEntry]) -> list[ClipNetworkEntry]:
    """The clip networks that some action models read, each once."""
    return [find_clip_network(network) for network in dict.fromkeys(model.clip_network for model in models)]
