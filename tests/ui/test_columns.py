"""Every number in the tables of videos says on hover what it means."""

import pandas as pd
import pytest

from ag_core.ui import tables
from ag_core.ui.columns import MEANINGS, explain_columns
from ag_core.ui.player.viewing import PREDICTED
from tests.conftest import stand_in_prediction


def list_tables() -> dict[str, pd.DataFrame]:
    graphs = stand_in_prediction("EF2GH").graphs()
    return {
        "triplets": tables.build_triplet_table(graphs, PREDICTED),
        "boxes": tables.build_object_table(graphs, PREDICTED),
        "actions": tables.build_interval_table([]),
    }


@pytest.mark.parametrize("name", ["triplets", "boxes", "actions"])
def test_every_number_of_a_table_is_explained(name: str) -> None:
    table = list_tables()[name]
    config = explain_columns(table)
    numbers = [str(one) for one in table.columns if pd.api.types.is_numeric_dtype(table[one]) or one.endswith("_s")]
    assert numbers and set(numbers) <= set(config)
    assert all(config[one]["help"] == MEANINGS[one] for one in numbers)


def test_a_format_may_differ() -> None:
    config = explain_columns(pd.DataFrame({"before": [1.0], "odd": [1]}), before="%.1f %%")
    assert list(config) == ["before"] and config["before"]["type_config"]["format"] == "%.1f %%"
