"""Finding people's names by a stated heuristic, in several languages.

A string is taken for a person's name when it is capitalised (or written in a script without capitals) and stands
1. behind an introduction ("my name is", "me llamo", "ich heiße", "我叫"),
2. behind a form of address or a greeting at the start of a line ("Dear", "Sehr geehrte Frau", "Estimado"),
3. behind an honorific ("Dr.", "Señora", "Mme") or before one (先生, さん, 씨),
4. below a closing formula ("Best regards,"), or behind a label ("Name:", "Patient:"),
5. behind a relation ("my manager", "mi jefe"), or
6. begins with a common given name and goes on with another capitalised word.
Whatever was found once in a conversation is replaced wherever it occurs in it. Names in lower case, and rare given names
without any of these signs, are not found; docs state this limit.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻŁŃŅŇŌŐŒŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁΑ-Ω]"
_WORD = rf"{_CAPITAL}[^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLE = r"(?:van der|van den|van de|de la|de los|von der|van|von|de|da|do|dos|del|della|di|el|al|bin|ibn|la|le|ter|ten|zu|y)"
NAME: Final = rf"{_WORD}(?:[ \u00a0](?:{_CAPITAL}\.[ \u00a0])?(?:{_PARTICLE} )?{_WORD}){{0,3}}"
_CAPTURE = rf"(?P<name>{NAME})"

_INTRODUCTIONS = (
    "my name is", "my name's", "name is", "i am called", "call me", "this is", "named", "i'm", "i am", "signed by", "written by",
    "it's me", "on behalf of", "me llamo", "mi nombre es", "soy", "je m'appelle", "je m’appelle", "mon nom est", "je suis",
    "ich heiße", "ich heisse", "mein name ist", "ich bin", "mi chiamo", "il mio nome è", "sono", "me chamo", "meu nome é",
    "chamo-me", "eu sou", "mijn naam is", "ik heet", "ik ben", "nazywam się", "mam na imię", "jestem", "меня зовут",
    "мое имя", "моё имя", "jag heter", "mitt namn är", "jeg heter", "jeg hedder", "adım", "benim adım", "nimeni on", "namaku",
    "tên tôi là", "nama saya",
)  # fmt: skip
_GREETINGS = (
    "dear", "hi", "hello", "hey", "good morning", "good afternoon", "estimado", "estimada", "querido", "querida", "hola",
    "cher", "chère", "bonjour", "sehr geehrter", "sehr geehrte", "liebe", "lieber", "hallo", "gentile", "caro", "cara", "ciao",
    "prezado", "prezada", "olá", "beste", "geachte", "szanowny", "szanowna", "drogi", "droga", "уважаемый", "уважаемая",
    "дорогой", "дорогая", "привет", "здравствуйте", "kära", "bästa", "sayın", "sevgili", "merhaba",
)  # fmt: skip
_HONORIFICS = (
    "Mr.", "Mr", "Mrs.", "Mrs", "Ms.", "Ms", "Miss", "Mx.", "Dr.", "Dr", "Prof.", "Professor", "Sir", "Madam", "Sr.", "Sra.", "Srta.", "Señor",
    "Señora", "señor", "señora", "Don", "Doña", "Mme", "Mlle", "M.", "Monsieur", "Madame", "Mademoiselle", "Herr", "Herrn", "Frau",
    "Signor", "Signora", "Sig.", "Sig.ra", "Dott.", "Dott.ssa", "Senhor", "Senhora", "Dhr.", "Mevr.", "meneer", "mevrouw", "heer", "Pan", "Pani",
    "Господин", "Госпожа", "господин", "госпожа", "Judge", "Officer", "Captain", "Nurse", "Doctor", "Coach", "Rev.", "Pastor",
)  # fmt: skip
_CLOSINGS = (
    "regards", "sincerely", "cheers", "thanks", "thank you", "best", "warmly", "yours truly", "love", "saludos", "atentamente",
    "un abrazo", "cordialement", "bien à vous", "cordiali saluti", "distinti saluti", "mit freundlichen grüßen",
    "viele grüße", "liebe grüße", "atenciosamente", "abraços", "met vriendelijke groet", "groeten", "z poważaniem",
    "pozdrawiam", "с уважением", "med vänliga hälsningar", "saygılarımla",
)  # fmt: skip
_LABELS = (
    "name", "full name", "patient", "client", "customer", "candidate", "employee", "contact", "author", "from", "to", "cc", "attn",
    "applicant", "tenant", "student", "nombre", "paciente", "cliente", "nom", "nome", "paziente", "naam", "kunde", "имя", "nazwisko",
    "from:", "assigned to", "prepared by", "reviewed by", "emergency contact", "first name", "last name", "surname",
)  # fmt: skip
_RELATIONS = (
    "wife", "husband", "son", "daughter", "brother", "sister", "mother", "father", "mom", "dad", "mum", "boss", "manager", "colleague",
    "coworker", "co-worker", "friend", "girlfriend", "boyfriend", "partner", "neighbor", "neighbour", "client", "patient", "student",
    "teacher", "landlord", "roommate", "supervisor", "therapist", "doctor", "lawyer", "cousin", "uncle", "aunt", "fiancé", "fiancée",
    "employee", "customer", "tenant", "esposa", "marido", "hijo", "hija", "hermano", "hermana", "jefe", "jefa", "amigo", "amiga",
    "colega", "femme", "mari", "fils", "fille", "frère", "sœur", "collègue", "ami", "amie", "chef", "kollege", "kollegin", "freund",
    "freundin", "sohn", "tochter", "bruder", "schwester", "chefin", "mann", "frau", "moglie", "marito", "figlio", "figlia", "capo",
)  # fmt: skip

_NOT_NAMES: Final = frozenset(
    [
        "i",
        "i'm",
        "i’m",
        "i'll",
        "i've",
        "i'd",
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "it",
        "he",
        "she",
        "we",
        "they",
        "you",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "how",
        "please",
        "can",
        "could",
        "would",
        "will",
        "should",
        "may",
        "might",
        "do",
        "does",
        "did",
        "is",
        "are",
        "was",
        "were",
        "am",
        "be",
        "been",
        "have",
        "has",
        "had",
        "if",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "to",
        "of",
        "and",
        "or",
        "but",
        "not",
        "no",
        "yes",
        "so",
        "as",
        "then",
        "than",
        "also",
        "just",
        "very",
        "all",
        "any",
        "some",
        "each",
        "more",
        "most",
        "sir",
        "madam",
        "team",
        "hiring",
        "manager",
        "customer",
        "client",
        "support",
        "sales",
        "marketing",
        "all",
        "everyone",
        "everybody",
        "folks",
        "there",
        "friend",
        "friends",
        "colleague",
        "colleagues",
        "students",
        "parents",
        "committee",
        "board",
        "editor",
        "recipient",
        "assistant",
        "claude",
        "chatgpt",
        "gpt",
        "gemini",
        "ai",
        "bot",
        "python",
        "java",
        "javascript",
        "typescript",
        "react",
        "node",
        "sql",
        "excel",
        "word",
        "google",
        "microsoft",
        "apple",
        "amazon",
        "github",
        "linux",
        "windows",
        "docker",
        "kubernetes",
        "english",
        "spanish",
        "french",
        "german",
        "italian",
        "portuguese",
        "dutch",
        "chinese",
        "japanese",
        "korean",
        "russian",
        "arabic",
        "american",
        "british",
        "european",
        "canadian",
        "australian",
        "indian",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "university",
        "college",
        "school",
        "hospital",
        "department",
        "company",
        "street",
        "road",
        "avenue",
        "city",
        "new",
        "north",
        "south",
        "east",
        "west",
        "central",
        "united",
        "states",
        "kingdom",
        "america",
        "europe",
        "asia",
        "africa",
        "canada",
        "australia",
        "london",
        "paris",
        "berlin",
        "madrid",
        "rome",
        "tokyo",
        "india",
        "china",
        "japan",
        "germany",
        "france",
        "spain",
        "italy",
        "brazil",
        "mexico",
        "texas",
        "california",
        "doctor",
        "nurse",
        "professor",
        "teacher",
        "engineer",
        "director",
        "officer",
        "president",
        "manager",
        "human",
        "resources",
        "hr",
        "ceo",
        "cfo",
        "cto",
        "it",
        "ok",
        "okay",
        "thanks",
        "thank",
        "best",
        "regards",
        "sincerely",
        "subject",
        "date",
        "name",
        "email",
        "phone",
        "address",
        "note",
        "re",
        "fw",
        "dear",
        "hi",
        "hello",
        "hey",
        "god",
        "christmas",
        "easter",
        "good",
        "great",
        "hr-team",
        "admin",
        "administrator",
        "support-team",
        "user",
        "null",
        "none",
        "true",
        "false",
        "self",
        "import",
        "export",
        "return",
        "class",
        "def",
        "select",
        "update",
        "insert",
        "write",
        "make",
        "create",
        "help",
        "explain",
        "fix",
        "give",
        "tell",
        "show",
        "find",
        "get",
        "use",
        "add",
        "check",
        "let",
        "summarize",
        "translate",
        "draft",
        "sie",
        "ich",
        "und",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "el",
        "la",
        "los",
        "las",
        "un",
        "una",
        "le",
        "les",
        "des",
        "et",
        "ou",
        "de",
        "du",
        "en",
        "mit",
        "von",
        "für",
        "señor",
        "señora",
        "herr",
        "frau",
        "monsieur",
        "madame",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sr",
        "sra",
        "srta",
        "mme",
        "mlle",
        "m",
        "mr.",
        "mrs.",
        "dott",
        "dott.ssa",
        "sig",
        "sig.ra",
        "dhr",
        "mevr",
        "don",
        "doña",
        "sir",
        "rev",
        "pastor",
        "pan",
        "pani",
        "monsieur",
        "mademoiselle",
        "signor",
        "signora",
        "senhor",
        "senhora",
        "meneer",
        "mevrouw",
        "heer",
        "herrn",
        "judge",
        "captain",
        "coach",
        "looking",
        "trying",
        "working",
        "using",
        "writing",
        "building",
        "getting",
        "having",
        "going",
        "not",
        "sure",
        "new",
        "happy",
        "sorry",
        "glad",
        "able",
        "currently",
        "really",
        "interested",
        "responsible",
    ]
)


def _alternatives(words: Iterable[str]) -> str:
    """Join words into one pattern, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _title(word: str) -> str:
    """The word with its first letter in either case and the rest as given or in capitals."""
    return rf"(?:[{re.escape(word[0].upper())}{re.escape(word[0])}]{re.escape(word[1:])}|{re.escape(word.upper())})"


def _triggered(words: Iterable[str], before: str, after: str) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """One pattern per trigger word, with the lower-case text that must occur for it to be tried."""
    return tuple(((word.lower(),), re.compile(before + _title(word) + after + _CAPTURE)) for word in words)


_HONORIFIC = rf"(?:(?:{_alternatives(_HONORIFICS)})\s+)*"
_PATTERNS: Final = (
    *_triggered(_INTRODUCTIONS, r"(?<!\w)", rf"[:,]?[ \u00a0\"“*]+{_HONORIFIC}"),
    *_triggered(_GREETINGS, r"(?:(?<=\n)|(?<=^)|(?<=[\"“'>:.!?] ))[ \t\"“>]*", rf"[ \u00a0]+{_HONORIFIC}"),
    *_triggered(_LABELS, r"(?:(?<=\n)|(?<=^)|(?<=[,;.|({\"'] )|(?<=[({\"'|,;]))[ \t*\"'-]*", rf"[\"'*]*[ \t]*[:=][ \t*\"']*{_HONORIFIC}"),
    *_triggered(_CLOSINGS, r"(?<!\w)", r"[,.!]?[ \t]*\r?\n\s*[-–—~*]*\s*"),
    (
        ("my ", "our ", "his ", "her ", "mi ", "mon ", "ma ", "mein", "meine", "mio ", "mia ", "meu ", "minha "),
        re.compile(
            rf"\b(?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]he|[Mm]i|[Mm]on|[Mm]a|[Mm]eine?[mnr]?|[Ii]l mio|[Ll]a mia|[Mm]eu|[Mm]inha) "
            rf"(?:[\w-]+ )?(?i:{_alternatives(_RELATIONS)}),? (?:is |named |called )?{_CAPTURE}"
        ),
    ),
    (
        tuple(sorted({word.lower() for word in _HONORIFICS})),
        re.compile(rf"(?<![\w.])(?:{_alternatives(_HONORIFICS)})[ \u00a0]+(?:(?:{_alternatives(_HONORIFICS)}) )*{_CAPTURE}"),
    ),
    ((" at ", " from "), re.compile(rf"\b(?:[Cc]ontact|[Ee]mail|[Cc]all|[Tt]ext|[Aa]sk|[Mm]eet(?:ing)? with|[Ss]poke (?:to|with)) {_CAPTURE} (?:at|from|on)\b")),
    (("我叫", "我的名字是", "我的名字叫", "名叫", "姓名"), re.compile(r"(?:我叫|我的名字[是叫]|名叫|姓名[:：]\s*)(?P<name>[\u4e00-\u9fff]{2,4}?)(?=[，。,.、！!\s]|$|是|的|和|在|来)")),
    (("先生", "女士", "小姐", "老师", "医生", "教授", "经理"), re.compile(r"(?:(?<=[^\u4e00-\u9fff])|^|(?<=[给和向叫是请的与]))(?P<name>[\u4e00-\u9fff]{1,3})(?:先生|女士|小姐|老师|医生|教授|经理)")),
    (("私の名前は", "名前は", "申します", "といいます", "と言います"), re.compile(r"名前は(?P<name>[\u4e00-\u9fff\u3040-\u30ff]{2,8}?)(?=です|。|、|と)")),
    (("申します", "といいます", "と言います"), re.compile(r"(?P<name>[\u4e00-\u9fff\u30a0-\u30ff]{2,8})と(?:申します|いいます|言います)")),
    (("さん", "様", "先生", "氏"), re.compile(r"(?P<name>[\u4e00-\u9fff]{2,5}|[\u30a1-\u30fa\u30fc]{3,8})(?:さん|様|氏)")),
    (("이름은", "저는"), re.compile(r"(?:이름은|저는)\s*(?P<name>[가-힣]{2,4}?)(?=입니다|이에요|예요|이고|라고|이라고)")),
    (("씨", "님"), re.compile(r"(?P<name>[가-힣]{2,4})\s?씨")),
    (("اسمي", "انا", "أنا"), re.compile(r"اسمي\s+(?P<name>[\u0621-\u064a]{2,}(?:\s[\u0621-\u064a]{2,})?)")),
    (("मेरा नाम",), re.compile(r"मेरा नाम\s+(?P<name>[\u0900-\u097f]{2,}(?:\s(?!है)[\u0900-\u097f]{2,})?)")),
)  # fmt: skip

_FULL = re.compile(rf"(?<![\w'’@/.-]){_WORD}(?:[ \u00a0](?:{_CAPITAL}\. )?(?:{_PARTICLE} )?{_WORD}){{1,3}}")


@cache
def _given_names() -> frozenset[str]:
    """Read the list of common given names."""
    text = (resources.files("clio_lite") / "definitions" / "given_names.toml").read_text(encoding="utf-8")
    return frozenset(name for group in tomllib.loads(text)["names"].values() for name in group.split())


def _trimmed(name: str) -> str:
    """Cut words that are no names from both ends; empty where nothing is left."""
    words = name.split()
    while words and (
        words[0].lower().rstrip(".") in _NOT_NAMES or (words[0].isupper() and len(words[0]) > 1 and len(words) == 1)
    ):
        words.pop(0)
    for number, word in enumerate(words):
        if word.lower().rstrip(".") in _NOT_NAMES:
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
        for hints, pattern in _PATTERNS:
            if any(hint in lower for hint in hints):
                found.update(filter(None, (_trimmed(match["name"]) for match in pattern.finditer(text))))
        found.update(_listed_names(text))
    parts = {part for name in found for part in re.split(r"[ \u00a0]", name) if _is_part(part)}
    return sorted(found | parts, key=lambda name: (-len(name), name))


def _listed_names(text: str) -> Iterable[str]:
    """Find capitalised words that begin with a common given name."""
    given = _given_names()
    for match in _FULL.finditer(text):
        words = match[0].split()
        for number, word in enumerate(words[:-1]):
            if word in given:
                name = _trimmed(" ".join(words[number:]))
                if " " in name:
                    yield name
                break


def _is_part(word: str) -> bool:
    """Tell a part of a name that may be replaced on its own."""
    return len(word) >= 3 and word[0].isupper() and word.lower().rstrip(".") not in _NOT_NAMES


def names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Build the pattern that finds these names as whole words, in title case or in capitals.

    Args:
        names: What `find_names` returned.

    Returns:
        The pattern, or None where there are no names.
    """
    forms = {form for name in names for form in ({name} if name[:1].lower() == name[:1] else {name, name.upper()})}
    if not forms:
        return None
    return re.compile("|".join(_bounded(form) for form in sorted(forms, key=lambda form: (-len(form), form))))


def _bounded(form: str) -> str:
    """A name as a whole word where its script has words."""
    is_cased = form[:1].lower() != form[:1].upper()
    return rf"(?<!\w){re.escape(form)}(?!\w)" if is_cased else re.escape(form)
