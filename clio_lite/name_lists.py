"""The lists behind the names heuristic: signs, given names, family names, and words that are no names."""

from functools import cache

from clio_lite.definition_files import read_definition


def sign_words() -> dict[str, list[str]]:
    """Words that stand around names, by the rule that uses them."""
    signs: dict[str, list[str]] = read_definition("name_signs.toml")["signs"]
    return signs


@cache
def common_given_names() -> frozenset[str]:
    """The commonest given names, with a capital."""
    return frozenset(name for group in read_definition("given_names.toml")["names"].values() for name in group.split())


@cache
def unmistakable_names() -> frozenset[str]:
    """Given names that are no ordinary word, with a capital."""
    return frozenset(read_definition("more_names.toml")["given"]["unmistakable"].split())


@cache
def capitalised_names() -> frozenset[str]:
    """Given names that are a word somewhere, with a capital."""
    return frozenset(read_definition("more_names.toml")["given"]["capitalised"].split())


@cache
def given_names() -> frozenset[str]:
    """Every listed given name, with a capital."""
    return common_given_names() | unmistakable_names() | capitalised_names()


@cache
def family_names() -> frozenset[str]:
    """Family names that are no ordinary word, with a capital."""
    return frozenset(read_definition("more_names.toml")["family"]["names"].split())


@cache
def not_names() -> frozenset[str]:
    """Words that are no part of a name, in lower case."""
    return frozenset(
        word for group in read_definition("name_signs.toml")["not_names"].values() for word in group.split()
    )
