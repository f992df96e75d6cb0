"""The look that all figures share: colours, layout, row labels that move above their row on a narrow screen.

The colours are tokens as well: the report replaces them by those of the reader's light or dark scheme.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

ACCENT: Final = "#0b62b0"
SLATE: Final = "#64717f"
INK: Final = "#1b2026"
GRID: Final = "#dfe3e8"
PAPER: Final = "#fefefe"
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
ROW_HEIGHT: Final = 27
_COMPACT_ROW_HEIGHT: Final = 42
_AXIS_HEIGHT: Final = 56
KEY_HEIGHT: Final = 22


def base_layout(height: int = 100) -> dict[str, Any]:
    """Layout of every figure: no frame, no legend, no zoom, so that a page scrolls past it.

    Args:
        height: Height in pixels; `label_rows` sets its own.
    """
    return {
        "height": height,
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 10, "r": 24, "t": 12, "b": 44},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 13, "color": INK}, "bgcolor": PAPER, "bordercolor": GRID},
        "xaxis": {"fixedrange": True, "gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID},
        "yaxis": {"fixedrange": True, "gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID},
    }


def percent_axis(title: str) -> dict[str, Any]:
    """Axis of shares in percent.

    Args:
        title: What is shown, in a few words.
    """
    return {"title": {"text": title, "font": {"size": 12}}, "tickformat": ".0~%", "rangemode": "tozero"}


def note(x: float, y: float, text: str, **more: Any) -> dict[str, Any]:
    """Direct label in the place of a legend.

    Args:
        x: Place on the horizontal axis.
        y: Place on the vertical axis.
        text: Label.
        **more: Further properties of a plotly annotation.
    """
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": 12}, **more}


def label_rows(figure: go.Figure, labels: Sequence[str], *, key_height: int = 0) -> go.Figure:
    """Name the rows 0, 1, ... of a figure from top to bottom, beside them or, on a narrow screen, above them.

    Args:
        figure: Figure whose vertical axis is the row number; changed in place and returned.
        labels: One label per row.
        key_height: Room above the first row for direct labels.
    """
    rows = len(labels)
    room = _AXIS_HEIGHT + key_height
    figure.update_layout(height=room + ROW_HEIGHT * max(rows, 1), margin={"t": 12 + key_height})
    figure.update_yaxes(
        tickvals=list(range(rows)),
        ticktext=list(labels),
        range=[rows - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        automargin=True,
        ticklabelstandoff=6,
    )
    above = [
        note(0, row, label, xref="paper", xanchor="left", yshift=18, font={"size": 12})
        for row, label in enumerate(labels)
    ]
    shown = [annotation.to_plotly_json() for annotation in figure.layout.annotations]
    compact = {
        "height": room + _COMPACT_ROW_HEIGHT * max(rows, 1),
        "yaxis.showticklabels": False,
        "bargap": 0.62,
        "yaxis.range": [rows - 0.4, -0.9],
        "margin.l": 8,
        "annotations": shown + above,
    }
    return described(figure, {"compact": compact})


def described(figure: go.Figure, facts: Mapping[str, Any]) -> go.Figure:
    """Add facts such as the alternative text to the figure's metadata.

    Args:
        figure: Figure; changed in place and returned.
        facts: What to add.
    """
    figure.update_layout(meta={**(figure.layout.meta or {}), **facts})
    return figure


def alt_text(figure: go.Figure) -> str:
    """What a figure shows, in words.

    Args:
        figure: Figure of this package.
    """
    return str(figure.layout.meta["alt"])


def listed(parts: Sequence[str], *, limit: int = 8) -> str:
    """Join the first parts of a description, saying how many are left.

    Args:
        parts: Phrases.
        limit: How many to say.
    """
    rest = len(parts) - limit
    return "; ".join(parts[:limit]) + (f"; and {rest} more in the table" if rest > 0 else "") + "."
