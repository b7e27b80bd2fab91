"""SQL as text: formatted in lines, names in quotes, and the position in it that an error message points to."""

import re

import duckdb

from ag_core.errors import UserError

ERROR_POSITION = re.compile(r"^LINE (\d+): (.*)\n( *)\^", re.MULTILINE)
"""How DuckDB points: the line with its number, and beneath it a mark."""


def quote_name(name: str) -> str:
    """A name as SQL writes it whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def blank_semicolons(sql: str) -> str:
    """The text of one statement with blanks for semicolons, and everything else where it was: comments stay."""
    content = bytearray(sql.encode())
    for position, kind in duckdb.tokenize(sql):  # positions count bytes
        if kind == duckdb.token_type.operator and content[position : position + 1] == b";":
            content[position : position + 1] = b" "
    return content.decode()


def format_query(sql: str) -> str:
    """The query with a line for each part, in the way of sqlglot; UserError where sqlglot does not understand it."""
    import sqlglot  # half a second, which only who asks for it waits
    from sqlglot.errors import SqlglotError

    try:
        parts = sqlglot.transpile(sql, read="duckdb", write="duckdb", pretty=True, normalize_functions=False)
    except (SqlglotError, RecursionError) as error:
        raise UserError(
            f"the query cannot be laid out ({_take_first_line(error)}); run it to see where it is wrong"
        ) from None
    if len(parts) != 1 or not parts[0].strip():
        raise UserError("only one statement can be laid out; write one SELECT")
    return parts[0]


def find_error_position(message: str, sql: str) -> tuple[int, int] | None:
    """(line, column), both from 1, that an error message of DuckDB points to in the query; None where it does not."""
    found = ERROR_POSITION.search(message)
    if not found:
        return None
    line, shown, before = int(found[1]), found[2], len(found[3]) - len(f"LINE {found[1]}: ")
    lines = sql.split("\n")  # what DuckDB counts; a text may hold other separators
    if not 1 <= line <= len(lines) or before < 0:
        return None
    # Of a long line DuckDB prints a part, between dots.
    part = shown.removeprefix("...").removesuffix("...")
    start = lines[line - 1].find(part) if part != shown else 0
    return line, max(0, start) + before - (3 if shown.startswith("...") else 0) + 1


def _take_first_line(error: Exception) -> str:
    text = re.sub(r"\x1b\[\d+m", "", str(error)).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
