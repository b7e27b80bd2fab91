"""The four works that may be interrupted: a prediction, a store, a training, a film; each with what it leaves.

Each is made small: little networks, little films, so that twenty moments of each take minutes. A work is run in a
child process that has everything loaded, in a folder of its own.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ag_core.__main__ import main
from ag_core.annotations.store import AnnotationStore
from ag_core.catalog import HOME_WORLD
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file
from ag_core.results.film_cache import FilmRequest, FinishedFilm
from ag_core.results.prediction import Prediction
from benchmarks.damage.data_set import make_data_set
from benchmarks.damage.media import make_media
from benchmarks.damage.store_checks import read_rows

BROKEN = "broken"
"""What a product is called that is there and cannot be read."""


@dataclass(frozen=True)
class Work:
    """One work in a folder that `prepare` fills.

    prepare  makes the inputs, and an older product to be replaced where there can be one
    run      does the work, inputs in the first folder, product into the second; exit code as of a command
    again    does it once more after an interruption, or goes on with it
    product  the product in the second folder as text that is equal for equal products; None where there is none,
             BROKEN where what is there cannot be read
    """

    name: str
    prepare: Callable[[Path], None]
    older: Callable[[Path, Path], None]
    run: Callable[[Path, Path], int]
    again: Callable[[Path, Path], int]
    product: Callable[[Path], str | None]


def _call(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


# A prediction


def _prepare_clip(inputs: Path) -> None:
    (inputs / "clip.mp4").write_bytes(make_media(0))
    (inputs / "older.mp4").write_bytes(make_media(1))


def _predict(inputs: Path, out: Path, clip: str = "clip.mp4") -> int:
    return _call(
        "predict", inputs / clip, "--out", out / "prediction.json", "--device", "cpu", "--detector", HOME_WORLD
    )


def _predict_older(inputs: Path, out: Path) -> None:
    _predict(inputs, out, "older.mp4")


def _read_prediction(out: Path) -> str | None:
    path = out / "prediction.json"
    if not path.exists():
        return None
    try:
        Prediction.load(path)
    except UserError:
        return BROKEN
    return path.read_text()


# A store


def _prepare_data(inputs: Path) -> None:
    make_data_set().write(inputs)


def _build(inputs: Path, out: Path) -> int:
    return _call(
        *("build-store", "--charades", inputs / "charades", "--action-genome", inputs / "annotations"),
        *("--videos", inputs / "videos", "--predictions", *sorted((inputs / "predictions").iterdir())),
        *("--out", out / "store.duckdb"),
    )


def _build_older(inputs: Path, out: Path) -> None:
    _call("build-store", "--charades", inputs / "charades", "--out", out / "store.duckdb")


def _read_store(out: Path) -> str | None:
    path = out / "store.duckdb"
    if not path.exists():
        return None
    try:
        rows = read_rows(path)
        with AnnotationStore(path) as store:
            issues = store.issues().to_csv()
    except UserError:
        return BROKEN
    return json.dumps([sorted((*key, text) for key, text in rows.items()), issues])


# A training


def use_tiny_networks() -> None:
    """A preset 'tiny' of the detector, and a state that is saved after every step."""
    from ag_core.catalog import DETECTORS
    from ag_core.experiments.training_loop import Recipe
    from ag_core.presets import DEMO_DETECTOR

    small = replace(
        DEMO_DETECTOR, name="detector-tiny", base_width=8, pyramid_channels=16, box_head_width=32, min_size=64,
        max_size=96, proposals_train=(40, 20), proposals_test=(20, 10),
    )  # fmt: skip
    presets = DETECTORS["home-world"].presets
    assert isinstance(presets, dict)
    presets["tiny"] = small
    usual = Recipe.__init__.__defaults__ or ()
    Recipe.__init__.__defaults__ = tuple(0.0 if value == Recipe.checkpoint_s else value for value in usual)


def _prepare_training(inputs: Path) -> None:
    _prepare_data(inputs)
    data = make_data_set()
    for video_id in data.charades["train"].splitlines()[1:]:
        shutil.copy(inputs / "videos" / "AB1CD.mp4", inputs / "videos" / f"{video_id.split(',')[0]}.mp4")
    _call(
        *("build-store", "--charades", inputs / "charades", "--action-genome", inputs / "annotations"),
        *("--videos", inputs / "videos", "--out", inputs / "store.duckdb"),
    )


def _train(inputs: Path, out: Path, *more: object) -> int:
    return _call(
        *("train", "detector", "--data", inputs / "store.duckdb", "--cache", out / "cache", "--preset", "tiny"),
        *("--steps", 6, "--batch", 1, "--threads", 1, "--out", out / "detector.safetensors", *more),
    )


def _train_again(inputs: Path, out: Path) -> int:
    waiting = next((out / "cache").glob("training-*.pt"), None) is not None
    return _train(inputs, out, *(["--resume"] if waiting else []))


def _train_older(inputs: Path, out: Path) -> None:
    _train(inputs, out, "--seed", 5)


def _read_weights(out: Path) -> str | None:
    from ag_core.models.checkpoints import read_metadata

    path = out / "detector.safetensors"
    if not path.exists():
        return None
    try:
        metadata = read_metadata(path)
    except UserError:
        return BROKEN
    content = path.read_bytes()
    tensors = content[8 + int.from_bytes(content[:8], "little") :]
    # When it was made and how long that took stand in the header; nothing else of the file may differ.
    facts = {name: text for name, text in metadata.items() if name not in ("created", "minutes")}
    return hash_bytes(json.dumps(facts, sort_keys=True).encode() + tensors)


# A film

REQUEST = FilmRequest(3)


def _film(inputs: Path, out: Path) -> int:
    from ag_core.world.ordered_film import make_ordered_film

    try:
        make_ordered_film(REQUEST, out / "films", lambda stage, done, total: None, size_wh=(96, 54))
    except UserError as error:
        print(f"error: {error}", flush=True)
        return 1
    return 0


def _read_film(out: Path) -> str | None:
    folder = out / "films" / REQUEST.key
    if not folder.exists():
        return None
    try:
        film = FinishedFilm.load(folder)
    except UserError:
        return BROKEN
    assert film.video.path is not None
    return film.to_text() + hash_file(film.video.path)


def _nothing(*folders: Path) -> None:
    """There is nothing to prepare, or nothing older."""


WORKS = {
    work.name: work
    for work in (
        Work("predict", _prepare_clip, _predict_older, _predict, _predict, _read_prediction),
        Work("store", _prepare_data, _build_older, _build, _build, _read_store),
        Work("train", _prepare_training, _train_older, _train, _train_again, _read_weights),
        Work("film", _nothing, _nothing, _film, _film, _read_film),
    )
}


def load_everything() -> None:
    """Import what the works import when they run, so that a child has it at once."""
    import ag_core.annotations.building.build
    import ag_core.experiments.training
    import ag_core.pipeline
    import ag_core.world.film
    import ag_core.world.ordered_film  # noqa: F401

    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
