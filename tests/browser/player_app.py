"""A test app with nothing but the player. The query says what it shows.

clip       path of the clip (of the counter clips that the test made); fps and frames: what the clip has
own_clock  '1' to take what the clip has from the file itself
objects    how many objects (default 8); every: one annotated frame in so many
compare, scores, autoplay, empty: '1' to turn on; t, sel: where to start; version: another payload format
between    what is drawn between annotated frames; surface: 'two' for boxes on a canvas above the video
judged     '1' for a prediction with faults, which the annotation judges
src        overrides the address of the video, to provoke errors
"""

from dataclasses import replace

import numpy as np
import streamlit as st

from ag_core.records import ActionInterval, ActionScores, SceneGraph, Video
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, find_object_index, find_relation_index
from ag_core.ui.player.judging import JudgeWords, judge_graphs
from ag_core.ui.player.media import serve_video
from ag_core.ui.player.payload import build_player_data
from ag_core.ui.player.player import show_player
from ag_core.video.frames import probe_video

OBJECTS = (
    "cup/glass/bottle", "sofa/couch", "table", "laptop", "closet/cabinet", "pillow", "phone/camera", "television",
    "paper/notebook", "blanket", "door", "refrigerator", "chair", "dish",
)  # fmt: skip
CONTACTS = ("holding", "sitting_on", "touching", "have_it_on_the_back", "not_contacting", "leaning_on", "drinking_from")
SPATIAL = ("in_front_of", "beneath", "on_the_side_of", "behind", "above")

st.set_page_config(page_title="Player", layout="wide")
query = st.query_params
fps, frames = float(query.get("fps", 30)), int(query.get("frames", 90))
width, height = 320, 180


def graph(number: int, count: int, predicted: bool = False) -> SceneGraph:
    """Objects in a row that drift; relations that change every 20 frames."""
    phase = number // 20
    names = [name for index, name in enumerate(OBJECTS[:count]) if (index + phase) % 6 != 5]
    relations = np.zeros((len(names), N_RELATIONS), np.float32)
    boxes = np.zeros((len(names), 4), np.float32)
    for row, name in enumerate(names):
        index = OBJECTS.index(name)
        x, y = 8 + 38 * (index % 8), 20 + 60 * (index // 8) + 10 * np.sin(number / 9 + index)
        boxes[row] = (x, y, x + 34, y + 40)
        attention = "looking_at" if (index + phase) % 3 == 0 else "not_looking_at"
        for relation in (attention, SPATIAL[(index + phase) % 5], CONTACTS[(index + phase // 2) % 7]):
            relations[row, find_relation_index(relation)] = 0.83 if predicted else 1
        if index == 1:
            relations[row, find_relation_index("leaning_on")] = 0.7 if predicted else 1
    left = 40 + (2 * number) % (width - 120)
    person = np.array([left, 50, left + 40, 140], np.float32)
    classes = np.array([find_object_index(name) for name in names])
    scores = np.full(len(names), 0.9 if predicted else 1.0)
    return SceneGraph(number + 1, number / fps, person, scores.max(initial=1), classes, boxes, scores, relations)


def spoil(predicted: SceneGraph) -> SceneGraph:
    """The same graph without its first object, the second one elsewhere, and the third one held by nobody."""
    boxes, relations = predicted.object_boxes_xyxy.copy(), predicted.relations.copy()
    boxes[1] += 70
    relations[2, find_relation_index("holding")] = 0.6
    kept = np.arange(len(predicted)) > 0
    return replace(
        predicted,
        object_classes=predicted.object_classes[kept],
        object_boxes_xyxy=boxes[kept],
        object_scores=predicted.object_scores[kept],
        relations=relations[kept],
    )


def model_scores(name: str, shift: float) -> ActionScores:
    """Smooth curves, largest for a few actions."""
    times = np.arange(10) * frames / fps / 10
    over_time = np.zeros((10, N_ACTIONS), np.float32)
    for place, action in enumerate((59, 106, 151, 47, 15)):
        over_time[:, action] = 0.5 + 0.45 * np.sin(times * 1.7 + place + shift) - 0.05 * place
    over_time = over_time.clip(0, 1)
    return ActionScores(name, over_time.max(axis=0), times, over_time)


def main() -> None:
    every, count = int(query.get("every", 1)), int(query.get("objects", 8))
    video = Video("TEST1", frames / fps, fps, width, height, frames)
    if query.get("own_clock"):
        video = replace(probe_video(query["clip"]), video_id="TEST1")
    sources = {"annotation": [graph(number, count) for number in range(0, frames, every)]}
    if query.get("compare"):
        sources["prediction"] = [graph(number, count, predicted=True) for number in range(7, frames, 2 * every)]
    if query.get("judged"):
        sources["prediction"] = [spoil(graph(number, count, predicted=True)) for number in range(0, frames, 2 * every)]
    if query.get("empty"):
        sources = {"annotation": []}
    end = frames / fps
    intervals = [
        ActionInterval("TEST1", 106, 0.2 * end, 0.6 * end),
        ActionInterval("TEST1", 107, 0.5 * end, 0.9 * end),
        ActionInterval("TEST1", 59, 0.0, 0.4 * end),
        ActionInterval("TEST1", 123, 0.3 * end, end),
        ActionInterval("TEST1", 151, 0.1 * end, 0.2 * end),
        ActionInterval("TEST1", 151, 0.7 * end, 0.8 * end),
    ]
    scores = {}
    if query.get("scores"):
        scores = {"lfb": model_scores("lfb", 0), "sgfb": model_scores("sgfb", 0.8)}
    url = query["src"] if "src" in query else serve_video(query["clip"])
    data = build_player_data(
        video,
        url,
        sources,
        intervals,
        scores,
        t0=float(query.get("t", 0)),
        seek=st.session_state.get("seek"),
        compare=tuple(sources) if query.get("compare") else (),
        selected=query.get("sel"),
        autoplay=bool(query.get("autoplay")),
        neighbours=True,
        link_path="/Explore",
        judgement=judge_graphs(sources, "prediction", "annotation") if query.get("judged") else None,
        judge_words=JudgeWords("By hand.") if query.get("judged") else None,
        judging=bool(query.get("judged")),
        between=query.get("between", "interpolate"),
        one_surface=query.get("surface") != "two",
        debug=True,
    )
    if query.get("version"):
        data["v"] = int(query["version"])
    result = show_player(data, key="player")
    if result.navigate:
        st.session_state.navigated = result.navigate
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    st.text(f"t={result.t} selected={result.selected} navigated={st.session_state.get('navigated')}")
    st.text(f"runs={st.session_state.runs}")
    if st.button("jump"):
        st.session_state.seek = (st.session_state.runs, 1.0)
        st.rerun(scope="fragment")


if st.toggle("player", value=True):
    st.fragment(main)()
