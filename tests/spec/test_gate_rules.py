"""Which counts and which words may be published: the rules as small tables."""

import polars as pl
import pytest

from clio_lite.privacy import DisclosurePolicy, cell_rule, text_rule
from clio_lite.vocabulary import refused_words

POLICY = DisclosurePolicy()


def rules_of(
    conversations: int, accounts: int, top: float, top_two: float, grade: int | None
) -> tuple[str | None, ...]:
    cell = pl.DataFrame(
        {
            "conversation_count": [conversations],
            "account_count": [accounts],
            "top_account_share": [top],
            "top_two_account_share": [top_two],
            "privacy_grade": pl.Series([grade], dtype=pl.Int64),
        }
    )
    return cell.select(cell=cell_rule(POLICY), text=text_rule(POLICY)).row(0)


@pytest.mark.parametrize(
    ("conversations", "accounts", "top", "top_two", "grade", "cell", "text"),
    [
        # Nothing observed is a fact that may be told; there is no text about it.
        (0, 0, 0.0, 0.0, None, None, "too_few_conversations"),
        # Counts: 15 conversations and 5 accounts.
        (14, 14, 0.1, 0.2, 5, "too_few_conversations", "too_few_conversations"),
        (15, 4, 0.3, 0.6, 5, "too_few_accounts", "too_few_conversations"),
        (15, 5, 0.2, 0.4, 5, None, "too_few_conversations"),
        # Text: 50 conversations and 25 accounts.
        (49, 49, 0.1, 0.2, 5, None, "too_few_conversations"),
        (50, 24, 0.1, 0.2, 5, None, "too_few_accounts"),
        (50, 25, 0.1, 0.2, 5, None, None),
        # Dominance withholds both.
        (60, 30, 0.5, 0.6, 5, "top_account", "top_account"),
        (60, 30, 0.49, 0.85, 5, "top_two_accounts", "top_two_accounts"),
        (60, 30, 0.49, 0.84, 5, None, None),
        # The auditor's grade withholds text alone; a text that nobody graded is withheld.
        (60, 30, 0.1, 0.2, 4, None, None),
        (60, 30, 0.1, 0.2, 3, None, "privacy_grade"),
        (60, 30, 0.1, 0.2, None, None, "privacy_grade"),
    ],
)
def test_cells_and_texts_are_withheld_by_the_first_rule_that_applies(
    conversations: int, accounts: int, top: float, top_two: float, grade: int | None, cell: str | None, text: str | None
) -> None:
    assert rules_of(conversations, accounts, top, top_two, grade) == (cell, text)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        # Public words need nobody.
        ("Write and revise lesson plans", []),
        # Other words need k accounts of the cluster: here 5.
        ("Write about zebulonium", ["zebulonium"]),
        ("Write about vineyards", []),
        # Case, accents composed or not, and full width are the same word.
        ("Write about VINEYARDS", []),
        ("Write about ｖｉｎｅｙａｒｄｓ", []),
        # Part of a known word is not that word.
        ("Write about vineyard", ["vineyard"]),
        ("Write about zebu-vineyards", ["zebu-vineyards"]),
        ("Write about zebulonium's vineyards", ["zebulonium"]),
        # Invisible characters do not glue unknown pieces together.
        ("Write about zebu\u200blonium", ["lonium", "zebu"]),
        # Scripts without spaces: every pair of characters counts.
        ("Write about 葡萄園", ["萄園"]),
        # Never, whoever used them.
        ("Write about x7", ["x7"]),
        ("Write to @vineyards", ["@vineyards"]),
        ("Write to [email]", ["[email]"]),
        ("See https://vineyards", ["https://vineyards"]),
    ],
)
def test_a_text_may_hold_public_words_and_words_of_k_accounts_alone(text: str, refused: list[str]) -> None:
    counts = {"zebulonium": 4, "vineyards": 5, "葡萄": 5, "x": 99, "email": 99, "see": 5}
    assert refused_words(text, counts, min_accounts=5) == refused
