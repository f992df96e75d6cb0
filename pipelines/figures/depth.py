"""Depth of use: how many occupations use how many of their tasks."""

from typing import Final

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.numbers import percent
from pipelines.figures.style import ACCENT, PAPER, SLATE, base_layout, described, listed, note, percent_axis

_LABEL_CUT: Final = 0.3
_LEAST_LABELLED: Final = 0.03


def coverage_figure(frame: pl.DataFrame) -> go.Figure:
    """Share of occupations at or above each share of tasks used, one line per floor; the lowest floor stands out.

    Args:
        frame: `floor_count`, `coverage_cut`, `occupation_share`.
    """
    figure = go.Figure(layout=base_layout(400))
    floors = frame.get_column("floor_count").unique().sort(descending=True).to_list()
    notes, parts = [], []
    for floor in floors:
        line = frame.filter(pl.col("floor_count") == floor).sort("coverage_cut")
        is_main = floor == floors[-1]
        cuts, shares = line.get_column("coverage_cut").to_list(), line.get_column("occupation_share").to_list()
        colour = ACCENT if is_main else SLATE
        figure.add_scatter(
            x=cuts,
            y=shares,
            mode="lines+markers" if is_main else "lines",
            line={"color": colour, "width": 2.5 if is_main else 1.2},
            marker={"size": 5},
            text=[
                f"{percent(share)} of occupations use at least {percent(cut)} of their tasks<br>"
                f"(a task counts from {floor:,} conversations)"
                for cut, share in zip(cuts, shares, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
        if is_main:
            marked = [(cut, share) for cut, share in zip(cuts, shares, strict=True) if _is_marked(cut)]
            notes += [
                note(cut, share, f"{percent(share)} at {cut:.0%}", xanchor="left", yanchor="bottom", xshift=4,
                     font={"size": 12, "color": ACCENT})
                for cut, share in marked if share
            ]  # fmt: skip
            parts = [f"{percent(share)} of occupations at {percent(cut)} of tasks" for cut, share in marked]
        else:
            notes += [
                note(cut, share, f"{floor:,}+", bgcolor=PAPER, borderpad=1, font={"size": 11, "color": SLATE})
                for cut, share in zip(cuts, shares, strict=True)
                if share is not None and share > _LEAST_LABELLED and abs(cut - _LABEL_CUT) < 1e-9
            ]
    figure.update_layout(annotations=notes)
    figure.update_xaxes(**percent_axis("Tasks of the occupation used, at least"), range=[-0.01, 1.02])
    figure.update_yaxes(**percent_axis("Share of occupations"), automargin=True, range=[0, 1.05])
    return described(figure, {"alt": f"Falling curves of task coverage; from the lowest floor, {listed(parts)}"})


def _is_marked(cut: float) -> bool:
    return any(abs(cut - mark) < 1e-9 for mark in (0.1, 0.25, 0.5, 0.75))
