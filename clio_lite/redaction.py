"""Redaction: private strings give way to their kind, before anything is embedded or sent to a model.

The patterns are in `private_patterns`, the heuristic for names in `names`; here they are applied.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from clio_lite.accounts import add_is_counted
from clio_lite.names import find_names, names_pattern
from clio_lite.private_patterns import DIGIT, DIGIT_RUN, FOUR_DIGITS, PRIVATE_PATTERNS
from clio_lite.tables import RedactedConversation

BATCH_ROWS: Final = 1_000
_PLACEHOLDER = re.compile(r"\[(?:email|name|phone|card|iban|id|ip|url|secret|handle|address|date|location)\]")
_REPEATED_NAME = re.compile(r"\[name\](?:[ \u00a0](?:[A-Z]\. )?\[name\])+")


@dataclass(frozen=True)
class Redaction:
    """A text without its private strings.

    Attributes:
        text: The text, each private string replaced by its kind in brackets.
        counts: How many were replaced, by kind.
    """

    text: str
    counts: dict[str, int]


def redact_text(text: str) -> Redaction:
    """Replace the private strings of one text.

    Args:
        text: Any text, in any language; code and logs too.

    Returns:
        The redacted text with counts by kind. Redacting it again changes nothing.
    """
    return redact_texts([text])[0]


def redact_texts(texts: Sequence[str]) -> list[Redaction]:
    """Replace the private strings of texts that belong together, such as the turns of one conversation.

    A name that is found in one of them is replaced in all of them.

    Args:
        texts: The texts of one conversation.

    Returns:
        One redaction per text, in order.
    """
    counters = [Counter[str]() for _ in texts]
    redacted = [_without_patterns(text, counter) for text, counter in zip(texts, counters, strict=True)]
    pattern = names_pattern(find_names(_PLACEHOLDER.sub("·", text) for text in redacted))
    if pattern is not None:
        redacted = [_without_names(text, pattern, counter) for text, counter in zip(redacted, counters, strict=True)]
    return [Redaction(text, dict(sorted(counter.items()))) for text, counter in zip(redacted, counters, strict=True)]


def _without_patterns(text: str, counter: Counter[str]) -> str:
    """Replace what the patterns find, one kind after another."""
    lower = text.lower()
    held = _digits_held(text)
    for private in PRIVATE_PATTERNS:
        if private.needs not in held:
            continue
        if private.hints:
            for hint in private.hints:  # a plain loop: it is run for every pattern and text
                if hint in lower:
                    break
            else:
                continue
        pieces: list[str] = []
        end = 0
        group = "private" if "private" in private.pattern.groupindex else 0
        for match in private.pattern.finditer(text):
            if private.check(match):
                pieces += [text[end : match.start(group)], f"[{private.kind}]"]
                end = match.end(group)
                counter[private.kind] += 1
        if pieces:
            text = "".join([*pieces, text[end:]])
    return text


def _digits_held(text: str) -> tuple[str, ...]:
    """Values of `PrivatePattern.needs` that a text meets."""
    if DIGIT.search(text) is None:
        return ("nothing",)
    held = ["nothing", "digit"]
    if FOUR_DIGITS.search(text):
        held.append("four")
    if DIGIT_RUN.search(text):
        held.append("run")
    return tuple(held)


def _without_names(text: str, pattern: re.Pattern[str], counter: Counter[str]) -> str:
    """Replace names, two that follow each other by one mark."""
    text, count = pattern.subn("[name]", text)
    if count:
        counter["name"] += count
        text = _REPEATED_NAME.sub("[name]", text)
    return text


def redact_conversations(conversations: pl.LazyFrame, *, account_cap: int, seed: int, work_dir: Path) -> pl.LazyFrame:
    """Redact conversations and mark those inside the cap per account and month; none is dropped.

    Texts go through memory one batch at a time.

    Args:
        conversations: Rows of `Conversation`, sorted by conversation id.
        account_cap: Conversations per account and month that count.
        seed: Seed of the choice among an account's conversations.
        work_dir: Folder for the redacted batches, which must stay until the result is collected.

    Returns:
        Lazy scan of one row per conversation, schema `RedactedConversation`, sorted by conversation id.

    Raises:
        ValueError: The conversations are not sorted.
    """
    columns = ("content_hash", "account_key", "has_account", "has_date", "month", "model", "country")
    facts = conversations.select("conversation_id", *columns).collect()
    if not facts.get_column("conversation_id").is_sorted():
        raise ValueError("expected conversations sorted by conversation_id, as ingest gives them")
    facts = add_is_counted(facts, account_cap=account_cap, seed=seed).sort("conversation_id")
    target = work_dir / "redacted"
    target.mkdir(mode=0o700)
    for start in range(0, max(1, facts.height), BATCH_ROWS):
        batch = conversations.select("conversation_id", "messages").slice(start, BATCH_ROWS).collect()
        texts = _redacted_rows(batch.rows())
        rows = facts.slice(start, BATCH_ROWS).join(texts, on="conversation_id", validate="1:1").sort("conversation_id")
        table = RedactedConversation.validate(rows.select(RedactedConversation.column_names()), cast=True)
        table.write_parquet(target / f"{start:012d}.parquet")
    return pl.scan_parquet(sorted(target.glob("*.parquet")))


_TEXT_SCHEMA: Final[dict[str, pl.DataType]] = {
    "conversation_id": pl.String(),
    "user_turn_count": pl.Int64(),
    "assistant_turn_count": pl.Int64(),
    "redaction_count": pl.Int64(),
    "messages": pl.List(pl.Struct({"role": pl.String, "content": pl.String})),
}


def _redacted_rows(rows: Iterable[tuple[str, list[dict[str, str]]]]) -> pl.DataFrame:
    """Redact the messages of some conversations."""
    redacted = []
    for conversation_id, messages in rows:
        redactions = redact_texts([message["content"] for message in messages])
        roles = [message["role"] for message in messages]
        redacted.append(
            {
                "conversation_id": conversation_id,
                "user_turn_count": roles.count("user"),
                "assistant_turn_count": roles.count("assistant"),
                "redaction_count": sum(sum(redaction.counts.values()) for redaction in redactions),
                "messages": [
                    {"role": role, "content": redaction.text} for role, redaction in zip(roles, redactions, strict=True)
                ],
            }
        )
    return pl.DataFrame(redacted, schema=_TEXT_SCHEMA)
