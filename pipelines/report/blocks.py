"""Parts of the page: cells, tables, figures with the table beside them, and sections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.numbers import NOT_AVAILABLE, WITHHELD, percent, points

Kind = Literal["text", "code", "share", "points", "ratio", "count", "usd", "bar", "band", "yes_no"]
_NUMERIC = frozenset({"share", "points", "ratio", "count", "usd", "bar"})


@dataclass(frozen=True)
class Column:
    """One column of a table on the page.

    Attributes:
        name: Column of the frame.
        header: Heading.
        kind: How its values are stated; `bar` is a share with a bar behind it.
    """

    name: str
    header: str
    kind: Kind = "text"

    @property
    def is_numeric(self) -> bool:
        """Set right-aligned."""
        return self.kind in _NUMERIC


@dataclass(frozen=True)
class Cell:
    """One cell: its text, whether it stands for a missing value, and the length of its bar in percent."""

    text: str
    is_missing: bool = False
    bar: float | None = None


@dataclass(frozen=True)
class Table:
    """A table: caption, columns and rows of cells."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class FigureBlock:
    """A figure with the table that says the same.

    Attributes:
        figure_id: Id in the page.
        figure: The figure, with its alternative text.
        caption: What to see.
        table: The numbers behind it.
    """

    figure_id: str
    figure: go.Figure
    caption: str
    table: Table


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        section_id: Anchor.
        title: Heading.
        lead: Sentences under the heading.
        figures: Figures in order.
        tables: Tables in order, after the figures.
        tree: Roots of the cluster tree, where the section has one.
        link: Page beside the report that says more, and the words that lead to it.
    """

    section_id: str
    title: str
    lead: tuple[str, ...] = ()
    figures: tuple[FigureBlock, ...] = ()
    tables: tuple[Table, ...] = ()
    tree: tuple[Any, ...] = field(default=())
    link: tuple[str, str] | None = None


def make_table(caption: str, columns: Sequence[Column], frame: pl.DataFrame) -> Table:
    """Table of a frame, in its order; a null says withheld or not available by the row's `obs_status`.

    A column of measures in which nothing is stated and nothing withheld is left out.

    Args:
        caption: Caption.
        columns: Columns to show.
        frame: Rows.
    """
    highest = {
        column.name: max((value or 0.0 for value in frame.get_column(column.name)), default=0.0) or 1.0
        for column in columns
        if column.kind == "bar"
    }
    by_column = [
        [_cell(row[column.name], column, row.get("obs_status"), highest.get(column.name)) for row in frame.to_dicts()]
        for column in columns
    ]
    kept = [
        (column, cells)
        for column, cells in zip(columns, by_column, strict=True)
        if column.kind in {"text", "code"} or any(not cell.is_missing or cell.text == WITHHELD for cell in cells)
    ]
    return Table(caption, tuple(column for column, _ in kept), tuple(zip(*(cells for _, cells in kept), strict=True)))


def _cell(value: Any, column: Column, obs_status: str | None, highest: float | None) -> Cell:
    if value is None:
        is_measure = column.kind not in {"text", "code"}
        if is_measure and obs_status == "Q":
            return Cell(WITHHELD, is_missing=True)
        return Cell(NOT_AVAILABLE if is_measure and obs_status == "M" else "–", is_missing=True)
    bar = 100 * float(value) / highest if highest else None
    return Cell(_FORMATS[column.kind](value), bar=bar)


_FORMATS: Final[Mapping[Kind, Callable[[Any], str]]] = {
    "text": str,
    "code": str,
    "band": lambda value: str(value).replace("-", "–"),
    "share": percent,
    "bar": percent,
    "points": points,
    "ratio": lambda value: f"{value:.2f}" if value else "0",
    "count": lambda value: f"{round(value):,}",
    "usd": lambda value: f"${value:,.0f}",
    "yes_no": lambda value: "yes" if value else "no",
}
