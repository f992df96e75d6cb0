"""The store: where tables, vintages, caches and the account secret lie, and how they are written.

Every file is written under a temporary name and then renamed, so that a killed run leaves no half table. Each folder
belongs to a zone (`zone_of`); the whole store has mode 0700.
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Final, Literal

import polars as pl

Zone = Literal["restricted", "open"]
RESTRICTED_ZONES = ("raw", "core")
ZONES: Final[dict[str, Zone]] = {
    "tables/raw": "restricted",
    "tables/core": "restricted",
    "tables/idx": "open",
    "tables/ref": "open",
    "tables/meta": "open",
    "tables/qa": "open",
    "tables/publication": "open",
    "vintages": "open",
    "state": "open",
    "dagster": "open",
    "cache/encoder": "open",
    "cache/task_index": "open",
    "cache/onet": "open",
    "cache/models": "restricted",
    "inbox": "restricted",
    "secret": "restricted",
    "validation": "restricted",
    "bench": "restricted",
    ".run.lock": "open",
}
"""Zone of every folder of a store. Restricted: may hold conversations, account keys or what was made of single ones.
Open: holds no text of a conversation and no account, also where only operators see it (event log, states, caches)."""

ROW_GROUP = 2_000
"""Rows of a row group of tables too large to hold: what a reader of one batch has to decode."""


def zone_of(path: PurePath) -> Zone:
    """Zone of a file of a store.

    Args:
        path: Its path relative to the store. Temporary files belong to their folder, scratch folders are restricted.

    Raises:
        ValueError: No folder of `ZONES` holds it.
    """
    if path.parts and path.parts[0].startswith(".scratch-"):
        return "restricted"
    for length in range(len(path.parts), 0, -1):
        zone = ZONES.get("/".join(path.parts[:length]))
        if zone is not None:
            return zone
    raise ValueError(f"the store holds {'/'.join(path.parts[:2])}, which is in no known zone: add it to ZONES")


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target and rename it into place when the block ends well.

    Args:
        target: File or folder to replace; its folder is made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield temporary
        if temporary.is_dir() and target.is_dir():
            old = target.with_name(f".{target.name}.old-{secrets.token_hex(4)}")
            target.rename(old)
            temporary.rename(target)
            shutil.rmtree(old)
        else:
            temporary.replace(target)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


class Store:
    """One store on disk.

    Attributes:
        root: Its folder.
    """

    def __init__(self, root: Path, account_secret: str = "", public_cache: Path | None = None) -> None:
        """Open a store, making its folder with mode 0700 when it is new.

        Args:
            root: Folder of the store.
            account_secret: Secret from the environment; empty: the store's own file is used.
            public_cache: Folder that several stores may share for what is made from public inputs alone; None: the
                store's own.
        """
        self.root = root
        self._account_secret = account_secret
        self._public_cache = public_cache or self.cache

    def prepare(self) -> "Store":
        """Make the folders, closed to others; return the store itself."""
        for folder in (self.root, self.cache, self.dagster_home, self.inbox):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        return self

    @property
    def cache(self) -> Path:
        """Folder of what can be made again."""
        return self.root / "cache"

    @property
    def encoder_exports(self) -> Path:
        """Folder of exported and downloaded sentence encoders."""
        return self._public_cache / "encoder"

    @property
    def task_indexes(self) -> Path:
        """Folder of the task indexes, one file per release and encoder."""
        return self._public_cache / "task_index"

    @property
    def releases(self) -> Path:
        """Folder of downloaded O*NET releases."""
        return self._public_cache / "onet"

    @property
    def model_replies(self) -> Path:
        """File of the replies of language models; restricted, for they may quote conversations."""
        return self.cache / "models" / "replies.sqlite"

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME of this store."""
        return self.root / "dagster"

    @property
    def inbox(self) -> Path:
        """Folder that is read when no conversations are named, and watched by the sensor."""
        return self.root / "inbox"

    @property
    def vintages(self) -> Path:
        """Folder of the published builds, one folder each."""
        return self.root / "vintages"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a restricted folder that is removed at the end."""
        with tempfile.TemporaryDirectory(prefix=".scratch-", dir=self.root) as folder:
            yield Path(folder)

    def table_path(self, name: str, month: str | None = None) -> Path:
        """Path of a working table.

        Args:
            name: Table name such as `core/facets`.
            month: Partition, or None for a table that has none.
        """
        base = self.root / "tables" / name
        return base / f"{month}.parquet" if month else base.with_suffix(".parquet")

    def state_path(self, name: str, month: str | None = None) -> Path:
        """Path of the record that says from what a table was made."""
        return self.root / "state" / name / f"{month or 'all'}.json"

    def write_table(self, name: str, month: str | None, frame: pl.DataFrame | pl.LazyFrame) -> Path:
        """Write a working table atomically.

        Args:
            name: Table name.
            month: Partition, or None.
            frame: Rows, in their final order; a lazy frame is streamed to disk.

        Returns:
            The path written.
        """
        path = self.table_path(name, month)
        with replaced(path) as temporary:
            if isinstance(frame, pl.LazyFrame):
                frame.sink_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP)
            else:
                frame.write_parquet(temporary, compression="zstd")
        return path

    def read_table(self, name: str, month: str | None = None) -> pl.DataFrame:
        """Read a working table."""
        return pl.read_parquet(self.table_path(name, month))

    def scan_table(self, name: str, month: str | None = None) -> pl.LazyFrame:
        """Scan a working table without loading it."""
        return pl.scan_parquet(self.table_path(name, month))

    def write_state(self, name: str, month: str | None, fingerprint: str) -> None:
        """Record from what a table was made, after it has been written."""
        path = self.state_path(name, month)
        with replaced(path) as temporary:
            temporary.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")

    def read_state(self, name: str, month: str | None = None) -> str | None:
        """Fingerprint of a table, or None where it was never made or its file is gone."""
        path = self.state_path(name, month)
        if not path.is_file() or not self.table_path(name, month).is_file():
            return None
        return str(json.loads(path.read_text())["fingerprint"])

    @property
    def has_given_secret(self) -> bool:
        """Whether the account secret comes from the environment."""
        return bool(self._account_secret)

    def account_secret(self) -> bytes:
        """Secret under which account ids become account keys.

        From the environment where it is set there, else from a file of mode 0600 that is made on first use.
        """
        return self._account_secret.encode() if self._account_secret else self.secret("account_key")

    def account_secrets(self) -> list[bytes]:
        """The secret in use and those that it replaced, under which older months were read."""
        retired = sorted((self.root / "secret" / "retired").glob("*"))
        return [self.account_secret(), *(path.read_text().strip().encode() for path in retired)]

    def secret_path(self, name: str) -> Path:
        """Path of a file among the secrets."""
        return self.root / "secret" / name

    def secret(self, name: str) -> bytes:
        """A secret of the store's own, made on first use.

        Args:
            name: Name of its file.
        """
        path = self.secret_path(name)
        if not path.is_file():
            self.write_private(path, secrets.token_hex(32))
        return path.read_text().strip().encode()

    def write_private(self, path: Path, text: str) -> None:
        """Write a file of mode 0600 among the secrets.

        Args:
            path: What `secret_path` returned.
            text: Its content.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        with replaced(path) as temporary:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
