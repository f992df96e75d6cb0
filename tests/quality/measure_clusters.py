"""How well topics are found by clusters of whole first turns and of the requests extracted from them.

Sets: requests of the phrasebook whose topic is the detailed activity they were written for (three writers each, of
activities that the mapping's encoder was not adapted on: those kept for development, and those held out), and the 500
prompts of Arena-Hard. One reading of 500 texts has a standard deviation of .01, so each figure is a mean over parts:
of the phrasebook random 70 % of the topics, of Arena-Hard random halves.

`python tests/quality/measure_clusters.py --cache FOLDER [--arena FILE.jsonl] [--encoder adapted|onnx-fp32]` prints
adjusted mutual information at k = n / 10 by Ward, aggregates only; no test runs it.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import adjusted_mutual_info_score

from clio_lite.adapter import read_adapter
from clio_lite.clustering import Labels, Vectors, cluster_vectors
from clio_lite.embedding import Encoder
from clio_lite.multilingual import load_parallel_encoder, load_routed_encoder
from clio_lite.requests import extract_request
from onet.gold import SPLIT_SEED, is_development, is_held_out
from onet.phrasebook import read_phrasebook
from pipelines.defs.resources import ADAPTER, PROJECTION

WRITERS = 3


def topic_parts(topics: Labels, *, share: float, count: int, seed: int) -> list[np.ndarray]:
    """Masks of the rows of random parts of the topics."""
    names, random = np.unique(topics), np.random.default_rng(seed)
    return [np.isin(topics, random.permutation(names)[: int(share * len(names))]) for _ in range(count)]


def mean_information(vectors: Vectors, topics: Labels, parts: list[np.ndarray]) -> tuple[float, float]:
    """Mean and standard deviation over parts of the adjusted mutual information of topics and clusters at n / 10."""
    found = [
        adjusted_mutual_info_score(topics[part], cluster_vectors(vectors[part], cluster_count=part.sum() // 10, seed=0))
        for part in parts
    ]
    return float(np.mean(found)), float(np.std(found))


def phrases(is_chosen: Callable[[str], bool]) -> tuple[list[str], Labels]:
    """One English request per writer and activity, and the numbers of the activities."""
    english = read_phrasebook().filter(pl.col("language") == "en")
    chosen = english.filter(pl.col("iwa_id").map_elements(is_chosen, pl.Boolean))
    first = chosen.unique(["dwa_id", "writer"], keep="first", maintain_order=True).sort("dwa_id", "writer")
    taken = first.group_by("dwa_id", maintain_order=True).head(WRITERS)
    return taken["request"].to_list(), np.unique(taken["dwa_id"].to_list(), return_inverse=True)[1]


def report(name: str, texts: list[str], topics: Labels, parts: list[np.ndarray], encoder: Encoder) -> None:
    """Print the figures of whole texts and of requests."""
    for form, shown in (("whole", texts), ("request", [extract_request([text], "en") for text in texts])):
        mean, deviation = mean_information(encoder.encode(shown), topics, parts)
        words = sum(len(text.split()) for text in shown) / len(shown)
        print(f"{name:12} {form:8} n {len(texts):5} {mean:.3f} (sd of a part {deviation:.3f}), {words:.1f} words")  # noqa: T201


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--arena", type=Path)
    parser.add_argument("--encoder", choices=["onnx", "onnx-fp32", "adapted"], default="onnx")
    options = parser.parse_args()
    encoder: Encoder
    if options.encoder == "adapted":
        encoder = load_parallel_encoder(PROJECTION, cache_dir=options.cache, adapter=read_adapter(ADAPTER))
    else:
        encoder = load_routed_encoder(cache_dir=options.cache, backend=options.encoder)
    sets = {"development": is_development, "held out": is_held_out}
    for name, is_in in sets.items():
        texts, topics = phrases(lambda iwa, is_in=is_in: is_in(iwa, seed=SPLIT_SEED))
        report(name, texts, topics, topic_parts(topics, share=0.7, count=12, seed=2), encoder)
    if options.arena:
        rows = [json.loads(line) for line in options.arena.read_text(encoding="utf-8").splitlines()]
        topics = np.unique([row["cluster"] for row in rows], return_inverse=True)[1]
        parts = topic_parts(topics, share=0.5, count=24, seed=1)
        report("arena", [row["prompt"] for row in rows], topics, parts, encoder)


if __name__ == "__main__":
    main()
