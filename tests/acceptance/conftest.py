"""One month made once, which several files of tests read or copy."""

import json
from pathlib import Path

import pytest
from index_run import COUNT, MONTH, Run, run_index

from pipelines.sample import write_sample


@pytest.fixture(scope="session")
def conversations(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("input")
    write_sample(COUNT, seed=11, month=MONTH, out=folder / "in.jsonl", truth=folder / "truth.jsonl")
    return folder / "in.jsonl", folder / "truth.jsonl"


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, conversations: tuple[Path, Path]) -> Run:
    folder = tmp_path_factory.mktemp("finished_run")
    done = run_index(folder, conversations[0])
    assert done.returncode == 0, done.stderr
    return Run(folder, json.loads(done.stdout))
