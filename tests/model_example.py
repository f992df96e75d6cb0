"""Questions and models against the misbehaving server, for tests; also a process of its own that can be killed.

`python tests/model_example.py PROVIDER URL CACHE COUNT` asks COUNT questions and prints a line when it is done.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from clio_lite.models import AnthropicService, BatchPlan, OpenAIService, Pace, Question, ServedModel

PRIVATE = "plugh-7351"
"""Stands in every question's text and must be found nowhere else."""


class Pattern(BaseModel):
    """The answer that is asked for; the number shows whose answer it is."""

    number: int
    pattern: Literal["directive", "learning", "validation"]


def question(number: int, script: str = "good", *, role: str = "facets", text: str = "") -> Question:
    """A question whose requests meet what the script says."""
    return Question(
        role=role,
        key=f"k{number}",
        prompt="example",
        prompt_version="1-0",
        system="Say the number and the pattern.",
        user=f"{PRIVATE} {text} q{number} do:{script}",
        answer_schema=Pattern,
        subjects=(f"conversation-{number}",),
    )


def served(provider: str, url: str, cache: Path, *, run: str = "2026-10", **given: Any) -> ServedModel:
    """A model behind the server; `given` goes to the service or the model, whichever knows it."""
    of_service = {"timeout_seconds": 2.5, "max_retries": 2, "max_concurrency": 8, "api_key": "sk-secret"}
    of_model = {"prices": None, "limits": None, "batch": None}
    rpm = given.pop("requests_per_minute", 0)
    for name, value in given.items():
        (of_model if name in of_model else of_service)[name] = value
    pace = Pace(requests_per_minute=rpm, now=time.monotonic)
    if provider == "anthropic":
        service: Any = AnthropicService(model="m", pace=pace, base_url=url, **of_service)
    else:
        service = OpenAIService(model="m", pace=pace, base_url=f"{url}/v1", **of_service)
    return ServedModel(
        service=service,
        cache_path=cache,
        run=run,
        now=time.monotonic,
        utc_now=lambda: datetime.now(tz=UTC),
        max_concurrency=of_service["max_concurrency"],
        max_retries=of_service["max_retries"],
        max_tokens=50,
        **{name: value for name, value in of_model.items() if value is not None},
    )


if __name__ == "__main__":
    asked = [question(number) for number in range(int(sys.argv[4]))]
    plan = BatchPlan(poll_seconds=0.05, wait_seconds=30.0) if "batch" in sys.argv[5:] else None
    answers = served(sys.argv[1], sys.argv[2], Path(sys.argv[3]), max_concurrency=4, batch=plan).ask(asked)
    print(sum(answer.value is not None for answer in answers))  # noqa: T201
