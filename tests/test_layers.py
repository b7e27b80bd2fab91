"""The arrows between the parts point one way, and the heavy libraries stay where they belong."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TORCH_HOMES = (
    "ag_core/models/",
    "ag_core/experiments/",
    "ag_core/world_audit/",
    "ag_core/pipeline/",
    "ag_core/rescoring.py",
    "ag_core/oracle.py",
)
STREAMLIT_HOMES = ("app.py", "pages/", "ag_core/ui/")
COMMANDS = "ag_core/commands/"

# A part may import itself and the parts of its row.
MAY_IMPORT: dict[str, set[str]] = {
    "taxonomy": {"settings"},
    "errors": set(),
    "settings": set(),
    "unpickle": {"errors"},
    "boxes": set(),
    "files": {"outputs", "errors"},
    "outputs": {"errors", "settings"},
    "object_storage": {"errors"},
    "table_files": set(),
    "interruptions": set(),
    "progress": {"progress_meter"},
    "progress_meter": set(),
    "records": {"taxonomy"},
    "graph_sequence": {"records"},
    "presets": {"taxonomy", "errors"},
    "catalog": {"presets", "errors"},
    # Of the home where fetched weights lie.
    "downloads": {"catalog", "errors", "files", "progress", "settings"},
    # Of the settings only the home, where it keeps what decoding a whole file gave.
    "video": {"records", "errors", "files", "settings"},
    # Of the evaluation how a number is measured: a file of scores gives metrics.
    "results": {
        "evaluation",
        "catalog",
        "downloads",
        "video",
        "records",
        "taxonomy",
        "errors",
        "settings",
        "boxes",
        "files",
    },
    "graphs": {"records", "taxonomy", "errors", "settings"},
    # What graphs say, drawn into the frames of a video.
    "drawn_clips": {"graphs", "video", "records", "taxonomy", "errors", "files", "progress"},
    "models": {
        "catalog",
        "downloads",
        "records",
        "boxes",
        "presets",
        "taxonomy",
        "errors",
        "settings",
        "files",
        "unpickle",
    },
    # Of the graphs only which edges count: the store counts what the screen draws.
    "annotations": {
        "graphs",
        "graph_sequence",
        "results",
        "video",
        "records",
        "boxes",
        "taxonomy",
        "errors",
        "settings",
        "files",
        "object_storage",
        "outputs",
        "progress",
        "unpickle",
    },
    # A query is a job, done by a process of its own.
    "queries": {"jobs", "annotations", "records", "taxonomy", "errors", "settings", "files", "progress"},
    # Of the videos whether their files give the same frames in every way.
    "doctor": {
        "annotations",
        "video",
        "records",
        "boxes",
        "taxonomy",
        "errors",
        "settings",
        "files",
        "progress",
        "table_files",
    },
    "evaluation": {"graph_sequence", "records", "boxes", "taxonomy", "errors", "files"},
    "world": {
        "results",
        "video",
        "records",
        "boxes",
        "taxonomy",
        "errors",
        "settings",
        "annotations",
        "files",
        "progress",
    },
    "experiments": {
        "catalog",
        "models",
        "video",
        "annotations",
        "evaluation",
        "results",
        "graph_sequence",
        "records",
        "boxes",
        "presets",
        "taxonomy",
        "errors",
        "settings",
        "files",
        "outputs",
        "interruptions",
        "progress",
    },
    "world_audit": {
        "presets",
        "experiments",
        "models",
        "world",
        "video",
        "evaluation",
        "records",
        "boxes",
        "taxonomy",
        "errors",
    },
    # Of the graphs only whether a person counts.
    "pipeline": {
        "catalog",
        "graphs",
        "models",
        "video",
        "results",
        "records",
        "boxes",
        "presets",
        "taxonomy",
        "errors",
        "settings",
        "files",
    },
    "rescoring": {
        "pipeline",
        "catalog",
        "models",
        "video",
        "results",
        "records",
        "taxonomy",
        "errors",
        "settings",
        "files",
    },
    "oracle": {
        "annotations",
        "pipeline",
        "catalog",
        "models",
        "video",
        "results",
        "records",
        "taxonomy",
        "errors",
        "settings",
        "files",
        "progress",
    },
    # Of the world only its list of actions; drawing happens in a process of its own, and so does learning.
    "jobs": {
        "catalog",
        "experiments",
        "pipeline",
        "rescoring",
        "results",
        "video",
        "world",
        "errors",
        "settings",
        "records",
        "taxonomy",
        "files",
        "progress",
    },
    # One function predicts a video, whatever engine calls it; its rows become a lake.
    "bulk": {
        "annotations",
        "catalog",
        "errors",
        "files",
        "jobs",
        "object_storage",
        "outputs",
        "pipeline",
        "progress",
        "results",
        "settings",
        "video",
    },
    "ui": {
        "world",
        "catalog",
        "jobs",
        "results",
        "video",
        "annotations",
        "queries",
        "doctor",
        "downloads",
        "drawn_clips",
        "evaluation",
        "graphs",
        "world_audit",
        "records",
        "boxes",
        "taxonomy",
        "errors",
        "settings",
        "table_files",
    },
}


def python_files() -> list[Path]:
    return [p for folder in ("ag_core", "pages") for p in sorted((ROOT / folder).rglob("*.py"))] + [ROOT / "app.py"]


def imports_of(path: Path, everywhere: bool = True) -> list[str]:
    """Dotted names a file imports: anywhere in it, or only when it is itself imported."""
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree)) if everywhere else tree.body
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files(), ids=place)
def test_heavy_libraries_stay_at_home(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports_of(path)}
    if not place(path).startswith((*TORCH_HOMES, COMMANDS, "ag_core/jobs/prediction_worker.py")):
        assert not roots & {"torch", "torchvision", "safetensors"}, "torch belongs to models, training and pipeline"
    if not place(path).startswith(STREAMLIT_HOMES):
        assert "streamlit" not in roots, "streamlit belongs to the pages and ag_core/ui"


@pytest.mark.parametrize("path", [p for p in python_files() if place(p).startswith("ag_core/")], ids=place)
def test_arrows_point_one_way(path: Path) -> None:
    part = Path(place(path)).parts[1].removesuffix(".py")
    if part not in MAY_IMPORT:
        assert part in {"__init__", "__main__", "commands"}, (
            f"{part} has no row in MAY_IMPORT: decide what it may import"
        )
        return
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("ag_core.")}
    assert used <= MAY_IMPORT[part] | {part}


@pytest.mark.parametrize("path", [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"], ids=place)
def test_pages_hold_no_sql_and_no_models(path: Path) -> None:
    used = imports_of(path)
    assert not any(
        name.startswith(("ag_core.models", "ag_core.pipeline", "ag_core.experiments", "duckdb")) for name in used
    )


@pytest.mark.parametrize("path", [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"], ids=place)
def test_no_text_of_a_page_shows_by_itself(path: Path) -> None:
    """Streamlit prints a text that stands alone on a page, such as a docstring below a constant."""
    alone = [
        node.lineno
        for node in ast.parse(path.read_text()).body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    assert not alone, f"make comments of the texts in lines {alone}"


def test_the_app_draws_no_films_itself() -> None:
    files = [path for path in (ROOT / "ag_core" / "jobs").glob("*.py") if path.name != "film_worker.py"]
    names = [name for path in files for name in imports_of(path)]
    of_world = [name for name in names if name.startswith("ag_core.world")]
    assert {name.split(".")[2] for name in of_world} == {"action_table"}


def test_commands_start_light() -> None:
    for path in sorted((ROOT / COMMANDS).glob("*.py")):
        roots = {name.split(".")[0] for name in imports_of(path, everywhere=False)}
        assert not roots & {"torch", "duckdb", "numba", "av"}, (
            f"{path.name} loads a heavy library before it is asked to run"
        )


def test_hidden_streamlit_option_still_exists() -> None:
    from streamlit import config

    assert config.get_option("runner.postScriptGC") is not None
