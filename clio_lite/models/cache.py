"""Replies on disk: each is written before it is used, so that none is paid twice, whenever the process is killed.

One SQLite file of the standard library in WAL mode with full synchronisation: a commit survives a kill and a loss of
power, several processes may read and write, and a single reply is stored in about a millisecond. What is kept is the
reply as it came, wrong ones too, not the prompt; replies may quote conversations, so the file is restricted (0600 in a
folder of 0700), and the replies about a conversation can be forgotten.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clio_lite.models.protocol import Question
from clio_lite.models.service import Reply

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS reply (
    request_key TEXT PRIMARY KEY, run TEXT NOT NULL, role TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
    prompt TEXT NOT NULL, prompt_version TEXT NOT NULL, text TEXT NOT NULL, finish TEXT NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL, stored_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (
    run TEXT NOT NULL, role TEXT NOT NULL, tokens INTEGER NOT NULL, cost_usd REAL NOT NULL, PRIMARY KEY (run, role)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject (
    conversation_id TEXT NOT NULL, request_key TEXT NOT NULL, PRIMARY KEY (conversation_id, request_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
    label TEXT PRIMARY KEY, address TEXT NOT NULL, batch_id TEXT, size INTEGER NOT NULL, begun_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_request (request_key TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS batch_request_label ON batch_request (label);
"""
_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True)
class StoredReply:
    """A reply with where its payment belongs.

    Attributes:
        reply: What the model said.
        run: Run that paid it.
        cost_usd: What it cost.
    """

    reply: Reply
    run: str
    cost_usd: float


@dataclass(frozen=True)
class OpenBatch:
    """A batch whose replies have not been collected.

    Attributes:
        label: Our name of it.
        batch_id: The provider's, or None where the process ended before it was told.
        size: Requests in it.
        begun_at: When it was about to be handed in, UTC.
    """

    label: str
    batch_id: str | None
    size: int
    begun_at: datetime


class ReplyCache:
    """The replies of one store; close it, or use it in a `with`."""

    def __init__(self, path: Path) -> None:
        """Open or make it.

        Args:
            path: The file.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._path = path
        self._connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    def __enter__(self) -> "ReplyCache":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:  # raised again: an interrupt too must leave no open transaction
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def get(self, request_key: str) -> StoredReply | None:
        """Reply to a request, or None.

        Args:
            request_key: From `clio_lite.models.service.request_key`.
        """
        row = self._connection.execute(
            "SELECT text, finish, input_tokens, output_tokens, run, cost_usd FROM reply WHERE request_key = ?",
            (request_key,),
        ).fetchone()
        return StoredReply(Reply(*row[:4]), row[4], row[5]) if row else None

    def put(
        self,
        request_key: str,
        reply: Reply,
        *,
        question: Question,
        run: str,
        provider: str,
        model: str,
        cost_usd: float,
        now: datetime,
    ) -> None:
        """Store a reply; when this returns it is on the disk. A reply that is there already is kept.

        Args:
            request_key: Its key.
            reply: What the model said.
            question: What was asked.
            run: Run that pays.
            provider: Who answered.
            model: Which model.
            cost_usd: What it cost.
            now: Time, UTC.
        """
        with self._writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(request_key, run, question.role, provider, model, question.prompt, question.prompt_version),
                    *(reply.text, reply.finish, reply.input_tokens, reply.output_tokens, cost_usd, now.isoformat()),
                ),
            )
            connection.execute(
                "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT (run, role) DO UPDATE SET "
                "tokens = tokens + excluded.tokens, cost_usd = cost_usd + excluded.cost_usd",
                (run, question.role, reply.input_tokens + reply.output_tokens, cost_usd),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO subject VALUES (?, ?)", [(name, request_key) for name in question.subjects]
            )

    def add_subjects(self, request_key: str, subjects: Sequence[str]) -> None:
        """Record whose text a request carries, where another conversation asked the same before.

        Args:
            request_key: The request.
            subjects: Conversation ids.
        """
        query = "SELECT 1 FROM subject WHERE conversation_id = ? AND request_key = ?"
        unknown = [(name, request_key) for name in subjects]
        unknown = [row for row in unknown if self._connection.execute(query, row).fetchone() is None]
        if unknown:
            with self._writing() as connection:
                connection.executemany("INSERT OR IGNORE INTO subject VALUES (?, ?)", unknown)

    def spent(self, run: str, role: str | None = None) -> tuple[int, float]:
        """Tokens and dollars that a run has paid, before kills too.

        Args:
            run: The run.
            role: One role, or None for all.
        """
        row = self._connection.execute(
            "SELECT coalesce(sum(tokens), 0), coalesce(sum(cost_usd), 0.0) FROM spent "
            "WHERE run = ? AND (? IS NULL OR role = ?)",
            (run, role, role),
        ).fetchone()
        return int(row[0]), float(row[1])

    def forget_conversations(self, conversation_ids: Sequence[str]) -> int:
        """Delete every reply to a request that carried text of these conversations.

        Args:
            conversation_ids: Ids.

        Returns:
            How many replies were deleted. What was paid stays in the account.
        """
        with self._writing() as connection:
            keys = [
                (key,)
                for name in conversation_ids
                for (key,) in connection.execute("SELECT request_key FROM subject WHERE conversation_id = ?", (name,))
            ]
            deleted = connection.executemany("DELETE FROM reply WHERE request_key = ?", keys).rowcount if keys else 0
            connection.executemany("DELETE FROM subject WHERE request_key = ?", keys)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return max(deleted, 0)

    def forget_before(self, moment: datetime) -> int:
        """Delete every reply that was stored before a time.

        Args:
            moment: Time, UTC.

        Returns:
            How many replies were deleted.
        """
        with self._writing() as connection:
            deleted = connection.execute("DELETE FROM reply WHERE stored_at < ?", (moment.isoformat(),)).rowcount
            connection.execute("DELETE FROM subject WHERE request_key NOT IN (SELECT request_key FROM reply)")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(deleted)

    def begin_batch(self, label: str, *, address: str, request_keys: Sequence[str], now: datetime) -> None:
        """Record a batch before it is handed in.

        Args:
            label: Our name of it.
            address: Service.
            request_keys: Requests in it.
            now: Time, UTC.
        """
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO batch VALUES (?, ?, NULL, ?, ?)", (label, address, len(request_keys), now.isoformat())
            )
            connection.executemany(
                "INSERT OR REPLACE INTO batch_request VALUES (?, ?)", [(key, label) for key in request_keys]
            )

    def name_batch(self, label: str, batch_id: str) -> None:
        """Record the provider's id of a batch.

        Args:
            label: Our name of it.
            batch_id: The provider's.
        """
        with self._writing() as connection:
            connection.execute("UPDATE batch SET batch_id = ? WHERE label = ?", (batch_id, label))

    def leave_batch(self, label: str, request_keys: Sequence[str]) -> int:
        """Take requests out of a batch, collected or failed.

        Args:
            label: Our name of the batch.
            request_keys: The requests.

        Returns:
            How many are left in it.
        """
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM batch_request WHERE request_key = ? AND label = ?", [(key, label) for key in request_keys]
            )
            return int(connection.execute("SELECT count(*) FROM batch_request WHERE label = ?", (label,)).fetchone()[0])

    def end_batch(self, label: str) -> None:
        """Drop a batch that has been collected, or was never taken.

        Args:
            label: Our name of it.
        """
        with self._writing() as connection:
            connection.execute("DELETE FROM batch_request WHERE label = ?", (label,))
            connection.execute("DELETE FROM batch WHERE label = ?", (label,))

    def batch_ids(self) -> set[str]:
        """Ids of the batches that are recorded."""
        return {name for (name,) in self._connection.execute("SELECT batch_id FROM batch WHERE batch_id IS NOT NULL")}

    def open_batches(self, address: str, request_keys: Iterable[str]) -> dict[str, OpenBatch]:
        """Batch that each request lies in, for those that lie in one.

        Args:
            address: Service.
            request_keys: Requests.
        """
        found: dict[str, OpenBatch] = {}
        for key in request_keys:
            row = self._connection.execute(
                "SELECT label, batch_id, size, begun_at FROM batch JOIN batch_request USING (label) "
                "WHERE request_key = ? AND address = ?",
                (key, address),
            ).fetchone()
            if row:
                found[key] = OpenBatch(row[0], row[1], int(row[2]), datetime.fromisoformat(row[3]))
        return found
