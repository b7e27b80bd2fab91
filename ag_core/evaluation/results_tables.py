"""Tables of a document filled from the results log, so that no number is copied by hand.

A document asks for a table between two comments, in JSON:

    <!-- metrics {"title": "head", "rows": {"reldn": "RelDN"}, "where": {"dataset": "home60", "mode": "predcls"},
     "columns": [{"label": "R@20", "averaging": "frame"}, {"label": "mR@20", "averaging": "relation"}]} -->
    <!-- end of metrics -->

`rows` names the models in their order and how they are written; `where` and each of `columns` say by which facts a
metric is found; `since` leaves out what was logged before. Trainings of one model that differ in the seed alone become
one number, their mean.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.results_log import LoggedResult

BLOCK = re.compile(r"(<!-- metrics (\{.*?\}) -->\n)(.*?)(<!-- end of metrics -->)", re.DOTALL)
"""A request, what stands there now, and the end."""

FACTS = ("dataset", "split", "mode", "constraint", "averaging", "n_relations", "label")
"""By what a metric is asked for."""


def fill_tables(document: str, results: Sequence[LoggedResult]) -> str:
    """The document with every asked table made anew; UserError naming a request that nothing answers."""

    def fill(block: re.Match[str]) -> str:
        start, request, _, end = block.groups()
        return f"{start}\n{tabulate_results(json.loads(request), results).to_markdown()}\n\n{end}"

    return BLOCK.sub(fill, document)


def tabulate_results(request: Mapping[str, Any], results: Sequence[LoggedResult]) -> MetricTable:
    """The table that a request asks for."""
    columns = [request["where"] | column for column in request["columns"]]
    unknown = {name for column in columns for name in column} - set(FACTS)
    if unknown:
        raise UserError(f"a number is asked for by {', '.join(FACTS)}, not by {', '.join(sorted(unknown))}")
    since = request.get("since", "")
    metrics = [metric for result in results if result.date >= since for metric in result.metrics]
    rows = {}
    for model, name in request["rows"].items():
        found = [[metric for metric in metrics if _fits(metric, model, column)] for column in columns]
        if not any(found):
            raise UserError(f"the log has no number of {model} for {json.dumps(columns)}; log it, or ask for others")
        rows[name] = [average_over_seeds(same) if same else None for same in found]
    return MetricTable.from_rows(request.get("title", "model"), rows)


def average_over_seeds(metrics: Sequence[Metric]) -> Metric:
    """One metric of several trainings that differ in the seed alone; UserError where anything else differs."""
    first = metrics[0]
    both = f"{first.format_sentence()} And: "
    if all(metric == first for metric in metrics):
        return first
    of_seed: dict[int, float] = {}
    for metric in metrics:
        same = replace(metric, number=first.number, origin=replace(metric.origin, seeds=first.origin.seeds)) == first
        if not same or len(metric.origin.seeds) != 1:
            raise UserError(
                f"these numbers differ in more than the seed: {first.format_sentence()} And: {metric.format_sentence()}"
            )
        (seed,) = metric.origin.seeds
        if of_seed.setdefault(seed, metric.number) != metric.number:
            raise UserError(f"two numbers for one seed: {both}{metric.format_sentence()}")
    numbers = tuple(of_seed.values())
    origin = replace(first.origin, seeds=tuple(of_seed))
    return replace(first, number=fmean(numbers), origin=origin, number_of_seed=numbers)


def _fits(metric: Metric, model: str, wanted: Mapping[str, str]) -> bool:
    protocol, origin = metric.protocol, metric.origin
    facts = {
        "dataset": origin.dataset,
        "split": origin.split,
        "mode": protocol.mode,
        "constraint": protocol.constraint,
        "averaging": protocol.averaging,
        "n_relations": protocol.n_relations,
        "label": protocol.label,
    }
    return metric.model == model and all(str(facts[name] or "") == value for name, value in wanted.items())
