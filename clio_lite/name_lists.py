"""The lists behind the names heuristic: signs, given names, family names, and words that are no names."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _definition(name: str) -> dict[str, Any]:
    """Read one of the definition files."""
    return tomllib.loads((resources.files("clio_lite") / "definitions" / name).read_text(encoding="utf-8"))


def sign_words() -> dict[str, list[str]]:
    """Words that stand around names, by the rule that uses them."""
    signs: dict[str, list[str]] = _definition("name_signs.toml")["signs"]
    return signs


@cache
def common_given_names() -> frozenset[str]:
    """The commonest given names, with a capital."""
    return frozenset(name for group in _definition("given_names.toml")["names"].values() for name in group.split())


@cache
def unmistakable_names() -> frozenset[str]:
    """Given names that are no ordinary word, with a capital."""
    return frozenset(_definition("more_names.toml")["given"]["unmistakable"].split())


@cache
def capitalised_names() -> frozenset[str]:
    """Given names that are a word somewhere, with a capital."""
    return frozenset(_definition("more_names.toml")["given"]["capitalised"].split())


@cache
def given_names() -> frozenset[str]:
    """Every listed given name, with a capital."""
    return common_given_names() | unmistakable_names() | capitalised_names()


@cache
def family_names() -> frozenset[str]:
    """Family names that are no ordinary word, with a capital."""
    return frozenset(_definition("more_names.toml")["family"]["names"].split())


@cache
def not_names() -> frozenset[str]:
    """Words that are no part of a name, in lower case."""
    return frozenset(word for group in _definition("name_signs.toml")["not_names"].values() for word in group.split())
