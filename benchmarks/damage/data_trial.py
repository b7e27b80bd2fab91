"""What is tried with damaged annotations, predictions, stores, lakes, weights and logs, and what must hold afterwards.

Whatever is wrong with one record, the records of the other videos stay as they are in a store of whole files, or the
store's issues name them, or the build is refused with a sentence.
"""

import dataclasses
import json
import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ag_core.annotations.readers.graph_sample import read_graph_sample
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.evaluation.results_log import read_log
from ag_core.pipeline import load_models, predict_video
from ag_core.results.film_cache import FilmRequest, FinishedFilm
from ag_core.results.prediction import Prediction
from ag_core.settings import PROJECT, WEIGHTS
from benchmarks.damage.data_set import PREDICTED, VIDEOS, make_data_set, write_file
from benchmarks.damage.isolation import Wrong
from benchmarks.damage.media import make_media
from benchmarks.damage.media_trial import OneOfEach, call, check_prediction
from benchmarks.damage.store_checks import (
    check_every_object,
    check_store,
    describe_difference,
    export_some,
    open_pages,
    read_rows,
)
from benchmarks.damage.values import PLAIN, PYTHON, damage_bytes, damage_table, damage_value

Trial = Callable[[], str]
Prepared = tuple[str, Trial]


class DataTrials:
    """Prepares the trial of any seed; `folder` holds the whole files, made once."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.folder, self.whole = folder, make_data_set()
        self.whole.write(folder)
        if _build(folder, folder / "whole.duckdb", "--lake", folder / "lake") != 0:
            raise RuntimeError((folder / "log").read_text())
        self.rows = read_rows(folder / "whole.duckdb")
        self.weights = {path.name: path for path in sorted(WEIGHTS.glob("*.safetensors"))}
        load_models("cpu")  # what it imports is there for every child

    def make_trial(self, seed: int, scratch: Path) -> Prepared:
        """What is harmed for a seed, in words, and the trial."""
        draw = random.Random(seed)
        kind = draw.choices(list(self._kinds()), [weight for weight, _ in self._kinds().values()])[0]
        words, trial = self._kinds()[kind][1](draw, scratch)
        return f"{kind}: {words}", trial

    def _kinds(self) -> dict[str, tuple[int, Callable[[random.Random, Path], Prepared]]]:
        return {
            "objects": (6, lambda draw, scratch: self._harm_pickle("objects", draw, scratch)),
            "persons": (5, lambda draw, scratch: self._harm_pickle("persons", draw, scratch)),
            "charades": (6, self._harm_charades),
            "rates": (2, self._harm_rates),
            "prediction": (6, self._harm_prediction),
            "store": (2, self._harm_store),
            "lake": (3, self._harm_lake),
            "weights": (2, self._harm_weights),
            "log": (2, self._harm_log),
            "kept result": (2, self._harm_kept_result),
            "film": (2, self._harm_film),
            "graph sample": (1, self._harm_sample),
        }

    # Annotations and predictions, built into a store

    def _harm_pickle(self, which: str, draw: random.Random, scratch: Path) -> Prepared:
        name = {"objects": "object_bbox_and_relationship.pkl", "persons": "person_bbox.pkl"}[which]
        given: dict[str, Any] = getattr(self.whole, which)
        if draw.random() < 0.2:
            content, words = damage_bytes(pickle.dumps(given, protocol=draw.choice((2, 4))), draw)
            return words, self._try_build(scratch, draw, {f"annotations/{name}": content}, touched=None)
        value, way, words = damage_value(given, PYTHON, draw)
        if not isinstance(value, dict):
            value = given
        content = pickle.dumps(value, protocol=draw.choice((2, 4, 5)))
        touched = {key.split(".")[0] for key in map(str, {*way[:1]})}
        count = value if which == "objects" else None
        return f"{words} at {way[:4]}", self._try_build(
            scratch, draw, {f"annotations/{name}": content}, touched, objects=count
        )

    def _harm_charades(self, draw: random.Random, scratch: Path) -> Prepared:
        split = draw.choice(("train", "test"))
        text = self.whole.charades[split]
        if draw.random() < 0.15:
            content, words = damage_bytes(text.encode(), draw)
        else:
            harmed, words = damage_table(text, draw)
            content = harmed.encode("utf-8", "surrogatepass") if draw.random() < 0.9 else harmed.encode("utf-16")
        touched = _list_touched(text, content)
        return f"{split}: {words}", self._try_build(
            scratch, draw, {f"charades/Charades_v1_{split}.csv": content}, touched
        )

    def _harm_rates(self, draw: random.Random, scratch: Path) -> Prepared:
        harmed, words = damage_table(self.whole.rates, draw)
        content = harmed.encode("utf-8", "surrogatepass")
        return words, self._try_build(scratch, draw, {"rates.csv": content}, _list_touched(self.whole.rates, content))

    def _harm_prediction(self, draw: random.Random, scratch: Path) -> Prepared:
        video_id = draw.choice(PREDICTED)
        given = self.whole.predictions[video_id]
        if draw.random() < 0.2:
            content, words = damage_bytes(json.dumps(given).encode(), draw)
        else:
            value, way, words = damage_value(given, PLAIN, draw)
            content = json.dumps(value, ensure_ascii=draw.random() < 0.5).encode("utf-8", "replace")
            words = f"{words} at {way[:5]}"
        path = f"predictions/{video_id}.json"
        return words, self._try_build(scratch, draw, {path: content}, {video_id}, prediction=path)

    def _try_build(
        self,
        scratch: Path,
        draw: random.Random,
        harmed: dict[str, bytes],
        touched: set[str] | None,
        objects: dict[Any, Any] | None = None,
        prediction: str | None = None,
    ) -> Trial:
        with_pages = draw.random() < 0.08
        copy = scratch / "data"

        def trial() -> str:
            shutil.copytree(self.folder, copy, ignore=shutil.ignore_patterns("whole.duckdb", "lake", "log"))
            for name, content in harmed.items():
                write_file(copy / name, content)
            if prediction is not None:
                _try_prediction_file(copy / prediction, scratch)
            if _build(copy, copy / "store.duckdb") == 1:
                if (copy / "store.duckdb").exists():
                    raise Wrong("the build was refused and left a store")
                raise UserError((copy / "log").read_text(errors="replace").strip().splitlines()[-1])
            found = check_store(copy / "store.duckdb", draw)
            if touched is not None:
                self._compare_untouched(copy / "store.duckdb", found, touched)
            if objects is not None:
                check_every_object(copy / "store.duckdb", objects)
            if with_pages:
                open_pages(copy / "store.duckdb", scratch / "home")
            return f"{len(found)} videos"

        return trial

    def _compare_untouched(self, store: Path, found: dict[tuple[str, str], str], touched: set[str]) -> None:
        """Wrong where a video without harm has other rows than in the whole store, and no issue names it."""
        with AnnotationStore(store) as opened:
            listed = opened.issues()
            issues = " ".join(listed[["key", "reason"]].astype(str).to_numpy().ravel())
        if "column-missing" in set(listed["kind"]):  # of every video of the file
            return
        for (source, video_id), rows in self.rows.items():
            if video_id in touched or video_id in issues:
                continue
            if found.get((source, video_id)) != rows:
                now = found.get((source, video_id), "nothing")
                raise Wrong(f"{video_id} of {source} was not harmed, and is {describe_difference(rows, now)}")

    # Stores and lakes

    def _harm_store(self, draw: random.Random, scratch: Path) -> Prepared:
        content, words = damage_bytes((self.folder / "whole.duckdb").read_bytes(), draw)
        path = scratch / "store.duckdb"

        def trial() -> str:
            write_file(path, content)
            try:
                found = check_store(path, draw)
                if draw.random() < 0.2:
                    open_pages(path, scratch / "home")
            except UserError:
                found = {}
            # Built again over the damaged one, or, where it is no store any more, in its place: as whole as ever.
            again = _build(self.folder, path, log=scratch / "log")
            if again != 0 and "remove it" in (scratch / "log").read_text():
                path.unlink()
            if again != 0 and _build(self.folder, path, "--force", log=scratch / "log") != 0:
                raise Wrong(f"no store can be built over a damaged one: {(scratch / 'log').read_text()[-300:]}")
            if not found and read_rows(path) != self.rows:
                raise Wrong("a store built over a damaged one is another store")
            return f"{len(found)} videos"

        return words, trial

    def _harm_lake(self, draw: random.Random, scratch: Path) -> Prepared:
        files = sorted(path for path in (self.folder / "lake").rglob("*") if path.is_file())
        manifest = self.folder / "lake" / "manifest.json"
        chosen = manifest if draw.random() < 0.5 else draw.choice(files)
        if chosen == manifest and draw.random() < 0.7:
            value, _way, words = damage_value(json.loads(manifest.read_text()), PLAIN, draw)
            content = json.dumps(value).encode()
        else:
            content, words = damage_bytes(chosen.read_bytes(), draw)
            if draw.random() < 0.7:  # of the same length, so that only reading it finds the harm
                content = content[: chosen.stat().st_size].ljust(chosen.stat().st_size, b"\0")
        lake = scratch / "lake"

        def trial() -> str:
            shutil.copytree(self.folder / "lake", lake)
            (lake / chosen.relative_to(self.folder / "lake")).write_bytes(content)
            return f"{len(check_store(lake, draw))} videos"

        return f"{chosen.name}: {words}", trial

    # Weights, logs, kept results and films

    def _harm_weights(self, draw: random.Random, scratch: Path) -> Prepared:
        name = draw.choice([name for name in self.weights if name != "oracle.safetensors"])
        whole = self.weights[name].read_bytes()
        length = int.from_bytes(whole[:8], "little")
        if draw.random() < 0.6:
            value, _way, words = damage_value(json.loads(whole[8 : 8 + length]), PLAIN, draw)
            header = json.dumps(value).encode()
            content = len(header).to_bytes(8, "little") + header + whole[8 + length :]
        elif draw.random() < 0.5:
            at = 8 + length + 2 * draw.randrange((len(whole) - 8 - length) // 2)
            content, words = whole[:at] + b"\x00\x7e" + whole[at + 2 :], f"a weight at {at} is not a number"
        else:
            content, words = damage_bytes(whole, draw)
        folder, clip = scratch / "weights", scratch / "clip.mp4"

        def trial() -> str:
            folder.mkdir()
            for other, path in self.weights.items():
                (folder / other).symlink_to(path)
            (folder / name).unlink()
            write_file(folder / name, content)
            write_file(clip, make_media(0))
            models = load_models("cpu", weights=folder)
            if name != "detector.safetensors":
                models.graphs.detector = OneOfEach()
            check_prediction(predict_video(clip, models))
            return "predicted"

        return f"{name}: {words}", trial

    def _harm_log(self, draw: random.Random, scratch: Path) -> Prepared:
        lines = [line for line in (PROJECT / "docs" / "results.jsonl").read_text(encoding="utf-8").splitlines() if line]
        at = draw.randrange(len(lines))
        if draw.random() < 0.8:
            value, way, words = damage_value(json.loads(lines[at]), PLAIN, draw)
            lines[at] = json.dumps(value)
            content, words = "\n".join(lines).encode("utf-8", "replace"), f"line {at + 1}: {words} at {way}"
        else:
            content, words = damage_bytes("\n".join(lines).encode(), draw)
        log, document = scratch / "results.jsonl", scratch / "results.md"

        def trial() -> str:
            write_file(log, content)
            shutil.copy(PROJECT / "docs" / "results.md", document)
            before = document.read_text()
            code = call("fill-tables", document, "--log", log, log=scratch / "log")
            if code == 1 and document.read_text() != before:
                raise Wrong("the tables were refused and changed")
            return f"exit code {code}, {len(read_log(log))} rows"

        return words, trial

    def _harm_kept_result(self, draw: random.Random, scratch: Path) -> Prepared:
        from ag_core.results.prediction_cache import PredictionSettings, compute_result_key, load_finished_result

        given = self.whole.predictions[VIDEOS[0]]
        if draw.random() < 0.3:
            content, words = damage_bytes(json.dumps(given).encode(), draw)
        else:
            value, way, words = damage_value(given, PLAIN, draw)
            content, words = json.dumps(value).encode("utf-8", "replace"), f"{words} at {way[:5]}"
        clip, results = self.folder / "videos" / f"{VIDEOS[0]}.mp4", scratch / "results"

        def trial() -> str:
            key = compute_result_key(clip, PredictionSettings())
            write_file(results / f"{key}.json", content)
            kept = load_finished_result(results, key, clip)
            if kept is None:
                return "made anew"
            check_prediction(kept)
            kept.save(scratch / "out.json")
            return "taken"

        return words, trial

    def _harm_film(self, draw: random.Random, scratch: Path) -> Prepared:
        prediction = Prediction.from_json(self.whole.predictions[VIDEOS[0]])
        with AnnotationStore(self.folder / "whole.duckdb") as store:
            intervals = tuple(store.intervals_of(VIDEOS[0]))
        facts = dataclasses.replace(prediction.video, subject="AAAA", scene="Kitchen", script="A person.")
        film = FinishedFilm(FilmRequest(3, (0, 5)), facts, intervals, ((5, "no time"),), prediction.frames, "id\nx\n")
        given = json.loads(film.to_text())
        if draw.random() < 0.3:
            content, words = damage_bytes(json.dumps(given).encode(), draw)
        else:
            value, way, words = damage_value(given, PLAIN, draw)
            content, words = json.dumps(value).encode("utf-8", "replace"), f"{words} at {way[:5]}"

        def trial() -> str:
            write_file(scratch / "film" / "film.json", content)
            write_file(scratch / "film" / f"{VIDEOS[0]}.mp4", make_media(0))
            found = FinishedFilm.load(scratch / "film")
            found.to_text()
            export_some(found.graphs, found.video, draw)
            return "read"

        return words, trial

    def _harm_sample(self, draw: random.Random, scratch: Path) -> Prepared:
        lines = [
            {"video": video_id, "frame": f"{frame:06d}", "time_s": frame / 24, "objects": [
                {"class": "door", "attention_relationship": ["looking_at"], "spatial_relationship": ["behind"],
                 "contacting_relationship": ["touching"]}]}
            for video_id in VIDEOS for frame in (5, 9)
        ]  # fmt: skip
        value, _way, words = damage_value(lines, PLAIN, draw)
        content = "\n".join(map(json.dumps, value)).encode("utf-8", "replace")

        def trial() -> str:
            write_file(scratch / "graphs.jsonl", content)
            sample = read_graph_sample(scratch / "graphs.jsonl")
            frames = [graph for graphs in sample.graphs.values() for graph in graphs]
            if any(not np.isfinite(graph.time_s) for graph in frames):
                raise Wrong("a time is not finite")
            return f"{len(frames)} frames"

        return words, trial


def _build(folder: Path, out: Path, *more: object, log: Path | None = None) -> int:
    return call(
        *("build-store", "--charades", folder / "charades", "--action-genome", folder / "annotations"),
        *("--videos", folder / "videos", "--rates", folder / "rates.csv"),
        *("--predictions", *sorted((folder / "predictions").glob("*.json"))),
        *("--out", out, *more),
        log=log or folder / "log",
    )


def _list_touched(text: str, content: bytes) -> set[str]:
    """The videos whose line is not in the harmed file any more, as it was, exactly once."""
    kept = content.decode("utf-8", "replace").split("\n")
    return {line.split(",")[0] for line in text.splitlines()[1:] if kept.count(line) != 1}


def _try_prediction_file(path: Path, scratch: Path) -> None:
    """A prediction file as value, and exported; a refusal is fine."""
    try:
        prediction = Prediction.load(path)
    except UserError:
        return
    check_prediction(prediction)
    text = prediction.to_text()
    if Prediction.from_json(json.loads(text)).to_text() != text:
        raise Wrong("a prediction read again is another one")
    call("export", "--prediction", path, "--format", "gexf", "--out", scratch / "out.gexf", log=scratch / "log")
