"""A tiny month for runs with language models: short conversations of a few accounts, and a settings file for them."""

import json
from collections.abc import Sequence
from pathlib import Path

MONTH = "2026-10"
_TALKS = (
    ("Write a letter to a customer about a late delivery", "Here is a letter.", "Make it shorter please"),
    ("Fix the error in my python function that reads a file", "Try this.", "Now it says KeyError"),
    ("Explain how photosynthesis works", "Plants use light.", "Why is it green?"),
    ("Draft an e-mail to my team about the new shift plan", "Dear team ...", "Thanks"),
    ("Why does my sql query return no rows?", "The join is wrong.", "It works now"),
    ("What is compound interest?", "Interest on interest.", "How is it calculated?"),
)
POLICY = (
    "min_conversations = 2\nmin_accounts = 2\nmin_text_conversations = 2\nmin_text_accounts = 2\ncluster_count = 3\n"
)


def write_month(path: Path, count: int = 16, extra: Sequence[str] = ()) -> Path:
    """Write conversations of four accounts, and one more account's with other first turns."""
    rows = [
        {"conversation_id": f"x{number:03}", "user_id": "stranger", "messages": [{"role": "user", "content": text}]}
        for number, text in enumerate(extra)
    ]
    for number in range(count):
        first, said, second = _TALKS[number % len(_TALKS)]
        turns = [("user", f"{first}, case {'abcdefgh'[number // 6]}"), ("assistant", said), ("user", second)]
        rows.append(
            {
                "conversation_id": f"c{number:03}",
                "user_id": f"account-{number % 4}",
                "started_at": f"2026-10-{1 + number % 28:02}T10:00:00Z",
                "messages": [{"role": role, "content": text} for role, text in turns],
            }
        )
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def write_settings(path: Path, url: str, *, roles: str = "default", **given: object) -> Path:
    """Write settings with a model for some roles; `given` goes to the table `models`, or with a dot below it."""
    own = {name: value for name, value in given.items() if "__" not in name}
    lines = [POLICY, "[models]", *(f"{name} = {json.dumps(value)}" for name, value in own.items())]
    choice = {"model": "m", "base_url": url, "max_tokens": 200, "max_retries": 2, "timeout_seconds": 20.0}
    choice |= {name.partition("__")[2]: value for name, value in given.items() if name.startswith("choice__")}
    for role in roles.split():
        lines += [f"[models.{role}]", *(f"{name} = {json.dumps(value)}" for name, value in choice.items())]
    path.write_text("\n".join(lines) + "\n")
    return path
