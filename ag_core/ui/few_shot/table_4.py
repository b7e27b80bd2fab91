"""Table 4: how well LFB, SGFB and the oracle learn novel actions; the paper, ours and the reader's side by side.

Every column keeps its own protocol and data, said below the table: the numbers of two owners are never one column.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from ag_core.catalog import ACTION_MODELS
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import CHANCE
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.paper_results import read_paper_table
from ag_core.evaluation.protocol import Owner
from ag_core.results.few_shot_scores import FewShotScores
from ag_core.settings import ASSETS, settings
from ag_core.taxonomy import find_action_index
from ag_core.ui import cached_few_shot, shipped_files
from ag_core.ui.formatting import format_action
from ag_core.ui.glossary import explain
from ag_core.ui.page import check_link, show_failure, show_owner_note
from ag_core.ui.widgets.pickers import show_download

SHIPPED = ASSETS / "benchmarks" / "few_shot.json"
PAPER, OURS, YOURS = "Paper", "Ours", "Yours"
COMMAND = "python -m ag_core evaluate few-shot --models lfb,sgfb,oracle --data STORE --weights DIR --out"
ALL_VIDEOS, NOVEL_VIDEOS = "All videos", "Videos with a novel action"


def load_all_few_shot_scores() -> dict[str, FewShotScores]:
    """The scores that are there by whose they are; one that cannot be read is told on the page."""
    found = {}
    for whose, path, owner in ((OURS, SHIPPED, Owner.OURS_HOME), (YOURS, settings().own_few_shot, Owner.YOURS)):
        if path.is_file():
            try:
                found[whose] = cached_few_shot.load_few_shot_scores(path).with_owner(owner)
            except UserError as error:
                show_failure(error)
    return found


def show_table_4() -> None:
    """The table, and the average precision of every novel action."""
    every = load_all_few_shot_scores()
    split, among_novel = _pick_scope(every)
    columns = list_columns(every, split, among_novel)
    show_columns(columns)
    for whose in (OURS, YOURS):
        if whose not in every:
            where = f"`{COMMAND} {settings().own_few_shot}`" if whose == YOURS else f"`{COMMAND} few_shot.json`"
            st.caption(f"{whose}: not run yet. {where}")
    for whose, scores in every.items():
        with st.expander(f"{whose}: every novel action, and how the open questions were decided", key=f"few_{whose}"):
            _show_classes(whose, scores)


def _pick_scope(every: Mapping[str, FewShotScores]) -> tuple[str, bool]:
    """Which split or part, and whether videos without a novel action are ranked, too."""
    splits = list(dict.fromkeys(split for scores in every.values() for split in scores.list_splits()))
    if not splits:
        return "", False
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        check_link("few_split", splits, "part")
        split = st.segmented_control(
            "Part", splits, default=splits[0], required=True, key="few_split", bind="query-params",
            help=explain("iid", "comp"),
        )  # fmt: skip
        ranked = [ALL_VIDEOS, NOVEL_VIDEOS]
        check_link("ranked", ranked, "choice of videos")
        chosen = st.segmented_control(
            "Ranked", ranked, default=ranked[0], required=True, key="ranked", bind="query-params",
            help="Among which videos the right ones must stand at the top of a model's list.",
        )  # fmt: skip
    return split, chosen == NOVEL_VIDEOS


def list_columns(
    every: Mapping[str, FewShotScores], split: str, among_novel: bool
) -> dict[str, dict[int, dict[str, Metric]]]:
    """By owner and number of examples the numbers of each model, by its label; the paper's first."""
    labels = {model.label.lower(): model.label for model in ACTION_MODELS.values()}
    columns: dict[str, dict[int, dict[str, Metric]]] = {PAPER: {}}
    for name, metrics in read_paper_table(shipped_files.load_paper_results(), 4).rows:
        for metric in metrics:
            if metric is not None:
                shots = int(metric.protocol.details.partition("-shot")[0])
                columns[PAPER].setdefault(shots, {})[labels.get(name.lower(), name)] = metric
    for whose, scores in every.items():
        models = dict.fromkeys(metric.model for metric in scores.metrics)
        for shots in scores.list_shots():
            found = {model: scores.find_metric(model, shots, split, among_novel) for model in models}
            if kept := {model: metric for model, metric in found.items() if metric is not None}:
                columns.setdefault(whose, {})[shots] = kept
    return columns


def show_columns(columns: Mapping[str, Mapping[int, Mapping[str, Metric]]]) -> None:
    """One table, a row a model, and for each owner what holds for its columns."""
    names = {
        CHANCE: None,
        **dict.fromkeys(model for found in columns.values() for one in found.values() for model in one),
    }
    models = [*(name for name in names if name != CHANCE), CHANCE]
    flat = [(whose, shots, of_model) for whose, found in columns.items() for shots, of_model in found.items()]
    rows: dict[str, Sequence[Metric | None]] = {
        model: [of_model.get(model) for _, _, of_model in flat] for model in models
    }
    rows = {model: metrics for model, metrics in rows.items() if any(metrics)}
    MetricTable.from_rows("model", rows)  # refuses a column of two protocols
    frame = pd.DataFrame({"model": list(rows)})
    config = {"model": st.column_config.TextColumn("Model", pinned=True)}
    for index, (whose, shots, _) in enumerate(flat):
        metrics = [row[index] for row in rows.values()]
        name = f"{whose}, {shots} example{'' if shots == 1 else 's'}"
        frame[name] = [None if metric is None else metric.to_plot_record()["number"] for metric in metrics]
        help_text = next(metric for metric in metrics if metric is not None).format_short()
        config[name] = st.column_config.NumberColumn(f"{whose} {shots}", help=help_text, format="%.1f", width="small")
        spread = [None if metric is None else metric.measure_spread() for metric in metrics]
        if any(width is not None for width in spread):
            frame[f"± {name}"] = spread
            config[f"± {name}"] = st.column_config.NumberColumn(f"± {shots}", format="%.1f", width="small")
    show_owner_note("mAP in % over the novel actions after 1, 5 and 10 examples of each.")
    st.dataframe(
        frame, hide_index=True, key="few_table_4", column_config=config, placeholder="–",
        alt="Table 4: mAP of each model after 1, 5 and 10 examples, by whose numbers they are",
    )  # fmt: skip
    for found in columns.values():
        mine = MetricTable.from_rows("model", {m: [of.get(m) for of in found.values()] for m in _list_models(found)})
        show_owner_note(mine.format_caption())
    show_download(pd.DataFrame(MetricTable.from_rows("model", rows).to_records()), "table-4", "few-shot", "few_csv")


def _list_models(found: Mapping[int, Mapping[str, Metric]]) -> list[str]:
    return list(dict.fromkeys(model for of_model in found.values() for model in of_model))


def _show_classes(whose: str, scores: FewShotScores) -> None:
    """Average precision of every novel action in percent, and the decisions."""
    records = [
        {"action": format_action(find_action_index(name)), "model": model, "examples": int(shots), "AP in %": value}
        for model, found in scores.per_class.items()
        for shots, of_class in found.items()
        for name, value in of_class.items()
    ]
    show_owner_note(f"{whose}; average precision on all videos of the split, mean over the seeds.")
    if records:
        table = pd.DataFrame(records).pivot_table(index="action", columns=["model", "examples"], values="AP in %")
        table.columns = [f"{model}, {shots}" for model, shots in table.columns]
        st.dataframe(table.reset_index(), hide_index=True, key=f"few_classes_{whose}", alt="AP of every novel action")
    st.caption("Decided: " + "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in scores.choices.items()))
