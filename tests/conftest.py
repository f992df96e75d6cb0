"""Fixtures that several folders of tests share."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from published_example import write_example

from pipelines.warehouse import build_warehouse

PUBLIC_CACHE = "USAGE_INDEX_PUBLIC_CACHE"

settings.register_profile("unhurried", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Option of the golden of the graph: 'make golden' after a deliberate change."""
    parser.addoption("--write-golden", action="store_true", help="write the golden of the graph anew")


def pytest_configure(config: pytest.Config) -> None:
    """All stores of the tests share exports of the encoder and task indexes, which take seconds each to make.

    There is a test process for each core, so it and what it starts keep to one thread: threads of BLAS that wait in
    a loop for a core that another process has make a training take several times as long.
    """
    if not hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ[PUBLIC_CACHE] = tempfile.mkdtemp(prefix="usage-index-tests-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process is left with one when the others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that made the shared folder removes it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(PUBLIC_CACHE))


@pytest.fixture(scope="session")
def encoder_cache() -> Path:
    """Folder that keeps the exports of the bundled encoder."""
    return Path(os.environ[PUBLIC_CACHE]) / "encoder"


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
