"""The main job as its user runs it, in a process of its own, and what it leaves behind."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.settings import SAMPLE

MONTH = "2026-10"
COUNT = 160


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and what it printed."""

    folder: Path
    summary: Mapping[str, Any]

    @property
    def warehouse(self) -> Path:
        return self.folder / "out" / "index.duckdb"

    def published_digests(self) -> dict[str, str]:
        files = (self.folder / "store" / "vintages").glob("*/*/*.parquet")
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.parent.name in {"idx", "ref", "qa"}
        }


def command(folder: Path, *options: str) -> list[str]:
    places = ["--store", str(folder / "store"), "--out", str(folder / "out"), "--config", str(SAMPLE / "config.toml")]
    return [sys.executable, "-m", "pipelines.cli", "run", "--month", MONTH, "--json", *places, *options]


def run_index(folder: Path, conversations: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, "--conversations", str(conversations), *options),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
