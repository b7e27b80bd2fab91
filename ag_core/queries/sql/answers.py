"""How a stranger's SELECT leaves the process that answers it: exact values, or text where nothing else is.

Nested values are JSON that every reader takes. Knows no process and no store, and no pandas: whoever starts a process
for a query waits for all that it loads.
"""

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

PLAIN_TYPES = frozenset(
    "BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT HUGEINT FLOAT DOUBLE VARCHAR DATE TIME"
    " TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS".split()
)
NESTED = ("STRUCT", "MAP", "UNION")

_OUTSIDE_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|nan|Infinity|inf)\b')


def is_nested(kind: str) -> bool:
    """Whether values of a type of DuckDB hold others."""
    return kind.endswith("]") or kind.startswith(NESTED)


def cast_for_display(column: str, kind: str) -> str:
    """A column of a type that Arrow carries unharmed; nested values as JSON text, the rest as DuckDB prints it."""
    if is_nested(kind):
        return f"to_json({column})::varchar as {column}"
    if kind in PLAIN_TYPES or kind == "TIMESTAMP WITH TIME ZONE" or kind.startswith("DECIMAL"):
        return column
    return f"{column}::varchar as {column}"


def correct_json(table: pa.Table, columns: Iterable[int]) -> pa.Table:
    """The table with null for what JSON has no number for in its columns of JSON text: NaN and the infinities."""
    for number in columns:
        if pc.any(pc.match_substring_regex(table.column(number), "NaN|nan|Infinity|inf")).as_py():
            texts = [_correct_text(text) for text in table.column(number).to_pylist()]
            table = table.set_column(number, table.field(number), pa.chunked_array([texts], pa.string()))
    return table


def _correct_text(text: str | None) -> str | None:
    if text is None:
        return None
    return _OUTSIDE_TEXTS.sub(lambda found: found[0] if found[0].startswith('"') else "null", text)
