"""How often `usage-index map` is right on requests that nothing was trained on, and what its probabilities are worth.

Sets: `held_out_phrases.csv`, by hand of the writer, and the sealed `held_out_requests.jsonl`, by kind. A request is hit
where a right statement is among the first 1, 5 or 10; right are, by set, the statements linked to its detailed
activity, those of its occupations or their major groups, or its own list.

`python tests/quality/measure_mapping.py --onet db_29_1_text.zip --store STORE [--sealed]` prints aggregates only; no
test runs it.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from onet.evaluation import calibration_gap
from onet.release import Release, load_release

HERE = Path(__file__).parent
Match = dict[str, Any]


def map_texts(texts: list[str], onet: str, store: str) -> list[list[Match]]:
    """The ten matches of each text, the first first, by the command."""
    with TemporaryDirectory() as folder:
        asked, matches = Path(folder) / "texts.jsonl", Path(folder) / "matches.parquet"
        lines = [json.dumps({"id": f"{number:06}", "text": text}) for number, text in enumerate(texts)]
        asked.write_text("\n".join(lines), encoding="utf-8")
        command = ["map", "--texts", str(asked), "--out", str(matches), "--onet", onet, "--store", store]
        subprocess.run([sys.executable, "-m", "pipelines.cli", *command], check=True, stdout=subprocess.DEVNULL)
        found = pl.read_parquet(matches).sort("id", "rank")
    return [rows.to_dicts() for _, rows in found.group_by("id", maintain_order=True)]


def report(name: str, found: Iterable[list[Match]], is_right: Iterable[Callable[[Match], bool]]) -> None:
    """Print hit rates, and what the probability of the first says beside how often it is right."""
    pairs = list(zip(found, is_right, strict=True))
    ranks = [next((row["rank"] for row in rows if right(row)), 99) for rows, right in pairs]
    hits = " ".join(f"@{k} {sum(rank <= k for rank in ranks) / len(ranks):.3f}" for k in (1, 5, 10))
    probs = pl.Series([rows[0]["match_prob"] for rows, _ in pairs])
    firsts = pl.Series([rank == 1 for rank in ranks])
    accepted = sum(rows[0]["verdict"] == "accepted" for rows, _ in pairs) / len(pairs)
    gap = calibration_gap(probs, firsts)
    print(f"{name:34} n {len(ranks):5} {hits}  stated {probs.mean():.3f} gap {gap:.3f} accepted {accepted:.2f}")  # noqa: T201


def linked_statements(release: Release, column: str) -> dict[str, set[str]]:
    """Task ids by activity."""
    parts = release.task_activities.group_by(column).agg(pl.col("task_id").unique())
    return {activity: set(ids) for activity, ids in parts.iter_rows()}


def has_task(ids: Iterable[str]) -> Callable[[Match], bool]:
    """Whether a match is one of some statements."""
    wanted = set(ids)
    return lambda row: bool(wanted & set(row["task_ids"]))


def has_occupation(codes: Iterable[str], *, digits: int) -> Callable[[Match], bool]:
    """Whether a match belongs to one of some occupations, or groups of them."""
    wanted = {code[:digits] for code in codes}
    return lambda row: bool(wanted & {code[:digits] for code in row["onet_soc_codes"]})


def measure_phrases(release: Release, onet: str, store: str) -> None:
    """The requests of two writers, one for each detailed activity."""
    with (HERE / "held_out_phrases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    linked, found = linked_statements(release, "dwa_id"), map_texts([row["request"] for row in rows], onet, store)
    for writer in sorted({row["writer"] for row in rows}):
        mine = [number for number, row in enumerate(rows) if row["writer"] == writer]
        right = (has_task(linked[rows[number]["dwa_id"]]) for number in mine)
        report(f"phrases of {writer}", [found[number] for number in mine], right)


def measure_sealed(release: Release, onet: str, store: str) -> None:
    """The sealed requests."""
    lines = (HERE / "held_out_requests.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = map_texts([row["text"] for row in rows], onet, store)
    by_dwa, by_iwa = (linked_statements(release, column) for column in ("dwa_id", "iwa_id"))
    twins = release.tasks.group_by("task_key").agg("task_id")
    same = {task: set(ids) for _, ids in twins.iter_rows() for task in ids}

    def of(kind: str, *, is_english: bool | None = None) -> list[int]:
        return [
            number
            for number, row in enumerate(rows)
            if row["kind"] == kind and (is_english is None or (row.get("language", "en") == "en") == is_english)
        ]

    def tell(name: str, chosen: list[int], right: Callable[[Match], Callable[[Match], bool]]) -> None:
        report(name, [found[number] for number in chosen], [right(rows[number]) for number in chosen])

    tell("professional, major group", of("professional"), lambda row: has_occupation(row["onet_soc_codes"], digits=2))
    tell("professional, occupation", of("professional"), lambda row: has_occupation(row["onet_soc_codes"], digits=10))
    for name, is_english in (("English", True), ("other languages", False)):
        people = of("people", is_english=is_english)
        tell(f"people, {name}, detailed activity", people, lambda row: has_task(by_dwa.get(row["dwa_id"], ())))
        tell(f"people, {name}, intermediate", people, lambda row: has_task(by_iwa.get(row["iwa_id"], ())))
    tell(
        "labelled with tasks",
        of("tasks"),
        lambda row: has_task(set().union(*(same.get(str(i), {str(i)}) for i in row["task_ids"]))),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onet", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--sealed", action="store_true", help="the sealed set too: once, when a method is finished")
    options = parser.parse_args()
    release = load_release(Path(options.onet))
    measure_phrases(release, options.onet, options.store)
    if options.sealed:
        measure_sealed(release, options.onet, options.store)


if __name__ == "__main__":
    main()
