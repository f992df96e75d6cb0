"""The views of the DuckDB file: the latest vintages, the occupation panel, changes from month to month, the long form.

Each view carries a comment for itself and for every column. SQL text only; creating them is in `warehouse`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onet.tables import Occupation
from pipelines.contracts import (
    IDX_TABLES,
    AutomationMonth,
    ClusterFacetMonth,
    CommonBlock,
    HeadlineMonth,
    MajorGroupMonth,
    OccupationMonth,
    RequestClusterMonth,
    TaskMonth,
    Vintage,
)
from pipelines.headline_levels import LEAST_PRECISE_SHARE, level_precision_sql

_METHOD = ("onet_version", "sdc_policy_id", "embedder", "verifier", "facet_version", "mapping_route", "oews_year")
_SAME_METHOD = " AND ".join(f"nv.{name} IS NOT DISTINCT FROM bv.{name}" for name in _METHOD)
_SAME_METHOD += " AND coalesce(nv.task_label_count, 1) = coalesce(bv.task_label_count, 1)"
_COMPARABLE = f"(n.account_basis = b.account_basis AND {_SAME_METHOD})"
_VINTAGES = "JOIN meta.vintage nv ON nv.vintage_id = n.vintage_id JOIN meta.vintage bv ON bv.vintage_id = b.vintage_id"
_MEASURE_ENDINGS = ("_share", "_ratio", "_coverage")
_NOT_MEASURES = frozenset({"overlap_share", "prev_overlap_share", "reference_usage_share"})


@dataclass(frozen=True)
class View:
    """One view.

    Attributes:
        name: Name with schema where it is not in `main`.
        sql: Its query.
        comment: What one row is.
        columns: Description of every column.
    """

    name: str
    sql: str
    comment: str
    columns: Mapping[str, str]


def latest_views() -> list[View]:
    """`latest.vintage`, and one view per table of `idx`."""
    vintage = View(
        "latest.vintage",
        "SELECT * FROM meta.vintage "
        "QUALIFY row_number() OVER (PARTITION BY reference_month ORDER BY published_at DESC, vintage_id DESC) = 1 "
        "ORDER BY reference_month",
        "The latest vintage of each month.",
        _descriptions(Vintage),
    )
    tables = [
        View(
            name.replace("idx/", "latest."),
            f"SELECT * FROM {name.replace('/', '.')} WHERE vintage_id IN (SELECT vintage_id FROM latest.vintage)",
            f"Latest vintage of each month. {(schema.__doc__ or '').strip()}",
            _descriptions(schema),
        )
        for name, schema in IDX_TABLES.items()
    ]
    return [vintage, *tables]


def main_views() -> list[View]:
    """Views over the latest vintages that answer the usual questions."""
    return [
        _occupation_panel(),
        _occupation_split(),
        _level_precision(),
        _headline_change_view(),
        _change_view("major_group", MajorGroupMonth, ("soc_major_group", "alloc_rule"), ("title",)),
        _change_view("occupation", OccupationMonth, ("soc_system", "onet_soc_code", "alloc_rule"), ("title",)),
        _change_view("task", TaskMonth, ("task_id",), ("task",)),
        _cluster_facet_view(),
        _long_view(),
    ]


def _descriptions(schema: type) -> dict[str, str]:
    return {name: column.description or "" for name, column in schema.columns().items()}  # type: ignore[attr-defined]


def _occupation_panel() -> View:
    """Every occupation in every month: zeros explicit, withheld null, employment attached."""
    sql = """
SELECT v.period_start, v.vintage_id, o.onet_version, v.channel, v.population, v.alloc_rule,
       o.onet_soc_code, o.soc_code, o.title, o.soc_major_group, o.soc_major_group_title,
       CASE WHEN u.obs_status IS NULL OR u.obs_status = 'M' THEN 'not_available'
            WHEN u.obs_status = 'Q' THEN 'withheld'
            WHEN u.usage_share = 0 THEN 'zero'
            ELSE 'observed' END AS usage_status,
       u.usage_share, u.account_share, u.share_se, u.ci_low, u.ci_high, u.conversation_count, u.account_band,
       u.task_count, u.used_task_count, u.task_coverage, a.automation_share, a.augmentation_share,
       o.job_zone, o.median_wage_usd, o.is_wage_top_coded, o.is_wage_from_hourly,
       o.employment_count * o.employment_split_weight AS employment_count, o.oews_year,
       u.employment_share, u.representation_ratio, u.usage_per_million_workers
FROM (SELECT DISTINCT period_start, vintage_id, onet_version, channel, population, alloc_rule
      FROM latest.occupation_month) v
JOIN ref.occupation o ON o.onet_version = v.onet_version AND o.task_count > 0
LEFT JOIN latest.occupation_month u
  ON u.vintage_id = v.vintage_id AND u.period_start = v.period_start AND u.channel = v.channel
 AND u.population = v.population AND u.alloc_rule = v.alloc_rule AND u.onet_soc_code = o.onet_soc_code
LEFT JOIN latest.automation_month a
  ON a.vintage_id = v.vintage_id AND a.period_start = v.period_start AND a.channel = v.channel
 AND a.node_type = 'occupation' AND a.node_id = o.onet_soc_code AND a.denominator = 'classified'
 AND a.population = v.population
ORDER BY v.period_start, v.channel, v.population, v.alloc_rule, o.onet_soc_code"""
    own = {
        "usage_status": "observed, zero (seen in no conversation), withheld (disclosure control) or not_available.",
        "employment_count": "OEWS employment, split evenly over the O*NET codes of one SOC: these sum up.",
        "soc_major_group_title": "Title of the SOC major group.",
    }
    described = _descriptions(Occupation) | _descriptions(AutomationMonth) | _descriptions(OccupationMonth) | own
    comment = (
        "One row per month and occupation with task statements (latest vintages): zeros explicit, withheld null, "
        "with employment, wage, job zone and automation share (base: the five patterns)."
    )
    return View("v_occupation_panel", sql, comment, described)


def _occupation_split() -> View:
    """Occupations under each split of shared statements, from the published statements alone.

    Anyone could compute it from the published tables, so it gives nothing away.
    """
    sql = """
SELECT * REPLACE (usage_share / NULLIF(sum(usage_share) OVER (PARTITION BY vintage_id, period_start, channel,
                                                              population, alloc_rule), 0) AS usage_share)
FROM (
  SELECT t.period_start, t.vintage_id, t.onet_version, t.channel, t.population, a.alloc_rule, a.onet_soc_code, o.title,
         o.soc_major_group, sum(t.usage_share * a.alloc_weight) AS usage_share,
         count(*) FILTER (WHERE t.usage_share IS NULL) AS withheld_task_count
  FROM latest.task_month t
  JOIN ref.task_allocation a ON a.onet_version = t.onet_version AND a.statement_task_id = t.task_id
  JOIN ref.occupation o ON o.onet_version = t.onet_version AND o.onet_soc_code = a.onet_soc_code
  WHERE t.row_kind = 'value'
  GROUP BY ALL
)
ORDER BY period_start, channel, population, alloc_rule, onet_soc_code"""
    own = {
        "alloc_rule": "How statements of several occupations are split: equal, employment, importance.",
        "usage_share": "Share of the usage of published statements; sums to 1 per rule. Withheld statements are left "
        "out, so it differs from occupation_month.",
        "withheld_task_count": "Statements of the occupation that are withheld and therefore not in the share.",
    }
    comment = "One row per month, occupation and rule of splitting shared statements (latest vintages)."
    return View("v_occupation_split", sql, comment, _descriptions(OccupationMonth) | own)


def _level_precision() -> View:
    """How much of the usage each level states precisely, and which is read first."""
    own = {
        "mapping_level": "task, iwa or gwa (work activities, single label), or major_group.",
        "stated_row_count": "Rows of the level with a published share above zero.",
        "precise_row_count": "Of them, those whose standard error is under a third of the share (classes A to C).",
        "precise_share": "Part of the matched usage that these rows hold; withheld usage is in the denominator.",
        "is_headline": f"The finest level of which precise rows hold {LEAST_PRECISE_SHARE:.0%} of the usage, else "
        "major_group: read this one first.",
    }
    comment = (
        "One row per month and level (latest vintages): at which level shares are precise enough to be read first."
    )
    return View("v_level_precision", level_precision_sql(), comment, _descriptions(CommonBlock) | own)


def _headline_change_view() -> View:
    """Headline figures of a month beside the month before."""
    sql = f"""
SELECT n.period_start, b.period_start AS previous_period_start, n.vintage_id, b.vintage_id AS previous_vintage_id,
       n.onet_version, n.channel, n.metric_id, {_COMPARABLE} AS is_comparable,
       n.value, b.value AS previous_value,
       CASE WHEN {_COMPARABLE} THEN n.value - b.value END AS value_change
FROM latest.headline_month n
JOIN latest.headline_month b
  ON b.period_start = (n.period_start - INTERVAL 1 MONTH)::DATE AND b.metric_id = n.metric_id AND b.channel = n.channel
{_VINTAGES}
ORDER BY n.period_start, n.channel, n.metric_id"""
    own = {
        "previous_period_start": "First day of the month before.",
        "previous_vintage_id": "Vintage of the month before.",
        "is_comparable": "Both months were made alike (release, thresholds, models, route, accounts); else no change.",
        "previous_value": "value of the month before.",
        "value_change": "value less that of the month before; null where either is withheld or not comparable.",
    }
    comment = "Change of the headline figures against the calendar month before (latest vintages)."
    return View("v_headline_change", sql, comment, _descriptions(HeadlineMonth) | own)


def _change_view(grain: str, schema: type[CommonBlock], key: Sequence[str], labels: Sequence[str]) -> View:
    """Usage of a month beside the month before."""
    table = f"latest.{grain}_month"
    same = " AND ".join(f"b.{column} = n.{column}" for column in ("channel", "population", *key))
    comparable = _COMPARABLE
    sql = f"""
SELECT n.period_start, b.period_start AS previous_period_start, n.vintage_id, b.vintage_id AS previous_vintage_id,
       n.onet_version, n.channel, n.population, {", ".join(f"n.{column}" for column in (*key, *labels))},
       {comparable} AS is_comparable, n.usage_share, b.usage_share AS previous_usage_share,
       CASE WHEN {comparable} THEN n.usage_share - b.usage_share END AS usage_share_change,
       CASE WHEN {comparable} AND b.usage_share > 0 THEN n.usage_share / b.usage_share END AS usage_share_ratio,
       n.account_share, b.account_share AS previous_account_share,
       CASE WHEN {comparable} THEN n.account_share - b.account_share END AS account_share_change
FROM {table} n
JOIN {table} b ON b.period_start = (n.period_start - INTERVAL 1 MONTH)::DATE AND {same}
{_VINTAGES}
WHERE n.row_kind = 'value' AND b.row_kind = 'value'
ORDER BY n.period_start, n.channel, n.population, {", ".join(f"n.{column}" for column in key)}"""
    own = {
        "previous_period_start": "First day of the month before.",
        "previous_vintage_id": "Vintage of the month before.",
        "is_comparable": "Both months were made alike (release, thresholds, models, route, accounts); else no change.",
        "previous_usage_share": "usage_share of the month before.",
        "usage_share_change": "usage_share less that of the month before (0.01 is one percentage point); null where "
        "either is withheld or the months are not comparable.",
        "usage_share_ratio": "usage_share over that of the month before; null as the change, and where that was zero.",
        "previous_account_share": "account_share of the month before.",
        "account_share_change": "account_share less that of the month before; null as usage_share_change.",
    }
    comment = f"Change of usage by {grain.replace('_', ' ')} against the calendar month before (latest vintages)."
    return View(f"v_{grain}_change", sql, comment, _descriptions(schema) | own)


def _cluster_facet_view() -> View:
    """Facets of each named cluster beside the cluster above it."""
    same = "o.vintage_id = f.vintage_id AND o.channel = f.channel AND o.population = f.population"
    sql = f"""
SELECT f.period_start, f.vintage_id, f.channel, f.population, f.cluster_level, f.cluster_id, c.parent_id, c.name,
       c.usage_share AS cluster_usage_share, f.facet, f.facet_value, f.row_kind, f.usage_share, f.account_share,
       f.conversation_count, f.account_band, p.usage_share AS parent_usage_share,
       CASE WHEN p.usage_share > 0 THEN f.usage_share / p.usage_share END AS parent_ratio, f.obs_status
FROM latest.cluster_facet_month f
JOIN latest.request_cluster_month c
  ON {same.replace("o.", "c.")} AND c.cluster_id = f.cluster_id AND c.cluster_level = f.cluster_level
LEFT JOIN latest.cluster_facet_month p
  ON {same.replace("o.", "p.")} AND p.cluster_id = c.parent_id AND p.cluster_level = f.cluster_level + 1
 AND p.facet = f.facet AND p.facet_value = f.facet_value AND p.row_kind <> 'suppressed'
ORDER BY f.period_start, f.channel, f.cluster_level DESC, f.cluster_id, f.facet, f.facet_value"""
    clusters, facets = _descriptions(RequestClusterMonth), _descriptions(ClusterFacetMonth)
    own = {
        "cluster_usage_share": f"usage_share of the cluster itself: {clusters['usage_share'].lower()}",
        "parent_usage_share": "usage_share of the same value in the cluster above; null where withheld or absent.",
        "parent_ratio": "usage_share / parent_usage_share: above 1, commoner here than in the cluster above.",
    }
    comment = "One row per cluster, facet and value (latest vintages), with the cluster's name and the cluster above."
    return View("v_cluster_facet", sql, comment, clusters | facets | own)


def _long_view() -> View:
    """Every published measure as one value per row."""
    parts = [_long_part(name, schema, column) for name, schema in IDX_TABLES.items() for column in _measures(schema)]
    own = {
        "table_name": "Table of idx that the value is from.",
        "item_key": "The table's own key, its parts joined by |.",
        "measure": "Column of the table.",
        "value": "Value; null where withheld or not available, see obs_status.",
        "unit": "share (0 to 1), or ratio; for headline_month the unit is in meta.metric.",
    }
    comment = "Long form of idx, latest vintages: one row per series, month and measure."
    return View("v_long", "\nUNION ALL\n".join(parts), comment, _descriptions(CommonBlock) | own)


def _measures(schema: type[CommonBlock]) -> list[str]:
    common = CommonBlock.columns()
    return [
        name
        for name in schema.columns()
        if name not in common and name not in _NOT_MEASURES and (name.endswith(_MEASURE_ENDINGS) or name == "value")
    ]


def _long_part(name: str, schema: type[CommonBlock], measure: str) -> str:
    common = CommonBlock.columns()
    keys = [column for column in schema.primary_key() if column not in common]
    unit = "ratio" if measure.endswith("_ratio") else "metric" if measure == "value" else "share"
    return (
        f"SELECT '{name.removeprefix('idx/')}' AS table_name, concat_ws('|', {', '.join(keys)}) AS item_key, "
        f"'{measure}' AS measure, period_start, vintage_id, onet_version, channel, population, {measure} AS value, "
        f"'{unit}' AS unit, obs_status FROM {name.replace('idx/', 'latest.')}"
    )
