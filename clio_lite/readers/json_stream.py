"""Cut a stream of bytes into single JSON values, one record each, with bounded memory.

JSON Lines are cut at line ends, a JSON array at the commas between its elements. The cut does not parse: a damaged
element spoils itself, not its neighbours, and an absurdly long one is passed over without being held.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

CHUNK_BYTES: Final = 1 << 20
MAX_RECORD_BYTES: Final = 32 << 20
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_STRUCTURE: Final = re.compile(rb'["\[\]{},]')
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPENING: Final = frozenset(b"[{")


@dataclass(frozen=True)
class Uncut:
    """A stretch of the stream that is no record: why, without its text."""

    reason: str
    detail: str


Cut = bytes | Uncut


def cut_records(stream: IO[bytes], *, max_bytes: int = MAX_RECORD_BYTES) -> Iterator[tuple[int, Cut]]:
    """Yield each record's number and bytes from JSON Lines or from one JSON array.

    Args:
        stream: Bytes of the file.
        max_bytes: A longer record is passed over as `too_long`.

    Yields:
        The line's (JSON Lines; blank lines are passed over) or the element's (array) number from 0, and its bytes.
    """
    head = _first_bytes(stream)
    if head.startswith(b"["):
        yield from enumerate(_array_elements(stream, head[1:], max_bytes))
    elif head:
        yield from _lines(stream, head, max_bytes)


def _first_bytes(stream: IO[bytes]) -> bytes:
    """Read the first bytes of the stream that are neither byte order mark nor white space."""
    head = stream.read(CHUNK_BYTES).removeprefix(_BYTE_ORDER_MARK).lstrip()
    while not head and (chunk := stream.read(CHUNK_BYTES)):
        head = chunk.lstrip()
    return head


def _lines(stream: IO[bytes], head: bytes, max_bytes: int) -> Iterator[tuple[int, Cut]]:
    rest, number, is_long = head, 0, False
    while True:
        *lines, rest = rest.split(b"\n")
        for line in lines:
            if is_long or len(line) > max_bytes:
                yield number, _too_long(max_bytes)
            elif line.strip():
                yield number, line.strip()
            is_long = False
            number += 1
        if len(rest) > max_bytes:
            rest, is_long = b"", True
        chunk = stream.read(max(CHUNK_BYTES, len(rest)))
        if not chunk:
            break
        rest += chunk
    if is_long:
        yield number, _too_long(max_bytes)
    elif rest.strip():
        yield number, rest.strip()


def _array_elements(stream: IO[bytes], head: bytes, max_bytes: int) -> Iterator[Cut]:
    cutter = _ArrayCutter(max_bytes)
    yield from cutter.feed(head)
    while chunk := stream.read(CHUNK_BYTES):
        yield from cutter.feed(chunk)
    yield from cutter.end()


def _too_long(max_bytes: int) -> Uncut:
    return Uncut("too_long", f"expected at most {max_bytes} bytes in a record")


class _ArrayCutter:
    """Follow strings and brackets through the chunks of one array, after its opening bracket."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._element = bytearray()
        self._carry = b""
        self._depth = 0
        self._in_string = False
        self._is_long = False
        self._is_closed = False
        self._is_first = True

    def feed(self, chunk: bytes) -> Iterator[Cut]:
        """Yield the elements that end in this chunk."""
        buffer = self._carry + chunk
        self._carry = b""
        start = position = 0
        while not self._is_closed:
            found = self._next_boundary(buffer, position)
            if found is None:
                break
            position = found
            self._keep(buffer[start : position - 1])
            start = position
            self._is_closed = buffer[position - 1] != _COMMA
            yield from self._finish(is_last=self._is_closed)
        self._keep(buffer[start : len(buffer) - len(self._carry)])

    def end(self) -> Iterator[Cut]:
        """Yield what is wrong with the end of the stream, if anything is."""
        self._keep(self._carry)
        if not self._is_closed:
            yield Uncut("not_json", "the file ends inside its array")
        elif self._is_long or self._element.strip():
            yield Uncut("not_json", "expected nothing after the end of the array")

    def _next_boundary(self, buffer: bytes, position: int) -> int | None:
        """Position just after the comma or bracket that ends the element, or None where the buffer ends before."""
        while position < len(buffer):
            if self._in_string:
                match = _REST_OF_STRING.match(buffer, position)
                position = match.end() if match else position
                if position == len(buffer):
                    return None
                if buffer[position] == _BACKSLASH:  # its partner is in the next chunk
                    self._carry = buffer[position:]
                    return None
                self._in_string = False
                position += 1
                continue
            match = _STRUCTURE.search(buffer, position)
            if match is None:
                return None
            position = match.end()
            byte = buffer[position - 1]
            if byte == _QUOTE:
                self._in_string = True
            elif byte in _OPENING:
                self._depth += 1
            elif self._depth == 0:
                return position
            elif byte != _COMMA:
                self._depth -= 1
        return None

    def _keep(self, piece: bytes) -> None:
        if len(self._element) + len(piece) > self._max_bytes:
            self._is_long = True
            self._element.clear()
        if not self._is_long:
            self._element += piece

    def _finish(self, *, is_last: bool) -> Iterator[Cut]:
        element = bytes(self._element).strip()
        if self._is_long:
            yield _too_long(self._max_bytes)
        elif element or not (is_last and self._is_first):  # "[]" holds no element, "[1,,2]" an empty one
            yield element
        self._element.clear()
        self._is_long = self._is_first = False
