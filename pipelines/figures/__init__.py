"""Figures of the published tables: pure functions from a frame to a plotly figure with its description.

Used by the report and by the previews of the Dagster UI. What a figure says in words is in `layout.meta["alt"]`; how it
looks on a narrow screen is in `layout.meta["compact"]`. No files, no database, no arithmetic on shares here.
"""

from pipelines.figures.change import change_figure
from pipelines.figures.collaboration import automation_figure, pattern_figure
from pipelines.figures.depth import coverage_figure
from pipelines.figures.shares import share_bar_figure
from pipelines.figures.style import alt_text
from pipelines.figures.usage import beside_employment_figure, wage_scatter_figure

__all__ = [
    "alt_text",
    "automation_figure",
    "beside_employment_figure",
    "change_figure",
    "coverage_figure",
    "pattern_figure",
    "share_bar_figure",
    "wage_scatter_figure",
]
