"""What every service has in common: a request, a reply, how a reply is read, and why there may be none.

What one provider calls these is in `openai_service` and `anthropic_service`.
"""

import json
import logging
from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar

import regex
from pydantic import BaseModel, ValidationError

from clio_lite.errors import ModelUnusableError
from clio_lite.models.protocol import Question

Body = Mapping[str, Any]
T = TypeVar("T")
_REFUSAL: Final = regex.compile(
    r"^\W*(?:I['’]?m (?:very |really )?sorry|sorry,|I (?:can(?:no|['’])t|am (?:not able|unable)|must decline|won['’]t)"
    r"|I['’]m (?:not able|unable)|as an AI\b)",
    regex.IGNORECASE,
)
_FENCE: Final = regex.compile(r"^\s*```\w*\s*\n(.*)\n\s*```\s*$", regex.DOTALL)
_TOO_LONG: Final = regex.compile(
    r"context[ _](?:length|window|size)|maximum context|too long|too large|exceeds? the (?:available )?context",
    regex.IGNORECASE,
)
_TALKATIVE_LOGGERS: Final = ("openai", "anthropic", "httpx2", "httpcore2")
_QUOTING_ERRORS: Final = frozenset({"value_error", "assertion_error"})
_PROBLEMS_NAMED: Final = 8


class CallFailedError(Exception):
    """A call that brought no reply; it does not leave this package.

    Attributes:
        reason: A value of `clio_lite.models.FAILURE_REASONS`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoReplyError(Exception):
    """A response that is no reply of this provider, such as half a document; the call may be tried again."""


@dataclass(frozen=True)
class Reply:
    """What a model said, and what it cost in tokens.

    Attributes:
        text: JSON as written, or whatever else it wrote.
        finish: complete, cut_off or refused.
        input_tokens: Tokens read.
        output_tokens: Tokens written.
    """

    text: str = field(repr=False)
    finish: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class BatchState:
    """Where a batch stands: whether it has ended, and whether the provider took it at all."""

    is_ended: bool
    is_failed: bool = False


class Session(Protocol):
    """An open connection to a service."""

    async def call(self, body: Body) -> Reply:
        """Send one request; raises CallFailedError, NoReplyError or ModelUnusableError."""
        ...

    async def submit_batch(self, bodies: Mapping[str, Body], *, label: str) -> str:
        """Hand in requests by their keys; returns the provider's id of the batch."""
        ...

    async def find_batches(self, *, label: str, size: int, since: datetime) -> list[str]:
        """Ids of batches that may be one whose id was not recorded, most likely first."""
        ...

    async def batch_state(self, batch_id: str) -> BatchState:
        """Where a batch stands."""
        ...

    async def batch_replies(self, batch_id: str) -> dict[str, Reply | str]:
        """Reply, or reason of failure, by request key."""
        ...

    async def forget_batch(self, batch_id: str) -> None:
        """Delete what the provider keeps of a batch, as far as it can be."""
        ...


class Service(Protocol):
    """A model at a provider."""

    @property
    def provider(self) -> str:
        """Its interface."""
        ...

    @property
    def model(self) -> str:
        """Name of the model there."""
        ...

    @property
    def address(self) -> str:
        """Where it is; part of the identity of its replies."""
        ...

    def body(self, question: Question, note: str) -> Body:
        """The request for a question; the note says what was wrong with the last answer."""
        ...

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open it."""
        ...


def request_key(service: Service, question: Question, body: Body) -> str:
    """Key of a request and its reply: the service, the prompt's version and everything that is sent.

    The question's own key is not in it: the same request has the same reply, whoever asks.

    Args:
        service: The service.
        question: For the prompt and its version.
        body: What is sent: model, decoding parameters, schema, instructions, data, order of the options.
    """
    parts = [service.provider, service.address, question.prompt, question.prompt_version, body]
    return blake2b(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode(), digest_size=16).hexdigest()


def read_answer(reply: Reply, schema: type[BaseModel]) -> tuple[BaseModel | None, str | None, str]:
    """Read the value in a reply.

    Args:
        reply: What the model said.
        schema: What it should have been.

    Returns:
        The value; else None, the reason, and what was wrong in words that quote none of it.
    """
    if reply.finish == "refused":
        return None, "refused", ""
    if reply.finish == "cut_off":
        return None, "cut_off", "it was too long and was cut off"
    if not reply.text.strip():
        return None, "empty_answer", "it was empty"
    fenced = _FENCE.match(reply.text)
    text = fenced.group(1) if fenced else reply.text
    try:
        return schema.model_validate_json(text), None, ""
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    if problems[0]["type"] == "json_invalid" and _REFUSAL.match(reply.text):
        return None, "refused", ""
    return None, "bad_answer", "; ".join(_problem(item, schema) for item in problems[:_PROBLEMS_NAMED])


def _problem(item: Mapping[str, Any], schema: type[BaseModel]) -> str:
    known = set(json.dumps(schema.model_json_schema()).split('"'))
    place = ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in item["loc"])
    message = "it is not allowed" if item["type"] in _QUOTING_ERRORS else item["msg"]
    return f"{place}: {message}" if place else str(message)


def repair_note(problem: str, attempt: int) -> str:
    """What is added to a question that is asked again.

    Args:
        problem: From `read_answer`.
        attempt: Number of this attempt, from 2.
    """
    return (
        f"\n\nThis is attempt {attempt}. The last answer to this could not be used: {problem}. "
        "Answer again, with nothing but the JSON object that was asked for."
    )


def call_failure(status: int, document: object, *, provider: str, model: str) -> CallFailedError:
    """What an HTTP status means; what the service says of it is looked at but never passed on, for it may quote text.

    Args:
        status: HTTP status, 400 or above.
        document: Body of the response as parsed, or anything.
        provider: For the error.
        model: For the error.

    Raises:
        ModelUnusableError: No question can be answered with this configuration.
    """
    said = json.dumps(document, default=str) if document is not None else ""
    if status in {401, 403, 404}:
        what = {401: "the key is not accepted", 403: "the key has no permission", 404: "no such model or address"}
        raise ModelUnusableError(
            f"expected {provider} to serve {model}, found status {status}: {what[status]}: "
            "check api_key_env, base_url and model in the settings"
        )
    if "content_filter" in said or "content_policy" in said:
        return CallFailedError("refused")
    if status == 413 or (400 <= status < 500 and status != 429 and _TOO_LONG.search(said)):
        return CallFailedError("too_long")
    if status == 429:
        return CallFailedError("rate_limited")
    if status == 408:
        return CallFailedError("timed_out")
    return CallFailedError("service_error" if status >= 500 or status == 409 else "rejected")


async def guarded(
    call: Awaitable[T], library: ModuleType, *, provider: str, model: str, is_thing_known: bool = True
) -> T:
    """Await a call of a client library; whatever its errors say of the request stays in here.

    Args:
        call: The call.
        library: `openai` or `anthropic`, whose errors have the same names.
        provider: For the error.
        model: For the error.
        is_thing_known: Status 404 says that the model or the address is wrong; False: only what was asked for is gone.

    Raises:
        CallFailedError: No reply.
        ModelUnusableError: There can be none.
    """
    status, said = 0, None
    try:
        return await call
    except library.APIStatusError as error:
        status, said = error.status_code, error.body
    except library.APITimeoutError:
        status = 408
    except library.APIConnectionError:
        status = 503
    # Raised out here, so that no error of the library, which may quote the request, hangs on ours.
    if status == 404 and not is_thing_known:
        raise CallFailedError("rejected")
    raise call_failure(status, said, provider=provider, model=model)


def json_document(response: Any) -> object:
    """Parse a response.

    Args:
        response: HTTP response, read.

    Raises:
        NoReplyError: It is not JSON.
    """
    try:
        return response.json()
    except ValueError:
        pass
    raise NoReplyError


def quiet_loggers() -> None:
    """Keep the client libraries from logging what they send: their debug lines hold whole requests."""
    for name in _TALKATIVE_LOGGERS:
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.WARNING:
            logger.setLevel(logging.WARNING)


def strict_schema(schema: type[BaseModel], *, has_lengths: bool = True) -> dict[str, Any]:
    """JSON schema of an answer in the form that structured output takes: all fields required, no others allowed.

    Args:
        schema: Shape of the answer.
        has_lengths: Lengths of texts are said; OpenAI itself refuses a strict schema that says them.
    """
    dropped = {"default"} if has_lengths else {"default", "minLength", "maxLength"}

    def close(node: Any) -> Any:
        if isinstance(node, list):
            return [close(item) for item in node]
        if not isinstance(node, dict):
            return node
        kept = {name: close(value) for name, value in node.items() if name not in dropped}
        if isinstance(node.get("properties"), dict):
            kept = {**kept, "additionalProperties": False, "required": list(node["properties"])}
        return kept

    return dict(close(schema.model_json_schema()))
