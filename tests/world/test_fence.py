"""The world is fenced: its folders import each other one way, and the rest of the program sees a few modules only."""

import ast
from pathlib import Path

import pytest

from ag_core.world.motion.director import STEP_FUNCTIONS
from ag_core.world.motion.script import SKILLS

ROOT = Path(__file__).parents[2]
WORLD = ROOT / "ag_core" / "world"
BASE = {"random_streams"}
MAY_IMPORT: dict[str, set[str]] = {
    "render": BASE,
    "body": {"render"},
    "objects": {"render"} | BASE,
    "room": {"render", "body", "objects"} | BASE,
    "motion": {"render", "body", "objects", "room", "action_table", "combinations"} | BASE,
}
PUBLIC = {"action_table", "dense_source", "export", "film", "generate", "ordered_film", "render_cost", "truth"}
OUTSIDE = [
    path
    for folder in ("ag_core", "pages", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if WORLD not in path.parents and path != ROOT / "benchmarks" / "world.py"  # which times the world's inner stages
]


def parts_used(path: Path) -> set[str]:
    """The folders and modules of the world that a file imports, anywhere in it."""
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        used |= {name.split(".")[2] for name in names if name.startswith("ag_core.world.")}
    return used


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_each_other_one_way(folder: str) -> None:
    files = sorted((WORLD / folder).glob("*.py"))
    assert len(files) > 1
    wrong = {path.name: parts_used(path) - MAY_IMPORT[folder] - {folder} for path in files}
    assert not {name: parts for name, parts in wrong.items() if parts}


def test_every_folder_of_the_world_has_a_row() -> None:
    assert {path.parent.name for path in WORLD.glob("*/*.py")} == set(MAY_IMPORT)


def test_the_rest_of_the_program_imports_public_modules_only() -> None:
    wrong = {path.relative_to(ROOT).as_posix(): parts_used(path) - PUBLIC for path in OUTSIDE}
    assert not {name: parts for name, parts in wrong.items() if parts}


def test_every_skill_has_its_function() -> None:
    assert set(STEP_FUNCTIONS) == set(SKILLS)


def test_the_readme_names_modules_that_are_there() -> None:
    text = (WORLD / "README.md").read_text()
    named = {word for word in text.replace("`", " ").split() if word.endswith(".py") and "tests/" not in word}
    assert named and all((WORLD / name).is_file() for name in named)
