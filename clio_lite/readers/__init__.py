"""Readers of conversations: eight formats, JSON Lines, JSON arrays, Parquet, gzip, folders and export zips, streaming.

Here: which format a file or record has, and the stream of `Record` and `Rejected` that `clio_lite.ingest` consumes.

Every record's format is told by its own fields, so that the order of records decides nothing; a named format is applied
to all. In a ChatGPT or Claude account export all conversations belong to one account: the record's `account.uuid`
(Claude), else the id in `user.json` or `users.json` beside it, else a digest of the export's conversations. The digest
does not depend on their order, but a later export of the same account has another one.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Final

from clio_lite.conversation import Record, RecordError, Rejected, content_hash, optional_text, usable_turns
from clio_lite.errors import ConversationFormatError
from clio_lite.readers.formats import ALL_FORMATS, KNOWN_FIELDS, Format
from clio_lite.readers.sources import Source, cut_source, find_sources, raw_records, read_sibling, siblings

FORMATS: Final = (
    "usage_index",
    "wildchat",
    "lmsys",
    "sharegpt",
    "kura",
    "chatgpt_export",
    "claude_export",
    "prompts",
)
MAX_CHARACTERS: Final = 200_000
_RECORDS_TO_PEEK_AT: Final = 100
_ACCOUNT_FILES: Final = ("user.json", "users.json")
_ACCOUNT_FILE_BYTES: Final = 1 << 20

__all__ = ["FORMATS", "MAX_CHARACTERS", "detect_format", "read_records"]


def detect_format(path: Path) -> str:
    """Tell the format of a file or folder from its first records.

    Args:
        path: File, folder of files or export zip.

    Returns:
        A value of `FORMATS`: that of the first record that has the fields of one.

    Raises:
        ConversationFormatError: Nothing there, or no record of a known format among the first of any file.
    """
    for source in find_sources(path):
        for record in _first_objects(source):
            if (found := _format_of(record)) is not None:
                return found.name
    raise ConversationFormatError(f"{path.name}: {_EXPECTED}")


def read_records(
    path: Path, *, source_format: str | None = None, max_characters: int = MAX_CHARACTERS
) -> Iterator[Record | Rejected]:
    """Yield every record of the input, usable or not, file by file, holding one at a time.

    Args:
        path: File, folder of files or export zip.
        source_format: A value of `FORMATS`, or None to tell it from each record.
        max_characters: A conversation with more text is rejected.

    Raises:
        ConversationFormatError: Nothing to read, an unknown format, or a named one that does not fit.
        ValueError: `source_format` is not one of `FORMATS`.
    """
    if source_format is not None and source_format not in FORMATS:
        raise ValueError(f"source format: expected one of {', '.join(FORMATS)}")
    named = next((known for known in ALL_FORMATS if known.name == source_format), None)
    for source in find_sources(path):
        _check_format(source, named)
        accounts: dict[str, str] = {}
        for item in raw_records(source, fields=KNOWN_FIELDS):
            if isinstance(item, Rejected):
                yield item
            else:
                yield _read_record(source, item[0], item[1], named, max_characters, accounts)


_EXPECTED: Final = (
    f"expected records of one of {', '.join(FORMATS)}, found none among the first {_RECORDS_TO_PEEK_AT} records: "
    "see docs/conversation_formats.md, or convert the file to our own"
)


def _format_of(record: Mapping[str, object]) -> Format | None:
    return next((known for known in ALL_FORMATS if known.fits(record)), None)


def _first_objects(source: Source) -> list[dict[str, object]]:
    first = islice(raw_records(source, fields=None), _RECORDS_TO_PEEK_AT)
    return [item[1] for item in first if not isinstance(item, Rejected)]


def _check_format(source: Source, named: Format | None) -> None:
    """Refuse a file whose first objects are all of no known, or not of the named, format; damage is no sign."""
    objects = _first_objects(source)
    if not objects or any(named.fits(record) if named else _format_of(record) for record in objects):
        return
    found = next((known.name for known in map(_format_of, objects) if known), None)
    if named is None or found is None:
        raise ConversationFormatError(f"{source.name}: {_EXPECTED}")
    raise ConversationFormatError(
        f"{source.name}: expected records of format {named.name}, found {found}: name that format, or none"
    )


def _read_record(
    source: Source,
    number: int,
    value: dict[str, object],
    named: Format | None,
    max_characters: int,
    accounts: dict[str, str],
) -> Record | Rejected:
    known = named or _format_of(value)
    if known is None:
        return Rejected(source.name, number, None, "missing_field", "expected the fields of a known format, found none")
    try:
        draft = known.parse(value)
        turns = usable_turns(draft.messages, max_characters=max_characters)
    except RecordError as error:
        return Rejected(source.name, number, _readable_id(known, value), error.reason, error.detail)
    user_id = draft.user_id
    if user_id is None and known.is_export:
        if known.name not in accounts:
            accounts[known.name] = _export_account(source)
        user_id = accounts[known.name]
    return Record(
        source_file=source.name,
        record_number=number,
        source_format=known.name,
        conversation_id=draft.conversation_id or f"content-{content_hash(turns)}",
        turns=turns,
        user_id=user_id if user_id is None or known.name in _OWN_ACCOUNTS else f"{known.name}:{user_id}",
        started_at=draft.started_at,
        model=draft.model,
        country=draft.country,
    )


_OWN_ACCOUNTS: Final = ("usage_index", "prompts")  # other formats' accounts are kept apart by the format's name


def _readable_id(known: Format, value: Mapping[str, object]) -> str | None:
    for name in known.id_fields:
        try:
            found = optional_text(value, name)
        except RecordError:
            continue
        if found is not None:
            return found
    return None


def _export_account(source: Source) -> str:
    """Account of an export that names none in its records: the id beside it, else the digest of its conversations."""
    for name in _ACCOUNT_FILES:
        content = read_sibling(source, name, max_bytes=_ACCOUNT_FILE_BYTES)
        if content is not None and (found := _account_in(content)) is not None:
            return found
    total = 0
    for part in siblings(source):
        for _, cut in cut_source(part):
            if isinstance(cut, bytes):
                total += int.from_bytes(blake2b(cut, digest_size=16).digest(), "big")
    return f"digest-{total % (1 << 128):032x}"


def _account_in(content: bytes) -> str | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return None
    ids = (value.get(name) for name in ("id", "uuid"))
    return next((found for found in ids if isinstance(found, str) and found), None)
