"""The form of a task index: what decides it beside release and encoder, so that none made otherwise is taken for it."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Final

from onet.bridges import FURTHER_WEIGHT, NEAREST_WEIGHT, WORDS_WEIGHT
from onet.calibration import NON_WORK_QUANTILE
from onet.context import DESCRIPTION_WEIGHT, PEERS_WEIGHT, TITLE_WEIGHT
from onet.hubs import HUB_NEIGHBOURS, HUB_WEIGHT
from onet.non_work import NON_WORK_TEXTS
from onet.phrasebook import MEASURING_WRITERS, request_files
from onet.retrieval import LEXICAL_WEIGHT

LAYOUT: Final = "onet-task-index-8"
"""Files and columns; a new one for every change of them, or of how the numbers below are used."""

NUMBERS: Final[Mapping[str, object]] = {
    "nearest": (NEAREST_WEIGHT, FURTHER_WEIGHT),
    "request words": WORDS_WEIGHT,
    "words": LEXICAL_WEIGHT,
    "hub": (HUB_WEIGHT, HUB_NEIGHBOURS),
    "context": (TITLE_WEIGHT, DESCRIPTION_WEIGHT, PEERS_WEIGHT),
    "measuring writers": MEASURING_WRITERS,
    "non-work": (NON_WORK_QUANTILE, NON_WORK_TEXTS),
}


@cache
def index_form() -> str:
    """Form of the indexes that this code makes: layout, and a digest of the requests and of the numbers in use."""
    return f"{LAYOUT}-{form_digest(request_files(), NUMBERS)}"


def form_digest(requests: Sequence[bytes], numbers: Mapping[str, object]) -> str:
    """Digest of what an index is made from beside release and encoder.

    Args:
        requests: Contents of the files of requests.
        numbers: Weights and whatever else decides scores or probabilities.
    """
    digests = [blake2b(content, digest_size=16).hexdigest() for content in requests]
    document = json.dumps([digests, dict(numbers)], sort_keys=True)
    return blake2b(document.encode(), digest_size=6).hexdigest()
