"""The deployment files say what they must, where no container engine can be asked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from compose_services import PROJECT, compose_file, interpolated

OURS = ("code", "webserver", "daemon")


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.compose-spec", "docker-compose.yml"), ("vendor.citation-file-format", "CITATION.cff")],
)
def test_file_fits_its_specification(schema: str, file: str) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", schema, PROJECT / file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_has_a_health_check_and_is_not_root() -> None:
    for name, service in compose_file()["services"].items():
        assert service["healthcheck"]["test"], name
        assert service["user"] not in {"root", "0", "0:0"}, name
        assert service["cap_drop"] == ["ALL"], name


def test_only_the_code_location_sees_conversations_store_and_account_secret() -> None:
    for name, service in compose_file()["services"].items():
        mounts = [str(mount if isinstance(mount, str) else mount["target"]) for mount in service.get("volumes", [])]
        sees_data = any(mount.startswith("data:") or mount == "/inputs" for mount in mounts)
        assert sees_data == (name == "code"), name
        assert ("USAGE_INDEX_ACCOUNT_SECRET" in service["environment"]) == (name == "code"), name


def test_secrets_come_from_the_environment_and_have_no_default() -> None:
    code = compose_file()["services"]["code"]["environment"]
    for name in ("DAGSTER_POSTGRES_PASSWORD", "USAGE_INDEX_ACCOUNT_SECRET"):
        with pytest.raises(KeyError, match=name):
            interpolated(code[name], {})
        assert interpolated(code[name], {name: "given"}) == "given"


def test_every_variable_that_dagsters_files_read_is_given_to_every_service_of_ours() -> None:
    read = {
        name
        for file in ("dagster.yaml", "workspace.yaml")
        for name in re.findall(r"env: (\w+)", (PROJECT / "deploy" / file).read_text())
    }
    assert read
    for name in OURS:
        assert read <= set(compose_file()["services"][name]["environment"]), name


def test_example_environment_names_every_required_variable() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", (PROJECT / "docker-compose.yml").read_text()))
    given = set(re.findall(r"^(\w+)=", (PROJECT / "deploy" / "env.example").read_text(), re.MULTILINE))
    assert required == given


def test_nothing_of_the_store_or_a_checkout_can_enter_the_image() -> None:
    lines = (PROJECT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert not allowed & {"data", "data/store", "data/out", "data/inputs", ".env", ".git"}
    assert {"onet", "clio_lite", "pipelines", "data/starter", "requirements.lock"} <= allowed


def test_runs_wait_for_each_other_and_nothing_is_reported_home() -> None:
    instance = yaml.safe_load((PROJECT / "deploy" / "dagster.yaml").read_text())
    assert instance["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert instance["concurrency"]["pools"]["default_limit"] == 1
    assert instance["telemetry"] == {"enabled": False}
    assert set(instance["storage"]) == {"postgres"}
