"""Settings come from the command line, the environment, a file and the defaults, in that order."""

from pathlib import Path

import pytest

from clio_lite.privacy import DisclosurePolicy
from pipelines.errors import SettingsError
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
    assert {name: getattr(resource, name) for name in RunFields.model_fields} == settings.run_fields()


def test_a_short_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_INDEX_ACCOUNT_SECRET", "hunter2")
    with pytest.raises(SettingsError, match="16 bytes") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="wildchat"):
        load_settings(conversation_format="nosuch")
