"""A published vintage with as many invented clusters as wanted, for the explorer: three levels, places, facets."""

import dataclasses

import numpy as np
import polars as pl

from pipelines.contracts import IDX_TABLES, CommonBlock
from pipelines.report.tables import MonthTables

VERBS = ("Debug", "Draft", "Explain", "Plan", "Review", "Translate", "Summarise", "Design", "Compare", "Prepare")
THINGS = (
    "spreadsheet formulas", "cover letters", "lesson plans", "data pipelines", "tax questions", "marketing copy",
    "web page layouts", "research abstracts", "job interviews", "database queries", "legal clauses", "travel plans",
    "meeting minutes", "unit tests", "patient leaflets", "machine settings", "survey results", "short stories",
)  # fmt: skip
WAYS = ("for beginners", "in a small firm", "under time pressure", "with examples", "from raw notes", "step by step")
FACETS = {
    "collaboration_pattern": (
        "directive", "task_iteration", "learning", "feedback_loop", "none", "validation", "not_classified"
    ),
    "use_case": ("work", "personal", "coursework", "not_classified"),
    "language": ("en", "es", "de", "fr", "pt", "zh", "ja", "hi"),
}  # fmt: skip
BASES = (
    [0.32, 0.26, 0.2, 0.12, 0.05, 0.03, 0.02],
    [0.55, 0.25, 0.15, 0.05],
    [0.6, 0.1, 0.08, 0.06, 0.05, 0.05, 0.03, 0.03],
)


def many_clusters(tables: MonthTables, count: int, *, seed: int = 1) -> MonthTables:
    """The tables with `count` base clusters under count / 35 and 12; some withheld, some without a name."""
    rng = np.random.default_rng(seed)
    common = tables["idx/request_cluster_month"].filter(pl.col("usage_share").is_not_null()).row(0, named=True)
    counts = (count, max(12, count // 35), 12)
    parents = [rng.integers(0, counts[level + 1], counts[level]) for level in (0, 1)]
    for level in (0, 1):
        parents[level][: counts[level + 1]] = np.arange(counts[level + 1])
    weight = rng.pareto(1.3, count) + 0.2
    shares = [0.97 * weight / weight.sum()]
    for level in (0, 1):
        shares.append(np.bincount(parents[level], weights=shares[-1], minlength=counts[level + 1]))
    places = [rng.normal(0, 4.5, (12, 2))]
    places.insert(0, places[0][parents[1]] + rng.normal(0, 1.1, (counts[1], 2)))
    places.insert(0, places[0][parents[0]] + rng.normal(0, 0.32, (count, 2)))
    rows, facets = [], []
    group = [parents[1][parents[0]], parents[1], np.arange(12)]
    leaning = {
        name: [rng.dirichlet(np.array(base) * 14) for _ in range(12)] for name, base in zip(FACETS, BASES, strict=True)
    }
    for level in (2, 1, 0):
        for n in range(counts[level]):
            key = {"cluster_id": f"{'bmt'[level]}{n:05d}", "cluster_level": level}
            is_withheld = level == 0 and n % 40 == 39
            is_named = n % 25 != 24
            above = None if level == 2 else f"{'bmt'[level + 1]}{parents[level][n]:05d}"
            words = [VERBS[rng.integers(10)], THINGS[(7 * group[level][n] + rng.integers(3)) % 18]]
            name = " ".join([*words, *([WAYS[rng.integers(6)]] if level < 2 else [])])
            rows.append(
                common | key
                | {"parent_id": above, "persistent_id": f"kept-{key['cluster_id']}", "row_kind": "value",
                   "name": name if is_named else None, "privacy_grade": 5 if is_named else None,
                   "description": f"Users ask to {name.lower()}. They bring their own material." if is_named else None,
                   "usage_share": float(f"{shares[level][n]:.4g}"), "account_share": float(f"{shares[level][n]:.4g}"),
                   "conversation_count": 100, "account_band": "50-99",
                   "map_x": float(places[level][n, 0]), "map_y": float(places[level][n, 1])}
            )  # fmt: skip
            if is_withheld:
                rows[-1] |= dict.fromkeys(
                    ("name", "description", "usage_share", "account_share", "conversation_count", "account_band",
                     "map_x", "map_y", "privacy_grade")
                ) | {"obs_status": "Q", "conf_status": "A", "suppression_rule": "too_few_conversations"}  # fmt: skip
                continue
            for facet, values in FACETS.items():
                parts = rng.dirichlet(leaning[facet][group[level][n]] * (6, 15, 60)[level] + 0.05).round(4)
                stated = parts > (0.03, 0.01, 0.001)[level]
                base = key | {"facet": facet}
                facets += [
                    base | {"facet_value": value, "row_kind": "value", "usage_share": float(part)}
                    for value, part, is_open in zip(values, parts, stated, strict=True) if is_open
                ]  # fmt: skip
                rest = {"facet_value": "suppressed", "row_kind": "suppressed"}
                facets.append(base | rest | {"usage_share": max(0.0, round(float(1 - parts[stated].sum()), 4))})
    for level in range(3):
        for kind, part in (("suppressed", 0.012 if level == 0 else 0.0), ("not_classified", 0.03)):
            row = {
                "cluster_id": kind,
                "row_kind": kind,
                "cluster_level": level,
                "usage_share": part,
                "account_share": part,
            }
            rows.append(
                common | dict.fromkeys(("name", "description", "parent_id", "map_x", "map_y", "privacy_grade")) | row
            )
    return dataclasses.replace(
        tables,
        tables={
            **tables.tables,
            "idx/request_cluster_month": _framed("idx/request_cluster_month", rows, common),
            "idx/cluster_facet_month": _framed("idx/cluster_facet_month", facets, common | {"base_id": "cluster"}),
        },
    )


def _framed(name: str, rows: list[dict], common: dict) -> pl.DataFrame:
    schema = IDX_TABLES[name]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    absent = [
        pl.lit(common.get(column) if column in CommonBlock.columns() else None).alias(column)
        for column in schema.column_names()
        if column not in frame.columns
    ]
    return schema.validate(frame.with_columns(absent).select(schema.column_names()), cast=True)
