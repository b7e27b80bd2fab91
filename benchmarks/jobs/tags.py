"""Row 16: which of 50,000 annotated frames show somebody holding a cup."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, Side, apart, in_turn, loaded_for_good
from benchmarks.report import Goal, Row, time_of

OURS, LOOP, PANDAS, DATUMARO = "store", "loop over the loaded pickle", "pandas, data frame in memory", "Datumaro"
N_FRAMES = 50_000
CUP, RELATION = "cup/glass/bottle", "holding"


def loop(annotated: dict[str, Any]) -> set[str]:
    """The names of the frames, by walking over every entry."""
    return {
        key
        for key, entries in annotated.items()
        if any(e["class"] == CUP and e["visible"] and RELATION in e["contacting_relationship"] for e in entries)
    }


def datumaro_items(annotated: dict[str, Any]) -> list[Any]:
    """The frames as Datumaro has them: a label for each visible object, its relationships as attributes."""
    from datumaro.components.annotation import Label
    from datumaro.components.dataset_base import DatasetItem

    from ag_core.taxonomy import OBJECTS

    numbers = {name: number for number, name in enumerate(OBJECTS)}
    groups = ("attention_relationship", "spatial_relationship", "contacting_relationship")
    return [
        DatasetItem(
            key,
            annotations=[
                Label(numbers[e["class"]], attributes={name: True for group in groups for name in e[group]})
                for e in entries
                if e["visible"]
            ],
        )
        for key, entries in annotated.items()
    ]


def with_datumaro(items: list[Any]) -> set[str]:
    """The names of the frames that its filter leaves."""
    from datumaro.components.dataset import Dataset

    from ag_core.taxonomy import OBJECTS

    made = Dataset.from_iterable(items, categories=list(OBJECTS))
    made.filter(f"/item[annotation[label='{CUP}' and {RELATION}='True']]")
    return {item.id for item in made}


def compare(clock: Clock, store: str, folder: str, repeats: int, datumaro: bool) -> dict[str, Side]:
    """All ways in turn in this process, on the first frames of the store, everything loaded before."""
    from ag_core.annotations.store import AnnotationStore
    from ag_core.taxonomy import find_object_index, find_relation_index
    from benchmarks.jobs.usual import load_pickles

    object_class, bit = find_object_index(CUP), 1 << find_relation_index(RELATION)
    with AnnotationStore(store) as opened, clock:
        names = {
            number: f"{video}.mp4/{frame:06}.png"
            for number, video, frame in opened.rows(
                """select frame_id, video_id, frame from frames join videos using (source, video)
                   where source = 'annotation' order by frame_id limit ?""",
                [N_FRAMES],
            )
        }
        end = max(names) + 1
        _, everything = load_pickles(Path(folder))
        annotated = {key: everything[key] for key in names.values()}
        table = opened.ask(
            """select frame_id, class, relation from relations
               where source = 'annotation' and frame_id < ?""",
            [end],
        )
        items = datumaro_items(annotated) if datumaro else []
        del everything
        loaded_for_good()

        def with_the_store() -> set[str]:
            found = opened.columns(
                """select frame_id from objects where source = 'annotation' and frame_id < ? and class = ? and visible
                   and relation_mask & ? > 0""",
                [end, object_class, bit],
            )
            return {names[number] for number in found["frame_id"].tolist()}

        def with_pandas() -> set[str]:
            chosen = (table["class"] == object_class) & (table["relation"] == find_relation_index(RELATION))
            return {names[number] for number in table.loc[chosen, "frame_id"].tolist()}

        ways = {OURS: with_the_store, LOOP: lambda: loop(annotated), PANDAS: with_pandas}
        return in_turn(ways | ({DATUMARO: lambda: with_datumaro(items)} if datumaro else {}), repeats)


def run(folders: Folders) -> list[Row]:
    """The row."""
    datumaro = find_spec("datumaro") is not None
    arguments = {
        "store": str(folders.store),
        "folder": str(folders.annotations),
        "repeats": folders.repeats,
        "datumaro": datumaro,
    }
    sides: dict[str, Side] = apart("benchmarks.jobs.tags:compare", arguments).answer
    first, *others = (side.answer for side in sides.values())
    assert all(first == other for other in others), "the frames differ"
    seconds = {name: side.median_s for name, side in sides.items()}
    goals = [Goal("against Datumaro", seconds[DATUMARO] / seconds[OURS], at_least=200)] if datumaro else []
    return [
        Row(
            "16",
            f"tag filter over {min(N_FRAMES, folders.written['frames']):,} frames",
            {name: time_of(side.median_s) for name, side in sides.items()},
            [*goals, *(Goal(f"against {name}", seconds[name] / seconds[OURS]) for name in (LOOP, PANDAS))],
            f"{len(first):,} frames",
            [] if datumaro else [DATUMARO],
        )
    ]
