"""Which field of which format means what: one function per format, from a parsed object to a `Draft`.

The tree of a ChatGPT export has its own module. Files, months and tables are elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clio_lite.conversation import (
    RecordError,
    optional_text,
    read_content,
    read_date,
    read_role,
    required_field,
    required_text,
    type_name,
)
from clio_lite.readers.chatgpt_tree import chatgpt_messages, chatgpt_model

RawObject = Mapping[str, object]
Messages = list[tuple[str, str]]


@dataclass(frozen=True)
class Draft:
    """What a format says of one conversation, before the checks that all formats share.

    Attributes:
        conversation_id: Id, or None where the format allows it to be absent; it is then made from the content.
        messages: Role and text of each message, empty ones included.
        user_id: Raw account id, or None where the record names none.
        started_at: Start, UTC, or None.
        model: Assistant model, or None.
        country: Country, or None.
    """

    conversation_id: str | None
    messages: Messages
    user_id: str | None = None
    started_at: datetime | None = None
    model: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: Its name on the command line and in `source_format`.
        marks: Sets of fields; a record with all fields of one set is of this format.
        id_fields: Where an id may stand, for the quarantine table.
        parse: Turns an object into a draft, or raises `RecordError`.
        is_export: All conversations of a file belong to one account.
    """

    name: str
    marks: tuple[frozenset[str], ...]
    id_fields: tuple[str, ...]
    parse: Callable[[RawObject], Draft]
    is_export: bool = False

    def fits(self, record: RawObject) -> bool:
        """Whether the record has the fields that mark this format."""
        return any(marks <= record.keys() for marks in self.marks)


def parse_usage_index(record: RawObject) -> Draft:
    """Read our own form: conversation_id, user_id, started_at, model, country, messages of role and content."""
    return Draft(
        conversation_id=required_text(record, "conversation_id"),
        messages=read_messages(record, "messages"),
        user_id=optional_text(record, "user_id"),
        started_at=read_date(record.get("started_at"), "started_at"),
        model=optional_text(record, "model"),
        country=optional_text(record, "country"),
    )


def parse_wildchat(record: RawObject) -> Draft:
    """Read WildChat. The account is the hashed IP address, of the record or of its first message that has one.

    `conversation_hash` is a hash of the content and no key, so the first message's `turn_identifier` is put behind it.
    The first edition of the data set names the id `conversation_id` and has no addresses.
    """
    messages = read_messages(record, "conversation")
    first = _first_with(record["conversation"], "turn_identifier")
    name = required_text(record, "conversation_hash" if "conversation_hash" in record else "conversation_id")
    turn = optional_text(first, "turn_identifier")
    return Draft(
        conversation_id=name if turn is None else f"{name}-{turn}",
        messages=messages,
        user_id=_own_or_first(record, "hashed_ip"),
        started_at=read_date(record.get("timestamp"), "timestamp"),
        model=optional_text(record, "model"),
        country=_own_or_first(record, "country"),
    )


def parse_lmsys(record: RawObject) -> Draft:
    """Read LMSYS-Chat-1M, which has neither dates nor accounts."""
    return Draft(
        conversation_id=required_text(record, "conversation_id"),
        messages=read_messages(record, "conversation"),
        model=optional_text(record, "model"),
    )


def parse_sharegpt(record: RawObject) -> Draft:
    """Read ShareGPT: conversations of from and value; the id is often absent."""
    return Draft(
        conversation_id=optional_text(record, "id"),
        messages=read_messages(record, "conversations", role_field="from", content_field="value"),
        model=optional_text(record, "model"),
    )


def parse_kura(record: RawObject) -> Draft:
    """Read kura: chat_id, created_at, messages; the model may stand in the metadata."""
    metadata = record.get("metadata")
    return Draft(
        conversation_id=required_text(record, "chat_id"),
        messages=read_messages(record, "messages"),
        started_at=read_date(record.get("created_at"), "created_at"),
        model=optional_text(metadata, "model") if isinstance(metadata, dict) else None,
    )


def parse_chatgpt_export(record: RawObject) -> Draft:
    """Read one conversation of a ChatGPT account export: the branch that the user saw last."""
    return Draft(
        conversation_id=optional_text(record, "conversation_id") or optional_text(record, "id"),
        messages=chatgpt_messages(record),
        started_at=read_date(record.get("create_time"), "create_time"),
        model=chatgpt_model(record),
    )


def parse_claude_export(record: RawObject) -> Draft:
    """Read one conversation of a Claude account export; attached files are not part of the text."""
    account = record.get("account")
    messages = []
    for message in _objects(record, "chat_messages"):
        text = read_content(_text_blocks(message.get("content"))) or read_content(message.get("text"))
        messages.append((read_role(message.get("sender")), text))
    return Draft(
        conversation_id=required_text(record, "uuid"),
        messages=messages,
        user_id=optional_text(account, "uuid") if isinstance(account, dict) else None,
        started_at=read_date(record.get("created_at"), "created_at"),
        model=optional_text(record, "model"),
    )


def parse_prompts(record: RawObject) -> Draft:
    """Read a plain prompt line: `prompt`, and where given uid (or id), user_id, started_at, model, country."""
    prompt = required_field(record, "prompt")
    if not isinstance(prompt, str):
        raise RecordError("wrong_type", f"field 'prompt': expected a string, found {type_name(prompt)}")
    ids = (optional_text(record, name) for name in _PROMPT_IDS)
    return Draft(
        conversation_id=next((name for name in ids if name), None),
        messages=[("user", prompt)],
        user_id=optional_text(record, "user_id"),
        started_at=read_date(record.get("started_at"), "started_at"),
        model=optional_text(record, "model"),
        country=optional_text(record, "country"),
    )


def read_messages(
    record: RawObject, field: str, *, role_field: str = "role", content_field: str = "content"
) -> Messages:
    """Read a list of messages, each with a role and a text; null messages are passed over.

    Args:
        record: Record as parsed.
        field: Field with the list.
        role_field: Field of a message with its role.
        content_field: Field of a message with its text.

    Raises:
        RecordError: The list is absent, of another type, or a message has an unusable role or text.
    """
    return [
        (read_role(message.get(role_field)), read_content(message.get(content_field)))
        for message in _objects(record, field)
    ]


def _objects(record: RawObject, field: str) -> list[dict[str, object]]:
    values = required_field(record, field)
    if not isinstance(values, list):
        raise RecordError("wrong_type", f"field '{field}': expected a list, found {type_name(values)}")
    for value in values:
        if value is not None and not isinstance(value, dict):
            raise RecordError("wrong_type", f"field '{field}': expected objects, found {type_name(value)}")
    return [value for value in values if value is not None]


def _text_blocks(content: object) -> object:
    """Of a Claude message's blocks, those that are said; thinking and tool calls are not."""
    if not isinstance(content, list):
        return content
    return [block for block in content if isinstance(block, dict) and block.get("type", "text") == "text"]


def _first_with(messages: object, field: str) -> dict[str, object]:
    """First message that has the field, else an empty one."""
    values = messages if isinstance(messages, list) else []
    return next((value for value in values if isinstance(value, dict) and value.get(field)), {})


def _own_or_first(record: RawObject, field: str) -> str | None:
    return optional_text(record, field) or optional_text(_first_with(record["conversation"], field), field)


_PROMPT_IDS: Final = ("uid", "id", "conversation_id")

# In order of precedence: the first that fits is the record's format.
ALL_FORMATS: Final = (
    Format(
        "chatgpt_export", (frozenset({"mapping"}),), ("conversation_id", "id"), parse_chatgpt_export, is_export=True
    ),
    Format("claude_export", (frozenset({"chat_messages"}),), ("uuid",), parse_claude_export, is_export=True),
    Format(
        "wildchat",
        (frozenset({"conversation_hash"}), frozenset({"conversation", "timestamp"})),
        ("conversation_hash", "conversation_id"),
        parse_wildchat,
    ),
    Format("lmsys", (frozenset({"conversation"}),), ("conversation_id",), parse_lmsys),
    Format("sharegpt", (frozenset({"conversations"}),), ("id",), parse_sharegpt),
    Format("kura", (frozenset({"chat_id", "messages"}),), ("chat_id",), parse_kura),
    Format("usage_index", (frozenset({"messages"}),), ("conversation_id",), parse_usage_index),
    Format("prompts", (frozenset({"prompt"}),), _PROMPT_IDS, parse_prompts),
)

# Fields worth reading from a Parquet file; the others (moderation scores, headers) are left on disk.
KNOWN_FIELDS: Final = frozenset(
    {"conversation_id", "user_id", "started_at", "model", "country", "messages", "prompt", "uid", "id"}
    | {"conversation_hash", "timestamp", "conversation", "hashed_ip", "conversations", "chat_id", "created_at"}
    | {"metadata", "mapping", "current_node", "create_time", "default_model_slug", "uuid", "account", "chat_messages"}
)
