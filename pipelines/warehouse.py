"""The DuckDB file: every published vintage of a store, documented, built in one step and renamed into place.

Loading, keys and comments are here; the views are in `warehouse_views`. Nothing here computes a published number.
"""

import inspect
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import dataframely as dy
import duckdb
import polars as pl

from pipelines.contracts import IDX_TABLES, META_TABLES, PUBLISHED_TABLES
from pipelines.errors import InputUnusableError
from pipelines.storage import replaced
from pipelines.warehouse_views import View, latest_views, main_views

SCHEMAS: Final = ("idx", "ref", "meta", "qa", "latest")
_BLOCK_SIZE: Final = 16_384  # many small columns: the default of 262,144 makes the file fifteen times as large
_ROW_COUNT_SCHEMA: Final = {"table_name": pl.String, "row_count": pl.Int64}


class NoVintageError(InputUnusableError):
    """The store holds no published vintage."""


class VintageUnreadableError(InputUnusableError):
    """A published vintage lacks a table or a column that its schema demands."""


def build_warehouse(vintages: Path, target: Path) -> pl.DataFrame:
    """Build the DuckDB file from the Parquet of all vintages and swap it in.

    A reader that has the old file open keeps reading the old file. Tables with a `vintage_id` hold every vintage;
    reference tables and other tables without one are de-duplicated by their key (and O*NET release), the most recently
    published vintage winning. A vintage of an earlier version of the software may lack tables that came later.

    Args:
        vintages: Folder with `<vintage_id>/<schema>/<table>.parquet`.
        target: The file to write, such as `out/index.duckdb`.

    Returns:
        `table_name` and `row_count` of every table, sorted by name.

    Raises:
        NoVintageError: There is no vintage.
        VintageUnreadableError: A vintage does not fit the schemas.
    """
    folders = published_vintages(vintages)
    with replaced(target) as temporary:
        con = duckdb.connect()
        try:
            con.execute(f"ATTACH {_quoted(str(temporary))} AS warehouse (BLOCK_SIZE {_BLOCK_SIZE}); USE warehouse")
            con.execute("BEGIN")
            for schema in SCHEMAS:
                con.execute(f"CREATE SCHEMA {schema}")
            current = _of_the_last_version(folders)
            counts = [(name, _load(con, name, folders, current)) for name in sorted(PUBLISHED_TABLES)]
            for view in [*latest_views(), *main_views()]:
                _create_view(con, view)
            con.execute("COMMIT")
            con.execute("CHECKPOINT warehouse")
        finally:
            con.close()
    return pl.DataFrame(counts, schema=_ROW_COUNT_SCHEMA, orient="row")


def published_vintages(vintages: Path) -> list[Path]:
    """Folders of the vintages, the most recently published last.

    Args:
        vintages: Folder that holds them; hidden folders are unfinished and left out.

    Raises:
        NoVintageError: There is none.
        VintageUnreadableError: A folder has no `meta/vintage.parquet`.
    """
    folders = sorted(path for path in vintages.glob("*") if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise NoVintageError(
            f"expected published vintages in {vintages}, found none: publish a month with 'usage-index run' first"
        )
    order = []
    for folder in folders:
        path = folder / "meta" / "vintage.parquet"
        if not path.is_file():
            raise VintageUnreadableError(
                f"expected meta/vintage.parquet in vintage {folder.name}, found none: "
                "remove the folder and publish again"
            )
        published_at = pl.read_parquet(path, columns=["published_at"]).get_column("published_at").max()
        order.append((str(published_at), folder.name, folder))
    return [folder for _, _, folder in sorted(order)]


def _of_the_last_version(folders: Sequence[Path]) -> set[str]:
    """Names of the vintages that the version of the software which published last has made: they hold every table."""
    versions = {
        folder.name: pl.read_parquet(folder / "meta" / "vintage.parquet", columns=["code_version"]).item(0, 0)
        for folder in folders
    }
    return {name for name, version in versions.items() if version == versions[folders[-1].name]}


def sql_type(column: dy.Column) -> str:
    """DuckDB type of a schema's column; times are UTC without a zone, because not every client can convert zones.

    Args:
        column: Column of a schema.

    Raises:
        ValueError: The schema has a type that no published table may have.
    """
    if isinstance(column, dy.String | dy.Enum):
        return "VARCHAR"
    if isinstance(column, dy.Int64):
        return "BIGINT"
    if isinstance(column, dy.Float64):
        return "DOUBLE"
    if isinstance(column, dy.Bool):
        return "BOOLEAN"
    if isinstance(column, dy.Date):
        return "DATE"
    if isinstance(column, dy.Datetime):
        return "TIMESTAMP"
    raise ValueError(f"expected a scalar column in a published table, found {type(column).__name__}")


def table_key(schema: type[dy.Schema]) -> list[str]:
    """Columns that name a row in the warehouse: the schema's key, and the O*NET release where rows carry one.

    Args:
        schema: Schema of the table.
    """
    key = schema.primary_key()
    if "vintage_id" not in key and "onet_version" in schema.columns() and "onet_version" not in key:
        return ["onet_version", *key]
    return key


def table_comment(schema: type[dy.Schema]) -> str:
    """Sentence that describes a table, from its schema.

    Args:
        schema: Schema of the table.
    """
    return " ".join(inspect.cleandoc(schema.__doc__ or "").split())


def _load(con: duckdb.DuckDBPyConnection, name: str, folders: Sequence[Path], current: Collection[str]) -> int:
    """Create one table, fill it from every vintage that has it, and comment it."""
    schema = PUBLISHED_TABLES[name]
    table = name.replace("/", ".")
    columns = schema.columns()
    _create_table(con, table, schema)
    files = [str(path) for folder in folders if (path := folder / f"{name}.parquet").is_file()]
    lacking = [folder.name for folder in folders if not (folder / f"{name}.parquet").is_file()]
    broken = [folder for folder in lacking if folder in current]
    if broken and name in IDX_TABLES | META_TABLES:
        raise VintageUnreadableError(
            f"expected {name}.parquet in every vintage of this version, {', '.join(broken)} have none: "
            "remove those folders and publish their months again"
        )
    if files:
        source = "read_parquet(?, union_by_name = true, hive_partitioning = false, filename = '_file')"
        held = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}", [files]).fetchall()}
        chosen = ", ".join(_column_sql(column, columns[column], column in held) for column in columns)
        key = table_key(schema)
        last = f"QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY list_position(?, _file) DESC) = 1"
        once = "" if "vintage_id" in key else last
        query = f"INSERT INTO {table} SELECT {chosen} FROM {source} {once} ORDER BY {', '.join(key)}"
        try:
            con.execute(query, [files, files] if once else [files])
        except duckdb.ConstraintException as error:
            raise VintageUnreadableError(
                f"expected {name} to have the key {', '.join(key)} and no null in its required columns, found rows "
                "that break this: publish the month again with this version"
            ) from error
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _create_table(con: duckdb.DuckDBPyConnection, table: str, schema: type[dy.Schema]) -> None:
    """Create an empty table with its key, its required columns and its comments."""
    columns = schema.columns()
    lines = [f"{name} {sql_type(column)}{'' if column.nullable else ' NOT NULL'}" for name, column in columns.items()]
    con.execute(f"CREATE TABLE {table} ({', '.join(lines)}, PRIMARY KEY ({', '.join(table_key(schema))}))")
    con.execute(f"COMMENT ON TABLE {table} IS {_quoted(table_comment(schema))}")
    for name, column in columns.items():
        con.execute(f"COMMENT ON COLUMN {table}.{name} IS {_quoted(column.description or '')}")


def _column_sql(name: str, column: dy.Column, is_held: bool) -> str:
    """Expression that reads a column; one that older vintages lack is null."""
    if not is_held:
        return f"NULL::{sql_type(column)} AS {name}"
    if isinstance(column, dy.Datetime):
        return f"({name} AT TIME ZONE 'UTC')::TIMESTAMP AS {name}"
    return f"{name}::{sql_type(column)} AS {name}"


def _create_view(con: duckdb.DuckDBPyConnection, view: View) -> None:
    """Create a view and comment it and all its columns."""
    con.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    con.execute(f"COMMENT ON VIEW {view.name} IS {_quoted(view.comment)}")
    for name, *_rest in con.execute(f"DESCRIBE {view.name}").fetchall():
        con.execute(f"COMMENT ON COLUMN {view.name}.{name} IS {_quoted(view.columns[name])}")


def _quoted(text: str) -> str:
    """SQL literal of a text."""
    return "'" + text.replace("'", "''") + "'"
