"""Plain bars of shares: use case, model, skills."""

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.intervals import upper_end, whiskers, with_interval_text
from pipelines.figures.numbers import stated_percent
from pipelines.figures.style import ACCENT, base_layout, described, label_rows, listed, note, percent_axis


def share_bar_figure(frame: pl.DataFrame, *, label: str, subject: str, axis: str) -> go.Figure:
    """One bar per row in the frame's order, with its value in figures.

    Args:
        frame: The label column, `usage_share`, `obs_status`, and `ci_low` and `ci_high` where intervals are stated.
        label: Column that names a row.
        subject: What the rows are, for the description.
        axis: Title of the axis.
    """
    rows = frame.to_dicts()
    texts = [stated_percent(row["usage_share"], row["obs_status"]) for row in rows]
    names = [str(row[label]) for row in rows]
    figure = go.Figure(layout=base_layout() | {"bargap": 0.45})
    figure.add_bar(
        x=[row["usage_share"] for row in rows],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": ACCENT},
        error_x=whiskers(rows, "usage_share"),
        text=[
            with_interval_text(f"{name}: {text}", row, "usage_share")
            for name, text, row in zip(names, texts, rows, strict=True)
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_layout(
        annotations=[
            note(upper_end(row, "usage_share"), number, text, xanchor="left", xshift=5)
            for number, (row, text) in enumerate(zip(rows, texts, strict=True))
        ]
    )
    figure.update_xaxes(**percent_axis(axis))
    label_rows(figure, names)
    parts = [f"{name} {text}" for name, text in zip(names, texts, strict=True)]
    return described(figure, {"alt": f"Bars of the share of {subject}: {listed(parts)}"})
