"""What private strings look like, apart from names: patterns, and the checks that a match must pass.

Patterns with a check digit are validated by python-stdnum; telephone numbers by phonenumbers. Where a string stands
behind a word that names it ("my passport number is ..."), or is grouped as only such strings are, it is taken without
a valid check digit: an invented number may be a mistyped real one. presidio-analyzer was measured and left aside: its
import takes seconds, its telephone recogniser 25 ms per 2,000 characters, and its e-mail recogniser asks the network.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import phonenumbers
from stdnum import iban, luhn, verhoeff
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.pl import pesel

Check = Callable[[re.Match[str]], bool]


def _always(match: re.Match[str]) -> bool:
    """Accept whatever the pattern found."""
    return True


@dataclass(frozen=True)
class PrivatePattern:
    """One kind of private string.

    Attributes:
        kind: What replaces it, in brackets.
        pattern: Its form; the group `private`, where there is one, is what is replaced, otherwise all of it.
        hints: Lower-case texts of which one must occur before the pattern is tried; empty to try always.
        check: What a match must pass beyond its form.
        needs_digits: Tried only in texts with a run of seven or more digits, which may be grouped.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    check: Check = _always
    needs_digits: bool = False


DIGIT_RUN: Final = re.compile(r"\d(?:[ \-./()]{0,2}\d){6}")

_KEY_TRIGGERS = (
    r"api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?(?:key|token)|auth[_ -]?token|token|password|passwd|pwd|passphrase"
    r"|passcode|client[_ -]?secret|contraseña|mot de passe|passwort|kennwort|senha|wachtwoord|hasło|пароль|şifre|密码|パスワード"
)
_SECRET_HINTS = (
    "key", "secret", "token", "passw", "pwd", "passphrase", "passcode", "contraseña", "mot de passe", "kennwort",
    "senha", "wachtwoord", "hasło", "пароль", "şifre", "密码", "パスワード",
)  # fmt: skip


def _looks_secret(match: re.Match[str]) -> bool:
    """Tell a secret's value from a type name, a call or a plain word."""
    value = match["private"].strip("\"'`.,;")
    if len(value) < 6 or re.search(r"[(\[{<$]|^(?:os|process|self|env|config)\.", value):
        return False
    has_digit = any(letter.isdigit() for letter in value)
    return (has_digit and any(letter.isalpha() for letter in value)) or (
        bool(re.search(r"[!@#%^&*]", value)) and not value.startswith("@")
    )


def _is_mixed(match: re.Match[str]) -> bool:
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


def _names_a_person(match: re.Match[str]) -> bool:
    """Tell an address of or for one person from a public page."""
    return bool(_PERSONAL_HOSTS.search(match[0]) or _PERSONAL_PARTS.search(match[0]))


def _is_card(match: re.Match[str]) -> bool:
    """Accept Luhn-valid numbers, and numbers grouped as on a card."""
    grouped = re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5}", match[0])
    digits = re.sub(r"\D", "", match[0])
    return bool(grouped) or (digits[0] in "23456" and len(digits) >= 14 and bool(luhn.is_valid(digits)))


def _is_iban(match: re.Match[str]) -> bool:
    """Accept valid account numbers, and invalid ones of the right look."""
    value = match[0].replace(" ", "").replace("-", "")
    return bool(iban.is_valid(value)) or (15 <= len(value) <= 34 and sum(letter.isdigit() for letter in value) >= 10)


def _is_valid_id(match: re.Match[str]) -> bool:
    """Accept bare digits that a national scheme with check digits accepts."""
    digits = re.sub(r"\D", "", match[0])
    if len(digits) == 12:
        return match[0] != digits and bool(verhoeff.is_valid(digits))
    return bool(idnr.is_valid(digits) or pesel.is_valid(digits))


def _is_dni(match: re.Match[str]) -> bool:
    """Accept Spanish identity numbers with a right letter."""
    return bool(dni.is_valid(re.sub(r"\W", "", match[0])))


def _is_ip(match: re.Match[str]) -> bool:
    """Accept addresses of hosts, not versions, masks or the local host."""
    parts = [int(part) for part in match[0].split(".")]
    return max(parts) <= 255 and parts[0] not in (0, 127, 255) and not all(part < 10 for part in parts)


def _has_digit(match: re.Match[str]) -> bool:
    """Accept a value with at least four digits in it."""
    return bool(sum(letter.isdigit() for letter in match["private"]) >= 4)


_PHONE_WORDS = re.compile(
    r"(?:phone|tel|call|text|mobile|cell|whatsapp|fax|number|reach|teléfono|móvil|celular|llam|téléphone|portable|appel"
    r"|handy|telefon|mobil|nummer|rufen|cellulare|telefone|ligu|bel|номер|телефон|电话|手机|電話|携帯|전화)\D{0,25}$",
    re.IGNORECASE,
)
_PHONE_FORMS = re.compile(
    r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|\d{3}-\d{4}|1[3-9]\d{9}|0\d{1,4}[ /.()-]{1,2}\d[\d .()-]{4,}\d|0\d{9,10}"
    r"|(?:6|7|9)\d{2}([ .-])\d{3}\1\d{3}|(?:6|7)\d{2}([ .-])\d{2}\2\d{2}\2\d{2}|\(\d{2,4}\) ?\d{3,5}[ -]?\d{4}"
    r"|0\d(?:[ .-]\d{2}){4}"
)
_NOT_PHONES = re.compile(
    r"(?:19|20)\d{2}[-./ ]+\d{1,2}[-./ ]+\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d{2}.*|.*(?:19|20)\d{2} ?- ?(?:19|20)\d{2}"
)


def _is_phone(match: re.Match[str]) -> bool:
    """Accept international numbers, national forms, and digits behind a word for telephone."""
    value = match[0].strip()
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


def _is_handle(match: re.Match[str]) -> bool:
    """Tell a handle from a decorator, an annotation, a style rule or a package scope."""
    word = match[0].removeprefix("@")
    line_start = match.string.rfind("\n", 0, match.start()) + 1
    after = match.string[match.end() : match.end() + 2]
    if word.lower() in _DECORATORS or after.startswith(("/", "(", "=")):
        return False
    starts_line = not match.string[line_start : match.start()].strip()
    return not (starts_line and (not after.strip() or after.startswith((".", "\n"))) and "_" not in word)


_W = r"[^\W\d_][\w'’.-]*"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close|Crescent"
    r"|Parkway|Pkwy|Highway|Hwy|Row|Gardens|Grove|Hill|Mews|Walk|Trail|Circle)"
)
_ADDRESSES = (
    (
        rf"\b\d{{1,5}}[A-Za-z]?,?\s+(?:(?:North|South|East|West|[NSEW]\.?)\s+)?(?:[A-Z][\w'’.-]*\s+){{1,4}}{_STREET}\b\.?"
        rf"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.?\s*#?\w+)?(?:,\s+[A-Z][\w'’.-]*(?:\s[A-Z][\w'’.-]*){{0,2}})?"
        r"(?:,?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?|,?\s+[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})?",
        tuple(
            word
            for word in ["street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive", "court", "ct", "way", "place", "square", "terrace", "close", "crescent", "parkway", "highway", "row", "gardens", "grove", "hill", "mews", "walk", "trail", "circle"]
        ),
    ),
    (
        r"\b(?:[A-ZÄÖÜ][\wäöüß.-]*[ -])?(?:[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|plein|gracht|kade|dijk|gatan|vägen)"
        r"|(?:[A-ZÄÖÜ][\wäöüß-]*[ -])?(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse))\s+\d{1,4}\s?[a-zA-Z]?\b(?:,?\s+\d{4,5}\s?(?:[A-Z]{2})?\s+[A-ZÄÖÜ][\wäöüß-]+)?",
        ("straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "dijk", "gatan", "vägen"),
    ),
    (
        rf"\b\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s+(?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|cours|route|square|passage)\s+"
        rf"(?:(?:de|du|des|la|le|les|l'|d'|l’|d’)\s?)*{_W}(?:[ -](?:(?:de|du|des|la|le|les)\s)*[A-ZÀ-Ý][\w'’-]*){{0,3}}(?:,?\s+\d{{5}}\s+[A-ZÀ-Ý][\w'’-]+)?",
        ("rue", "avenue", "av.", "boulevard", "bd", "place", "chemin", "allée", "impasse", "quai", "cours", "route", "square", "passage"),
    ),
    (
        rf"\b(?:[Cc]alle|C/|[Aa]venida|Avda\.?|Av\.|[Pp]aseo|[Pp]laza|[Cc]arrer|Via|via|Viale|Piazza|Corso|Largo|Vicolo|Rua|rua|Travessa|Praça|Alameda|ul\.|aleja|al\.|ул\.|улица|проспект)"
        rf"\s*(?:(?:de|del|de la|da|do|dos|das|della|dei|di|los|las|la|el)\s+)*{_W}(?:\s+(?:(?:de|del|da|do|di|la)\s+)*[^\W\d_a-zà-ÿ][\w'’-]*){{0,3}},?\s*(?:n[º°.o]*\s*|núm\.?\s*|д\.\s*)?\d{{1,5}}\b"
        r"(?:,?\s*(?:\d[º°]\s?\w?|piso \w+|apto\.? \w+|кв\.\s*\d+))?(?:,?\s+\d{4,5}(?:-\d{3})?\s+[^\W\d_]+)?",
        ("calle", "c/", "avenida", "avda", "av.", "paseo", "plaza", "carrer", "via", "piazza", "corso", "largo", "vicolo", "rua", "travessa", "praça", "alameda", "ul.", "aleja", "al.", "ул.", "улица", "проспект"),
    ),
    (r"[\u4e00-\u9fff]{2,12}(?:路|街|大道|巷|弄)\s?\d{1,5}\s?(?:号|號)(?:[\u4e00-\u9fff\d]{0,8}(?:室|楼|单元))?", ("号", "號")),
    (r"[\u4e00-\u9fff\u3040-\u30ff]{0,12}\d{1,3}(?:丁目|-)\d{1,3}(?:番地?|-)\d{1,4}号?", ("丁目", "番")),
    (r"\bP\.?\s?O\.?\s?Box\s+\d+", ("box",)),
)  # fmt: skip


def _compiled(kind: str, form: str, hints: tuple[str, ...] = (), check: Check = _always) -> PrivatePattern:
    """Build a pattern that minds the case."""
    return PrivatePattern(kind, re.compile(form), hints, check)


def _folded(kind: str, form: str, hints: tuple[str, ...] = (), check: Check = _always) -> PrivatePattern:
    """Build a pattern that does not mind the case."""
    return PrivatePattern(kind, re.compile(form, re.IGNORECASE), hints, check)


def _digits(kind: str, form: str, check: Check = _always) -> PrivatePattern:
    """Build a pattern that is tried in texts with a long run of digits."""
    return PrivatePattern(kind, re.compile(form, re.ASCII), (), check, needs_digits=True)


_ID_WORDS = (
    r"(?<![a-z0-9])(?:passport|passeport|pasaporte|reisepass|passaporto|passaporte|ssn|social security|driver'?s? licen[cs]e|licen[cs]e|"
    r"medical record|mrn|patient id|tax id|national id|national insurance|nhs|insurance|policy|account|member(?:ship)?|customer|employee|badge|"
    r"student|case|claim|dni|nie|nif|cpf|bsn|pesel|nino|steuer-?id|personalausweis|codice fiscale|carte d'identité|"
    r"número de seguro|seguridad social|sécurité sociale|sozialversicherung|身份证|護照|护照|パスポート|マイナンバー|주민등록)"
    r"(?:[ _-]?(?:number|no\.?|num|id|card|#|nummer|numéro|número|numero|号|号码|番号|번호))*"
    r"['\"]?(?:\s+(?:is|es|est|ist|è|é))?\s*[:#=]?\s*(?:n[º°.o]*\s*)?(?P<private>[A-Z]{0,4}[-]?\d[A-Z0-9](?:[ .-]?[A-Z0-9]){2,18})\b"
)

PRIVATE_PATTERNS: Final = (
    _compiled("secret", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", ("private key-----",)),
    _folded("url", r"\b(?:https?|ftps?|sftp|ssh|git|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?|smb)://[^\s<>\"'`)\]]+", ("://",), _names_a_person),
    _folded("url", r"\b(?:www\.)?(?:linkedin\.com/(?:in|pub)|facebook\.com|instagram\.com|github\.com|t\.me|wa\.me|calendly\.com|paypal\.me)/@?[\w.-]{2,}", (".com/", ".me/")),
    _compiled("secret", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", ("eyj",)),
    _compiled(
        "secret",
        r"\b(?:sk|pk|rk|key)[-_](?:[A-Za-z]+[-_])*[A-Za-z0-9_-]{12,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
        r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\bhf_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{20,}"
        r"|\bya29\.[\w-]{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bdop_v1_\w{20,}|\b0x[a-fA-F0-9]{40,64}\b|\bbc1[a-z0-9]{20,60}\b",
        ("sk", "pk", "rk", "key", "gh", "glpat", "akia", "asia", "xox", "aiza", "hf_", "npm_", "ya29", "sg.", "dop_", "0x", "bc1"),
    ),
    _folded("secret", r"\bbearer\s+(?P<private>[\w.~+/=-]{12,})", ("bearer",)),
    _folded("secret", rf"(?:{_KEY_TRIGGERS})\w*[\"'`]?\s*(?:is|es|ist|est|was|to|:|=>|=|是|は)\s*(?P<private>[\"'`]?[^\s\"'`,;]{{4,}})", _SECRET_HINTS, _looks_secret),
    _compiled("email", r"(?<![\w.+-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", ("@",)),
    _folded("email", r"\b[\w.+-]{2,40}\s*[\[({]\s*at\s*[\])}]\s*[\w-]+(?:\s*(?:[\[({]\s*dot\s*[\])}]|\.)\s*\w+)+", ("at]", "at)", "at }", "at ]", "at )")),
    _folded("email", r"\b[\w.+-]{2,40} at [\w-]{2,30} dot (?:com|org|net|edu|co|io|de|fr|es|uk)\b", (" dot ",)),
    _compiled("iban", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", (), _is_iban),
    _digits("card", r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])", _is_card),
    _digits("id", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
    _digits("id", r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)|(?<!\w)\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\w)"),
    _digits("id", r"(?<![\w.])[1-9]\d{5}(?:19|20)\d{2}(?:0\d|1[0-2])[0-3]\d{4}[\dXx](?!\w)"),
    _digits("id", r"(?<![\w.])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\w)"),
    _digits("id", r"(?<![\w.])\d{8}-?[A-HJ-NP-TV-Z](?!\w)", _is_dni),
    _digits("id", r"(?<![\w-])(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])[0-3]\d[-+]\d{4}(?![\w-])"),
    _digits("id", r"(?<![\w.+-])\d{11}(?![\w.-])|(?<![\w.+-])[2-9]\d{3} \d{4} \d{4}(?![\w.-])", _is_valid_id),
    _compiled("id", r"(?<!\w)[XYZ]-?\d{7}-?[A-Z](?!\w)"),
    _compiled("id", r"(?<!\w)[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"),
    _compiled("id", r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)"),
    _folded(
        "id",
        _ID_WORDS,
        ("pass", "ssn", "social", "licen", "record", "mrn", "patient", "tax", "national", "nhs", "insur", "polic", "account", "member", "customer", "employee", "badge", "student", "case", "claim", "dni", "nie", "nif", "cpf", "bsn", "pesel", "nino", "steuer", "ausweis", "fiscal", "identité", "segur", "sécurité", "sozial", "身份证", "照", "パスポート", "マイナンバー", "주민등록"),
        _has_digit,
    ),
    _compiled("ip", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)", (), _is_ip),
    _folded("ip", r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?(?:[0-9a-f]{1,4}:?){0,4}[0-9a-f]{1,4}(?![\w:])", (":", "-")),
    _compiled("location", r"(?<![\w.])-?\d{1,2}\.\d{4,},\s*-?\d{1,3}\.\d{4,}(?![\w.])"),
    _folded("date", r"(?:born(?: on)?|date of birth|dob|birthday(?: is)?|d\.o\.b\.|nac[ií]\w*(?: el)?|née? le|geboren(?: am)?|geburtsdatum|nat[oa] il|data de nascimento|geboortedatum|出生)[ :=]*(?P<private>\d{1,4}[-./年 ]\s?(?:\d{1,2}|[^\W\d_]{3,10})[-./月 ,]\s?\d{1,4}|[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?,? \d{4})", ("born", "birth", "dob", "d.o.b", "nac", "né", "gebor", "geburt", "nat", "nascimento", "geboorte", "出生")),
    *(_compiled("address", form, hints) for form, hints in _ADDRESSES),
    _digits("phone", r"(?<![\w.\-/])(?:\+|\()?\d[\d \u00a0().\-/]{5,19}\d(?![\w\-/])", _is_phone),
    _compiled("handle", r"(?<![\w@/.+-])@[A-Za-z_][\w.]{1,29}\w", ("@",), _is_handle),
    _compiled("handle", r"(?<![\w/])(?:/?u/[A-Za-z][\w-]{2,20}|[A-Za-z][\w.]{2,31}#\d{4})\b", ("u/", "#")),
    _folded("handle", r"\b(?:user ?name|handle|login|gamertag|discord|telegram|snapchat|skype|nutzername|usuario|identifiant)\b(?: is|:| =|=| es| ist| est)\s*[\"']?(?P<private>[\w.-]*[\d_.][\w.-]*\w)", ("user", "handle", "login", "gamertag", "discord", "telegram", "snapchat", "skype", "usuario", "identifiant")),
    _folded("handle", r"(?:/home/|/users/|\\users\\|\\\\users\\\\)(?P<private>[\w.-]{2,})", ("/home/", "users")),
    PrivatePattern("secret", re.compile(r"(?<![\w/.-])[A-Za-z0-9_\-]{28,}(?![\w.-])"), (), _is_mixed),
    PrivatePattern("secret", re.compile(r"(?<![\w/.-])[a-f0-9]{32,}(?![\w.-])"), ()),
)  # fmt: skip
