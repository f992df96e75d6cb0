"""OpenAI and the many services that speak its chat completions: vLLM, llama.cpp, Ollama and hosted ones."""

import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import BaseModel, Field, ValidationError

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

PROVIDER: Final = "openai"
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
class OpenAIService(HostedModel):
    """A model behind an OpenAI-compatible interface; `base_url` goes up to `/v1`.

    Attributes:
        answer_format: json_schema, or json_object with the schema in the instructions.
        provider: Its interface.
    """

    own_address: ClassVar[str] = "https://api.openai.com/v1"

    answer_format: str = "json_schema"
    provider: str = PROVIDER

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

        async with openai.AsyncOpenAI(**self.client_options()) as client:
            yield OpenAISession(client, openai, self.model)


@dataclass(frozen=True)
class OpenAISession(HostedSession):
    """See `Session`."""

    provider: ClassVar[str] = PROVIDER

    async def call(self, body: Body) -> Reply:
        """See `Session.call`."""
        return _reply(await self.posted("/chat/completions", body))

    async def submit_batch(self, bodies: Mapping[str, Body], *, label: str) -> str:
        """See `Session.submit_batch`."""
        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body})
            for key, body in bodies.items()
        ]
        content = ("\n".join(lines) + "\n").encode()
        file = await self.asked(self.client.files.create(file=(f"{label}.jsonl", content), purpose="batch"))
        batch = await self.asked(
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
        page = await self.asked(self.client.batches.list(limit=100))
        while True:
            for batch in page.data:
                if (batch.metadata or {}).get(_LABEL) == label:
                    return [str(batch.id)]
            oldest = min((batch.created_at for batch in page.data), default=0)
            if not page.has_next_page() or oldest < (since - _CLOCK_SLACK).timestamp():
                return []
            page = await self.asked(page.get_next_page())

    def retrieved(self, batch_id: str) -> Awaitable[Any]:
        """See `HostedSession.retrieved`."""
        call: Awaitable[Any] = self.client.batches.retrieve(batch_id)
        return call

    def state_of(self, batch: Any) -> BatchState:
        """See `HostedSession.state_of`."""
        return BatchState(batch.status in _ENDED, batch.status == "failed")

    async def batch_replies(self, batch_id: str) -> dict[str, Reply | str]:
        """See `Session.batch_replies`."""
        batch = await self.asked(self.retrieved(batch_id))
        found: dict[str, Reply | str] = {}
        for file_id in (batch.error_file_id, batch.output_file_id):
            if file_id:
                content = await self.asked(self.client.files.content(file_id))
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
        batch = await self.asked(self.retrieved(batch_id))
        for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
            if file_id:
                with suppress(CallFailedError):
                    await self.asked(self.client.files.delete(file_id))
