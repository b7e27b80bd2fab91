"""Tables as files: csv, JSON and Parquet, without a digit or a value lost on the way.

A missing value is an empty cell of a csv and null in JSON, which has no NaN and no infinity. Dates are ISO texts.
"""

import io
import json
import math
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Literal

import numpy as np
import pandas as pd

TableKind = Literal["csv", "json", "parquet"]

MEDIA_TYPES: dict[TableKind, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


def encode_table(table: pd.DataFrame, kind: TableKind) -> bytes:
    """The rows of a table, without its index, as the content of a file."""
    if kind == "csv":
        return str(table.to_csv(index=False)).encode(errors="backslashreplace")
    if kind == "json":
        return json.dumps(list_records(table), indent=1, allow_nan=False, ensure_ascii=False).encode(
            errors="backslashreplace"
        )
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


def list_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: column by name, None where a value is missing or JSON has no number for it."""
    columns = [list(_list_values(table.iloc[:, number])) for number in range(table.shape[1])]
    names = [str(name) for name in table.columns]
    return [dict(zip(names, row)) for row in zip(*columns)]


def _list_values(column: pd.Series) -> Iterator[Any]:
    # A float of 32 bits is the shortest text that means it: 0.1, not 0.10000000149.
    short = column.dtype == np.float32
    for value in column:
        yield float(str(np.float32(value))) if short and math.isfinite(value) else to_json_value(value)


def to_json_value(value: Any) -> Any:
    """One value as JSON has it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.ndarray):
        return [to_json_value(inner) for inner in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [to_json_value(inner) for inner in value]
    if isinstance(value, dict):
        return {str(name): to_json_value(inner) for name, inner in value.items()}
    return str(value)
