"""The rows of an answer as a data frame that tables and files can hold: exact, or as text where nothing else is.

Numbers keep every digit, whole ones beside a missing one, too. Dates and times that no calendar of Python has become
what DuckDB prints.
"""

from collections.abc import Sequence

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

MAX_EXACT_DIGITS = 15
"""A float holds every decimal number of so many digits."""

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""1 January of the year 1 and 31 December 9999, in days from 1970: what Python's calendar has."""

_DAY_S = 86_400
_TICKS_PER_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_INFINITY = 2**63 - 1
"""How Arrow carries DuckDB's infinite time stamps."""

_NULLABLE: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
}


def to_data_frame(table: pa.Table, names: Sequence[str]) -> pd.DataFrame:
    """Arrow rows as a data frame under these names, of which equal ones get a number."""
    columns = {name: _to_series(column) for name, column in zip(_make_unique(names), table.columns)}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def _make_unique(names: Sequence[str]) -> list[str]:
    unique: list[str] = []
    for name in names:
        number, shown = 1, name
        while shown in unique:
            number += 1
            shown = f"{name}_{number}"
        unique.append(shown)
    return unique


def _to_series(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_decimal(column.type):
        column = _to_plain_numbers(column)
    elif pa.types.is_temporal(column.type) and not _has_calendar(column):
        column = _print_values(column)
    nullable = _NULLABLE if column.null_count else {}
    return column.to_pandas(types_mapper=nullable.get)


def _to_plain_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimals as whole numbers or floats where these hold every digit, else as text."""
    if column.type.scale == 0:
        for kind in (pa.int64(), pa.uint64()):
            try:
                return column.cast(kind)
            except pa.ArrowInvalid:
                continue
    limits = pc.min_max(column).as_py()
    largest = max((abs(value) for value in limits.values() if value is not None), default=0)
    if column.type.scale > 0 and largest < 10 ** (MAX_EXACT_DIGITS - column.type.scale):
        return column.cast(pa.float64())
    return _print_values(column)


def _has_calendar(column: pa.ChunkedArray) -> bool:
    """Whether every value of a column of dates or times is one for Python."""
    if pa.types.is_date32(column.type):
        first, last, whole = _FIRST_DAY, _LAST_DAY, pa.int32()
    elif pa.types.is_timestamp(column.type):
        ticks = _TICKS_PER_S[column.type.unit] * _DAY_S
        first = max(_FIRST_DAY * ticks, 1 - _INFINITY)
        last, whole = min((_LAST_DAY + 1) * ticks - 1, _INFINITY - 1), pa.int64()
    elif pa.types.is_time64(column.type):
        first, last, whole = 0, _TICKS_PER_S[column.type.unit] * _DAY_S - 1, pa.int64()
    else:
        return True
    limits = pc.min_max(column.cast(whole)).as_py()
    return limits["min"] is None or (first <= limits["min"] and limits["max"] <= last)


def _print_values(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as DuckDB prints it."""
    with duckdb.connect(":memory:") as connection:
        printed = connection.from_arrow(pa.table({"c": column})).project("c::varchar as c").to_arrow_table()
        text: pa.ChunkedArray = printed.column("c").cast(pa.string())
        return text
