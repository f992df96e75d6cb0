"""Fixtures that several folders of tests share."""

from pathlib import Path

import pytest
from hypothesis import settings
from published_example import write_example

from pipelines.warehouse import build_warehouse

settings.register_profile("unhurried", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Option of the golden of the graph: 'make golden' after a deliberate change."""
    parser.addoption("--write-golden", action="store_true", help="write the golden of the graph anew")


@pytest.fixture(scope="session")
def encoder_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that keeps the exports of the bundled encoder, which take seconds each."""
    return tmp_path_factory.mktemp("encoder")


@pytest.fixture(scope="session")
def example_vintages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with three invented vintages of two months."""
    return write_example(tmp_path_factory.mktemp("example") / "vintages")


@pytest.fixture(scope="session")
def example_warehouse(example_vintages: Path) -> Path:
    """DuckDB file built from them; open it read-only."""
    target = example_vintages.parent / "out" / "index.duckdb"
    build_warehouse(example_vintages, target)
    return target
