"""The builder of a sequence: rows of widgets for its steps, gaps and conditions, kept in step with the typed text.

The text in the session's `sequence` is the truth. Each run shows it in the widgets; each widget changes the sequence
and writes the text anew, so that both ways of asking always say the same, and the link with them.
"""

from collections.abc import Callable
from collections.abc import Sequence as Values
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from ag_core.queries.sequence.language import format_sequence
from ag_core.queries.sequence.records import MAX_CONDITIONS, MAX_STEPS, SPLITS, Condition, Limits, Sequence
from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS, PERSON, RELATIONS, format_triplet
from ag_core.ui.formatting import format_action, format_object, format_sentence
from ag_core.ui.page import is_dark
from ag_core.ui.widgets import search_hits
from ag_core.ui.widgets.pickers import format_source

TEXT = "sequence"
"""The session's key, and the link's, of the typed text. Not `q`: pages must not share the keys of bound widgets."""

SEQUENCE, UNDO, REFUSED = "search_sequence", "search_undo", "search_refused"
MAX_UNDO = 30

Change = Callable[[Sequence], Sequence]


def show_sequence_builder(sequence: Sequence, counts: pd.DataFrame | None, sources: Values[str]) -> None:
    """The rows of a sequence; `counts` (of `count_intervals`) stand beside the steps where they are known."""
    st.session_state[SEQUENCE] = sequence
    for position in range(len(sequence.steps)):
        _show_step_row(sequence, position, None if counts is None else counts.iloc[position])
    with st.container(horizontal=True, vertical_alignment="center", key="ag_builder_end"):
        st.button(
            "Add a step",
            icon=":material/add:",
            key="search_add",
            disabled=len(sequence.steps) >= MAX_STEPS,
            on_click=_change,
            args=(lambda one: one.with_inserted(len(one.steps), one.steps[-1]),),
        )
        undo = st.session_state.get(UNDO, [])
        st.button("Undo", icon=":material/undo:", key="search_undo_button", disabled=not undo, on_click=_undo)
    _show_where_row(sequence, sources)
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.warning(format_sentence(refused), icon=":material/error:")


def _change(change: Change) -> None:
    """Write the changed sequence into the text; where no such sequence exists, say why and leave it as it is.

    A busy browser may still speak of a row that is gone by now: nothing comes of that.
    """
    before = st.session_state.get(TEXT, "")
    try:
        text = format_sequence(change(st.session_state[SEQUENCE]))
    except IndexError:
        return
    except ValueError as error:
        st.session_state[REFUSED] = str(error)
        return
    if text != before:
        remember(before)
        st.session_state[TEXT] = text


def remember(text: str) -> None:
    """Keep a text for Undo."""
    st.session_state[UNDO] = [*st.session_state.get(UNDO, []), text][-MAX_UNDO:]


def _undo() -> None:
    if st.session_state.get(UNDO):  # a second press may come before the button is drawn anew
        *st.session_state[UNDO], st.session_state[TEXT] = st.session_state[UNDO]


def _preset_widget(key: str, value: Any) -> str:
    """The key of a widget, which shows `value` from now on, whatever it showed before."""
    st.session_state[key] = value
    return key


def _show_step_row(sequence: Sequence, position: int, count: pd.Series | None) -> None:
    step, number = sequence.steps[position], position + 1
    with st.container(border=True, key=f"ag_step_{number}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"ag_step_head_{number}"):
            st.html(search_hits.render_badge(number, dark=is_dark()), width="content")
            if position:
                _show_limits_popover(
                    f"gap_{position}", sequence.gaps[position - 1], "then", "Not before (s)", "Within (s)",
                    lambda limits: lambda one: one.with_gap(position - 1, limits),
                )  # fmt: skip
            _show_limits_popover(
                f"length_{position}", step.length, "for", "At least (s)", "At most (s)",
                lambda limits: lambda one: one.with_step(position, replace(one.steps[position], length=limits)),
            )  # fmt: skip
            if count is not None:
                st.caption(search_hits.format_count(int(count["intervals"]), int(count["videos"])), width="content")
            options = _list_menu_options(position, len(sequence.steps), len(step.conditions))
            st.menu_button(
                f"Step {number}", list(options), key=f"search_menu_{position}", type="tertiary",
                on_click=_choose, args=(f"search_menu_{position}", options),
            )  # fmt: skip
        for index, condition in enumerate(step.conditions):
            _show_condition_row(position, index, condition, len(step.conditions))


def _list_menu_options(position: int, n_steps: int, n_conditions: int) -> dict[str, Change]:
    """What can be done with a step, by the words for it."""
    options: dict[str, Change] = {}
    if n_conditions < MAX_CONDITIONS:
        options["And, at the same time"] = lambda one: _add_condition(one, position)
    if position:
        options["Move up"] = lambda one: one.with_moved(position, -1)
    if position < n_steps - 1:
        options["Move down"] = lambda one: one.with_moved(position, 1)
    if n_steps < MAX_STEPS:
        options["Put a step before"] = lambda one: one.with_inserted(position, one.steps[position])
    if n_conditions > 1:
        for index in range(n_conditions):
            options[f"Remove condition {index + 1}"] = _remove_condition(position, index)
    if n_steps > 1:
        options["Remove"] = lambda one: one.without_step(position)
    return options


def _choose(key: str, options: dict[str, Change]) -> None:
    chosen = st.session_state.get(key)
    if chosen in options:
        _change(options[chosen])


def _add_condition(sequence: Sequence, position: int) -> Sequence:
    step = sequence.steps[position]
    return sequence.with_step(position, replace(step, conditions=(*step.conditions, Condition())))


def _show_condition_row(position: int, index: int, condition: Condition, n_conditions: int) -> None:
    key = f"search_{position}_{index}"

    def change(**values: Any) -> None:
        _change(lambda one: _replace_condition(one, position, index, values))

    def set_relations() -> None:
        chosen = tuple(st.session_state[f"{key}_relations"])
        change(relations=chosen, together=condition.together and len(chosen) > 1)

    where = f"of step {position + 1}" + (f", condition {index + 1}" if n_conditions > 1 else "")
    with st.container(horizontal=True, vertical_alignment="center", key=f"ag_condition_{position}_{index}"):
        st.checkbox(
            "not", key=_preset_widget(f"{key}_not", condition.negated), width=66,
            on_change=lambda: change(negated=st.session_state[f"{key}_not"]),
        )  # fmt: skip
        st.multiselect(
            f"Relationships {where}", range(N_RELATIONS), format_func=format_relation_option,
            placeholder="Is there (any relationship)", wrap=True, label_visibility="collapsed",
            key=_preset_widget(f"{key}_relations", list(condition.relations)), on_change=set_relations,
            select_all=False,
        )  # fmt: skip
        if len(condition.relations) > 1:
            st.segmented_control(
                f"How the relationships join {where}", [False, True], required=True, label_visibility="collapsed",
                format_func=lambda together: "all" if together else "any",
                key=_preset_widget(f"{key}_together", condition.together),
                on_change=lambda: change(together=bool(st.session_state[f"{key}_together"])),
            )  # fmt: skip
        st.multiselect(
            f"Objects {where}", sorted(range(1, N_CLASSES), key=format_object), format_func=format_object,
            placeholder="Anything", wrap=True, label_visibility="collapsed",
            key=_preset_widget(f"{key}_classes", list(condition.classes)),
            on_change=lambda: change(classes=tuple(st.session_state[f"{key}_classes"])), select_all=False,
        )  # fmt: skip


def format_relation_option(relation: int) -> str:
    """A relationship as the builder offers it: 'holding', and '… beneath person', which is said of the object."""
    return format_triplet(RELATIONS[relation], "…").removeprefix(f"{PERSON} ").removesuffix(" …")


def _replace_condition(sequence: Sequence, position: int, index: int, values: dict[str, Any]) -> Sequence:
    step = sequence.steps[position]
    changed = replace(step.conditions[index], **values)
    conditions = (*step.conditions[:index], changed, *step.conditions[index + 1 :])
    return sequence.with_step(position, replace(step, conditions=conditions))


def _remove_condition(position: int, index: int) -> Change:
    def change(sequence: Sequence) -> Sequence:
        step = sequence.steps[position]
        conditions = (*step.conditions[:index], *step.conditions[index + 1 :])
        return sequence.with_step(position, replace(step, conditions=conditions))

    return change


def _show_limits_popover(
    name: str, limits: Limits, verb: str, min_label: str, max_label: str, change: Callable[[Limits], Change]
) -> None:
    """A button that says what lengths of time are allowed, and opens to change them."""
    keys = f"search_{name}_least", f"search_{name}_most"

    def set_limits() -> None:
        min_s, max_s = (st.session_state[key] for key in keys)
        try:
            chosen = Limits(round(1000 * (min_s or 0)), None if max_s is None else round(1000 * max_s))
        except ValueError as error:
            st.session_state[REFUSED] = str(error)
            return
        _change(change(chosen))

    label = f"{verb} {_format_limits(limits, verb)}"
    with st.popover(label, type="tertiary"), st.container(horizontal=True):
        for label, key, value in (
            (min_label, keys[0], limits.min_ms / 1000 if limits.min_ms else None),
            (max_label, keys[1], None if limits.max_ms is None else limits.max_ms / 1000),
        ):
            st.number_input(
                label, min_value=0.0, step=0.5, value=None, placeholder="any", width=130, format="%g",
                key=_preset_widget(key, value), on_change=set_limits,
            )  # fmt: skip


def _format_limits(limits: Limits, verb: str) -> str:
    gap = verb == "then"
    parts = [f"{'after' if gap else 'at least'} {limits.min_ms / 1000:.10g} s"] if limits.min_ms else []
    if limits.max_ms is not None:
        parts.append(f"{'within' if gap else 'at most'} {limits.max_ms / 1000:.10g} s")
    return (" " if gap else " and ").join(parts) or ("any time later" if gap else "any length")


def _show_where_row(sequence: Sequence, sources: Values[str]) -> None:
    where = sequence.where

    def change(**values: Any) -> None:
        _change(lambda one: replace(one, where=replace(one.where, **values)))

    def set_actions(position: int) -> None:
        chosen = tuple(st.session_state[f"search_actions_{position}"])
        groups = [*where.actions, ()] if position == len(where.actions) else list(where.actions)
        groups[position] = chosen
        change(actions=tuple(group for group in groups if group))

    with st.container(horizontal=True, key="ag_where"):
        for position, any_of in enumerate(where.actions or ((),)):
            st.multiselect(
                "During an action", range(N_ACTIONS), format_func=format_action, placeholder="Any action",
                key=_preset_widget(f"search_actions_{position}", list(any_of)), on_change=set_actions, args=(position,),
                select_all=False,
            )  # fmt: skip
        st.text_input(
            "In a scene named", placeholder="Any scene", max_chars=80, key=_preset_widget("search_scene", where.scene),
            on_change=lambda: change(scene=st.session_state["search_scene"].strip()),
        )  # fmt: skip
        st.selectbox(
            "Of the split", SPLITS, index=None, placeholder="Both", key=_preset_widget("search_split", where.split),
            on_change=lambda: change(split=st.session_state["search_split"]),
        )  # fmt: skip
        if len(sources) > 1:
            st.selectbox(
                "According to", sources, format_func=format_source,
                key=_preset_widget("search_source", where.source if where.source in sources else sources[0]),
                on_change=lambda: change(source=st.session_state["search_source"]),
            )  # fmt: skip
