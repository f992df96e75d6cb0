"""Words of published texts: how a text is cut into words, and which words may be published.

A word may be published if enough distinct accounts used it in the cluster, or if it belongs to the fixed public
vocabulary in `definitions/vocabulary.toml`. A token with a digit or an @, a web address and a placeholder such as
[email] may never be. Thresholds on counts are in `privacy`, the grade of a whole text in `auditor`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import dataframely as dy
import polars as pl
import regex
import stop_words as stop_word_lists

from clio_lite.definition_files import read_definition
from clio_lite.name_lists import common_given_names, family_names, unmistakable_names

_REFUSED_TOKEN: Final = regex.compile(r"\[[^\[\]\n]{0,40}\]|\S*@\S*|\w+://\S+|www\.\S+|\S*\d\S*")
_WORD: Final = regex.compile(
    r"\p{Han}+|\p{Thai}+|[\p{Katakana}ー]+|\p{Hiragana}+|(?:\p{L}\p{M}*)+(?:-(?:\p{L}\p{M}*)+)*"
)
_REFUSED_SIGN: Final = regex.compile(r"[\d@\[]|://|www\.")
"""Without one of these signs no token can be refused; a search for them is cheap."""

_PART_END: Final = regex.compile(r"[.,;:!?()\"«»“”„·•。，；：！？、\n]+")
"""Signs that no phrase reaches across."""

_FRAME: Final = regex.compile(r"^respond to:\s*", regex.IGNORECASE)
"""What the request facet puts before a sentence that has no verb of its own: nobody's words."""

_NOUN_LAST: Final = ("de", "nl")
"""Languages with articles whose noun ends its phrase."""

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
        everyday: Words of everyday English and forms of the verbs, which a text may hold as well.
        passed_over: Words that labels never choose: function words, fillers, and words that are also names.
        modifiers: Words that may stand before a noun and never in the place of one.
        verb_forms: Forms of verbs, and adverbs, that end a phrase.
        prepositions: Words that join a noun to what stands before it.
        links: Words after which a noun phrase may begin, the prepositions included.
        foreign_links: The same for some languages that use articles.
        openers: English verb per imperative of another language, per language.
        languages: English name per language code.
        spelling: How to print a word that is not written in lower case.
    """

    function_words: frozenset[str]
    verbs: frozenset[str]
    nouns: frozenset[str]
    words: frozenset[str]
    everyday: frozenset[str]
    passed_over: frozenset[str]
    modifiers: frozenset[str]
    verb_forms: frozenset[str]
    prepositions: frozenset[str]
    links: frozenset[str]
    foreign_links: Mapping[str, frozenset[str]]
    openers: Mapping[str, Mapping[str, str]]
    languages: Mapping[str, str]
    spelling: Mapping[str, str]


class WordUse(dy.Schema):
    """One row per conversation, place and word of its request (restricted)."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    word_number = dy.Int64(primary_key=True, min=0, description="Place of the word in the request, from 0.")
    word = dy.String(min_length=1, description="The word in lower case.")
    is_stop = dy.Bool(description="A stop word of English or of the conversation's language.")
    verb = dy.String(nullable=True, description="The word, in English if known, where it says what to do; else null.")
    is_head = dy.Bool(description="The word can be the noun of a phrase.")
    is_direct = dy.Bool(description="The noun is the first behind the verb.")
    has_article = dy.Bool(description="The phrase of the noun follows a or an.")
    link = dy.String(nullable=True, description="The preposition that the phrase of the noun follows.")
    pair = dy.String(nullable=True, description="The noun with the word before it; null if there is none.")
    triple = dy.String(nullable=True, description="The noun with the two words before it; null if there are none.")


@cache
def public_vocabulary() -> PublicVocabulary:
    """Read the fixed public vocabulary that ships with the package."""
    file = read_definition("vocabulary.toml")
    lists = {name: frozenset(text.split()) for name, text in file["public"].items()}
    return PublicVocabulary(
        function_words=lists["function_words"],
        verbs=lists["verbs"],
        nouns=lists["nouns"],
        words=frozenset().union(*lists.values()),
        everyday=frozenset(file["everyday"]["words"].split()) | _verb_forms(lists["verbs"]),
        passed_over=lists["function_words"] | frozenset(file["passed_over"]["words"].split()),
        modifiers=frozenset(file["phrases"]["modifiers"].split()),
        verb_forms=frozenset(file["phrases"]["verb_forms"].split()),
        prepositions=frozenset(file["phrases"]["prepositions"].split()),
        links=frozenset(f"{file['phrases']['prepositions']} {file['phrases']['links']}".split()),
        foreign_links={name: frozenset(text.split()) for name, text in file["foreign_links"].items()},
        spelling={word.casefold(): word for word in file["phrases"]["spelling"].split()},
        openers={
            language: {form: verb for verb, forms in verbs.items() for form in forms.split()}
            for language, verbs in file["openers"].items()
        },
        languages=file["languages"],
    )


def _verb_forms(verbs: frozenset[str]) -> frozenset[str]:
    """The third person, the participle and the past of regular verbs, without forms that are listed names."""
    forms: set[str] = set()
    for verb in verbs:
        stem = verb.removesuffix("e")
        past = verb[:-1] + "i" if verb.endswith("y") and verb[-2] not in "aeiou" else stem
        forms |= {verb + "s", stem + "ing", past + "ed", past + "es"}
        if verb[-1] in "gmnpt" and verb[-2] in "aeiou" and verb[-3:-2] not in tuple("aeiou"):
            forms |= {verb + verb[-1] + "ing", verb + verb[-1] + "ed"}
    names = common_given_names() | unmistakable_names() | family_names()
    return frozenset(forms) - {name.casefold() for name in names}


def is_public(word: str) -> bool:
    """Whether any text may hold a word, whoever used it: a public or everyday word, or several joined by hyphens.

    Args:
        word: In lower case.
    """
    public = public_vocabulary()
    return all(part in public.words or part in public.everyday for part in word.split("-"))


@cache
def person_names() -> frozenset[str]:
    """Given and family names in lower case: labels never choose one, however many accounts used it.

    The commonest given names, and names that are no ordinary word; a name that is also a public word is a word.
    """
    names = common_given_names() | unmistakable_names() | family_names()
    return frozenset(name.casefold() for name in names) - public_vocabulary().words


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
    return [word for part in _split_parts(text) for word in part]


def word_uses(requests: pl.DataFrame) -> dy.DataFrame[WordUse]:
    """Cut requests into words.

    Args:
        requests: Frame with `conversation_id`, `request` and `language` (nullable).

    Returns:
        One row per conversation and word, sorted by both; each distinct request is cut once.
    """
    distinct = requests.select("request", "language").unique().sort("request", "language").with_row_index("number")
    numbers: list[int] = []
    places: list[int] = []
    rows: list[_Cut] = []
    for number, request, language in distinct.select("number", "request", "language").iter_rows():
        cut = _cut_request(request, language)
        numbers += [number] * len(cut)
        places += range(len(cut))
        rows += cut
    columns = {
        name: pl.Series([getattr(row, name) for row in rows], dtype=dtype)
        for name, dtype in WordUse.create_empty().schema.items()
        if name not in ("conversation_id", "word_number")
    }
    cut_words = pl.DataFrame(
        {
            "number": pl.Series(numbers, dtype=pl.UInt32),
            "word_number": pl.Series(places, dtype=pl.Int64),
            **columns,
        }
    )
    uses = (
        requests.select("conversation_id", "request", "language")
        .join(distinct, on=["request", "language"], how="inner", nulls_equal=True)
        .select("conversation_id", "number")
        .join(cut_words, on="number", how="inner")
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
    words = (word for word in split_words(text) if not is_public(word) and account_counts.get(word, 0) < min_accounts)
    return sorted({*refused_tokens(text), *words})


def _split_parts(text: str) -> list[list[str]]:
    """Words of a text in lower case, part by part between punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if _REFUSED_SIGN.search(folded):
        folded = _REFUSED_TOKEN.sub(" · ", folded)
    find = _ASCII_WORD.findall if folded.isascii() else _find_words
    return [words for part in _PART_END.split(folded) if (words := find(part))]


def _find_words(text: str) -> list[str]:
    """Words of a text in any script."""
    words: list[str] = []
    for word in _WORD.findall(text):
        if _HAN.match(word) and len(word) > 2:
            words.extend(word[place : place + 2] for place in range(len(word) - 1))
        else:
            words.append(word)
    return words


@dataclass(frozen=True)
class _Cut:
    """A word of a request: the columns of `WordUse` from `word` on."""

    word: str
    is_stop: bool
    verb: str | None = None
    is_head: bool = False
    is_direct: bool = False
    has_article: bool = False
    link: str | None = None
    pair: str | None = None
    triple: str | None = None


def _cut_request(request: str, language: str | None) -> list[_Cut]:
    """Words of one request. Parts behind the one with the verb lend no nouns: they explain, or are asides."""
    text = _FRAME.sub("", request)
    cut = _cut_english if language in (None, "en") else _cut_foreign
    rows: list[_Cut] = []
    has_verb = False
    for number, words in enumerate(_split_parts(text)):
        part = cut(words, language, is_first=number == 0 and text == request, has_verb=has_verb)
        has_verb = has_verb or any(row.verb is not None for row in part)
        rows += part
    return rows


def _cut_english(words: Sequence[str], _language: str | None, *, is_first: bool, has_verb: bool) -> list[_Cut]:
    """One part of an English request: its verb, and its nouns with what stands before them.

    A noun is the last word of a run between stop words, if the run follows an article, a preposition or a verb.
    """
    public = public_vocabulary()
    is_stop = [word in public.passed_over or len(word) < 2 for word in words]
    for place, (before, word) in enumerate(pairwise(words), start=1):
        # The programming language, not the verb.
        is_stop[place] &= not (word == "go" and before in ("a", "an", "in", "my", "this", "the"))
    if has_verb:
        return [_Cut(word, stop) for word, stop in zip(words, is_stop, strict=True)]
    is_break = [stop or _ends_phrase(word) for word, stop in zip(words, is_stop, strict=True)]
    opening = _opening_place(words, is_stop, is_first=is_first)
    rows: list[_Cut] = []
    run: list[str] = []
    link: str | None = None
    is_linked, has_article, is_direct = False, False, False
    for place, word in enumerate(words):
        if is_break[place] or place == opening:
            if run or word in public.prepositions or place == opening:
                link = word if word in public.prepositions and place != opening else None
            if place == opening or word in public.function_words or not is_stop[place]:
                is_linked = place == opening or word in public.links or _is_only_verb(word)
                has_article = word in ("a", "an")
            run = []
            is_direct = is_direct or place == opening
            rows.append(_Cut(word, is_stop[place], word if place == opening else None))
            continue
        run = [*run, word][-3:]
        ends = place + 1 == len(words) or is_break[place + 1]
        if not (ends and is_linked and _can_be_noun(word, in_phrase=len(run) > 1)):
            rows.append(_Cut(word, is_stop=False))
            continue
        pair, triple = (" ".join(run[-length:]) if len(run) >= length else None for length in (2, 3))
        rows.append(_Cut(word, False, None, True, is_direct, has_article, link, pair, triple))
        is_direct = False
    return rows


def _opening_place(words: Sequence[str], is_stop: Sequence[bool], *, is_first: bool) -> int | None:
    """Place of the word that says what to do: the first that is no stop word, if it is a verb or begins the request."""
    public = public_vocabulary()
    place = is_stop.index(False) if False in is_stop else None
    if is_first and (place == 0 or words[0] in public.verbs):
        return place if place is not None and (place == 0 or words[place] in public.verbs) else 0
    if place is None:
        return None
    follows = words[place + 1] if place + 1 < len(words) else ""
    is_verb = words[place] in public.verbs and (words[place] not in public.nouns or follows in public.links)
    return place if is_verb else None


def _ends_phrase(word: str) -> bool:
    """A verb inside a sentence, or an adverb."""
    return _is_only_verb(word) or word in public_vocabulary().verb_forms or word.endswith("ly")


def _is_only_verb(word: str) -> bool:
    """A public verb that is no public noun."""
    public = public_vocabulary()
    return word in public.verbs and word not in public.nouns


def _can_be_noun(word: str, *, in_phrase: bool) -> bool:
    """Not plainly an adjective or a form of a verb; training stands alone only if public, cost accounting always."""
    public = public_vocabulary()
    if word in public.nouns:
        return True
    if word in public.modifiers or word.endswith(("ous", "ful", "less", "able", "ible")):
        return False
    return in_phrase or not word.endswith(("ing", "ed"))


def _cut_foreign(words: Sequence[str], language: str | None, *, is_first: bool, has_verb: bool) -> list[_Cut]:
    """One part of a request in another language: an imperative if known, and its nouns.

    Where articles are known, nouns follow one or a preposition, in German and Dutch at the end of the run; elsewhere
    any word may be one.
    """
    public = public_vocabulary()
    openers = public.openers.get(language or "", {})
    links = public.foreign_links.get(language or "")
    stops = stop_words(language) | (links or frozenset())
    is_stop = [word in stops or len(word) < 2 for word in words]
    rows: list[_Cut] = []
    before: str | None = None
    is_linked, is_direct = links is None, False
    for place, word in enumerate(words):
        verb = openers.get(word) if not has_verb and (place == 0 or is_first) else None
        if is_stop[place] or verb is not None:
            before, is_linked = None, links is None or word in links or verb is not None
            rows.append(_Cut(word, is_stop[place] and verb is None, verb))
            has_verb, is_direct = has_verb or verb is not None, is_direct or verb is not None
            continue
        ends = place + 1 == len(words) or is_stop[place + 1]
        is_head = is_linked and (links is None or (ends if language in _NOUN_LAST else True))
        pair = f"{before} {word}" if is_head and before is not None and not _HAN.match(word) else None
        rows.append(_Cut(word, is_stop=False, is_head=is_head, is_direct=is_head and is_direct, pair=pair))
        is_direct = is_direct and not ends
        before = word
    return rows
