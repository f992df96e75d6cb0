"""Sections of the page about the numbers: what was withheld, method, limits, provenance."""

from typing import Any, Final

import polars as pl

from pipelines.report.blocks import Column, Section, make_table
from pipelines.report.tables import MonthTables

RULE_TITLES: Final = {
    "too_few_conversations": "Too few conversations",
    "too_few_accounts": "Too few accounts",
    "top_account": "One account dominates",
    "top_two_accounts": "Two accounts dominate",
    "complementary": "Withheld so that another cell cannot be computed",
}
STEP_TITLES: Final = {
    "read": "Records read",
    "accepted": "Conversations accepted",
    "counted": "Counted, inside the cap per account",
    "occupational": "Possibly occupational",
    "matched": "Matched to a task",
}


def withheld_section(tables: MonthTables) -> Section:
    """What was withheld, by table and rule, and that each table adds up."""
    policy = tables.policy
    summary = tables["meta/suppression_summary"].filter(pl.col("cell_count") > 0)
    rows = summary.with_columns(
        pl.col("table_name").str.replace("/", "."), rule=pl.col("suppression_rule").replace(RULE_TITLES)
    ).sort("table_name", "rule")
    conservation = tables["qa/conservation"].with_columns(pl.col("table_name").str.replace("/", "."))
    whole = conservation.filter(pl.col("group_id") == "all").sort("table_name")
    withheld = int(summary.get_column("cell_count").sum())
    lead: tuple[str, ...] = (
        f"A cell is published from {policy['min_conversations']} conversations of {policy['min_accounts']} accounts, "
        f"unless one account holds {policy['max_top_account_share']:.0%} of it or two hold "
        f"{policy['max_top_two_account_share']:.0%}. At most {policy['account_cap']} conversations per account "
        "and month "
        "are counted. Withheld is never shown as zero.",
        f"{withheld:,} cells were withheld." if withheld else "No cell was withheld.",
    )
    if tables.vintage["source"] == "published_shares":
        lead = ("The source is published already, so nothing is withheld here; what it leaves out is marked as such.",)
    held = make_table(
        "Cells withheld by table and rule",
        [
            Column("table_name", "Table", "code"),
            Column("rule", "Rule"),
            Column("cell_count", "Cells", "count"),
            Column("withheld_share", "Share of the table", "share"),
        ],
        rows,
    )
    sums = make_table(
        "What each table adds up to",
        [
            Column("table_name", "Table", "code"),
            Column("published_share", "Published", "share"),
            Column("suppressed_share", "Withheld", "share"),
            Column("none_share", "Fits none", "share"),
            Column("not_classified_share", "Not classified", "share"),
            Column("not_published_share", "Not published by the source", "share"),
            Column("is_conserved", "Adds up", "yes_no"),
        ],
        whole if whole.height else conservation,
    )
    return Section("withheld", "What was withheld", lead, tables=tuple(table for table in (held, sums) if table.rows))


def method_section(tables: MonthTables) -> Section:
    """How the numbers come about."""
    vintage = tables.vintage
    if vintage["source"] == "published_shares":
        lead: tuple[str, ...] = (
            "These tables were computed from published task shares, without conversations: counts, accounts "
            "and account "
            "shares are therefore not available.",
        )
    else:
        lead = (
            "Conversations are screened for occupational content, and the facets of each (request, "
            "collaboration pattern, "
            "use case, skills, language) are extracted. Requests are grouped into clusters, and a cluster or "
            "conversation "
            "is matched to O*NET task statements by retrieval and a calibrated verifier that may also choose none.",
        )
    lead += (
        "A task statement shared by several occupations gives each an equal part. Occupation shares are over "
        "conversations "
        "matched to a task; task shares are over all occupational conversations. Employment and wages are "
        "national OEWS "
        "estimates; one that several O*NET codes share is split evenly.",
        "Depth of use is the share of an occupation's tasks that pass the publication thresholds. The account "
        "share gives "
        "each account the same weight. The method follows “Which Economic Tasks are Performed with AI?” (arXiv "
        "2503.04761) "
        "and Clio (arXiv 2412.13678).",
    )
    metrics = make_table(
        "How the headline figures are computed",
        [Column("label", "Figure"), Column("formula", "Formula"), Column("denominator", "Out of")],
        tables["meta/metric"].sort("label"),
    )
    return Section("method", "Method", lead, tables=(metrics,))


def limits_section(tables: MonthTables) -> Section:
    """What the numbers cannot say."""
    has_errors = tables["idx/major_group_month"].get_column("share_se").is_not_null().any()
    lead = (
        "The occupation is inferred from the task, not from the person: coding by a biologist counts as coding. The "
        "conversations are those that were given to the index and need not represent all users or all assistants.",
        "Matching, patterns and use cases are judged by models and carry error that these figures do not show."
        + (
            "" if has_errors else " Sampling error is not yet estimated either: compare small differences with caution."
        ),
        "Usage is a share of conversations, not of time, value or output. Zero means that no conversation was "
        "seen; withheld "
        "means that too few people stand behind a number. Months with different O*NET releases are not compared.",
    )
    return Section("limits", "Limits", lead)


def provenance_section(tables: MonthTables) -> Section:
    """Where the numbers come from."""
    vintage = tables.vintage
    facts: list[tuple[str, Any]] = [
        ("Vintage", vintage["vintage_id"]),
        ("Reference month", vintage["reference_month"]),
        ("Published", f"{vintage['published_at']:%Y-%m-%d %H:%M} UTC"),
        ("Status", vintage["status"]),
        ("Supersedes", vintage["supersedes"]),
        ("Version of the method", vintage["index_version"]),
        ("Version of the software", vintage["code_version"]),
        ("O*NET release", vintage["onet_version"]),
        ("SOC", vintage["soc_version"]),
        ("Labour statistics (OEWS)", vintage["oews_year"]),
        ("Requests and labels by", vintage["summariser"]),
        ("Encoder", vintage["embedder"]),
        ("Verifier", vintage["verifier"]),
        ("Mapping route", vintage["mapping_route"]),
        ("Most task statements of a conversation", vintage["task_label_count"]),
        ("Facets", vintage["facet_version"]),
        ("Disclosure policy", vintage["sdc_policy_id"]),
        ("Rounding", tables.policy["rounding"]),
        ("Seed", vintage["seed"]),
        ("Digest of the input", vintage["input_digest"]),
        ("Run", vintage["dagster_run_id"]),
        ("Licence", vintage["licence"]),
        ("Citation", vintage["citation"]),
        ("Notes", vintage["notes"]),
    ]
    frame = pl.DataFrame(
        [(name, str(value)) for name, value in facts if value not in (None, "")], schema=["fact", "value"], orient="row"
    )
    inputs = tables["meta/vintage_input"].with_columns(pl.col("step").replace(STEP_TITLES))
    steps = make_table(
        "Conversations after each step, rounded",
        [Column("step", "Step"), Column("conversation_count", "Conversations", "count")],
        inputs.sort("conversation_count", "step", descending=[True, False], nulls_last=True),
    )
    build = make_table("This build", [Column("fact", "What"), Column("value", "Value")], frame)
    lead = (
        "Every number here is in the DuckDB file and in the data package that lie beside this page, with a "
        "description of "
        "every column. This page includes information from the O*NET database by the U.S. Department of Labor, "
        "Employment "
        "and Training Administration (CC BY 4.0) where an O*NET release is named, and from the U.S. Bureau of Labor "
        "Statistics.",
    )
    return Section("provenance", "Provenance", lead, tables=(build, steps) if inputs.height else (build,))
