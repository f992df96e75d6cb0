"""The request facet: one short sentence that begins with a verb and says what the user asks for.

It is extractive: the best request sentence of the first user turn (or of the next, where the first only greets), with
greetings, courtesies and frames such as "can you help me to" cut away, questions turned into "Explain ...", marks of
redaction turned into plain words, and cut at 25 words. Sentences in other languages than English keep their form.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import re
from collections.abc import Sequence
from typing import Final

MAX_WORDS: Final = 25
MAX_CHARACTERS: Final = 200
MAX_UNSPACED: Final = 60
READ_CHARACTERS: Final = 4_000
NO_REQUEST: Final = "Chat without a request"

_VERBS: Final = frozenset(
    [
        "accept",
        "act",
        "adapt",
        "confirm",
        "double",
        "spot",
        "mark",
        "proofread",
        "add",
        "adjust",
        "advise",
        "align",
        "allocate",
        "analyse",
        "analyze",
        "answer",
        "apply",
        "appraise",
        "arrange",
        "ask",
        "assemble",
        "assess",
        "assign",
        "assist",
        "audit",
        "automate",
        "balance",
        "bake",
        "benchmark",
        "bill",
        "book",
        "brainstorm",
        "budget",
        "build",
        "calculate",
        "calibrate",
        "call",
        "catalogue",
        "categorise",
        "categorize",
        "change",
        "chart",
        "check",
        "choose",
        "cite",
        "clarify",
        "classify",
        "clean",
        "clear",
        "code",
        "collect",
        "combine",
        "come",
        "comment",
        "compare",
        "compile",
        "complete",
        "compose",
        "compute",
        "configure",
        "connect",
        "consider",
        "construct",
        "continue",
        "contrast",
        "convert",
        "convince",
        "cook",
        "coordinate",
        "copy",
        "correct",
        "cost",
        "count",
        "create",
        "critique",
        "cut",
        "debug",
        "decide",
        "decorate",
        "define",
        "deliver",
        "demonstrate",
        "deploy",
        "derive",
        "describe",
        "design",
        "detect",
        "determine",
        "develop",
        "devise",
        "diagnose",
        "discuss",
        "display",
        "distinguish",
        "divide",
        "document",
        "do",
        "double-check",
        "download",
        "draft",
        "draw",
        "edit",
        "elaborate",
        "eliminate",
        "emulate",
        "enhance",
        "enter",
        "estimate",
        "evaluate",
        "examine",
        "execute",
        "expand",
        "explain",
        "explore",
        "export",
        "extend",
        "extract",
        "factor",
        "fetch",
        "fill",
        "filter",
        "find",
        "finish",
        "fit",
        "fix",
        "flag",
        "follow",
        "forecast",
        "format",
        "formulate",
        "frame",
        "generate",
        "get",
        "give",
        "go",
        "grade",
        "graph",
        "grow",
        "group",
        "guess",
        "guide",
        "handle",
        "highlight",
        "identify",
        "illustrate",
        "imagine",
        "implement",
        "import",
        "improve",
        "include",
        "inspect",
        "install",
        "integrate",
        "interpret",
        "interview",
        "introduce",
        "invent",
        "investigate",
        "invoice",
        "keep",
        "knit",
        "label",
        "lay",
        "learn",
        "let",
        "list",
        "localise",
        "localize",
        "locate",
        "log",
        "look",
        "maintain",
        "make",
        "manage",
        "map",
        "mark",
        "match",
        "measure",
        "mediate",
        "merge",
        "migrate",
        "model",
        "modify",
        "monitor",
        "name",
        "negotiate",
        "normalise",
        "normalize",
        "note",
        "offer",
        "open",
        "operate",
        "optimise",
        "optimize",
        "order",
        "organise",
        "organize",
        "outline",
        "paint",
        "paraphrase",
        "parse",
        "perform",
        "pick",
        "plan",
        "play",
        "plot",
        "polish",
        "predict",
        "prepare",
        "present",
        "pretend",
        "prioritise",
        "prioritize",
        "process",
        "produce",
        "program",
        "proofread",
        "propose",
        "prove",
        "provide",
        "publish",
        "query",
        "quiz",
        "quote",
        "rank",
        "rate",
        "read",
        "rearrange",
        "recommend",
        "reconcile",
        "record",
        "reduce",
        "refactor",
        "reformat",
        "refine",
        "register",
        "reformulate",
        "remove",
        "rename",
        "repair",
        "repeat",
        "rephrase",
        "replace",
        "reply",
        "report",
        "research",
        "resolve",
        "respond",
        "restructure",
        "return",
        "review",
        "revise",
        "reword",
        "rewrite",
        "roleplay",
        "run",
        "save",
        "scan",
        "schedule",
        "scrape",
        "screen",
        "search",
        "segment",
        "select",
        "sell",
        "send",
        "set",
        "share",
        "shorten",
        "show",
        "simplify",
        "simulate",
        "size",
        "sketch",
        "solve",
        "sort",
        "specify",
        "split",
        "start",
        "state",
        "stop",
        "store",
        "structure",
        "study",
        "suggest",
        "summarise",
        "summarize",
        "support",
        "survey",
        "synthesise",
        "synthesize",
        "take",
        "tabulate",
        "talk",
        "teach",
        "tell",
        "test",
        "think",
        "tidy",
        "track",
        "train",
        "transcribe",
        "transform",
        "translate",
        "treat",
        "troubleshoot",
        "tune",
        "turn",
        "type",
        "underwrite",
        "update",
        "upgrade",
        "use",
        "validate",
        "verify",
        "visualise",
        "visualize",
        "walk",
        "weigh",
        "wire",
        "work",
        "write",
    ]
)

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+|(?<=:)\s*\n")
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hey|hello|good (?:morning|afternoon|evening)|greetings|dear)\b(?: (?:there|everyone|all|claude|chatgpt|gpt|assistant|ai|team))?(?: \[name\])?"
    r"|hola|buenos días|buenas tardes|bonjour|salut|hallo|guten (?:tag|morgen)|ciao|buongiorno|olá|oi|bom dia|hoi|cześć|dzień dobry|привет|здравствуйте|你好|您好|こんにちは|안녕하세요)[\s,!.。！，、:-]*",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"^(?:thanks?(?: you)?(?: (?:so|very) much)?|thank you|please note|i hope (?:you|this)|hope you|how are you|nice to meet you|my name is|i am \[name\]|i'm \[name\]|this is \[name\])\b.*$",
    re.IGNORECASE,
)
_FRAMES: Final = (
    r"(?:so|ok|okay|well|now|then|first|also|and|but|alright|right|actually|basically|quick question|question|task|prompt|request|urgent)\b[\s,:;.-]+",
    r"(?:please|pls|plz|kindly)\b[\s,]*",
    r"(?:i (?:was )?wonder(?:ed|ing)? if (?:you|i) (?:could|can|would|might)|do you think (?:you|i) (?:could|can)|is there (?:a|any) (?:way|chance) (?:that )?(?:you (?:could|can)|to)|would it be possible (?:for you )?to|is it possible to)\b\s*",
    r"(?:can|could|would|will|might|may) (?:you|u|we|i|someone|anyone|somebody)(?: (?:please|kindly|maybe|possibly|perhaps|also|just|quickly|be so kind as to|be able to|mind))*\b[\s,]*",
    r"(?:i|we)(?: (?:really|just|also|urgently|now|currently|still|only))*(?:'d| would)? (?:need|want|like|love|have|wish|must|should|plan|try|hope|am supposed|are supposed|am trying|are trying|got)(?: (?:you|u|someone|some help|help|your help|assistance))*(?: (?:to|in|with))+\s+",
    r"(?:i'm|i am|we're|we are) (?:trying|looking|hoping|planning|going|about|supposed|asked|required|working) (?:for (?:help|someone) )?to\s+",
    r"(?:my \w+|our \w+|the \w+|they) (?:asked|wants?|told|needs?|requires?|expects?) (?:me|us) to\s+",
    r"(?:i|we) (?:must|should|shall|will|gotta)\s+",
    r"(?:help|assist)(?: (?:me|us|out))*(?: (?:please|to|in|with|out|on|by|and))*\s+",
    r"you (?:are|will|must|should|shall|need to|have to)(?: asked to)?\s+(?=(?:{})\b)".format("|".join(sorted(_VERBS))),
    r"(?:your (?:task|job|goal) is to|the task is to|i'd like to|let's|let us|let me|go ahead and|feel free to|be sure to|try to|to)\s+",
    r"(?:as an? [^,]{3,40},|for (?:my|our|the|a|an) [^,]{3,40},|in (?:my|our|the) [^,]{3,40},|since [^,]{3,60},|if possible,)\s*",
)  # fmt: skip
_FRAME = re.compile("^(?:" + "|".join(_FRAMES) + ")", re.IGNORECASE)

_QUESTIONS: Final = (
    (re.compile(r"^(?:have|take) a (?:quick |close |good )?look (?:at|over|through) (.+)$", re.I), r"Review \1"),
    (re.compile(r"^(?:i|we)(?: \w+)?(?:'d| would)? (?:need|want|like|require|am looking for|'m looking for)(?: (?:you|help with))? ((?:an?|some|the|two|three|\d+|my|our|your) .+)$", re.I), r"Create \1"),
    (re.compile(r"^how come (.+)$", re.I), r"Explain why \1"),
    (re.compile(r"^how (?:do|can|could|should|would|might) (?:i|you|we|one|people|someone) (?:best )?(.+)$", re.I), r"Explain how to \1"),
    (re.compile(r"^how (?:does|do|did) (.+)$", re.I), r"Explain how \1"),
    (re.compile(r"^how to (.+)$", re.I), r"Explain how to \1"),
    (re.compile(r"^(?:what is|what's|what are|what were|what was|whats) (.+)$", re.I), r"Explain \1"),
    (re.compile(r"^(what|when|where|which|who|how|why) (?:do|does|did) (.+)$", re.I), lambda match: f"Explain {match[1].lower()} {match[2]}"),
    (re.compile(r"^(?:is|are) ((?:this|that|these|those|my|our|the|it)(?: [\w-]+){0,4}?) ((?:correct|right|okay?|fine|good|valid|true|complete|clear|wrong|enough|sound|secure|safe)\b.*)$", re.I), r"Check whether \1 is \2"),
    (re.compile(r"^did (i|we) (.+)$", re.I), r"Check whether \1 \2"),
    (re.compile(r"^(?:am i) (.+)$", re.I), r"Check whether I am \1"),
    (re.compile(r"^(why|how|what|when|where|which|who|whose) (.+)$", re.I), lambda match: f"Explain {match[1].lower()} {match[2]}"),
    (re.compile(r"^i (?:do not|don't|dont|cannot|can't) (?:really |quite )?(?:understand|get|see) (.+)$", re.I), r"Explain \1"),
    (re.compile(r"^(?:i (?:get|got|have|see|am getting|'m getting|keep getting)|there is|getting) (.*\b(?:error|exception|problem|issue|bug|warning|fault)\b.*)$", re.I), r"Resolve \1"),
    (re.compile(r"^(?:is|are|was|were|does|has|should|shall|will|may|must|can|could|would) (.+)$", re.I), r"Answer whether \1"),
)  # fmt: skip
_MARKS: Final = {
    "name": "someone", "email": "an e-mail address", "phone": "a number", "card": "a card", "iban": "an account", "id": "an identifier",
    "ip": "an address", "url": "a link", "secret": "a key", "handle": "an account", "address": "an address", "date": "a date", "location": "a place",
}  # fmt: skip
_MARK = re.compile(rf"\[({'|'.join(_MARKS)})\]")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_LONG_NUMBER = re.compile(r"\d{5,}")


def extract_request(user_turns: Sequence[str], language: str | None) -> str:
    """Extract what the user asks for.

    Args:
        user_turns: Redacted turns by the user, in order.
        language: ISO 639-1 code; None is read as English.

    Returns:
        At most 25 words, beginning with a verb where the language is English; never empty.
    """
    for turn in user_turns[:3]:
        sentences = _sentences(turn)
        if not sentences:
            continue
        if language not in ("en", None):
            return _shortened(_plain(sentences[_best_foreign(sentences)])) or NO_REQUEST
        best = max(range(len(sentences)), key=lambda number: (_request_score(sentences, number), -number))
        request = _verb_first(sentences[best])
        if request:
            return request
    return NO_REQUEST


def _sentences(turn: str) -> list[str]:
    """Split a turn into sentences without code, greetings and courtesies."""
    text = _CODE_BLOCK.sub("\n", turn[:READ_CHARACTERS])
    sentences = []
    for raw in _SENTENCE_END.split(text):
        sentence = _GREETING.sub("", raw.strip(" \t-*#>•\"“”'`")).strip()
        if len(sentence) >= 2 and any(letter.isalpha() for letter in sentence) and not _COURTESY.match(sentence):
            sentences.append(sentence)
    return sentences[:60]


def _stripped(sentence: str) -> str:
    """Cut frames from the beginning, one after another."""
    for _ in range(8):
        match = _FRAME.match(sentence)
        if match is None or match.end() == len(sentence) or match.end() == 0:
            break
        sentence = sentence[match.end() :].lstrip(" ,:;-")
    return sentence


def _request_score(sentences: Sequence[str], number: int) -> float:
    """How much a sentence looks like the request."""
    sentence = sentences[number]
    stripped = _stripped(sentence)
    words = stripped.split()
    first = words[0].lower().strip(",.:;!?") if words else ""
    return (
        3.0 * (first in _VERBS)
        + 1.5 * (stripped != sentence)
        + 2.0 * sentence.rstrip(" \"'").endswith("?")
        + 1.0 * any(pattern.match(stripped) for pattern, _ in _QUESTIONS)
        + 0.6 * (number == 0)
        + 0.4 * (number == len(sentences) - 1)
        - 1.5 * (len(words) < 3)
        - 0.5 * (len(words) > 45)
        - 0.15 * min(number, 8)
    )


def _best_foreign(sentences: Sequence[str]) -> int:
    """The first question, else the first sentence of some length, else the first."""
    for number, sentence in enumerate(sentences[:6]):
        if re.search(r"[?？؟]", sentence):
            return number
    lengths = [len(sentence) for sentence in sentences]
    return next((number for number, length in enumerate(lengths) if length >= 12), 0)


def _plain(sentence: str) -> str:
    """Turn marks of redaction and long numbers into plain words."""
    sentence = _MARK.sub(lambda match: _MARKS[match[1]], sentence)
    return " ".join(_LONG_NUMBER.sub("a number", sentence).split())


def _verb_first(sentence: str) -> str:
    """Turn a sentence into one that begins with a verb; empty where nothing is left."""
    stripped = _plain(_stripped(sentence)).rstrip(" ?!.,:;")
    words = stripped.split()
    if not words:
        return ""
    if words[0].lower().strip(",:;") not in _VERBS:
        for pattern, form in _QUESTIONS:
            if pattern.match(stripped):
                stripped = pattern.sub(form, stripped)
                break
        else:
            stripped = f"Respond to: {stripped}"
    return _shortened(stripped)


def _shortened(sentence: str) -> str:
    """Cut to 25 words (60 characters of scripts without spaces) and begin with a capital."""
    if len(_UNSPACED.findall(sentence)) > MAX_UNSPACED // 2:
        sentence = sentence[:MAX_UNSPACED]
    words = sentence.split()
    if len(words) > MAX_WORDS:
        sentence = " ".join(words[:MAX_WORDS])
    sentence = sentence[:MAX_CHARACTERS].rstrip(" ?!.,:;-(\"'。！？，、：；")
    return sentence[:1].upper() + sentence[1:]
