"""The report: one self-contained HTML page about the latest month, for an economist who forwards it.

`content` reads the DuckDB file and says what each section holds, `blocks` are its parts, `page` turns them into HTML.
"""

from pipelines.report.page import render_page, write_report

__all__ = ["render_page", "write_report"]
