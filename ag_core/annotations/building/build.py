"""Builds the annotation store: reads each input once into a part, then puts all parts together into one file.

The file appears whole or not at all, and the same input gives the same rows. A build that was killed leaves its
finished parts beside the store, and the next one goes on from there; two at once take turns. Knows the readers; how
parts become tables is in assembly.py, the questions are in store.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ag_core.annotations.building.assembly import MEMORY, assemble, check_memory
from ag_core.annotations.building.inputs import FurtherAnnotation, Inputs
from ag_core.annotations.building.parts import COLUMNS, PREDICTION_PARTS, Parts, Tables, identify_file, to_issue_columns
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.readers.action_genome import OBJECT_FILE, OBJECT_READER, ActionGenomeTable, read_objects
from ag_core.annotations.readers.charades import CHARADES_READER, read_charades
from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.annotations.readers.person_boxes import PERSON_FILE, PERSON_READER, PersonTable, read_persons
from ag_core.annotations.readers.prediction_rows import PREDICTION_READER, choose_source_names, read_prediction_tables
from ag_core.annotations.readers.video_facts import VIDEO_READER, probe_videos
from ag_core.annotations.store_format import ANNOTATION, FORMAT_NAME, FORMAT_VERSION, PREDICTION_MARK, hold_lock
from ag_core.errors import UserError
from ag_core.files import remove_leftovers, stage_file
from ag_core.outputs import explain_refusal
from ag_core.progress import Progress

VIDEOS_A_PART = 64
PREDICTIONS_A_PART = 8
FURTHER_A_PART = 64

WAITING = "waiting for another build of this store"
"""The stage of a build that stands in line."""


def build_store(
    out: Path | str,
    charades: Path | str | None = None,
    action_genome: Path | str | None = None,
    videos: Path | str | None = None,
    rates: Path | str | None = None,
    predictions: Sequence[Path | str] = (),
    progress: Progress | None = None,
    *,
    memory: str = MEMORY,
    force: bool = False,
    lake: Path | str | None = None,
    further: Sequence[FurtherAnnotation] = (),
) -> bool:
    """Write the store `out`, replacing an older one only when the new one is complete; False where it is current.

    charades       folder with Charades_v1_train.csv, Charades_v1_test.csv, or both
    action_genome  folder with the released pickles, or one that holds them in `annotations`
    videos         folder with a file per video, named by its id: gives each video's rate, size and number of frames
    rates          table with columns video, fps, for videos without a file; without either, times stay unknown
    predictions    results of `python -m ag_core predict`, each a source of its own
    memory         bound of what is held while sorting, such as '1GB'
    force          build although the store was built from the same inputs
    lake           folder for the same tables as partitioned Parquet, written also where the store is current
    further        more annotations of videos, each a source of its own
    UserError where nothing is given or an input is not what it must be; nothing is left behind then.
    """
    say = progress or (lambda stage, done, total: None)
    out = Path(out)
    check_memory(memory)
    inputs = Inputs.find(charades, action_genome, videos, rates, predictions, further)
    try:
        fingerprint = inputs.fingerprint()
        out.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(out.with_name(f".{out.name}.lock"), lambda: say(WAITING, 0, 1)):
            remove_leftovers(out.parent)
            outdated = force or read_fingerprint(out) != fingerprint
            if outdated:
                _build(out, inputs, fingerprint, memory, say)
            else:
                _name_parts_folder(out).remove()  # of a build killed between its last two steps
            if lake is not None:
                write_lake(out, Path(lake), say)
    except OSError as error:
        raise _explain_fault(error, out, inputs) from None
    return outdated


def _explain_fault(error: OSError, out: Path, inputs: Inputs) -> UserError:
    """One sentence for what the system refused during a build: an input that went away, or a place to write."""
    path = Path(error.filename) if isinstance(error.filename, str | Path) else None
    if path in inputs.list_files():
        return UserError(f"{path} was there when the build began and cannot be read now ({error.strerror}); "
                         "bring it back, and build again: what was read is kept")  # fmt: skip
    return explain_refusal(out, error)


def _build(out: Path, inputs: Inputs, fingerprint: str, memory: str, say: Progress) -> None:
    """Write the store; the parts stay where it is killed or stopped, and go where an input is refused."""
    parts = _name_parts_folder(out)
    try:
        _read(inputs, parts, say)
        names = _name_prediction_sources(parts)
    except UserError:
        parts.remove()
        raise
    rates, written = inputs.rates.values, partial(say, "writing")
    with stage_file(out) as staged:
        assemble(staged, parts, names, rates, inputs.detail, fingerprint, memory, written)
        if inputs.fingerprint() != fingerprint:
            raise UserError("a file that is read changed during the build; build again when nobody writes to them")
    parts.remove()


def _name_parts_folder(out: Path) -> Parts:
    """What is read for a store, in a hidden folder beside it."""
    return Parts(out.with_name(f".{out.name}.parts"))


def read_fingerprint(store: Path) -> str | None:
    """What the store at that place was built from; None where there is none, or none that is whole."""
    row = _read_format_row(store, f"name, version, fingerprint, {_BYTES_NEEDED}")
    if row is None or row[:2] != (FORMAT_NAME, FORMAT_VERSION) or store.stat().st_size < row[3]:
        return None
    return str(row[2])


_BYTES_NEEDED = "(select total_blocks * block_size from pragma_database_size())"
"""A file that was cut short is smaller than its own blocks, though its first ones can be read."""


def holds_store(path: Path) -> bool:
    """Whether a file is an annotation store of this or of an earlier version."""
    return _read_format_row(path, "name") == (FORMAT_NAME,)


def _read_format_row(store: Path, columns: str) -> tuple[Any, ...] | None:
    if not store.is_file():
        return None
    try:
        with duckdb.connect(str(store), read_only=True) as connection:
            rows = connection.execute(f"select {columns} from store_format").fetchall()
    except duckdb.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _read(inputs: Inputs, parts: Parts, say: Progress) -> None:
    """Make the part of every input."""
    for done, path in enumerate(inputs.charades):
        say("charades", done, len(inputs.charades))
        parts.make(path.stem, [identify_file(path), str(CHARADES_READER)], partial(_read_charades_tables, path))
    if inputs.charades:
        say("charades", len(inputs.charades), len(inputs.charades))
        _check_splits_share_none(parts)
    if inputs.annotations is not None:
        _read_graphs(inputs.annotations, [identify_file(path) for path in inputs.list_pickles()], parts, say)
    _read_further(inputs.further, parts, say)
    for first, batch in _split_into_batches(inputs.predictions, PREDICTIONS_A_PART):
        say("predictions", first, len(inputs.predictions))
        identity = [*map(identify_file, batch), str(PREDICTION_READER)]
        parts.make(PREDICTION_PARTS, identity, partial(read_prediction_tables, batch))
    if inputs.predictions:
        say("predictions", len(inputs.predictions), len(inputs.predictions))
    if inputs.detail is None and inputs.videos is not None:
        _add_videos(inputs.videos.values, parts)
    known = sorted({*parts.read_texts("videos", "video_id"), *parts.read_texts("frames", "video_id")})
    issues = [*inputs.rates.issues, *_list_unused_rates(inputs, known), *_read_videos(inputs, known, parts, say)]
    parts.make(
        "notes",
        [str(issue) for issue in issues],
        lambda: {name: {} for name in COLUMNS} | {"issues": to_issue_columns(issues)},
    )


def _read_further(annotations: Sequence[FurtherAnnotation], parts: Parts, say: Progress) -> None:
    """The parts of further annotations, some files at a time."""
    for annotation in annotations:
        for first, batch in _split_into_batches(annotation.files, FURTHER_A_PART):
            say(annotation.source, first, len(annotation.files))
            identity = [annotation.source, str(annotation.version), *map(identify_file, batch)]
            parts.make("further", identity, partial(annotation.read, batch))
        say(annotation.source, len(annotation.files), len(annotation.files))


def _split_into_batches(things: Sequence[Any], size: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """The things in batches, each with the number of its first."""
    for first in range(0, len(things), size):
        yield first, things[first : first + size]


def _read_charades_tables(path: Path) -> Tables:
    table = read_charades(path)
    videos, notes, intervals = table.videos, table.notes, table.intervals
    return {
        "videos": {
            "source": [ANNOTATION] * len(videos),
            "file": [path.name] * len(videos),
            **{name: [getattr(v, name) for v in videos] for name in _OF_VIDEO},
            **{name: [getattr(n, name) for n in notes] for name in _OF_NOTES},
        },
        "intervals": {
            "video_id": [interval.video_id for interval in intervals],
            "action": [interval.action for interval in intervals],
            "start_ms": np.rint([interval.start_s * 1000 for interval in intervals]).astype(np.int32),
            "end_ms": np.rint([interval.end_s * 1000 for interval in intervals]).astype(np.int32),
            "repair": [repair or None for repair in table.repairs],
        },
        "issues": to_issue_columns(table.issues),
    }


_OF_VIDEO = ("video_id", "split", "subject", "scene", "script", "duration_s")
_OF_NOTES = ("quality", "relevance", "verified", "object_nouns", "descriptions")


def _add_videos(files: Mapping[str, Path], parts: Parts) -> None:
    """Without an annotation, every file of the folder is a video of the store, of which nobody says anything."""
    rows = {"source": [ANNOTATION] * len(files), "file": [path.name for path in files.values()], "video_id": [*files]}
    parts.make("bare_videos", [" ".join(files)], lambda: {"videos": rows})


def _check_splits_share_none(parts: Parts) -> None:
    counts = Counter(parts.read_texts("videos", "video_id"))
    twice = [video_id for video_id, count in counts.items() if count > 1]
    if twice:
        raise UserError(
            f"{len(twice)} videos, such as {min(twice)}, are in both Charades files; the splits must share none"
        )


def _name_prediction_sources(parts: Parts) -> dict[str, str]:
    """What each source of predictions is called, by the name it has in the parts; UserError for one given twice."""
    seen: dict[tuple[str, str], str] = {}
    columns = (parts.read_texts("videos", name) for name in ("source", "video_id", "file"))
    for source, video_id, file_name in zip(*columns):
        if not source.startswith(PREDICTION_MARK):
            continue
        if (first := seen.get((source, video_id))) is not None:
            raise UserError(
                f"{file_name} is a second prediction of {video_id} by {source.rpartition('@')[0]} with the same "
                f"weights, beside {first}; give one, or name their videos differently"
            )
        seen[source, video_id] = file_name
    return choose_source_names(seen)


def _read_graphs(folder: Path, identities: Sequence[str], parts: Parts, say: Progress) -> None:
    """The parts of the two released files, one in memory at a time."""

    def read_persons_part() -> Tables:
        table = read_persons(folder / PERSON_FILE, _report_megabytes(say, "person boxes"))
        frames = {name: table.frames[name].array for name in table.frames}
        return {"persons": frames, "issues": to_issue_columns(table.issues)}

    def read_objects_part() -> Tables:
        persons = PersonTable(pq.read_table(made / "persons.parquet").to_pandas(), [], (folder / PERSON_FILE).is_file())
        return _make_graph_tables(read_objects(folder / OBJECT_FILE, persons, _report_megabytes(say, "object boxes")))

    made = parts.make("persons", [*identities, str(PERSON_READER)], read_persons_part)
    parts.make("objects", [*identities, str(PERSON_READER), str(OBJECT_READER)], read_objects_part)


def _report_megabytes(say: Progress, stage: str) -> Callable[[int, int], None]:
    """Tells of bytes as megabytes; the total is one at least."""
    return lambda done, total: say(f"{stage}, MB", done // 1_000_000, max(total // 1_000_000, 1))


def _make_graph_tables(table: ActionGenomeTable) -> Tables:
    frames, objects = table.frames, table.objects
    of_frame = objects["frame_row"].to_numpy()
    video_ids = pa.array(frames["video_id"], pa.string()).dictionary_encode()
    kept = [name for name in frames if name in COLUMNS["frames"].names and name != "video_id"]
    return {
        "frames": {
            "source": _repeat_text(ANNOTATION, len(frames)),
            "video_id": video_ids,
            **{n: frames[n].array for n in kept},
        },
        "objects": {
            "source": _repeat_text(ANNOTATION, len(objects)),
            "video_id": pa.DictionaryArray.from_arrays(
                video_ids.indices.take(pa.array(of_frame)), video_ids.dictionary
            ),
            "frame": frames["frame"].to_numpy()[of_frame],
            "score": np.ones(len(objects), np.float32),
            **{name: objects[name].array for name in objects if name != "frame_row"},
        },
        "issues": to_issue_columns(table.issues),
    }


def _repeat_text(text: str, count: int) -> pa.Array:
    """The same text many times."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [text])


def _read_videos(inputs: Inputs, known: Sequence[str], parts: Parts, say: Progress) -> list[Issue]:
    """The parts of the video files of known videos; returns what is odd about the folder."""
    if inputs.videos is None:
        return []
    files = inputs.videos.values
    wanted = [(video_id, files[video_id]) for video_id in known if video_id in files]
    for first, batch in _split_into_batches(wanted, VIDEOS_A_PART):
        say("videos", first, len(wanted))
        identity = [*(f"{video_id} {identify_file(path)}" for video_id, path in batch), str(VIDEO_READER)]
        parts.make("videos", identity, partial(probe_videos, batch))
    say("videos", len(wanted), len(wanted))
    issues = list(inputs.videos.issues)
    if missing := len(known) - len(wanted):
        reason = f"{missing} of {len(known)} videos have no file there"
        issues.append(Issue(Kind.VIDEO_MISSING, inputs.folder, "", reason))
    if unused := sorted(files.keys() - set(known)):
        reason = f"{len(unused)} of {len(files)} files there belong to no video of the store, such as "
        issues.append(Issue(Kind.VIDEO_UNUSED, inputs.folder, "", reason + files[unused[0]].name))
    return issues


def _list_unused_rates(inputs: Inputs, known: Sequence[str]) -> list[Issue]:
    """One issue where rates are of videos that the store does not have."""
    unused = sorted(inputs.rates.values.keys() - set(known))
    if not unused or inputs.rates_file is None:
        return []
    reason = f"{len(unused)} of {len(inputs.rates.values)} rates belong to no video of the store, such as {unused[0]}"
    return [Issue(Kind.RATE_UNUSED, inputs.rates_file.name, "", reason)]
