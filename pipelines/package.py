"""The data package: the latest vintage of every month as Parquet and CSV with a Frictionless table schema.

The DuckDB file holds every vintage; the package holds what a reader should use today: rows of the latest vintage of
each month, and the reference and meta tables whole. Nothing here computes a published number.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import dataframely as dy
import duckdb
import polars as pl

from pipelines.contracts import PUBLISHED_TABLES
from pipelines.storage import replaced
from pipelines.warehouse import table_comment, table_key

FOREIGN_KEYS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "meta/vintage": (("sdc_policy_id", "meta/sdc_policy", "sdc_policy_id"),),
    "idx/headline_month": (("metric_id", "meta/metric", "metric_id"),),
    "ref/occupation": (("soc_major_group", "ref/soc_group", "soc_group_code"),),
}
CSV_NULL: Final = ""
LICENCE_PATHS: Final = {
    "CC-BY-4.0": ("Creative Commons Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/"),
}
SOURCES: Final = (
    {
        "title": "O*NET database, U.S. Department of Labor, Employment and Training Administration (CC BY 4.0)",
        "path": "https://www.onetcenter.org/database.html",
    },
    {
        "title": "Occupational Employment and Wage Statistics, U.S. Bureau of Labor Statistics (public domain)",
        "path": "https://www.bls.gov/oes/",
    },
)


def write_package(warehouse: Path, target: Path) -> None:
    """Write the package from the DuckDB file and swap its folder in.

    Args:
        warehouse: File of `pipelines.warehouse`.
        target: Folder to write: `datapackage.json`, `README.md`, `parquet/`, `csv/`.
    """
    with replaced(target) as temporary, duckdb.connect(str(warehouse), read_only=True) as con:
        for folder in ("parquet", "csv"):
            (temporary / folder).mkdir(parents=True)
        resources = []
        for name, schema in PUBLISHED_TABLES.items():
            frame = _package_rows(con, name, schema)
            resources += _write_table(temporary, name, schema, frame)
        vintages = con.sql("SELECT * FROM latest.vintage ORDER BY reference_month").pl()
        described = package_description(vintages, resources)
        text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        (temporary / "datapackage.json").write_text(text, encoding="utf-8")
        (temporary / "README.md").write_text(_readme(described, vintages), encoding="utf-8")


def table_schema(name: str) -> dict[str, Any]:
    """Frictionless Table Schema of a published table.

    Args:
        name: Table name such as `idx/task_month`.
    """
    schema = PUBLISHED_TABLES[name]
    key = table_key(schema)
    foreign = [("vintage_id", "meta/vintage", "vintage_id")] if name != "meta/vintage" and "vintage_id" in key else []
    foreign += [("base_id", "meta/base", "base_id")] if "base_id" in schema.columns() and "base_id" not in key else []
    foreign += FOREIGN_KEYS.get(name, ())
    return {
        "fields": [_field(column, definition, key) for column, definition in schema.columns().items()],
        "primaryKey": key,
        "foreignKeys": [
            {"fields": [column], "reference": {"resource": resource_name(table), "fields": [other]}}
            for column, table, other in foreign
        ],
        "missingValues": [CSV_NULL],
    }


def resource_name(table: str) -> str:
    """Name of the CSV resource of a table, such as `idx-task_month`.

    Args:
        table: Table name.
    """
    return table.replace("/", "-")


def package_description(vintages: pl.DataFrame, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """`datapackage.json` as a mapping.

    Args:
        vintages: Rows of `latest.vintage`, by month.
        resources: Descriptors of the files.
    """
    last = vintages.row(-1, named=True)
    licence = str(last["licence"])
    title, path = LICENCE_PATHS.get(licence, (licence, ""))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "economic-usage-index",
        "title": "Open economic-usage index",
        "description": "How much AI is used for the occupational tasks and occupations of the U.S. economy, month by "
        "month, and whether it automates or augments the work. Latest vintage of every month.",
        "version": last["index_version"],
        "created": f"{last['published_at']:%Y-%m-%dT%H:%M:%SZ}",
        "keywords": ["artificial intelligence", "labour market", "O*NET", "SOC", "occupations"],
        "licenses": [{"name": licence, "title": title} | ({"path": path} if path else {})],
        "sources": list(SOURCES),
        "contributors": [{"title": last["citation"], "role": "author"}],
        "vintages": vintages.get_column("vintage_id").to_list(),
        "resources": resources,
    }


def _package_rows(con: duckdb.DuckDBPyConnection, name: str, schema: type[dy.Schema]) -> pl.DataFrame:
    """Rows of a table: of the latest vintages where it has a vintage, else all, in key order."""
    key = table_key(schema)
    where = "WHERE vintage_id IN (SELECT vintage_id FROM latest.vintage)" if "vintage_id" in key else ""
    rows: pl.DataFrame = con.sql(f"SELECT * FROM {name.replace('/', '.')} {where} ORDER BY {', '.join(key)}").pl()
    return rows


def _write_table(folder: Path, name: str, schema: type[dy.Schema], frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Write one table in both forms; return their descriptors."""
    resource = resource_name(name)
    stem = name.replace("/", "_")
    comment = table_comment(schema)
    parquet, csv = folder / "parquet" / f"{stem}.parquet", folder / "csv" / f"{stem}.csv"
    frame.write_parquet(parquet, compression="zstd")
    frame.write_csv(csv, null_value=CSV_NULL, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return [
        {
            "name": resource,
            "type": "table",
            "title": name.replace("/", "."),
            "description": comment,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True},
            "schema": table_schema(name),
        }
        | _content(folder, csv),
        {
            "name": f"{resource}-parquet",
            "type": "file",
            "title": f"{name.replace('/', '.')} as Parquet",
            "description": f"{comment} The same rows and columns as the resource {resource}.",
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
        }
        | _content(folder, parquet),
    ]


def _content(folder: Path, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "path": str(path.relative_to(folder)),
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _field(name: str, column: dy.Column, key: list[str]) -> dict[str, Any]:
    """Frictionless field of a column."""
    field: dict[str, Any] = {"name": name, "type": "string", "description": column.description or ""}
    constraints: dict[str, Any] = {}
    is_text = isinstance(column, dy.String)
    # An empty text and a null are one in CSV, so only the texts of a key are declared required.
    if name in key or not (column.nullable or is_text):
        constraints["required"] = True
    if isinstance(column, dy.Int64 | dy.Float64):
        field["type"] = "integer" if isinstance(column, dy.Int64) else "number"
        bounds = {"minimum": column.min, "maximum": column.max}
        constraints |= {bound: value for bound, value in bounds.items() if value is not None}
    elif isinstance(column, dy.Bool):
        field |= {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]}
    elif isinstance(column, dy.Date):
        field["type"] = "date"
    elif isinstance(column, dy.Datetime):
        field |= {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"}
    elif isinstance(column, dy.Enum):
        constraints["enum"] = list(column.categories)
    return field | ({"constraints": constraints} if constraints else {})


def _readme(described: dict[str, Any], vintages: pl.DataFrame) -> str:
    """Short guide for a reader who has only this folder."""
    last = vintages.row(-1, named=True)
    tables = "\n".join(
        f"| `{item['title']}` | `{item['path']}` | {item['description']} |"
        for item in described["resources"]
        if item["format"] == "csv"
    )
    months = "\n".join(
        f"| {month} | `{vintage}` | {status} | {release} | {notes} |"
        for month, vintage, status, release, notes in vintages.select(
            "reference_month", "vintage_id", "status", "onet_version", "notes"
        ).iter_rows()
    )
    return f"""# {described["title"]}, data package

{described["description"]} Every table is here twice with equal rows: `csv/` and `parquet/`.
`datapackage.json` describes every column, key and file (Frictionless Data Package); check the folder with
`frictionless validate datapackage.json`.

## Reading rules

- Shares are fractions from 0 to 1. Change of a share by 0.01 is one percentage point.
- An empty CSV field is null and never zero; zero is written `0`. `obs_status` says why a value is missing:
  `Q` withheld by disclosure control (see `suppression_rule`), `M` not available.
- Codes are text: read `soc_major_group`, `task_id` and the like as strings.
- `row_kind` is `value` for a task, occupation or group; other kinds hold what is left, so that a table adds up.
- Counts are rounded; accounts are given as bands. Thresholds: `meta.sdc_policy`.

## Months

| month | vintage | status | O*NET | notes |
|---|---|---|---|---|
{months}

## Tables

| table | file | one row |
|---|---|---|
{tables}

## Licence and citation

{last["licence"]}. {last["citation"]} Sources: {"; ".join(source["title"] for source in described["sources"])}.
"""
