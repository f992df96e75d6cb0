"""Account keys need the secret; the cap keeps a fixed choice of conversations per account and month."""

import hmac

import polars as pl
import pytest

from clio_lite.accounts import account_key, add_is_counted, with_assumed_accounts

SECRET = b"0123456789abcdef"


def frame(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["conversation_id", "account_key", "month"], orient="row")


MANY = frame(*((f"c{i}", "heavy", "2026-10") for i in range(50)))


def test_the_key_is_hmac_sha256_of_the_id() -> None:
    assert account_key(SECRET, "é@x.org") == hmac.digest(SECRET, "é@x.org".encode(), "sha256").hex()
    assert account_key(SECRET, "a") != account_key(SECRET[::-1], "a")


def test_a_short_secret_or_an_empty_id_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes, found 15"):
        account_key(SECRET[1:], "a")
    with pytest.raises(ValueError, match="non-empty"):
        account_key(SECRET, "")


def test_an_account_counts_up_to_the_cap_in_each_month_and_others_are_untouched() -> None:
    rows = frame(
        ("a1", "a", "2026-10"),
        ("b1", "b", "2026-10"),
        ("a2", "a", "2026-10"),
        ("a3", "a", "2026-11"),
        ("b2", "b", "2026-10"),
    )
    marked = add_is_counted(rows, account_cap=1, seed=0)
    assert marked["conversation_id"].to_list() == rows["conversation_id"].to_list()
    counted = marked.filter("is_counted")
    assert counted.group_by("account_key", "month").len()["len"].to_list() == [1, 1, 1]


def test_conversations_without_an_account_always_count() -> None:
    rows = frame(*((f"c{i}", None, "2026-10") for i in range(5)))
    assert add_is_counted(rows, account_cap=1, seed=0)["is_counted"].all()


def test_the_choice_depends_on_the_seed_but_not_on_the_order() -> None:
    kept = [
        set(add_is_counted(rows, account_cap=10, seed=seed).filter("is_counted")["conversation_id"])
        for rows, seed in ((MANY, 1), (MANY.reverse(), 1), (MANY, 2))
    ]
    assert [len(ids) for ids in kept] == [10, 10, 10]
    assert kept[0] == kept[1] != kept[2]


def test_a_lower_cap_keeps_a_part_of_what_a_higher_one_keeps() -> None:
    kept = [
        set(add_is_counted(MANY, account_cap=cap, seed=1).filter("is_counted")["conversation_id"]) for cap in (5, 10)
    ]
    assert kept[0] < kept[1]


def test_an_empty_frame_keeps_its_shape_and_a_cap_below_one_is_refused() -> None:
    empty = MANY.clear()
    assert add_is_counted(empty, account_cap=1, seed=0).schema["is_counted"] == pl.Boolean
    with pytest.raises(ValueError, match="at least 1"):
        add_is_counted(empty, account_cap=0, seed=0)


def test_a_conversation_without_account_can_be_given_one_of_its_own() -> None:
    frame = pl.DataFrame(
        {"conversation_id": ["a", "b"], "account_key": ["k", None], "has_account": [True, False]},
        schema={"conversation_id": pl.String, "account_key": pl.String, "has_account": pl.Boolean},
    )
    assert with_assumed_accounts(frame).rows() == [("a", "k", True), ("b", "conversation:b", True)]
