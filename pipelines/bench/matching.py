"""`usage-index map` beside sentence-transformers and a product with numpy, each a whole command."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from onet.task_index import load_task_index
from pipelines.bench.encoding import baseline_model
from pipelines.bench.readings import OURS, Reading, run_child
from pipelines.bench.texts import distinct_texts
from pipelines.defs.resources import open_store
from pipelines.release_tables import task_index_path
from pipelines.settings import load_settings

BRUTE_FORCE: Final = "sentence-transformers, numpy"
BLOCK_TEXTS: Final = 4_096
TOP: Final = 10


def map_readings(arguments: Mapping[str, Any], work: Path) -> list[Reading]:
    """Match texts both ways; what either makes of the release once is made beforehand and measured apart.

    Args:
        arguments: `size`, `seed`, `onet`.
        work: Folder of texts, store and results.
    """
    size, release = int(arguments["size"]), str(arguments["onet"])
    texts = distinct_texts(size, seed=arguments["seed"])
    files = {count: work / f"texts-{count}.jsonl" for count in (1, size)}
    for count, path in files.items():
        rows = [json.dumps({"id": f"{number:09d}", "text": text}) for number, text in enumerate(texts[:count])]
        path.write_text("\n".join(rows) + "\n")
    store, log = work / "store", work / "log.txt"
    ours = [sys.executable, "-m", "pipelines.cli", "map", "--store", str(store), "--onet", release]
    ours += ["--top", str(TOP), "--out", str(work / "matches.parquet")]
    once = run_child([*ours, "--texts", str(files[1])], log=log)
    statements = _write_statements(store, release, work / "statements.parquet")
    theirs = [sys.executable, "-m", "pipelines.bench.matching", str(statements)]
    theirs_once = run_child([*theirs, str(files[1])], log=log)
    stage = "map texts, whole command"
    return [
        Reading("load and index the release, once", OURS, 1, once, "one text mapped with it"),
        Reading("load and index the release, once", BRUTE_FORCE, 1, theirs_once, "statements encoded only"),
        Reading(stage, OURS, size, run_child([*ours, "--texts", str(files[size])], log=log)),
        Reading(stage, BRUTE_FORCE, size, run_child([*theirs, str(files[size])], log=log)),
    ]


def _write_statements(store: Path, release: str, target: Path) -> Path:
    """The statements that the store's index holds."""
    opened = open_store(load_settings(home=str(store), onet=release))
    manifest = opened.read_table("core/task_index").row(0, named=True)
    digest, encoder = manifest["release_digest"], manifest["encoder_name"]
    path = task_index_path(opened.task_indexes, digest, encoder)
    index = load_task_index(path, release_digest=digest, encoder_name=encoder)
    index.statements.select("task").write_parquet(target)
    return target


def match_by_brute_force(statements: Path, texts: Path) -> None:
    """The baseline: encode the texts, multiply with all statements in blocks, keep the best ten of each.

    Args:
        statements: Parquet file with `task`; their vectors are kept beside it.
        texts: JSONL file with `id` and `text`.
    """
    model = baseline_model()
    kept = statements.with_suffix(".npy")
    if not kept.is_file():
        np.save(kept, model.encode(pl.read_parquet(statements)["task"].to_list()))
    targets = np.load(kept).T
    rows = [json.loads(line) for line in texts.read_text().splitlines()]
    vectors = model.encode([row["text"] for row in rows])
    found = []
    for start in range(0, len(vectors), BLOCK_TEXTS):
        scores = vectors[start : start + BLOCK_TEXTS] @ targets
        best = np.argpartition(scores, -TOP, axis=1)[:, -TOP:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        found.append(np.take_along_axis(best, order, axis=1))
    ids = pl.Series("id", [row["id"] for row in rows])
    pl.DataFrame({"id": ids, "best": np.concatenate(found)}).write_parquet(statements.with_name("baseline.parquet"))


if __name__ == "__main__":
    match_by_brute_force(Path(sys.argv[1]), Path(sys.argv[2]))
