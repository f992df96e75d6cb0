"""Every SQL and Python block of docs/queries.md runs against a warehouse and finds something."""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
SQL = [code for language, code in BLOCKS if language == "sql"]
PYTHON = [code for language, code in BLOCKS if language == "python"]


def _name(code):
    return " ".join(code.split())[:50]


@pytest.mark.parametrize("query", SQL, ids=_name)
def test_sql_block_runs_and_finds_rows(query, example_warehouse):
    with duckdb.connect(str(example_warehouse), read_only=True) as con:
        rows = con.execute(query).fetchall()
    assert rows
    assert len({tuple(row) for row in rows}) == len(rows), "the query multiplies rows"


def test_python_blocks_run_from_top_to_bottom(example_warehouse, tmp_path):
    script = tmp_path / "queries.py"
    script.write_text("\n".join(PYTHON), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "USAGE_INDEX_WAREHOUSE": str(example_warehouse)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Computer and Mathematical" in result.stdout


def test_r_blocks_name_only_tables_and_views_that_exist(example_warehouse):
    with duckdb.connect(str(example_warehouse), read_only=True) as con:
        for code in (code for language, code in BLOCKS if language == "r"):
            for query in re.findall(r'dbGetQuery\(con, "(.*?)"\)', code, flags=re.DOTALL):
                assert con.execute(query).fetchall()


def test_every_question_has_sql_or_python():
    sections = TEXT.split("\n## ")[1:]
    assert len(sections) >= 12
    assert all("```sql" in section or "```python" in section for section in sections)
