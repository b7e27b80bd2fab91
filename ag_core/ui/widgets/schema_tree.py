"""The tree of tables and columns beside the SQL editor: a click types a name where the cursor stands, or shows rows.

The browser side (assets/schema_tree) types into the editor as the keyboard would, so that nothing written there is
lost and the browser's own undo takes it back.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import streamlit as st

from ag_core.settings import ASSETS

FOLDER = ASSETS / "schema_tree"


@cache
def _register_component() -> Any:
    """The component, registered once in this process."""
    return st.components.v2.component(
        "action_genome_schema_tree",
        html='<div data-part="tree"></div>',
        css=(FOLDER / "schema_tree.css").read_text(encoding="utf-8"),
        js=(FOLDER / "schema_tree.js").read_text(encoding="utf-8"),
    )


def build_tree_data(tables: Mapping[str, Sequence[tuple[str, str]]], meanings: Mapping[str, Any]) -> dict[str, Any]:
    """What the tree shows: tables in the order of the meanings, then those that have none, each with its columns.

    tables    columns (name, type) of each table
    meanings  'tables' and 'columns': a sentence for each name
    """
    order = list(meanings["tables"])
    names = sorted(tables, key=lambda name: (order.index(name) if name in order else len(order), name))
    return {
        "tables": [
            {
                "name": name,
                "meaning": meanings["tables"].get(name, ""),
                "columns": [[column, kind, meanings["columns"].get(column, "")] for column, kind in tables[name]],
            }
            for name in names
        ]
    }


def show_tree(data: Mapping[str, Any], editor: str, key: str, on_rows: Callable[[], None]) -> str | None:
    """The tree. `editor` is the key of the text area it types into; the table whose rows are asked for, else None."""
    state = _register_component()(key=key, data={**data, "editor": editor}, on_rows_change=on_rows)
    return getattr(state, "rows", None)
