"""Tables as small pieces of HTML for st.html, styled by assets/style.css. Never fetches; escapes what it is given."""

import base64
import re
from collections.abc import Sequence
from html import escape

import pandas as pd

from ag_core.catalog import get_model_label, list_predicting_models, list_scorers
from ag_core.results.film_cache import FinishedFilm
from ag_core.ui.formatting import format_action, format_duration, format_percent, format_scene
from ag_core.ui.glossary import link_term, mark_terms
from ag_core.ui.glossary_terms import Term
from ag_core.ui.tables import RIGHT, UNSEEN
from ag_core.ui.verdict import TOP, Verdict

SCORE = "How sure the model is that this happens somewhere in the video: its highest score over all clips."
VERDICT = "Whether the video's annotation has this action. 'Never trained': the model saw no example of it."
HITS_HERE = f"Of the {TOP} actions that the model scores highest for this video, how many its annotation has."
HITS_IN_ALL = f"The same, summed over every annotated video of this model run: {TOP} actions for each."
"""What the numbers and words beside a predicted action or a model mean."""


def render_brand(icon: bytes) -> str:
    """The app's name beside its icon (PNG)."""
    source = f"data:image/png;base64,{base64.b64encode(icon).decode()}"
    return f'<div class="ag-brand"><img src="{source}" alt=""><span>Action Genome<br>Explorer</span></div>'


def render_link(address: str, text: str) -> str:
    """A link to another state of the app: an address relative to the page's, opened in the same tab."""
    arrow = '<span aria-hidden="true">→</span>'
    return f'<a class="ag-link" href="{escape(address)}" target="_self">{arrow}{escape(text)}</a>'


def render_terms(terms: Sequence[Term]) -> str:
    """Terms of the glossary as a list, each name a link to itself."""
    items = "".join(
        f'<dt id="{term.id}"><a href="{link_term(term)}" target="_self">{escape(term.name)}</a></dt>'
        f"<dd>{show_code(term.meaning)}{f' <span>{show_code(term.more)}</span>' if term.more else ''}</dd>"
        for term in terms
    )
    return f'<dl class="ag-glossary">{items}</dl>'


def render_score_list(model: str, table: pd.DataFrame, *, judged: bool) -> str:
    """A model's ranked actions (columns action, score, verdict) with bars; `judged` adds the annotation's verdict."""
    rows = []
    for row in table.itertuples():
        kind = {RIGHT: "right", UNSEEN: "unseen"}.get(row.verdict, "")
        bar = f'<span class="bar"><i style="width:{100 * row.score:.1f}%"></i></span>'
        verdict = f'<span class="verdict" title="{VERDICT}">{escape(row.verdict)}</span>' if judged else ""
        rows.append(
            f'<li class="{kind}"><span>{escape(row.action)}</span>{bar}'
            f'<span class="score" title="{SCORE}">{escape(format_percent(row.score))}</span>{verdict}</li>'
        )
    name = f'<div class="ag-model"><i></i>{mark_terms(escape(get_model_label(model)))}</div>'
    return (
        f'<div class="ag-of-model ag-model-{escape(model)}">{name}'
        f'<ol class="ag-scores{"" if judged else " plain"}">{"".join(rows)}</ol></div>'
    )


def show_code(text: str) -> str:
    """A text as HTML; what stands between backticks is shown as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def mark(text: str) -> str:
    """A text as HTML in which words of the glossary lead to it."""
    return mark_terms(escape(text))


def render_comparison(verdict: Verdict) -> str:
    """What the compared models are, and which is right more often; below it, small, what was measured and how."""
    about = "; ".join(f"{model.label} {model.about}" for model in list_predicting_models())
    said = f'<p class="ag-lead">{mark(f"{about}. {verdict.describe_set()}")}</p>'
    measured, how = escape(verdict.describe_measured()), escape(verdict.explain_measured())
    return f'{said}<p class="ag-owner" title="{how}">{measured}</p>' if measured else said


def render_poster_style(jpeg: bytes, key: str, size_wh: tuple[int | None, int | None]) -> str:
    """A style element by which the player in the container of a key shows a picture until its video is there, in the
    shape of the video where its size is known."""
    picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    width, height = size_wh
    ratio = f" --ratio: {width / height:.4f};" if width and height else ""
    return f"<style>.st-key-{key} {{ --ag-poster: url({picture});{ratio} }}</style>"


def render_model_styles(*, dark: bool) -> str:
    """A style element with the colour and the line of every action model, for lists of their scores."""
    borders = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
    rules = [
        f".ag-model-{model.id} {{ --colour: {model.style.colour(dark)}; --line: {borders[model.style.line]}; }}"
        for model in list_scorers().values()
    ]
    return f"<style>{' '.join(rules)}</style>"


def render_requested_actions(made: FinishedFilm) -> str:
    """The requested actions of a film in their order: when each is shown, or why it is not."""
    reasons, rows = dict(made.unmet), []
    for action in made.request.actions:
        times = [f"{i.start_s:.1f} s to {i.end_s:.1f} s" for i in made.intervals if i.action == action]
        verdict = ", ".join(times) or f"not shown: {reasons.get(action, 'for an unknown reason')}"
        mark = "✓" if times else "✗"
        rows.append(
            f'<li class="{"right" if times else "wrong"}"><span aria-hidden="true">{mark}</span>'
            f'<span>{escape(format_action(action))}</span><span class="verdict">{escape(verdict)}</span></li>'
        )
    return f'<ol class="ag-requested">{"".join(rows)}</ol>'


def render_video_facts(row: pd.Series) -> str:
    """Two lines under a poster: where, which split, how long, and what the script says."""
    facts = [format_scene(row["scene"])] if pd.notna(row["scene"]) else []
    facts += [row["split"]] if pd.notna(row["split"]) else []
    facts.append(format_duration(float("nan") if pd.isna(row["duration_s"]) else row["duration_s"]))
    script = row["script"] if pd.notna(row["script"]) else ""
    return f'<p class="ag-about" title="{escape(script)}">{escape(" · ".join(facts))}<br>{escape(script)}</p>'
