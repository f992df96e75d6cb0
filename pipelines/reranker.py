"""The command `python -m pipelines.reranker`: retrain the reranker of task statements."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import onet
from clio_lite.multilingual import load_routed_encoder
from onet.release import load_release
from onet.rerank_training import train_reranker
from onet.reranking import write_reranker
from onet.task_index import build_task_index

OUT = Path(onet.__file__).parent / "reranker.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Retrain the reranker on a release, with the default encoder.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.reranker", description="Retrain the reranker.")
    parser.add_argument("onet", type=Path, help="O*NET 29.1, whose activities the phrasebook's ids mean")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    options = parser.parse_args(arguments)
    encoder = load_routed_encoder(cache_dir=options.cache)
    release = load_release(options.onet)
    model = train_reranker(release, build_task_index(release, encoder, seed=0, is_plain=True), encoder)
    write_reranker(model, options.out)


if __name__ == "__main__":
    main()
