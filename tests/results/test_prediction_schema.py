"""The schema in the assets is the one that the catalog gives; run this file as a module to write it anew."""

import json

from ag_core.catalog import list_predicting_models
from ag_core.results.prediction_schema import SCHEMA_FILE, build_prediction_schema


def schema_text() -> str:
    return json.dumps(build_prediction_schema(), indent=1) + "\n"


def test_the_asset_knows_the_models_of_the_catalog() -> None:
    assert SCHEMA_FILE.read_text() == schema_text(), "write it anew: python -m tests.results.test_prediction_schema"


def test_every_predicting_model_may_stand_in_a_prediction() -> None:
    properties = build_prediction_schema()["properties"]
    roles = properties["models"]["items"]["properties"]["role"]["enum"]
    for model in list_predicting_models():
        assert model.id in roles and model.id in properties["actions"]["propertyNames"]["enum"]


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text())
