"""`export`: the scene graphs of one video or of all, as graphs, pictures, pages and clips (docs/export.md)."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.commands.number_options import MAX_FRAME, MAX_TIME_S, add_number, add_whole_number
from ag_core.settings import is_address

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore
    from ag_core.progress import Progress
    from ag_core.records import SceneGraph, Video

MAX_NAME_BYTES = 200
"""Of a file's name without its ending; a disk takes 255 with it."""

CLIP_NAMES = ("mp4", "gif")
FORMAT_NAMES = ("gexf", "graphml", "json", "triplets", "svg", "png", "strip", "html", *CLIP_NAMES)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "export",
        help="write scene graphs as GEXF, GraphML, JSON, SVG, PNG, an interactive page, or a clip with boxes",
        description="Write the scene graphs of videos. Formats and conventions: docs/export.md.",
    )
    parser.add_argument("videos", nargs="*", metavar="VIDEO_ID", help="videos of the store")
    parser.add_argument("--all", action="store_true", help="every video of the source that has graphs")
    parser.add_argument("--store", metavar="FILE.duckdb", help="default: the store that the app opens")
    parser.add_argument("--source", default="annotation", metavar="NAME", help="default %(default)s")
    parser.add_argument("--prediction", type=Path, metavar="FILE.json", help="a result of predict instead of a store")
    parser.add_argument("--format", required=True, choices=FORMAT_NAMES)
    frame, at = "this frame's graph alone, counted from 1", "the graph at this time alone"
    add_whole_number(parser, "--frame", least=1, most=MAX_FRAME, metavar="N", help=frame)
    add_number(parser, "--at", most=MAX_TIME_S, metavar="SECONDS", help=at)
    begin, end = "where a clip begins (default: at the start)", "where a clip ends (default: at the video's end)"
    add_number(parser, "--from", most=MAX_TIME_S, dest="start_s", metavar="SECONDS", help=begin)
    add_number(parser, "--to", most=MAX_TIME_S, dest="end_s", metavar="SECONDS", help=end)
    parser.add_argument("--video", type=Path, metavar="FILE", help="the video's file for a clip, where it is not known")
    probability = "probability from which a predicted relationship holds (default %(default)g)"
    add_number(parser, "--min-probability", most=1.0, default=0.5, help=probability)
    score = "score from which a predicted person or object counts (default %(default)g)"
    add_number(parser, "--min-score", most=1.0, default=0.3, help=score)
    parser.add_argument("--dark", action="store_true", help="pictures, page and strips of clips on a dark ground")
    parser.add_argument("--force", action="store_true", help="write again what is there already")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE|DIR", help="a folder for several videos")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write one file, or a folder with a file a video; a file is there whole or not at all."""
    from ag_core.errors import UserError

    if options.frame is not None and options.at is not None:
        raise UserError("--frame and --at both name a moment; give one of them")
    if options.frame is not None and options.frame < 1:
        raise UserError(f"frame {options.frame} does not exist; frames count from 1")
    _check_clip_options(options)
    if options.prediction:
        if options.videos or options.all:
            raise UserError("--prediction names the one video to export; leave VIDEO_ID and --all out")
        _export_prediction(options)
        return
    if options.videos and options.all:
        raise UserError("both ids and --all say which videos; give one of them")
    if not options.videos and not options.all:
        raise UserError("nothing says which videos; give their ids, or --all")

    from ag_core.annotations.showcase_store import ensure_store
    from ag_core.annotations.store import AnnotationStore

    with AnnotationStore(options.store or ensure_store()) as store:
        if options.source not in store.sources():
            known = ", ".join(store.sources()) or "none"
            raise UserError(f"source {options.source!r} is not in the store; there are: {known}")
        chosen = (
            store.videos(options.source)["video_id"].tolist() if options.all else list(dict.fromkeys(options.videos))
        )
        if options.all or len(chosen) > 1:
            if options.video is not None:
                raise UserError("--video is the file of one video; give one id with it")
            _export_folder(store, chosen, options)
        else:
            _export_file(store, chosen[0], options)


def _check_clip_options(options: argparse.Namespace) -> None:
    """A clip has a begin and an end, everything else a moment or the whole video."""
    from ag_core.errors import UserError

    if options.format in CLIP_NAMES:
        if options.frame is not None or options.at is not None:
            raise UserError("a clip lasts, and --frame and --at name a moment; give --from and --to")
    elif any(given is not None for given in (options.start_s, options.end_s, options.video)):
        raise UserError(
            f"--from, --to and --video are those of a clip, and {options.format} is none; leave them out, or choose "
            "mp4 or gif"
        )


def _export_prediction(options: argparse.Namespace) -> None:
    from ag_core.annotations.readers.prediction_rows import name_source
    from ag_core.results.prediction import Prediction

    prediction = Prediction.load(options.prediction)
    source = name_source({model.role: model.name for model in prediction.models})
    _export_graphs(options.out, prediction.graphs(), prediction.video, source, options)
    _say(options, f"{_count_graphs(len(prediction.frames), options)} of {prediction.video.video_id}")


def _export_file(store: "AnnotationStore", video_id: str, options: argparse.Namespace) -> None:
    from ag_core.errors import UserError

    video = store.video(video_id)
    graphs = store.graphs_of(video_id, options.source)
    if not graphs:
        raise UserError(f"video {video_id} has no graphs of source {options.source}; choose another video or source")
    _export_graphs(options.out, graphs, video, options.source, options)
    _say(options, f"{_count_graphs(len(graphs), options)} of {video_id}")


def _count_graphs(n: int, options: argparse.Namespace) -> str:
    """How many graphs were looked at: of a moment the one that stands then."""
    return f"{n} graphs" if options.frame is None and options.at is None else "1 graph"


def _export_folder(store: "AnnotationStore", chosen: Sequence[str], options: argparse.Namespace) -> None:
    """One file a video, named by it. What is there is left, so that an interrupted export goes on where it stopped."""
    from ag_core.errors import UserError
    from ag_core.files import remove_leftovers
    from ag_core.outputs import check_folder_target
    from ag_core.progress import ProgressReporter, track_progress

    if options.out.exists() and not options.out.is_dir():
        raise UserError(f"{options.out} is a file; give a folder for several videos")
    check_folder_target(options.out)
    remove_leftovers(options.out)
    written = kept = without = 0
    with ProgressReporter() as report:
        for video_id, path in track_progress(_files(chosen, options), len(chosen), "exporting", report):
            if path.is_file() and not options.force:
                kept += 1
                continue
            video, graphs = store.video(video_id), store.graphs_of(video_id, options.source)
            has_all = bool(graphs) and (options.format not in CLIP_NAMES or _has_file(video))
            if has_all:
                _export_graphs(path, graphs, video, options.source, options, report)
            written, without = written + has_all, without + (not has_all)
    what = "graphs or file" if options.format in CLIP_NAMES else "graphs"
    print(f"{options.out}: {written:,} files written, {kept:,} kept, {without:,} videos without {what}")


def _has_file(video: "Video") -> bool:
    return video.path is not None and video.path.is_file()


def _files(chosen: Sequence[str], options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """Each video with its file; an id never leads out of the folder, and no two share a file on any disk."""
    from ag_core.files import hash_bytes
    from ag_core.graphs.formats import FORMATS

    ending = options.format if options.format in CLIP_NAMES else FORMATS[options.format].extension
    names = [_make_file_name(video_id) for video_id in chosen]
    # Some disks do not tell capitals from small letters.
    sharing = Counter(name.casefold() for name in names)
    for video_id, name in zip(chosen, names):
        if sharing[name.casefold()] > 1 or len(name.encode()) > MAX_NAME_BYTES:
            cut = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
            name = f"{cut}-{hash_bytes(video_id.encode())[:8]}"
        yield video_id, options.out / f"{name}.{ending}"


def _make_file_name(video_id: str) -> str:
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in video_id).lstrip(".")
    return safe or "_"


def _export_graphs(
    path: Path,
    graphs: "Sequence[SceneGraph]",
    video: "Video",
    source: str,
    options: argparse.Namespace,
    report: "Progress | None" = None,
) -> None:
    """Write the file of one video; a clip tells how far it is, where it is not one of many."""
    from ag_core.progress import ProgressReporter

    if options.format not in CLIP_NAMES:
        _write(path, _content(graphs, video, source, options), options)
    elif report is not None:
        _write_clip(path, graphs, video, source, options, None)
    else:
        with ProgressReporter() as own_report:
            _write_clip(path, graphs, video, source, options, own_report)


def _write_clip(
    path: Path,
    graphs: "Sequence[SceneGraph]",
    video: "Video",
    source: str,
    options: argparse.Namespace,
    report: "Progress | None",
) -> None:
    from ag_core.drawn_clips.clip import write_clip
    from ag_core.errors import UserError

    if options.video is not None and not options.video.is_file():
        what = "is a folder" if options.video.is_dir() else "is not there"
        raise UserError(f"--video {options.video} {what}; name the file of the video")
    _check_target(path, options)
    write_clip(
        path,
        options.format,
        replace(video, path=options.video) if options.video is not None else video,
        graphs,
        source=source,
        start_s=options.start_s or 0.0,
        end_s=options.end_s,
        dark=options.dark,
        min_probability=options.min_probability,
        min_score=options.min_score,
        report=report,
    )


def _content(
    graphs: "Sequence[SceneGraph]", video: "Video", source: str, options: argparse.Namespace
) -> bytes:  # fmt: skip
    from ag_core.errors import UserError
    from ag_core.graphs.formats import export_graphs

    frame = options.frame
    if frame is not None and video.n_frames is not None and frame > max(video.n_frames, graphs[-1].frame):
        raise UserError(f"frame {frame} does not exist; video {video.video_id} has {video.n_frames} frames")
    if options.at is not None:
        if not video.clock:
            raise UserError(f"the rate of video {video.video_id} is unknown, so --at means nothing; give --frame")
        if not 0 <= options.at <= video.clock.duration_s:
            raise UserError(
                f"--at {options.at:g} is no moment of video {video.video_id}; it lasts {video.clock.duration_s:.1f} s"
            )
        frame = video.clock.frame_at(options.at)
    return export_graphs(
        options.format,
        graphs,
        video,
        source=source,
        frame=frame,
        dark=options.dark,
        min_probability=options.min_probability,
        min_score=options.min_score,
    )


def _write(path: Path, content: bytes, options: argparse.Namespace) -> None:
    """Write one file; what is read and files of another kind stay."""
    from ag_core.files import write_atomically

    _check_target(path, options)
    write_atomically(path, content)


def _check_target(path: Path, options: argparse.Namespace) -> None:
    from ag_core.outputs import check_target, holds_gif, holds_json, holds_markup, holds_mp4, holds_png, holds_text

    given = (options.prediction, options.store, options.video)
    read = [Path(one) for one in given if one and not is_address(one)]
    is_same_kind = {
        "json": holds_json, "triplets": holds_text, "png": holds_png, "mp4": holds_mp4, "gif": holds_gif,
    }.get(options.format, holds_markup)  # fmt: skip
    kept = None if options.force else is_same_kind
    check_target(path, read, is_same_kind=kept, kind=f"of the format {options.format}")


def _say(options: argparse.Namespace, text: str) -> None:
    """Tell what was written, but not among it."""
    from ag_core.outputs import find_message_stream

    print(f"{options.out}: {text}", file=find_message_stream(options.out))
