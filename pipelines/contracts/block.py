"""What every published table of facts shares: the block of common columns, and the codes in it."""

from typing import Final

import dataframely as dy

FREQUENCIES: Final = ("M",)
OBS_STATUS: Final = ("A", "Q", "M")
CONF_STATUS: Final = ("F", "A", "O", "T", "D")
SUPPRESSION_RULES: Final = (
    "too_few_conversations",
    "too_few_accounts",
    "top_account",
    "top_two_accounts",
    "complementary",
)
MAPPING_ROUTES: Final = ("cluster", "conversation", "hierarchy")
ROW_KINDS: Final = ("value", "none", "not_classified", "suppressed", "not_published")


class BuildKey(dy.Schema):
    """Key of every table that says something of a build, and is no table of facts."""

    vintage_id = dy.String(primary_key=True, description="Build that publishes it; see meta.vintage.")


class CommonBlock(dy.Schema):
    """Columns that every fact table carries."""

    vintage_id = dy.String(primary_key=True, description="Build that the row belongs to; see meta.vintage.")
    period_start = dy.Date(primary_key=True, description="First day of the period.")
    period_end = dy.Date(description="First day after the period.")
    freq = dy.Enum(list(FREQUENCIES), description="Frequency: M for monthly.")
    channel = dy.String(primary_key=True, description="Where the conversations come from: assistant, api, pooled.")
    population = dy.String(primary_key=True, description="all, or occupational: those that pass the screen.")
    base_id = dy.String(description="What the denominator contains; see meta.base.")
    onet_version = dy.String(description="O*NET release of the catalogue, or 'starter' for the bundled one.")
    account_basis = dy.Enum(
        ["account", "assumed_per_conversation", "not_available"],
        description="What counts as an account: given ids, one assumed per conversation without id, or no counts.",
    )
    conversation_count = dy.Int64(
        nullable=True, min=0, description="Conversations, rounded by the ladder of meta.sdc_policy; null if withheld."
    )
    account_band = dy.String(nullable=True, description="Band of distinct accounts, such as 10-24; null if withheld.")
    share_se = dy.Float64(
        nullable=True,
        min=0,
        description="Standard error of the row's share by sampling accounts, two digits; null: not estimated.",
    )
    ci_low = dy.Float64(nullable=True, description="Lower end of the 95 % interval; null: not estimated.")
    ci_high = dy.Float64(nullable=True, description="Upper end of the 95 % interval; null: not estimated.")
    ci_method = dy.String(
        description="account_bootstrap: Wilson's interval from share_se; wilson_zero: for an observed zero, by the "
        "design effect of its base's published shares; none: not estimated."
    )
    deff = dy.Float64(nullable=True, min=0, description="Design effect of clustering by account; null: not estimated.")
    share_corrected = dy.Float64(
        nullable=True, description="Share corrected for classifier error; null: no labels, see qa.validation_share."
    )
    share_corrected_se = dy.Float64(
        nullable=True, min=0, description="Its standard error, sampling included; null: no labels."
    )
    obs_status = dy.Enum(list(OBS_STATUS), description="SDMX CL_OBS_STATUS: A normal, Q suppressed, M not available.")
    conf_status = dy.Enum(
        list(CONF_STATUS),
        description="SDMX CL_CONF_STATUS: F free, A small count, O one dominant account, T two, D complementary.",
    )
    suppression_rule = dy.Enum(list(SUPPRESSION_RULES), nullable=True, description="Rule that withheld the row.")
    precision_class = dy.Enum(
        ["A", "B", "C", "D"],
        nullable=True,
        description="share_se / share: A under 5 %, B under 15 %, C under 33 %, D above; null: not estimated.",
    )


def share(description: str, *, bounded: bool = True) -> dy.Float64:
    """Column of a published share: null where suppressed or without a denominator."""
    return dy.Float64(nullable=True, min=0, max=1 if bounded else None, description=description)
