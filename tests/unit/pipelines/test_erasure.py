"""Erasure, retention and rotation: one account goes everywhere, the others stay, a killed run can be repeated."""

import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from label_example import filled_csv, good_answer, label_set
from model_example import question

from clio_lite.accounts import account_key
from clio_lite.ingest import ingest_conversations
from clio_lite.models.cache import ReplyCache
from clio_lite.models.service import Reply
from pipelines.erasure import erase_account, erased_accounts, remove_expired, rotate_secret
from pipelines.errors import SettingsError
from pipelines.storage import Store
from pipelines.validation.answers import read_answers
from pipelines.validation.score import score_labels
from pipelines.validation.stored import answer_table, keep_scores

MONTHS = ("2026-09", "2026-10")
TABLES = ("core/cluster_member", "core/conversations", "core/facets", "raw/conversations")
ANNA, BERT = "anna@example.org", "bert@example.org"


def records(month: str) -> list[dict[str, object]]:
    return [
        {
            "conversation_id": f"{user[:4]}-{month}-{number}",
            "user_id": user,
            "started_at": f"{month}-0{number + 1}T00:00:00Z",
            "messages": [{"role": "user", "content": f"words of {user[:4]} in {month}, {number}"}],
        }
        for user in (ANNA, BERT)
        for number in range(2)
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for month in MONTHS:
        (folder / f"{month}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records(month)))
    return folder


def read(store: Store, source: Path, month: str) -> dict[str, int]:
    """Read a month as the graph does, with the tables that would follow from it."""
    with store.scratch() as scratch:
        result = ingest_conversations(
            source,
            month=month,
            account_secret=store.account_secret(),
            work_dir=scratch,
            is_erased=erased_accounts(store),
        )
        rows = result.conversations.collect()
    ids = rows["conversation_id"]
    store.write_table("core/cluster_member", month, pl.DataFrame({"conversation_id": ids, "cluster_level": 0}))
    store.write_table("core/facets", month, pl.DataFrame({"conversation_id": ids, "request": "Write " + ids}))
    store.write_table("core/conversations", month, rows.drop("started_at"))
    store.write_table("raw/conversations", month, rows)
    store.write_table("idx/task_month", month, pl.DataFrame({"task": ["x"]}))
    for name in (*TABLES, "idx/task_month"):
        store.write_state(name, month, "fingerprint")
    return dict(result.counts.iter_rows())


@pytest.fixture
def store(tmp_path: Path, source: Path) -> Store:
    opened = Store(tmp_path / "store").prepare()
    for month in MONTHS:
        read(opened, source, month)
    (opened.root / "validation" / "2026-10").mkdir(parents=True)
    (opened.root / "validation" / "2026-10" / "a.csv").write_text("words")
    with ReplyCache(opened.model_replies) as replies:
        for month in MONTHS:
            for name in ("anna", "bert"):
                ids = [f"{name}-{month}-{number}" for number in range(2)]
                put_reply(replies, f"{name} {month}", ids, text=f"words of {name} in {month}")
    return opened


def put_reply(replies: ReplyCache, request_key: str, ids: list[str], *, text: str) -> None:
    """Store a reply to a request that carried text of these conversations."""
    asked = replace(question(1), subjects=tuple(ids))
    replies.put(
        request_key,
        Reply(text, "complete", 10, 1),
        question=asked,
        run="2026-10",
        provider="openai",
        model="m",
        cost_usd=0.5,
        now=datetime(2026, 11, 1, tzinfo=UTC),
    )


def reply_count(store: Store) -> int:
    with closing(sqlite3.connect(store.model_replies)) as connection:
        return int(connection.execute("SELECT count(*) FROM reply").fetchone()[0])


def holding(store: Store, *texts: str) -> list[str]:
    """Files of the store in which one of the texts occurs, Parquet read by value."""
    found = []
    for path in sorted(store.root.rglob("*")):
        if path.is_file():
            values = pl.read_parquet(path).write_json().encode() if path.suffix == ".parquet" else path.read_bytes()
            found += [str(path.relative_to(store.root))] if any(text.encode() in values for text in texts) else []
    return found


def test_nothing_of_an_erased_account_is_left_in_the_store(store: Store, source: Path) -> None:
    key = account_key(store.account_secret(), ANNA)
    assert len(holding(store, "anna", key)) == 9
    done = erase_account(store, ANNA, source=source)
    assert holding(store, "anna", key, ANNA) == []
    assert done.months == list(MONTHS)
    assert done.row_counts == dict.fromkeys(TABLES, 4)
    assert (done.source_file_count, done.removed_files, done.reply_count) == (2, 1, 2)
    with ReplyCache(store.model_replies) as replies:
        assert replies.spent("2026-10") == (44, 2.0), "what was paid stays in the account"
    assert reply_count(store) == 2
    left = store.read_table("raw/conversations", "2026-10")["conversation_id"]
    assert left.to_list() == ["bert-2026-10-0", "bert-2026-10-1"]
    assert holding(store, "bert-2026-09-1") != []


def test_the_months_of_an_erased_account_are_stale_and_read_without_it(store: Store, source: Path) -> None:
    erase_account(store, ANNA, source=None)
    assert all(
        store.read_state(name, month) is None for name in ("raw/conversations", "idx/task_month") for month in MONTHS
    )
    counts = read(store, source, "2026-10")
    assert (counts["read"], counts["erased"], counts["accepted"], counts["other_month"]) == (8, 4, 2, 2)
    assert holding(store, "anna") == []


def test_months_without_the_account_stay_fresh(store: Store) -> None:
    done = erase_account(store, "nobody@example.org", source=None)
    assert (done.months, done.row_counts, done.source_file_count) == ([], {}, None)
    assert store.read_state("idx/task_month", "2026-10") == "fingerprint"


@pytest.mark.parametrize("kept", ["raw/conversations", "core/conversations"])
def test_an_interrupted_erasure_is_finished_by_the_next(store: Store, kept: str) -> None:
    before = store.read_table(kept, "2026-10")
    others = store.read_table("core/facets", "2026-10")
    erase_account(store, ANNA, source=None)
    store.write_table(kept, "2026-10", before)
    store.write_table("core/facets", "2026-10", others)
    assert holding(store, "anna") != []
    erase_account(store, ANNA, source=None)
    assert holding(store, "anna") == []
    assert erase_account(store, ANNA, source=None).row_counts == {}


def test_erasure_reaches_months_that_were_read_under_an_older_secret(store: Store) -> None:
    old = account_key(store.account_secret(), ANNA)
    assert rotate_secret(store, is_forgetting=False) == 1
    assert account_key(store.account_secret(), ANNA) != old
    erase_account(store, ANNA, source=None)
    assert holding(store, "anna", old) == []


def test_a_forgotten_secret_leaves_old_months_to_the_retention_period(store: Store, source: Path) -> None:
    assert rotate_secret(store, is_forgetting=True) == 0
    assert erase_account(store, ANNA, source=None).months == []
    assert read(store, source, "2026-10")["erased"] == 4, "what is read again is read without the account"


def test_secrets_are_closed_to_others(store: Store) -> None:
    rotate_secret(store, is_forgetting=False)
    erase_account(store, ANNA, source=None)
    secret_files = [path for path in (store.root / "secret").rglob("*") if path.is_file()]
    assert len(secret_files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret_files} == {0o600}


def test_a_secret_of_the_environment_is_not_rotated_here(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="USAGE_INDEX_ACCOUNT_SECRET"):
        rotate_secret(Store(tmp_path, "a secret of the environment"), is_forgetting=False)


@pytest.fixture
def judged(store: Store, tmp_path: Path) -> tuple[Store, str, str]:
    """A month with a label set in which an account has an item, scored; its raw id and the label set."""
    key = account_key(store.account_secret(), ANNA)
    everyone, items, sheet = label_set(count=60)
    theirs = items.item(0, "conversation_id")
    own = pl.when(pl.col("conversation_id") == theirs).then(pl.lit(key)).otherwise("account_key").alias("account_key")
    name = items.item(0, "label_set")
    path = tmp_path / "rater.csv"
    path.write_text(filled_csv([good_answer(row) for row in sheet]), encoding="utf-8")
    raters = [read_answers(path, {row["item_id"]: row for row in items.iter_rows(named=True)})]
    store.write_table("core/validation_population", name, everyone.with_columns(own))
    store.write_table("core/validation_item", name, items)
    store.write_table("core/validation_answer", name, answer_table(raters, items))
    keep_scores(store, "2026-10", name, score_labels(items, everyone.with_columns(own), raters))
    known = store.read_table("core/conversations", "2026-10")
    more = known.head(1).with_columns(conversation_id=pl.lit(theirs), account_key=pl.lit(key))
    store.write_table("core/conversations", "2026-10", pl.concat([known, more]))
    return store, name, theirs


def counted(store: Store) -> list[int]:
    accuracy = store.read_table("core/validation_accuracy", "2026-10")
    return accuracy.filter(pl.col("facet").cast(pl.String) == "collaboration_pattern")["item_count"].to_list()


def test_judgements_of_an_erased_account_are_scored_without_it(judged: tuple[Store, str, str]) -> None:
    store, name, theirs = judged
    assert counted(store) == [60]
    state = store.read_state("core/validation_accuracy", "2026-10")
    erase_account(store, ANNA, source=None)
    assert counted(store) == [59]
    assert store.read_table("core/validation_estimate", "2026-10")["answered_count"].unique().to_list() == [59]
    assert store.read_table("core/validation_confusion", name).group_by("facet").agg(
        pl.col("item_weight").sum()
    )["item_weight"].to_list() == pytest.approx([59, 59])  # fmt: skip
    assert holding(store, theirs) == []
    assert store.read_state("core/validation_accuracy", "2026-10") not in (None, state), "the index is stale"


def test_a_label_set_whose_answers_were_not_kept_has_no_scores_after_an_erasure(judged: tuple[Store, str, str]) -> None:
    store, name, _ = judged
    store.table_path("core/validation_answer", name).unlink()
    erase_account(store, ANNA, source=None)
    assert counted(store) == []
    assert not store.table_path("core/validation_confusion", name).exists()


def test_what_people_judged_outlives_the_conversations_as_figures_alone(judged: tuple[Store, str, str]) -> None:
    store, _, _ = judged
    remove_expired(store, today=date(2036, 11, 1), raw_days=1, core_days=1)
    kept = ("core/validation_accuracy", "core/validation_agreement", "core/validation_estimate")
    left = {f"core/{path.parent.name}" for path in (store.root / "tables" / "core").glob("*/2026-10*.parquet")}
    assert left == set(kept)
    assert all(store.read_state(table, "2026-10") for table in kept)


def test_tables_past_their_period_go_and_published_ones_stay(store: Store) -> None:
    removed = remove_expired(store, today=date(2026, 11, 15), raw_days=10, core_days=40)
    assert removed == {"raw": 2, "core": 3}
    assert not store.table_path("raw/conversations", "2026-10").exists()
    assert not store.table_path("core/facets", "2026-09").exists()
    assert store.table_path("core/facets", "2026-10").exists()
    assert all(store.table_path("idx/task_month", month).exists() for month in MONTHS)
    assert (store.root / "validation" / "2026-10").exists()
    assert reply_count(store) == 2
    assert remove_expired(store, today=date(2026, 11, 15), raw_days=10, core_days=40) == {"raw": 0, "core": 0}


def test_a_period_ends_with_its_last_day(store: Store) -> None:
    assert remove_expired(store, today=date(2026, 10, 31), raw_days=31, core_days=0) == {"raw": 0, "core": 0}
    assert remove_expired(store, today=date(2026, 11, 1), raw_days=31, core_days=0) == {"raw": 1, "core": 0}
    assert remove_expired(store, today=date(2036, 11, 1), raw_days=0, core_days=0) == {"raw": 0, "core": 0}
