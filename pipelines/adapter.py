"""The command `python -m pipelines.adapter`: retrain what the mapping changes in the encoders."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from clio_lite.adapter import write_adapter
from clio_lite.adapter_training import TextGroup, train_adapter
from clio_lite.embedding import load_encoder
from clio_lite.multilingual import MultilingualEncoder
from clio_lite.projection import AskedAlike, train_projection, write_projection
from onet.adaptation import adaptation_groups, asked_activities_of
from onet.release import Release, load_release
from pipelines.defs.resources import ADAPTER, PROJECTION

PARTS = ("adapter", "projection")


def main(arguments: Sequence[str] | None = None) -> None:
    """Retrain on a release the adapter of the bundled encoder and the projection of the multilingual one.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.adapter", description="Retrain adapter and projection.")
    parser.add_argument("onet", type=Path, help="O*NET 29.1, whose activities the phrasebook's ids mean")
    parser.add_argument("--only", choices=PARTS, help="retrain one of the two")
    parser.add_argument("--out", type=Path, default=ADAPTER.parent)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    options = parser.parse_args(arguments)
    release = load_release(options.onet)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.only != "projection":
        _make_adapter(release, options.out / ADAPTER.name, options.cache)
    if options.only != "adapter":
        _make_projection(release, options.out / PROJECTION.name)


def _make_adapter(release: Release, target: Path, cache: Path) -> None:
    known, statements = adaptation_groups(release)
    groups = [TextGroup(group.title, group.requests, group.statements) for group in known]
    vectors = load_encoder(None, cache_dir=cache).encode([group.text for group in groups])
    write_adapter(train_adapter(groups, statements, vectors, name=f"onet-{release.version}"), target)


def _make_projection(release: Release, target: Path) -> None:
    asked, encoder = asked_activities_of(release), MultilingualEncoder()
    requests, statements = encoder.encode(asked.requests), encoder.encode(asked.statements)
    groups = [AskedAlike(texts, documents) for texts, documents in asked.groups]
    write_projection(train_projection(groups, requests, statements, source=encoder.name), target)


if __name__ == "__main__":
    main()
