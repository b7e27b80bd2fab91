"""Charts of action models: names of all models have room."""

import pandas as pd

from ag_core.ui.charts.action_plots import LEGEND_COLUMNS, draw_reliability


def test_the_legend_of_many_models_takes_several_lines() -> None:
    colours = {f"model {number}": "#123456" for number in range(8)}
    table = pd.DataFrame({"model": list(colours), "probability": 0.5, "share": 0.4, "pairs": 10})
    spec = draw_reliability(table, colours, dark=False).to_dict()
    legends = [layer["encoding"]["color"]["legend"] for layer in spec["layer"] if "color" in layer["encoding"]]
    assert legends and all(legend["columns"] == LEGEND_COLUMNS for legend in legends)
