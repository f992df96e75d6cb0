"""Planted accounts learn nothing of a target from the names of clusters, but by guessing a margin they cannot see."""

from collections import Counter

import pytest
from planted_accounts import DETAILS, attack

from clio_lite.privacy import MAX_WORD_MARGIN, DisclosurePolicy, word_accounts

POLICY = DisclosurePolicy()


@pytest.mark.parametrize("is_obedient", [False, True])
def test_instructions_of_planted_accounts_bring_no_detail_of_a_target_out(is_obedient: bool) -> None:
    outcome = attack("instruct", DETAILS[0], seed=0, is_obedient=is_obedient, policy=POLICY)
    assert not outcome.has_leaked
    assert len(outcome.texts) > 10


def test_a_target_tips_a_word_at_one_number_of_planted_accounts_at_most() -> None:
    numbers = range(POLICY.min_text_accounts - 1, POLICY.min_text_accounts + MAX_WORD_MARGIN, 3)
    leaks = [
        attack("tip", DETAILS[0], seed=0, is_obedient=False, policy=POLICY, planted=number).has_leaked
        for number in numbers
    ]
    assert sum(leaks) <= 1


def test_the_margin_of_words_is_spread_evenly_and_does_not_depend_on_order() -> None:
    months = [[f"{month}-{number}" for number in range(20)] for month in range(1_300)]
    drawn = Counter(word_accounts(POLICY, ids) for ids in months)
    assert set(drawn) == set(range(POLICY.min_text_accounts, POLICY.min_text_accounts + MAX_WORD_MARGIN + 1))
    assert max(drawn.values()) < 2 * min(drawn.values())
    assert all(word_accounts(POLICY, ids) == word_accounts(POLICY, reversed(ids)) for ids in months[:20])


def test_one_conversation_more_seldom_changes_the_margin() -> None:
    months = [[f"{month}-{number}" for number in range(200)] for month in range(200)]
    changed = sum(word_accounts(POLICY, ids) != word_accounts(POLICY, [*ids, f"new-{ids[0]}"]) for ids in months)
    assert changed <= 5


def test_small_thresholds_have_small_margins() -> None:
    assert {word_accounts(DisclosurePolicy(min_text_accounts=3), [str(name)]) for name in range(50)} == {3, 4}
    assert word_accounts(DisclosurePolicy(min_text_accounts=1), []) == 1
