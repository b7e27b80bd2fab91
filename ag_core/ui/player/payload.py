"""What the player is given: records of a video as a small dictionary of plain values, with Arrow tables beside them.

Everything that moves with the video runs in the browser (assets/player), by this payload alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ag_core.annotations.store_format import ANNOTATION, DENSE
from ag_core.catalog import get_model_label, get_model_style
from ag_core.graphs.edges import MIN_SCORE, is_predicted
from ag_core.records import ActionInterval, ActionScores, SceneGraph, Video
from ag_core.results.reasons import PART_LABELS, PARTS, FrameReasons
from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, OBJECT_CLASSES, PERSON, RELATIONS, format_name, orient_triplet
from ag_core.ui.player.filtering import BETWEEN_CHOICES, EdgeFilter, list_choices
from ag_core.ui.player.graph_tables import Tracks, build_graph_tables
from ag_core.ui.player.judging import RULE, Judgement, JudgeWords, build_verdict_table

VERSION = 5
"""Format of the payload; the browser side refuses any other."""


def _build_lanes(intervals: Sequence[ActionInterval]) -> list[dict[str, Any]]:
    """One entry per interval; actions with the same object stand together, the earliest first."""
    first: dict[int | None, float] = {}
    for interval in intervals:
        thing = ACTIONS[interval.action].object_class
        first[thing] = min(first.get(thing, np.inf), interval.start_s)
    ordered = sorted(
        intervals, key=lambda i: (first[ACTIONS[i.action].object_class], ACTIONS[i.action].object_class or 0, i.action)
    )
    return [
        {
            "id": ACTIONS[interval.action].id,
            "name": ACTIONS[interval.action].label,
            "class": OBJECT_CLASSES[thing] if (thing := ACTIONS[interval.action].object_class) is not None else None,
            "start": round(float(interval.start_s), 3),
            "end": round(float(interval.end_s), 3),
        }
        for interval in ordered
    ]


def select_top_actions(scores: Mapping[str, ActionScores], top_k: int) -> list[int]:
    """The `top_k` best actions of each model among those it was trained on, together, best first."""
    best: dict[int, float] = {}
    for answer in scores.values():
        ranked = np.argsort(-np.where(answer.trained_on, answer.scores, -1.0), kind="stable")[:top_k]
        for action in ranked[answer.trained_on[ranked]].tolist():
            best[action] = max(best.get(action, 0.0), float(answer.scores[action]))
    return sorted(best, key=lambda action: -best[action])


def _build_score_table(answer: ActionScores, actions: Sequence[int]) -> pa.Table:
    """Columns t (seconds) and s0, s1, ... (score of each listed action), float32."""
    columns = {"t": answer.times_s, **{f"s{row}": answer.over_time[:, action] for row, action in enumerate(actions)}}
    return pa.table({name: pa.array(np.asarray(column, np.float32)) for name, column in columns.items()})


def build_player_data(
    video: Video,
    src_url: str | None,
    sources: Mapping[str, Sequence[SceneGraph]],
    intervals: Sequence[ActionInterval] = (),
    scores: Mapping[str, ActionScores] | None = None,
    t0: float = 0.0,
    seek: tuple[int, float] | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    compare: Sequence[str] = (),
    selected: str | None = None,
    select: tuple[int, str] | None = None,
    shown: str | None = None,
    reasons: Mapping[int, FrameReasons] | None = None,
    judgement: Judgement | None = None,
    judge_words: JudgeWords | None = None,
    judging: bool = False,
    edge_filter: EdgeFilter = EdgeFilter(),
    between: str = BETWEEN_CHOICES[0],
    top_k: int = 5,
    fallback_fps: float = 24.0,
    autoplay: bool = False,
    plays: bool = False,
    neighbours: bool = False,
    link_path: str | None = None,
    correcting: Mapping[str, Any] | None = None,
    beside: Mapping[str, Any] | None = None,
    differing: Sequence[int] = (),
    one_surface: bool = True,
    debug: bool = False,
) -> dict[str, Any]:
    """The payload of one video.

    src_url     from `ui.player.media.serve_video`; None or '' shows the annotations on an empty frame
    sources     graphs by source: 'annotation', or names that begin with 'prediction'; the first one is shown first
    scores      answers by id of an action model; the `top_k` actions of each get a row
    t0          where to start, seconds; seek: (counter, seconds), a new counter makes the player jump
    labels      names of sources on screen, where they differ from their ids
    compare     two or more sources: one graph panel each, side by side, instead of one panel with a selector
    fallback_fps  frames a second to place actions beside frames where the video's rate is unknown
    selected    what is selected at the start: class of an object, id of an action, a relationship, or one of one object
                ('food: touching')
    select      (counter, what): a new counter makes the player select that, which is named as at the start
    shown       the source that is shown first; the first one where it is not among them
    reasons     why relationships hold in predicted graphs, by frame
    judgement   how one of the sources is judged by another; judge_words: how the player says it, or why there is none
    judging     whether the verdicts are marked at the start
    edge_filter  which relationships of predictions are shown at the start
    between     what is drawn between annotated frames at the start: one of `BETWEEN_CHOICES`
    autoplay    muted loop at once (not for visitors who prefer reduced motion); nothing is reported while it plays
    plays       whether it plays at once, from t0 on and to its end (not for visitors who prefer reduced motion)
    neighbours  whether the keys N and P ask Python for another video (result.navigate is 1 or -1)
    link_path   page path for 'copy link', such as '/Explore', with a query if it needs one; None is the page itself
    correcting  what is being corrected: source, frame, picked (class and instance of a box, or None), picks (how many
                picks of the player that takes in), n (a counter of what Python did); boxes of that frame and source can
                be moved then
    beside      who is right, as `ui.compare.beside` words it, to stand beside the video
    differing   the actions of its rows, of which the player gets the scores over time
    one_surface  draw the video's picture and the boxes on one canvas; otherwise the boxes lie above the video
    debug       count differences between the overlay's frame and the frame number burnt into the video
    """
    names = {ANNOTATION: "Annotation", **(labels or {})}
    scores = scores or {}
    tracks = Tracks()
    tables = {name: build_graph_tables(graphs, tracks, name, reasons or {}) for name, graphs in sources.items()}
    actions = select_top_actions(scores, top_k)
    fps = float(video.fps or fallback_fps)
    size = _find_frame_size(video, sources)
    n_frames = _find_length(video, fps)
    data: dict[str, Any] = {
        "v": VERSION,
        "video": video.video_id,
        "src": src_url or None,
        "fps": fps,
        "n_frames": n_frames or _find_last_frame(sources, intervals, fps),
        "rate_known": bool(video.fps),
        "length_known": n_frames is not None,
        "width": size[0],
        "height": size[1],
        "t0": round(float(t0), 3),
        "seek": None if seek is None else {"n": int(seek[0]), "t": round(float(seek[1]), 3)},
        "tracks": tracks.list_tracks(),
        "relations": [_describe_relation(name) for name in RELATIONS],
        "actions": _build_lanes(intervals),
        "sources": [_describe_source(name, names) for name in tables],
        "parts": [{"name": part, "label": PART_LABELS[part]} for part in PARTS],
        "rule": f"Shown: person and objects from {MIN_SCORE:.0%}",
        "filter": edge_filter.to_json(),
        "filters": list_choices(),
        "usual_filter": EdgeFilter().to_json(),
        "between": between,
        "usual_between": BETWEEN_CHOICES[0],
        "models": [
            {
                "name": name,
                "label": get_model_label(name),
                **_describe_style(name),
                "video_scores": [round(float(answer.scores[action]), 4) for action in actions],
                "trained": [bool(answer.trained_on[action]) for action in actions],
            }
            for name, answer in scores.items()
        ],
        "score_actions": [{"id": ACTIONS[action].id, "name": ACTIONS[action].label} for action in actions],
        "compare": [name for name in compare if name in tables],
        "selected": selected,
        "select": None if select is None else {"n": int(select[0]), "what": select[1]},
        "shown": shown,
        "judge": _describe_judgement(judgement, judge_words),
        "judging": judging,
        "autoplay": autoplay,
        "plays": plays,
        "neighbours": neighbours,
        "link_path": link_path,
        "correcting": None if correcting is None else dict(correcting),
        "beside": None if beside is None else dict(beside),
        "one_surface": one_surface,
        "debug": debug,
    }
    if video.frame_times_s is not None:
        data["times"] = pa.table({"t": pa.array(video.frame_times_s, pa.float64())})
    for name, (rows, strengths) in tables.items():
        data[f"graphs:{name}"] = rows
        if strengths is not None:
            data[f"strengths:{name}"] = strengths
    for name, answer in scores.items():
        data[f"scores:{name}"] = _build_score_table(answer, actions)
        if beside is not None:
            data[f"differing:{name}"] = _build_score_table(answer, differing)
    if judgement is not None:
        data["verdicts"] = build_verdict_table(judgement, tracks.number_objects)
    check_payload(data)
    return data


def _describe_source(name: str, names: Mapping[str, str]) -> dict[str, Any]:
    """A source as the browser side needs it; `aside`: its objects have cards only where it is shown or judges."""
    return {"name": name, "label": names.get(name, name), "predicted": is_predicted(name), "aside": name == DENSE}


def _describe_judgement(judgement: Judgement | None, words: JudgeWords | None) -> dict[str, Any] | None:
    """Who is judged by whom, and in which words; None where nothing is to be said."""
    if words is None:
        return None
    judged, truth = (judgement.judged, judgement.truth) if judgement else ("", "")
    return {
        "judged": judged,
        "truth": truth,
        "words": list(words.words),
        "terms": list(words.terms),
        "note": words.note,
        "rule": RULE,
    }


def _describe_relation(name: str) -> dict[str, Any]:
    """A relationship as the browser side needs it; `of_person` says that the person is its subject, not the object."""
    of_person = orient_triplet(name, "object").subject == PERSON
    return {"name": format_name(name), "group": GROUP_OF_RELATION[name].value, "of_person": of_person}


def _find_length(video: Video, fps: float) -> int | None:
    """The number of frames, by the file or by the length in seconds; None where neither is known."""
    if video.n_frames:
        return int(video.n_frames)
    return max(1, round(video.duration_s * fps)) if video.duration_s > 0 else None


def _find_last_frame(
    sources: Mapping[str, Sequence[SceneGraph]], intervals: Sequence[ActionInterval], fps: float
) -> int:
    """The last frame of which anybody says anything, from 1: how far a video of unknown length can be watched."""
    frames = [graph.frame for graphs in sources.values() for graph in graphs]
    return max([1, *frames, *(math.ceil(interval.end_s * fps) for interval in intervals)])


def _describe_style(model: str) -> dict[str, str]:
    """How the timeline draws a model: colours and line."""
    style = get_model_style(model)
    return {"light": style.light, "dark": style.dark, "line": style.line}


def _find_frame_size(video: Video, sources: Mapping[str, Sequence[SceneGraph]]) -> tuple[int, int]:
    """Width and height of the video; where unknown, what holds every box."""
    if video.width and video.height:
        return int(video.width), int(video.height)
    corners = [graph.object_boxes_xyxy for graphs in sources.values() for graph in graphs]
    corners += [
        graph.person_box_xyxy[None]
        for graphs in sources.values()
        for graph in graphs
        if graph.person_box_xyxy is not None
    ]
    far = np.vstack([np.zeros((1, 4)), *corners])
    return max(480, int(np.nanmax(far[:, 2])) + 1), max(270, int(np.nanmax(far[:, 3])) + 1)


def check_payload(data: Mapping[str, Any]) -> None:
    """TypeError unless every value is plain JSON or an Arrow table on the first level: Streamlit would send text."""
    for name, value in data.items():
        if isinstance(value, pa.Table):
            continue
        if not _is_plain(value):
            raise TypeError(
                f"player payload {name!r} holds {value!r:.80}; give numbers, text, lists, dicts or an Arrow table"
            )


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(type(name) is str and _is_plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(_is_plain(inner) for inner in value)
    return value is None or type(value) in (bool, int, float, str)
