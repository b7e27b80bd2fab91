"""A store in memory, and what docs/search.md says as plain loops: the reference for the SQL of sequences."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ag_core.queries.sequence.records import Limits, Sequence, Step

SCHEMA = Path(__file__).parents[3] / "ag_core" / "annotations" / "schema.sql"
PREDICTION = "prediction:a+b"
CLASSES, RELATIONS, ACTIONS = (10, 11), (0, 9, 13), (106, 107)
TICK_MS = 250
"""Between two frames of a random film; limits and actions are multiples of it, so that they often just touch."""
TABLES = ("videos", "frames", "objects", "relations_by_class", "action_intervals")
SCENES = ("Kitchen (A room to cook in)", "Bedroom", None)


@dataclass(frozen=True)
class Frame:
    """What is annotated of one frame: (class, visible, relations) of each object."""

    frame: int
    t_ms: int | None
    objects: tuple[tuple[int, bool, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Film:
    """One video of one source."""

    source: str
    video: int
    split: str | None
    scene: str | None
    frames: tuple[Frame, ...]
    actions: tuple[tuple[int, int, int], ...] = ()

    @property
    def video_id(self) -> str:
        return f"V{self.video}"


Hit = tuple[Any, ...]
"""Video id, then first and last frame of each step."""


class Memory:
    """A store in memory, for the two questions that a sequence asks of one."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute(SCHEMA.read_text())

    def ask(self, query: str, parameters: Iterable[Any] = ()) -> pd.DataFrame:
        return self.connection.execute(query, list(parameters)).df()

    def fill(self, films: list[Film]) -> "Memory":
        for table in TABLES:
            self.connection.execute(f"delete from {table}")
        rows: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}
        for source in {film.source for film in films}:
            frame_id = object_id = 0
            for film in sorted((one for one in films if one.source == source), key=lambda one: one.video):
                video = {"source": source, "video": film.video}
                known = {"video_id": film.video_id, "split": film.split, "scene": film.scene, "duration_s": 9.0}
                rows["videos"].append(video | known)
                for action, start_ms, end_ms in film.actions:
                    interval = {"action": action, "start_ms": start_ms, "end_ms": end_ms}
                    rows["action_intervals"].append(video | interval)
                for one in film.frames:
                    place = video | {"frame_id": frame_id, "t_ms": one.t_ms}
                    rows["frames"].append(place | {"frame": one.frame})
                    for object_class, visible, relations in one.objects:
                        mask = sum(1 << relation for relation in relations)
                        row = place | {"object_id": object_id, "class": object_class}
                        rows["objects"].append(row | {"visible": visible, "score": 1.0, "relation_mask": mask})
                        for relation in relations:
                            score = 0.7 if source == PREDICTION else 1.0
                            rows["relations_by_class"].append(row | {"relation": relation, "score": score})
                        object_id += 1
                    frame_id += 1
        for table, of_table in rows.items():
            if of_table:
                self.connection.register("incoming", pd.DataFrame(of_table).convert_dtypes())
                self.connection.execute(f"insert into {table} by name select * from incoming")
        return self


# The reference: the words of docs/search.md, one after the other, in plain loops


def holds(step: Step, frame: Frame) -> bool:
    for condition in step.conditions:
        found = False
        for object_class, visible, relations in frame.objects:
            carried = [relation in relations for relation in condition.relations]
            fits = (all if condition.together else any)(carried) if carried else True
            found = found or (visible and fits and (not condition.classes or object_class in condition.classes))
        if found == condition.negated:
            return False
    return True


def intervals_of_step(step: Step, film: Film) -> list[tuple[Frame, Frame]]:
    found: list[list[Frame]] = []
    before = False
    for frame in film.frames:
        now = holds(step, frame)
        if now and before:
            found[-1].append(frame)
        elif now:
            found.append([frame])
        before = now
    return [(run[0], run[-1]) for run in found if within(step.length, run[0].t_ms, run[-1].t_ms)]


def within(limits: Limits, start_ms: int | None, end_ms: int | None) -> bool:
    if not limits.limits_something:
        return True
    if start_ms is None or end_ms is None:
        return False
    lasts = max(0, end_ms - start_ms)
    return limits.min_ms <= lasts and (limits.max_ms is None or lasts <= limits.max_ms)


def reference(films: list[Film], sequence: Sequence) -> list[Hit]:
    """(video id, first and last frame of each step) of every moment."""
    answer = []
    annotated = {film.video: film for film in films if film.source == "annotation"}
    for film in (one for one in films if one.source == sequence.where.source):
        told = [one for one in (film, annotated.get(film.video)) if one is not None]
        scene = sequence.where.scene.lower()
        if scene and not any(scene in (one.scene or "").lower() for one in told):
            continue
        if sequence.where.split and sequence.where.split not in {one.split for one in told}:
            continue
        of_steps = [intervals_of_step(step, film) for step in sequence.steps]
        for first in of_steps[0]:
            chains = [
                chain
                for chain in product([first], *of_steps[1:])
                if all(
                    later[0].frame > earlier[0].frame and within(gap, earlier[1].t_ms, later[0].t_ms)
                    for gap, earlier, later in zip(sequence.gaps, chain, chain[1:], strict=False)
                )
            ]
            if not chains:
                continue
            chain = min(chains, key=lambda one: [start.frame for start, _ in one])
            intervals = annotated[film.video].actions if film.video in annotated else ()
            begins, ends = chain[0][0].t_ms, [end.t_ms for _, end in chain if end.t_ms is not None]
            if sequence.where.actions and begins is None:
                continue
            if all(
                any(
                    action in any_of and begins is not None and start <= max(ends) and stop >= begins
                    for action, start, stop in intervals
                )
                for any_of in sequence.where.actions
            ):
                answer.append((film.video_id, *((start.frame, end.frame) for start, end in chain)))
    return sorted(answer)
