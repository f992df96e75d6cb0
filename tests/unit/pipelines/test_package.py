"""The data package: validates as Frictionless, says null and zero apart, and holds what the warehouse holds."""

import json
import warnings

import duckdb
import polars as pl
import pytest
from published_example import ExampleVintage, write_example

from pipelines.contracts import PUBLISHED_TABLES
from pipelines.package import write_package
from pipelines.warehouse import build_warehouse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import frictionless


@pytest.fixture(scope="module")
def package(example_warehouse, tmp_path_factory):
    target = tmp_path_factory.mktemp("package") / "package"
    write_package(example_warehouse, target)
    return target


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_package_validates(package):
    report = frictionless.validate(str(package / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:5]
    assert len(report.tasks) == 2 * len(PUBLISHED_TABLES)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("damage", ["cell", "vintage", "parquet"])
def test_a_damaged_package_does_not_validate(package, tmp_path, damage):
    for path in package.rglob("*"):
        target = tmp_path / path.relative_to(package)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    if damage == "parquet":
        with (tmp_path / "parquet" / "idx_wage_month.parquet").open("ab") as file:
            file.write(b"x")
    else:
        path = tmp_path / "csv" / "idx_wage_month.csv"
        old, new = (",assistant,", ",") if damage == "cell" else ("2026-10-a", "2026-10-b")
        path.write_text(path.read_text().replace(old, new))
        _without_hashes(tmp_path / "datapackage.json")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    expected = {"cell": "missing-cell", "vintage": "foreign-key", "parquet": "byte-count"}[damage]
    assert expected in {kind for (kind,) in report.flatten(["type"])}


def _without_hashes(path):
    described = json.loads(path.read_text())
    for resource in described["resources"]:
        resource.pop("hash")
        resource.pop("bytes")
    path.write_text(json.dumps(described))


def test_csv_tells_null_from_zero(package):
    rows = pl.read_csv(package / "csv" / "idx_task_month.csv", infer_schema=False)
    assert rows.filter(obs_status="Q").get_column("usage_share").null_count() == rows.filter(obs_status="Q").height > 0
    assert rows.filter(usage_share="0.0", obs_status="A").height > 0


def test_both_forms_hold_the_latest_vintage_of_every_month(package, example_warehouse):
    with duckdb.connect(str(example_warehouse), read_only=True) as con:
        expected = con.sql("SELECT * FROM latest.task_month ORDER BY vintage_id, period_start, task_id").pl()
    assert pl.read_parquet(package / "parquet" / "idx_task_month.parquet").equals(expected)
    csv = pl.read_csv(package / "csv" / "idx_task_month.csv", schema=expected.schema, null_values="")
    assert csv.equals(expected)


def test_every_column_is_described_and_every_file_listed(package):
    described = json.loads((package / "datapackage.json").read_text())
    listed = {resource["path"] for resource in described["resources"]}
    files = {str(path.relative_to(package)) for path in package.rglob("*.*") if path.is_file()}
    assert files == listed | {"datapackage.json", "README.md"}
    fields = [
        field for resource in described["resources"] if "schema" in resource for field in resource["schema"]["fields"]
    ]
    assert all(field["description"] for field in fields)
    assert described["vintages"] == ["2026-09-again", "2026-10-a"]


def test_the_readme_names_every_month_and_table(package):
    text = (package / "README.md").read_text()
    assert all(word in text for word in ("2026-09-again", "2026-10-a", "never zero"))
    assert all(name.replace("/", ".") in text for name in PUBLISHED_TABLES)


def test_writing_again_replaces_the_package_and_gives_the_same_bytes(package, example_warehouse, tmp_path):
    target = tmp_path / "package"
    target.mkdir()
    (target / "left_over.csv").touch()
    write_package(example_warehouse, target)
    again = {path.relative_to(target): path.read_bytes() for path in target.rglob("*.*") if path.is_file()}
    assert again == {path.relative_to(package): path.read_bytes() for path in package.rglob("*.*") if path.is_file()}
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_another_licence_is_stated_as_it_is(tmp_path):
    vintages = write_example(tmp_path / "v", (ExampleVintage(),))
    path = vintages / "2026-10-a" / "meta" / "vintage.parquet"
    pl.read_parquet(path).with_columns(licence=pl.lit("ODbL-1.0")).write_parquet(path)
    build_warehouse(vintages, tmp_path / "i.duckdb")
    write_package(tmp_path / "i.duckdb", tmp_path / "p")
    described = json.loads((tmp_path / "p" / "datapackage.json").read_text())
    assert described["licenses"] == [{"name": "ODbL-1.0", "title": "ODbL-1.0"}]
