"""Collaboration patterns, and automation beside augmentation."""

from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from pipelines.figures.intervals import upper_end, whiskers, with_interval_text
from pipelines.figures.numbers import percent, stated_percent
from pipelines.figures.style import (
    ACCENT,
    KEY_HEIGHT,
    PAPER,
    SLATE,
    base_layout,
    described,
    label_rows,
    listed,
    note,
    percent_axis,
)

PATTERN_TITLES: Final = {
    "directive": "Directive",
    "feedback_loop": "Feedback loop",
    "task_iteration": "Task iteration",
    "learning": "Learning",
    "validation": "Validation",
}
_AUTOMATION: Final = frozenset({"directive", "feedback_loop"})


def pattern_figure(frame: pl.DataFrame) -> go.Figure:
    """The five patterns, automation first, coloured by what they belong to.

    Args:
        frame: `collaboration_pattern`, `pattern_share`, `obs_status`, and `ci_low` and `ci_high` where intervals are
            stated; other rows than the five are left out.
    """
    by_pattern = {str(row["collaboration_pattern"]): row for row in frame.to_dicts()}
    rows = [(name, by_pattern[name]) for name in PATTERN_TITLES if name in by_pattern]
    texts = [stated_percent(row["pattern_share"], row["obs_status"]) for _, row in rows]
    figure = go.Figure(layout=base_layout() | {"bargap": 0.4})
    figure.add_bar(
        x=[row["pattern_share"] for _, row in rows],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": [ACCENT if name in _AUTOMATION else SLATE for name, _ in rows]},
        error_x=whiskers([row for _, row in rows], "pattern_share"),
        text=[
            with_interval_text(f"{PATTERN_TITLES[name]}: {text}", row, "pattern_share")
            for (name, row), text in zip(rows, texts, strict=True)
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_layout(
        annotations=[
            note(
                upper_end(row, "pattern_share"),
                number,
                f"{text} · {'automation' if name in _AUTOMATION else 'augmentation'}",
                xanchor="left",
                xshift=5,
                font={"size": 12, "color": ACCENT if name in _AUTOMATION else SLATE},
            )
            for number, ((name, row), text) in enumerate(zip(rows, texts, strict=True))
        ]
    )
    figure.update_xaxes(**percent_axis("Share of conversations with one of the five patterns"))
    longest = max((upper_end(row, "pattern_share") for _, row in rows), default=0.0)
    figure.update_xaxes(range=[0, 1.35 * longest or 1])
    label_rows(figure, [PATTERN_TITLES[name] for name, _ in rows])
    described(figure, {"compact": {**figure.layout.meta["compact"], "xaxis.range": [0, 1.7 * longest or 1]}})
    parts = [f"{PATTERN_TITLES[name]} {text}" for (name, _), text in zip(rows, texts, strict=True)]
    return described(figure, {"alt": f"Bars of the collaboration patterns: {listed(parts)}"})


def automation_figure(frame: pl.DataFrame, *, label: str, subject: str) -> go.Figure:
    """Automation and augmentation of each row, together 100 %, in the frame's order.

    Args:
        frame: The label column, `automation_share`, `augmentation_share`, `obs_status`.
        label: Column that names a row.
        subject: What the rows are, for the description.
    """
    rows = frame.to_dicts()
    names = [str(row[label]) for row in rows]
    figure = go.Figure(layout=base_layout() | {"barmode": "stack", "bargap": 0.35})
    for column, colour, word in (
        ("automation_share", ACCENT, "automation"),
        ("augmentation_share", SLATE, "augmentation"),
    ):
        figure.add_bar(
            x=[row[column] for row in rows],
            y=list(range(len(rows))),
            orientation="h",
            marker={"color": colour, "line": {"color": PAPER, "width": 1}, "opacity": 1 if colour == ACCENT else 0.45},
            text=[f"{name}: {percent(row[column])} {word}" for name, row in zip(names, rows, strict=True)],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(annotations=_side_notes(rows))
    figure.update_xaxes(**percent_axis("Share of conversations with one of the five patterns"), range=[0, 1])
    label_rows(figure, names, key_height=KEY_HEIGHT)
    parts = [
        f"{name} {stated_percent(row['automation_share'], row['obs_status'])} automation"
        for name, row in zip(names, rows, strict=True)
    ]
    return described(figure, {"alt": f"Stacked bars of automation and augmentation by {subject}: {listed(parts)}"})


def _side_notes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values inside the bars, and the two words above them."""
    head = [
        note(0, -0.6, "automation", xanchor="left", yshift=8, font={"size": 12, "color": ACCENT}),
        note(1, -0.6, "augmentation", xanchor="right", yshift=8, font={"size": 12, "color": SLATE}),
    ]
    inside: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        automation, augmentation = row["automation_share"], row["augmentation_share"]
        if automation is None or augmentation is None:
            text = stated_percent(None, row["obs_status"])
            inside.append(note(0, number, text, xanchor="left", font={"size": 12, "color": SLATE}))
            continue
        white = {"size": 12, "color": PAPER if automation > 0.12 else ACCENT}
        inside.append(note(0, number, percent(automation), xanchor="left", xshift=5, font=white))
        inside.append(note(1, number, percent(augmentation), xanchor="right", xshift=-5))
    return head + inside
