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
        for column in self._columns():
            for metric in column[1:]:
                if not metric.is_comparable(column[0]):
                    raise UserError(
                        f"these numbers do not belong into one column: {column[0].sentence()} And: {metric.sentence()} "
                        "Give every protocol and every data set a column of its own."
                    )

    @staticmethod
    def from_rows(row_title: str, rows: Mapping[str, Sequence[Metric | None]]) -> "MetricTable":
        """A table from the metrics of each row by its name; UserError where a column mixes protocols."""
        return MetricTable(row_title, tuple((name, tuple(metrics)) for name, metrics in rows.items()))

    def caption(self) -> str:
        """What holds for every number of the table, in one sentence; empty for an empty table."""
        shared = "; ".join(_shared([metric for column in self._columns() for metric in column]).values())
        return f"{shared[0].upper()}{shared[1:]}." if shared else ""

    def heads(self) -> list[str]:
        """The head of each column behind the first, the extra columns at the end included."""
        everywhere = _shared([metric for column in self._columns() for metric in column])
        at_end = self._at_row_end()
        heads = []
        for column in self._columns():
            own = [text for kind, text in _shared(column).items() if kind not in everywhere and kind not in at_end]
            heads.append(", ".join(own) or everywhere.get("measure", ""))
        return heads + list(at_end)

    def cells(self) -> list[list[str]]:
        """The texts of each row: its name, its numbers, and what holds for the row."""
        said_by_column = [_shared(column) for column in self._columns()]
        at_end = self._at_row_end()
        lines = []
        for row, (name, metrics) in enumerate(self.rows):
            line = [name]
            for metric, said in zip(metrics, said_by_column):
                line.append("–" if metric is None else _cell(metric, {*said, *at_end}))
            lines.append(line + [texts[row] for texts in at_end.values()])
        return lines

    def to_records(self) -> list[dict[str, str]]:
        """One dictionary a row, by head of column: for a data frame or a CSV file."""
        heads = [self.row_title, *self.heads()]
        return [dict(zip(heads, line)) for line in self.cells()]

    def to_markdown(self) -> str:
        """The table with its caption above, as Markdown."""
        heads = [self.row_title, *self.heads()]
        lines = [heads, ["---"] * len(heads), *self.cells()]
        return "\n".join([self.caption(), "", *(f"| {' | '.join(line)} |" for line in lines)])

    def _columns(self) -> list[list[Metric]]:
        """The metrics of each column that has any number."""
        width = len(self.rows[0][1]) if self.rows else 0
        columns = [[m for _, metrics in self.rows if (m := metrics[index]) is not None] for index in range(width)]
        if not all(columns):
            raise ValueError("a column of the table has no number at all; leave it out")
        return columns

    def _at_row_end(self) -> dict[str, list[str]]:
        """Facts that differ within a column but agree within every row: by kind, the text of each row."""
        columns = self._columns()
        in_columns = [_shared(column) for column in columns]
        of_rows = [[metric for metric in metrics if metric is not None] for _, metrics in self.rows]
        found = {}
        for kind in FACTS:
            if all(kind in shared or not _has(kind, column) for shared, column in zip(in_columns, columns)):
                continue
            texts = [{metric.facts().get(kind, "") for metric in row} for row in of_rows]
            if all(len(said) <= 1 for said in texts):
                found[kind] = [next(iter(said), "") for said in texts]
        return found


def _shared(metrics: Sequence[Metric]) -> dict[str, str]:
    """The facts on which all the metrics agree."""
    if not metrics:
        return {}
    facts = [metric.facts() for metric in metrics]
    return {kind: text for kind, text in facts[0].items() if all(one.get(kind) == text for one in facts)}


def _has(kind: str, metrics: Sequence[Metric]) -> bool:
    return any(kind in metric.facts() for metric in metrics)


def _cell(metric: Metric, said: set[str]) -> str:
    rest = [text for kind, text in metric.facts().items() if kind not in said]
    return metric.text() + (f" ({'; '.join(rest)})" if rest else "")
