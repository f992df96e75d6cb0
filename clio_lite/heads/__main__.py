"""The command `python -m clio_lite.heads`: retrain the heads."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from clio_lite.embedding import Encoder, load_encoder
from clio_lite.heads.files import HEADS_DIR, save_heads
from clio_lite.heads.training import DEFINITIONS_DIR, SEED, train_heads
from clio_lite.multilingual import load_routed_encoder


def main(arguments: Sequence[str] | None = None) -> None:
    """Retrain the heads.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m clio_lite.heads", description="Retrain the facet heads.")
    parser.add_argument("--definitions", type=Path, default=DEFINITIONS_DIR)
    parser.add_argument("--out", type=Path, default=HEADS_DIR)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    parser.add_argument("--encoder", help="a sentence-transformers folder or hub name in place of the default encoder")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    encoder: Encoder = (
        load_encoder(options.encoder, cache_dir=options.cache)
        if options.encoder
        else load_routed_encoder(cache_dir=options.cache)
    )
    heads = train_heads(options.definitions, encoder, seed=options.seed)
    save_heads(heads, options.out)


if __name__ == "__main__":
    main()
