"""What a table of models says of each: the entry of each family, and the words they are described in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ag_core.errors import UserError
from ag_core.presets import find_preset


class Family(StrEnum):
    """The kinds of model, in the order of the path through them."""

    DETECTOR = "detector"
    RELATION_HEAD = "relation head"
    CLIP_NETWORK = "clip network"
    ACTION_MODEL = "action model"
    GRAPH_READER = "graph reader"
    POSE_NETWORK = "pose network"


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
REAL_ANNOTATIONS = "Action Genome annotations"
"""What weights were trained on, in the words of a prediction file."""

DEFAULT_RELATION_HEAD = "reldn"
DEFAULT_CLIP_NETWORK = "i3d"
"""What is used where nobody chooses."""

TRANSITIONS = "transitions"
TRANSITIONS_FILE = "transitions.safetensors"
"""What makes relationships steady after any head: which may follow which, in a folder of weights."""

HABITS = "habits"
HABITS_FILE = "habits.safetensors"
"""How often relationships are annotated in real homes, in a folder of weights."""

GEOMETRY = "geometry"
GEOMETRY_FILE = "geometry.safetensors"
"""What the places of two boxes alone say of relationships, in a folder of weights, where it may be missing."""

HANDS = "hands"
HANDS_FILE = "hands.safetensors"
"""What the distance of hands says of relationships, in a folder of weights, where it may be missing."""

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


@dataclass(frozen=True)
class RemoteFile:
    """A file that is fetched.

    addresses  where it lies; the next is tried where one does not answer or gives another file
    sha256     hexadecimal hash of it, or its beginning, as far as the owner names it
    """

    addresses: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Download:
    """Weights that are fetched over the network once, and kept in the home folder.

    files      what is fetched
    megabytes  how much that is
    kept_as    the file's name in the home
    convert    'module:name' of a function of the fetched files and of the file to write; '' keeps the one that came
    """

    files: tuple[RemoteFile, ...]
    megabytes: int
    kept_as: str
    convert: str = ""


@dataclass(frozen=True, kw_only=True)
class DetectorEntry(Entry):
    """A detector. `build` takes a path and a `device`.

    name_in_results  its name in prediction files and the store
    architecture     stands in prediction files where there is no preset
    file_ending      of the model file that a user gives instead of a shipped one, such as '.onnx'
    download         of weights that are fetched instead
    """

    family: ClassVar[Family] = Family.DETECTOR
    name_in_results: str
    architecture: str = ""
    file_ending: str | None = None
    download: Download | None = None


@dataclass(frozen=True, kw_only=True)
class PoseNetworkEntry(Entry):
    """A network that finds points of a person's body in a picture. `build` takes a path.

    architecture  stands in prediction files as its preset
    download      of its weights
    """

    family: ClassVar[Family] = Family.POSE_NETWORK
    architecture: str
    download: Download


@dataclass(frozen=True, kw_only=True)
class RelationHeadEntry(Entry):
    """A relation head. `loss` is 'module:name' of a function of batch, logits and targets that returns named terms."""

    family: ClassVar[Family] = Family.RELATION_HEAD
    loss: str = DEFAULT_LOSS


@dataclass(frozen=True, kw_only=True)
class ClipNetworkEntry(Entry):
    """A clip network: frozen behind the action models that name it. Its file also holds a classifier of its own.

    role  what it is in prediction files; no two networks and no action model share one
    body  id of the clip network whose maps it looks at, which stays as it was trained; None for a network of its own
    """

    family: ClassVar[Family] = Family.CLIP_NETWORK
    role: str
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class ActionModelEntry(Entry):
    """A bank head behind a clip network. Its class is always `BankHead`, and its presets are the clip network's.

    clip_network  id of the clip network whose features it reads
    bank          what its feature bank is made from; None is the clip network's own classifier without a bank
    style         how charts and lists draw it
    predicts      whether it takes part in predictions (a model that reads annotation cannot)
    name_in_paper its name in the paper's Table 3, where that is not its label
    """

    family: ClassVar[Family] = Family.ACTION_MODEL
    build: str = "ag_core.models.video.bank_head:BankHead"
    clip_network: str
    bank: BankKind | None
    style: Style
    predicts: bool = True
    name_in_paper: str = ""


@dataclass(frozen=True, kw_only=True)
class GraphReaderEntry(Entry):
    """A reader of actions in scene graphs alone, without a clip. Takes part in predictions where its weights are.

    style  how charts and lists draw it
    """

    family: ClassVar[Family] = Family.GRAPH_READER
    style: Style


EntryType = TypeVar("EntryType", bound=Entry)


def index_by_id(*entries: EntryType) -> dict[str, EntryType]:
    """A table of entries by their ids, in their order."""
    return {entry.id: entry for entry in entries}


def find_entry(table: Mapping[str, EntryType], entry_id: str, family: Family) -> EntryType:
    """An entry of a table by its id; UserError lists the known ones."""
    if entry_id not in table:
        raise UserError(f"there is no {family} {entry_id!r}; known are {', '.join(table)}")
    return table[entry_id]
