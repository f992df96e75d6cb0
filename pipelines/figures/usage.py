"""Usage beside employment, and usage against wages."""

from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.intervals import whiskers, with_interval_text
from pipelines.figures.numbers import percent, stated_percent
from pipelines.figures.style import (
    ACCENT,
    KEY_HEIGHT,
    SLATE,
    base_layout,
    described,
    label_rows,
    listed,
    note,
    percent_axis,
)

_NAMED_OCCUPATIONS: Final = 6
_COLUMN: Final = 56
_ROOM: Final = 138


def beside_employment_figure(frame: pl.DataFrame, *, label: str, subject: str) -> go.Figure:
    """Share of usage and share of employment of each group, one row each, in the frame's order.

    Args:
        frame: The label column, `usage_share`, `employment_share`, `obs_status`, and `ci_low` and `ci_high` where
            intervals are stated.
        label: Column that names a row.
        subject: What the rows are, for the description.
    """
    figure = go.Figure(layout=base_layout())
    rows = frame.to_dicts()
    has_employment = any(row["employment_share"] is not None for row in rows)
    room = _ROOM if has_employment else _COLUMN
    for number, row in enumerate(rows):
        ends = [row["usage_share"], row["employment_share"]]
        if None not in ends:
            figure.add_scatter(
                x=ends,
                y=[number] * 2,
                mode="lines",
                line={"color": SLATE, "width": 1.5},
                opacity=0.55,
                hoverinfo="skip",
            )
    names = [str(row[label]) for row in rows]
    numbers = list(range(len(rows)))
    for column, colour, symbol, word in (
        ("employment_share", SLATE, "circle-open", "of employment"),
        ("usage_share", ACCENT, "circle", "of usage"),
    ):
        figure.add_scatter(
            x=[row[column] for row in rows],
            y=numbers,
            mode="markers",
            marker={"color": colour, "size": 10, "symbol": symbol, "line": {"width": 2, "color": colour}},
            error_x=whiskers(rows, column) if column == "usage_share" else None,
            text=[
                with_interval_text(said, row, column) if column == "usage_share" else said
                for row in rows
                for said in [f"{row[label]}: {percent(row[column])} {word}"]
            ],
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
        )
    figure.update_layout(annotations=_value_notes(rows, has_employment=has_employment), margin={"r": room})
    figure.update_xaxes(**percent_axis("Share of the total"))
    label_rows(figure, names, key_height=KEY_HEIGHT)
    parts = [
        f"{name} {stated_percent(row['usage_share'], row['obs_status'])} of usage"
        + (f", {percent(row['employment_share'])} of employment" if has_employment else "")
        for name, row in zip(names, rows, strict=True)
    ]
    return described(
        figure,
        {"alt": f"Dot plot of usage{' beside employment' if has_employment else ''} by {subject}: {listed(parts)}"},
    )


def _value_notes(rows: list[dict[str, Any]], *, has_employment: bool) -> list[dict[str, Any]]:
    """Two columns of figures at the right edge; their headings, in the colours of the dots, are the key."""
    columns = [("usage_share", "usage", ACCENT, _COLUMN)]
    if has_employment:
        columns.append(("employment_share", "employment", SLATE, _ROOM))
    place: dict[str, Any] = {"x": 1, "xref": "paper", "xanchor": "right"}
    found = []
    for name, heading, colour, shift in columns:
        font = {"size": 12, "color": colour}
        found.append(note(y=-0.6, text=heading, yshift=8, xshift=shift, font=font, **place))
        for number, row in enumerate(rows):
            status = row["obs_status"] if name == "usage_share" else None
            text = percent(row[name]) if status is None else stated_percent(row[name], status)
            found.append(note(y=number, text=text, xshift=shift, font=font, **place))
    return found


def wage_scatter_figure(frame: pl.DataFrame) -> go.Figure:
    """Usage share of occupations against their median wage; the most used are named.

    Args:
        frame: `title`, `usage_share`, `median_wage_usd`; rows without one of the two are left out.
    """
    known = (
        frame.filter(pl.col("usage_share").is_not_null() & pl.col("median_wage_usd").is_not_null())
        .sort("usage_share", "title", descending=[True, False])
        .select("title", "usage_share", "median_wage_usd")
    )
    rows = known.to_dicts()
    figure = go.Figure(layout=base_layout(420))
    figure.add_scatter(
        x=known.get_column("median_wage_usd").to_list(),
        y=known.get_column("usage_share").to_list(),
        mode="markers",
        marker={"color": ACCENT, "size": 7, "opacity": 0.6, "line": {"width": 0}},
        text=[
            f"{row['title']}<br>{percent(row['usage_share'])} of usage, ${row['median_wage_usd']:,.0f}" for row in rows
        ],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )
    wages = [row["median_wage_usd"] for row in rows]
    middle = (min(wages) + max(wages)) / 2 if wages else 0
    named = [
        note(
            row["median_wage_usd"],
            row["usage_share"],
            _short(row["title"]),
            xanchor="left" if row["median_wage_usd"] < middle else "right",
            xshift=7 if row["median_wage_usd"] < middle else -7,
        )
        for row in _apart(rows)
    ]
    figure.update_layout(annotations=named)
    figure.update_xaxes(title={"text": "Median annual wage", "font": {"size": 12}}, tickprefix="$", tickformat="~s")
    figure.update_yaxes(**percent_axis("Share of usage"), automargin=True)
    parts = [f"{row['title']} {percent(row['usage_share'])} at ${row['median_wage_usd']:,.0f}" for row in rows]
    described(figure, {"compact": {"annotations": named[:3]}})
    return described(
        figure,
        {"alt": f"Scatter plot of usage share against median wage, {len(rows)} occupations: {listed(parts, limit=6)}"},
    )


def _short(title: str) -> str:
    return title if len(title) <= 36 else f"{title[:35].rstrip(' ,')}…"


def _apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most used occupations whose labels do not lie on one another."""
    if not rows or not rows[0]["usage_share"]:
        return []
    least = 0.05 * rows[0]["usage_share"]
    chosen: list[dict[str, Any]] = []
    for row in rows[: 4 * _NAMED_OCCUPATIONS]:
        if row["usage_share"] > least and all(
            abs(row["usage_share"] - other["usage_share"]) > least for other in chosen
        ):
            chosen.append(row)
    return chosen[:_NAMED_OCCUPATIONS]
