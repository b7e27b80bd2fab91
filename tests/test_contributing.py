"""CONTRIBUTING.md shows the layers that the layers test enforces; `python -m tests.test_contributing` writes them."""

from pathlib import Path

from tests.test_layers import MAY_IMPORT

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"
BEGIN, END = "<!-- layers -->\n", "<!-- /layers -->"


def layer_table() -> str:
    rows = [f"| {part} | {', '.join(sorted(parts)) or '(nothing)'} |" for part, parts in MAY_IMPORT.items()]
    return "\n".join(["| part of `ag_core` | may import |", "| --- | --- |", *rows]) + "\n"


def test_the_page_shows_the_layers() -> None:
    shown = PAGE.read_text().split(BEGIN)[1].split(END)[0]
    assert shown == layer_table(), "write it anew: python -m tests.test_contributing"


def write_table() -> None:
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + layer_table() + END + rest.split(END)[1])


if __name__ == "__main__":
    write_table()
