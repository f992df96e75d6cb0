"""Which tables are up to date: fingerprints of the code, the settings and the inputs that a table was made from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pipelines.partitions import previous_month
from pipelines.settings import PROJECT, RunFields
from pipelines.storage import Store

_SOURCES = ("conversations", "onet", "earlier_onet", "soc_crosswalk", "oews", "soc_structure", "encoder", "heads")


@cache
def code_digest() -> str:
    """Digest over the source files of the three packages and the bundled data they ship."""
    digest = hashlib.blake2b(digest_size=8)
    for package in ("onet", "clio_lite", "pipelines"):
        for path in sorted((PROJECT / package).rglob("*")):
            if path.is_file() and path.suffix not in {".pyc"}:
                digest.update(str(path.relative_to(PROJECT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def source_digest(source: str) -> str:
    """Digest of what a path holds now, by names, sizes and times; of the text itself where it is no path."""
    digest = hashlib.blake2b(source.encode(), digest_size=8)
    path = Path(source)
    if source and path.exists():
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            stat = file.stat()
            digest.update(f"{file.relative_to(path)}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _source_state(value: str | Mapping[str, str]) -> object:
    """State of what a setting names: one source, or several by name."""
    if isinstance(value, str):
        return source_digest(value)
    return {name: source_digest(source) for name, source in sorted(value.items())}


def fingerprint(
    name: str, month: str | None, *, settings: RunFields, used: Sequence[str], upstream: Mapping[str, str | None]
) -> str:
    """Fingerprint of a table made now.

    Args:
        name: Table name.
        month: Partition, or None.
        settings: Settings of the run.
        used: Names of the settings that the table depends on; those that name files count with the files' state.
        upstream: Fingerprint of each table it is made from.
    """
    values = {
        key: _source_state(getattr(settings, key)) if key in _SOURCES else getattr(settings, key)
        for key in sorted(used)
    }
    document = {"code": code_digest(), "name": name, "month": month, "settings": values, "upstream": dict(upstream)}
    return hashlib.blake2b(json.dumps(document, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def upstream_fingerprints(
    store: Store, upstream: Sequence[str], month: str | None, earlier: Sequence[str] = ()
) -> dict[str, str | None]:
    """Stored fingerprints of the tables that a table is made from; None for one that was never made.

    Args:
        store: The store.
        upstream: Table names.
        month: Partition of the table itself; tables without partitions have only the one state.
        earlier: Monthly tables whose partition of the month before it is made from as well, where there is one.
    """
    prints = {
        name: (store.read_state(name, month) if month else None) or store.read_state(name) for name in sorted(upstream)
    }
    if month:
        before = previous_month(month)
        prints |= {f"{name} of the month before": store.read_state(name, before) for name in sorted(earlier)}
    return prints
