"""The services of docker-compose.yml as plain processes: the same commands and environment on this machine's paths."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE = PROJECT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\})")


def interpolated(text: str, environment: Mapping[str, str]) -> str:
    """A text of the compose file with its variables replaced, as the compose specification says."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        found = environment.get(match["name"], "")
        if found or match["kind"] is None:
            return found
        if match["kind"] == "?":
            raise KeyError(f"{match['name']}: {match['text']}")
        return str(match["text"])

    return _VARIABLE.sub(value, text)


@dataclass(frozen=True)
class Service:
    """One service: its command, its environment and its health check, without a shell."""

    command: tuple[str, ...]
    environment: dict[str, str]
    healthcheck: tuple[str, ...]


def compose_file() -> dict[str, Any]:
    """The compose file as it stands, variables not replaced."""
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def services_here(environment: Mapping[str, str], replaced: Mapping[str, str]) -> dict[str, Service]:
    """Services with a command of ours, on paths, hosts and ports of this machine.

    Args:
        environment: What the operator's `.env` holds.
        replaced: Paths, hosts and ports of the containers, and what they are here; whole words and path beginnings.
    """
    pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, replaced)) + r")(?![\w.])")

    def here(text: str) -> str:
        return pattern.sub(lambda match: replaced[match[1]], interpolated(text, environment))

    return {
        name: Service(
            command=tuple(here(part) for part in service["command"]),
            environment={key: here(str(value)) for key, value in service["environment"].items()},
            healthcheck=tuple(here(part) for part in service["healthcheck"]["test"][1:]),
        )
        for name, service in compose_file()["services"].items()
        if "command" in service
    }
