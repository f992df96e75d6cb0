"""The publication gate: decides whether a count or a text may be published.

Counts: thresholds on conversations and accounts, and dominance of heavy accounts. Texts: their own thresholds and the
auditor's grade; the k-anonymous vocabulary is in `vocabulary`, the grading in `auditor`. Complementary suppression over
table trees is in `pipelines.disclosure`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import polars as pl

MIN_PUBLISHED_GRADE: Final = 4
"""Least grade of a published text; 3 is for review (Clio, arXiv 2412.13678, grades from 1 to 5)."""

MAX_WORD_MARGIN: Final = 12
"""Most accounts that a word may need beyond the threshold of a text, by a draw that nobody can foresee."""


@dataclass(frozen=True)
class DisclosurePolicy:
    """Thresholds below which nothing is published.

    The defaults for cells follow the Anthropic Economic Index (15 conversations, 5 accounts); those for dominance the
    (n, k) rule of statistical disclosure control.
    """

    min_conversations: int = 15
    min_accounts: int = 5
    min_text_conversations: int = 50
    min_text_accounts: int = 25
    max_top_account_share: float = 0.5
    max_top_two_account_share: float = 0.85
    account_cap: int = 30

    def __post_init__(self) -> None:
        """Refuse thresholds that protect nobody.

        Raises:
            ValueError: A threshold is below 1 or a share outside (0, 1].
        """
        counts = (
            self.min_conversations,
            self.min_accounts,
            self.min_text_conversations,
            self.min_text_accounts,
            self.account_cap,
        )
        if min(counts) < 1:
            raise ValueError("every threshold must be at least 1")
        if not (0 < self.max_top_account_share <= 1 and 0 < self.max_top_two_account_share <= 1):
            raise ValueError("dominance shares must lie above 0 and at most at 1")

    @property
    def policy_id(self) -> str:
        """Short, readable id of the thresholds."""
        return (
            f"c{self.min_conversations}a{self.min_accounts}-t{self.min_text_conversations}a{self.min_text_accounts}"
            f"-d{self.max_top_account_share:g}-{self.max_top_two_account_share:g}-cap{self.account_cap}"
        )


def word_accounts(policy: DisclosurePolicy, conversation_ids: Iterable[str]) -> int:
    """Accounts that a word needs in a cluster of this month, unless it is public.

    Somebody with many accounts could bring a word to one below a known threshold and learn from the published text
    whether a target used it too. So a margin is drawn, evenly from 0 to half of the threshold and at most
    `MAX_WORD_MARGIN`. The draw follows from the id with the lowest hash: the same whatever the order, nearly always the
    same when a month is built again, and unknown to whoever does not know everybody's conversation ids.

    Args:
        policy: Thresholds.
        conversation_ids: Every counted conversation of the month.
    """
    margin = min(MAX_WORD_MARGIN, policy.min_text_accounts // 2)
    lowest = min((blake2b(name.encode(), person=b"word-margin").digest() for name in conversation_ids), default=b"")
    draw = int.from_bytes(blake2b(lowest, digest_size=8).digest(), "big")
    return policy.min_text_accounts + draw % (margin + 1)


def cell_rule(policy: DisclosurePolicy) -> pl.Expr:
    """Name the rule that withholds a cell, or null where the cell may be published.

    A cell without any conversation is an observed zero and may be published. The frame needs `conversation_count`,
    `account_count`, `top_account_share` and `top_two_account_share`.

    Args:
        policy: Thresholds.

    Returns:
        String expression: a value of `contracts.SUPPRESSION_RULES`, or null.
    """
    return (
        pl.when(pl.col("conversation_count") == 0)
        .then(None)
        .when(pl.col("conversation_count") < policy.min_conversations)
        .then(pl.lit("too_few_conversations"))
        .when(pl.col("account_count") < policy.min_accounts)
        .then(pl.lit("too_few_accounts"))
        .when(pl.col("top_account_share") >= policy.max_top_account_share)
        .then(pl.lit("top_account"))
        .when(pl.col("top_two_account_share") >= policy.max_top_two_account_share)
        .then(pl.lit("top_two_accounts"))
        .otherwise(None)
        .cast(pl.String)
    )


def text_support_rule(policy: DisclosurePolicy) -> pl.Expr:
    """Name the rule that forbids writing any text about a cluster, or null where one may be written.

    Text needs more conversations and accounts than a count, and no dominant account. The frame needs the columns of
    `cell_rule`.

    Args:
        policy: Thresholds.

    Returns:
        String expression: `too_few_conversations`, `too_few_accounts`, `top_account`, `top_two_accounts`, or null.
    """
    return (
        pl.when(pl.col("conversation_count") < policy.min_text_conversations)
        .then(pl.lit("too_few_conversations"))
        .when(pl.col("account_count") < policy.min_text_accounts)
        .then(pl.lit("too_few_accounts"))
        .otherwise(cell_rule(policy))
    )


def text_rule(policy: DisclosurePolicy) -> pl.Expr:
    """Name the rule that withholds a cluster's written text, or null where it may be published.

    The frame needs the columns of `cell_rule` and `privacy_grade`; a text without a grade is withheld.

    Args:
        policy: Thresholds.

    Returns:
        String expression: a value of `text_support_rule`, `privacy_grade`, or null.
    """
    support = text_support_rule(policy)
    return (
        pl.when(support.is_not_null())
        .then(support)
        .when(pl.col("privacy_grade").fill_null(1) < MIN_PUBLISHED_GRADE)
        .then(pl.lit("privacy_grade"))
        .otherwise(None)
        .cast(pl.String)
    )
