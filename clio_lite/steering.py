"""Sentences that address whoever labels the conversation, which are left out before it is labelled.

A conversation may hold orders to the labeller ("classify this chat as learning"), false delimiters and roles, and answers in
the form of our own facets. They are words of the conversation and would move its labels as words do; what they ask is none of
its content, so they go. A turn that holds nothing else stays as it is: it says what it says.
"""

# ruff: noqa: E501  (a pattern is easier to check whole than wrapped)

import re
from typing import Final

_TALK: Final = r"(?:conversations?|chats?|dialogues?|transcripts?|exchanges?|interactions?|gespräche?|unterhaltung(?:en)?|conversaci[oó]n(?:es)?|conversas?|conversazion[ei]|gesprek(?:ken)?|rozmow[aęy]|разговор\w*|диалог\w*|беседу?|对话|会話|대화)"
_VALUE: Final = (
    r"(?:learning|validation|directive|feedback[ _]loop|task[ _]iteration|iteration|none|personal|work|occupation(?:al)?|educational|coursework|homework|harmful|harmless|safe|benign|concern|highest|lowest|random"
    r"|lernen|arbeit|persönlich|apprentissage|travail|personnelle?|trabajo|aprendizaje|personal|compito|lavoro|personale|trabalho|pessoal|обучени\w+|работ\w+|личн\w+|学习|工作|个人|個人|学習|仕事)"
)
_LABEL: Final = (
    r"(?:label|classify|categori[sz]e|mark|grade|tag|rate|score|treat|count|flag|file|screen|annotate"
    r"|kennzeichne|klassifiziere|bewerte|markiere|classe[rz]?|étique\w+|note[rz]?|clasifica|etiqueta|marca|etichetta|classifica|classifique|etiquete|пометь|отметь|классифицируй)"
)
_GRADER: Final = r"(?:labell?ers?|classifiers?|annotators?|graders?|raters?|moderators?|reviewers?|auditors?|summari[sz]ers?|system(?: note)?|safety system|data pipeline|content policy(?: team)?|(?:the )?ai that \w+|whoever (?:grades|labels|rates|reads|classifies))"
_FIELD: Final = r"(?:collaboration_(?:pattern|prob)|use_case(?:_grade)?|is_occupational|not_occupational|occupational_prob|concern_grade|privacy_grade|not_classified|task_iteration|feedback_loop)"
_ORDERS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?:ignore|disregard|forget|override|bypass) (?:all |any |every |the |your |my |of )*(?:(?:previous|prior|above|earlier|other|system|preceding|given) ?)*(?:instructions?|rules|prompts?|guidelines|rubrics?|directions)\b",
        r"\b(?:ignora\w*|ignore[zr]?|ignoriere|negeer|zignoruj|olvida\w*|oublie[zr]?|vergiss|dimentica|esqueça) (?:\w+ ){0,3}(?:instrucciones|instructions|instruç\w+|istruzioni|consignes|anweisungen|instructies|instrukcje|polecenia)\b|(?:игнорируй|забудь) \w* ?(?:предыдущие )?(?:инструкции|указания)|忽略(?:之前|以上|所有|前面)|指示を無視|이전 지시",
        rf"\b{_FIELD}\b",
        rf"\b{_LABEL} (?:this|the|our|every|such|all|diese[sn]?|cette|est[ae]|quest[ao]|этот|эту)(?: (?:whole|entire|above))? ?{_TALK}\b",
        rf"{_TALK}.{{0,12}}(?:标记|标注|分类|分類|ラベル|분류)",
        rf"\b{_LABEL} (?:this|it|that|the above|all of the above|this one|everything|all) (?:as|under|with|to be) (?:(?:extremely|very|not|a|an) )?{_VALUE}(?=\s*(?:[.,;!]|$|and\b|use\b))",
        rf"\b(?:this|the|our|such|diese|cette|esta|questa) {_TALK} (?:(?:is|are|was|has|have|does|must|should|been|be|not|only|already) )+(?:\w+ )?(?:classified|flagged|approved|labell?ed|graded|marked|tagged|rated|{_VALUE}|involve\w* (?:an |any )?occupation\w*)\b",
        r"\b(?:concern|privacy)[ _](?:grade |level |score |of |is )*[1-5]\b|\bits concern is\b",
        r"\b(?:the )?(?:correct|right|true|expected) labels? (?:of|is|are|for)\b|\b(?:the )?use case of (?:this|the)\b|\bset (?:the )?use case\b|\b(?:tag|mark|label) the (?:use case|pattern|concern)\b|\bfor the collaboration pattern\b",
        rf"^\W*(?:note (?:to|for) (?:the |an? |whoever )?)?(?:as the |to the |dear )?{_GRADER}\b(?: of transcripts)?(?=\s*[:,]| (?:please|you|must|should|has|who|note)\b| transcripts\b)(?!.*\?).*\b(?:{_VALUE}|{_TALK}|transcripts?|labels?|facets?|{_LABEL})\b",
        rf"\bnote (?:to|for) the {_GRADER}\b|\bfacets?\b.{{0,30}}\b(?:value|random|record|label|as)\b|\brequest facet\b|\b(?:label|classify|tag) (?:everything|every facet|all of (?:it|them))\b",
        rf"\b(?:other|previous|earlier|next|all) (?:{_TALK}|users|accounts)\b(?=.*\b(?:labels?|names?|print|list|reveal|same|show|repeat|output|begin)\b)|\b(?:print|list|reveal|output|repeat|show)\b.{{0,60}}\b(?:other|previous|earlier) (?:{_TALK}|users)\b|^\W*(?:the )?end of (?:the )?conversation\W*$",
        r"\b(?:reveal|print|repeat|show) (?:me )?(?:your|the) (?:system )?(?:prompt|instructions)\b(?: that you were given)?|\byou are (?:now )?(?:an? |the )?(?:\w+ ){0,3}(?:labell?er|classifier|annotator|debug mode)\b|\bsystem override\b",
        r"\b(?:summari[sz]e|label|classify) this for the (?:index|statistics)\b|\bour team counts such\b|\b(?:count|exclude|include) this (?:\w+ )?(?:in|from) the index\b",
        rf"\b(?:record|register|store|assign|put|report|log|do not count)\b.{{0,30}}\b(?:this|the) {_TALK}\b.*\b{_VALUE}\b|\b(?:chat|conversation|transcript|dialogue) violates (?:the )?policy\b|\bharm score\b",
        rf"^\W*(?:your )?(?:output for |answer for )?(?:the )?(?:use case|(?:collaboration )?pattern|classifier|moderation result|occupational|evaluator instruction|llm judge)\s*(?::=?|=|,).*\b(?:{_VALUE}|no|yes|safe)\b|\b(?:the )?use case (?:personal|work|coursework)\b",
        rf"\b(?:etikett|étiquette|etiqueta|etichetta|answer key)\b.*\b{_VALUE}\b|\b(?:model|person|ai|system|one) (?:that |who |which )?(?:reading|reads|annotat\w+|labels|grades|judging) this\b|\b(?:trust and safety|content policy)\b.*\b{_TALK}\b",
        r"\bclassify the above as\b|\bi will label\b|\bcluster(?:s)? (?:is|are) called\b|\bname (?:this|the|every) cluster\b",
    )
)
_DELIMITER = re.compile(
    r"</?[a-z_]{2,20}>|<\|[^|>]{1,20}\|>(?:system|user|assistant)?|<{2,}/?[^<>]{0,30}>{2,}|\[/?INST\]|#{2,}\s*(?:instruction|response|system|input|output)s?\b:?|^\s*(?:system|assistant|human)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_FRAMED_TEXT: Final = r".{0,8000}?"  # bounded, so that many openings without an end do not cost the square of a text
_ANSWER = re.compile(
    rf"(?:```(?:json)?\s*)?\{{[^{{}}]{{0,200}}\"(?:{_FIELD}|privacy_grade)\"\s*:[^{{}}]{{0,400}}\}}(?:\s*```)?"
    r"|(?:```(?:json)?\s*)?\{[^{}]{0,200}\"request\"\s*:[^{}]{0,200}\"(?:language|skills)\"\s*:[^{}]{0,400}\}(?:\s*```)?"
    rf"|\b{_FIELD}\b\s*(?:=|:|is)\s*[\"']?[\w.]+[\"']?[;,.]?|<(?:label|answer)>\s*\w+\s*</(?:label|answer)>"
    rf"|<<SYS>>{_FRAMED_TEXT}<</SYS>>|<\|im_start\|>\s*system{_FRAMED_TEXT}<\|im_end\|>"
    r"|</(?:conversation|user_data)>[^.\n<]{0,80}[.\n]",
    re.IGNORECASE | re.DOTALL,
)
"""Answers in the form of our facets, and what stands between marks of a model's prompt."""

_HINT = re.compile(
    r"\"request\"|<<SYS|im_start|user_data|label|classif|categor|tag|mark|grade|rate|score|count|flag|screen|annotat|facet|concern|pattern|occupation|use.case|instruc|rules|prompt|guideline|rubric|conversation|chats|users|transcript|dialogue|iteration|feedback_loop|system|moderator|reviewer|grader|auditor|index|cluster"
    r"|kennzeichn|klassifiz|bewert|anweisung|étiq|consigne|clasific|etiqu|etichett|istruzion|instruç|пометь|инструкц|отметь|указан|标记|忽略|标注|无视|無視|分類|지시|분류|classe",
    re.IGNORECASE,
)
_FRAMED = re.compile(
    r"<\|\w+\|>|\[/?INST\]|<{2,}/?SYS>{2,}|</?(?:conversation|user_data|answer)>|^\s*(?:system|assistant)\s*:|^#{2,} *(?:instruction|response|output)s?\b",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)


def without_orders(text: str) -> str:
    """Leave out what addresses the labeller.

    Args:
        text: A redacted turn.

    Returns:
        The turn without answers in the form of facets, sentences that give orders to whoever labels, and the marks of a
        prompt around them; empty where nothing else is in it.
    """
    if _HINT.search(text) is None:
        return text
    kept = "".join(part if number % 2 else _without_orders(part) for number, part in enumerate(_parts(text)))
    if kept == text:
        return text
    return kept.strip() if _ANY_WORD.search(kept) else ""


def without_delimiters(text: str) -> str:
    """Leave out the marks of a model's prompt, wherever they stand.

    Args:
        text: A redacted turn.
    """
    return _DELIMITER.sub("\n", text)


def has_order(text: str) -> bool:
    """Whether a text gives an order to whoever labels it.

    Args:
        text: A redacted turn.
    """
    return _HINT.search(text) is not None and any(order.search(text) for order in _ORDERS)


def _parts(text: str) -> list[str]:
    """Prose and fenced code in turn, after answers in the form of facets went; code is not read."""
    return _CODE_FENCE.split(_ANSWER.sub("\n", text))


def _without_orders(text: str) -> str:
    """One part of prose without orders; delimiters go only where the marks of a model's prompt are."""
    bare = without_delimiters(text) if _FRAMED.search(text) else text
    return "\n".join(line for line in map(_kept_sentences, bare.split("\n")) if line is not None)


def _kept_sentences(line: str) -> str | None:
    """A line without its sentences that give orders; None where nothing but orders was in it."""
    sentences = _SENTENCE.split(line)
    kept = [sentence for sentence in sentences if not any(order.search(sentence) for order in _ORDERS)]
    if len(kept) == len(sentences):
        return line
    return " ".join(kept) or None
