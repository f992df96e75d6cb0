"""The command `python -m pipelines.language_map`: fit the map from the multilingual encoder's vectors anew."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from clio_lite.composing import LINEAR_FACETS, load_labelled_conversations, load_written_conversations
from clio_lite.embedding import load_encoder
from clio_lite.english import find_foreign
from clio_lite.heads.training import DEFINITIONS_DIR
from clio_lite.language_map import MAP_DIR, fit_language_map, save_language_map
from clio_lite.multilingual import MultilingualEncoder
from clio_lite.structure import first_window
from onet.phrasebook import read_phrasebook
from onet.release import Release, load_release
from onet.task_index import distinct_statements


def english_texts(release: Release) -> dict[str, list[str]]:
    """English texts by kind: a release's, the phrasebook's, and what users say in the conversations of the definitions.

    Args:
        release: O*NET release.

    Returns:
        Distinct texts, sorted, of the kinds statement, title, description, request and turn; what is in other languages
        is left out.
    """
    phrases = read_phrasebook().filter(pl.col("language") == "en")["request"]
    written = [
        conversation for facet in LINEAR_FACETS for conversation in load_written_conversations(DEFINITIONS_DIR, facet)
    ]
    labelled = [conversation for conversation, _ in load_labelled_conversations(DEFINITIONS_DIR)]
    kinds = {
        "statement": distinct_statements(release.tasks)["task"].to_list(),
        "title": [*release.occupations["title"], *release.activities["title"]],
        "description": release.occupations["description"].to_list(),
        "request": phrases.to_list(),
        "turn": [first_window(turn) for conversation in [*written, *labelled] for turn in conversation.user_turns],
    }
    distinct = {kind: sorted({text for text in texts if text.strip()}) for kind, texts in kinds.items()}
    foreign = dict(zip(distinct["turn"], find_foreign(distinct["turn"]), strict=True))
    return distinct | {"turn": [text for text in distinct["turn"] if not foreign[text]]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the map on a release and the English texts of this project.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.language_map", description="Fit the language map.")
    parser.add_argument("onet", type=Path, help="an O*NET release, such as the bundled data/starter")
    parser.add_argument("--out", type=Path, default=MAP_DIR)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    options = parser.parse_args(arguments)
    english, multilingual = load_encoder(None, cache_dir=options.cache), MultilingualEncoder()
    texts = english_texts(load_release(options.onet))
    found = fit_language_map(
        texts,
        {kind: multilingual.encode(rows) for kind, rows in texts.items()},
        {kind: english.encode(rows) for kind, rows in texts.items()},
        source=multilingual.name,
        target=english.name,
    )
    save_language_map(found, options.out)


if __name__ == "__main__":
    main()
