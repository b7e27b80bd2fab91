"""The player's selection in the confidence matrix."""

from typing import Any

import numpy as np
import pytest

from ag_core.taxonomy import OBJECTS, RELATIONS, format_name
from ag_core.ui import tables
from ag_core.ui.charts import plots
from ag_core.ui.compare.matrix import find_selected, outline_selected

TABLE = tables.build_confidence_table(np.zeros((len(OBJECTS), len(RELATIONS))))


@pytest.mark.parametrize(
    ("selected", "count"),
    [
        (None, 0),
        ({"kind": "edge", "label": "food: touching", "class": "food"}, 1),
        ({"kind": "edge", "label": "food 2: touching", "class": "food"}, 1),
        ({"kind": "object", "label": "food", "class": "food"}, len(RELATIONS)),
        ({"kind": "action", "label": "Eating", "class": "food"}, len(RELATIONS)),
        ({"kind": "relation", "label": format_name(RELATIONS[3]), "class": None}, len(OBJECTS)),
        ({"kind": "action", "label": "Standing up", "class": None}, 0),
    ],
)
def test_cells_of_a_selection(selected: dict[str, Any] | None, count: int) -> None:
    assert find_selected(TABLE, selected).sum() == count
    drawn = outline_selected(TABLE, selected).to_dict()
    assert ("stroke" in drawn["encoding"]) is (count > 0)
    assert drawn["params"][0]["name"] == plots.PICK.name
