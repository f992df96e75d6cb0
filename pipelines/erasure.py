"""Erasing one account from the restricted zone, removing what is past its period, and changing the account secret.

Every step can be repeated: a run that was killed is finished by the next one. Published vintages are aggregates behind
the gate and stay; the months concerned are marked stale, so that their next vintage is built without the account. What
is not done: source files are only counted, since they are not the store's, and freed disk blocks are not overwritten.
"""

import hmac
import re
import secrets
import shutil
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import polars as pl

from clio_lite.accounts import account_key
from clio_lite.conversation import Record
from clio_lite.models.cache import ReplyCache
from clio_lite.readers import read_records
from pipelines.errors import SettingsError
from pipelines.storage import RESTRICTED_ZONES, Store
from pipelines.validation.stored import score_again
from pipelines.validation.tables import SCORED

_MONTH: Final = re.compile(r"\d{4}-\d{2}")
_SOURCES: Final = ("raw/conversations", "core/conversations")
"""Tables that know whose a conversation is; erased last, so that an interrupted erasure still finds the rest."""


@dataclass
class Erasure:
    """What an erasure did.

    Attributes:
        months: Months that held the account, now stale.
        row_counts: Rows removed by table.
        removed_files: Label sheets that were removed whole.
        reply_count: Replies of language models to requests that carried text of the account.
        source_file_count: Source files that still hold the account; null where no source was there to look at.
    """

    months: list[str] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)
    removed_files: int = 0
    reply_count: int = 0
    source_file_count: int | None = None


def erase_account(store: Store, user_id: str, *, source: Path | None) -> Erasure:
    """Remove an account's rows from every restricted table and cache, and keep it out of what is read later.

    Args:
        store: The store, which no run may be using.
        user_id: Raw account id; neither stored nor shown.
        source: File or folder of conversations to look through, or None.

    Raises:
        ValueError: The id is empty.
    """
    keys = {account_key(secret, user_id) for secret in store.account_secrets()}
    _remember(store, user_id)
    done = Erasure()
    for month in _months(store):
        ids = _conversation_ids(store, month, keys)
        if ids.is_empty():
            continue
        done.months.append(month)
        _mark_stale(store, month)
        done.reply_count += _forget_replies(store, ids)
        done.removed_files += _remove(store.root / "validation" / month)
        found = _ordered(_tables_of(store, month))
        for name, path in (part for part in found if part[0] not in _SOURCES):
            _count(done, name, _without_rows(store, name, path, keys, ids))
        score_again(store, month)
        for name, path in (part for part in found if part[0] in _SOURCES):
            _count(done, name, _without_rows(store, name, path, keys, ids))
    for scratch in store.root.glob(".scratch-*"):
        shutil.rmtree(scratch)
    if source is not None:
        done.source_file_count = _count_sources(source, user_id)
    return done


def _count(done: Erasure, name: str, removed: int) -> None:
    if removed:
        done.row_counts[name] = done.row_counts.get(name, 0) + removed


def erased_accounts(store: Store) -> Callable[[str], bool] | None:
    """Tell whether a raw account id was erased, or None where none ever was.

    Args:
        store: Keeps the keyed hashes of the erased ids, under a secret of their own that is never rotated.
    """
    path = _list_path(store)
    if not path.is_file():
        return None
    erased = frozenset(path.read_text().split())
    secret = store.secret("erasure_key")
    return lambda user_id: _erased_key(secret, user_id) in erased


def rotate_secret(store: Store, *, is_forgetting: bool) -> int:
    """Replace the account secret: keys of conversations read from now on cannot be linked with those read before.

    Raw ids are not stored, so keys that exist cannot be made anew. The old secret is kept beside the new one, for
    erasure alone; without it rows of old months can no longer be found for an account.

    Args:
        store: The store, which no run may be using.
        is_forgetting: Remove old secrets, this one included.

    Returns:
        Old secrets that are kept.

    Raises:
        SettingsError: The secret is in the environment, where only the operator can change it.
    """
    if store.has_given_secret:
        raise SettingsError(
            "expected the account secret in the store, found it in USAGE_INDEX_ACCOUNT_SECRET: "
            "set another value there; erasure then needs the old value for months that were read under it"
        )
    store.account_secret()
    current = store.secret_path("account_key")
    retired = current.parent / "retired"
    if is_forgetting:
        _remove(retired)
        current.unlink()
    else:
        retired.mkdir(mode=0o700, exist_ok=True)
        current.rename(retired / secrets.token_hex(8))
    store.account_secret()
    return len(list(retired.iterdir())) if retired.is_dir() else 0


def remove_expired(store: Store, *, today: date, raw_days: int, core_days: int) -> dict[str, int]:
    """Remove the monthly tables of the restricted zone whose period is over; what is published stays.

    Scores of what people judged stay too: sums over conversations that a later build of the month publishes again.

    Args:
        store: The store, which no run may be using.
        today: Day to count back from.
        raw_days: Days after the end of a month for which `raw` is kept; 0: for ever.
        core_days: The same for `core`, with the label sheets and the replies of language models.

    Returns:
        Tables removed, by zone.
    """
    removed = dict.fromkeys(RESTRICTED_ZONES, 0)
    for zone, days in (("raw", raw_days), ("core", core_days)):
        if not days:
            continue
        for month in _months(store, (zone,)):
            if _end_of(month) + timedelta(days=days) >= today:
                continue
            if zone == "core":
                _remove(store.root / "validation" / month)
                _forget_replies(store, _conversation_ids(store, month, None))
            for name, path in _tables_of(store, month, (zone,)):
                if name in SCORED:
                    continue
                path.unlink()
                store.state_path(name, path.stem).unlink(missing_ok=True)
                removed[zone] += 1
    return removed


def _end_of(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, monthrange(year, number)[1])


def _list_path(store: Store) -> Path:
    return store.secret_path("erased_accounts")


def _erased_key(secret: bytes, user_id: str) -> str:
    return hmac.new(secret, user_id.encode(), sha256).hexdigest()


def _remember(store: Store, user_id: str) -> None:
    """Add the account to the list of those that are never read again."""
    key = _erased_key(store.secret("erasure_key"), user_id)
    path = _list_path(store)
    known = set(path.read_text().split()) if path.is_file() else set()
    store.write_private(path, "\n".join(sorted({*known, key})) + "\n")


def _tables(store: Store, zones: Iterable[str] = RESTRICTED_ZONES) -> Iterator[tuple[str, Path]]:
    """Name and path of every monthly table of some zones; tables of label sets count to their month."""
    for zone in zones:
        for path in sorted((store.root / "tables" / zone).glob("*/*.parquet")):
            if _MONTH.match(path.stem):
                yield f"{zone}/{path.parent.name}", path


def _months(store: Store, zones: Iterable[str] = RESTRICTED_ZONES) -> list[str]:
    return sorted({path.stem[:7] for _, path in _tables(store, zones)})


def _tables_of(store: Store, month: str, zones: Iterable[str] = RESTRICTED_ZONES) -> list[tuple[str, Path]]:
    return [(name, path) for name, path in _tables(store, zones) if path.stem.startswith(month)]


def _ordered(tables: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Those that know whose a conversation is at the end, the raw one last of all."""
    last = {name: -place for place, name in enumerate(_SOURCES)}
    return sorted(tables, key=lambda item: (item[0] in last, last.get(item[0], 0), item[0], item[1]))


def _conversation_ids(store: Store, month: str, keys: set[str] | None) -> pl.Series:
    """Conversations of the account (None: of every one) in a month, from any table that names accounts."""
    found = [pl.Series([], dtype=pl.String)]
    for name, path in _tables_of(store, month):
        if name in _SOURCES:
            rows = pl.scan_parquet(path)
            if keys is not None:
                rows = rows.filter(pl.col("account_key").is_in(sorted(keys)))
            found.append(rows.select("conversation_id").collect()["conversation_id"])
    return pl.concat(found).unique().sort()


def _forget_replies(store: Store, ids: pl.Series) -> int:
    """Delete the replies of language models to requests that carried text of these conversations; how many."""
    if not store.model_replies.is_file():
        return 0
    with ReplyCache(store.model_replies) as replies:
        return replies.forget_conversations(ids.to_list())


def _without_rows(store: Store, name: str, path: Path, keys: set[str], ids: pl.Series) -> int:
    """Write a table anew without the account's rows, if it has any; how many it had."""
    rows = pl.scan_parquet(path)
    columns = rows.collect_schema().names()
    marks = [pl.col("conversation_id").is_in(ids.implode())] if "conversation_id" in columns else []
    if "account_key" in columns:
        marks.append(pl.col("account_key").is_in(sorted(keys)).fill_null(value=False))
    if not marks:
        return 0
    is_theirs = pl.any_horizontal(marks).fill_null(value=False)
    count = int(rows.select(is_theirs.sum()).collect().item())
    if count:
        store.write_table(name, path.stem, rows.filter(~is_theirs))
    return count


def _mark_stale(store: Store, month: str) -> None:
    """Forget from what every table of a month was made: each is made anew by the next run.

    What people judged is no such table: no run makes it, and it is scored anew.
    """
    for state in (store.root / "state").glob(f"*/*/{month}.json"):
        if f"{state.parent.parent.name}/{state.parent.name}" not in SCORED:
            state.unlink(missing_ok=True)


def _remove(path: Path) -> int:
    """Remove a folder; files that it held."""
    count = sum(one.is_file() for one in path.rglob("*")) if path.is_dir() else 0
    if path.is_dir():
        shutil.rmtree(path)
    return count


def _count_sources(source: Path, user_id: str) -> int:
    """Source files that hold the account."""
    records = read_records(source)
    return len({record.source_file for record in records if isinstance(record, Record) and record.user_id == user_id})
