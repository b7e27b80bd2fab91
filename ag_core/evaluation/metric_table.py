"""Tables of metrics: every column holds numbers of one protocol on the same data, and the table says everything once.

What all numbers share stands in the caption, what a column shares in its head, what a row shares at its end, and what
is left beside the number. So nothing is said twice and nothing is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ag_core.errors import UserError
from ag_core.evaluation.metrics import FACTS, Metric


@dataclass(frozen=True)
class MetricTable:
    """Metrics by row and column.

    row_title  what the rows are: 'relation head', 'input'
    rows       name of each row and its metrics, one a column; None where a row has no such number
    """

    row_title: str
    rows: tuple[tuple[str, tuple[Metric | None, ...]], ...]

    def __post_init__(self) -> None:
        if len({len(metrics) for _, metrics in self.rows}) > 1:
            raise ValueError("the rows of a table differ in length; give None where a row has no number")
        for first, *others in self._list_columns():
            for metric in others:
                if not metric.is_comparable(first):
                    both = f"{first.format_sentence()} And: {metric.format_sentence()}"
                    remedy = "Give every protocol and every data set a column of its own."
                    raise UserError(f"these numbers do not belong into one column: {both} {remedy}")

    @staticmethod
    def from_rows(row_title: str, rows: Mapping[str, Sequence[Metric | None]]) -> "MetricTable":
        """A table from the metrics of each row by its name; UserError where a column mixes protocols."""
        return MetricTable(row_title, tuple((name, tuple(metrics)) for name, metrics in rows.items()))

    def format_caption(self) -> str:
        """What holds for every number of the table, in one sentence; empty for an empty table."""
        shared = "; ".join(_find_shared([metric for column in self._list_columns() for metric in column]).values())
        return f"{shared[0].upper()}{shared[1:]}." if shared else ""

    def list_heads(self) -> list[str]:
        """The head of each column behind the first, the extra columns at the end included."""
        everywhere = _find_shared([metric for column in self._list_columns() for metric in column])
        at_end = self._list_row_ends()
        heads = []
        for column in self._list_columns():
            own = [text for kind, text in _find_shared(column).items() if kind not in everywhere and kind not in at_end]
            heads.append(", ".join(own) or everywhere.get("measure", ""))
        return heads + list(at_end)

    def list_cells(self) -> list[list[str]]:
        """The texts of each row: its name, its numbers, and what holds for the row."""
        shared_by_column = [_find_shared(column) for column in self._list_columns()]
        at_end = self._list_row_ends()
        lines = []
        for row, (name, metrics) in enumerate(self.rows):
            line = [name]
            for metric, shared in zip(metrics, shared_by_column):
                line.append("–" if metric is None else _format_cell(metric, {*shared, *at_end}))
            lines.append(line + [texts[row] for texts in at_end.values()])
        return lines

    def to_records(self) -> list[dict[str, str]]:
        """One dictionary a row, by head of column: for a data frame or a CSV file."""
        heads = [self.row_title, *self.list_heads()]
        return [dict(zip(heads, line)) for line in self.list_cells()]

    def to_sortable_records(self) -> list[dict[str, str | float | None]]:
        """One dictionary a row, by head of column, with numbers to sort by: None where there is none.

        A column whose numbers have bounds is followed by one of how far these lie from it. Caption and heads say what
        the numbers are: show them only with both.
        """
        heads, ends, columns = self.list_heads(), self._list_row_ends(), self._list_columns()
        records = []
        for row, (name, metrics) in enumerate(self.rows):
            record: dict[str, str | float | None] = {self.row_title: name}
            for head, metric, column in zip(heads, metrics, columns):
                known = {} if metric is None else metric.to_plot_record()
                record[head] = known.get("number")
                if any(other.bounds is not None for other in column):
                    high = known.get("high")
                    record[f"± {head}"] = None if high is None else high - known["number"]
            records.append(record | {head: texts[row] for head, texts in zip(heads[len(columns) :], ends.values())})
        return records

    def to_markdown(self) -> str:
        """The table with its caption above, as Markdown."""
        heads = [self.row_title, *self.list_heads()]
        lines = [heads, ["---"] * len(heads), *self.list_cells()]
        return "\n".join([self.format_caption(), "", *(f"| {' | '.join(line)} |" for line in lines)])

    def _list_columns(self) -> list[list[Metric]]:
        """The metrics of each column that has any number."""
        width = len(self.rows[0][1]) if self.rows else 0
        columns = [[m for _, metrics in self.rows if (m := metrics[index]) is not None] for index in range(width)]
        if not all(columns):
            raise ValueError("a column of the table has no number at all; leave it out")
        return columns

    def _list_row_ends(self) -> dict[str, list[str]]:
        """Facts that differ within a column but agree within every row: by kind, the text of each row."""
        columns = self._list_columns()
        shared_by_column = [_find_shared(column) for column in columns]
        of_rows = [[metric for metric in metrics if metric is not None] for _, metrics in self.rows]
        found = {}
        for kind in FACTS:
            if all(kind in shared or not _has_fact(kind, column) for shared, column in zip(shared_by_column, columns)):
                continue
            texts = [{metric.list_facts().get(kind, "") for metric in row} for row in of_rows]
            if all(len(values) <= 1 for values in texts):
                found[kind] = [next(iter(values), "") for values in texts]
        return found


def _find_shared(metrics: Sequence[Metric]) -> dict[str, str]:
    """The facts on which all the metrics agree."""
    if not metrics:
        return {}
    facts = [metric.list_facts() for metric in metrics]
    return {kind: text for kind, text in facts[0].items() if all(one.get(kind) == text for one in facts)}


def _has_fact(kind: str, metrics: Sequence[Metric]) -> bool:
    return any(kind in metric.list_facts() for metric in metrics)


def _format_cell(metric: Metric, left_out: set[str]) -> str:
    rest = [text for kind, text in metric.list_facts().items() if kind not in left_out]
    return metric.format_number() + (f" ({'; '.join(rest)})" if rest else "")
