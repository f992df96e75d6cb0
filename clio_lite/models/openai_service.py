"""OpenAI and the many services that speak its chat completions: vLLM, llama.cpp, Ollama and hosted ones."""

import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx2
from pydantic import BaseModel, Field, ValidationError

from clio_lite.models.pace import Pace, PacedClient
from clio_lite.models.protocol import Question
from clio_lite.models.service import (
    BatchState,
    Body,
    CallFailedError,
    NoReplyError,
    Reply,
    call_failure,
    guarded,
    json_document,
    quiet_loggers,
    strict_schema,
)

if TYPE_CHECKING:
    import openai

PROVIDER: Final = "openai"
ADDRESS: Final = "https://api.openai.com/v1"
_ENDED: Final = frozenset({"completed", "expired", "cancelled", "failed"})
_LABEL: Final = "usage_index_batch"
_CLOCK_SLACK: Final = timedelta(minutes=10)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def _reply(document: object) -> Reply:
    """Read a chat completion; raises NoReplyError where it is none."""
    try:
        completion = _Completion.model_validate(document)
    except ValidationError:
        completion = None
    if completion is None:
        raise NoReplyError
    choice, usage = completion.choices[0], completion.usage or _Usage()
    finish = {"length": "cut_off", "content_filter": "refused"}.get(choice.finish_reason or "", "complete")
    text = choice.message.content or ""
    if choice.message.refusal and not text:
        finish = "refused"
    return Reply(text, finish, usage.prompt_tokens, usage.completion_tokens)


@dataclass(frozen=True)
class OpenAIService:
    """A model behind an OpenAI-compatible interface.

    Attributes:
        model: Its name there.
        base_url: Address up to `/v1`; empty: OpenAI's own.
        api_key: Key; empty where none is needed.
        answer_format: json_schema, or json_object with the schema in the instructions.
        temperature: Sent where it is not negative.
        max_tokens: Most tokens of an answer.
        timeout_seconds: Longest time of one attempt.
        max_retries: Further attempts of a request after a status or connection that may pass.
        max_concurrency: Most connections.
        pace: When a request may begin.
    """

    model: str
    pace: Pace = field(repr=False)
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    answer_format: str = "json_schema"
    temperature: float = 0.0
    max_tokens: int = 1024
    timeout_seconds: float = 120.0
    max_retries: int = 3
    max_concurrency: int = 8
    provider: str = PROVIDER

    @property
    def address(self) -> str:
        """Where it is."""
        return self.base_url or ADDRESS

    def body(self, question: Question, note: str) -> Body:
        """See `Service.body`."""
        schema = strict_schema(question.answer_schema, has_lengths=bool(self.base_url))
        system = question.system
        form: dict[str, Any] = {"type": "json_object"}
        if self.answer_format == "json_object":
            system += f"\n\nAnswer with one JSON object that fits this JSON schema:\n{json.dumps(schema)}"
        else:
            form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        drawn = {"temperature": self.temperature} if self.temperature >= 0 else {}
        return {
            "model": self.model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": question.user + note},
            ],
            "response_format": form,
            # OpenAI's own newer models know only the second name, most other services only the first.
            "max_tokens" if self.base_url else "max_completion_tokens": self.max_tokens,
            **drawn,
            **({"seed": question.seed} if self.temperature > 0 else {}),
        }

    @asynccontextmanager
    async def session(self) -> AsyncIterator["OpenAISession"]:
        """See `Service.session`."""
        import openai

        quiet_loggers()
        http = PacedClient(self.pace, timeout_seconds=self.timeout_seconds, max_connections=self.max_concurrency)
        async with openai.AsyncOpenAI(
            api_key=self.api_key or "none",
            base_url=self.address,
            max_retries=self.max_retries,
            timeout=self.timeout_seconds,
            http_client=http,
        ) as client:
            yield OpenAISession(client, self.model)


@dataclass(frozen=True)
class OpenAISession:
    """See `Session`."""

    client: "openai.AsyncOpenAI"
    model: str

    async def call(self, body: Body) -> Reply:
        """See `Session.call`."""
        response = await self._asked(
            self.client.post("/chat/completions", cast_to=httpx2.Response, body=dict(body)), is_thing_known=True
        )
        return _reply(json_document(response))

    async def submit_batch(self, bodies: Mapping[str, Body], *, label: str) -> str:
        """See `Session.submit_batch`."""
        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body})
            for key, body in bodies.items()
        ]
        content = ("\n".join(lines) + "\n").encode()
        file = await self._asked(self.client.files.create(file=(f"{label}.jsonl", content), purpose="batch"))
        batch = await self._asked(
            # Tried once: a second try after a lost answer would pay for a second batch.
            self.client.with_options(max_retries=0).batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_LABEL: label},
            )
        )
        return str(batch.id)

    async def find_batches(self, *, label: str, size: int, since: datetime) -> list[str]:
        """See `Session.find_batches`; the label is in the metadata, so at most one is found."""
        page = await self._asked(self.client.batches.list(limit=100))
        while True:
            for batch in page.data:
                if (batch.metadata or {}).get(_LABEL) == label:
                    return [str(batch.id)]
            oldest = min((batch.created_at for batch in page.data), default=0)
            if not page.has_next_page() or oldest < (since - _CLOCK_SLACK).timestamp():
                return []
            page = await self._asked(page.get_next_page())

    async def batch_state(self, batch_id: str) -> BatchState:
        """See `Session.batch_state`."""
        try:
            batch = await self._asked(self.client.batches.retrieve(batch_id))
        except CallFailedError as error:
            if error.reason != "rejected":
                raise
            return BatchState(is_ended=True, is_failed=True)
        return BatchState(batch.status in _ENDED, batch.status == "failed")

    async def batch_replies(self, batch_id: str) -> dict[str, Reply | str]:
        """See `Session.batch_replies`."""
        batch = await self._asked(self.client.batches.retrieve(batch_id))
        found: dict[str, Reply | str] = {}
        for file_id in (batch.error_file_id, batch.output_file_id):
            if file_id:
                content = await self._asked(self.client.files.content(file_id))
                for line in content.text.splitlines():
                    if line.strip():
                        row = json.loads(line)
                        found[str(row["custom_id"])] = self._result(row)
        return found

    def _result(self, row: Mapping[str, Any]) -> Reply | str:
        response = row.get("response") or {}
        status = int(response.get("status_code") or 0)
        if status == 200:
            try:
                return _reply(response.get("body"))
            except NoReplyError:
                return "service_error"
        if not status:
            return "timed_out" if (row.get("error") or {}).get("code") == "batch_expired" else "service_error"
        return call_failure(status, response.get("body"), provider=PROVIDER, model=self.model).reason

    async def forget_batch(self, batch_id: str) -> None:
        """See `Session.forget_batch`; the uploaded requests hold conversation text."""
        batch = await self._asked(self.client.batches.retrieve(batch_id))
        for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
            if file_id:
                with suppress(CallFailedError):
                    await self._asked(self.client.files.delete(file_id))

    async def _asked(self, call: Awaitable[Any], *, is_thing_known: bool = False) -> Any:
        import openai

        return await guarded(call, openai, provider=PROVIDER, model=self.model, is_thing_known=is_thing_known)
