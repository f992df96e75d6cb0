"""How often the embedded auditor is right about texts that a person judged; the figures are in docs/privacy.md."""

import tomllib
from pathlib import Path

import pytest

from clio_lite.auditor import grade_text
from clio_lite.privacy import MIN_PUBLISHED_GRADE
from clio_lite.vocabulary import split_words

TEXTS = tomllib.loads((Path(__file__).parent / "auditor_texts.toml").read_text(encoding="utf-8"))
K = 25


def is_published(text: str, *, is_counted: bool) -> bool:
    """Grade a text; what stands in angle brackets is one account's word, if accounts are counted, else everybody's."""
    plain = text.replace("<", "").replace(">", "")
    counts = dict.fromkeys(split_words(plain), 3 * K)
    if is_counted:
        for marked in text.split("<")[1:]:
            counts |= dict.fromkeys(split_words(marked.split(">")[0]), 1)
    return grade_text(plain, counts, min_accounts=K) >= MIN_PUBLISHED_GRADE


def shares(*, is_counted: bool) -> tuple[float, float]:
    """Share of the safe texts that pass, and of the private ones that do not."""
    safe = [is_published(text, is_counted=is_counted) for text in TEXTS["safe"]]
    private = [is_published(text, is_counted=is_counted) for text in TEXTS["private"]]
    return sum(safe) / len(safe), 1 - sum(private) / len(private)


@pytest.mark.parametrize(("is_counted", "least_safe", "least_private"), [(True, 0.9, 1.0), (False, 0.9, 0.5)])
def test_the_auditor_lets_safe_texts_pass_and_stops_private_ones(
    is_counted: bool, least_safe: float, least_private: float
) -> None:
    safe, private = shares(is_counted=is_counted)
    assert safe >= least_safe
    assert private >= least_private
