"""Resources of the graph: the Parquet I/O manager, the store and the run's settings."""

import functools
from pathlib import Path
from typing import Final

import dagster as dg
import polars as pl

import onet
from clio_lite.adapter import read_adapter
from clio_lite.embedding import Backend, Encoder, load_encoder
from clio_lite.heads import HEADS_DIR, Heads, load_heads
from clio_lite.multilingual import load_parallel_encoder, load_routed_encoder
from pipelines.models import open_model
from pipelines.settings import EncoderRoute, RunFields, RunResource, Settings
from pipelines.storage import Store

__all__ = [
    "ADAPTER",
    "ADAPTER_DIR",
    "PROJECTION",
    "ParquetTables",
    "build_resources",
    "open_adapted_encoder",
    "open_encoder",
    "open_heads",
    "open_index_encoder",
    "open_model",
    "open_store",
]

ADAPTER_DIR: Final = Path(onet.__file__).parent / "adapter"
"""What the mapping to O*NET changes in the encoders; what it brings is in `docs/mapping.md`."""

ADAPTER: Final = ADAPTER_DIR / "adapter.safetensors"
"""Change of the bundled encoder."""

PROJECTION: Final = ADAPTER_DIR / "projection.safetensors"
"""Change of the multilingual encoder's space."""


class ParquetTables(dg.IOManager):
    """Tables as Parquet files of the store; a parameter annotated pl.LazyFrame gets a scan."""

    def __init__(self, store: Store) -> None:
        """Keep the store.

        Args:
            store: Where the tables lie.
        """
        self.store = store

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame | pl.LazyFrame) -> None:
        """Write a table atomically, then record from what it was made."""
        name = "/".join(context.asset_key.path)
        month = context.partition_key if context.has_asset_partitions else None
        self.store.state_path(name, month).unlink(missing_ok=True)
        self.store.write_table(name, month, obj)
        self.store.write_state(name, month, str((context.output_metadata or {})["fingerprint"].value))

    def load_input(self, context: dg.InputContext) -> pl.DataFrame | pl.LazyFrame:
        """Read or scan a table."""
        name = "/".join(context.asset_key.path)
        month = context.asset_partition_key if context.has_asset_partitions else None
        if context.dagster_type.typing_type is pl.LazyFrame:
            return self.store.scan_table(name, month)
        return self.store.read_table(name, month)


@functools.cache
def _encoder(model: str, route: EncoderRoute, backend: Backend, cache_dir: Path) -> Encoder:
    if not model and route == "language":
        return load_routed_encoder(backend=backend, cache_dir=cache_dir)
    chosen: str | Path | None = (Path(model) if Path(model).exists() else model) if model else None
    return load_encoder(chosen, backend=backend, cache_dir=cache_dir)


@functools.cache
def _adapted_encoder(route: EncoderRoute, backend: Backend, cache_dir: Path) -> Encoder:
    adapter = read_adapter(ADAPTER)
    if route == "language":
        return load_parallel_encoder(PROJECTION, adapter=adapter, backend=backend, cache_dir=cache_dir)
    return load_encoder(None, backend=backend, cache_dir=cache_dir, adapter=adapter)


def open_encoder(settings: RunFields, store: Store) -> Encoder:
    """Sentence encoder of a run; loaded once per process.

    Args:
        settings: Names the model, what reads other languages than English, and what runs it.
        store: Keeps the exported model in its cache.
    """
    return _encoder(settings.encoder, settings.encoder_route, settings.encoder_backend, store.encoder_exports)


def open_heads(settings: RunFields, encoder: Encoder) -> Heads:
    """Facet heads of a run.

    Args:
        settings: Names their folder.
        encoder: Encoder of the run.

    Raises:
        HeadMismatchError: They belong to another encoder.
    """
    return load_heads(Path(settings.heads) if settings.heads else HEADS_DIR, encoder_name=encoder.name)


def open_adapted_encoder(settings: RunFields, store: Store) -> Encoder:
    """The bundled encoder with the adapter for O*NET's statements; loaded once per process.

    Args:
        settings: Says what reads other languages than English, and what runs it.
        store: Keeps the exported model in its cache.
    """
    return _adapted_encoder(settings.encoder_route, settings.encoder_backend, store.encoder_exports)


def open_index_encoder(settings: RunFields, store: Store, manifest: pl.DataFrame) -> Encoder:
    """The encoder of the index that table `core/task_index` describes: the run's own, or the adapted one.

    Args:
        settings: Names the run's encoder.
        store: Keeps the exported models in its cache.
        manifest: Table `core/task_index`.
    """
    is_own = settings.encoder or manifest.item(0, "encoder_name") == manifest.item(0, "request_encoder_name")
    return open_encoder(settings, store) if is_own else open_adapted_encoder(settings, store)


def open_store(settings: Settings) -> Store:
    """Store that the settings name, with its folders made."""
    shared = Path(settings.public_cache) if settings.public_cache else None
    return Store(Path(settings.home), settings.account_secret.get_secret_value(), shared).prepare()


def build_resources(settings: Settings) -> dict[str, object]:
    """Resources of the definitions.

    Args:
        settings: Settings of the process; their run fields are the launchpad's defaults.
    """
    store = open_store(settings)
    return {
        "io_manager": ParquetTables(store),
        "store": dg.ResourceDefinition.hardcoded_resource(store),
        "out": dg.ResourceDefinition.hardcoded_resource(Path(settings.out)),
        "settings": RunResource(**settings.run_fields()),
    }
