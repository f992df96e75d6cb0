"""What a match must pass beyond its form to be taken for a private string.

The forms are in `private_patterns`. Check digits are validated by python-stdnum, telephone numbers by phonenumbers.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Final

import phonenumbers
from stdnum import iban, luhn, verhoeff
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.hr import oib
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.ro import cnp
from stdnum.ru import inn
from stdnum.tr import tckimlik
from stdnum.za import idnr as idnumber


def always(match: re.Match[str]) -> bool:
    """Accept whatever the pattern found."""
    return True


def looks_secret(match: re.Match[str]) -> bool:
    """Tell a secret's value from a type name, a call or a plain word."""
    value = match["private"].strip("\"'`.,;")
    if len(value) < 6 or re.search(r"[(\[{<]|^\$|^(?:os|process|self|env|config)\.", value):
        return False
    has_digit = any(letter.isdigit() for letter in value)
    return (has_digit and any(letter.isalpha() for letter in value)) or (
        bool(re.search(r"[!@#%^&*]", value)) and not value.startswith("@")
    )


_NO_PASSWORD = frozenset(
    [
        "required",
        "incorrect",
        "wrong",
        "expired",
        "invalid",
        "correct",
        "right",
        "weak",
        "strong",
        "hashed",
        "stored",
        "encrypted",
        "visible",
        "hidden",
        "empty",
        "missing",
        "saved",
        "short",
        "long",
        "reset",
        "changed",
        "blank",
        "never",
        "always",
        "still",
        "being",
        "shown",
        "sent",
        "accepted",
        "rejected",
        "protected",
        "case-sensitive",
        "something",
        "simple",
        "stronger",
        "different",
        "there",
        "known",
        "unknown",
        "safe",
        "secure",
        "compromised",
        "leaked",
        "forgotten",
        "lost",
    ]
)


def is_own_password(match: re.Match[str]) -> bool:
    """Tell the password that somebody states as theirs from what is said about it."""
    value = match["private"].strip("\"'`.,;!?")
    return len(value) >= 4 and value.lower() not in _NO_PASSWORD and not re.search(r"[(\[{<]|^\$", value)


def is_after_login(match: re.Match[str]) -> bool:
    """Tell a password behind a login name from a path or an address."""
    return looks_secret(match) and "/" not in match["private"] and "." not in match["private"][1:-1]


def is_mixed(match: re.Match[str]) -> bool:
    """Tell a random token from a long identifier: digits, small and capital letters together."""
    value = match[0]
    digits = sum(letter.isdigit() for letter in value)
    return digits >= 4 and any(c.islower() for c in value) and any(c.isupper() for c in value)


_PERSONAL_HOSTS = re.compile(
    r"(?:linkedin\.com/(?:in|pub)|(?:facebook|instagram|twitter|tiktok|github|gitlab|bitbucket|medium|patreon|threads)\.com"
    r"|//x\.com|t\.me|wa\.me|calendly\.com|paypal\.me|venmo\.com|keybase\.io|about\.me)/@?[\w.-]{2,}"
    r"|(?:docs|drive)\.google\.com/|zoom\.us/j|meet\.google\.com/|dropbox\.com/s|sharepoint\.com/|1drv\.ms/",
    re.IGNORECASE,
)
_PERSONAL_PARTS = re.compile(
    r"://[^/\s]*@|/~|/@|/(?:users?|u|profiles?|accounts?|members?|people|customers?|patients?|orders?|invites?)/[\w.@%-]+"
    r"|[?&#;](?:[\w-]*(?:token|key|sig|signature|auth|session|sid|email|e-mail|mail|user|uid|userid|username|name|account"
    r"|phone|code|pwd|password|secret|invite|id))=[^&\s]+",
    re.IGNORECASE,
)


def names_a_person(match: re.Match[str]) -> bool:
    """Tell an address of or for one person from a public page."""
    return bool(_PERSONAL_HOSTS.search(match[0]) or _PERSONAL_PARTS.search(match[0]))


def is_card(match: re.Match[str]) -> bool:
    """Accept Luhn-valid numbers, and numbers grouped as on a card."""
    grouped = re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5}", match[0])
    digits = re.sub(r"\D", "", match[0])
    return bool(grouped) or (digits[0] in "23456" and len(digits) >= 14 and bool(luhn.is_valid(digits)))


def is_iban(match: re.Match[str]) -> bool:
    """Accept valid account numbers, and invalid ones of the right look."""
    value = match[0].replace(" ", "").replace("-", "")
    return bool(iban.is_valid(value)) or (15 <= len(value) <= 34 and sum(letter.isdigit() for letter in value) >= 10)


_SCHEMES: Final[Mapping[int, tuple[ModuleType, ...]]] = {
    11: (idnr, pesel, cpf, tckimlik, oib, fodselsnummer),
    12: (inn,),
    13: (cnp, idnumber),
}
"""Identity numbers that are plausible without a word beside them, by length; shorter ones fit by chance too often."""


def is_valid_id(match: re.Match[str]) -> bool:
    """Accept bare digits that a national scheme with check digits accepts."""
    digits = re.sub(r"\D", "", match[0])
    if len(digits) == 12 and match[0] != digits:
        return bool(verhoeff.is_valid(digits))
    return any(scheme.is_valid(digits) for scheme in _SCHEMES[len(digits)])


def is_dni(match: re.Match[str]) -> bool:
    """Accept Spanish identity numbers with a right letter."""
    return bool(dni.is_valid(re.sub(r"\W", "", match[0])))


def is_ip(match: re.Match[str]) -> bool:
    """Accept addresses of hosts, not versions, masks or the local host."""
    parts = [int(part) for part in match[0].split(".")]
    return (
        max(parts) <= 255
        and parts[0] not in (0, 255)
        and match[0] != "127.0.0.1"
        and not all(part < 10 for part in parts)
    )


def has_digit(match: re.Match[str]) -> bool:
    """Accept a value with at least four digits in it."""
    return bool(sum(letter.isdigit() for letter in match["private"]) >= 4)


def is_capital(match: re.Match[str]) -> bool:
    """Accept a code in capitals, not a plain word or number."""
    value = match["private"]
    return value.isupper() and any(letter.isdigit() for letter in value)


def is_plate(match: re.Match[str]) -> bool:
    """Accept a plate: in capitals, with letters and at least two digits."""
    value = match["private"]
    return is_capital(match) and sum(letter.isdigit() for letter in value) >= 2


_PHONE_WORDS = re.compile(
    r"(?:phone|tel|call|text|mobile|cell|whatsapp|fax|number|numero|número|numéro|numer|ring|sms|reach|contact|contato|ll[aá]m|komórk|dzwoni|zadzwo|gsm|joign|chiam|recapito|telemóvel|teléfono|móvil|celular|llam|téléphone|portable|appel"
    r"|handy|telefon|mobil|nummer|rufen|cellulare|telefone|ligu|bel|номер|телефон|电话|手机|電話|携帯|전화)\D{0,25}$",
    re.IGNORECASE,
)
_PHONE_FORMS = re.compile(
    r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|\d{3}-\d{4}|1[3-9]\d{9}|0\d{1,4}[ /.()-]{1,2}\d[\d .()-]{4,}\d|0\d{9,10}"
    r"|(?:6|7|9)\d{2}([ .-])\d{3}\1\d{3}|(?:6|7)\d{2}([ .-])\d{2}\2\d{2}\2\d{2}|\(\d{2,4}\) ?\d{3,5}[ -]?\d{4}"
    r"|0\d(?:[ .-]\d{2}){4}|3\d{2}[ .-]\d{6,7}|8 ?\(\d{3}\) ?\d{3}[- ]\d{2}[- ]\d{2}|1-\d{3}-\d{3}-\d{4}"
)
_NOT_PHONES = re.compile(
    r"(?:19|20)\d{2}[-./ ]+\d{1,2}[-./ ]+\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)\d{2}|\d{2})(?![-.]?\d).*|.*(?:19|20)\d{2} ?- ?(?:19|20)\d{2}"
)


_EXTENSION = re.compile(r",?\s?[^\W\d_]{3,}\.? ?\d{1,5}$")


def is_phone(match: re.Match[str]) -> bool:
    """Accept international numbers, national forms, and digits behind a word for telephone."""
    value = _EXTENSION.sub("", match[0].strip())
    digits = re.sub(r"\D", "", value)
    if not 7 <= len(digits) <= 15 or _NOT_PHONES.fullmatch(value):
        return False
    if value.startswith(("+", "00")):
        number = "+" + digits.lstrip("0") if value.startswith("00") else "+" + digits
        try:
            return bool(phonenumbers.is_possible_number(phonenumbers.parse(number, None))) or " " in value
        except phonenumbers.NumberParseException:
            return len(digits) >= 9
    if _PHONE_FORMS.fullmatch(value):
        return True
    before = match.string[max(0, match.start() - 40) : match.start()]
    return bool(_PHONE_WORDS.search(before)) and not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", value)


_DECORATORS = frozenset(
    [
        "property",
        "staticmethod",
        "classmethod",
        "dataclass",
        "media",
        "import",
        "param",
        "params",
        "return",
        "returns",
        "override",
        "app",
        "pytest",
        "test",
        "given",
        "types",
        "keyframes",
        "font",
        "charset",
        "supports",
        "layer",
        "apply",
        "include",
        "mixin",
        "extend",
        "autowired",
        "component",
        "entity",
        "table",
        "id",
        "column",
        "service",
        "controller",
        "restcontroller",
        "getmapping",
        "postmapping",
        "requestmapping",
        "data",
        "getter",
        "setter",
        "deprecated",
        "nullable",
        "notnull",
        "input",
        "output",
        "injectable",
        "ngmodule",
        "interface",
        "end",
        "todo",
        "author",
        "version",
        "since",
        "see",
        "throws",
        "private",
        "public",
        "echo",
        "off",
        "gmail",
        "everyone",
        "here",
        "channel",
        "all",
    ]
)


def is_handle(match: re.Match[str]) -> bool:
    """Tell a handle from a decorator, an annotation, a style rule or a package scope."""
    word = match[0].removeprefix("@")
    line_start = match.string.rfind("\n", 0, match.start()) + 1
    after = match.string[match.end() : match.end() + 2]
    if word.lower() in _DECORATORS or after.startswith(("/", "(", "=")):
        return False
    starts_line = not match.string[line_start : match.start()].strip()
    return not (starts_line and (not after.strip() or after.startswith((".", "\n"))) and "_" not in word)
