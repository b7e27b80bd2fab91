"""The list of modules in docs/architecture.md stays true."""

from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_module_has_its_line() -> None:
    lines = (ROOT / "docs" / "architecture.md").read_text().split("## Where things are")[1].splitlines()
    listed, folder = set(), ""
    for words in (line.split() for line in lines if line.startswith("    ") and line.strip()):
        if words[0].endswith("/"):
            folder = words[0]
        elif words[0].endswith(".py"):
            listed.add(folder + words[0])
    there = [*ROOT.glob("ag_core/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]
    assert listed == {path.relative_to(ROOT).as_posix() for path in there if path.name != "__init__.py"}


def test_folders_of_tests_are_those_of_the_library() -> None:
    # The app from outside, damaged files, its pages, the wheel, models for tests.
    apart = {"browser", "fuzz", "pages", "package", "toys"}
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}
    assert not [
        str(folder) for folder in folders if str(folder) not in apart and not (ROOT / "ag_core" / folder).is_dir()
    ]
