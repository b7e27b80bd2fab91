"""How a stranger's SELECT leaves the process that answers it: exact values, or text where nothing else is.

Nested values are JSON that every reader takes. Knows no process and no store, and no pandas: whoever starts a process
for a query waits for all that it loads.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

PLAIN_TYPES = frozenset(
    "BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT HUGEINT FLOAT DOUBLE VARCHAR DATE TIME"
    " TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS".split()
)
NESTED = ("STRUCT", "MAP", "UNION")

_TEXT_OR_NO_NUMBER = r'("(?:[^"\\]|\\.)*")|-?\b(?:NaN|nan|Infinity|inf)\b'
_MARK = "\x01"
"""Stands in no JSON: inside a text it would be written with a backslash."""


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
    """The table with null for what JSON has no number for in its columns of JSON text: NaN and the infinities.

    All in Arrow, for an array made of Python's texts would load pandas.
    """
    for number in columns:
        marked = pc.replace_substring_regex(table.column(number), _TEXT_OR_NO_NUMBER, rf"\1{_MARK}")
        texts = pc.replace_substring(marked, f'"{_MARK}', '"')
        table = table.set_column(number, table.field(number), pc.replace_substring(texts, _MARK, "null"))
    return table
