"""Finding people's names by a stated heuristic, in several languages.

A string is taken for a person's name when it is capitalised (or written in a script without capitals) and stands
1. behind an introduction ("my name is", "me llamo", "ich heiße", "我叫"),
2. behind a form of address or a greeting at the start of a line ("Dear", "Sehr geehrte Frau", "Estimado"),
3. behind an honorific ("Dr.", "Señora", "Mme") or before one (先生, さん, 씨),
4. below a closing formula ("Best regards,"), or behind a label ("Name:", "Patient:"),
5. behind a relation ("my manager", "mi jefe"), behind initials, before or behind a word for a family, or
6. begins with a common given name and goes on with another capitalised word, or ends with a listed family name,
7. behind words of speaking or writing to somebody ("spoke with", "Absage an"), if it has two words, or
8. is one of the listed given names that are no ordinary word of eight languages (`lone_names`).
Names in lower case are found by 8, behind the introductions of 1, and behind relations and words of speaking if listed.
Whatever was found once in a conversation is replaced wherever it occurs in it. Unlisted names without any of these signs are
not found; docs/privacy.md has the measured share. The words of the signs, the names and the words that are no names are in
`definitions/name_signs.toml`, `definitions/given_names.toml` and `definitions/more_names.toml`; rule 8 is in `lone_names`.
"""

# ruff: noqa: E501  (a pattern is easier to check whole than wrapped)

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from clio_lite.lone_names import find_lone_names, is_unmistakable
from clio_lite.name_lists import family_names, given_names, not_names, sign_words

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻŁŃŅŇŌŐŒŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁΑ-Ω]"
_WORD = rf"{_CAPITAL}[^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLE = r"(?:van der|van den|van de|de la|de los|von der|van|von|de|da|do|dos|del|della|di|el|al|bin|ibn|la|le|ter|ten|zu|y)"
NAME: Final = rf"{_WORD}(?:[ \u00a0](?:{_CAPITAL}\.[ \u00a0])?(?:{_PARTICLE} )?{_WORD}){{0,3}}"
_CAPTURE = rf"(?P<name>{NAME})"
_Pattern = tuple[tuple[str, ...], re.Pattern[str]]  # what must occur, in lower case, for the pattern to be tried


def _alternatives(words: Iterable[str]) -> str:
    """Join words into one pattern, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _title(word: str) -> str:
    """The word with its first letter in either case and the rest as given or in capitals."""
    return rf"(?:[{re.escape(word[0].upper())}{re.escape(word[0])}]{re.escape(word[1:])}|{re.escape(word.upper())})"


def _triggered(words: Iterable[str], before: str, after: str) -> tuple[_Pattern, ...]:
    """One pattern per trigger word, with the lower-case text that must occur for it to be tried."""
    return tuple(((word.lower(),), re.compile(before + _title(word) + after + _CAPTURE)) for word in words)


_UNCASED_PATTERNS: Final[tuple[_Pattern, ...]] = (
    (("我叫", "我的名字是", "我的名字叫", "名叫", "姓名"), re.compile(r"(?:我叫|我的名字[是叫]|名叫|姓名[:：]\s*)(?P<name>[\u4e00-\u9fff]{2,4}?)(?=[，。,.、！!\s]|$|是|的|和|在|来)")),
    (
        ("同事", "朋友", "老板", "客户", "妻子", "丈夫", "邻居", "室友", "男友", "女友", "学生", "儿子", "女儿", "同学", "领导", "上司"),
        re.compile(
            r"(?:同事|朋友|老板|客户|妻子|丈夫|邻居|室友|男友|女友|学生|儿子|女儿|同学|领导|上司)"
            r"(?P<name>(?:欧阳|司马|诸葛|上官|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤])[\u4e00-\u9fff]{1,2})"
        ),
    ),
    (("先生", "女士", "小姐", "老师", "医生", "教授", "经理"), re.compile(r"(?:(?<=[^\u4e00-\u9fff])|^|(?<=[给和向叫是请的与]))(?P<name>[\u4e00-\u9fff]{1,4})(?:先生|女士|小姐|老师|医生|教授|经理)")),
    (("私の名前は", "名前は", "申します", "といいます", "と言います"), re.compile(r"名前は(?P<name>[\u4e00-\u9fff\u3040-\u30ff]{2,8}?)(?=です|。|、|と)")),
    (("申します", "といいます", "と言います"), re.compile(r"(?P<name>[\u4e00-\u9fff\u30a0-\u30ff]{2,8})と(?:申します|いいます|言います)")),
    (("さん", "様", "先生", "氏"), re.compile(r"(?P<name>[\u4e00-\u9fff]{2,5}|[\u30a1-\u30fa\u30fc]{3,8})(?:さん|様|氏)")),
    (("くん", "ちゃん", "君", "殿"), re.compile(r"(?P<name>[\u4e00-\u9fff]{2,4}|[\u30a1-\u30fa\u30fc]{2,8})(?:くん|ちゃん)")),
    (("上司の", "同僚の", "部下の", "友人の", "担当の", "先輩の"), re.compile(r"(?:上司|同僚|部下|友人|担当|先輩)の(?P<name>[\u4e00-\u9fff]{1,4}?)(?=部長|課長|社長|係長|さん|様|先生|に|へ|が|は|を|と|、)")),
    (("이름은", "저는"), re.compile(r"(?:이름은|저는)\s*(?P<name>[가-힣]{2,4}?)(?=입니다|이에요|예요|이고|라고|이라고)")),
    (("씨", "님"), re.compile(r"(?P<name>[가-힣]{2,4})\s?씨")),
    (("اسمي", "انا", "أنا"), re.compile(r"اسمي\s+(?P<name>[\u0621-\u064a]{2,}(?:\s[\u0621-\u064a]{2,})?)")),
    (("मेरा नाम",), re.compile(r"मेरा नाम\s+(?P<name>[\u0900-\u097f]{2,}(?:\s(?!है)[\u0900-\u097f]{2,})?)")),
)  # fmt: skip

_FULL = re.compile(rf"(?<![\w’@/.-])(?<!\w'){_WORD}(?:[ \u00a0](?:{_CAPITAL}\. )?(?:{_PARTICLE} )?{_WORD}){{1,5}}")


@cache
def _patterns() -> tuple[_Pattern, ...]:
    """Build the patterns of all signs from their words."""
    signs = sign_words()
    honorifics, relations = _alternatives(signs["honorifics"]), _alternatives(signs["relations"])
    honorific = rf"(?:(?:{honorifics})\s+)*"
    return (
        *_triggered(signs["introductions"], r"(?<!\w)", rf"[:,]?[ \u00a0\"“*]+{honorific}"),
        *_triggered(signs["greetings"], r"(?:(?<=\n)|(?<=^)|(?<=[\"“'>:.!?] ))[ \t\"“>]*", rf"[ \u00a0]+{honorific}"),
        *_triggered(signs["labels"], r"(?:(?<=\n)|(?<=^)|(?<=[,;.|({\"'] )|(?<=[({\"'|,;]))[ \t*\"'-]*", rf"[\"'*]*[ \t]*[:=][ \t*\"']*{honorific}"),
        *_triggered(signs["closings"], r"(?<!\w)", r"[,.!]?[ \t]*\r?\n\s*[-–—~*]*\s*"),
        (
            ("my ", "our ", "his ", "her ", "the ", "mi ", "mon ", "ma ", "mein", "meine", "mio ", "mia ", "meu ", "minha ", "mijn ", "onze ", "moja ", "mojej ", "mój ", "mojego ", "nuestr", "notre ", "unser"),
            re.compile(
                rf"\b(?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]he|[Mm]i|[Mm]on|[Mm]a|[Mm]eine?[mnr]?|[Ii]l mio|[Ll]a mia|[Mm]eu|[Mm]inha|[Mm]ijn|[Oo]nze|[Mm]oja|[Mm]ojej|[Mm]ój|[Mm]ojego|[Nn]uestr[oa]|[Nn]otre|[Uu]nsere?) "
                rf"(?:[\w-]+ )?(?i:{relations}),? (?:is |named |called )?{_CAPTURE}"
            ),
        ),
        (
            tuple(sorted({word.lower() for word in signs["honorifics"]})),
            re.compile(rf"(?<![\w.])(?:{honorifics})[ \u00a0]+(?:(?:{honorifics}) )*{_CAPTURE}"),
        ),
        ((" at ", " from "), re.compile(rf"\b(?:[Cc]ontact|[Ee]mail|[Cc]all|[Tt]ext|[Aa]sk|[Mm]eet(?:ing)? with|[Ss]poke (?:to|with)) {_CAPTURE} (?:at|from|on)\b")),
        ((". ",), re.compile(rf"(?<![\w./])(?!U\. ?S\. )(?:{_CAPITAL}\. ?){{1,2}}{_CAPITAL}\. (?P<name>{_WORD})(?![.\w])")),
        (("family", "families"), re.compile(rf"(?<!\w)[Tt]he (?P<name>{_WORD}) (?:family|families|household|couple)\b")),
        (("familie ", "famille ", "familia ", "famiglia ", "família ", "rodzin", "семь"), re.compile(rf"(?<!\w)(?i:familie|famille|familia|famiglia|família|rodzin[aęy]|семь[яеюёи]\w?) (?P<name>{_WORD})(?!\w)")),
        ((" hanım", " bey", " hoca", " teyze", " amca"), re.compile(rf"(?<!\w)(?P<name>{_WORD}) (?:[Hh]anım|[Bb]ey|[Hh]oca|[Tt]eyze|[Aa]mca)(?!\w)")),
        (
            ("ich bin ",),
            re.compile(rf"(?<!\w)[Ii]ch bin (?P<name>{_WORD} {_WORD})"),
        ),
        (
            tuple(
                f"{word}{sign}" for word in ("name", "user", "author", "customer", "patient", "owner")
                for sign in ('"', "'", "=", " =", ': "', ": '", "\\")
            ),
            re.compile(
                r"(?i:(?:full|first|last|sur|given|family|display|user|customer|patient|contact|employee)_?name|author|owner|user|customer|patient)"
                rf"[\"']?\s*[:=]\s*\\?[\"']{_CAPTURE}\\?[\"']"
            ),
        ),
        *_addressed(signs["addressing"], signs["speaking"]),
        *_UNCASED_PATTERNS,
    )  # fmt: skip


def _addressed(before: Iterable[str], behind: Iterable[str]) -> tuple[_Pattern, ...]:
    """Words of speaking or writing before two or three capitalised words, or words of doing so behind them."""
    two = rf"(?P<name>{_WORD}(?:[ \u00a0](?:{_CAPITAL}\.[ \u00a0])?(?:{_PARTICLE} )?{_WORD}){{1,2}})"
    return (
        *(((word,), re.compile(rf"(?<!\w)(?i:{re.escape(word)}) {two}(?!\w)")) for word in before),
        *(((word,), re.compile(rf"(?<![\w’@/.-])(?<!\w'){two} {re.escape(word)}(?!\w)")) for word in behind),
    )


def _trimmed(name: str) -> str:
    """Cut words that are no names from both ends; empty where nothing is left."""
    words = name.split()
    while words and (
        words[0].lower().rstrip(".") in not_names() or (words[0].isupper() and len(words[0]) > 1 and len(words) == 1)
    ):
        words.pop(0)
    for number, word in enumerate(words):
        if word.lower().rstrip(".") in not_names():
            words = words[:number]
            break
    while words and not words[-1][0].isupper() and words[-1][0].lower() != words[-1][0].upper():
        words.pop()
    return " ".join(words)


def find_names(texts: Iterable[str]) -> list[str]:
    """Find the names of people in the texts of one conversation.

    Args:
        texts: The texts, which share their names: one found anywhere counts everywhere.

    Returns:
        Strings to replace, the longest first: whole names, and their parts of at least three letters.
    """
    found: set[str] = set()
    for text in texts:
        lower = text.lower()
        for hints, pattern in _patterns():
            for hint in hints:
                if hint in lower:  # a plain loop: this line is where the time goes
                    found.update(filter(None, (_trimmed(match["name"]) for match in pattern.finditer(text))))
                    break
        found.update(_listed_names(text))
        found.update(find_lone_names(text, lower))
    parts = {part for name in found for part in re.split(r"[ \u00a0]", name) if _is_part(part)}
    return sorted(found | parts, key=lambda name: (-len(name), name))


def _listed_names(text: str) -> Iterable[str]:
    """Find capitalised words that begin with a common given name or end with a listed family name."""
    given, family = given_names(), family_names()
    for match in _FULL.finditer(text):
        words = match[0].split()
        start = next((number for number, word in enumerate(words[:-1]) if word in given), None)
        if start is None and any(word in family for word in words[1:]):
            start = 0
        if start is not None:
            name = _trimmed(" ".join(words[start:]))
            if " " in name:
                yield name


def _is_part(word: str) -> bool:
    """Tell a part of a name that may be replaced on its own."""
    return len(word) >= 3 and word[0].isupper() and word.lower().rstrip(".") not in not_names()


def names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Build the pattern that finds these names as whole words, in title case or in capitals.

    Names of several words, and given names that are no ordinary word, are found in lower case too.

    Args:
        names: What `find_names` returned.

    Returns:
        The pattern, or None where there are no names.
    """
    forms = {form for name in names for form in _forms(name)}
    if not forms:
        return None
    return re.compile("|".join(_bounded(form) for form in sorted(forms, key=lambda form: (-len(form), form))))


def _forms(name: str) -> set[str]:
    """The ways in which a name may be written."""
    if name[:1].lower() == name[:1]:
        return {name, name.title()} if name[:1].upper() != name[:1] else {name}
    if " " in name or is_unmistakable(name):
        return {name, name.upper(), name.lower()}
    return {name, name.upper()}


def _bounded(form: str) -> str:
    """A name as a whole word where its script has words."""
    is_cased = form[:1].lower() != form[:1].upper()
    return rf"(?<!\w){re.escape(form)}(?!\w)" if is_cased else re.escape(form)
