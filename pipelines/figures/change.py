"""Change of usage from the month before."""

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.numbers import WITHHELD, points
from pipelines.figures.style import ACCENT, SLATE, base_layout, described, label_rows, listed, note


def change_figure(frame: pl.DataFrame, *, label: str, subject: str) -> go.Figure:
    """One bar per row in the frame's order: rise in the accent colour, fall in grey, in percentage points.

    Args:
        frame: The label column and `usage_share_change`; null where it is withheld.
        label: Column that names a row.
        subject: What the rows are, for the description.
    """
    rows = frame.to_dicts()
    names = [str(row[label]) for row in rows]
    changes = [row["usage_share_change"] for row in rows]
    texts = [WITHHELD if change is None else points(change) for change in changes]
    figure = go.Figure(layout=base_layout() | {"bargap": 0.45})
    figure.add_bar(
        x=[None if change is None else 100 * change for change in changes],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": [ACCENT if (change or 0) > 0 else SLATE for change in changes]},
        text=[f"{name}: {text}" for name, text in zip(names, texts, strict=True)],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_layout(
        annotations=[
            note(100 * max(change or 0.0, 0.0), number, text, xanchor="left", xshift=5)
            for number, (change, text) in enumerate(zip(changes, texts, strict=True))
        ]
    )
    widest = 100 * max((abs(change) for change in changes if change is not None), default=0.01)
    figure.update_xaxes(
        title={"text": "Change of the usage share, percentage points", "font": {"size": 12}},
        range=[-1.15 * widest, 1.45 * widest],
        ticksuffix=" pp",
    )
    label_rows(figure, names)
    parts = [f"{name} {text}" for name, text in zip(names, texts, strict=True)]
    return described(figure, {"alt": f"Bars of the change of usage by {subject}: {listed(parts)}"})
