"""Two published vintages in two months (and a superseded one), made by hand from the starter catalogue.

For tests of what stands behind publication: the warehouse, the package, the report, the queries. The numbers are
invented but hang together: shares add up, small cells are withheld, most tasks are observed zeros.
"""

import calendar
import datetime as dt
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from clio_lite.models import FAILURE_REASONS
from pipelines.contracts import PUBLISHED_TABLES

STARTER = Path(__file__).parent.parent / "data" / "starter"
GROUP_WEIGHT = {"15": 37.2, "27": 10.3, "25": 9.3, "43": 7.9, "19": 6.4, "13": 5.9, "11": 4.6, "29": 3.1, "21": 2.6}
GROUP_TITLES = {
    "11": "Management", "13": "Business and Financial Operations", "15": "Computer and Mathematical",
    "17": "Architecture and Engineering", "19": "Life, Physical, and Social Science",
    "21": "Community and Social Service", "23": "Legal", "25": "Educational Instruction and Library",
    "27": "Arts, Design, Entertainment, Sports, and Media", "29": "Healthcare Practitioners and Technical",
    "31": "Healthcare Support", "33": "Protective Service", "35": "Food Preparation and Serving Related",
    "37": "Building and Grounds Cleaning and Maintenance", "39": "Personal Care and Service",
    "41": "Sales and Related", "43": "Office and Administrative Support", "45": "Farming, Fishing, and Forestry",
    "47": "Construction and Extraction", "49": "Installation, Maintenance, and Repair", "51": "Production",
    "53": "Transportation and Material Moving",
}  # fmt: skip
PATTERNS = {"directive": 0.27, "feedback_loop": 0.13, "task_iteration": 0.30, "learning": 0.22, "validation": 0.04}
CLUSTERS = (
    ("top-1", 2, None, "Build and fix software", 0.41),
    ("top-2", 2, None, "Write and edit documents", 0.33),
    ("mid-1", 1, "top-1", "Debug programs in Python & <script>", 0.22),
    ("mid-2", 1, "top-1", "Design web pages", 0.19),
    ("mid-3", 1, "top-2", "Draft letters and reports", 0.33),
    ("base-1", 0, "mid-1", "Explain error messages of a data script", 0.12),
    ("base-2", 0, "mid-1", None, 0.10),
    ("base-3", 0, "mid-2", "Lay out a page with style sheets", 0.19),
    ("base-4", 0, "mid-3", "Draft a cover letter", 0.18),
    ("base-5", 0, "mid-3", "Summarise minutes of a meeting", 0.15),
)


@dataclass(frozen=True)
class ExampleVintage:
    """What distinguishes one invented vintage from another."""

    month: str = "2026-10"
    serial: str = "a"
    published_at: dt.datetime = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
    has_default_thresholds: bool = False
    onet_version: str = "starter"
    drift: float = 0.0
    headlines: dict[str, float] = field(
        default_factory=lambda: {"augmentation_share": 0.583, "automation_share": 0.417}
    )

    @property
    def vintage_id(self) -> str:
        return f"{self.month}-{self.serial}"


EXAMPLE = (
    ExampleVintage(month="2026-09", serial="first", published_at=dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC)),
    ExampleVintage(month="2026-09", serial="again", published_at=dt.datetime(2026, 10, 9, 6, tzinfo=dt.UTC), drift=0.3),
    ExampleVintage(drift=0.6, headlines={"augmentation_share": 0.571, "automation_share": 0.429}),
)


def write_example(vintages: Path, examples: tuple[ExampleVintage, ...] = EXAMPLE) -> Path:
    """Write the vintages as a store does; return the folder."""
    for example in examples:
        for name, frame in example_tables(example).items():
            path = vintages / example.vintage_id / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
    return vintages


def example_tables(example: ExampleVintage) -> dict[str, pl.DataFrame]:
    """Every published table of one vintage, valid by its schema."""
    rows = _reference(example) | _meta(example) | _usage(example) | _others(example)
    return {name: _framed(name, rows[name]) for name in PUBLISHED_TABLES}


def _framed(name: str, rows: list[dict]) -> pl.DataFrame:
    schema = PUBLISHED_TABLES[name]
    frame = pl.DataFrame(rows, infer_schema_length=None) if rows else schema.create_empty()
    absent = [pl.lit(None).alias(column) for column in schema.column_names() if column not in frame.columns]
    return schema.validate(
        frame.with_columns(absent).select(schema.column_names()).sort(schema.primary_key()), cast=True
    )


def _noise(*parts: str) -> float:
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _starter(name: str) -> pl.DataFrame:
    return pl.read_csv(STARTER / name, separator="\t", quote_char=None, infer_schema=False)


def _common(example: ExampleVintage, *, base: str, population: str = "occupational") -> dict:
    year, month = (int(part) for part in example.month.split("-"))
    end = dt.date(year, month, calendar.monthrange(year, month)[1]) + dt.timedelta(days=1)
    return {
        "vintage_id": example.vintage_id, "period_start": dt.date(year, month, 1), "period_end": end, "freq": "M",
        "channel": "assistant", "population": population, "base_id": base, "onet_version": example.onet_version,
        "account_basis": "account", "ci_method": "none", "obs_status": "A", "conf_status": "F", "row_kind": "value",
    }  # fmt: skip


def _stated(share: float, *, total: int = 6_000) -> dict:
    """Measures of a cell: withheld where it is small, zero where there is nothing."""
    count = share * total
    if 0 < count < 15:
        return {"obs_status": "Q", "conf_status": "A", "suppression_rule": "too_few_conversations"}
    band = "0" if count == 0 else "10-24" if count < 60 else "100-249"
    return {
        "usage_share": float(f"{share:.4g}"), "account_share": float(f"{share * 0.95:.4g}"),
        "conversation_count": round(count / 10) * 10, "account_band": band,
    }  # fmt: skip


def _occupations() -> list[dict]:
    zones = dict(_starter("Job Zones.txt").select("O*NET-SOC Code", "Job Zone").iter_rows())
    wages = pl.read_csv(STARTER / "oews" / "national_M2024_starter.csv", infer_schema=False)
    wage = {row["OCC_CODE"]: row for row in wages.filter(pl.col("O_GROUP") == "detailed").to_dicts()}
    counts = dict(_starter("Task Statements.txt").group_by("O*NET-SOC Code").len().iter_rows())
    found = []
    for row in _starter("Occupation Data.txt").sort("O*NET-SOC Code").to_dicts():
        code = row["O*NET-SOC Code"]
        labour = wage.get(code[:7], {})
        annual = labour.get("A_MEDIAN", "*")
        found.append({
            "onet_soc_code": code, "title": row["Title"], "description": row["Description"], "soc_code": code[:7],
            "job_zone": int(zones[code]) if code in zones else None, "soc_broad_code": code[:6] + "0",
            "soc_minor_group": code[:4] + "000", "soc_major_group": code[:2],
            "soc_major_group_title": GROUP_TITLES[code[:2]], "task_count": counts.get(code, 0),
            "employment_count": int(labour["TOT_EMP"]) if labour else None, "employment_split_weight": 1.0,
            "median_wage_usd": float(annual) if annual.isdigit() else None, "is_wage_top_coded": False,
            "is_wage_from_hourly": False, "oews_year": 2024, "oews_level": "detailed" if labour else None,
        })  # fmt: skip
    return found


def _tasks() -> list[dict]:
    return [
        {"task_id": row["Task ID"], "onet_soc_code": row["O*NET-SOC Code"], "task": row["Task"],
         "task_key": row["Task"].lower(), "statement_task_id": row["Task ID"], "task_type": row["Task Type"]}
        for row in _starter("Task Statements.txt").to_dicts()
    ]  # fmt: skip


def _reference(example: ExampleVintage) -> dict[str, list[dict]]:
    links = _starter("Tasks to DWAs.txt").unique(["Task ID"], keep="first", maintain_order=True).to_dicts()
    activities = [
        {"activity_id": row["DWA ID"], "activity_level": "dwa", "title": row["DWA Title"], "parent_id": row["IWA ID"]}
        for row in _starter("DWA Reference.txt").to_dicts()
    ]
    groups = [
        {"soc_group_code": code, "soc_group_level": "major", "title": title, "parent_code": None}
        for code, title in GROUP_TITLES.items()
    ]
    version = {"onet_version": example.onet_version}
    return {
        "ref/onet_task": [task | version for task in _tasks()],
        "ref/occupation": [row | version for row in _occupations()],
        "ref/task_activity": [
            version | {"task_id": row["Task ID"], "dwa_id": row["DWA ID"], "iwa_id": row["DWA ID"][:-4],
                       "gwa_id": row["DWA ID"].split(".I")[0], "activity_weight": 1.0} for row in links
        ],
        "ref/activity": [row | version for row in activities],
        "ref/soc_group": [row | version for row in groups],
        "ref/task_allocation": [
            version | {"alloc_rule": rule, "statement_task_id": task["statement_task_id"], "task_id": task["task_id"],
                       "onet_soc_code": task["onet_soc_code"], "alloc_weight": 1.0, "alloc_basis": rule}
            for task in _tasks() for rule in ("equal", "employment")
        ],
        "ref/soc_crosswalk": [{
            "from_system": "O*NET-SOC 2010", "from_code": "15-1132.00", "to_system": "O*NET-SOC 2019",
            "to_code": "15-1252.00", "crosswalk_weight": 1.0, "weight_basis": "equal",
        }],
        "ref/task_lineage": [
            {"from_version": "earlier", "from_task_id": task["task_id"], "to_version": example.onet_version,
             "to_task_id": task["task_id"], "from_onet_soc_code": task["onet_soc_code"],
             "to_onet_soc_code": task["onet_soc_code"], "relation": "same", "evidence": "task_id",
             "similarity_score": 1.0, "lineage_weight": 1.0} for task in _tasks()
        ],
    }  # fmt: skip


def _meta(example: ExampleVintage) -> dict[str, list[dict]]:
    policy = "c15a5" if example.has_default_thresholds else "c3a2"
    least = (15, 5, 50, 25) if example.has_default_thresholds else (3, 2, 5, 3)
    names = ("min_conversations", "min_accounts", "min_text_conversations", "min_text_accounts")
    key = {"vintage_id": example.vintage_id}
    return {
        "meta/vintage": [key | {
            "index_version": "0.1.0", "reference_month": example.month, "published_at": example.published_at,
            "status": "preliminary", "supersedes": None, "source": "conversations",
            "onet_version": example.onet_version, "soc_version": "2018", "oews_year": 2024, "summariser": "extractive",
            "embedder": "all-MiniLM-L6-v2 onnx", "verifier": "calibrated retrieval", "mapping_route": "cluster",
            "facet_version": "heads-1", "code_version": "0.1.0", "dagster_run_id": None,
            "input_digest": hashlib.blake2b(example.vintage_id.encode(), digest_size=16).hexdigest(),
            "sdc_policy_id": policy, "seed": 7, "licence": "CC-BY-4.0", "citation": "Usage index, invented example.",
            "notes": "starter catalogue" if example.onet_version == "starter" else "",
        }],
        "meta/vintage_input": [
            key | {"step": step, "conversation_count": count}
            for step, count in (("read", 10_000), ("accepted", 9_800), ("occupational", 6_000), ("matched", 5_600))
        ],
        "meta/metric": [
            {"metric_id": name, "label": label, "formula": formula, "unit": "share", "numerator": formula,
             "denominator": "conversations with one of the five patterns", "is_additive": True, "valid_min": 0.0,
             "valid_max": 1.0, "source_equivalent": None}
            for name, label, formula in (
                ("automation_share", "Automation", "directive + feedback loop"),
                ("augmentation_share", "Augmentation", "task iteration + learning + validation"),
            )
        ],
        "meta/base": [
            {"base_id": name, "label": label, "has_none": True, "has_not_classified": True, "has_suppressed": True,
             "has_not_occupational": name == "all"}
            for name, label in (("occupational", "occupational conversations"), ("matched", "matched to a task"),
                                ("all", "all conversations"), ("cluster", "conversations of the cluster"))
        ],
        "meta/sdc_policy": [dict(zip(names, least, strict=True)) | {
            "sdc_policy_id": policy, "max_top_account_share": 0.5, "max_top_two_account_share": 0.85,
            "account_cap": 30, "rounding": "15-99 to 10; 100-999 to 50", "is_default": example.has_default_thresholds,
        }],
        "meta/suppression_summary": [
            key | {"table_name": table, "suppression_rule": rule, "cell_count": cells, "withheld_share": share}
            for table, rule, cells, share in (
                ("idx/task_month", "too_few_conversations", 212, 0.071), ("idx/task_month", "complementary", 3, None),
                ("idx/occupation_month", "too_few_accounts", 9, 0.012),
            )
        ],
        "qa/mapping_agreement": [
            key | {"mapping_route": "cluster", "other_mapping_route": "conversation", "mapping_level": level,
                   "item_count": count, "same_share": same, "pearson_correlation": pearson,
                   "spearman_correlation": pearson, "kendall_correlation": pearson / 2}
            for level, count, same, pearson in (("major_group", 22, 0.6, 0.95), ("task", 400, 0.2, 0.5))
        ],
        "meta/model_use": [
            key | {"role": "facets", "provider": "openai", "model": "a-model", "prompt": "facets",
                   "prompt_version": "1-0a1b2c3d", "question_count": 20_000, "answered_count": 19_900,
                   "reused_count": 0, "call_count": 20_500, "retried_count": 40, "input_token_count": 30_000_000,
                   "output_token_count": 2_000_000, "cost_usd": 12.5}
            | {f"{reason}_count": 20 if reason == "refused" else 0 for reason in FAILURE_REASONS}
        ],
        "qa/verifier": [
            key | {"verifier": "calibrated retrieval", "strategy": "retrieval", "query_count": 900,
                   "fit_query_count": 1000, "right_share": 0.43, "retrieval_right_share": 0.43, "accepted_share": 1.0,
                   "none_share": 0.0, "abstained_share": 0.0, "brier": 0.2, "retrieval_brier": 0.2,
                   "coverage_at_90_share": 0.1, "retrieval_coverage_at_90_share": 0.1, "beats_retrieval": False}
        ],
        "qa/verifier_reliability": [
            key | {"verifier": "calibrated retrieval", "bin_low_prob": low, "bin_high_prob": low + 0.5,
                   "query_count": 450, "mean_prob": low + 0.2, "right_share": low + 0.1} for low in (0.0, 0.5)
        ],
        "meta/labelling_failure": [],
        "qa/validation": [
            key | {"label_set": "2026-10-example", "judged_vintage_id": example.vintage_id, "facet": "task",
                   "level": level, "model": "calibrated retrieval", "version": "words", "rater_count": 2,
                   "item_count": 150, "effective_count": 150.0, "obs_status": "A", "accuracy": accuracy,
                   "ci_low": accuracy - 0.07, "ci_high": accuracy + 0.06, "ci_method": "wilson_effective",
                   "cohen_kappa": 0.6}
            for level, accuracy in (("base", 0.6), ("middle", 0.7), ("top", 0.8))
        ],
        "qa/validation_agreement": [],
        "qa/validation_share": [
            key | {"label_set": "2026-10-example", "judged_vintage_id": example.vintage_id, "obs_status": "A",
                   "table_name": "idx.automation_month", "category": name, "base": "classified",
                   "published_share": share, "share_corrected": share + shift, "share_corrected_se": 0.04,
                   "ci_low": share + shift - 0.08, "ci_high": share + shift + 0.08, "is_in_index": True}
            for name, share, shift in (("automation", 0.43, 0.05), ("augmentation", 0.57, -0.05))
        ],
        "qa/mapping_accuracy": [
            key | {"query_kind": kind, "soc_major_group": group, "query_count": count, "is_small_sample": count < 30,
                   "mean_prob": 0.55}
            | {f"{name}_{part}": value + more for part, more in (("share", 0), ("ci_low", -0.15), ("ci_high", 0.1))
               for name, value in (("hit_at_1", 0.5), ("hit_at_5", 0.7), ("hit_at_10", 0.8), ("right_group", 0.75))}
            for kind in ("activity_request", "occupation_request") for group, count in (("11", 80), ("15", 12))
        ],
        "qa/conservation": [
            key | {"table_name": table, "group_id": "all", "published_share": 0.86, "suppressed_share": 0.07,
                   "none_share": 0.05, "not_classified_share": 0.02, "not_published_share": 0.0, "total_share": 1.0,
                   "tolerance": 1e-4, "is_conserved": True} for table in ("idx/task_month", "idx/occupation_month")
        ],
    }  # fmt: skip


def _usage(example: ExampleVintage) -> dict[str, list[dict]]:
    """Tables by task, occupation and their groups from invented task weights; about half of the tasks are zeros."""
    tasks, occupations = _tasks(), {row["onet_soc_code"]: row for row in _occupations()}
    weights = {}
    for task in tasks:
        level = GROUP_WEIGHT.get(task["onet_soc_code"][:2], 0.9)
        is_used = _noise("used", task["task_id"]) < min(0.9, 0.25 + level / 40)
        bump = 1 + example.drift * (_noise(example.month, task["task_id"]) - 0.5)
        size = sum(other["onet_soc_code"][:2] == task["onet_soc_code"][:2] for other in tasks)
        weights[task["task_id"]] = level / size * bump * 4 * _noise("size", task["task_id"]) ** 2 if is_used else 0.0
    total = sum(weights.values())
    share = {task: weight / total for task, weight in weights.items()}
    base = _common(example, base="occupational")
    matched = _common(example, base="matched")
    by_task = [
        base | {"task_id": task["task_id"], "task": task["task"], "occupation_count": 1}
        | _stated(0.93 * share[task["task_id"]]) for task in tasks
    ]  # fmt: skip
    rest = [("none", 0.05), ("not_classified", 0.02)]
    withheld = 0.93 - sum(row.get("usage_share", 0.0) for row in by_task)
    by_task += [
        base | {"task_id": kind, "row_kind": kind} | _stated(part) for kind, part in [*rest, ("suppressed", withheld)]
    ]
    by_task_occupation = [
        row | {"onet_soc_code": task["onet_soc_code"], "alloc_rule": "equal", "alloc_weight": 1.0}
        for row, task in zip(by_task, tasks, strict=False)
    ]
    employed = sum(row["employment_count"] or 0 for row in occupations.values())
    by_occupation, groups = [], {}
    for code, row in occupations.items():
        own = [task["task_id"] for task in tasks if task["onet_soc_code"] == code]
        part, employment = sum(share[task] for task in own), (row["employment_count"] or 0) / employed
        used = sum(0.93 * share[task] * 6_000 >= 15 for task in own)
        stated = _stated(part)
        attributes = {
            name: row[name] for name in ("title", "soc_code", "soc_major_group", "job_zone", "median_wage_usd")
        }
        if stated.get("obs_status") != "Q":
            stated |= {"representation_ratio": part / employment if employment else None, "used_task_count": used,
                       "task_coverage": used / len(own) if own else None,
                       "usage_per_million_workers": stated["conversation_count"] / (employment * employed) * 1e6
                       if employment else None}  # fmt: skip
        by_occupation.append(
            matched | attributes | stated
            | {"soc_system": "O*NET-SOC 2019", "onet_soc_code": code, "alloc_rule": "equal",
               "employment_share": employment, "task_count": len(own)}
        )  # fmt: skip
        for table, name in (("major", code[:2]), ("zone", str(row["job_zone"] or "unknown")), ("wage", _band(row))):
            before = groups.setdefault((table, name), [0.0, 0.0, 0])
            groups[table, name] = [before[0] + part, before[1] + employment, before[2] + 1]
    return {
        "idx/activity_month": _by_activity(share, matched),
        "idx/activity_side_month": [
            row | {"side": side} for side in ("goal", "action") for row in _by_activity(share, matched)
        ],
        "idx/task_month": by_task,
        "idx/task_occupation_month": by_task_occupation,
        "idx/occupation_month": by_occupation,
        "idx/major_group_month": [
            matched | {"soc_major_group": name, "alloc_rule": "equal", "title": GROUP_TITLES[name],
                       "employment_share": employment} | _stated(part)
            | ({"representation_ratio": part / employment} if part * 6_000 >= 15 and employment else {})
            for (table, name), (part, employment, _) in groups.items() if table == "major"
        ],
        "idx/job_zone_month": [
            matched | {"job_zone": name, "employment_share": employment} | _stated(part)
            for (table, name), (part, employment, _) in groups.items() if table == "zone"
        ],
        "idx/wage_month": [
            matched | {"wage_band": name, "employment_share": employment, "occupation_count": count,
                       "hourly_occupation_count": 0} | _stated(part) | _band_ends(name)
            for (table, name), (part, employment, count) in groups.items() if table == "wage"
        ],
    }  # fmt: skip


def _by_activity(share: dict[str, float], matched: dict) -> list[dict]:
    """Intermediate and generalized activities; with one detailed activity per task both label rules agree."""
    links = _starter("Tasks to DWAs.txt").unique(["Task ID"], keep="first", maintain_order=True)
    sums: dict[tuple[str, str], float] = {}
    for task_id, dwa_id in links.select("Task ID", "DWA ID").rows():
        for level, activity in (("iwa", dwa_id[:-4]), ("gwa", dwa_id.split(".I")[0])):
            sums[level, activity] = sums.get((level, activity), 0.0) + share[task_id]
    return [
        matched | {"label_rule": rule, "activity_level": level, "activity_id": activity,
                   "title": f"Activity {activity}",
                   "parent_id": activity.split(".I")[0] if level == "iwa" else None} | _stated(part)
        for rule in ("multi", "single") for (level, activity), part in sums.items()
    ]  # fmt: skip


def _band(occupation: dict) -> str:
    wage = occupation["median_wage_usd"]
    ends = (0, 30_000, 45_000, 60_000, 80_000, 100_000, 150_000)
    if wage is None:
        return "unknown"
    low = max(end for end in ends if end <= wage)
    return "150000+" if low == 150_000 else f"{low:06d}-{ends[ends.index(low) + 1] - 1:06d}"


def _band_ends(name: str) -> dict:
    if name == "unknown":
        return {}
    low, _, high = name.rstrip("+").partition("-")
    return {"wage_low_usd": float(low), "wage_high_usd": float(high) + 1 if high else None}


def _collaboration(example: ExampleVintage) -> tuple[list[dict], list[dict]]:
    base = _common(example, base="occupational")
    nodes = [("all", "all"), *(("major_group", code) for code in GROUP_TITLES)]
    nodes += [("occupation", row["onet_soc_code"]) for row in _occupations()[:12]]
    patterns, buckets = [], []
    for kind, node in nodes:
        tilt = 0 if node == "all" else _noise("tilt", node) - 0.5
        parts = {
            name: part * (1 + tilt * (1 if name in {"directive", "feedback_loop"} else -1))
            for name, part in PATTERNS.items()
        }
        is_withheld = node in {"45", "37"}
        hidden = {"obs_status": "Q", "conf_status": "A", "suppression_rule": "too_few_conversations"}
        for denominator, extra in (("classified", {}), ("with_none", {"none": 0.06}),
                                   ("all_seven", {"none": 0.06, "not_classified": 0.02})):  # fmt: skip
            total = sum(parts.values()) + sum(extra.values())
            key = base | {"node_type": kind, "node_id": node, "denominator": denominator}
            for name, part in (parts | extra).items():
                value = {"pattern_share": part / total, "account_share": part / total, "conversation_count": 100,
                         "account_band": "25-49"}  # fmt: skip
                row_kind = name if name in {"none", "not_classified"} else "value"
                patterns.append(
                    key | {"collaboration_pattern": name, "row_kind": row_kind} | (hidden if is_withheld else value)
                )
            automation = (parts["directive"] + parts["feedback_loop"]) / total
            rest = sum(parts.values()) / total - automation
            buckets.append(
                key | (hidden if is_withheld else {"automation_share": automation, "augmentation_share": rest})
            )
    return patterns, buckets


def _cluster_facets(example: ExampleVintage) -> list[dict]:
    base = _common(example, base="cluster")
    facets = {
        "collaboration_pattern": PATTERNS | {"none": 0.03, "not_classified": 0.01},
        "use_case": {"work": 0.6, "coursework": 0.2, "personal": 0.195, "not_classified": 0.005},
        "language": {"en": 0.8, "de": 0.14, "es": 0.06},
    }
    found = []
    for name, level, _, _, size in CLUSTERS:
        for facet, parts in facets.items():
            tilted = {value: part * (0.4 + 1.2 * _noise(name, value)) for value, part in parts.items()}
            key = base | {"cluster_id": name, "cluster_level": level, "facet": facet}
            stated = {
                value: _stated(part / sum(tilted.values()), total=round(6_000 * size)) for value, part in tilted.items()
            }
            found += [
                key | {"facet_value": value, "row_kind": value if value.startswith("no") else "value"} | cell
                for value, cell in stated.items()
                if facet != "language" or "usage_share" in cell
            ]
            rest = 1 - sum(cell.get("usage_share", 0.0) for cell in stated.values())
            rest = {"usage_share": max(0.0, round(rest, 4)), "account_share": max(0.0, round(rest, 4))}
            found.append(key | {"facet_value": "suppressed", "row_kind": "suppressed"} | rest)
    return found


def _others(example: ExampleVintage) -> dict[str, list[dict]]:
    base = _common(example, base="occupational")
    every = _common(example, base="all", population="all")
    patterns, buckets = _collaboration(example)
    curve = [
        base | {"floor_count": floor, "coverage_cut": cut / 20, "occupation_count": 127,
                "occupation_share": round(max(0.0, (1 - cut / 20) ** (1.5 + floor / 30)), 4)}
        for floor in (15, 30, 75, 150) for cut in range(21)
    ]  # fmt: skip
    return {
        "idx/collaboration_month": patterns,
        "idx/automation_month": buckets,
        "idx/coverage_curve": curve,
        "idx/use_case_month": [
            every | {"use_case": name} | _stated(part, total=9_800)
            for name, part in (("work", 0.46), ("coursework", 0.19), ("personal", 0.31), ("not_classified", 0.04))
        ],
        "idx/model_month": [
            every | {"model": name} | _stated(part, total=9_800)
            for name, part in (("assistant-large", 0.52), ("assistant-small", 0.479), ("assistant-trial", 0.001))
        ],
        "idx/skill_month": [
            base | {"skill": name} | _stated(part)
            for name, part in (("Writing", 0.44), ("Programming", 0.35), ("Critical Thinking", 0.31),
                               ("Reading Comprehension", 0.22), ("Negotiation", 0.001), ("Installation", 0.0))
        ],
        "idx/request_cluster_month": [
            base | {"cluster_id": name, "cluster_level": level, "parent_id": parent, "name": text,
                    "description": text and f"{text}. Users ask for this in many words.",
                    "persistent_id": name,
                    "privacy_grade": 5 if text else None, "map_x": _noise("x", name), "map_y": _noise("y", name)}
            | _stated(part) for name, level, parent, text, part in CLUSTERS
        ],
        "idx/cluster_facet_month": _cluster_facets(example),
        "idx/cluster_lineage_month": [
            base | {"cluster_level": level, "cluster_id": name, "prev_cluster_id": before, "relation": relation,
                    "persistent_id": None if relation is None else name, "overlap_share": overlap,
                    "prev_overlap_share": overlap, "prev_vintage_id": "2026-09-example"}
            | ({"obs_status": "Q", "conf_status": "D", "suppression_rule": "complementary"} if relation is None else {})
            for level, name, before, relation, overlap in (
                (2, "top-1", "old-1", "continuation", 0.9), (2, "top-2", "none", "birth", 0.0),
                (2, "none", "old-2", "death", 0.0), (0, "base-2", "old-3", None, None))
        ],
        "idx/headline_month": [
            base | {"metric_id": name, "value": value}
            for name, value in example.headlines.items()
        ],
    }  # fmt: skip
