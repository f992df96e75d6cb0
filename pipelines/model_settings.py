"""Settings of the language models: which service answers for each role, how fast, and for how much money.

Only shapes and inheritance; opening a model, which reads keys from the environment, is in `pipelines.models`.
"""

from typing import Literal

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clio_lite.models import ROLES
from pipelines.errors import SettingsError

Provider = Literal["openai", "anthropic"]
AnswerFormat = Literal["json_schema", "json_object"]


class ModelChoice(dg.Config):
    """What one role, or the default of all, is told; null takes the default's value."""

    model_config = ConfigDict(extra="forbid")

    provider: str | None = Field(
        default=None, description="openai (any OpenAI-compatible service) or anthropic [openai]."
    )
    model: str | None = Field(default=None, description="Name of the model at its service; empty: embedded.")
    base_url: str | None = Field(default=None, description="Address of the service; empty: the provider's own.")
    api_key_env: str | None = Field(
        default=None,
        description="Name of the environment variable with the key; empty: OPENAI_API_KEY or ANTHROPIC_API_KEY, "
        "and none for another base_url.",
    )
    answer_format: str | None = Field(
        default=None,
        description="json_schema; or json_object for OpenAI-compatible services without schemas [json_schema].",
    )
    temperature: float | None = Field(default=None, description="Temperature [0]; -1 sends none.")
    max_tokens: int | None = Field(default=None, description="Most tokens of one answer [1024].")
    max_concurrency: int | None = Field(default=None, description="Requests under way at once [8].")
    requests_per_minute: int | None = Field(default=None, description="Requests begun per minute; 0: no limit [0].")
    timeout_seconds: float | None = Field(default=None, description="Longest time of one request, all in all [120].")
    max_retries: int | None = Field(
        default=None, description="Further tries of a request that failed or of an answer that does not fit [3]."
    )
    use_batch: bool | None = Field(default=None, description="Ask through the provider's batch interface [false].")
    batch_wait_hours: float | None = Field(default=None, description="Longest wait for a batch in one run [26].")
    batch_poll_seconds: float | None = Field(default=None, description="Time between two looks at a batch [60].")
    input_usd_per_million: float | None = Field(default=None, description="Price of a million tokens read [0].")
    output_usd_per_million: float | None = Field(default=None, description="Price of a million tokens written [0].")
    batch_price_share: float | None = Field(default=None, description="Price of a batch as a share of these [0.5].")
    max_usd: float | None = Field(default=None, description="Most money of the role for one month; 0: no limit [0].")
    max_tokens_total: int | None = Field(
        default=None, description="Most tokens of the role for one month, read and written; 0: no limit [0]."
    )


class RoleModel(BaseModel):
    """The settings of one role with every default filled in and checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider = "openai"
    model: str = Field(min_length=1)
    base_url: str = Field(default="", pattern=r"^(https?://[^@\s]+)?$")
    api_key_env: str = Field(default="", pattern=r"^[A-Z_][A-Z0-9_]*$|^$")
    answer_format: AnswerFormat = "json_schema"
    temperature: float = Field(default=0.0, ge=-1, le=2)
    max_tokens: int = Field(default=1024, ge=1)
    max_concurrency: int = Field(default=8, ge=1, le=1000)
    requests_per_minute: int = Field(default=0, ge=0)
    timeout_seconds: float = Field(default=120.0, gt=0)
    max_retries: int = Field(default=3, ge=0, le=20)
    use_batch: bool = False
    batch_wait_hours: float = Field(default=26.0, gt=0)
    batch_poll_seconds: float = Field(default=60.0, gt=0)
    input_usd_per_million: float = Field(default=0.0, ge=0)
    output_usd_per_million: float = Field(default=0.0, ge=0)
    batch_price_share: float = Field(default=0.5, ge=0, le=1)
    max_usd: float = Field(default=0.0, ge=0)
    max_tokens_total: int = Field(default=0, ge=0)

    @property
    def key_variable(self) -> str:
        """Environment variable of the key; empty where the service needs none."""
        own = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}[self.provider]
        return self.api_key_env or ("" if self.base_url else own)

    @property
    def identity(self) -> str:
        """What the answers depend on, as one line; limits, prices and keys are not in it."""
        parts = (self.provider, self.model, self.base_url, self.answer_format, self.temperature, self.max_tokens)
        return "|".join(map(str, parts))


class ModelSettings(dg.Config):
    """Language models by role; a role without a model, and all of them by default, is embedded."""

    model_config = ConfigDict(extra="forbid")

    default: ModelChoice = Field(default=ModelChoice(), description="What the roles inherit.")
    screen: ModelChoice = Field(default=ModelChoice(), description="Is a conversation about an occupational task?")
    facets: ModelChoice = Field(default=ModelChoice(), description="Request, pattern, use case, concern, skills.")
    label: ModelChoice = Field(default=ModelChoice(), description="Names and descriptions of clusters.")
    hierarchy: ModelChoice = Field(default=ModelChoice(), description="Levels above the base clusters.")
    verify: ModelChoice = Field(default=ModelChoice(), description="Which task statement fits, if any.")
    sides: ModelChoice = Field(
        default=ModelChoice(), description="What the person wants done; what the assistant does."
    )
    max_usd: float = Field(default=0.0, ge=0, description="Most money of all roles for one month; 0: no limit.")
    max_tokens_total: int = Field(default=0, ge=0, description="Most tokens of all roles for one month; 0: no limit.")
    max_failure_share: float = Field(
        default=0.05, ge=0, le=1, description="Share of conversations without a label above which nothing is published."
    )

    hierarchy_fallback: bool = Field(
        default=False, description="Where a model leaves the hierarchy unfinished the embedded method stands in."
    )
    task_hierarchy: bool = Field(
        default=False,
        description="The model of the hierarchy groups the tasks of the release too: a question for each, once.",
    )
    verify_strategy: Literal["choice", "two_step", "pairwise"] = Field(
        default="choice", description="How a model is asked which task fits: choice, two_step or pairwise."
    )
    verify_order_swap: bool = Field(
        default=True, description="Ask twice with the options in reversed order; different answers are none."
    )
    verify_gold_sample: int = Field(
        default=200,
        ge=1,
        description="Activities of the release's gold to fit a verifier on, and as many to measure it on.",
    )
    force_verifier: bool = Field(default=False, description="Use a verifier that does not beat retrieval alone.")

    def role(self, name: str) -> RoleModel | None:
        """Settings of a role, or None where it is embedded.

        Args:
            name: A value of `clio_lite.models.ROLES`.

        Raises:
            SettingsError: A value does not fit; names the role and the setting, never the value.
        """
        own, default = getattr(self, name), self.default
        given = {key: value for key in ModelChoice.model_fields if (value := _first(own, default, key)) is not None}
        if not given.get("model"):
            return None
        try:
            return RoleModel.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"models.{name}.{item['loc'][0]}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"settings do not fit: {wrong}: correct them, there or in models.default")

    def configured(self) -> dict[str, RoleModel]:
        """Settings of the roles that a language model serves."""
        return {name: found for name in ROLES if (found := self.role(name)) is not None}


def _first(own: ModelChoice, default: ModelChoice, key: str) -> object:
    value = getattr(own, key)
    return getattr(default, key) if value is None else value
