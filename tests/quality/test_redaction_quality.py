"""Floors under what redaction finds in sentences that it was not written on; docs/privacy.md has the figures."""

import pytest
from redaction_recall import Recall, measure

FLOORS = {
    "name": 0.90,
    "name_lower": 0.55,
    "email": 0.99,
    "phone": 0.97,
    "card": 0.99,
    "iban": 0.99,
    "id": 0.97,
    "address": 0.97,
    "secret": 0.95,
    "password": 0.85,
    "url": 0.97,
    "handle": 0.97,
    "ip": 0.97,
}


@pytest.fixture(scope="module")
def unseen() -> Recall:
    return measure(unseen=True)


@pytest.mark.parametrize(("kind", "floor"), FLOORS.items())
def test_redaction_finds_its_share_of_every_kind(unseen: Recall, kind: str, floor: float) -> None:
    assert unseen.share(kind) >= floor


def test_redaction_leaves_most_sentences_without_private_strings_as_they_are(unseen: Recall) -> None:
    assert unseen.changed / unseen.public <= 0.12
