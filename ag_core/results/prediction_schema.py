"""The schema of the prediction file, with the models that the catalog knows. assets/prediction.schema.json is its copy.

What the file looks like stands in the asset; which names may stand in it is filled in here, so that a model that joins
the catalog joins the schema.
"""

import json
from typing import Any

from ag_core.catalog import CLIP_NETWORKS, list_scorers
from ag_core.results.prediction import HABITS_ROLE, POSE_ROLE, SMOOTHING
from ag_core.settings import ASSETS

SCHEMA_FILE = ASSETS / "prediction.schema.json"
COMMON_ROLES = ("detector", "regions", "relations", HABITS_ROLE, POSE_ROLE, SMOOTHING)


def build_prediction_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) as plain values."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    properties = schema["properties"]
    roles = [*COMMON_ROLES, *(network.role for network in CLIP_NETWORKS.values()), *list_scorers()]
    properties["models"]["items"]["properties"]["role"]["enum"] = roles
    properties["actions"]["propertyNames"]["enum"] = list(list_scorers())
    properties["actions_over_time"]["propertyNames"]["enum"] = ["times_s", *list_scorers()]
    return schema
