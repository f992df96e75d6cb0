"""The page as one HTML file: template, style, script, plotly and the figures' data, nothing from the network.

Beside it lies the explorer of the clusters, a second such file, so that thousands of clusters do not slow the first.
"""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipelines.figures import alt_text
from pipelines.figures.style import ACCENT, GRID, INK, PAPER, SLATE
from pipelines.report.blocks import FigureBlock
from pipelines.report.content import Content, page_content
from pipelines.report.explorer import explorer_data, explorer_rows, has_explorer
from pipelines.report.tables import MonthTables, read_month
from pipelines.storage import replaced

_FOLDER = Path(__file__).parent
_TOKENS = {"--accent": ACCENT, "--slate": SLATE, "--ink": INK, "--grid": GRID, "--paper": PAPER}


def write_report(warehouse: Path, target: Path, *, month: str | None = None) -> None:
    """Write the report of a month and swap it in.

    Args:
        warehouse: DuckDB file of `pipelines.warehouse`.
        target: Folder that receives `index.html` and, where there are clusters, `explorer.html`.
        month: YYYY-MM; None for the last month.

    Raises:
        ValueError: The warehouse has no such month.
    """
    tables = read_month(warehouse, month)
    content = page_content(tables)
    pages = {"index.html": render_page(content)}
    if has_explorer(tables):
        pages["explorer.html"] = render_explorer(content, tables)
    for name, text in pages.items():
        with replaced(target / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    if not has_explorer(tables):
        (target / "explorer.html").unlink(missing_ok=True)


def render_page(content: Content) -> str:
    """HTML of a page.

    Args:
        content: What it says.
    """
    # Texts of our own and JSON that cannot close its element: the only ones that are not escaped.
    return _template("page.html.j2").render(
        page=content,
        css=_own_text("page.css"),
        js=_own_text("page.js"),
        plotly=Markup(get_plotlyjs()),  # noqa: S704
        tokens=safe_json(_TOKENS),
        figure_json=figure_json,
        alt_text=alt_text,
    )


def render_explorer(content: Content, tables: MonthTables) -> str:
    """HTML of the page beside the report in which the clusters are searched and walked through.

    Args:
        content: What the report says.
        tables: Tables of the same vintage.
    """
    return _template("explorer.html.j2").render(
        page=content,
        css=_own_text("explorer.css"),
        js=_own_text("explorer.js"),
        data=safe_json(explorer_data(tables)),
        rows=explorer_rows(tables),
    )


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("pipelines.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _own_text(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704


def figure_json(block: FigureBlock) -> Markup:
    """Data and layout of a figure as JSON for a script element.

    Args:
        block: Figure of the page.
    """
    figure = block.figure.to_plotly_json()
    layout = {name: value for name, value in figure["layout"].items() if name not in {"template", "meta"}}
    compact = (block.figure.layout.meta or {}).get("compact", {})
    return safe_json({"data": figure["data"], "layout": layout, "compact": compact})


def safe_json(value: Any) -> Markup:
    """JSON in which no text can end a script element.

    Args:
        value: Mapping of plain values.
    """
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, default=list)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
