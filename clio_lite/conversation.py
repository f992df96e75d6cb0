"""A conversation as every reader hands it over, before any table is made.

Here belong the record, its turns, the content hash and the checks on single values that all formats share. Which field
of which format means what is in `clio_lite.readers`; duplicates, months and tables are in `clio_lite.ingest`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Final

MAX_ID_CHARACTERS: Final = 512
_MILLISECONDS_FROM: Final = 1e11  # seconds since 1970 beyond this would lie after the year 5000
_ROLE_NAMES: Final[Mapping[str, str]] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "function_call": "tool",
    "observation": "tool",
}


class RecordError(Exception):
    """One record cannot be used; the readers turn it into a `Rejected`, so it never leaves this package.

    Attributes:
        reason: A value of `clio_lite.tables.QUARANTINE_REASONS`.
        detail: What was expected and found, without any text of the record.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Turn:
    """One message: a role of `clio_lite.tables.ROLES` and its text in Unicode NFC."""

    role: str
    content: str


@dataclass(frozen=True)
class Record:
    """One usable conversation as read; `user_id` is the raw account id and goes no further than `clio_lite.ingest`."""

    source_file: str
    record_number: int
    source_format: str
    conversation_id: str
    turns: tuple[Turn, ...]
    user_id: str | None = None
    started_at: datetime | None = None
    model: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Rejected:
    """One unusable record: where it is and why, never its text."""

    source_file: str
    record_number: int
    conversation_id: str | None
    reason: str
    detail: str


def content_hash(turns: Iterable[Turn]) -> str:
    """Hash the roles and texts of a conversation: blake2b, 128 bits, as hexadecimal digits.

    Every part is preceded by its length, so that no two different conversations are spelled alike.

    Args:
        turns: Turns in order.
    """
    digest = blake2b(digest_size=16)
    for turn in turns:
        for part in (turn.role, unicodedata.normalize("NFC", turn.content)):
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
    return digest.hexdigest()


def storable_text(text: str) -> str:
    """Bring a text into the form that is stored: Unicode NFC, half surrogate pairs replaced by U+FFFD.

    JSON can spell half of a surrogate pair, which UTF-8, and so Parquet, cannot hold.

    Args:
        text: Any string.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)


def type_name(value: object) -> str:
    """Name the type of a value in the words of JSON, for error details."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object"}
    return names.get(type(value), type(value).__name__)


def required_field(record: Mapping[str, object], name: str) -> object:
    """Look up a field that must be there and not null.

    Args:
        record: Record as parsed.
        name: Field.

    Raises:
        RecordError: The field is absent or null (missing_field).
    """
    value = record.get(name)
    if value is None:
        raise RecordError("missing_field", f"expected a field '{name}', found none")
    return value


def optional_text(record: Mapping[str, object], name: str) -> str | None:
    """Read a field that may be absent, null or empty, else a string or a whole number.

    Args:
        record: Record as parsed.
        name: Field.

    Raises:
        RecordError: The value has another type (wrong_type) or is absurdly long (too_long).
    """
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError("wrong_type", f"field '{name}': expected a string, found {type_name(value)}")
    text = storable_text(value).strip()
    if len(text) > MAX_ID_CHARACTERS:
        raise RecordError("too_long", f"field '{name}': expected at most {MAX_ID_CHARACTERS} characters")
    return text or None


def required_text(record: Mapping[str, object], name: str) -> str:
    """Read an id that must be there: a non-empty string or a whole number.

    Args:
        record: Record as parsed.
        name: Field.

    Raises:
        RecordError: Absent, null or empty (missing_field), of another type (wrong_type) or absurdly long (too_long).
    """
    required_field(record, name)
    text = optional_text(record, name)
    if text is None:
        raise RecordError("missing_field", f"expected a field '{name}', found an empty one")
    return text


def read_date(value: object, name: str) -> datetime | None:
    """Read a date as UTC: ISO 8601 text, a datetime, or seconds (or milliseconds) since 1970; null and "" are no date.

    A date without a time zone counts as UTC.

    Args:
        value: Value as parsed.
        name: Field, for the error.

    Raises:
        RecordError: The value is no date (bad_date).
    """
    if value is None or value == "":
        return None
    problem = RecordError("bad_date", f"field '{name}': expected an ISO 8601 date or seconds since 1970")
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        elif isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) > _MILLISECONDS_FROM else value
            moment = datetime.fromtimestamp(seconds, tz=UTC)
        else:
            raise problem
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise problem from error


def read_role(value: object) -> str:
    """Bring a role's name to one of `clio_lite.tables.ROLES`.

    Args:
        value: Role as parsed.

    Raises:
        RecordError: No role (missing_field), not text (wrong_type) or an unknown name (wrong_role).
    """
    if value is None:
        raise RecordError("missing_field", "a message has no role")
    if not isinstance(value, str):
        raise RecordError("wrong_type", f"role of a message: expected a string, found {type_name(value)}")
    role = _ROLE_NAMES.get(value.strip().lower())
    if role is None:
        raise RecordError("wrong_role", "role of a message: expected user, assistant, system or tool, found another")
    return role


def read_content(value: object) -> str:
    """Read a message's text: a string, null (no text), or a list of strings and blocks that carry `text`.

    Blocks of other kinds (images, tool calls) carry no text and are passed over.

    Args:
        value: Content as parsed.

    Raises:
        RecordError: The content is of another type (wrong_type).
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = [part.get("text") if isinstance(part, dict) else part for part in value]
        return "\n".join(text for text in texts if isinstance(text, str) and text)
    raise RecordError("wrong_type", f"content of a message: expected a string, found {type_name(value)}")


def usable_turns(messages: Iterable[tuple[str, str]], *, max_characters: int) -> tuple[Turn, ...]:
    """Keep the messages that have text, and refuse a conversation without a user's words.

    Args:
        messages: Role and text of each message.
        max_characters: Most characters of all turns together.

    Raises:
        RecordError: Nothing but empty messages (empty), no user's words (no_user_turn) or too much text (too_long).
    """
    turns = tuple(Turn(role, storable_text(text)) for role, text in messages if text.strip())
    if not turns:
        raise RecordError("empty", "expected at least one message with text, found none")
    if all(turn.role != "user" for turn in turns):
        raise RecordError("no_user_turn", f"expected a user's message with text, found {len(turns)} of others")
    length = sum(len(turn.content) for turn in turns)
    if length > max_characters:
        raise RecordError("too_long", f"expected at most {max_characters} characters, found {length}")
    return turns
