"""Settings come from the command line, the environment, a file and the defaults, in that order."""

import warnings
from pathlib import Path

import dagster as dg
import pytest

from clio_lite.privacy import DisclosurePolicy
from pipelines.errors import SettingsError
from pipelines.model_settings import ModelChoice, ModelSettings
from pipelines.settings import RunFields, RunResource, load_settings


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("seed = 1\nmin_accounts = 7\nmin_conversations = 21\n")
    monkeypatch.setenv("USAGE_INDEX_SEED", "2")
    monkeypatch.setenv("USAGE_INDEX_MIN_ACCOUNTS", "8")
    settings = load_settings(config=str(config), seed=3, min_accounts=None)
    assert (settings.seed, settings.min_accounts, settings.min_conversations) == (3, 8, 21)
    assert settings.policy == DisclosurePolicy(min_conversations=21, min_accounts=8)


def test_the_file_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("seed = 9\n")
    monkeypatch.setenv("USAGE_INDEX_CONFIG", str(config))
    assert load_settings().seed == 9


@pytest.mark.parametrize(
    ("content", "told"),
    [("min_accounts = 0\n", "min_accounts"), ("thresold = 3\n", "thresold"), ("seed = \n", "TOML")],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path, content: str, told: str) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(content)
    with pytest.raises(SettingsError, match=told):
        load_settings(config=str(config))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TOML file"):
        load_settings(config=str(tmp_path / "none.toml"))


def test_the_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_INDEX_ACCOUNT_SECRET", "hunter2-hunter2-hunter2")
    settings = load_settings()
    assert "hunter2-hunter2-hunter2" not in repr(settings)
    assert "account_secret" not in settings.run_fields()


def test_the_launchpad_shows_every_run_setting() -> None:
    settings = load_settings()
    resource = RunResource(**settings.run_fields())
    assert resource.run_fields() == settings.run_fields()
    assert set(settings.run_fields()) == set(RunFields.model_fields)


def test_a_short_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_INDEX_ACCOUNT_SECRET", "hunter2")
    with pytest.raises(SettingsError, match="16 bytes") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="wildchat"):
        load_settings(conversation_format="nosuch")


MODELS = """
[models]
max_failure_share = 0.1
[models.default]
model = "small"
base_url = "http://127.0.0.1:8000/v1"
max_tokens = 300
[models.verify]
provider = "anthropic"
model = "large"
base_url = ""
max_tokens = 50
"""


def test_a_role_inherits_what_it_does_not_say_of_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(MODELS)
    monkeypatch.setenv("USAGE_INDEX_MODELS__VERIFY__TEMPERATURE", "0.5")
    models = load_settings(config=str(config)).models
    verify, screen = models.configured()["verify"], models.configured()["screen"]
    assert (verify.provider, verify.model, verify.base_url, verify.max_tokens) == ("anthropic", "large", "", 50)
    assert (verify.temperature, verify.key_variable) == (0.5, "ANTHROPIC_API_KEY")
    assert (screen.provider, screen.model, screen.max_tokens, screen.key_variable) == ("openai", "small", 300, "")


def test_without_models_every_role_is_embedded() -> None:
    settings = load_settings()
    assert settings.models.configured() == {}
    assert (settings.screen_model, settings.verify_model) == ("", "")


def test_the_launchpad_may_configure_a_model_for_one_role() -> None:
    seen = []

    @dg.op(required_resource_keys={"settings"})
    def look(context: dg.OpExecutionContext) -> None:
        found = context.resources.settings
        seen.append((found.screen_model, found.models.role("facets")))

    @dg.job(resource_defs={"settings": RunResource(**RunFields().run_fields())})
    def job() -> None:
        look()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        job.execute_in_process(
            run_config={"resources": {"settings": {"config": {"models": {"facets": {"model": "m", "max_tokens": 9}}}}}}
        )
    ((screen, facets),) = seen
    assert screen == ""
    assert facets is not None
    assert (facets.model, facets.max_tokens) == ("m", 9)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('[models.facets]\nmodel = "m"\nmax_tokens = 0', "models.facets.max_tokens"),
        ('[models.facets]\nmodel = "m"\nprovider = "acme"', "models.facets.provider"),
        ('[models.facet]\nmodel = "m"', "models.facet"),
        ('[models.facets]\nmodel = "m"\napi_key = "sk-hunter2"', "models.facets.api_key"),
        ('[models.facets]\nmodel = "m"\napi_key_env = "sk-hunter2"', "models.facets.api_key_env"),
        ('[models.facets]\nmodel = "m"\nbase_url = "https://me:hunter2@host/v1"', "models.facets.base_url"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_by_name_and_without_its_secrets(
    tmp_path: Path, line: str, told: str
) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(line)
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(config=str(config))
    assert "hunter2" not in str(caught.value)


def test_the_limits_of_a_model_make_no_table_stale_but_the_model_does() -> None:
    def identity(**given: object) -> str:
        return RunFields(models=ModelSettings(facets=ModelChoice(model="m", **given))).facets_model

    assert identity() == identity(max_concurrency=2, max_usd=5.0, api_key_env="OTHER")
    assert len({identity(), identity(max_tokens=9), identity(temperature=1.0), identity(base_url="http://a/v1")}) == 4
