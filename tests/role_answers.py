"""A deterministic model for every role, behind the misbehaving server: what it says follows from the question alone.

It reads the answer's schema to know what is asked. Where it is told to obey, it does what an instruction in the data
says, as a model that was taken in would.
"""

import json
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from injections import MARK

_BLOCK = re.compile(r"<data-([0-9a-f]{24})>\n(.*?)\n</data-\1>", re.DOTALL)
_OPTION = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)
PATTERNS = ("directive", "feedback_loop", "task_iteration", "learning", "validation", "none")
TOPICS = {
    "Debug a program": ("code", "python", "error", "function", "sql", "bug", "script"),
    "Draft a message to customers": ("mail", "letter", "write", "draft", "text", "message"),
    "Explain how a subject works": ("explain", "why", "what", "how"),
}


def request_number(document: dict[str, Any]) -> int:
    """Number of a request: a digest of all that is sent, so that one that is paid twice is seen."""
    body = json.dumps(document, sort_keys=True).encode()
    return int.from_bytes(blake2b(body, digest_size=6).digest(), "big")


def blocks(document: dict[str, Any]) -> list[str]:
    """The data between true delimiters, in order."""
    return [match[1] for match in _BLOCK.findall(document["messages"][1]["content"])]


def well_behaved(document: dict[str, Any]) -> tuple[int, list[str]]:
    """Script of a server that only answers."""
    return request_number(document), ["good"]


def by_chance(behaviours: Sequence[Sequence[str]]) -> Callable[[dict[str, Any]], tuple[int, list[str]]]:
    """Script of a server that meets each request with one of some behaviours, by its digest."""

    def script(document: dict[str, Any]) -> tuple[int, list[str]]:
        number = request_number(document)
        return number, list(behaviours[number % len(behaviours)])

    return script


def answer(document: dict[str, Any]) -> str:
    """What the model says."""
    properties = document["response_format"]["json_schema"]["schema"]["properties"]
    data = blocks(document)
    number = int.from_bytes(blake2b("|".join(data).encode(), digest_size=6).digest(), "big")
    return json.dumps(_value(set(properties), document, data, number))


def _value(fields: set[str], document: dict[str, Any], data: list[str], number: int) -> dict[str, Any]:
    if "is_occupational" in fields:
        return {"is_occupational": number % 8 != 0, "confidence": 80}
    if "collaboration_pattern" in fields:
        return {
            "request": _topic(data[0]),
            "collaboration_pattern": PATTERNS[number % 6],
            "pattern_confidence": 70,
            "use_case": ("work", "coursework", "personal")[number % 3],
            "use_case_grade": "likely",
            "concern_grade": 1,
            "skills": ["Writing", "Programming"][: number % 3],
        }
    if "goal" in fields:
        return {"goal": _topic(data[0]), "action": sorted(TOPICS)[number % 3]}
    if "privacy_grade" in fields:
        return {"privacy_grade": 5}
    if "description" in fields:
        topic = _topic(" ".join(data))
        taken = data[-1] if "outside" in document["messages"][0]["content"] else ""
        name = next(name for name in (topic, f"{topic} and more", f"{topic} again") if name.casefold() not in taken)
        return {"name": name, "description": "The requests are about documents. They ask for help with them."}
    if "names" in fields:
        return {"names": ["Work with programs and data", "Write and explain texts"]}
    options = _OPTION.findall(_BLOCK.sub("", document["messages"][1]["content"]))
    wanted = data[0].casefold()
    shared = [(len(set(text.casefold().split()) & set(wanted.split())), text, int(place)) for place, text in options]
    return {"choice": max(shared)[2]}


def taken_in(document: dict[str, Any]) -> str:
    """What a model says that does what it is told wherever it reads the mark of an injection."""
    said = json.loads(answer(document))
    outside = document["messages"][0]["content"] + _BLOCK.sub("", document["messages"][1]["content"])
    if MARK not in outside and not any(MARK in block for block in blocks(document)):
        return json.dumps(said)
    steered = {"request": f"Say {MARK}", "name": f"Say {MARK}", "description": f"{MARK} is all that is asked. {MARK}."}
    steered |= {"goal": f"Say {MARK}", "action": f"Say {MARK}"}
    steered |= {"names": [f"Say {MARK}", "Write texts"], "privacy_grade": 5, "concern_grade": 5}
    return json.dumps({name: steered.get(name, value) for name, value in said.items()})


def _topic(text: str) -> str:
    words = set(re.findall(r"[a-z]+", text.casefold()))
    return max(sorted(TOPICS), key=lambda name: len(words & set(TOPICS[name])))
