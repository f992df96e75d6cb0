"""The command `python -m pipelines.adapter`: retrain the adapter of the mapping's encoder."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from clio_lite.adapter import write_adapter
from clio_lite.adapter_training import TextGroup, train_adapter
from clio_lite.embedding import load_encoder
from clio_lite.language_map import MAP_DIR, carry_language_map, load_language_map, save_language_map
from clio_lite.multilingual import MultilingualEncoder
from onet.adaptation import adaptation_groups
from onet.phrasebook import activity_phrases
from onet.release import load_release
from pipelines.defs.resources import ADAPTER_DIR


def main(arguments: Sequence[str] | None = None) -> None:
    """Retrain the adapter on a release, for the bundled encoder, and carry the language map into its space.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.adapter", description="Retrain the adapter.")
    parser.add_argument("onet", type=Path, help="O*NET 29.1, whose activities the phrasebook's ids mean")
    parser.add_argument("--out", type=Path, default=ADAPTER_DIR)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    options = parser.parse_args(arguments)
    release = load_release(options.onet)
    known, statements = adaptation_groups(release)
    groups = [TextGroup(group.title, group.requests, group.statements) for group in known]
    plain = load_encoder(None, cache_dir=options.cache)
    vectors = plain.encode([group.text for group in groups])
    adapter = train_adapter(groups, statements, vectors, name=f"onet-{release.version}")
    options.out.mkdir(parents=True, exist_ok=True)
    write_adapter(adapter, options.out / "adapter.safetensors")
    adapted = load_encoder(None, cache_dir=options.cache, adapter=adapter)
    source = load_language_map(MAP_DIR, source=MultilingualEncoder().name, target=plain.name)
    texts = [
        *statements,
        *(request for requests in activity_phrases(release.activities).values() for request in requests),
    ]
    carried = carry_language_map(source, plain.encode(texts), adapted.encode(texts), target=adapted.name)
    save_language_map(carried, options.out)


if __name__ == "__main__":
    main()
