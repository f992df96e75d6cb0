"""Telling somebody that a run failed or was refused: a command, a webhook, or both."""

import json
import logging
import shlex
import subprocess
from collections.abc import Mapping

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from pipelines.settings import RunFields

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 30


@retry(
    retry=retry_if_exception_type(httpx.HTTPError),
    stop=stop_after_attempt(3),
    wait=wait_exponential(max=4),
    reraise=True,
)
def _post(url: str, summary: Mapping[str, object]) -> None:
    httpx.post(url, json=dict(summary), timeout=_TIMEOUT_SECONDS).raise_for_status()


def notify_failure(settings: RunFields, summary: Mapping[str, object]) -> list[str]:
    """Call the configured command and webhook with a summary of a failed or refused run.

    A notification that itself fails is logged and reported, and does not hide the run's own failure.

    Args:
        settings: Names the command and the webhook.
        summary: Month, error class, message and exit code; never conversation text.

    Returns:
        One line per notification that was tried: what, and whether it succeeded.
    """
    lines = []
    if settings.notify_command:
        try:
            done = subprocess.run(  # the operator's own command line
                shlex.split(settings.notify_command),
                input=json.dumps(dict(summary)),
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                capture_output=True,
            )
            lines.append(f"notify command: exit code {done.returncode}")
        except (OSError, subprocess.TimeoutExpired) as error:
            lines.append(f"notify command: {type(error).__name__}")
    if settings.notify_webhook:
        try:
            _post(settings.notify_webhook, summary)
            lines.append("notify webhook: delivered")
        except httpx.HTTPError as error:
            lines.append(f"notify webhook: {type(error).__name__}")
    for line in lines:
        _LOG.warning(line)
    return lines
