"""The request facet: one short sentence that begins with a verb and says what the user asks for.

It is extractive. Every sentence of the first user turn (of a later one, where that says nothing of a topic) and every
clause of it at a colon, semicolon or dash is a candidate. What frames the task in front ("can you help me to", "my boss
keeps telling me to", "what should I do first to") and says nothing of it behind ("and I will tell you later") is cut
away. The best candidate has the form of a request (an infinitive or imperative, a question), words of a topic, and an
early place; conditions of the result ("use short sentences"), roles and items of lists rank low. Where the best one has
no subject of its own ("Review this"), it takes that of a neighbour ("Review a letter to a landlord"); where the user
asks for a check of something they tried, the request is to review the attempt. Questions become "Explain ...", marks of
redaction plain words, and the sentence is cut at 25 words. Sentences in other languages than English are chosen by
question mark, words of a topic and place, and keep their form.
"""

# ruff: noqa: E501  (a pattern is easier to check whole than wrapped)

import re
from collections.abc import Sequence
from typing import Final

from clio_lite.request_clauses import (
    READ_CHARACTERS,
    Clause,
    clauses,
    opens_with_verb,
    split_sentences,
    topic_words,
    trimmed,
)
from clio_lite.request_names import hide_names
from clio_lite.request_words import CONDITIONS
from clio_lite.steering import has_order, without_delimiters
from clio_lite.vocabulary import stop_words

MAX_WORDS: Final = 25
MAX_CHARACTERS: Final = 200
MAX_UNSPACED: Final = 60
MAX_TOPIC_WORDS: Final = 6
NO_REQUEST: Final = "Chat without a request"

_ORDINAL_DOT: Final = frozenset(
    ["cs", "da", "de", "et", "fi", "hr", "hu", "lv", "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr"]
)
"""Languages that write an ordinal as a number with a full stop."""

_PRONOUN: Final = r"(?:i|you|we|they|it|he|she|this|that|these|those|there|one)"
_BE: Final = r"(?:is|are|was|were|am|can|could|should|will|would|has|have|must|may|might)"
_MADE: Final = (
    r"letters?|e-?mails?(?! address)|memo|message|notice|script|regex|formula|query|function|class|dockerfile|macro|bot|code|template|checklist|list|table|plan|"
    r"schedule|rota|agenda|itinerary|recipe|poem|story|song|lyrics|essay|article|blog post|post|caption|bio|slogan|tagline|headline|titles?|names?|"
    r"ideas|description|summary|outline|report|review|proposal|contract|policy|speech|toast|toolbox talk|cv|resume|quiz|questions|worksheet|"
    r"flashcards|invoice|quote|budget|ad|advert|advertisement|press release|newsletter|faq|prompt|pattern|makefile"
)
"""What a request without a verb may ask to be made."""

_FINITE: Final = r"is|are|was|were|has|have|had|says|gives|shows|fails|does|did|will|would|can|could|should|prints|keeps|won't|doesn't|rejected|can't"
_QUESTIONS: Final = (
    (re.compile(r"^(?:have|take) a (?:quick |close |good )?look (?:at|over|through) (.+)$", re.I), r"Review \1"),
    (re.compile(r"^(?:i|we)(?: \w+)?(?:'d| would)? (?:need|want|(?<=d )like|require|am looking for|'m looking for)(?: (?:you|help with))? (?!(?:to|it|this|that|you|me|us|help)\b)(.+)$", re.I), r"Create \1"),
    (re.compile(r"^how come (.+)$", re.I), r"Explain why \1"),
    (re.compile(r"^how (?:do|can|could|should|would|might) (?:i|you|we|one|people|someone) (?:best )?(.+)$", re.I), r"Explain how to \1"),
    (re.compile(rf"^(how|why|when|where) (?:does|do) ({_PRONOUN}) (.+)$", re.I), r"Explain \1 \2 \3"),
    (re.compile(r"^how (?:does|do) (.+)$", re.I), r"Explain how \1"),
    (re.compile(r"^how to (.+)$", re.I), r"Explain how to \1"),
    (re.compile(r"^(?:the )?(?:difference|diff)(?:s|erences)? between (.+)$", re.I), r"Explain the difference between \1"),
    (re.compile(rf"^(?:what is|what's|what are|what were|what was|whats) (?!{_PRONOUN}\b)(.+)$", re.I), r"Explain \1"),
    (re.compile(r"^(?:is|are) ((?:this|that|these|those|my|our|the|it)(?: [\w-]+){0,4}?) ((?:correct|right|okay?|fine|good|valid|true|complete|clear|wrong|enough|sound|secure|safe)\b.*)$", re.I), r"Check whether \1 is \2"),
    (re.compile(r"^(?:did|do|does) (i|we|it|this|that|they|he|she) (.+)$", re.I), r"Check whether \1 \2"),
    (re.compile(r"^(?:am i) (.+)$", re.I), r"Check whether I am \1"),
    (re.compile(rf"^(why|how|what|when|where|which|who) ({_BE}) ({_PRONOUN}) (.+)$", re.I), r"Explain \1 \3 \2 \4"),
    (re.compile(rf"^(what|when|where|which|who|how|why) (?:do|does|did) ({_PRONOUN}) (.+)$", re.I), r"Explain \1 \2 \3"),
    (re.compile(rf"^((?:why|how|when|where) (?:do|does|did|{_BE}) .+)$", re.I), r"Explain: \1"),
    (re.compile(r"^(why|how|what|when|where|which|who|whose) (.+)$", re.I), r"Explain \1 \2"),
    (re.compile(r"^i (?:do not|don't|dont|cannot|can't) (?:really |quite )?(?:understand|get|see) (.+)$", re.I), r"Explain \1"),
    (re.compile(r"^(?:i (?:get|got|have|see|am getting|'m getting|keep getting)|there is|getting) (.*\b(?:error|exception|problem|issue|bug|warning|fault)\b.*)$", re.I), r"Resolve \1"),
    (re.compile(rf"^({_BE}) ({_PRONOUN}) (.+)$", re.I), r"Answer whether \2 \1 \3"),
    (re.compile(rf"^((?:does|do|did|shall|{_BE}) .+)$", re.I), r"Answer: \1"),
)  # fmt: skip
_NOUN_FORMS: Final = (
    (re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception)\b.*)$"), r"Resolve \1"),
    (re.compile(r"^(?=.{5,80}$)([^?:]+ (?:vs\.?|versus) [^?:]+)$", re.I), r"Compare \1"),
    (re.compile(rf"^(?=(?:[^\s:?,]+ ){{0,4}}?(?:{_MADE})s?\b)(?!{_PRONOUN}\b|(?:for|in|on|with|someone|honest)\b|my \w+ (?:is|are|was|fails?|gives?|shows?)\b)(?!.*\b(?:{_FINITE})\b)(.+)$", re.I), r"Write \1"),
)  # fmt: skip
"""Forms of what has neither a verb nor a question; they make no clause more like a request."""

_REVIEW = re.compile(
    r"\b(?:right|correct|wrong|mistakes?|missed|miss|missing|errors?|improve|feedback|second (?:pair|opinion)|(?:look|go|read) (?:it |this |that |them )?(?:over|through)|look (?:at|over) (?:it|this|that)|review|check|critique|critically|proofread|sign off|hand (?:it|this) in|holds? up|make sense|overlooked?|think of (?:it|this))\b",
    re.I,
)
_POINTS_ELSEWHERE = re.compile(r"\b(?:this|that|these|those|it|them|following|below|above|attached)\b|:\s*$", re.I)
_PRONOUN_OBJECT = re.compile(
    r"^(\w[\w-]*(?: (?:up|down|out|over|through|me|us|at|for))*) (?:this|that|these|those|it|them)(?= |[.,!?]|$)(?: one)?",
    re.I,
)
_NAMED_THING = re.compile(
    r"^(?:here(?:'s| is| are)|this is|these are|below (?:is|are)|attached (?:is|are)|(?:i|we)(?:'ve| have)? (?:just )?(?:have|wrote|made|drafted|got|written|prepared|received|need|built|created))(?: just)? (?:(?:my own|my|our|your) |(?=(?:the|an?|some|[a-z]+s) ))(.+)$",
    re.I,
)
_PERSONAL = re.compile(
    r"^(?:i am|i'm|im|i work|i have been|we are|we're|my (?:name|job|boss|manager)|it is (?:for|only)|this is for|as an?)\b",
    re.I,
)
_ROLE = re.compile(r"^(?:you are|you're|you will be|act as|imagine|pretend|assume|take on|play)\b", re.I)
_HOW_TO = re.compile(r"^explain how to ", re.IGNORECASE)
_QUOTED_TASK = re.compile(r"^[^:“\"«„]{2,40}:\s*[“\"«„]\s*(.{12,})$")
_RELATIVE: Final = frozenset(["when", "where", "which", "who", "whose"])
"""Words that open a question only where a question mark closes it."""

_SWAPPED = re.compile(r"(?<= )(?:Is|Are|Was|Were|Am|Can|Could|Should|Will|Would|Has|Have|Must|May|Might)(?= )")
_REPORTED = re.compile(
    r"^((?:Explain|Answer):? )((?:Why|How|What|When|Where|Which|Who|Is|Are|Do|Does|Did|Can|Could|Should|Will|Would|Has|Have|Was|Were)\b)"
)
_MARKS: Final = {
    "name": "someone", "email": "an e-mail address", "phone": "a number", "card": "a card", "iban": "an account", "id": "an identifier",
    "ip": "an address", "url": "a link", "secret": "a key", "handle": "an account", "address": "an address", "date": "a date", "location": "a place",
}  # fmt: skip
_MARK = re.compile(rf"\[({'|'.join(_MARKS)})\]")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_HEADER = re.compile(
    r"^\s*(?:from|to|cc|bcc|subject|date|sent|reply-to|von|an|betreff|de|para|asunto|objet)\s*:.*$|^.*\bplease find (?:attached|enclosed)\b.*$|^\s*(?:(?:kind|best|warm) )?regards\b.*$",
    re.I | re.M,
)
_CODE_LINE = re.compile(
    r"^\s*(?:def \w+ ?\(.*|class \w+ ?[:({].*|(?:async )?function \w* ?\(.*|(?:const|let|var) [\w{\[].*=.*|(?:public|private|protected|static) \w+.*[({;].*"
    r"|import [\w.*{} ,]+(?: from .*)?;?|from [\w.]+ import .*|return [\w.()\[\]]+ ?[-+*/%<>=]+ ?\S*;?|return\b.*;|(?:for|while|if) ?\(.*\).*|for \w+ in \S+:?"
    r"|print\(.*\)|#include.*|SELECT \S.* FROM .*|(?:DELETE|INSERT|UPDATE) (?:FROM|INTO|\w+ SET) .*|at [\w.$]+\(.*|File \".*|Traceback.*|\S.{0,80}[({=].{0,80}[;{}]|[}\])]+[;,]?|[A-Za-z_][\w.\[\]]+ ?\+?= ?\S.*)\s*$"
)
_FAULT = re.compile(r"\b\w*(?:Error|Exception)\b|Traceback|error:|ERR!|\bfatal\b")
_ADDRESS = re.compile(r"https?://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.\w+")
_LONG_NUMBER = re.compile(
    r"(?P<public>\b(?:ISO(?:/IEC)?|IEC|RFC|EN|DIN|ASTM|CVE|IEEE|ANSI|BS|0x)[ -]?[\dA-Fa-f][\w:-]*)|(?<![\w.,])\d{1,4}(?:[ .\-/]\d{2,5}){2,}(?![\w,])|(?<![\w#/-])#?(?=[\w/-]*[A-Za-z])(?=[\w/-]*\d)[A-Za-z0-9][\w/-]{5,}|\d{5,}"
)
_MEASURE = re.compile(r"[a-z]?\d+[x-]\d+\w{0,3}|\d+[A-Za-zµ]{1,4}(?:/[a-z]{1,2})?|x?86[_-]64|\d+e-?\d+(?:/\d+)?", re.I)
_YEAR_OR_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d{2}(?!\d)(?:[-./]\d{1,2}[-./]\d{1,2}(?!\d))?|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d{2}(?!\d)"
)
_LETTERS = re.compile(r"[^\W\d_]{4,}")


def extract_request(user_turns: Sequence[str], language: str | None) -> str:
    """Extract what the user asks for.

    Args:
        user_turns: Redacted turns by the user, in order, without orders to the labeller (`steering.without_orders`).
        language: ISO 639-1 code; None is read as English, `und` as another language.

    Returns:
        At most 25 words, beginning with a verb where the language is English; never empty.
    """
    first = ""
    for turn in (_task_text(turn) for turn in user_turns[:3]):
        if language not in ("en", None):
            sentences = [text for text, _ in split_sentences(turn, keep_ordinals=language in _ORDINAL_DOT)]
            request, has_topic = _best_foreign(sentences, language), True
        else:
            request, has_topic = _english_request(turn, language)
        if request and has_topic:
            return request
        first = first or request
    return first or _bare_code_request(user_turns[0]) or NO_REQUEST


def _task_text(turn: str) -> str:
    """A turn without heads of mails, lines of bare code and false delimiters."""
    turn = _HEADER.sub("", without_delimiters(turn[:READ_CHARACTERS]))
    return "\n".join(line for line in turn.split("\n") if not _CODE_LINE.match(line))


def _bare_code_request(turn: str) -> str:
    """The request of a turn that is nothing but code; empty for any other."""
    turn = turn[:READ_CHARACTERS]
    has_code = "```" in turn or any(map(_CODE_LINE.match, turn.split("\n"))) or _FAULT.search(turn)
    if not has_code or has_order(turn):
        return ""
    return "Resolve an error in a program" if _FAULT.search(turn) else "Work on a piece of code"


def _english_request(turn: str, language: str | None) -> tuple[str, bool]:
    """The request of one turn, empty where it has no sentence, and whether it has words of a topic."""
    sentences = split_sentences(turn)
    found = [clause for number, (text, is_item) in enumerate(sentences) for clause in clauses(text, is_item, number)]
    if not found:
        return "", False
    scores = [_score(clause, len(sentences)) for clause in found]
    best = found[max(range(len(found)), key=lambda place: (scores[place], -place))]
    text = _joined(best, found)
    return _verb_first(text, language, is_task=best.is_task), bool(topic_words(text))


def _score(clause: Clause, sentence_count: int) -> float:
    """How much a clause looks like the request: form, words of a topic, place."""
    text = clause.text
    words = text.split()
    first = words[0].lower().strip(",.:;!?") if words else ""
    is_question = text.rstrip(" \"'").endswith("?")
    is_question = is_question or (first not in _RELATIVE and any(pattern.match(text) for pattern, _ in _QUESTIONS))
    form = 3.0 if clause.is_task or opens_with_verb(text) else 2.5 * is_question
    return (
        form
        + 0.5 * min(len(topic_words(text)), MAX_TOPIC_WORDS)
        - 1.5 * (first in CONDITIONS)
        - 1.5 * (_ROLE.match(text) is not None)
        - 1.0 * (_PERSONAL.match(text) is not None)
        - 2.0 * clause.is_item
        - 0.5 * (len(words) < 3)
        - 0.5 * (len(words) > 45)
        + 0.5 * (clause.number == 0)
        + 0.2 * (clause.number == sentence_count - 1)
        - 0.15 * min(clause.number, 8)
    )


def _joined(best: Clause, found: Sequence[Clause]) -> str:
    """The best clause with the subject of a neighbour where it has none, as a review where the user asks for one."""
    topic_count = len(topic_words(best.text))
    reviews = [clause for clause in found if _REVIEW.search(clause.full) and not topic_words(clause.text)]
    if topic_count and best.is_attempt and reviews:
        return f"review an attempt to {_HOW_TO.sub('', best.text)}"
    if topic_count >= 2 or (topic_count == 1 and not _POINTS_ELSEWHERE.search(best.text)):
        return best.text
    subject = _subject(best, found)
    if subject is None:
        return best.text
    return _with_subject(best.text.rstrip(" .:?!"), subject, is_review=best in reviews, is_open=best.full.endswith(":"))


def _with_subject(asked: str, subject: Clause, *, is_review: bool, is_open: bool) -> str:
    """Join what is asked with the subject of a neighbour; `is_open` where a colon announces the subject."""
    named = _NAMED_THING.match(subject.full)
    pronoun = _PRONOUN_OBJECT.match(asked)
    is_bare_review = is_review and not opens_with_verb(asked)
    if named and topic_words(named[1]) and (pronoun or is_bare_review):
        return f"{pronoun[1] if pronoun and not is_bare_review else 'review'} {trimmed(named[1])}"
    if subject.is_task or opens_with_verb(subject.text):
        return f"review an attempt to {_HOW_TO.sub('', subject.text)}" if is_review else subject.text
    if is_bare_review:
        return f"review this: {subject.text}"
    return f"{asked}: {subject.text}" if pronoun or is_open else f"respond to: {subject.text}"


def _subject(best: Clause, found: Sequence[Clause]) -> Clause | None:
    """The neighbour that says most of a topic, the next one first; none where no neighbour says anything."""
    ranked = []
    is_empty = not topic_words(best.text)
    for place, clause in enumerate(found):
        distance = abs(clause.number - best.number)
        topic_count = len(topic_words(clause.text))
        if distance == 0 or topic_count < (1 if clause.is_task else 2) or _PERSONAL.match(clause.text):
            continue
        follows_colon = best.full.endswith(":") and clause.number == best.number + 1
        is_named = _NAMED_THING.match(clause.full) is not None
        if is_empty or follows_colon or is_named or clause.is_task:
            score = (
                0.5 * min(topic_count, MAX_TOPIC_WORDS)
                - 0.3 * distance
                + 2.0 * (follows_colon or is_named)
                + 1.5 * clause.is_task
                - 1.0 * (clause.is_item and not follows_colon)
            )
            ranked.append((score, -place))
    return found[-max(ranked)[1]] if ranked else None


def _best_foreign(sentences: Sequence[str], language: str | None) -> str:
    """The sentence with most words of a topic, questions and early ones first, in its own form."""
    if not sentences:
        return ""
    passed_over = stop_words(language)

    def score(number: int) -> float:
        sentence = sentences[number]
        words = {word for word in _LETTERS.findall(sentence.lower()) if word not in passed_over}
        amount = len(_UNSPACED.findall(sentence)) / 3 or len(words)
        is_question = re.search(r"[?？؟]", sentence) is not None
        return (
            0.4 * min(amount, MAX_TOPIC_WORDS)
            + 0.8 * (is_question and amount >= 2)
            + 0.6 * (number == 0)
            - 0.3 * min(number, 8)
        )

    best = max(range(len(sentences)), key=lambda number: (score(number), -number))
    return _shortened(_plain(_QUOTED_TASK.sub(r"\1", sentences[best]), language))


def shown_plain(request: str, language: str | None) -> str:
    """A request that something else wrote, in the form of ours: marks of redaction as words, cut, a capital in front.

    Args:
        request: One redacted sentence.
        language: ISO 639-1 code of the sentence; None is read as English.
    """
    return _shortened(_plain(request, language))


def _plain(sentence: str, language: str | None) -> str:
    """Turn names, marks of redaction and numbers of somebody's into plain words."""
    sentence = hide_names(sentence, language)
    sentence = _ADDRESS.sub(lambda match: "an e-mail address" if "@" in match[0] else "a link", sentence)
    sentence = _MARK.sub(lambda match: _MARKS[match[1]], sentence)
    return " ".join(_LONG_NUMBER.sub(_shown_number, sentence).split())


def _shown_number(match: re.Match[str]) -> str:
    """What is shown of a number: years, dates, standards and short ones as they are."""
    if match["public"]:
        return match[0]
    digits = len(re.sub(r"\D", "", _YEAR_OR_DATE.sub("", match[0])))
    if any(letter.isalpha() for letter in match[0]):
        is_measure = _MEASURE.fullmatch(match[0]) is not None
        return "an identifier" if digits >= 5 and digits * 3 >= len(match[0]) and not is_measure else match[0]
    return "a number" if digits >= 5 else match[0]


def _verb_first(text: str, language: str | None, *, is_task: bool) -> str:
    """Turn a clause into one that begins with a verb; empty where nothing is left."""
    text = _plain(text, language).rstrip(" ?!.,:;")
    if not text:
        return ""
    if not (is_task or opens_with_verb(text)):
        for pattern, form in (*_QUESTIONS, *_NOUN_FORMS):
            match = pattern.match(text)
            if match:
                text = match.expand(form)
                text = _SWAPPED.sub(lambda swap: swap[0].lower(), text)
                break
        else:
            text = f"Respond to: {text}"
        text = _REPORTED.sub(lambda match: match[1] + match[2].lower(), text)
    return _shortened(text)


def _shortened(sentence: str) -> str:
    """Cut to 25 words (60 characters of scripts without spaces) and begin with a capital."""
    if len(_UNSPACED.findall(sentence)) > MAX_UNSPACED // 2:
        sentence = sentence[:MAX_UNSPACED]
    words = sentence.split()
    if len(words) > MAX_WORDS:
        sentence = " ".join(words[:MAX_WORDS])
    sentence = sentence[:MAX_CHARACTERS].rstrip(" ?!.,:;-(\"'“”«»。！？，、：；")
    if re.search(r"(?:^|\s)'[^']*$", sentence):
        sentence = f"{sentence}'"
    return sentence[:1].upper() + sentence[1:]
