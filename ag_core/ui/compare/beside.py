"""What stands beside the video of page Compare: who is right, and the actions on which the models differ most.

The player draws it (assets/player/beside.js), so that its rows follow the clock and lead to their moments at once.
"""

import math
from typing import Any

from ag_core.catalog import get_model_label
from ag_core.taxonomy import ACTIONS
from ag_core.ui.formatting import format_number
from ag_core.ui.glossary import link_term, split_terms
from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.html import HITS_HERE, HITS_IN_ALL, SCORE, VERDICT
from ag_core.ui.player.viewing import Viewing
from ag_core.ui.tables import RIGHT, WRONG
from ag_core.ui.verdict import TOP, Verdict, build_difference_rows, join_words, list_contrasted

MAX_ROWS = 4

NOW = "Solid: what it says at this moment; pale: its highest."
NO_TRUTH = "Nobody annotated the actions of this video, so nothing says who is right here."


def build_beside(viewing: Viewing, verdict: Verdict) -> tuple[dict[str, Any], list[int]]:
    """The player's `beside` and `differing`: what is said, and the actions of its rows."""
    models = list(viewing.scores)
    shown = [model for model in verdict.models if model in models]
    rows = build_difference_rows(viewing.scores, MAX_ROWS)
    contrasted = join_words(list(map(get_model_label, list_contrasted(models))))
    head, note = "", ""
    if len(models) > 1:
        head = f"Where {contrasted} differ most"
        note = f"{contrasted} give nearly the same scores to every action here." if rows.empty else ""
    annotated = viewing.annotated_actions
    beside = {
        "script": viewing.video.script or "",
        "said": _split(verdict.describe_video() or NO_TRUTH),
        "heads": [{"text": _split(text), "title": title} for text, title in _list_heads(verdict)],
        "models": [
            {"at": models.index(model), "name": _split(get_model_label(model)), "cells": _list_cells(verdict, model)}
            for model in shown
        ],
        "head": _split(head) if not note else [],
        "note": note,
        "rows": [
            {
                "name": ACTIONS[int(row["action"])].label,
                "verdict": "" if annotated is None else RIGHT if row["action"] in annotated else WRONG,
                "right": annotated is not None and row["action"] in annotated,
                "t": None if math.isnan(row["time_s"]) else round(float(row["time_s"]), 3),
                "scores": [round(float(row[model]), 4) for model in models],
            }
            for row in rows.to_dict("records")
        ],
        "about_scores": SCORE,
        "about_verdicts": VERDICT,
        "about_now": NOW,
    }
    return beside, [int(action) for action in rows["action"]]


def _split(text: str) -> list[list[str | None]]:
    """A text in pieces: words, and of a term of the glossary its address and its meaning."""
    return [
        [words, *((link_term(term), term.meaning.replace("`", "")) if term else (None, None))]
        for words, term in split_terms(text)
    ]


def _list_heads(verdict: Verdict) -> list[tuple[str, str]]:
    """The heads of the table, each with what its numbers count."""
    heads = [("Model", "An action model."), ("This video", HITS_HERE)]
    if verdict.of_set:
        heads.append((f"All {format_number(verdict.n_videos)} videos", HITS_IN_ALL))
    if verdict.measured:
        heads.append(("Video mAP", f"{TERMS['map'].meaning} {verdict.explain_measured()}"))
    return heads


def _list_cells(verdict: Verdict, model: str) -> list[str]:
    """A model's numbers, in the order of the heads; a dash for what is not known."""
    cells = [f"{verdict.hits[model]} of {TOP}" if model in verdict.hits else "–"]
    if verdict.of_set:
        answers = format_number(TOP * verdict.n_videos)
        cells.append(f"{verdict.of_set[model]} of {answers}" if model in verdict.of_set else "–")
    if verdict.measured:
        metric = verdict.measured.get(model)
        cells.append("–" if metric is None else metric.format_number(with_unit=True))
    return cells
