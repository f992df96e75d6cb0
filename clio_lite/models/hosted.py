"""What the two kinds of service share: how a model is reached, and how every call of a client library is awaited.

What a request and a reply look like, and how batches go, is in `openai_service` and `anthropic_service`.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

import httpx2

from clio_lite.models.pace import Pace, PacedClient
from clio_lite.models.service import BatchState, Body, CallFailedError, guarded, json_document, quiet_loggers


@dataclass(frozen=True)
class HostedModel:
    """A model at a provider, and how it is asked.

    Attributes:
        model: Its name there.
        pace: When a request may begin.
        base_url: Address; empty: the provider's own.
        api_key: Key; empty where none is needed.
        temperature: Sent where it is not negative.
        max_tokens: Most tokens of an answer.
        timeout_seconds: Longest time of one attempt.
        max_retries: Further attempts of a request after a status or connection that may pass.
        max_concurrency: Most connections.
    """

    own_address: ClassVar[str]

    model: str
    pace: Pace = field(repr=False)
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    temperature: float = 0.0
    max_tokens: int = 1024
    timeout_seconds: float = 120.0
    max_retries: int = 3
    max_concurrency: int = 8

    @property
    def address(self) -> str:
        """Where it is."""
        return self.base_url or self.own_address

    def client_options(self) -> dict[str, Any]:
        """Arguments of the client library's asynchronous client; its loggers are quiet from here on."""
        quiet_loggers()
        return {
            "api_key": self.api_key or "none",
            "base_url": self.address,
            "max_retries": self.max_retries,
            "timeout": self.timeout_seconds,
            "http_client": PacedClient(
                self.pace, timeout_seconds=self.timeout_seconds, max_connections=self.max_concurrency
            ),
        }


@dataclass(frozen=True)
class HostedSession(ABC):
    """An open client of a provider's library; see `service.Session`.

    Attributes:
        client: Asynchronous client.
        library: The library, whose errors are read.
        model: Name of the model, for errors.
    """

    provider: ClassVar[str]

    client: Any
    library: ModuleType
    model: str

    async def batch_state(self, batch_id: str) -> BatchState:
        """See `Session.batch_state`; a batch that the provider does not know has failed."""
        try:
            batch = await self.asked(self.retrieved(batch_id))
        except CallFailedError as error:
            if error.reason != "rejected":
                raise
            return BatchState(is_ended=True, is_failed=True)
        return self.state_of(batch)

    @abstractmethod
    def retrieved(self, batch_id: str) -> Awaitable[Any]:
        """The call that looks at a batch."""

    @abstractmethod
    def state_of(self, batch: Any) -> BatchState:
        """Where a batch stands, as the provider says it."""

    async def posted(self, path: str, body: Body) -> object:
        """Send one request; returns the parsed response.

        Args:
            path: Below the address.
            body: The request.

        Raises:
            CallFailedError: No reply.
            NoReplyError: The response is not JSON.
            ModelUnusableError: There can be none.
        """
        call = self.client.post(path, cast_to=httpx2.Response, body=dict(body))
        return json_document(await self.asked(call, is_thing_known=True))

    async def asked(self, call: Awaitable[Any], *, is_thing_known: bool = False) -> Any:
        """Await a call; see `service.guarded`.

        Args:
            call: The call.
            is_thing_known: See `service.guarded`.
        """
        return await guarded(
            call, self.library, provider=self.provider, model=self.model, is_thing_known=is_thing_known
        )
