"""Finished predictions on disk, found again by everything that decides them.

The key is a hash of the video's content, the weights, the settings, and the code that computes; nothing is ever out of
date, only unused. Knows files; no model and no torch, so that a page finds a finished result at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from ag_core.catalog import (
    DEFAULT_RELATION_HEAD,
    GEOMETRY_FILE,
    HABITS_FILE,
    HANDS_FILE,
    HOME_WORLD,
    MOVENET,
    POSE_NETWORKS,
    TRANSITIONS_FILE,
    ClipNetworkEntry,
    explain_missing_head,
    find_action_model,
    find_clip_network,
    find_clip_networks,
    find_detector,
    find_relation_head,
    list_predicting_models,
    list_ready_readers,
)
from ag_core.downloads import explain_missing, find_fetched
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached, hash_files
from ag_core.results.choices import MAX_MIN_SIDE_PX, MAX_PERSON, MAX_RATE
from ag_core.results.own_weights import (
    OWN_DETECTOR_FILE,
    check_predicting,
    choose_scoring_weights,
    compose_folder,
    find_own_weights,
)
from ag_core.results.prediction import DEFAULT_RATE, HABITS_ROLE, POSE_ROLE, SMOOTHING, VERSION, Prediction
from ag_core.settings import PROJECT, WEIGHTS, settings

LEARNED_ROLE = "learned habits"
"""The file of what a head learned of the habits of its films; takes part only where these are put right."""

GEOMETRY_ROLE = "geometry"
"""The file of what boxes alone say, by which the reasons of relationships are told; may be missing."""

HANDS_ROLE = "hands"
"""The file of what the distance of hands says; takes part where a pose network is here that finds them."""


@dataclass(frozen=True)
class PredictionSettings:
    """What a user chooses.

    detector  a name, or the path of an .onnx file
    rate      graphs per second
    smooth    whether relationships are made steady through time
    evidence  where relationships are put right for real homes, how far the head's own evidence counts, from 0 to 1;
              None leaves them as the head judges
    person    whom to follow of several people: 1 who is there most, 2 the next
    own       names of own weights in the place of those of the same models
    hands     whether hands are looked for where relationships are put right and a pose network was fetched
    min_side_px  objects that are less wide or less high in the video are left out
    """

    detector: str = HOME_WORLD
    relation_head: str = DEFAULT_RELATION_HEAD
    rate: float = DEFAULT_RATE
    smooth: bool = False
    evidence: float | None = None
    person: int = 1
    own: tuple[str, ...] = ()
    hands: bool = True
    min_side_px: int = 0

    def __post_init__(self) -> None:
        if find_detector(self.detector).file_ending is not None:  # the worker may run in another folder
            object.__setattr__(self, "detector", str(Path(self.detector).expanduser().resolve()))
        find_relation_head(self.relation_head)
        object.__setattr__(self, "own", tuple(sorted(set(self.own))))
        if not 0 < self.rate <= MAX_RATE:
            raise UserError(
                f"a rate of {self.rate:g} graphs a second is impossible; give more than 0, at most {MAX_RATE:g}"
            )
        if self.evidence is not None and not 0 <= self.evidence <= 1:
            raise UserError(f"evidence that counts {self.evidence:g} is impossible; give 0 to 1")
        if not 1 <= self.person <= MAX_PERSON:
            raise UserError(f"person {self.person} is impossible; give 1 to {MAX_PERSON}")
        if not 0 <= self.min_side_px <= MAX_MIN_SIDE_PX:
            raise UserError(f"a smallest size of {self.min_side_px} pixels is impossible; give 0 to {MAX_MIN_SIDE_PX}")


def with_own_weights(chosen: PredictionSettings, names: Sequence[str]) -> PredictionSettings:
    """The same settings with own weights by name: a detector or a relation head among them is the one that is used.

    UserError for an unknown name, two of one kind that cannot stand beside each other, and a model that takes no part.
    """
    found, others = [find_own_weights(name) for name in dict.fromkeys(names)], []
    for kind in ("detector", "relations"):
        if len(alike := [own.name for own in found if own.kind == kind]) > 1:
            raise UserError(f"{' and '.join(alike)} do the same, and a prediction takes one of them; choose it")
    for own in found:
        check_predicting(own)
        if own.kind == "relations":
            chosen = replace(chosen, relation_head=own.model)
        elif own.kind == "detector":
            chosen = replace(chosen, detector=HOME_WORLD if own.ending == ".safetensors" else str(own.path))
        others += [own] if own.ending == ".safetensors" else []
    chosen = replace(chosen, own=tuple(own.name for own in others))
    compose_folder(chosen.own)
    return chosen


def find_weights_files(chosen: PredictionSettings, weights: Path = WEIGHTS) -> dict[str, Path]:
    """The weights files by role. UserError names the first that is missing."""
    given, weights = weights, compose_folder(chosen.own, weights)
    detector, files = find_detector(chosen.detector), {}
    if detector.file_ending is not None:
        files["detector"] = Path(chosen.detector)
    elif detector.download is not None:
        fetched = find_fetched(detector)
        if fetched is None:
            raise UserError(explain_missing(detector))
        files["detector"] = fetched
    else:
        own = weights / OWN_DETECTOR_FILE
        files["detector"] = own if chosen.own and own.is_file() else detector.weights_path(weights)
    files["regions"] = find_detector(HOME_WORLD).weights_path(weights)
    files["relations"] = find_relation_head(chosen.relation_head).weights_path(weights)
    if chosen.smooth:
        files[SMOOTHING] = weights / TRANSITIONS_FILE
    if chosen.evidence is not None:
        files[HABITS_ROLE] = weights / HABITS_FILE
        files[LEARNED_ROLE] = find_relation_head("frequency").weights_path(weights)
        if (weights / GEOMETRY_FILE).is_file():
            files[GEOMETRY_ROLE] = weights / GEOMETRY_FILE
        pose = find_fetched(POSE_NETWORKS[MOVENET]) if chosen.hands else None
        if pose is not None and (weights / HANDS_FILE).is_file():
            files |= {POSE_ROLE: pose, HANDS_ROLE: weights / HANDS_FILE}
    models = list_predicting_models()
    files |= {network.role: network.weights_path(weights) for network in find_clip_networks(models)}
    files |= {model.id: model.weights_path(weights) for model in [*models, *list_ready_readers(weights)]}
    for role, path in files.items():
        if not path.is_file():
            if role == "relations":
                raise UserError(explain_missing_head(chosen.relation_head, weights))
            if role == SMOOTHING:
                raise UserError(
                    f"{path.name}, by which relationships are made steady, is missing; count it with "
                    "`python -m ag_core train relations --head frequency`, or do without"
                )
            if role in (HABITS_ROLE, LEARNED_ROLE):
                raise UserError(
                    f"{path.name}, by which relationships are put right for real homes, is missing; restore it from "
                    "the repository, count it with `train habits`, or do without (--habits learned)"
                )
            remedy = "give its path" if path == Path(chosen.detector) else "restore it from the repository or train it"
            where = "" if given == WEIGHTS or path == Path(chosen.detector) else f" in {given}"
            raise UserError(f"the weights file {path.name} is missing{where}; {remedy}")
    return files


@cache
def _hash_code() -> str:
    """A hash of the code that decides a result: the models, the pipeline and what they stand on."""
    package = PROJECT / "ag_core"
    named = (
        "results/prediction_notes.py",
        "results/reasons.py",
        "records.py",
        "taxonomy.py",
        "boxes.py",
    )
    rooms = ("catalog", "models", "pipeline", "presets", "video")
    inside = [path for room in rooms for path in sorted((package / room).rglob("*.py"))]
    return hash_files([*(package / name for name in named), *inside])


def compute_result_key(path: Path, chosen: PredictionSettings, weights: Path = WEIGHTS) -> str:
    """Hexadecimal key of a video's prediction. UserError where the video or a weights file is missing."""
    files = find_weights_files(chosen, weights)
    return _compute_key(hash_file_cached(path), chosen, {role: hash_file_cached(file) for role, file in files.items()})


def compute_settings_key(chosen: PredictionSettings, weights: Path = WEIGHTS) -> str:
    """Hexadecimal key of all that decides a prediction but the video. UserError where a weights file is missing."""
    files = find_weights_files(chosen, weights)
    return _compute_key("", chosen, {role: hash_file_cached(file) for role, file in files.items()})


def _compute_key(video_sha256: str, chosen: PredictionSettings, weights_sha256: Mapping[str, str]) -> str:
    # Model files count by their content, wherever they lie and whatever they are called.
    named = asdict(chosen) | {"detector": find_detector(chosen.detector).id}
    del named["own"]
    decided_by = {
        "video": video_sha256,
        "weights": dict(weights_sha256),
        "settings": named,
        "precision": settings().precision,
        "format": VERSION,
        "code": _hash_code(),
    }
    return hash_bytes(json.dumps(decided_by, sort_keys=True).encode())[:32]


def compute_features_key(video_sha256: str, network: str, weights: Path = WEIGHTS) -> str:
    """Hexadecimal key of what a clip network makes of a video's clips. UserError where its weights are missing."""
    decided_by = [
        video_sha256,
        network,
        hash_file_cached(find_clip_network(network).weights_path(weights)),
        _hash_code(),
        settings().precision,
    ]
    return hash_bytes(json.dumps(decided_by).encode())[:32]


def find_scoring_weights(prediction: Prediction, weights: Path = WEIGHTS) -> Path:
    """The folder of the weights that a prediction was scored with, as far as they are here: own ones by their hash."""
    return choose_scoring_weights({use.role: use.sha256 for use in prediction.models}, weights)


def check_scoring_weights(prediction: Prediction, model: str, weights: Path = WEIGHTS) -> None:
    """UserError unless an action model's weights lie here, and are those that a prediction was scored with."""
    entry = find_action_model(model)
    check_clip_weights(prediction, find_clip_network(entry.clip_network), weights)
    _check_weights(prediction, entry.id, entry.weights_path(weights))


def check_clip_weights(prediction: Prediction, network: ClipNetworkEntry, weights: Path = WEIGHTS) -> None:
    """UserError unless a clip network's weights lie here, and are those of a prediction."""
    _check_weights(prediction, network.role, network.weights_path(weights))


def _check_weights(prediction: Prediction, role: str, path: Path) -> None:
    if not path.is_file():
        raise UserError(f"the weights file {path.name} is missing; restore it from the repository or train it")
    if {use.role: use.sha256 for use in prediction.models}.get(role) != hash_file_cached(path):
        raise UserError(
            f"this prediction was scored with other weights than {path.name} here, so they do not compare; "
            "run the models on the video again"
        )


def get_result_path(folder: Path, key: str) -> Path:
    """Where the prediction of a key lies."""
    return folder / f"{key}.json"


def keep_result(prediction: Prediction, folder: Path, chosen: PredictionSettings, weights: Path = WEIGHTS) -> str:
    """Keep a prediction under the key of the file that was really read, which it returns.

    A video may be another than it was when its prediction was asked for. UserError where nothing can be written.
    """
    key = compute_key_of(prediction, chosen, weights)
    prediction.save(get_result_path(folder, key))
    return key


def compute_key_of(prediction: Prediction, chosen: PredictionSettings, weights: Path = WEIGHTS) -> str:
    """The key of a prediction that was made, by the contents of the video and the weights that were really read."""
    used = {use.role: use.sha256 for use in prediction.models}
    files = find_weights_files(chosen, weights)
    return _compute_key(
        prediction.sha256, chosen, {role: used.get(role) or hash_file_cached(file) for role, file in files.items()}
    )


def load_finished_result(folders: Path | Sequence[Path], key: str, path: Path) -> Prediction | None:
    """The kept prediction of a key in the first folder that has it, under the name the video has now.

    None where there is none, or where it is damaged or of another video's content.
    """
    for folder in [folders] if isinstance(folders, Path) else folders:
        try:
            kept = Prediction.load(get_result_path(folder, key))
            if kept.sha256 == hash_file_cached(path):
                return kept.with_file(path)
        except UserError:
            continue
    return None
