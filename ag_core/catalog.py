"""Every model once: detectors, relation heads, clip networks and action models. Knows no torch and loads nothing.

An entry says what a model is called and looks like, what it needs, its presets, its weights file, and where its class
is (`build`, as 'module:name', imported only when the model is built). Pages, commands, caches, the worker, the JSON
schema and the tests read these tables; docs/adding_a_model.md shows how a model joins them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ag_core import presets
from ag_core.errors import UserError
from ag_core.presets import find_preset


class Family(StrEnum):
    """The four kinds of model, in the order of the path through them."""

    DETECTOR = "detector"
    RELATION_HEAD = "relation head"
    CLIP_NETWORK = "clip network"
    ACTION_MODEL = "action model"


class Need(StrEnum):
    """What a model reads beside what its whole family reads."""

    REGIONS = "region features"
    UNION_FEATURES = "union features"
    HEAD_MAPS = "maps of the person's head"
    WHOLE_VIDEO = "all frames of a video"
    CLIPS = "clips"
    BANK = "feature bank"


class BankKind(StrEnum):
    """What a feature bank is made from."""

    CLIP_FEATURES = "clip features"
    PREDICTED_GRAPHS = "predicted graphs"
    ANNOTATED_GRAPHS = "annotated graphs"


HOME_WORLD_DATA = "home world"
COCO_DATA = "COCO"
"""What weights were trained on, in the words of a prediction file."""

DEFAULT_RELATION_HEAD = "reldn"
DEFAULT_CLIP_NETWORK = "i3d"
"""What is used where nobody chooses."""

TRANSITIONS = "transitions"
TRANSITIONS_FILE = "transitions.safetensors"
"""What makes relationships steady after any head: which may follow which, in a folder of weights."""

DEFAULT_LOSS = "ag_core.models.relation.losses:compute_grouped_losses"
REFINING_LOSS = "ag_core.models.relation.losses:compute_refining_losses"


@dataclass(frozen=True)
class Style:
    """How a model is drawn: its colour in a light and in a dark theme, and its line ('solid', 'dash' or 'dot')."""

    light: str
    dark: str
    line: str = "solid"

    def colour(self, dark: bool) -> str:
        """The colour in a theme."""
        return self.dark if dark else self.light


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every family says of a model.

    id            names it in commands, settings, files and the store
    label, about  its name on screen, and half a sentence that says what it is
    build         'module:name' of its class, or of a function that returns the model
    presets       its recipes by short name ('demo' is the size of the shipped weights)
    weights_file  in the folder of weights, where it may be missing; None where the user or the network brings them
    trained_on    what those weights were trained on, in words
    """

    family: ClassVar[Family]

    id: str
    label: str
    about: str
    build: str
    presets: Mapping[str, Any] = field(default_factory=dict)
    weights_file: str | None = None
    needs: frozenset[Need] = frozenset()
    trained_on: str = HOME_WORLD_DATA

    def preset(self, name: str = "demo") -> Any:
        """The recipe of a short name; UserError lists the known ones."""
        return find_preset(self.presets, name)

    def weights_path(self, folder: Path) -> Path:
        """Its weights file in a folder of weights. UserError for a model that has none."""
        if self.weights_file is None:
            raise UserError(f"the {self.family} {self.id} has no weights file of its own; give the path of one")
        return folder / self.weights_file


@dataclass(frozen=True, kw_only=True)
class DetectorEntry(Entry):
    """A detector. `build` takes a path (or None without a file) and a `device`.

    name_in_results  its name in prediction files and the store
    architecture     stands in prediction files where there is no preset
    file_ending      of the model file that a user gives instead of a shipped one, such as '.onnx'
    """

    family: ClassVar[Family] = Family.DETECTOR
    name_in_results: str
    architecture: str = ""
    file_ending: str | None = None


@dataclass(frozen=True, kw_only=True)
class RelationHeadEntry(Entry):
    """A relation head. `loss` is 'module:name' of a function of batch, logits and targets that returns named terms."""

    family: ClassVar[Family] = Family.RELATION_HEAD
    loss: str = DEFAULT_LOSS


@dataclass(frozen=True, kw_only=True)
class ClipNetworkEntry(Entry):
    """A clip network: frozen behind the action models that name it. Its file also holds a classifier of its own.

    role  what it is in prediction files; no two networks and no action model share one
    """

    family: ClassVar[Family] = Family.CLIP_NETWORK
    role: str


@dataclass(frozen=True, kw_only=True)
class ActionModelEntry(Entry):
    """A bank head behind a clip network. Its class is always `BankHead`, and its presets are the clip network's.

    clip_network  id of the clip network whose features it reads
    bank          what its feature bank is made from; None is the clip network's own classifier without a bank
    style         how charts and lists draw it
    predicts      whether it takes part in predictions (a model that reads annotation cannot)
    """

    family: ClassVar[Family] = Family.ACTION_MODEL
    build: str = "ag_core.models.video.bank_head:BankHead"
    clip_network: str
    bank: BankKind | None
    style: Style
    predicts: bool = True


EntryType = TypeVar("EntryType", bound=Entry)


def _by_id(*entries: EntryType) -> dict[str, EntryType]:
    return {entry.id: entry for entry in entries}


HOME_WORLD = "home-world"
"""The project's own detector. Region features come from it whatever detector finds the boxes."""

DETECTORS: dict[str, DetectorEntry] = _by_id(
    DetectorEntry(
        id=HOME_WORLD,
        label="Home world",
        about="trained on the synthetic home world; all 35 object classes",
        build="ag_core.models.detector:FasterRcnnDetector.from_checkpoint",
        presets={
            "demo": presets.DEMO_DETECTOR,
            "demo-stride-4": presets.DEMO_STRIDE_4_DETECTOR,
            "paper": presets.PAPER_DETECTOR,
            "sttran": presets.STTRAN_DETECTOR,
        },
        weights_file="detector.safetensors",
        name_in_results="faster-rcnn",
    ),
    DetectorEntry(
        id="yolox",
        label="YOLOX (ONNX file)",
        about="a YOLOX file of your own, trained on COCO; 14 object classes",
        build="ag_core.models.yolox:load_onnx_detector",
        trained_on=COCO_DATA,
        name_in_results="yolox",
        architecture="onnx",
        file_ending=".onnx",
    ),
    DetectorEntry(
        id="coco",
        label="COCO photographs",
        about="torchvision's Faster R-CNN trained on COCO photographs; 14 object classes; "
        "fetched over the network once",
        build="ag_core.models.coco:CocoDetector",
        trained_on=COCO_DATA,
        name_in_results="coco",
        architecture="fasterrcnn_resnet50_fpn",
    ),
)

_REGIONS_AND_UNIONS = frozenset({Need.REGIONS, Need.UNION_FEATURES})

RELATION_HEADS: dict[str, RelationHeadEntry] = _by_id(
    RelationHeadEntry(
        id="reldn",
        label="RelDN",
        about="looks at the pair: appearance, place and classes",
        build="ag_core.models.relation.reldn:RelDnHead",
        loss="ag_core.models.relation.reldn:compute_reldn_losses",
        presets={"demo": presets.DEMO_RELDN, "paper": presets.PAPER_RELDN},
        weights_file="reldn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="frequency",
        label="Frequency prior",
        about="knows only how often each relationship holds for a class",
        build="ag_core.models.relation.frequency:FrequencyHead",
        # Counted beside every head that is trained, so it has the sizes of all.
        presets={
            "demo": presets.DEMO_FREQUENCY,
            "paper": presets.PAPER_FREQUENCY,
            "sttran": presets.PAPER_FREQUENCY,
        },
        weights_file="frequency.safetensors",
    ),
    RelationHeadEntry(
        id="vrd",
        label="VRD",
        about="looks at the box around person and object alone",
        build="ag_core.models.relation.vrd:VrdHead",
        presets={"demo": presets.DEMO_VRD, "paper": presets.PAPER_VRD},
        weights_file="vrd.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="imp",
        label="IMP",
        about="lets boxes and pairs exchange messages through recurrent units",
        build="ag_core.models.relation.imp:ImpHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_IMP, "paper": presets.PAPER_IMP},
        weights_file="imp.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="msdn",
        label="MSDN",
        about="lets boxes and pairs exchange messages through gates of many templates",
        build="ag_core.models.relation.msdn:MsdnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_MSDN, "paper": presets.PAPER_MSDN},
        weights_file="msdn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="graph-rcnn",
        label="Graph R-CNN",
        about="scores which pairs are related, then convolves their graph with attention",
        build="ag_core.models.relation.graph_rcnn:GraphRcnnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_GRAPH_RCNN, "paper": presets.PAPER_GRAPH_RCNN},
        weights_file="graph-rcnn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="graph-rcnn-equal",
        label="Graph R-CNN without attention",
        about="the same with all neighbours alike",
        build="ag_core.models.relation.graph_rcnn:GraphRcnnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_GRAPH_RCNN_EQUAL, "paper": presets.PAPER_GRAPH_RCNN_EQUAL},
        weights_file="graph-rcnn-equal.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="sttran",
        label="STTran",
        about="a transformer over the pairs of a frame, then over those of two neighbouring frames",
        build="ag_core.models.relation.sttran:SttranHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_STTRAN, "paper": presets.PAPER_STTRAN, "sttran": presets.RELEASED_STTRAN},
        weights_file="sttran.safetensors",
        needs=_REGIONS_AND_UNIONS | {Need.WHOLE_VIDEO},
    ),
    RelationHeadEntry(
        id="pair-memory",
        label="Pair memory",
        about="remembers a pair through the video, and sees where the head is turned",
        build="ag_core.models.relation.pair_memory:PairMemoryHead",
        presets={"demo": presets.DEMO_PAIR_MEMORY, "paper": presets.PAPER_PAIR_MEMORY},
        weights_file="pair-memory.safetensors",
        needs=_REGIONS_AND_UNIONS | {Need.HEAD_MAPS, Need.WHOLE_VIDEO},
    ),
)

_I3D_PRESETS: dict[str, presets.VideoPreset] = {"demo": presets.DEMO_VIDEO, "paper": presets.PAPER_VIDEO}

CLIP_NETWORKS: dict[str, ClipNetworkEntry] = _by_id(
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
)

ACTION_MODELS: dict[str, ActionModelEntry] = _by_id(
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
        id="sgfb",
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
        id="oracle",
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
)


def find_entry(table: Mapping[str, EntryType], entry_id: str, family: Family) -> EntryType:
    """An entry of a table by its id; UserError lists the known ones."""
    if entry_id not in table:
        raise UserError(f"there is no {family} {entry_id!r}; known are {', '.join(table)}")
    return table[entry_id]


def find_detector(detector: str) -> DetectorEntry:
    """The detector of an id, or the one that reads model files of that ending. UserError lists the known ones."""
    for entry in DETECTORS.values():
        if entry.file_ending is not None and detector.lower().endswith(entry.file_ending):
            return entry
    found = find_entry(DETECTORS, detector, Family.DETECTOR)
    if found.file_ending is not None:
        raise UserError(f"detector {detector!r} needs a model file; give the path of an {found.file_ending} file")
    return found


def find_relation_head(head: str) -> RelationHeadEntry:
    """A relation head by its id; UserError lists the known ones."""
    return find_entry(RELATION_HEADS, head, Family.RELATION_HEAD)


def list_ready_heads(weights: Path) -> list[RelationHeadEntry]:
    """The relation heads whose weights lie in a folder of weights: those that can be asked there."""
    return [entry for entry in RELATION_HEADS.values() if entry.weights_path(weights).is_file()]


def explain_missing_head(head: str, weights: Path) -> str:
    """One sentence for a relation head that cannot be asked, since its weights are not in `weights`."""
    entry = find_relation_head(head)
    others = " or ".join(ready.id for ready in list_ready_heads(weights))
    choose = f", or choose {others}" if others else ""
    return (
        f"the weights file {entry.weights_file} of the relation head {entry.label} is missing; "
        f"train it with `python -m ag_core train relations --head {head} --out {entry.weights_file} ...`{choose}"
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


def get_model_label(model: str) -> str:
    """An action model's name on screen; an unknown id, as a store of elsewhere may hold, stays as it is."""
    return ACTION_MODELS[model].label if model in ACTION_MODELS else model
