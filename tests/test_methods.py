"""What code and documents refer to is there: sections of docs/methods.md, and documents by their names."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECTION = r"[A-I]\d+(?:\.\d+)?"
REFERENCE = re.compile(rf"\bmethods,? (?:sections? )?({SECTION}(?:(?:, | and |, and ){SECTION})*)")
DOCUMENT = re.compile(r"(?<![\w/])(?:docs/)?([a-z_]+\.md)\b")
WRITTEN_FOR_USERS = {"report.md"}
"""Names of files that a command writes, not documents of the project."""


def texts() -> list[Path]:
    folders = ("ag_core", "pages", "tests", "benchmarks", "docs")
    kinds = (".py", ".md", ".sql", ".js", ".css")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    found = [path for path in found if "node_modules" not in path.parts]
    return sorted([*found, ROOT / "app.py", *ROOT.glob("*.md")])


def sections() -> set[str]:
    headings = re.findall(rf"^#+ ({SECTION})[. ]", (ROOT / "docs" / "methods.md").read_text(), re.MULTILINE)
    assert len(headings) == len(set(headings)), "a section of docs/methods.md occurs twice"
    return set(headings)


def relative_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def one_line(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


def test_no_section_dangles() -> None:
    known = sections()
    for path in texts():
        named = {section for match in REFERENCE.findall(one_line(path)) for section in re.findall(SECTION, match)}
        assert named <= known, f"{relative_path(path)} names sections that are not in docs/methods.md"


def test_no_document_dangles() -> None:
    documents = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "ag_core").rglob("*.md")]
    known = {path.name for path in documents} | WRITTEN_FOR_USERS
    for path in texts():
        if path.suffix != ".md" and "tests" not in path.relative_to(ROOT).parts:
            named = set(DOCUMENT.findall(one_line(path)))
            assert named <= known, f"{relative_path(path)} names documents that are not there"


def test_references_are_found_at_all() -> None:
    named = sum(bool(REFERENCE.search(one_line(path))) for path in texts())
    assert named > 20, "the pattern of references no longer fits how they are written"
