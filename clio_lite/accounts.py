"""Account keys, and the cap on how many conversations of one account count in a month.

The raw account id enters here and does not come out: only its keyed hash does.
"""

import hmac
from hashlib import blake2b, sha256
from typing import Final

import polars as pl

MIN_SECRET_BYTES: Final = 16


def check_secret(secret: bytes) -> None:
    """Refuse a secret that is too short to protect anybody.

    Args:
        secret: Secret of the account keys.

    Raises:
        ValueError: It has fewer than 16 bytes.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"account secret: expected at least {MIN_SECRET_BYTES} bytes, found {len(secret)}")


def account_key(secret: bytes, user_id: str) -> str:
    """Turn a raw account id into its key: HMAC-SHA256 as 64 hexadecimal digits.

    Without the secret the key of a guessed id (an e-mail address, say) cannot be computed.

    Args:
        secret: At least 16 bytes, the same for every month that is to be compared.
        user_id: Raw account id.

    Raises:
        ValueError: The secret is too short to protect anybody, or the id is empty.
    """
    check_secret(secret)
    if not user_id:
        raise ValueError("account id: expected a non-empty string")
    return hmac.new(secret, user_id.encode(), sha256).hexdigest()


def add_is_counted(frame: pl.DataFrame, *, account_cap: int, seed: int) -> pl.DataFrame:
    """Mark the conversations inside the cap of conversations per account and month.

    Of an account above the cap those with the lowest keyed hash of their id are kept, which favours neither the first
    nor the longest. A conversation without an account is always inside.

    Args:
        frame: Frame with `conversation_id`, `account_key` (null: none) and `month`.
        account_cap: Most conversations of one account in one month.
        seed: Key of the hash.

    Returns:
        The frame, rows in the same order, with the column `is_counted`.

    Raises:
        ValueError: The cap is below 1.
    """
    if account_cap < 1:
        raise ValueError(f"account cap: expected at least 1, found {account_cap}")
    key = str(seed).encode()
    draws = [blake2b(name.encode(), key=key, digest_size=16).hexdigest() for name in frame["conversation_id"]]
    place = pl.col("_draw").rank("ordinal").over("account_key", "month")
    drawn = frame.with_columns(pl.Series("_draw", draws, dtype=pl.String))
    return drawn.with_columns(is_counted=pl.col("account_key").is_null() | (place <= account_cap)).drop("_draw")


def with_assumed_accounts(frame: pl.DataFrame) -> pl.DataFrame:
    """Give each conversation without an account one of its own.

    Args:
        frame: `conversation_id`, `account_key`, `has_account`.
    """
    own = pl.format("conversation:{}", "conversation_id")
    return frame.with_columns(pl.coalesce("account_key", own).alias("account_key"), has_account=pl.lit(value=True))


def account_counts(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Count conversations and accounts of each cell, and the shares of its heaviest accounts.

    The shares are over the conversations that have an account, so that those without one cannot hide a heavy account.

    Args:
        rows: The keys and `account_key` (null: none), one row per conversation and cell.
        keys: Columns that name a cell.

    Returns:
        `conversation_count`, `account_count`, `top_account_share`, `top_two_account_share` per cell, sorted by key.
    """
    per_account = rows.group_by(*keys, "account_key").len("held")
    has_account = pl.col("account_key").is_not_null()
    known = pl.col("held").filter(has_account)
    return (
        per_account.group_by(keys)
        .agg(
            conversation_count=pl.col("held").sum().cast(pl.Int64),
            account_count=has_account.sum().cast(pl.Int64),
            top_account_share=pl.when(known.sum() > 0).then(known.max() / known.sum()).otherwise(0.0),
            top_two_account_share=pl.when(known.sum() > 0).then(known.top_k(2).sum() / known.sum()).otherwise(0.0),
        )
        .sort(keys)
    )
