"""Hit rates of `usage-index map` on `held_out_phrases.csv`, by hand of the writer: a request counts as hit where a
statement that the release links to its detailed activity is among the first 1, 5 or 10.

`python tests/quality/measure_phrases.py --onet db_29_1_text.zip --store STORE` prints a table; no test runs it.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from onet.release import load_release

PHRASES = Path(__file__).with_name("held_out_phrases.csv")


def main() -> None:
    """Map every phrase and print hit@1, @5 and @10 for each writer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onet", required=True)
    parser.add_argument("--store", required=True)
    options = parser.parse_args()
    with PHRASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    links = load_release(Path(options.onet)).task_activities
    linked = {dwa: set(part["task_id"]) for (dwa,), part in links.group_by("dwa_id")}
    with TemporaryDirectory() as folder:
        texts, matches = Path(folder) / "texts.jsonl", Path(folder) / "matches.parquet"
        lines = [json.dumps({"id": str(number), "text": row["request"]}) for number, row in enumerate(rows)]
        texts.write_text("\n".join(lines), encoding="utf-8")
        command = [
            "map",
            "--texts",
            str(texts),
            "--out",
            str(matches),
            "--onet",
            options.onet,
            "--store",
            options.store,
        ]
        subprocess.run([sys.executable, "-m", "pipelines.cli", *command], check=True)
        found = pl.read_parquet(matches)
    ranks = {
        row["id"]: row["rank"]
        for row in found.sort("rank", descending=True).iter_rows(named=True)
        if linked[rows[int(row["id"])]["dwa_id"]] & set(row["task_ids"])
    }
    for writer in sorted({row["writer"] for row in rows}):
        mine = [ranks.get(str(number), 99) for number, row in enumerate(rows) if row["writer"] == writer]
        shares = {k: sum(rank <= k for rank in mine) / len(mine) for k in (1, 5, 10)}
        print(writer, len(mine), *(f"@{k} {share:.3f}" for k, share in shares.items()))  # noqa: T201


if __name__ == "__main__":
    main()
