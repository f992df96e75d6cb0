"""Failed runs are told to a command and a webhook, and a failing notice hides nothing."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipelines.notify import notify_failure
from pipelines.settings import RunFields

SUMMARY = {"month": "2026-10", "error": "InputUnusableError", "exit_code": 3}


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[bytes], list[int]]]:
    received: list[bytes] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", received, answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_command_gets_the_summary_on_standard_input(tmp_path: Path) -> None:
    target = tmp_path / "told.json"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys, pathlib; pathlib.Path({str(target)!r}).write_text(sys.stdin.read())")
    lines = notify_failure(RunFields(notify_command=f"{sys.executable} {script}"), SUMMARY)
    assert lines == ["notify command: exit code 0"]
    assert json.loads(target.read_text()) == SUMMARY


def test_the_webhook_gets_the_summary_and_is_tried_again(webhook: tuple[str, list[bytes], list[int]]) -> None:
    url, received, answers = webhook
    answers.append(503)
    assert notify_failure(RunFields(notify_webhook=url), SUMMARY) == ["notify webhook: delivered"]
    assert [json.loads(body) for body in received] == [SUMMARY, SUMMARY]


def test_a_notice_that_cannot_be_given_is_reported_not_raised() -> None:
    settings = RunFields(notify_command="no-such-command-here", notify_webhook="http://127.0.0.1:9/")
    assert notify_failure(settings, SUMMARY) == ["notify command: FileNotFoundError", "notify webhook: ConnectError"]


def test_nothing_configured_tells_nobody() -> None:
    assert notify_failure(RunFields(), SUMMARY) == []
