"""Sentences and clauses of a turn by the user, and what stands in front of the task and behind it.

Rules of grammar, not of topics: where a sentence ends, which words only frame a request ("could you please help me to",
"my boss keeps telling me to"), which tail says nothing of the task ("as soon as possible", "and I will tell you later").
"""

# ruff: noqa: E501  (a pattern is easier to check whole than wrapped)

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clio_lite.request_words import ABBREVIATIONS, FINITE, LEADING, LIGHT, VERBS
from clio_lite.vocabulary import public_vocabulary

READ_CHARACTERS: Final = 4_000
MAX_SENTENCES: Final = 60
MIN_KEPT: Final = 2
"""Words of a topic that must be left where a tail is cut."""

MAX_CUT: Final = 3
"""Words of a topic that a tail about the user may have and yet be cut."""

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BOUNDARY = re.compile(r"[.!?]+(?: ?[\"”“’»)\]])*(?=\s)[^\S\n]*\n?|[。！？]+|[^\S\n]*\n\s*")
_PARTS = re.compile(r"\s*;\s+|\s+[–—]\s+|\s--\s")
_SPLICE = re.compile(
    r",\s+(?=(?:(?:i|we) (?:need|want|have|must|would)|(?:what|where|why|how|which) (?:is|are|do|does|did|can|should))\b)"
    r"|,?\s+and\s+(?=(?:i|we) (?:need|want|would like|must)\b)",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"[^\W_](?:[\w.]*\w)?\Z")
_ITEM = re.compile(r"(?:[-*•>|]|\d{1,2}[.)]|\(?[a-zA-Z0-9][.)])\s")
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hey|hello|good (?:morning|afternoon|evening)|greetings|dear)\b(?: (?:there|again|everyone|all|claude|chatgpt|gpt|assistant|ai|team))*(?: \[name\])?"
    r"|hola|buenos días|buenas tardes|bonjour|salut|hallo|guten (?:tag|morgen)|ciao|buongiorno|olá|oi|bom dia|hoi|cześć|dzień dobry|привет|здравствуйте|你好|您好|こんにちは|안녕하세요)(?!\w)[\s,!.。！，、:-]*",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"^(?:thanks?(?: you)?(?: (?:so|very) much)?|thank you|please note|i hope (?:you|this)|hope you|how are you|nice to meet you|my name is|i am \[name\]|i'm \[name\]|this is \[name\])\b.*$",
    re.IGNORECASE,
)
_WILL_FOLLOW: Final = (
    r"(?: (?:please|kindly|maybe|possibly|perhaps|also|just|quickly|be so kind as to|be able to|mind))*"
)
_FRAMES: Final = (
    r"(?:so|ok|okay|well|now|then|first|also|and|but|alright|right|actually|basically|quick question|question|(?:your |the |my )?task|prompt|(?:quick )?request|urgent)\b[\s,:;.-]+",
    r"(?:today|tonight|tomorrow|currently|at the moment|this (?:week|month|morning|afternoon|time))[, ]+(?=(?:i|we)\b)",
    r"(?:if (?:possible|you can|it helps)|as an? [^,]{3,40}|since [^,]{3,60}),\s*",
    r"(?:please|pls|plz|kindly|just|go ahead and|feel free to|be sure to)\b[\s,]*",
)  # fmt: skip
_ASKING: Final = (
    r"(?:i (?:was )?wonder(?:ed|ing)? if (?:you|i) (?:could|can|would|might)|do you think (?:you|i) (?:could|can)|is there (?:a|any) chance (?:that )?(?:you (?:could|can)|to)|would it be possible (?:for you )?to|is it possible to)\b\s*",
    rf"(?:can|could|would|will|might|may) (?:you|u|we|i|someone|anyone|somebody){_WILL_FOLLOW}\b[\s,]*",
    r"(?:i|we)(?: (?:really|just|also|urgently|now|currently|still|only))*(?:'d| would)? (?:need|want|like|love|have|wish|must|should|plan|try|hope|am supposed|are supposed|am trying|are trying|got)(?: (?:you|u|someone|some help|help|your help|assistance))*(?: (?:to|in|with))+\s+",
    r"(?:i'm|i am|we're|we are) (?:trying|looking|hoping|planning|going|about|supposed|asked|required|working) (?:for (?:help|someone) )?to\s+",
    r"(?:my \w+|our \w+|the \w+|they) (?:asked|wants?|told|needs?|requires?|expects?) (?:me|us) to\s+",
    r"(?:i|we) (?:must|should|shall|will|gotta)\s+",
    r"(?:help|assist)(?: (?:me|us|out))*(?: (?:please|to|in|with|out|on|by|and))*\s+",
    r"you (?:are|will|must|should|shall|need to|have to)(?: (?:asked|going))?(?: to)?\s+(?=(?:{})\b)".format("|".join(sorted(VERBS))),
    r"(?:your (?:task|job|goal) is to|the task is to|i'd like to|let's|let us|let me|try to|to)\s+",
)  # fmt: skip
_FRAME = re.compile(f"^(?:{'|'.join(_FRAMES)})", re.IGNORECASE)
_ASK = re.compile(f"^(?:{'|'.join(_ASKING)})", re.IGNORECASE)
_ADJUNCT = re.compile(
    r"^((?:for|in|on|at|with|using|given|from|under|within|based on|according to|if|when|while|after|before|during) (?!order to\b)[^,.?!;:]{2,90}),\s+(.{8,})$",
    re.IGNORECASE | re.DOTALL,
)
_OWN_ACT = re.compile(
    r"^(?:before|when|if|while) (?:i|we) (?!am\b|are\b|was\b|were\b|have\b|can\b|could\b)(\w.*)$",
    re.IGNORECASE | re.DOTALL,
)
_TO = re.compile(r"\bto (?:(?:also|then|quickly|properly|just|please) )?(?=[a-z][a-z'-]+)", re.IGNORECASE)
_HOW: Final = frozenset(
    [
        "how",
        "what",
        "where",
        "when",
        "which",
        "why",
        "way",
        "ways",
        "method",
        "methods",
        "technique",
        "learn",
        "understand",
        "idea",
        "ideas",
    ]
)
_TRIED: Final = frozenset(["attempt", "attempts", "tried", "ended", "had", "was", "were", "asked", "set"])
_GOVERNORS: Final = frozenset(
    ["how", "way", "ways", "need", "needs", "needed", "want", "wants", "wanted", "like", "love", "have", "has", "had", "trying", "tried", "try", "attempt", "attempted", "managed", "manage", "struggle", "struggling", "going", "able", "asked", "told", "supposed", "learn", "plan", "planning", "what", "where", "when", "whether", "me", "us", "you", "best", "order", "first", "out"]
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_][\w'’+#-]*")
_MARK = re.compile(r"\[[a-z]+\]")
_TAILS: Final = (
    re.compile(r"\s*(?:[,;(–—]|\s-)?\s*\b(?:and|but|so|so that|then|because|since|as|although|while|though)\s+(?:i|we|i'm|i'll|i've|i'd|we'll|we're|you can|you may)\b.*$", re.I | re.S),
    re.compile(r"\s*,?\s+and would (?:like|love|appreciate|prefer|be)\b.*$", re.I | re.S),
    re.compile(r"\s*,?\s+(?:and|but)\s+(?:my|our|it|this)\b(?: [\w'-]+){0,3}? (?:is|was|are|were|did|do|does|has|have|will|would|can|could|should|needs?)\b.*$", re.I | re.S),
    re.compile(r"[\s,]*\b(?:step by step|before|again|yet|together|as soon as possible|asap|right now|right away|please|pls|thanks(?: in advance)?|thank you)\W*$", re.I),
)  # fmt: skip
_TAIL_START = re.compile(r"\s*[,;–—]\s*|\s+-\s+|\s+(?=(?:and|then|or|so|but|for|with|on|by|if|as|in)\s)")
_PERSONAL_TAIL = re.compile(
    r"^(?:for|with|on|by|in|as|if)\s.*\b(?:me|us|my|our|own|you|your|we|i|possible|time|order)\b", re.I
)


@dataclass(frozen=True)
class Clause:
    """One candidate for the request.

    Attributes:
        text: The clause without what frames it.
        is_task: It follows a frame that an infinitive or an imperative must follow.
        is_attempt: The frame tells of an attempt of the user's own.
        is_item: It is an item of a list or a line of pasted material.
        number: Place of its sentence in the turn.
        full: The sentence as it was.
    """

    text: str
    is_task: bool
    is_attempt: bool
    is_item: bool
    number: int
    full: str


def function_words() -> frozenset[str]:
    """English words of closed classes."""
    return public_vocabulary().function_words


def topic_words(text: str) -> set[str]:
    """Distinct words in lower case that tell of a topic: no function words, no light words, no marks of redaction."""
    closed = function_words()
    words = {word.lower().replace("’", "'") for word in _WORD.findall(_MARK.sub(" ", text))}
    return {word for word in words if len(word) > 1 and word not in closed and word not in LIGHT}


def split_sentences(text: str, *, keep_ordinals: bool = False) -> list[tuple[str, bool]]:
    """Split a text into sentences without code, greetings and courtesies.

    A full stop behind an abbreviation or an initial ends no sentence, nor does the end of a line in mid-sentence.

    Args:
        text: One turn.
        keep_ordinals: Read a number with a full stop as an ordinal, as in German.

    Returns:
        Sentences in order, each with whether it is an item of a list or a line of pasted material.
    """
    text = _CODE_BLOCK.sub("\n", text[:READ_CHARACTERS])
    sentences = []
    start, is_pasted = 0, False
    for end in (*_boundaries(text, keep_ordinals), len(text)):
        raw = text[start:end].strip()
        start = end
        is_item = _ITEM.match(raw) is not None
        sentence = _GREETING.sub("", raw.strip(" \t-*#>•\"“”'`")).strip()
        if len(sentence) >= 2 and any(letter.isalpha() for letter in sentence) and not _COURTESY.match(sentence):
            sentences.append((" ".join(sentence.split()), is_item or (is_pasted and not raw.endswith("?"))))
            is_pasted = (is_pasted and not raw.endswith("?")) or (raw.endswith(":") and len(sentences) > 1)
    return sentences[:MAX_SENTENCES]


def _boundaries(text: str, keep_ordinals: bool) -> Iterator[int]:
    """Find the ends of sentences."""
    for match in _BOUNDARY.finditer(text):
        mark = match[0].strip()
        before = text[max(0, match.start() - 20) : match.start()]
        following = text[match.end() : match.end() + 1]
        if not mark:
            line_start = text.rfind("\n", 0, match.start()) + 1
            is_running = match.start() - line_start >= 50 and before[-1:].isalpha() and following.islower()
            if match[0].count("\n") == 1 and is_running:
                continue
        elif mark == "." and "\n" not in match[0]:
            last = _LAST_WORD.search(before)
            word = last[0].lower() if last else ""
            if word.replace(".", "") in ABBREVIATIONS or (
                last and len(word) == 1 and last[0].isupper() and word != "i"
            ):
                continue
            if word.isdigit() and len(word) <= 2 and (keep_ordinals or before[: -len(word)].strip(" \t") in ("", "\n")):
                continue
            if word.isdigit() and before[: -len(word)].endswith("\n"):
                continue
        yield match.end()


def clauses(sentence: str, is_item: bool, number: int) -> Iterator[Clause]:
    """Find the candidates in a sentence: the whole, its parts at semicolons and dashes, what follows a colon."""
    parts = _PARTS.split(sentence)
    pieces = [piece for part in parts for piece in ([part] if _ADJUNCT.match(part) else _SPLICE.split(part))]
    for piece in pieces:
        head, colon, rest = piece.partition(": ")
        rest = rest.strip(" \"“”'")
        is_led = colon != "" and len(rest.split()) >= 2 and not opens_with_verb(_unframed(head)[0])
        is_led = is_led and (" " in head.strip() or not topic_words(head))
        if len(piece) > 1 and not (is_led and not topic_words(head) and opens_with_verb(_unframed(rest)[0])):
            yield _clause(piece, is_item, number, sentence)
        if is_led:
            yield _clause(rest, is_item, number, sentence)


def _clause(piece: str, is_item: bool, number: int, full: str) -> Clause:
    """Cut the frames and the tail of one clause."""
    text, is_task = _unframed(piece)
    adjunct = _ADJUNCT.match(text)
    if adjunct is not None:
        rest, rest_is_task = _unframed(adjunct[2])
        own = _OWN_ACT.match(adjunct[1])
        if own and not topic_words(rest):
            text, is_task = (f"explain how to {own[1]}" if _HOW.intersection(rest.lower().split()) else own[1]), True
        elif rest_is_task or opens_with_verb(rest) or rest.rstrip().endswith("?"):
            behind = f" {adjunct[1][:1].lower()}{adjunct[1][1:]}" if topic_words(adjunct[1]) else ""
            text, is_task = rest.rstrip(" ?!.") + behind + ("?" if rest.endswith("?") else ""), rest_is_task
    core, is_attempt = _infinitive(text)
    if core != text:
        return Clause(trimmed(core), True, is_attempt or _is_attempt(piece), is_item, number, full)
    return Clause(trimmed(text), is_task, is_task and _is_attempt(piece), is_item, number, full)


def _is_attempt(piece: str) -> bool:
    """Whether a clause tells of something that its author has already tried."""
    return re.match(r"(?:\w+ ){0,4}(?:had|tried|was|were|attempted|set out) ", piece, re.I) is not None


def opens_with_verb(text: str) -> bool:
    """Whether the first word may be a verb of a request, and not the subject of another verb."""
    first, *others = (word.lower().strip(",.:;!?") for word in text.split(" ", 2)[:2])
    return first in VERBS and not (others and others[0] in FINITE)


def _unframed(sentence: str) -> tuple[str, bool]:
    """Cut frames from the beginning, one after another; whether one of them asks for something."""
    is_task = False
    for _ in range(8):
        match = _FRAME.match(sentence)
        asks = None if match else _ASK.match(sentence)
        found = match or asks
        if found is None or found.end() in (0, len(sentence)):
            break
        is_task = is_task or asks is not None or found[0].lower().startswith(("please", "pls", "plz", "kindly", "go"))
        sentence = sentence[found.end() :].lstrip(" ,:;-")
    first = sentence.split(" ", 1)[0].lower().strip(",.:;!?")
    return sentence, is_task and (first in VERBS or first not in function_words())


def _infinitive(text: str) -> tuple[str, bool]:
    """Cut down to the infinitive that holds the task where nothing in front of it has a topic.

    Returns:
        The text from the verb on, behind "Explain how to" where a way is asked for, and whether it was an attempt.
    """
    closed = function_words()
    found = None
    for match in _TO.finditer(text[:160]):
        before = [word.lower().replace("’", "'") for word in _WORD.findall(text[: match.start()])]
        if any(word not in closed and word not in LEADING for word in before):
            break
        rest = text[match.end() :]
        verb = rest.split(" ", 1)[0].lower().strip(",.:;!?")
        governed = bool(before) and before[-1] in _GOVERNORS
        if verb in closed and verb not in VERBS:
            continue
        if before and (verb in VERBS or governed) and topic_words(rest):
            found = (rest, before)
    if found is None:
        return text, False
    rest, before = found
    is_told = rest.split(" ", 1)[0].lower() in ("explain", "understand", "learn", "know")
    form = f"explain how to {rest}" if _HOW.intersection(before) and not is_told else rest
    return form, bool(_TRIED.intersection(before))


def trimmed(text: str) -> str:
    """Cut tails that say nothing of the task, as long as enough of a topic is left."""
    for tail in _TAILS:
        kept = tail.sub("", text)
        if kept != text and topic_words(kept) and len(topic_words(text[len(kept) :])) <= MAX_CUT:
            text = kept
    for _ in range(4):
        starts = list(_TAIL_START.finditer(text))
        cut = next((start for start in starts[:-5:-1] if _is_empty_tail(text, start)), None)
        if cut is None:
            break
        text = text[: cut.start()]
    return text


def _is_empty_tail(text: str, start: re.Match[str]) -> bool:
    """Whether what begins at a comma, conjunction or preposition has no topic, and enough of one stands before it."""
    tail = text[start.end() :]
    if any(mark.isdigit() for mark in tail) or not tail.strip(" .?!") or topic_words(tail):
        return False
    is_joined = start[0].strip() != "" or tail.startswith(("and ", "then ", "so ", "but "))
    return (is_joined or _PERSONAL_TAIL.match(tail) is not None) and len(topic_words(text[: start.start()])) >= MIN_KEPT
