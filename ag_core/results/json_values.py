"""JSON files with rows, and their values, checked as they are taken out: of their kind, within what later steps hold.

JSON's reader of Python takes NaN, and NumPy makes numbers of texts and truth values. Here a ValueError says what is
wrong, for whoever reads the file to put into its sentence.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import write_atomically

MAX_TEXT_LETTERS = 10_000


def read_json(path: Path, remedy: str) -> Any:
    """What a JSON file in UTF-8 holds; UserError where it is missing, or no JSON: NaN and infinities are none."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read ({error.strerror}); {remedy}") from None
    except RecursionError:
        raise UserError(f"{path.name} is nested too deeply; {remedy}") from None
    except ValueError as error:
        raise UserError(f"{path.name} is not JSON ({str(error).partition(' (char')[0]}); {remedy}") from None


def write_rows(path: Path, content: Mapping[str, Any], *rows: str) -> None:
    """Write a JSON object, whole or not at all: a line for each row of the lists named `rows`, and for each other key.

    ValueError for a number that JSON does not have.
    """
    lines = []
    for key, value in content.items():
        if key in rows and value:
            of_list = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in value)
            lines.append(f'"{key}": [\n{of_list}\n]')
        else:
            lines.append(f'"{key}": {json.dumps(value, ensure_ascii=False, allow_nan=False)}')
    write_atomically(path, "{" + ",\n".join(lines) + "}\n")


def take_text(owner: Mapping[str, Any], name: str) -> str:
    """A text that files and tables can hold."""
    text = owner[name]
    if not isinstance(text, str):
        raise ValueError(f"{name} is a {type(text).__name__}, not a text")
    if len(text) > MAX_TEXT_LETTERS:
        raise ValueError(f"{name} has {len(text):,} letters; {MAX_TEXT_LETTERS:,} are the most")
    if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text):
        raise ValueError(f"{name} holds characters that are none")
    return text


def take_list(owner: Mapping[str, Any], name: str) -> list[Any]:
    """A list of anything."""
    values = owner[name]
    if not isinstance(values, list):
        raise ValueError(f"{name} is a {type(values).__name__}, not a list")
    return values


def take_truth(owner: Mapping[str, Any], name: str) -> bool:
    """true or false; no word and no number for it."""
    value = owner[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {_describe(value)}, neither true nor false")
    return value


def take_whole(owner: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    value = owner[name]
    if isinstance(value, float) and value.is_integer():  # 144.0 is a whole number in JSON
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is {_describe(value)}, not a whole number from {least:,} to {most:,}")
    return int(value)


def take_number(owner: Mapping[str, Any], name: str, least: float, most: float, *, above: bool = False) -> float:
    """A number from `least` (`above`: more than it) to `most`."""
    value = owner[name]
    if type(value) not in (int, float) or not least <= value <= most or (above and value == least):
        start = "above" if above else "from"
        raise ValueError(f"{name} is {_describe(value)}, not a number {start} {least:,g} to {most:,g}")
    return float(value)


def to_array(values: Any, name: str, least: float, most: float) -> NDArray[np.float32]:
    """Lists of numbers, all from `least` to `most`, as an array."""
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "fi":
        raise ValueError(f"{name} holds what is no number")
    if array.size and not (least <= array.min() and array.max() <= most):  # NaN fails, too
        raise ValueError(f"{name} holds a number outside {least:,g} to {most:,g}")
    return array.astype(np.float32)


def _describe(value: Any) -> str:
    if isinstance(value, int) and abs(value) > 10**20:
        return "a number of more than 20 digits"
    return "missing" if value is None else json.dumps(value)[:60]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which JSON does not have")
