"""Names of people, small firms and small places that redaction left in a request.

A request needs the task and not the person, so here, unlike in `names`, a word is a name when it is rare and written
or placed like one. What counts is how common it is (`word_frequency`), whether it is listed as a name, its capital,
and the words beside it: "ask", "my boss", "for", "'s", "needs", another name. Words of
`definitions/request_names.toml` are known to name no private person (products, scholars before a law of theirs). A
lower-case name in no list and without such a word beside it is not found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from clio_lite.name_lists import family_names, given_names, not_names
from clio_lite.script_names import MARK, hide_script_names, name_words
from clio_lite.vocabulary import is_public
from clio_lite.word_frequency import has_list, word_frequency

_NOUNS_CAPITALISED: Final = frozenset(["de", "lb"])
_COMPOUNDING: Final = frozenset(["de", "nl", "sv", "da", "nb", "nn", "no", "fi", "is", "lb"])
_INFLECTED: Final = frozenset(["pl", "cs", "sk", "ru", "uk", "be", "bg", "sr", "hr", "sl", "mk", "lt", "lv", "el"])

_UNSURE: Final = frozenset(["en", "de", "fr", "es", "it", "pt", "nl"])
"""Languages that a text of unknown language may be in."""

RARE: Final = 1.7
"""A capitalised word below this frequency is hidden wherever it stands inside a sentence."""

UNUSUAL: Final = 2.6
"""Below this one it is hidden where a person is spoken of."""

LOWER: Final = 3.0
"""Below this one a word in lower case directly behind a given name is the family name."""

KNOWN: Final = 3.4
"""From this one on a word beside a name is no name, unless it is listed as one."""

LONGEST_WORD: Final = 80
"""What is longer is no word of a language, and not looked into."""

_TOKEN = re.compile(r"\[[a-z]+\]|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CASED = re.compile(r"[A-Za-zÀ-ɏͰ-ӿ]")
_CAMEL = re.compile(
    r"^(?!(?:Mc|Mac|O['’]|D['’]|De|Di|Du|Le|La|Van)[A-Z][a-z]+$)[^-]*(?:[a-z][A-Z]|[A-Z]{2,}s$|[A-Z]{2}[a-z])"
)
_ASSIGNED = re.compile(r" (?:=|:=|->)")
_POSSESSIVE = re.compile(r"['’]s?$")
_JOIN = re.compile(r"\s*[,&+/]?\s*")
_AND: Final = frozenset(["and", "or", "und", "oder", "et", "ou", "y", "o", "e", "i", "en", "of", "и", "та"])
_TOOLS: Final = frozenset(["using", "use", "like", "via", "install", "into", "than", "vs"])
_SENTENCE_END: Final = frozenset('.!?:;\n"“«„¿¡*>•|(')
_NOT_BEFORE: Final = frozenset("@/._\\$#&?={`<-")
_NOT_BEHIND: Final = frozenset("@/_\\=(<`")


@dataclass(frozen=True)
class _Token:
    """A word of a request.

    Attributes:
        text: As written.
        base: Without the possessive.
        start: Where it begins.
        end: Where it ends.
        is_first: It opens a sentence.
        is_plain: No identifier, path, address or acronym.
        frequency: Zipf frequency in the language or in English, the higher one; of a hyphenated word the lowest part's.
    """

    text: str
    base: str
    start: int
    end: int
    is_first: bool
    is_plain: bool
    frequency: float

    @property
    def is_mark(self) -> bool:
        """It is a mark of redaction for a name."""
        return self.text == MARK

    @property
    def is_capital(self) -> bool:
        """It begins with a capital, and is a word."""
        return self.is_plain and self.base[:1].isupper()

    @property
    def lower(self) -> str:
        """In lower case."""
        return self.base.lower()


@cache
def _lower_lists() -> tuple[frozenset[str], frozenset[str]]:
    """Given and family names in lower case, without words that are no names."""
    given = frozenset(name.lower() for name in given_names()) - not_names()
    return given, frozenset(name.lower() for name in family_names()) - not_names()


def hide_names(sentence: str, language: str | None) -> str:
    """Replace what looks like a name in a request by the mark of redaction.

    Args:
        sentence: A redacted sentence, with marks such as [name].
        language: ISO 639-1 code; None: unknown, a word is as common as in the most likely of seven languages.
    """
    sentence = hide_script_names(sentence, language)
    if not _CASED.search(sentence) or not has_list(language):
        return sentence
    tokens = _tokens(sentence, language)
    if sum(token.is_plain and token.frequency < RARE for token in tokens) > max(2, 0.3 * len(tokens)):
        tokens = [replace(token, frequency=max(token.frequency, UNUSUAL)) for token in tokens]
    hidden = {place for place in range(len(tokens)) if _is_name(tokens, place, language or "en")}
    hidden |= _organisations(sentence, tokens)
    hidden = _with_neighbours(sentence, tokens, hidden, language or "en")
    return _replaced(sentence, tokens, hidden)


def _tokens(sentence: str, language: str | None) -> list[_Token]:
    """Cut a sentence into words and marks."""
    letters = [letter for letter in sentence if letter.isalpha()]
    shouts = len(letters) > 12 and sum(letter.isupper() for letter in letters) > 0.8 * len(letters)
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(sentence):
        text = match[0].title() if shouts else match[0]
        base = _POSSESSIVE.sub("", text)
        lead = sentence[: match.start()].rstrip()
        before, behind = sentence[match.start() - 1 : match.start()], sentence[match.end() : match.end() + 1]
        is_plain = (
            match[0][0] != "["
            and before not in _NOT_BEFORE - {""}
            and behind not in _NOT_BEHIND - {""}
            and not (before.isdigit() or behind.isdigit())
            and not _ASSIGNED.match(sentence, match.end())
            and not (behind == "." and sentence[match.end() + 1 : match.end() + 2].isalnum())
            and not _CAMEL.match(base)
            and not (base.isupper() and len(base) <= 5 and not shouts)
            and len(base) > 1
        )
        tokens.append(
            _Token(
                text,
                base,
                match.start(),
                match.end(),
                is_first=shouts or not lead or lead[-1] in _SENTENCE_END,
                is_plain=is_plain,
                frequency=_frequency(base, language) if is_plain else 9.0,
            )
        )
    return tokens


def _frequency(word: str, language: str | None) -> float:
    """How common a word is, a public word very."""
    if word.lower() in name_words("public", "words"):
        return 9.0
    parts = [part for part in re.split(r"['’-]", word) if len(part) > 2] or [word]
    languages = frozenset([language, "en"]) if language else _UNSURE
    values = [max(word_frequency(part, name) for name in languages) for part in parts]
    lowest = max(min(values), *(word_frequency(word, name) for name in languages))
    if lowest < KNOWN and any(_is_compound(word, name) for name in languages & _COMPOUNDING):
        return KNOWN
    return lowest


def _is_compound(word: str, language: str) -> bool:
    """Whether two or more known words make the word; decided from its end on, so that the time stays bounded."""
    lower, size = word.lower(), len(word.lower())
    if size > LONGEST_WORD:
        return False
    from_place = [False] * (size + 1)
    for begin in range(size - 8, -1, -1):
        from_place[begin] = any(
            _may_begin_compound(lower[begin:place], language)
            and (word_frequency(lower[place:], language) >= 3.2 or (size - place > 8 and from_place[place]))
            for place in range(begin + 4, size - 3)
        )
    return from_place[0]


def _may_begin_compound(part: str, language: str) -> bool:
    """Whether a known word, with or without what joins it to the next, is the part."""
    forms = [part, part.removesuffix("s"), part.removesuffix("n"), part.removesuffix("en"), part + "e"]
    return any(len(form) >= 3 and word_frequency(form, language) >= 3.2 for form in forms)


def _is_listed(token: _Token, language: str) -> tuple[bool, bool]:
    """Whether a word is a listed given name, and a listed family name; in inflected languages by its stem."""
    given, family = _lower_lists()
    forms = {token.lower}
    if language in _INFLECTED and len(token.lower) > 3:
        stems = (token.lower[:-1], token.lower[:-2], token.lower[:-3])
        forms |= {
            stem + end
            for stem in stems
            if len(stem) >= 3
            for end in ("", "a", "o", "е", "а", "я", "й", "ь", "ия", "ek", "eł")
        }
    return not forms.isdisjoint(given) or token.base in name_words("scripts", "greek"), not forms.isdisjoint(family)


def _is_name(tokens: Sequence[_Token], place: int, language: str) -> bool:
    """Whether one word looks like a name where it stands."""
    token = tokens[place]
    if not token.is_plain or token.frequency > 8 or _is_of_scholar(tokens, place):
        return False
    before = tokens[place - 1].lower if place else ""
    behind = tokens[place + 1].lower if place + 1 < len(tokens) else ""
    is_strong = before in name_words("before", "strong") or before in name_words("before", "introductions")
    is_strong = is_strong or (before in ("is", "am") and place > 1 and tokens[place - 2].lower in ("name", "this", "i"))
    is_strong = is_strong or (
        token.is_capital
        and place > 1
        and before in name_words("before", "weak")
        and tokens[place - 2].lower in name_words("before", "messages")
    )
    is_acting = behind in name_words("behind", "verbs")
    if not token.is_capital:
        return _is_lower_name(tokens, place, language, is_strong=is_strong, is_acting=is_acting)
    if token.is_first:
        given, family = _is_listed(token, language)
        is_owner = token.text != token.base
        is_person = given or family or token.base in name_words("given", "words")
        return (is_acting or is_owner) and ((is_person and token.frequency < 4.6) or token.frequency < 2.0)
    if is_strong or is_acting or token.text != token.base:
        return _is_spoken_of(token, language, is_strong=is_strong)
    if behind in name_words("public", "kinds") or before in _TOOLS:
        return _is_listed(token, language)[0] and token.frequency < UNUSUAL
    return _is_rare(token, language, is_weak=before in name_words("before", "weak"), before=before)


def _is_of_scholar(tokens: Sequence[_Token], place: int) -> bool:
    """Whether a law, a test or the like follows: "Krebs cycle", "Newton's second law"."""
    token = tokens[place]
    following = [token.lower for token in tokens[place + 1 : place + 3]]
    nouns = name_words("eponyms", "nouns")
    parts = re.split(r"[-]", token.lower)
    return token.frequency >= 1.0 and (
        bool(nouns.intersection(following[:1])) or (len(following) > 1 and following[1] in nouns) or parts[-1] in nouns
    )


def _is_spoken_of(token: _Token, language: str, *, is_strong: bool) -> bool:
    """A capitalised word where a person is asked, owns or acts."""
    given, family = _is_listed(token, language)
    is_word = token.base in name_words("given", "words")
    is_place = token.base in name_words("given", "places")
    if language in _NOUNS_CAPITALISED:
        return (given and not is_place) or (family and token.frequency < KNOWN) or token.frequency < 2.0
    if is_strong and (is_word or given or (is_place and token.base in ("April", "May", "June", "Austin", "Chad"))):
        return True
    return (
        (given and not is_place)
        or (is_word and token.text == token.base)
        or (family and token.frequency < KNOWN)
        or token.frequency < UNUSUAL
    )


def _is_rare(token: _Token, language: str, *, is_weak: bool, before: str) -> bool:
    """A capitalised word inside a sentence."""
    given, family = _is_listed(token, language)
    is_place = token.base in name_words("given", "places")
    if language in _NOUNS_CAPITALISED:
        if is_weak:
            return (given and not is_place) or (family and token.frequency < 3.3) or token.frequency < 1.0
        return (given or family) and token.frequency < UNUSUAL
    if is_weak:
        is_word = token.base in name_words("given", "words") and before in ("for", "to", "from", "with")
        is_listed = (given and not is_place) or (family and token.frequency < 3.7)
        return is_word or is_listed or token.frequency < 2.0 + 0.6 * (token.base[0] > "ɏ")
    return token.frequency < RARE or ((given or family) and token.frequency < 3.0)


def _is_lower_name(tokens: Sequence[_Token], place: int, language: str, *, is_strong: bool, is_acting: bool) -> bool:
    """A word in lower case where a person is spoken of."""
    token = tokens[place]
    if len(token.base) < 3 or token.lower in not_names() or language in _NOUNS_CAPITALISED - {"de"}:
        return False
    given, family = _is_listed(token, language if is_strong else "en")
    if is_strong:
        ends = place + 1 == len(tokens) or tokens[place + 1].start > token.end + 1
        is_listed = (given or family) and token.frequency < 3.9
        return is_listed or (token.frequency < 2.9 and (is_acting or ends)) or token.frequency < 1.0
    neighbours = [tokens[other] for other in (place - 1, place + 1) if 0 <= other < len(tokens)]
    pair = [other for other in neighbours if other.is_plain and len(other.base) > 3 and not other.is_capital]
    if any(_is_listed(other, "en")[0] and other.frequency < 3.7 for other in pair) and token.frequency < 2.3:
        return True
    if given and place + 1 < len(tokens) and tokens[place + 1] in pair and not is_public(token.lower):
        behind = tokens[place + 1]
        is_family = _is_listed(behind, "en")[1] and behind.frequency < 4.5
        if token.frequency < 4.9 and not is_public(behind.lower) and (is_family or behind.frequency < 2.3):
            return True
    if family and place and tokens[place - 1] in pair and not is_public(token.lower) and token.frequency < 4.5:
        before = tokens[place - 1]
        return _is_listed(before, "en")[0] and before.frequency < 4.9 and not is_public(before.lower)
    first = place if len(neighbours) < 2 or neighbours[0].frequency else place - 1
    opens = first > 0 and tokens[first - 1].lower in name_words("before", "pairs")
    return opens and token.frequency == 0 and len(token.base) > 3 and any(other.frequency == 0 for other in pair)


def _organisations(sentence: str, tokens: Sequence[_Token]) -> set[int]:
    """Capitalised words of firms and schools, and the rare place that follows them."""
    words = name_words("organisations", "words")
    hidden: set[int] = set()
    for place, token in enumerate(tokens):
        if token.lower not in words or not token.text[:1].isupper() or token.is_first:
            continue
        run = _run(sentence, tokens, place)
        named = [other for other in run if tokens[other].lower not in words and tokens[other].frequency < 4.4]
        if not named:
            continue
        hidden |= {other for other in named if tokens[other].is_capital and not tokens[other].is_first}
        behind = run[-1] + 2
        if behind < len(tokens) and tokens[behind - 1].lower in ("in", "at", "near", "of", "à", "en", "a", "te", "w"):
            hidden |= {behind} if tokens[behind].is_capital and tokens[behind].frequency < 3.7 else set()
    return hidden


def _run(sentence: str, tokens: Sequence[_Token], place: int) -> list[int]:
    """Capitalised words around one, with what joins them."""
    first = last = place

    def goes_on(left: int, right: int) -> bool:
        gap = sentence[tokens[left].end : tokens[right].start]
        return gap.strip() in ("", "&", "'s", "’s") and bool(tokens[right].text[:1].isupper() or tokens[right].is_mark)

    while first > 0 and goes_on(first - 1, first) and tokens[first - 1].text[:1].isupper():
        first -= 1
    while last + 1 < len(tokens) and goes_on(last, last + 1):
        last += 1
    return list(range(first, last + 1))


def _with_neighbours(sentence: str, tokens: Sequence[_Token], hidden: set[int], language: str) -> set[int]:
    """Add the capitalised words that stand beside a name: its other part, or the next in a row of names."""
    found = set(hidden)
    given, family = _lower_lists()
    changed = True
    while changed:
        changed = False
        for left in range(len(tokens) - 1):
            gap = sentence[tokens[left].end : tokens[left + 1].start]
            joins = gap in (" ", ", ") and tokens[left + 1].lower in _AND
            right = left + 2 if joins else left + 1
            if right >= len(tokens) or not (joins or (len(gap) <= 3 and _JOIN.fullmatch(gap))):
                continue
            for one, other in ((left, right), (right, left)):
                token = tokens[other]
                is_known_name = one in found or tokens[one].is_mark
                if not is_known_name or other in found or not token.is_plain or token.is_first:
                    continue
                if not token.is_capital:
                    is_family = gap == " " and not joins and other > one and len(token.base) > 3
                    if is_family and token.frequency < LOWER and not is_public(token.lower):
                        found.add(other)
                        changed = True
                    continue
                is_listed = token.lower in given or token.lower in family or token.base in name_words("given", "words")
                is_part = not joins and gap == " " and language in _INFLECTED
                if token.frequency < KNOWN or ((is_listed or is_part) and token.frequency < 8):
                    found.add(other)
                    changed = True
            pair = (tokens[left], tokens[right])
            if "&" in gap and left not in found and all(t.is_capital and t.frequency < 3.3 for t in pair):
                found |= {left, right}
                changed = True
    return found


def _replaced(sentence: str, tokens: Sequence[_Token], hidden: set[int]) -> str:
    """Put marks in the place of names, one for names that follow each other."""
    if not hidden:
        return sentence
    pieces: list[str] = []
    end = 0
    for place in sorted(hidden):
        token = tokens[place]
        pieces += [sentence[end : token.start], MARK, token.text[len(token.base) :]]
        end = token.end
    return re.sub(r"\[name\](?:[ \u00a0]\[name\])+", MARK, "".join([*pieces, sentence[end:]]))
