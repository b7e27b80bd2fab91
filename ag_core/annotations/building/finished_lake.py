"""Makes the lake of a run over many videos from their finished files: the same lake, whoever predicted which when."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ag_core.annotations.building.assembly import MEMORY, assemble, check_memory
from ag_core.annotations.building.finished_videos import FINISHED_VERSION, read_finished_tables
from ag_core.annotations.building.parts import COLUMNS, PREDICTION_PARTS, Parts, to_issue_columns
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.readers.issues import Issue
from ag_core.annotations.readers.prediction_rows import PREDICTION_READER, choose_source_names
from ag_core.errors import UserError
from ag_core.files import hash_bytes
from ag_core.progress import Progress

VIDEOS_A_PART = 64


def write_finished_lake(
    lake: Path,
    work: Path,
    finished: Sequence[Path],
    issues: Sequence[Issue],
    progress: Progress | None = None,
    memory: str = MEMORY,
) -> None:
    """Write the lake `lake` with the videos of finished files, in the order of the store; an older lake is replaced.

    work    folder for what is sorted on the way; empty afterwards
    issues  what else is told of videos, such as those that have no finished file
    UserError where nothing is finished, or what is written finds no room.
    """
    check_memory(memory)
    say = progress or (lambda stage, done, total: None)
    parts = Parts(work / "parts")
    for first in range(0, len(finished), VIDEOS_A_PART):
        batch = finished[first : first + VIDEOS_A_PART]
        say("gathering videos", first, len(finished))
        identity = [*(path.stem for path in batch), str(FINISHED_VERSION), str(PREDICTION_READER)]
        parts.make(PREDICTION_PARTS, identity, partial(read_finished_tables, batch))
    say("gathering videos", len(finished), len(finished))
    parts.make(
        "notes",
        [str(issue) for issue in issues],
        lambda: {name: {} for name in COLUMNS} | {"issues": to_issue_columns(issues)},
    )
    names = choose_source_names(zip(parts.read_texts("videos", "source"), parts.read_texts("videos", "video_id")))
    if not names:
        parts.remove()
        raise UserError("no video could be predicted, so there is no lake to write; the report has the reasons")
    fingerprint = hash_bytes("\n".join([*(path.stem for path in finished), *map(str, issues)]).encode())
    store = work / "assembled.duckdb"
    store.unlink(missing_ok=True)
    assemble(store, parts, names, {}, None, fingerprint, memory, partial(say, "sorting"))
    write_lake(store, lake, say, group_by_video=True)
    store.unlink()
    parts.remove()
