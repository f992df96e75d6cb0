"""The publication gate: decides whether a count or a text may be published.

Counts: thresholds on conversations and accounts, and dominance of heavy accounts. Texts: thresholds, k-anonymous
vocabulary and the auditor's grade. Complementary suppression over table trees is in `pipelines.disclosure`.
"""

from dataclasses import dataclass

import polars as pl


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
