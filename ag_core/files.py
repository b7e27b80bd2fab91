"""Files that are there whole or not at all, whatever ends the program while it writes."""

from pathlib import Path

PARTIAL_MARK = ".part"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under another name, then give it its own; text as UTF-8 with its line ends as they are."""
    partial = path.with_name(f".{path.name}{PARTIAL_MARK}")
    partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    partial.replace(path)


def remove_partial(folder: Path) -> None:
    """Delete what a killed run left half-written in a folder, not below it."""
    for path in folder.glob("*"):
        if PARTIAL_MARK in path.suffixes and path.is_file():
            path.unlink(missing_ok=True)
