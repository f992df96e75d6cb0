"""Rows of the meta tables: bases, the disclosure policy, the inputs and the use of language models."""

from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from pipelines.contracts import META_TABLES
from pipelines.disclosure import ROUNDING_DESCRIPTION, rounded_count
from pipelines.publish.vintage import validated

# base_id, label, has_none, has_not_classified, has_suppressed, has_not_occupational
BASES: Final[tuple[tuple[str, str, bool, bool, bool, bool], ...]] = (
    ("counted", "All counted conversations (inside the cap per account and month).", True, True, True, True),
    (
        "occupational",
        "Counted conversations that pass the occupational screen, whether or not they match a task.",
        True,
        True,
        True,
        False,
    ),
    ("matched", "Counted conversations matched to a task, split over its occupations.", False, False, True, False),
    ("matched_activity", "Counted conversations matched to a task, by its work activities.", False, True, True, False),
    (
        "matched_side",
        "Counted occupational conversations whose side matches a task, by its work activities.",
        False,
        True,
        True,
        False,
    ),
    ("matched_job_zone", "As matched, of occupations with a known job zone.", False, False, True, False),
    ("matched_wage", "As matched, of occupations with a known median wage.", False, False, True, False),
    (
        "collaboration_classified",
        "The node's counted occupational conversations with one of the five patterns.",
        False,
        False,
        True,
        False,
    ),
    ("collaboration_with_none", "As collaboration_classified, and those without pattern.", True, False, True, False),
    (
        "collaboration_all_seven",
        "All of the node's counted occupational conversations, not classified ones included.",
        True,
        True,
        True,
        False,
    ),
    ("cluster", "The cluster's counted occupational conversations.", True, True, True, False),
    ("occupations_with_tasks", "Occupations of the catalogue that have task statements.", False, False, False, False),
    ("metric", "See numerator and denominator in meta.metric.", False, False, True, False),
)


def base_table() -> pl.DataFrame:
    """Rows of `meta/base`."""
    names = META_TABLES["meta/base"].column_names()
    return validated(pl.DataFrame(list(BASES), schema=names, orient="row"), META_TABLES["meta/base"])


def sdc_policy_table(policy: DisclosurePolicy) -> pl.DataFrame:
    """Row of `meta/sdc_policy`.

    Args:
        policy: Thresholds in force.
    """
    row = {
        "sdc_policy_id": policy.policy_id,
        "min_conversations": policy.min_conversations,
        "min_accounts": policy.min_accounts,
        "min_text_conversations": policy.min_text_conversations,
        "min_text_accounts": policy.min_text_accounts,
        "max_top_account_share": policy.max_top_account_share,
        "max_top_two_account_share": policy.max_top_two_account_share,
        "account_cap": policy.account_cap,
        "rounding": ROUNDING_DESCRIPTION,
        "is_default": policy == DisclosurePolicy(),
    }
    return validated(pl.DataFrame([row]), META_TABLES["meta/sdc_policy"])


def vintage_input_table(step_counts: dict[str, int], *, vintage_id: str) -> pl.DataFrame:
    """Rows of `meta/vintage_input`, with counts rounded by the ladder.

    Args:
        step_counts: Conversations after each step.
        vintage_id: The build.
    """
    rows = pl.DataFrame(
        {"step": list(step_counts), "exact": list(step_counts.values())}, schema={"step": pl.String, "exact": pl.Int64}
    ).with_columns(
        vintage_id=pl.lit(vintage_id, dtype=pl.String),
        conversation_count=rounded_count(pl.col("exact").cast(pl.Float64)),
    )
    return validated(rows, META_TABLES["meta/vintage_input"])


def model_use_table(use: pl.DataFrame, *, vintage_id: str) -> pl.DataFrame:
    """Rows of `meta/model_use`, with counts rounded by the ladder: some of them are numbers of conversations.

    Args:
        use: Rows of `clio_lite.models.ModelUse`; none where everything was embedded.
        vintage_id: The build.
    """
    counts = [name for name, dtype in use.schema.items() if dtype == pl.Int64]
    rows = use.with_columns(
        *(rounded_count(pl.col(name).cast(pl.Float64)).alias(name) for name in counts),
        pl.col("cost_usd").round(2),
        vintage_id=pl.lit(vintage_id, dtype=pl.String),
    )
    return validated(rows, META_TABLES["meta/model_use"])
