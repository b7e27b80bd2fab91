"""Puts the parts of a build together: one DuckDB file with all tables, each in its order, within a bound of memory.

The statements are in assembly.sql, the tables in schema.sql. Knows neither readers nor where the file goes in the end.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from ag_core.annotations.building.parts import COLUMNS, PREDICTION_PARTS, Parts
from ag_core.annotations.clock import TIME_OF
from ag_core.annotations.readers.action_genome import OBJECT_FILE
from ag_core.annotations.readers.issues import Kind
from ag_core.annotations.readers.person_boxes import PERSON_FILE
from ag_core.annotations.store_format import (
    ANNOTATION,
    FORMAT_NAME,
    FORMAT_VERSION,
    PREDICTION_MARK,
    SCHEMA,
    quote_literal,
)
from ag_core.errors import UserError
from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, OBJECT_CLASSES, OTHER_RELATIONSHIP, RELATIONS, Group

ASSEMBLY = Path(__file__).with_name("assembly.sql")

MEMORY = "1GB"
"""How much DuckDB may keep in memory while it sorts; what is more goes to disk."""

THREADS = 2


def check_memory(memory: str) -> str:
    """The bound as it is; UserError where it is not a number with a unit."""
    if not re.fullmatch(r"\d+(\.\d+)?\s*[KMGT]i?B", memory, re.IGNORECASE):
        raise UserError(f"{memory!r} is no amount of memory; give a number with its unit, such as 1GB or 512MB")
    return memory


def assemble(
    path: Path,
    parts: Parts,
    source_names: Mapping[str, str],
    rates: Mapping[str, float],
    detail: str | None,
    fingerprint: str,
    memory: str,
    progress: Callable[[int, int], None],
) -> None:
    """Write the store file `path`, which must not be there, from the parts; `progress` hears statements done.

    source_names  what sources of predictions are called, by the names they have in the parts
    detail        what the annotation was read from, None where there is none
    fingerprint   what is remembered of the inputs
    memory        bound in DuckDB's spelling, such as '1GB'
    UserError where the bound is too low or the disk is full.
    """
    try:
        _assemble(path, parts, source_names, rates, detail, fingerprint, memory, progress)
    except duckdb.OutOfMemoryException:
        raise UserError(f"{memory} of memory are not enough to sort the tables; give more, such as {MEMORY}") from None
    except duckdb.IOException as error:
        raise UserError(f"the store cannot be written ({error}); make room for it and build again") from None


def _assemble(
    path: Path,
    parts: Parts,
    source_names: Mapping[str, str],
    rates: Mapping[str, float],
    detail: str | None,
    fingerprint: str,
    memory: str,
    progress: Callable[[int, int], None],
) -> None:
    given = _parameters(detail)
    with duckdb.connect(str(path), config={"memory_limit": memory, "threads": THREADS}) as connection:
        connection.execute("set temp_directory = ?", [str(parts.spill)])
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        connection.execute(f"create temp macro time_of(frame, fps, frame_times_s) as {TIME_OF}")
        _write_names(connection, fingerprint)
        for table in COLUMNS:
            _open_parts(connection, parts.list_files(table), source_names).create_view(f"part_{table}")
        known = pa.table({"video_id": pa.array(rates, pa.string()), "fps": pa.array(rates.values(), pa.float64())})
        connection.register("part_rates", known)
        found = "select source from part_frames union select source from part_videos order by source"
        sources = [source for (source,) in connection.execute(found).fetchall()]
        statements = list(_run_statements(connection.extract_statements(ASSEMBLY.read_text(encoding="utf-8")), sources))
        for done, (statement, source) in enumerate(statements):
            progress(done, len(statements))
            values = given | {"source": source}
            connection.execute(statement, {name: values[name] for name in statement.named_parameters})
        for table in COLUMNS:
            connection.execute(f"drop view part_{table}")
        # Closing does so as well, and on a full disk says nothing when it fails: an empty store would be left.
        connection.execute("checkpoint")
        progress(len(statements), len(statements))


def _open_parts(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], source_names: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """The rows of one table in all parts, predictions under the names of their sources; no row is read yet."""
    predicted = [file for file in files if Path(file).parent.name.startswith(PREDICTION_PARTS)]
    others = [file for file in files if file not in predicted]
    if not predicted:
        return connection.read_parquet(others)
    cases = " ".join(f"when {quote_literal(full)} then {quote_literal(name)}" for full, name in source_names.items())
    renamed = connection.read_parquet(predicted)
    if "source" in renamed.columns:
        renamed = renamed.project(f"* replace (case source {cases} else source end as source)")
    return connection.read_parquet(others).union(renamed) if others else renamed


def _run_statements(
    statements: Iterable[duckdb.Statement], sources: Sequence[str]
) -> Iterator[tuple[duckdb.Statement, str | None]]:
    """The statements in order, each run of those that ask for $source once for every source."""
    for of_source, run in groupby(statements, key=lambda statement: "source" in statement.named_parameters):
        together = list(run)
        for source in sources if of_source else [None]:
            yield from ((statement, source) for statement in together)


def _parameters(detail: str | None) -> dict[str, str | None]:
    """What assembly.sql asks for by name."""
    return {
        "annotation": ANNOTATION,
        "prediction": PREDICTION_MARK,
        "detail": detail,
        "objects": OBJECT_FILE,
        "persons": PERSON_FILE,
        "split_differs": Kind.SPLIT_DIFFERS.value,
        "rate_unknown": Kind.RATE_UNKNOWN.value,
        "frame_behind_end": Kind.FRAME_BEHIND_END.value,
        "size_differs": Kind.SIZE_DIFFERS.value,
        "prediction_differs": Kind.PREDICTION_FILE_DIFFERS.value,
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    """Append rows to a table by column name, in their order."""
    connection.register("incoming", rows)
    connection.execute(f"insert into {table} by name select * from incoming")
    connection.unregister("incoming")


def _write_names(connection: duckdb.DuckDBPyConnection, fingerprint: str) -> None:
    """What the file is, and the class lists, so that SQL can say names."""
    known = {"name": [FORMAT_NAME], "version": [FORMAT_VERSION], "fingerprint": [fingerprint]}
    _insert(connection, "store_format", pd.DataFrame(known))
    _insert(connection, "object_classes", pd.DataFrame({"class": range(len(OBJECT_CLASSES)), "name": OBJECT_CLASSES}))
    relations = [(index, name, GROUP_OF_RELATION[name].value) for index, name in enumerate(RELATIONS)]
    relations_and_other = pd.DataFrame(
        [*relations, (None, OTHER_RELATIONSHIP, Group.CONTACT.value)], columns=["relation", "name", "group"]
    ).astype({"relation": "Int16"})
    _insert(connection, "relation_classes", relations_and_other)
    actions = pd.DataFrame(
        [(index, a.id, a.label, a.verb, a.object_class) for index, a in enumerate(ACTIONS)],
        columns=["action", "id", "label", "verb", "class"],
    ).astype({"class": "Int16"})
    _insert(connection, "action_classes", actions)
