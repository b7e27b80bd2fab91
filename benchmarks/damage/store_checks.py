"""What must hold of any store, whatever it was built from: nothing impossible in it, and everything reads it."""

import dataclasses
import json
import os
import random
import re
from pathlib import Path
from typing import Any

from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.report import format_report, make_report
from ag_core.errors import UserError
from ag_core.graphs.formats import FORMATS, export_graphs
from ag_core.records import Video
from ag_core.settings import ASSETS, PROJECT, settings
from benchmarks.damage.isolation import Wrong

PAGES = (
    *("app.py", "pages/1_Explore.py", "pages/2_Compare.py", "pages/3_Search.py"),
    *("pages/4_Statistics.py", "pages/5_SQL.py", "pages/10_Doctor.py"),
)


def read_rows(path: Path) -> dict[tuple[str, str], str]:
    """By source and video, everything that a store says of a video, as text."""
    found = {}
    with AnnotationStore(path) as store:
        for source in store.sources():
            for video_id in store.videos(source)["video_id"]:
                video = dataclasses.replace(store.video(video_id), path=None)
                graphs = store.graphs_of(video_id, source)
                parts = [repr(video), *map(repr, store.intervals_of(video_id)), *map(_describe_graph, graphs)]
                parts += [
                    f"{model} {scores.tolist()}" for model, scores in store.action_scores_of(video_id, source).items()
                ]
                found[source, video_id] = "\n".join(parts)
    return found


def _describe_graph(graph: Any) -> str:
    person = None if graph.person_box_xyxy is None else graph.person_box_xyxy.tolist()
    arrays = (graph.object_classes, graph.object_boxes_xyxy, graph.object_scores, graph.relations)
    return f"{graph.frame} {graph.time_s:.3f} {person} {graph.person_score} {[array.tolist() for array in arrays]}"


IMPOSSIBLE = {
    "a frame before the first": "select count(*) from frames where frame < 1 or t_ms < 0",
    "a frame twice": "select count(*) - count(distinct (source, video, frame)) from frames",
    "a video twice": "select count(*) - count(distinct (source, video_id)) from videos",
    "times that do not ascend": """select count(*) from (select t_ms - lag(t_ms) over
        (partition by source, video order by frame) as step from frames) where step < 0""",
    "a person box that is none": """select count(*) from frames where person_x1 is not null and not
        (isfinite(person_x1) and isfinite(person_y1) and isfinite(person_x2) and isfinite(person_y2)
         and person_x1 < person_x2 and person_y1 < person_y2)""",
    "a person box outside the frame": """select count(*) from frames join videos using (source, video)
        where person_x1 < -0.1 or person_y1 < -0.1 or person_x2 > width + 0.1 or person_y2 > height + 0.1""",
    "a person's score outside 0 to 1": """select count(*) from frames
        where person_score is not null and not (person_score between 0 and 1)""",
    "a visible object without a box": "select count(*) from objects where visible and (x1 is null or isnan(x1))",
    "an object box that is none": """select count(*) from objects where visible and not
        (isfinite(x1) and isfinite(y1) and isfinite(x2) and isfinite(y2) and x1 < x2 and y1 < y2)""",
    "a predicted box outside the frame": """select count(*) from objects join videos using (source, video)
        where visible and source <> 'annotation'
        and (x1 < -0.1 or y1 < -0.1 or x2 > width + 0.1 or y2 > height + 0.1)""",
    "an object's score outside 0 to 1": "select count(*) from objects where not (score between 0 and 1)",
    "a relationship's score outside 0 to 1": "select count(*) from relations where not (score between 0 and 1)",
    "an action's score outside 0 to 1": "select count(*) from action_scores where not (score between 0 and 1)",
    "an interval that is none": """select count(*) from action_intervals join videos using (source, video)
        where start_ms < 0 or end_ms < start_ms or end_ms > ceil(1000 * duration_s)""",
    "a rate, length or size that is none": """select count(*) from videos where not (fps > 0 and isfinite(fps))
        or not (duration_s > 0 and isfinite(duration_s)) or width < 1 or height < 1 or n_frames < 1""",
    "an object of no frame": """select count(*) from objects anti join frames using (source, frame_id)""",
    "a relationship of no object": """select count(*) from relations anti join objects using (source, object_id)""",
    "an empty name": "select count(*) from videos where video_id = '' or source = ''",
}
"""How many rows of a store are what cannot be."""


def check_store(path: Path, draw: random.Random) -> dict[tuple[str, str], str]:
    """The rows of a store, after everything was read as the screens, the doctor and the exports read it. Wrong or
    UserError where something is impossible or refused.
    """
    with AnnotationStore(path) as store:
        for what, query in IMPOSSIBLE.items():
            [(count,)] = store.rows(query)
            if count:
                raise Wrong(f"the store has {what}: {count}")
        report = make_report(store, path.name)
        for ending in ("json", "md", "html"):
            format_report(report, ending)
        json.loads(format_report(report, "json"), parse_constant=_refuse_constant)
        ids = store.videos(None)["video_id"].tolist()
        for video_id in draw.sample(ids, min(2, len(ids))):
            for source in store.sources_of(video_id):
                export_some(store.graphs_of(video_id, source), store.video(video_id), draw)
    return read_rows(path)


def _refuse_constant(name: str) -> None:
    raise Wrong(f"{name} in JSON")


def export_some(graphs: Any, video: Video, draw: random.Random) -> None:
    """Two formats of a video's graphs; JSON must be JSON."""
    if not len(graphs):
        return
    for name in draw.sample(sorted(FORMATS), 2):
        try:
            content = export_graphs(name, list(graphs), video)
        except UserError:
            continue
        if FORMATS[name].extension == "json":
            json.loads(content, parse_constant=_refuse_constant)


def check_every_object(store: Path, objects: dict[Any, Any]) -> None:
    """Every record of the harmed dictionary is a row or an issue."""
    with AnnotationStore(store) as opened:
        issues = opened.issues()
        [(n_objects,)] = opened.rows("select count(*) from objects where source = 'annotation'")
        query = "select video_id, frame from frames join videos using (source, video) where source = 'annotation'"
        named = {f"{video}/{frame}" for video, frame in opened.rows(query)}
    counts = issues["kind"].value_counts()
    listed = [entries for key, entries in objects.items() if _is_frame_name(key) and isinstance(entries, list)]
    expected, refused = sum(map(len, listed)), int(counts.get("object-unknown", 0))
    if expected != n_objects + refused and not counts.get("frame-twice", 0):
        raise Wrong(f"{expected} objects in the file, {n_objects} in the store, {refused} refused")
    odd = [key for key in objects if not _is_frame_name(key)]
    if len(odd) > int(counts.get("frame-name", 0)) + int(counts.get("frame-twice", 0)):
        raise Wrong(f"{len(odd)} names that are none, and {counts.get('frame-name', 0)} issues")
    for key in objects:
        if _is_frame_name(key):
            video, number = key.split(".mp4/")
            if f"{video}/{int(number[:6])}" not in named:
                raise Wrong(f"{key} is not in the store")


def _is_frame_name(key: object) -> bool:
    return isinstance(key, str) and re.fullmatch(r"[^/.\s]+\.mp4/\d{6}\.png", key, re.ASCII) is not None


def open_pages(store: Path, home: Path) -> None:
    """Open the pages of the app on a store; Wrong where one falls over."""
    import streamlit
    from streamlit.testing.v1 import AppTest

    os.environ |= {"AG_STORE": str(store), "AG_HOME": str(home), "AG_SHOWCASE": str(ASSETS / "no-showcase")}
    settings.cache_clear()
    streamlit.cache_data.clear()
    streamlit.cache_resource.clear()
    for page in PAGES:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=20)
        if page != "app.py":
            app.switch_page(page)
        app.run()
        if app.exception:
            raise Wrong(f"{page} falls over: {app.exception[0].message} {''.join(app.exception[0].stack_trace)[-600:]}")


def describe_difference(before: str, now: str) -> str:
    """The first record in which two texts of `read_rows` differ."""
    for old, new in zip(before.splitlines(), now.splitlines()):
        if old != new:
            return f"{new[:200]} instead of {old[:200]}"
    return f"{len(now.splitlines())} instead of {len(before.splitlines())} records"
