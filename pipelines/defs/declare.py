"""How a table becomes a Dagster asset: key, schema, checks, metadata, preview and fingerprint in one decorator.

Every asset of the graph is declared here, so that all tables look and behave alike in the UI.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import dataframely as dy
import polars as pl

from pipelines.contracts import TABLES
from pipelines.freshness import fingerprint, upstream_fingerprints
from pipelines.partitions import monthly, previous_month
from pipelines.preview import preview
from pipelines.storage import Store

OWNERS = ["team:usage-index"]
_SCHEMA_CHECK = "Types, keys, ranges and rules of the table's schema."
Check = Callable[[pl.LazyFrame], dg.AssetCheckResult]
Frames = pl.DataFrame | pl.LazyFrame | Mapping[str, pl.DataFrame | pl.LazyFrame]


@dataclass(frozen=True)
class TableSpec:
    """What the graph knows of one table.

    Attributes:
        name: Table name, which is the asset key.
        group: Asset group.
        description: What one row is; from the schema where there is one.
        schema: Schema class, or None for a table without a fixed one.
        is_monthly: One partition per calendar month.
        settings: Settings that the table depends on.
        kinds: Kinds shown in the UI.
        checks: Checks by name, beside the check of the schema.
        freshness_policy: How old the table may become.
    """

    name: str
    group: str
    description: str = ""
    schema: type[dy.Schema] | None = None
    is_monthly: bool = True
    settings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("polars", "parquet")
    checks: Mapping[str, Check] = field(default_factory=dict)
    freshness_policy: dg.FreshnessPolicy | None = None

    @property
    def key(self) -> dg.AssetKey:
        """Asset key."""
        return dg.AssetKey(self.name.split("/"))

    @property
    def declared_schema(self) -> type[dy.Schema] | None:
        """Schema class from the spec or the registry of tables."""
        return self.schema or TABLES.get(self.name)

    @property
    def text(self) -> str:
        """Description shown in the UI."""
        schema = self.declared_schema
        return self.description or (inspect.cleandoc(schema.__doc__ or "") if schema else "")

    def metadata(self) -> dict[str, Any]:
        """Metadata of the definition: columns, and the settings it depends on."""
        return {"settings": list(self.settings), **column_metadata(self.declared_schema)}

    def check_specs(self) -> list[dg.AssetCheckSpec]:
        """Checks that block what comes after them."""
        schema = {"schema": _SCHEMA_CHECK} if self.declared_schema else {}
        named = {**schema, **{name: inspect.getdoc(check) or "" for name, check in self.checks.items()}}
        return [
            dg.AssetCheckSpec(name, asset=self.key, description=text, blocking=True) for name, text in named.items()
        ]


def _type_name(dtype: pl.DataType) -> str:
    return "Enum" if isinstance(dtype, pl.Enum) else str(dtype)


def _column_text(column: dy.Column) -> str:
    """Description of a column; the values of an enumeration belong here, where the UI wraps them."""
    if not isinstance(column.dtype, pl.Enum):
        return column.description or ""
    return f"{column.description} One of: {', '.join(column.dtype.categories)}."


def column_metadata(schema: type[dy.Schema] | None) -> dict[str, Any]:
    """Dagster column schema of a table."""
    if schema is None:
        return {}
    columns = [
        dg.TableColumn(
            name=name,
            type=_type_name(column.dtype),
            description=_column_text(column),
            constraints=dg.TableColumnConstraints(
                nullable=column.nullable, other=["primary key"] if column.primary_key else []
            ),
        )
        for name, column in schema.columns().items()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def rules_broken(schema: type[dy.Schema], frame: pl.DataFrame | pl.LazyFrame) -> dict[str, int]:
    """Rows that break each rule of a schema; of a scanned table only the columns and the key are looked at.

    Scanned tables are those too large to hold; what makes them validates every batch.

    Args:
        schema: Schema class.
        frame: Rows.
    """
    if isinstance(frame, pl.DataFrame):
        return {rule: int(count) for rule, count in schema.filter(frame, cast=True).failure.counts().items()}
    missing = set(schema.column_names()) - set(frame.collect_schema().names())
    key = frame.select(pl.struct(schema.primary_key()).alias("key"))
    repeated = key.select(pl.len() - pl.col("key").n_unique()).collect(engine="streaming").item()
    return {rule: int(count) for rule, count in {"columns": len(missing), "primary_key": repeated}.items() if count}


def checked_output(
    spec: TableSpec, frame: pl.DataFrame | pl.LazyFrame, print_: str
) -> Iterator[dg.Output[Any] | dg.AssetCheckResult]:
    """Yield a table as an output with its metadata, then the results of its checks.

    Args:
        spec: The table.
        frame: Its rows.
        print_: Fingerprint that says from what it was made.
    """
    rows = frame.select(pl.len()).collect().item() if isinstance(frame, pl.LazyFrame) else frame.height
    metadata: dict[str, Any] = {"dagster/row_count": rows, "fingerprint": print_}
    shown = preview(spec.name, frame)
    if shown:
        metadata["preview"] = dg.MetadataValue.md(shown)
    yield dg.Output(frame, output_name=_output_name(spec.name), metadata=metadata)
    schema = spec.declared_schema
    if schema:
        counts = rules_broken(schema, frame)
        yield dg.AssetCheckResult(
            asset_key=spec.key,
            check_name="schema",
            passed=not counts,
            metadata={"rules_broken": counts, "rows": rows},
        )
    for name, check in spec.checks.items():
        yield check(frame.lazy())._replace(asset_key=spec.key, check_name=name)


def _output_name(name: str) -> str:
    return name.replace("/", "__")


def _month_before(store: Store, table: str, month: str | None) -> pl.DataFrame | None:
    """A table's partition of the month before, or None where it was never made."""
    before = previous_month(month) if month else None
    return _partition_if_made(store, table, before)


def _partition_if_made(store: Store, table: str, month: str | None) -> pl.DataFrame | None:
    """A table's partition of a month, or None where there is no month or it was never made."""
    return store.read_table(table, month) if month and store.read_state(table, month) else None


def _out(spec: TableSpec, looked_at: Mapping[str, Sequence[str]]) -> dg.AssetOut:
    return dg.AssetOut(
        key=spec.key,
        group_name=spec.group,
        description=spec.text,
        kinds=set(spec.kinds),
        owners=OWNERS,
        metadata={**spec.metadata(), **{name: list(names) for name, names in looked_at.items() if names}},
        freshness_policy=spec.freshness_policy,
    )


def _asset_signature(function: Callable[..., Any], received: Mapping[str, str]) -> inspect.Signature:
    given = inspect.signature(function).parameters
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    inputs = [
        inspect.Parameter(name, keyword, annotation=given[name].annotation if name in given else pl.DataFrame)
        for name in received
    ]
    return inspect.Signature([given["context"], *inputs])


def tables(
    *specs: TableSpec,
    upstream: Mapping[str, str] | None = None,
    earlier: Mapping[str, str] | None = None,
    beside: Mapping[str, str] | None = None,
    deps: Sequence[str] = (),
    pool: str | None = None,
) -> Callable[[Callable[..., Frames]], dg.AssetsDefinition]:
    """Declare a function that returns tables as assets.

    Args:
        *specs: The tables, all monthly or none. With one, the function returns its frame; with several, a mapping
            from table name to frame.
        upstream: Parameter name to the table that it receives; annotate it pl.LazyFrame to get a scan.
        earlier: Parameter name to a monthly table whose partition of the month before it receives, or None where that
            was never made. It is no edge of the graph, so any month can be made first; a month made or made anew
            before leaves the next one stale.
        beside: Parameter name to a monthly table that a command writes outside of the graph; its partition of the same
            month, or None where it was never made. One made anew leaves what was made from it stale.
        deps: Tables that must exist before but are not loaded.
        pool: Pool that limits how many such functions run at once.

    A function with a parameter `scratch` gets a folder of the store that is removed after its tables are written.
    """
    received = dict(upstream or {})
    before = [*received.values(), *deps]
    looked_back, looked_beside = dict(earlier or {}), dict(beside or {})
    looked_at = {"month_before": list(looked_back.values()), "month_beside": list(looked_beside.values())}

    def wrap(function: Callable[..., Frames]) -> dg.AssetsDefinition:
        wants_scratch = "scratch" in inspect.signature(function).parameters

        @functools.wraps(function)
        def compute(context: dg.AssetExecutionContext, **inputs: Any) -> Iterator[Any]:
            store, settings = context.resources.store, context.resources.settings
            month = context.partition_key if specs[0].is_monthly else None
            needed = [*before, *looked_at["month_beside"]]
            made_from = upstream_fingerprints(store, needed, month, looked_at["month_before"])
            inputs |= {name: _month_before(store, table, month) for name, table in looked_back.items()}
            inputs |= {name: _partition_if_made(store, table, month) for name, table in looked_beside.items()}
            with context.resources.reporter.step([spec.name for spec in specs]), store.scratch() as folder:
                result = function(context, **inputs, **({"scratch": folder} if wants_scratch else {}))
                frames = result if isinstance(result, Mapping) else {specs[0].name: result}
                for spec in specs:
                    print_ = fingerprint(spec.name, month, settings=settings, used=spec.settings, upstream=made_from)
                    yield from checked_output(spec, frames[spec.name], print_)

        compute.__signature__ = _asset_signature(function, received)  # type: ignore[attr-defined]
        del compute.__wrapped__
        return dg.multi_asset(
            name=_output_name(specs[0].name) if len(specs) == 1 else function.__name__,
            outs={_output_name(spec.name): _out(spec, looked_at) for spec in specs},
            ins={name: dg.AssetIn(key=key.split("/")) for name, key in received.items()},
            deps=[dg.AssetKey(name.split("/")) for name in deps],
            check_specs=[check for spec in specs for check in spec.check_specs()],
            partitions_def=monthly if specs[0].is_monthly else None,
            required_resource_keys={"store", "settings", "out", "reporter"},
            pool=pool,
        )(compute)

    return wrap
