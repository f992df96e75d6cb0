"""Models are opened as the settings say, with keys from the environment; too many failures stop publication."""

from pathlib import Path

import polars as pl
import pytest
from misbehaving_model_server import misbehaving_server
from model_example import question

from clio_lite.models import ROLES, ModelUse
from pipelines.doctor import examine
from pipelines.errors import PublicationRefusedError, SettingsError
from pipelines.model_settings import ModelChoice, ModelSettings
from pipelines.models import open_model, refuse_failures, try_models
from pipelines.settings import RunFields, load_settings
from pipelines.storage import Store


def run_fields(**roles: ModelChoice) -> RunFields:
    return RunFields(models=ModelSettings(**roles))


def test_without_models_every_role_is_opened_as_embedded(tmp_path: Path) -> None:
    assert [open_model(RunFields(), Store(tmp_path), role, run="2026-10") for role in ROLES] == [None] * len(ROLES)
    assert try_models(RunFields()) == []


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_configured_role_is_served_and_its_replies_lie_in_the_store(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-hunter2")
    store = Store(tmp_path / "store").prepare()
    with misbehaving_server() as server:
        choice = ModelChoice(
            provider=provider,
            model="m",
            base_url=server.url if provider == "anthropic" else f"{server.url}/v1",
            api_key_env="MY_KEY",
            use_batch=True,
            batch_poll_seconds=0.01,
        )
        fields = run_fields(facets=choice)
        model = open_model(fields, store, "facets", run="2026-10")
        assert model is not None
        (answer,) = model.ask([question(3)])
        assert answer.value is not None
        assert len(server.batches) == 1
        assert open_model(fields, store, "screen", run="2026-10") is None
    assert store.model_replies.is_file()
    assert store.model_replies.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in repr(model)


def test_the_doctor_says_which_models_answer_and_which_keys_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("MY_KEY", "sk-hunter2")
    with misbehaving_server() as server:
        address = f"{server.url}/v1"
        settings = load_settings(home=str(tmp_path), onet="starter").model_copy(
            update={
                "models": ModelSettings(
                    screen=ModelChoice(model="m", base_url=address, api_key_env="MY_KEY"),
                    label=ModelChoice(model="m", provider="anthropic"),
                    verify=ModelChoice(model="m", base_url=address.replace("/v1", "/v1/nothing")),
                )
            }
        )
        states = dict(try_models(settings))
        tables = examine(settings).tables
    assert states["screen"] == "openai/m: answers"
    assert "ANTHROPIC_API_KEY" in states["label"]
    assert "no such model or address" in states["verify"]
    assert tables["language models"].get_column("role").to_list() == ["screen", "label", "verify"]
    assert "hunter2" not in str(tables) + str(states)


def test_a_missing_key_is_named_and_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        open_model(run_fields(default=ModelChoice(model="m")), Store(tmp_path), "verify", run="2026-10")


def use(role: str, questions: int, **failures: int) -> pl.DataFrame:
    row = dict.fromkeys(ModelUse.column_names(), 0)
    row |= {"role": role, "provider": "openai", "model": "m", "prompt": role, "prompt_version": "1"}
    row |= {"cost_usd": 0.0, "question_count": questions, "answered_count": questions - sum(failures.values())}
    row |= {f"{reason}_count": count for reason, count in failures.items()}
    return pl.DataFrame([row], schema=ModelUse.create_empty().schema)


def test_more_than_the_configured_share_of_failures_refuses_publication() -> None:
    fine, poor = use("screen", 100, refused=5), use("facets", 100, refused=2, timed_out=4)
    refuse_failures(fine, max_failure_share=0.05)
    refuse_failures(ModelUse.create_empty(), max_failure_share=0.0)
    with pytest.raises(PublicationRefusedError, match=r"'facets', found 6 of 100 without, most often timed_out"):
        refuse_failures(pl.concat([fine, poor]), max_failure_share=0.05)
