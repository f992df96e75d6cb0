"""Words of published texts: how a text is cut into words, and which words may be published.

A word may be published if enough distinct accounts used it in the cluster, or if it belongs to the fixed public
vocabulary in `definitions/vocabulary.toml`. A token with a digit or an @, a web address and a placeholder such as
[email] may never be. Thresholds on counts are in `privacy`, the grade of a whole text in `auditor`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

import dataframely as dy
import polars as pl
import regex
import stop_words as stop_word_lists

_REFUSED_TOKEN: Final = regex.compile(r"\[[^\[\]\n]{0,40}\]|\S*@\S*|\w+://\S+|www\.\S+|\S*\d\S*")
_WORD: Final = regex.compile(
    r"\p{Han}+|\p{Thai}+|[\p{Katakana}ー]+|\p{Hiragana}+|(?:\p{L}\p{M}*)+(?:-(?:\p{L}\p{M}*)+)*"
)
_REFUSED_SIGN: Final = regex.compile(r"[\d@\[]|://|www\.")
"""Without one of these signs no token can be refused; a search for them is cheap."""

_ASCII_WORD: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_HAN: Final = regex.compile(r"\p{Han}")


@dataclass(frozen=True)
class PublicVocabulary:
    """The fixed public vocabulary, all in lower case.

    Attributes:
        function_words: Closed-class English words.
        verbs: Imperative verbs that open a name.
        nouns: Everyday nouns of requests.
        words: Every public word, function words and verbs included.
        passed_over: Words that labels never choose: function words, fillers, and words that are also names.
    """

    function_words: frozenset[str]
    verbs: frozenset[str]
    nouns: frozenset[str]
    words: frozenset[str]
    passed_over: frozenset[str]


class WordUse(dy.Schema):
    """One row per conversation, place and word of its request (restricted)."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    word_number = dy.Int64(primary_key=True, min=0, description="Place of the word in the request, from 0.")
    word = dy.String(min_length=1, description="The word in lower case.")
    is_stop = dy.Bool(description="A stop word of English or of the conversation's language.")
    is_opening = dy.Bool(description="The first word, or a public verb behind nothing but stop words.")
    pair = dy.String(nullable=True, description="The word and the next one; null if either opens or is a stop word.")


@cache
def public_vocabulary() -> PublicVocabulary:
    """Read the fixed public vocabulary that ships with the package."""
    file = tomllib.loads(_definition("vocabulary.toml"))
    lists = {name: frozenset(text.split()) for name, text in file["public"].items()}
    return PublicVocabulary(
        function_words=lists["function_words"],
        verbs=lists["verbs"],
        nouns=lists["nouns"],
        words=frozenset().union(*lists.values()),
        passed_over=lists["function_words"] | frozenset(file["passed_over"]["words"].split()),
    )


@cache
def given_names() -> frozenset[str]:
    """Common given names in lower case: labels never choose one, however many accounts used it."""
    groups = tomllib.loads(_definition("given_names.toml"))["names"].values()
    return frozenset(name.casefold() for group in groups for name in group.split())


@cache
def stop_words(language: str | None) -> frozenset[str]:
    """Stop words of English and of one more language.

    English are our own function words and fillers, because common lists hold words such as computer or research; the
    others come from the package stop-words. One language's stop words are not applied to another's text: French "car"
    is a conjunction, English "car" a topic.

    Args:
        language: ISO 639-1 code; null or unknown gives the English ones alone.
    """
    english = public_vocabulary().passed_over
    if language in (None, "en") or language not in stop_word_lists.LANGUAGE_MAPPING:
        return english
    return english | frozenset(word.casefold() for word in stop_word_lists.get_stop_words(language))


def split_words(text: str) -> list[str]:
    """Cut a text into words in lower case, in order, in any script.

    Tokens that hold a digit or an @, web addresses and bracketed placeholders are left out. An apostrophe parts words.
    Chinese is cut into pairs of characters, since nothing parts its words.

    Args:
        text: Redacted text.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    if _REFUSED_SIGN.search(folded):
        folded = _REFUSED_TOKEN.sub(" · ", folded)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    words: list[str] = []
    for word in _WORD.findall(folded):
        if _HAN.match(word) and len(word) > 2:
            words.extend(word[place : place + 2] for place in range(len(word) - 1))
        else:
            words.append(word)
    return words


def word_uses(requests: pl.DataFrame) -> dy.DataFrame[WordUse]:
    """Cut requests into words.

    Args:
        requests: Frame with `conversation_id`, `request` and `language` (nullable).

    Returns:
        One row per conversation and word, sorted by both; each distinct request is cut once.
    """
    distinct = requests.select("request", "language").unique().sort("request", "language")
    rows = [(request, language, *_cut_request(request, language)) for request, language in distinct.iter_rows()]
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "request": pl.String,
        "language": pl.String,
        "word": pl.List(pl.String),
        "is_stop": pl.List(pl.Boolean),
        "is_opening": pl.List(pl.Boolean),
        "pair": pl.List(pl.String),
    }
    cut = pl.DataFrame(rows, schema=columns, orient="row").filter(pl.col("word").list.len() > 0)
    uses = (
        requests.select("conversation_id", "request", "language")
        .join(cut, on=["request", "language"], how="inner", nulls_equal=True)
        .with_columns(word_number=pl.int_ranges(pl.col("word").list.len(), dtype=pl.Int64))
        .explode("word_number", "word", "is_stop", "is_opening", "pair")
        .select(WordUse.column_names())
        .sort("conversation_id", "word_number")
    )
    return WordUse.validate(uses)


def refused_tokens(text: str) -> list[str]:
    """List the tokens of a text that never may be published: with a digit or an @, web addresses, placeholders."""
    return sorted(set(_REFUSED_TOKEN.findall(unicodedata.normalize("NFKC", text))))


def refused_words(text: str, account_counts: Mapping[str, int], *, min_accounts: int) -> list[str]:
    """List what keeps a text from being published under the rule of the k-anonymous vocabulary.

    Args:
        text: Name or description.
        account_counts: Distinct accounts of the cluster that used each word.
        min_accounts: k: accounts that a word needs unless it is public.

    Returns:
        The words and tokens that may not be published, sorted; empty where the text may be.
    """
    public = public_vocabulary().words
    words = (word for word in split_words(text) if word not in public and account_counts.get(word, 0) < min_accounts)
    return sorted({*refused_tokens(text), *words})


def _cut_request(request: str, language: str | None) -> tuple[list[str], list[bool], list[bool], list[str | None]]:
    """Words of one request, and of each whether it is a stop word, whether it opens, and the pair it begins."""
    words = split_words(request)
    stops = stop_words(language)
    is_stop = [word in stops or len(word) < 2 for word in words]
    is_opening = [number == 0 for number in range(len(words))]
    first = is_stop.index(False) if False in is_stop else 0
    if words and words[first] in public_vocabulary().verbs:
        is_opening[first] = True
    is_inner = [not (stop or opening) for stop, opening in zip(is_stop, is_opening, strict=True)]
    pairs = [f"{word} {after}" for word, after in pairwise(words)]
    kept = [pair if here and there else None for pair, (here, there) in zip(pairs, pairwise(is_inner), strict=True)]
    return words, is_stop, is_opening, [*kept, None][: len(words)]


def _definition(name: str) -> str:
    """Text of a file in `definitions`."""
    return (resources.files("clio_lite") / "definitions" / name).read_text(encoding="utf-8")
