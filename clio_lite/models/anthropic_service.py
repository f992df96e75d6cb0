"""Anthropic's messages: the answer is the input of a tool that the model must use."""

import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
from pydantic import BaseModel, ValidationError

from clio_lite.models.hosted import HostedModel, HostedSession
from clio_lite.models.protocol import Question
from clio_lite.models.service import (
    BatchState,
    Body,
    CallFailedError,
    NoReplyError,
    Reply,
    call_failure,
    strict_schema,
)

PROVIDER: Final = "anthropic"
_TOOL: Final = "answer"
_FINISH: Final = {"max_tokens": "cut_off", "model_context_window_exceeded": "cut_off", "refusal": "refused"}
_STATUS_OF_ERROR: Final = {
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "invalid_request_error": 400,
    "rate_limit_error": 429,
}
_CLOCK_SLACK: Final = timedelta(minutes=10)


class _Block(BaseModel):
    type: str
    text: str = ""
    input: Any = None


class _Usage(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Message(BaseModel):
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage = _Usage()


def _reply(document: object) -> Reply:
    """Read a message; raises NoReplyError where it is none."""
    try:
        message = _Message.model_validate(document)
    except ValidationError:
        message = None
    if message is None:
        raise NoReplyError
    tools = [block for block in message.content if block.type == "tool_use"]
    texts = [block.text for block in message.content if block.type == "text"]
    usage = message.usage
    read = usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return Reply(
        json.dumps(tools[0].input, ensure_ascii=False) if tools else "\n".join(texts),
        _FINISH.get(message.stop_reason or "", "complete"),
        read,
        usage.output_tokens,
    )


@dataclass(frozen=True)
class AnthropicService(HostedModel):
    """A model behind Anthropic's messages.

    Attributes:
        provider: Its interface.
    """

    own_address: ClassVar[str] = "https://api.anthropic.com"

    provider: str = PROVIDER

    def body(self, question: Question, note: str) -> Body:
        """See `Service.body`."""
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": question.system,
            "messages": [{"role": "user", "content": question.user + note}],
            "tools": [
                {
                    "name": _TOOL,
                    "description": "Give the answer.",
                    "input_schema": strict_schema(question.answer_schema),
                }
            ],
            "tool_choice": {"type": "tool", "name": _TOOL, "disable_parallel_tool_use": True},
            **({"temperature": self.temperature} if self.temperature >= 0 else {}),
        }

    @asynccontextmanager
    async def session(self) -> AsyncIterator["AnthropicSession"]:
        """See `Service.session`."""
        import anthropic

        async with anthropic.AsyncAnthropic(**self.client_options()) as client:
            yield AnthropicSession(client, anthropic, self.model)


@dataclass(frozen=True)
class AnthropicSession(HostedSession):
    """See `Session`."""

    provider: ClassVar[str] = PROVIDER

    async def call(self, body: Body) -> Reply:
        """See `Session.call`."""
        return _reply(await self.posted("/v1/messages", body))

    async def submit_batch(self, bodies: Mapping[str, Body], *, label: str) -> str:
        """See `Session.submit_batch`; there is nowhere to put the label."""
        requests: Any = [{"custom_id": key, "params": dict(body)} for key, body in bodies.items()]
        # Tried once: a second try after a lost answer would pay for a second batch.
        batch = await self.asked(self.client.with_options(max_retries=0).messages.batches.create(requests=requests))
        return str(batch.id)

    async def find_batches(self, *, label: str, size: int, since: datetime) -> list[str]:
        """See `Session.find_batches`: of that size and not older; their results tell whether it is one."""
        found: list[str] = []
        page = await self.asked(self.client.messages.batches.list(limit=100))
        while True:
            recent = [batch for batch in page.data if batch.created_at >= since - _CLOCK_SLACK]
            found += [str(batch.id) for batch in recent if sum(batch.request_counts.to_dict().values()) == size]
            if len(recent) < len(page.data) or not page.has_next_page():
                return found
            page = await self.asked(page.get_next_page())

    def retrieved(self, batch_id: str) -> Awaitable[Any]:
        """See `HostedSession.retrieved`."""
        call: Awaitable[Any] = self.client.messages.batches.retrieve(batch_id)
        return call

    def state_of(self, batch: Any) -> BatchState:
        """See `HostedSession.state_of`."""
        return BatchState(batch.processing_status == "ended")

    async def batch_replies(self, batch_id: str) -> dict[str, Reply | str]:
        """See `Session.batch_replies`."""
        path = f"/v1/messages/batches/{batch_id}/results"
        response = await self.asked(self.client.get(path, cast_to=httpx2.Response))
        rows = [json.loads(line) for line in response.text.splitlines() if line.strip()]
        return {str(row["custom_id"]): self._result(row["result"]) for row in rows}

    def _result(self, result: Mapping[str, Any]) -> Reply | str:
        if result["type"] == "succeeded":
            try:
                return _reply(result.get("message"))
            except NoReplyError:
                return "service_error"
        if result["type"] == "errored":
            error = (result.get("error") or {}).get("error") or {}
            status = _STATUS_OF_ERROR.get(str(error.get("type")), 500)
            return call_failure(status, error, provider=PROVIDER, model=self.model).reason
        return "timed_out" if result["type"] == "expired" else "service_error"

    async def forget_batch(self, batch_id: str) -> None:
        """See `Session.forget_batch`."""
        try:
            await self.asked(self.client.messages.batches.delete(batch_id))
        except CallFailedError:
            return
