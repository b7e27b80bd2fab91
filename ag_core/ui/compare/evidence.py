"""Why: which triplets of the predicted graphs raised the score of an action, and when; a click goes there."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from ag_core.jobs.what_if import WhyQuestion
from ag_core.results.evidence import Evidence
from ag_core.results.graph_edits import GraphEdit
from ag_core.results.prediction import describe_training
from ag_core.taxonomy import ACTIONS, OBJECTS, RELATIONS, find_action_index, format_name, format_triplet
from ag_core.ui.charts import plots
from ag_core.ui.compare.subject import ASK, ASK_WHAT_IF, Ask, Subject
from ag_core.ui.compare.what_if import change_edits, read_edits
from ag_core.ui.formatting import escape_markdown, format_action, format_clock, format_percent
from ag_core.ui.page import check_link, is_dark, show_owner_note

SEEK = "compare_seek"
"""Where in the session a jump of the player is noted: (number of the jump, seconds)."""

WHY, AT = "why", "why_at"
"""The query parameters of the action and of what is explained."""

MOMENT, WHOLE = "This moment", "Whole video"
MAX_ROWS = 6
MIN_DROP = 0.0005
"""A triplet without which the score would be lower by less is not listed."""


def jump_to(time_s: float) -> None:
    """Have the player go to a moment."""
    number, _ = st.session_state.get(SEEK, (0, 0.0))
    st.session_state[SEEK] = (number + 1, time_s)


def forget_evidence() -> None:
    """Nothing of what was asked: another video is looked at."""
    for name in (SEEK, WHY):
        st.session_state.pop(name, None)


def show_evidence(subject: Subject, actions: Sequence[int], time_s: float, ask: Ask) -> None:
    """Choose an action; see what in the graphs raised its score, now or in the whole video."""
    label = subject.model.label
    action = _choose_action(subject, actions)
    check_link(AT, (MOMENT, WHOLE), "range")
    at = st.segmented_control("Explain", [MOMENT, WHOLE], default=WHOLE, required=True, key=AT, bind="query-params")
    times = subject.scores.times_s
    nearest_s = float(times[np.abs(times - time_s).argmin()]) if at == MOMENT and len(times) else None
    answer = ask(WhyQuestion(subject.video, subject.file, subject.model.id, action, nearest_s))
    if not isinstance(answer, Evidence):
        return
    which = "" if at == MOMENT else " The score of the whole video is that of this clip, its best."
    score, empty, when = (
        format_percent(answer.score),
        format_percent(answer.empty_score),
        format_clock(answer.time_s),
    )
    show_owner_note(
        f"{label} gives “{ACTIONS[action].label}” {score} at {when}; with graphs that hold nothing it would be {empty}."
        f"{which} By {describe_training(subject.prediction.models)}."
    )
    rows = [row for row in range(len(answer.triplets)) if answer.score - answer.scores_without[row] >= MIN_DROP]
    if not rows:
        st.caption("No triplet alone raised this score: without any one of them it would be as high.")
        return
    _show_rows(answer, rows[:MAX_ROWS])
    _show_strip(answer, rows[:MAX_ROWS])


def _choose_action(subject: Subject, actions: Sequence[int]) -> int:
    """The action to explain; at first the first one that is drawn."""
    ids = [action.id for action in ACTIONS]
    favoured = [*actions, *np.argsort(-subject.scores.scores, kind="stable").tolist()]
    first = [ACTIONS[action].id for action in dict.fromkeys(favoured)]
    linked = st.query_params.get(WHY)
    if linked in ids and WHY not in st.session_state:
        st.session_state[WHY] = linked
    check_link(WHY, {*ids, *map(_format_action_id, ids)}, "action")
    chosen = st.selectbox("Action", first, format_func=_format_action_id, key=WHY, bind="query-params", width=460)
    return find_action_index(chosen)


def _format_action_id(action_id: str) -> str:
    return format_action(find_action_index(action_id))


def name_triplet(answer: Evidence, row: int) -> str:
    """A triplet of the evidence as the screens say it."""
    thing, relation = answer.triplets[row]
    return format_triplet(RELATIONS[relation], format_name(OBJECTS[thing]))


def _show_rows(answer: Evidence, rows: Sequence[int]) -> None:
    """The triplets that raised the score most, each with what it would be without, and ways on."""
    for row in rows:
        time_s, without = answer.find_best_time(row), float(answer.scores_without[row])
        thing, relation = answer.triplets[row].tolist()
        with st.container(horizontal=True, vertical_alignment="center", key=f"ag_why_{row}"):
            st.markdown(
                f"**{escape_markdown(name_triplet(answer, row))}** :gray[without it {format_percent(without)}]",
                width="stretch",
            )
            st.button(
                f"Go to {format_clock(time_s)}", key=f"why_go_{row}", type="tertiary", icon=":material/arrow_forward:",
                on_click=jump_to, args=(time_s,),
            )  # fmt: skip
            st.button(
                "What if not?", key=f"why_off_{row}", type="tertiary", icon=":material/toggle_off:",
                help="Switch it off in What if", on_click=_switch_off, args=(thing + 1, relation),
            )  # fmt: skip


def _switch_off(object_class: int, relation: int) -> None:
    change_edits([*read_edits(), GraphEdit(object_class, relation, 0.0)])
    st.session_state[ASK] = ASK_WHAT_IF


def build_strip_table(answer: Evidence, rows: Sequence[int]) -> pd.DataFrame:
    """One line a cell: triplet, time, raised (its part in the log-odds, 0 where it lowered them), mark, seconds."""
    lines = [
        (name_triplet(answer, row), format_clock(time_s), max(0.0, float(part)), float(time_s))
        for row in rows
        for time_s, part in zip(answer.times_s, answer.contributions[row])
    ]
    table = pd.DataFrame(lines, columns=["triplet", "time", "raised", "seconds"])
    return table.assign(mark=table["triplet"] + " at " + table["time"])


def _show_strip(answer: Evidence, rows: Sequence[int]) -> None:
    """When each of the triplets raised the score: a cell that is clicked has the player go there."""
    table = build_strip_table(answer, rows)
    times = dict(zip(table["mark"], table["seconds"]))
    st.container(key="ag_wide_why").altair_chart(
        plots.fit_width(
            plots.draw_heat_map(
                table.drop(columns="seconds"),
                "triplet",
                "time",
                "raised",
                dark=is_dark(),
                rows=list(dict.fromkeys(table["triplet"])),
                columns=list(dict.fromkeys(table["time"])),
                label="raised by",
            ).configure_axisY(labelLimit=260)
        ),
        width="stretch",
        key="why_strip",
        on_select=lambda: _follow_click(times),
        selection_mode=plots.PICK.name,
        alt="When each triplet raised the score; a stronger colour raised it more",
    )
    st.caption(
        "A stronger colour raised the log-odds of the action more. Click a cell to go there, or take the buttons above."
    )


def _follow_click(times: Mapping[str, float]) -> None:
    picked = st.session_state["why_strip"]["selection"].get(plots.PICK.name) or []
    time_s = times.get(picked[0].get(plots.MARK, "")) if picked else None
    if time_s is not None:
        jump_to(time_s)
