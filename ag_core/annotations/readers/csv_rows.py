"""Rows of a csv file, none of which swallows another.

A quotation mark that is never closed makes a csv reader take the lines that follow for one cell, up to the next mark:
rows are gone and others have their values. Here such a row is told from a cell with line ends of its own, listed with
its line, and reading goes on with the line after it. Knows no columns but the ones it is asked for.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ag_core.errors import UserError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}

NOT_PAIRED = "its quotation marks do not pair, so its cells cannot be told apart; left out"
TOO_LONG = f"a cell has more than {csv.field_size_limit():,} letters; left out"
OTHER_CELLS = "row has more or fewer cells than the header, so they cannot be told apart; left out"
NUL_INSIDE = "row holds a NUL character; left out"


class CsvRow(NamedTuple):
    """One row: the line it begins on, from 1, and its cells by column."""

    line: int
    cells: dict[str, str]


class CsvFault(NamedTuple):
    """A line that cannot be read as a row: its number, from 1, its first cell as far as it can be told, and why."""

    line: int
    first_cell: str
    reason: str


@dataclass(frozen=True)
class CsvTable:
    """The rows that can be read, in order, and what cannot."""

    columns: tuple[str, ...]
    rows: list[CsvRow]
    faults: list[CsvFault]


def read_csv_rows(path: Path, required: Sequence[str], remedy: str) -> CsvTable:
    """The rows of a file in UTF-8, with commas and a header; blank lines are passed over.

    `remedy` ends the sentences about a file that is another thing: 'give the Charades annotation file'.
    UserError where the file is missing or no text, where a required column is missing or named twice, and where not a
    single row can be read; it names the line.
    """
    lines = list(io.StringIO(_read_text(path, remedy), newline=""))
    records = _split_into_records(lines)
    header = 0
    columns: tuple[str, ...] = ()
    for header, cells, fault in records:
        if fault or any("\n" in cell or "\r" in cell for cell in cells):
            raise UserError(f"{path.name}, line {header}: {NOT_PAIRED.partition(';')[0]}; {remedy}")
        columns = tuple(cell.strip() for cell in cells)
        break
    _check_columns(path.name, columns, required, "" if not lines else lines[header - 1], remedy)
    rows, faults = [], []
    for line, cells, fault in _split_into_records(lines, header, len(columns)):
        surplus = cells[len(columns) :]
        if not fault and (len(cells) < len(columns) or any(cell.strip() for cell in surplus)):
            fault = OTHER_CELLS
        if not fault and any("\0" in cell for cell in cells):
            fault = NUL_INSIDE
        if fault:
            faults.append(CsvFault(line, _guess_first_cell(lines[line - 1]), fault))
        else:
            rows.append(CsvRow(line, dict(zip(columns, cells))))
    if faults and not rows:
        raise UserError(f"{path.name}, line {faults[0].line}: {faults[0].reason}, as is every row; {remedy}")
    return CsvTable(columns, rows, faults)


def read_number(text: str | None) -> float | None:
    """A number as tables write it, in plain digits with a decimal point; None for anything else."""
    text = (text or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _read_text(path: Path, remedy: str) -> str:
    try:
        if path.exists() and not path.is_file():  # a folder, or a pipe or a device that may never end
            raise UserError(f"{path} is no file; {remedy}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is not there; {remedy}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); {remedy}") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UserError(f"{path.name} is a text in UTF-16, or no text; save it as UTF-8, or {remedy}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path.name}, line {line}: byte {content[error.start]:#04x} is no UTF-8; save the table as UTF-8, "
            f"or {remedy}"
        ) from None


def _check_columns(name: str, columns: Sequence[str], required: Sequence[str], header: str, remedy: str) -> None:
    missing = [column for column in required if column not in columns]
    if missing:
        for separator, word in _SEPARATORS.items():
            if set(required) <= {cell.strip().strip('"') for cell in header.split(separator)}:
                raise UserError(f"{name} has {word} between its cells; save it with commas, or {remedy}")
        raise UserError(f"{name} has no column {', '.join(missing)}; {remedy}")
    twice = [column for column in required if columns.count(column) > 1]
    if twice:
        raise UserError(f"{name} has two columns {twice[0]}; leave one, or {remedy}")


def _split_into_records(lines: Sequence[str], after: int = 0, width: int = 0) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, what is wrong) of each record behind line `after`, blank lines left out.

    A record with an unpaired mark is one line; the next begins on the line after it. With the `width` of the table, a
    record over several lines is one only where it has that many cells and no line inside it looks like a row itself.
    """
    start = after
    while start < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), strict=True)
        first = start  # index of the line on which the next record begins
        try:
            for cells in reader:
                following, begins = start + reader.line_num, first
                first = following
                if following - begins > 1 and width and _swallows(cells, lines[begins + 1 : following], width):
                    first = begins
                    raise csv.Error
                if cells:
                    yield begins + 1, cells, ""
            return
        except csv.Error:
            yield first + 1, [], TOO_LONG if len(lines[first]) > csv.field_size_limit() else NOT_PAIRED
            start = first + 1


def _swallows(cells: Sequence[str], inner: Sequence[str], width: int) -> bool:
    """Whether a record over several lines has taken rows for the inside of a cell."""
    return len(cells) != width or any(_looks_like_row(line, width) for line in inner)


def _looks_like_row(line: str, width: int) -> bool:
    try:
        cells = next(csv.reader([line], strict=True), [])
    except csv.Error:
        return False
    return len(cells) == width and bool(cells[0].strip()) and " " not in cells[0].strip()


def _guess_first_cell(line: str) -> str:
    return line.partition(",")[0].strip().strip('"').replace("\0", "")
