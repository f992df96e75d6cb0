"""Language models as the settings name them: opened with the key from the environment, tried, and held to account."""

import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel

from clio_lite.errors import ModelUnusableError
from clio_lite.models import (
    FAILURE_REASONS,
    AnthropicService,
    BatchPlan,
    Limits,
    OpenAIService,
    Pace,
    Prices,
    Question,
    ServedModel,
    Service,
)
from pipelines.errors import PublicationRefusedError, SettingsError
from pipelines.model_settings import ModelSettings, RoleModel
from pipelines.settings import RunFields
from pipelines.storage import Store

_TRIAL_SECONDS = 60.0


class Ready(BaseModel):
    """Answer to the question that tries a model."""

    is_ready: bool


def _utc_now() -> datetime:
    return datetime.now(tz=UTC)


def _api_key(chosen: RoleModel, role: str, environment: Mapping[str, str]) -> str:
    name = chosen.key_variable
    if not name:
        return ""
    if not environment.get(name):
        raise SettingsError(
            f"expected the key of the model of '{role}' in the environment variable {name}, found none: "
            "set it, or name another by api_key_env"
        )
    return environment[name]


def _service(chosen: RoleModel, api_key: str) -> Service:
    hosted: dict[str, Any] = {
        "model": chosen.model,
        "pace": Pace(requests_per_minute=chosen.requests_per_minute, now=time.monotonic),
        "base_url": chosen.base_url,
        "api_key": api_key,
        "temperature": chosen.temperature,
        "max_tokens": chosen.max_tokens,
        "timeout_seconds": chosen.timeout_seconds,
        "max_retries": chosen.max_retries,
        "max_concurrency": chosen.max_concurrency,
    }
    if chosen.provider == "anthropic":
        return AnthropicService(**hosted)
    return OpenAIService(**hosted, answer_format=chosen.answer_format)


def _served(chosen: RoleModel, models: ModelSettings, service: Service, cache_path: Path, run: str) -> ServedModel:
    return ServedModel(
        service=service,
        cache_path=cache_path,
        run=run,
        now=time.monotonic,
        utc_now=_utc_now,
        prices=Prices(chosen.input_usd_per_million, chosen.output_usd_per_million, chosen.batch_price_share),
        limits=Limits(chosen.max_usd, chosen.max_tokens_total, models.max_usd, models.max_tokens_total),
        max_tokens=chosen.max_tokens,
        max_concurrency=chosen.max_concurrency,
        max_retries=chosen.max_retries,
        batch=BatchPlan(chosen.batch_poll_seconds, chosen.batch_wait_hours * 3600) if chosen.use_batch else None,
    )


def open_model(settings: RunFields, store: Store, role: str, *, run: str) -> ServedModel | None:
    """Language model of a role, or None where the role is embedded.

    Args:
        settings: Settings of the run.
        store: Keeps the replies.
        role: A value of `clio_lite.models.ROLES`.
        run: What the money is spent for: the month. Its limits hold over kills and new starts of the same month.

    Raises:
        SettingsError: The key's environment variable is not set, or a value does not fit.
    """
    chosen = settings.models.role(role)
    if chosen is None:
        return None
    service = _service(chosen, _api_key(chosen, role, os.environ))
    return _served(chosen, settings.models, service, store.model_replies, run)


def try_models(settings: RunFields) -> list[tuple[str, str]]:
    """Ask the model of each role one tiny question, for the doctor; models that are alike are asked once.

    Args:
        settings: Settings of the process.

    Returns:
        Role and what came of it, without any secret.
    """
    states: dict[str, str] = {}
    found: list[tuple[str, str]] = []
    for role, chosen in settings.models.configured().items():
        quick = chosen.model_copy(
            update={
                "timeout_seconds": min(chosen.timeout_seconds, _TRIAL_SECONDS),
                "max_retries": min(chosen.max_retries, 1),
                "use_batch": False,
            }
        )
        identity = f"{chosen.identity}|{chosen.key_variable}"
        if identity not in states:
            states[identity] = _trial(quick, settings.models, role)
        found.append((role, f"{chosen.provider}/{chosen.model}: {states[identity]}"))
    return found


def _trial(chosen: RoleModel, models: ModelSettings, role: str) -> str:
    question = Question(
        role=role,
        key="doctor",
        prompt="doctor",
        prompt_version="1",
        system="You are asked whether you can answer in the form that is asked for.",
        user="Answer with is_ready set to true.",
        answer_schema=Ready,
    )
    with tempfile.TemporaryDirectory(prefix="usage-index-doctor-") as folder:
        try:
            service = _service(chosen, _api_key(chosen, role, os.environ))
            model = _served(chosen, models, service, Path(folder) / "models" / "replies.sqlite", "doctor")
            (answer,) = model.ask([question])
        except (SettingsError, ModelUnusableError) as error:
            return str(error)
    return "answers" if answer.failure_reason is None else f"does not answer: {answer.failure_reason}"


def refuse_failures(use: pl.DataFrame, *, max_failure_share: float) -> None:
    """Stop publication where a role has failed too often.

    Args:
        use: Rows of `clio_lite.models.ModelUse`.
        max_failure_share: Largest share of a role's questions that may be without an answer.

    Raises:
        PublicationRefusedError: A role has more; names the role, the share and the commonest reason.
    """
    by_role = use.group_by("role").agg(pl.col("^.*_count$").sum()).sort("role")
    for row in by_role.iter_rows(named=True):
        asked, failed = row["question_count"], row["question_count"] - row["answered_count"]
        if asked and failed / asked > max_failure_share:
            reason = max(_reason_counts(row).items(), key=lambda item: (item[1], item[0]))[0]
            raise PublicationRefusedError(
                f"expected answers to all but {max_failure_share:.1%} of the questions of '{row['role']}', "
                f"found {failed} of {asked} without, most often {reason}: mend the cause and run again (what was "
                "answered is kept), or set models.max_failure_share"
            )


def _reason_counts(row: Mapping[str, int]) -> dict[str, int]:
    return {reason: row[f"{reason}_count"] for reason in FAILURE_REASONS}
