"""Every setting of a run in one place: defaults, a TOML file, the environment, the command line, the launchpad.

Precedence, highest first: command line or launchpad, environment (`USAGE_INDEX_*`), the file given by `--config`,
defaults. Paths are text here because the launchpad edits them as text.
"""

import os
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from clio_lite.accounts import MIN_SECRET_BYTES
from clio_lite.embedding import Backend
from clio_lite.privacy import DisclosurePolicy
from clio_lite.readers import FORMATS
from pipelines.errors import SettingsError
from pipelines.model_settings import ModelSettings

PROJECT = Path(__file__).resolve().parent.parent
STARTER = PROJECT / "data" / "starter"
SAMPLE = PROJECT / "data" / "sample"
_DEFAULT = DisclosurePolicy()

EncoderRoute = Literal["language", "none"]
"""Whether the bundled encoder shares its work with a multilingual one."""


class RunFields(BaseModel):
    """What a run can be told, shown in this form in the launchpad."""

    conversations: str = Field(
        default="", description="File or folder of conversations; empty: the inbox of the store."
    )
    conversation_format: str = Field(default="", description="Format of the conversations; empty: detected.")
    undated_month: str = Field(
        default="", description="Month of the conversations without a date; empty: the month of the run."
    )
    onet: str = Field(
        default="starter", description="O*NET release: a file, a folder, a version such as 29.1, or starter."
    )
    earlier_onet: dict[str, str] = Field(
        default_factory=dict,
        description="Earlier releases whose statements are traced into this one, by name: a release as in 'onet', or a "
        "table of task statements.",
    )
    soc_crosswalk: str = Field(
        default="", description="O*NET-SOC crosswalk (CSV) from the occupations of earlier releases; empty: none."
    )
    oews: str = Field(
        default="", description="OEWS national file (zip, xlsx, csv); empty: starter figures for starter, else none."
    )
    soc_structure: str = Field(
        default="", description="SOC structure file for group titles; empty: OEWS, else the release."
    )
    seed: int = Field(default=0, description="Seed of every random choice.")
    min_conversations: int = Field(
        default=_DEFAULT.min_conversations, ge=1, description="Least conversations of a published cell."
    )
    min_accounts: int = Field(default=_DEFAULT.min_accounts, ge=1, description="Least accounts of a published cell.")
    min_text_conversations: int = Field(
        default=_DEFAULT.min_text_conversations, ge=1, description="Least conversations behind a published text."
    )
    min_text_accounts: int = Field(
        default=_DEFAULT.min_text_accounts, ge=1, description="Least accounts behind a published text."
    )
    account_cap: int = Field(
        default=_DEFAULT.account_cap, ge=1, description="Conversations counted per account and month."
    )
    assume_account_per_conversation: bool = Field(
        default=False,
        description="Count a conversation without an account as an account of its own; every row says so.",
    )
    channel: str = Field(default="assistant", description="Where the conversations come from: assistant or api.")
    bootstrap_draws: int = Field(
        default=200, ge=0, description="Times that the accounts are drawn again for the sampling errors; 0: none."
    )
    task_labels: int = Field(
        default=1,
        ge=1,
        le=3,
        description="Most task statements of a conversation; above 1, weighted by probability. A side has one.",
    )
    mapping_route: Literal["cluster", "conversation", "hierarchy"] = Field(
        default="conversation", description="Route from conversations to tasks that feeds the index; all are computed."
    )
    cluster_method: Literal["auto", "ward", "kmeans", "hdbscan"] = Field(
        default="auto", description="Clustering of the requests; auto chooses by the size of the data."
    )
    cluster_count: int = Field(default=0, ge=0, description="Base clusters; 0: from the size of the data.")
    encoder: str = Field(
        default="", description="Sentence encoder: a folder, or a hub name to download; empty: the bundled one."
    )
    encoder_backend: Backend = Field(
        default="onnx", description="What runs the encoder: onnx in 8 bits, onnx-fp32 or torch in full precision."
    )
    encoder_route: EncoderRoute = Field(
        default="language",
        description="language: the bundled encoder reads English and a multilingual one every other language, in one "
        "space of vectors; none: the bundled encoder reads all. An encoder that is named reads all in any case.",
    )
    heads: str = Field(
        default="",
        description="Folder of facet heads trained with an encoder that is named; empty: those of the bundled encoder.",
    )
    models: ModelSettings = Field(
        default=ModelSettings(), description="Language models by role; none: everything is embedded."
    )
    retention_days_raw: int = Field(
        default=0,
        ge=0,
        description="Days after a month's end for which its conversations as read are kept; 0: for ever.",
    )
    retention_days_core: int = Field(
        default=0, ge=0, description="The same for everything made of single conversations; 0: for ever."
    )
    notify_command: str = Field(
        default="", description="Command run when a run fails; it gets a JSON summary on standard input."
    )
    notify_webhook: str = Field(default="", description="URL that gets the same summary by POST when a run fails.")

    @property
    def policy(self) -> DisclosurePolicy:
        """Thresholds of the publication gate."""
        return DisclosurePolicy(
            min_conversations=self.min_conversations,
            min_accounts=self.min_accounts,
            min_text_conversations=self.min_text_conversations,
            min_text_accounts=self.min_text_accounts,
            account_cap=self.account_cap,
        )

    def run_fields(self) -> dict[str, Any]:
        """The values that the launchpad shows, as it takes them."""
        return {**{name: getattr(self, name) for name in RunFields.model_fields}, "models": self.models.model_dump()}

    @property
    def screen_model(self) -> str:
        """Identity of the model of the screen; empty: embedded. A table that it makes names it among its settings."""
        return self._model_identity("screen")

    @property
    def facets_model(self) -> str:
        """Identity of the model of the facets; empty: embedded."""
        return self._model_identity("facets")

    @property
    def label_model(self) -> str:
        """Identity of the model of the cluster names; empty: embedded."""
        return self._model_identity("label")

    @property
    def hierarchy_model(self) -> str:
        """Identity of the model of the hierarchy and what happens where it fails; empty: embedded."""
        found = self._model_identity("hierarchy")
        return f"{found}|fallback={self.models.hierarchy_fallback}" if found else ""

    @property
    def task_hierarchy_model(self) -> str:
        """Identity of the models that group and audit the hierarchy of tasks; empty: embedded.

        Raises:
            SettingsError: It is asked for, and no model serves the role hierarchy.
        """
        if not self.models.task_hierarchy:
            return ""
        if not self.hierarchy_model:
            raise SettingsError(
                "expected a model of the role hierarchy, because models.task_hierarchy is set, found none: set "
                "models.hierarchy.model, or models.task_hierarchy = false"
            )
        return f"{self.hierarchy_model}|{self.label_model}"

    @property
    def sides_model(self) -> str:
        """Identity of the model of the two sides; empty: they are not told apart."""
        return self._model_identity("sides")

    @property
    def verify_model(self) -> str:
        """Identity of the model that verifies the mapping and how it is asked; empty: calibrated retrieval."""
        found, models = self._model_identity("verify"), self.models
        return f"{found}|{models.verify_strategy}|swap={models.verify_order_swap}" if found else ""

    @property
    def verify_test(self) -> str:
        """How the model that verifies is tested, and whether it is used whatever comes out; empty: there is none."""
        return f"{self.models.verify_gold_sample}|{self.models.force_verifier}" if self.verify_model else ""

    @property
    def max_failure_share(self) -> float:
        """Largest share of conversations, or of a role's questions, without an answer; 1 where no model is asked."""
        return self.models.max_failure_share if self.models.configured() else 1.0

    def _model_identity(self, role: str) -> str:
        found = self.models.role(role)
        return found.identity if found else ""


class RunResource(dg.ConfigurableResource[None], RunFields):
    """The run's settings as a Dagster resource, editable in the launchpad."""


class Settings(BaseSettings, RunFields):
    """The run's settings with their sources, and where the store and the outputs lie."""

    model_config = SettingsConfigDict(env_prefix="USAGE_INDEX_", env_nested_delimiter="__", extra="forbid")

    home: str = Field(default=str(PROJECT / "data" / "store"), description="The store; USAGE_INDEX_HOME.")
    public_cache: str = Field(
        default="",
        description="Folder of encoder exports, task indexes and downloaded releases, which hold nothing of "
        "conversations and may serve several stores; empty: in the store.",
    )
    out: str = Field(default=str(PROJECT / "data" / "out"), description="Folder of the outputs made for readers.")
    automation: bool = Field(
        default=False, description="Schedule and file sensor run without being switched on in the UI."
    )
    account_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret of the account keys; USAGE_INDEX_ACCOUNT_SECRET; empty: the store's own.",
    )
    config: str = Field(default="", description="TOML file with any of these settings.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over the TOML file that either of them names."""
        named = init_settings().get("config") or os.environ.get("USAGE_INDEX_CONFIG", "")
        toml = TomlConfigSettingsSource(settings_cls, Path(named)) if named else None
        return (init_settings, env_settings, *([toml] if toml else []))


def load_settings(**given: object) -> Settings:
    """Read the settings from all their sources.

    Args:
        **given: Values of the command line; None means not given.

    Raises:
        SettingsError: A file is missing, or a value does not fit; names the setting and the remedy.
    """
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    config = str(values.get("config") or os.environ.get("USAGE_INDEX_CONFIG", ""))
    if config and not Path(config).is_file():
        raise SettingsError(f"expected a TOML file of settings, found nothing at {config}: check --config")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise SettingsError(
            f"settings do not fit: {lines}: correct them in --config, the environment or the options"
        ) from None
    except ValueError as error:
        raise SettingsError(f"{config} is not valid TOML ({type(error).__name__}): correct the file") from None
    if settings.conversation_format and settings.conversation_format not in FORMATS:
        raise SettingsError(
            f"expected a format among {', '.join(FORMATS)}, found {settings.conversation_format!r}: check --format"
        )
    settings.models.configured()
    secret = settings.account_secret.get_secret_value()
    if secret and len(secret.encode()) < MIN_SECRET_BYTES:
        raise SettingsError(
            f"expected an account secret of at least {MIN_SECRET_BYTES} bytes, found {len(secret.encode())}: "
            "set a longer USAGE_INDEX_ACCOUNT_SECRET"
        )
    return settings
