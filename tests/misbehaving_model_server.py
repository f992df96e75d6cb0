"""A language-model service that misbehaves as it is told: OpenAI's and Anthropic's interfaces over real HTTP.

A question says in its text what its requests meet, in order, the last again and again: `q17 do:429,reset,good`. The
server counts what it received and what it sent in full, so that a test can tell what was paid.
"""

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SCRIPT = re.compile(r"\bq(\d+) do:([\w.,-]+)")
_STATUSES = {"429": 429, "500": 500, "503": 503, "400": 400, "401": 401, "404": 404, "413": 413}
_BATCH_DEADLINE = "2026-11-24T00:00:00Z"


@dataclass
class Log:
    """What the server has seen and done.

    Attributes:
        received: Question number, behaviour and time of each request.
        sent: Question numbers whose reply was sent in full.
        headers: Headers of each request.
        documents: Body of each request.
        concurrent: Most requests under way at once.
    """

    received: list[tuple[int, str, float]] = field(default_factory=list)
    sent: Counter[int] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    concurrent: int = 0
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class MisbehavingServer(ThreadingHTTPServer):
    """The server; `log` says what happened, `url` where it is."""

    daemon_threads = True

    def __init__(
        self,
        *,
        answer_seconds: float = 0.0,
        polls_until_end: int = 1,
        script: Callable[[dict[str, Any]], tuple[int, list[str]]] | None = None,
        answer: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        """Bind to a free port of this machine.

        Args:
            answer_seconds: Time that a good answer takes.
            polls_until_end: Looks at a batch after which it has ended.
            script: Number of a request and what it meets; None: what its text says.
            answer: Content of a good answer to a request; None: the one of `model_example`.
        """
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script or _scripted
        self.answer = answer
        self.log = Log()
        self.answer_seconds = answer_seconds
        self.polls_until_end = polls_until_end
        self.loses_batch_answer = False
        self.tries: Counter[int] = Counter()
        self.files: dict[str, str] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the game."""


@contextmanager
def misbehaving_server(**given: Any) -> Iterator[MisbehavingServer]:
    """Run a server for the time of the block."""
    server = MisbehavingServer(**given)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _scripted(document: dict[str, Any]) -> tuple[int, list[str]]:
    text = json.dumps(document["messages"])
    found = _SCRIPT.search(text)
    return (
        (int(found.group(1)), found.group(2).split(",")) if found else (-1, ["ready" if "is_ready" in text else "good"])
    )


def _content(number: int, behaviour: str) -> str:
    return {
        "badjson": '{"number": ' + str(number) + ', "pattern": "lear',
        "wrongjson": '{"nummer": "x"}',
        "wrongenum": json.dumps({"number": number, "pattern": "teaching"}),
        "refusaltext": "I'm sorry, but I can't help with that.",
        "empty": "",
        "fenced": "```json\n" + json.dumps({"number": number, "pattern": "learning"}) + "\n```",
        "ready": json.dumps({"is_ready": True}),
    }.get(behaviour, json.dumps({"number": number, "pattern": "learning"}))


def _openai_reply(number: int, behaviour: str) -> dict[str, Any]:
    finish = {"cutoff": "length", "filtered": "content_filter"}.get(behaviour, "stop")
    message: dict[str, Any] = {"role": "assistant", "content": _content(number, behaviour)}
    if behaviour == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "No."}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def _anthropic_reply(number: int, behaviour: str) -> dict[str, Any]:
    text = _content(number, behaviour)
    try:
        block: dict[str, Any] = {"type": "tool_use", "id": "t", "name": "answer", "input": json.loads(text)}
    except ValueError:
        block = {"type": "text", "text": text}
    stop = {"refusal": "refusal", "filtered": "refusal", "cutoff": "max_tokens"}.get(behaviour, "tool_use")
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [] if behaviour in {"empty", "refusal"} else [block],
        "stop_reason": stop,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }


class _Handler(BaseHTTPRequestHandler):
    server: MisbehavingServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        routes = {
            "/v1/chat/completions": self._ask,
            "/v1/messages": self._ask,
            "/v1/files": self._upload,
            "/v1/batches": self._openai_batch,
            "/v1/messages/batches": self._anthropic_batch,
        }
        route = routes.get(self.path.partition("?")[0])
        if route is None:
            self._send(404, b'{"error": {"message": "no such address"}}')
        else:
            route(raw)

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[1] == "files":
            self._send(200, self.server.files[parts[2]].encode(), "application/jsonl")
        elif parts[-1] == "results":
            self._send(200, self.server.batches[parts[-2]]["results"].encode(), "application/x-jsonl")
        elif parts[-1] == "batches":
            found = [self._view(name) for name in reversed(self.server.batches)]
            self._send_json({"object": "list", "data": found, "has_more": False, "first_id": None, "last_id": None})
        elif parts[-1] in self.server.batches:
            self.server.batches[parts[-1]]["polls"] += 1
            self._send_json(self._view(parts[-1]))
        else:
            self._send(404, b'{"error": {"message": "gone"}}')

    def do_DELETE(self) -> None:
        name = self.path.rstrip("/").rpartition("/")[2]
        self.server.deleted.append(name)
        self._send_json({"id": name, "deleted": True, "object": "file", "type": "message_batch_deleted"})

    # One question

    def _ask(self, raw: bytes) -> None:
        log, document = self.server.log, json.loads(raw)
        number, script = self.server.script(document)
        with log.lock:
            place = self.server.tries[number]
            self.server.tries[number] += 1
            behaviour = script[min(place, len(script) - 1)]
            log.received.append((number, behaviour, time.monotonic()))
            log.headers.append(dict(self.headers))
            log.documents.append(document)
            log.under_way += 1
            log.concurrent = max(log.concurrent, log.under_way)
        try:
            if self._behave(number, behaviour, document):
                with log.lock:
                    log.sent[number] += 1
        finally:
            with log.lock:
                log.under_way -= 1

    def _behave(self, number: int, behaviour: str, document: dict[str, Any] | None = None) -> bool:
        """Do as told; True where a reply was sent in full."""
        kind, _, value = behaviour.partition("-")
        if behaviour == "toolong":
            said = "This model's maximum context length is 10 tokens. The secret text was: xyzzy"
            self._send(400, json.dumps({"error": {"message": said, "code": "context_length_exceeded"}}).encode())
            return False
        if kind in _STATUSES:
            extra = {"retry-after": value} if value else {}
            self._send(_STATUSES[kind], b'{"error": {"message": "told so: xyzzy", "type": "x"}}', headers=extra)
            return False
        if behaviour == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            for end in (self.rfile, self.wfile, self.connection):
                end.close()
            return False
        reply = _anthropic_reply if self.path == "/v1/messages" else _openai_reply
        told = reply(number, behaviour)
        if behaviour == "good" and document is not None and self.server.answer is not None:
            told["choices"][0]["message"]["content"] = self.server.answer(document)
        body = json.dumps(told).encode()
        if behaviour == "cutbody":
            self._send(200, body[: len(body) // 2])
            return False
        if behaviour == "oddbody":
            self._send(200, b'{"object": "something else"}')
            return False
        if behaviour == "drip":
            self._drip(body)
            return False
        time.sleep(self.server.answer_seconds)
        self._send(200, body)
        return True

    def _drip(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            self.wfile.flush()
            time.sleep(0.1)

    def _send(
        self, status: int, body: bytes, kind: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _send_json(self, document: Any) -> None:
        self._send(200, json.dumps(document).encode())

    # Batches

    def _upload(self, raw: bytes) -> None:
        name = f"file-{len(self.server.files)}"
        self.server.files[name] = "\n".join(line for line in raw.decode().splitlines() if line.startswith("{"))
        self._send_json(
            {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "f", "purpose": "batch"}
        )

    def _take(self, requests: dict[str, dict[str, Any]], **facts: Any) -> str:
        name = f"batch_{len(self.server.files)}_{len(self.server.batches)}_{time.monotonic_ns()}"
        answered = {}
        for key, document in requests.items():
            number, script = _scripted(document)
            answered[key] = (number, script[0])
            if script[0] not in {"500", "expired", "toolong"}:
                self.server.log.sent[number] += 1
        self.server.batches[name] = {
            "polls": 0,
            "size": len(requests),
            "answered": answered,
            "at": time.time(),
            **facts,
        }
        return name

    def _answered(self, name: str) -> None:
        if self.server.loses_batch_answer:
            self.server.loses_batch_answer = False
            self._behave(-1, "reset")
            return
        self._send_json(self._view(name))

    def _openai_batch(self, raw: bytes) -> None:
        document = json.loads(raw)
        rows = [json.loads(line) for line in self.server.files[document["input_file_id"]].splitlines()]
        name = self._take(
            {row["custom_id"]: row["body"] for row in rows},
            metadata=document["metadata"],
            input=document["input_file_id"],
        )
        lines, errors = [], []
        for key, (number, behaviour) in self.server.batches[name]["answered"].items():
            if behaviour == "expired":
                errors.append({"custom_id": key, "response": None, "error": {"code": "batch_expired", "message": "x"}})
                continue
            status = {"500": 500, "toolong": 400}.get(behaviour, 200)
            said = {"error": {"message": "maximum context length"}}
            body = _openai_reply(number, behaviour) if status == 200 else said
            row = {"custom_id": key, "response": {"status_code": status, "body": body}, "error": None}
            (lines if status == 200 else errors).append(row)
        for kind, content in (("output", lines), ("error", errors)):
            self.server.files[f"{kind}-{name}"] = "\n".join(map(json.dumps, content))
        self._answered(name)

    def _anthropic_batch(self, raw: bytes) -> None:
        rows = json.loads(raw)["requests"]
        name = self._take({row["custom_id"]: row["params"] for row in rows})
        lines = []
        for key, (number, behaviour) in self.server.batches[name]["answered"].items():
            result: dict[str, Any] = {"type": "succeeded", "message": _anthropic_reply(number, behaviour)}
            if behaviour == "expired":
                result = {"type": "expired"}
            elif behaviour in {"500", "toolong"}:
                kind = "invalid_request_error" if behaviour == "toolong" else "api_error"
                result = {
                    "type": "errored",
                    "error": {"type": "error", "error": {"type": kind, "message": "prompt is too long"}},
                }
            lines.append(json.dumps({"custom_id": key, "result": result}))
        self.server.batches[name]["results"] = "\n".join(lines)
        self._answered(name)

    def _view(self, name: str) -> dict[str, Any]:
        batch = self.server.batches[name]
        is_ended = batch["polls"] >= self.server.polls_until_end
        if "metadata" in batch:
            return {
                "id": name,
                "object": "batch",
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
                "created_at": int(batch["at"]),
                "input_file_id": batch["input"],
                "metadata": batch["metadata"],
                "status": "completed" if is_ended else "in_progress",
                "output_file_id": f"output-{name}" if is_ended else None,
                "error_file_id": f"error-{name}" if is_ended else None,
            }
        counts = {"processing": 0, "succeeded": batch["size"], "errored": 0, "canceled": 0, "expired": 0}
        return {
            "id": name,
            "type": "message_batch",
            "processing_status": "ended" if is_ended else "in_progress",
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(batch["at"])),
            "expires_at": _BATCH_DEADLINE,
            "request_counts": counts,
            "results_url": None,
        }
