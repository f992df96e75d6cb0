"""The command `python -m pipelines.reranker`: retrain the reranker of task statements."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import onet
from clio_lite.adapter import read_adapter
from clio_lite.language_map import assert_carried
from clio_lite.multilingual import load_routed_encoder
from onet.phrasebook import activity_phrases
from onet.release import load_release
from onet.rerank_training import OccupationRequest, train_reranker
from onet.reranking import write_reranker
from onet.task_index import build_task_index
from pipelines.defs.resources import ADAPTER, ADAPTER_DIR
from pipelines.sample.generator import generate_conversations

OUT = Path(onet.__file__).parent / "reranker.json"
SAMPLE_SEED = 1
SAMPLE_CONVERSATIONS = 2000
REQUEST_CHARACTERS = 200


def sample_requests(count: int, *, seed: int) -> list[OccupationRequest]:
    """Openings of the occupational English conversations of a generated sample, with their occupations.

    Args:
        count: Conversations.
        seed: Seed of the sample.
    """
    return [
        OccupationRequest(made.record.messages[0].content[:REQUEST_CHARACTERS], made.truth.onet_soc_code)
        for made in generate_conversations(count, seed=seed)
        if made.truth.is_occupational and made.truth.language == "en" and made.truth.onet_soc_code
    ]


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
    encoder = load_routed_encoder(cache_dir=options.cache, map_dir=ADAPTER_DIR, adapter=read_adapter(ADAPTER))
    assert_carried(encoder.language_map)
    release = load_release(options.onet)
    activity_phrases(release.activities)  # refuses a catalogue of other activities
    index = build_task_index(release, encoder, seed=0, is_plain=True)
    requests = sample_requests(SAMPLE_CONVERSATIONS, seed=SAMPLE_SEED)
    model = train_reranker(release, index, encoder, requests)
    write_reranker(model, options.out)


if __name__ == "__main__":
    main()
