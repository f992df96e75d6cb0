"""What private strings look like, apart from names: patterns, and the checks that a match must pass.

The checks are in `private_checks`. Where a string stands
behind a word that names it ("my passport number is ..."), or is grouped as only such strings are, it is taken without
a valid check digit: an invented number may be a mistyped real one. presidio-analyzer was measured and left aside: its
import takes seconds, its telephone recogniser 25 ms per 2,000 characters, and its e-mail recogniser asks the network.
"""

# ruff: noqa: E501  (a pattern or a list of words is easier to check whole than wrapped)

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from clio_lite.private_checks import (
    always,
    has_digit,
    is_after_login,
    is_capital,
    is_card,
    is_dni,
    is_handle,
    is_iban,
    is_ip,
    is_mixed,
    is_own_password,
    is_phone,
    is_plate,
    is_valid_id,
    looks_secret,
    names_a_person,
)

Check = Callable[[re.Match[str]], bool]


@dataclass(frozen=True)
class PrivatePattern:
    """One kind of private string.

    Attributes:
        kind: What replaces it, in brackets.
        pattern: Its form; the group `private`, where there is one, is what is replaced, otherwise all of it.
        hints: Lower-case texts of which one must occur before the pattern is tried; empty to try always.
        check: What a match must pass beyond its form.
        needs: What a text must hold before the pattern is tried: a digit, four digits together, or a run of seven or more
            digits, which may be grouped.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    check: Check = always
    needs: Literal["nothing", "digit", "four", "run"] = "nothing"


DIGIT_RUN: Final = re.compile(r"\d(?:[ \-./()]{0,2}\d){6}")
FOUR_DIGITS: Final = re.compile(r"\d{4}")
DIGIT: Final = re.compile(r"\d")

_KEY_TRIGGERS = (
    r"api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?(?:key|token)|auth[_ -]?token|token|password|passwd|pwd|passphrase"
    r"|passcode|client[_ -]?secret|contraseña|clave|mot de passe|mdp|passwort|kennwort|senha|palavra-passe|parola d['’]ordine|wachtwoord"
    r"|hasło|пароль|şifre|密码|パスワード|\bpw|\bpin"
)
_SECRET_HINTS = (
    "key", "secret", "token", "passw", "pwd", "passphrase", "passcode", "contraseña", "mot de passe", "kennwort",
    "senha", "palavra-passe", "parola d", "clave", "mdp", "wachtwoord", "hasło", "пароль", "şifre", "密码", "パスワード", "pw", "pin",
)  # fmt: skip


_W = r"[^\W\d_][\w'’.-]*"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close|Crescent"
    r"|Parkway|Pkwy|Highway|Hwy|Row|Gardens|Grove|Hill|Mews|Walk|Trail|Circle)"
)
_ADDRESSES = (
    (
        rf"(?<![\d,.$€£])\b\d{{1,5}}[A-Za-z]?,?\s+(?:(?:North|South|East|West|[NSEW]\.?)\s+)?(?:(?:[A-Z][\w'’.-]*|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,4}}{_STREET}\b\.?"
        rf"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.?\s*#?\w+)?(?:,\s+[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*(?!\w)(?:\s[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*(?!\w)){{0,2}})?"
        r"(?:,?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?|,?\s+[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})?",
        tuple(
            word
            for word in ["street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive", "dr", "court", "ct", "way", "place", "square", "terrace", "close", "crescent", "parkway", "highway", "row", "gardens", "grove", "hill", "mews", "walk", "trail", "circle"]
        ),
    ),
    (
        r"\b(?:[A-ZÄÖÜ][\wäöüß.-]*[ -])?(?:[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|plein|gracht|kade|dijk|gatan|vägen)"
        r"|(?:[A-ZÄÖÜ][\wäöüß-]*[ -])?(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse))\s+\d{1,4}\s?[a-zA-Z]?\b(?:,?\s+\d{4,5}\s?(?:[A-Z]{2})?\s+[A-ZÄÖÜ][\wäöüß-]+)?",
        ("straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "dijk", "gatan", "vägen"),
    ),
    (
        rf"(?<![\d,.])\b\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s+(?:rue|av\.|bd|chemin|allée|impasse|quai"
        rf"|(?:avenue|boulevard|place|cours|route|square|passage)(?=\s+(?:de |du |des |la |l['’]|d['’]|[A-ZÀ-Ý])))\s+"
        rf"(?:(?:de|du|des|la|le|les|l'|d'|l’|d’)\s?)*{_W}(?:[ -](?:(?:de|du|des|la|le|les)\s)*[A-ZÀ-Ý][\w'’-]*){{0,3}}(?:,?\s+\d{{5}}\s+[A-ZÀ-Ý][\w'’-]+)?",
        ("rue", "avenue", "av.", "boulevard", "bd", "place", "chemin", "allée", "impasse", "quai", "cours", "route", "square", "passage"),
    ),
    (
        rf"\b(?:[Cc]alle|C/|[Aa]venida|Avda\.?|Av\.|[Pp]aseo|[Pp]laza|[Cc]arrer|Via|via|Viale|Piazza|Corso|Largo|Vicolo|Rua|rua|Travessa|Praça|Alameda|ул\.|улица|проспект)"
        rf"\s*(?:(?:de|del|de la|da|do|dos|das|della|dei|di|los|las|la|el)\s+)*{_W}(?:\s+(?:(?:de|del|da|do|di|la)\s+)*[^\W\d_a-zà-ÿ][\w'’-]*){{0,3}},?\s*(?:n[º°.o]*\s*|núm\.?\s*|д\.\s*)?\d{{1,5}}\b"
        r"(?:,?\s*(?:\d[º°]\s?\w?|piso \w+|apto\.? \w+|кв\.\s*\d+))?(?:,?\s+\d{4,5}(?:-\d{3})?\s+[^\W\d_]+)?",
        ("calle", "c/", "avenida", "avda", "av.", "paseo", "plaza", "carrer", "via", "piazza", "corso", "largo", "vicolo", "rua", "travessa", "praça", "alameda", "ул.", "улица", "проспект"),
    ),
    (
        r"\b(?:Am|An der|An den|Auf der|Auf dem|Im|In der|In den|Zum|Zur|Unter den|Hinter der|Vor dem)\s+[A-ZÄÖÜ][\wäöüß-]+(?:\s[A-ZÄÖÜ][\wäöüß-]+)?"
        r"\s+\d{1,4}\s?[a-z]?,?\s+(?:D-)?\d{5}\s+[A-ZÄÖÜ][\wäöüß-]+",
        ("am ", "an de", "auf de", "im ", "in de", "zum ", "zur ", "unter de", "hinter de", "vor de"),
    ),
    (
        r"\b[A-Z][\w'’.-]+(?:\s[\w'’.-]+){0,3}\s+\d{1,4}(?:[ -]?[A-Za-z]{1,3})?,?\s+\d{4}\s?[A-Z]{2}\b(?:\s+[A-Z][\w'’-]+)?"
        r"|\b(?:[A-Z][\w'’-]+\s){1,2}(?:[Dd]ijk|[Ss]traat|[Ll]aan|[Ww]eg|[Pp]lein|[Gg]racht|[Kk]ade|[Ss]ingel|[Hh]of|[Pp]ad)\s+\d{1,4}\b(?:[ -]?[a-zA-Z]{1,3}\b)?",
        ("dijk", "straat", "laan", "weg", "plein", "gracht", "kade", "singel", "hof", "pad", "markt", "steeg"),
    ),
    (
        r"\b(?:ul\.|ulica|ulicy|al\.|[Aa]lej[aei]|os\.|osiedl[eu]|pl\.|plac|placu)\s+(?:\d{1,2}\s+)?[A-ZŁŚŻŹĆÓ][\w.-]*(?:\s+[A-ZŁŚŻŹĆÓIVX][\w.-]*){0,3}\s+\d{1,4}[a-zA-Z]?"
        r"(?:\s?/\s?\d{1,4}|\s+m\.\s?\d+)?\b(?:,?\s+\d{2}-\d{3}(?:\s+[A-ZŁŚŻŹĆÓ][\w-]+)?)?",
        ("ul.", "ulic", "al.", "alej", "os.", "osiedl", "pl.", "plac"),
    ),
    (
        r"(?i:\b(?:liv(?:e|es|ing)|stay(?:ing)?|address|located|house|home|flat|ship|deliver|send it|mail it|moved|move)\b[^.\n\d]{0,30})"
        r"(?P<private>\b\d{1,5}[a-z]?,?\s+(?:[a-z'’-]+\s+|\d{1,3}(?:st|nd|rd|th)\s+){1,3}"
        r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|terrace|close|crescent|parkway)\b(?:,\s+[a-z]+(?:\s[a-z]{2,})?)?)",
        ("street", " st", "avenue", " ave", "road", " rd", "lane", " ln", "drive", " dr", "boulevard", "blvd", "court", "terrace", "close", "crescent", "parkway"),
    ),
    (
        r"(?i:\b(?:(?:home|street|postal|mailing|shipping|billing|delivery)[ _]?)?(?:address|adresse|anschrift|domicilio|dirección|indirizzo|morada|endereço|adres)|\baddr|地址|住所|адрес)"
        r"[\"']?\s*[:=：]\s*[\"'「]?(?P<private>(?=[^\n\"'|{}\[\]]*\d)(?=[^\n\"'|{}]*[^\W\d_]{3})[^\n\"'|{}\[\]<>=;:/]{2,60}[ ,\u4e00-\u9fff][^\n\"'|{}\[\]<>=;:]{1,60})",
        ("addr", "adres", "anschrift", "domicilio", "dirección", "indirizzo", "morada", "endereço", "地址", "住所", "адрес"),
    ),
    (r"[\u4e00-\u9fff]{2,20}(?:路|街|大道|巷|弄|道)\s?\d{1,5}\s?(?:号|號|弄)(?:\d{1,4}号)?(?:[\u4e00-\u9fff\d]{0,8}(?:室|楼|单元))?", ("号", "號", "弄")),
    (
        r"[\u4e00-\u9fff\u3040-\u30ff]{1,20}[市区町村郡][\u4e00-\u9fff\u3040-\u30ff]{0,12}\d{1,4}(?:丁目|[-−ー番])\d{1,4}(?:(?:番地?|[-−ー])\d{1,4}号?)?|〒\s?\d{3}-\d{4}",
        ("市", "区", "町", "村", "郡", "〒"),
    ),
    (r"[\u4e00-\u9fff\u3040-\u30ff]{0,12}\d{1,3}(?:丁目|-)\d{1,3}(?:番地?|-)\d{1,4}号?", ("丁目", "番")),
    (r"\bP\.?\s?O\.?\s?Box\s+\d+(?:,\s+[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)?", ("box",)),
    (r"\b(?:Flat|Apartment|Apt\.?|Unit)\s+\d{0,4}[A-Z]?,\s+(?=\d)", ("flat", "apartment", "apt", "unit")),
    (r"(?<!\w)(?:[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}|(?:[A-Z][\w'’.-]+,? )?(?:A[KLRZ]|C[AOT]|DC|DE|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]) \d{5}(?:-\d{4})?)(?!\w)", ()),
)  # fmt: skip


def _compiled(
    kind: str,
    form: str,
    hints: tuple[str, ...] = (),
    check: Check = always,
    needs: Literal["nothing", "digit", "four", "run"] = "nothing",
    *,
    flags: re.RegexFlag = re.NOFLAG,
) -> PrivatePattern:
    """Build a pattern that minds the case, unless the flags say otherwise."""
    return PrivatePattern(kind, re.compile(form, flags), hints, check, needs)


_folded = partial(_compiled, flags=re.IGNORECASE)


def _digits(kind: str, form: str, check: Check = always) -> PrivatePattern:
    """Build a pattern that is tried in texts with a long run of digits."""
    return _compiled(kind, form, check=check, needs="run", flags=re.ASCII)


_ID_WORDS = (
    r"(?<![a-z0-9])(?:passport|passeport|pasaporte|reisepass|passaporto|passaporte|ssn|social security|driver'?s? licen[cs]e|licen[cs]e|"
    r"medical record|mrn|patient id|tax id|national id|national insurance|nhs|insurance|policy|account|member(?:ship)?|customer|employee|badge|"
    r"student|case|claim|dni|nie|nif|cpf|bsn|pesel|nino|steuer-?id|personalausweis|codice fiscale|carte d'identité|"
    r"kundennummer|kundennr|kunden-nr|bestellnummer|bestellung|vorgangsnummer|rechnungsnummer|führerschein|ticket|order|booking|confirmation|reservation|tracking|parcel|shipment|invoice|reference|ref|file no|tfn|sin|docket|folio|protocolo|expediente|pedido|commande|dossier|dossiernummer|pratica|ordine|bestelnummer|klantnummer|zamówieni[ea]|zlecenie|reklamacj[ai]|заказ|договор|订单|注文番号|주문번호|"
    r"license plate|number plate|licence plate|kennzeichen|targa|immatriculation|matrícula|imei|vin|routing|sort code|konto|kontonummer|cuenta|compte|conta|conto|rekening"
    r"|contribuinte|niss?|nir|numéro de sécu|n° de sécu|assuré|codice|partita iva|burgerservicenummer|sofinummer|burgerservice|nip|regon|dowód|dowodu|инн|снилс|паспорт|個人番号|steuernummer"
    r"|sozialversicherungsnummer|rentenversicherungsnummer|versichertennummer|krankenkasse|curp|cuit|cuil|cedula|cédula|aadhaar|medicare|itin|uscis|"
    r"número de seguro|seguridad social|sécurité sociale|sozialversicherung|身份证|護照|护照|パスポート|マイナンバー|주민등록)"
    r"(?:[ _-]?(?:number|no\.?|num|id|card|#|nummer|numéro|número|numero|numer|nr\.?|ref|reference|код|номер|№|号|号码|番号|번호))*"
    r"['\"]?(?:\s*(?:\bis|\bes|\best|\bist|è|é|\bto|\blautet|は|是))?\s*[:#=：]?\s*(?:n[º°.o]*\s*)?(?P<private>(?:[A-Z]{1,4}[-/ ]?)?\d[A-Z0-9](?:[./-]?[A-Z0-9]| (?=[A-Z]{0,3}\d)[A-Z0-9]){2,18}|[A-Z]\d{2,3}[A-Z]{2,4}\d[A-Z]\d{1,3}|\d{1,3} [A-Z]{1,3} \d{1,6}/\d{2,4})\b(?! (?:units|pieces|items|copies|shares|boxes|bags|times)\b)"
)

PRIVATE_PATTERNS: Final = (
    _compiled("secret", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", ("private key-----",)),
    _folded("url", r"\b(?:https?|ftps?|sftp|ssh|git|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?|smb)://[^\s<>\"'`)\]]+", ("://",), names_a_person),
    _folded("url", r"\b(?:www\.)?(?:linkedin\.com/(?:in|pub)|facebook\.com|instagram\.com|github\.com|twitter\.com|tiktok\.com|gitlab\.com|t\.me|wa\.me|calendly\.com|paypal\.me)/@?[\w.-]{2,}(?:/[^\s<>\"'`)\]]*)?", (".com/", ".me/")),
    _compiled("secret", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", ("eyj",)),
    _compiled(
        "secret",
        r"\b(?:sk|pk|rk|key)[-_](?:[A-Za-z]+[-_])*[A-Za-z0-9_-]{12,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
        r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\bhf_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{20,}"
        r"|\b(?:whsec|pypi|dckr_pat|shpat|shpss|sq0csp|EAAC|lin_api|figd|sntrys|rubygems|vercel|dapi|pat|xapp|hvs|AGE-SECRET-KEY)[-_]?[A-Za-z0-9][\w-]{19,}|\bya29\.[\w-]{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bdop_v1_\w{20,}|\b0x[a-fA-F0-9]{40,64}\b|\bbc1[a-z0-9]{20,60}\b",
        ("sk", "pk", "rk", "key", "gh", "glpat", "akia", "asia", "xox", "aiza", "hf_", "npm_", "ya29", "whsec", "pypi", "dckr", "shp", "sq0", "eaac", "lin_", "figd", "sntrys", "rubygems", "vercel", "dapi", "pat", "xapp", "hvs", "age-", "sg.", "dop_", "0x", "bc1"),
    ),
    _folded("secret", r"\bbearer\s+(?P<private>[\w.~+/=-]{12,})", ("bearer",)),
    _folded("secret", r"\b(?:my|our|the (?:wi-?fi|admin|root)|his|her|mi|mon|mein|meu|minha|mia|mijn|moje)\s+(?:\w+\s+)?(?:password|passwort|contraseña|mot de passe|senha|wachtwoord|hasło)(?:\s+(?:is|was|ist|es|est|é|è|to)|:)\s+(?P<private>[\"'`]?[^\s\"'`,;]{4,})", ("passw", "contraseña", "mot de passe", "senha", "wachtwoord", "hasło"), is_own_password),
    _folded("secret", r"\b(?:password|passphrase|passcode|passwort|kennwort|contraseña|mot de passe|senha|wachtwoord|hasło|пароль|secret|token|api key|access key)\s+(?P<private>[\"'`]?(?=[^\s]*[\d!@#$%^&*_+/~])[^\s\"'`,;]{6,})", ("passw", "passphrase", "passcode", "kennwort", "contraseña", "mot de passe", "senha", "wachtwoord", "hasło", "пароль", "secret", "token", "key"), looks_secret),
    _folded("secret", r"\b(?:pw|pwd|passwd|mdp)\s+(?P<private>[^\s\"'`,;]{6,})", ("pw", "passwd", "mdp"), looks_secret),
    _folded("secret", r"\b(?:admin|root|administrator|user|login)\s*[/:]\s*(?P<private>[^\s\"'`,;]{6,})", ("admin", "root", "user", "login"), is_after_login),
    _folded("secret", r"\b(?:mysql\w*|mariadb|sshpass|redis-cli|mongo\w*)\b[^\n]{0,80}?\s-[pa]\s?(?P<private>[\"']?[^\s\"']{6,})", ("mysql", "mariadb", "sshpass", "redis-cli", "mongo"), looks_secret),
    _folded("secret", r"\s-u\s+[\"']?[\w.@-]+:(?P<private>[^\s\"']{4,})", (" -u ",)),
    _folded("secret", rf"(?:{_KEY_TRIGGERS})\w*[\"'`]?\s*(?:\bis|\bes|\bist|\best|\bwas|\bto|è|é|\blautet|:|=>|=|是|は)\s*(?P<private>[\"'`]?[^\s\"'`,;]{{4,}})", _SECRET_HINTS, looks_secret),
    _compiled("email", r"(?<![\w.+-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", ("@",)),
    _folded("email", r"\b[\w.+-]{2,40}\s*[\[({]\s*at\s*[\])}]\s*[\w-]+(?:\s*(?:[\[({]\s*dot\s*[\])}]|\.)\s*\w+)+", ("at]", "at)", "at }", "at ]", "at )")),
    _folded("email", r"\b[\w.+-]{2,40} at [\w-]{2,30} dot (?:com|org|net|edu|co|io|de|fr|es|uk)\b", (" dot ",)),
    _compiled("iban", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", (), is_iban),
    _digits("card", r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])", is_card),
    _digits("id", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
    _digits("id", r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)|(?<!\w)\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\w)"),
    _digits("id", r"(?<![\w.])[1-9]\d{5}(?:19|20)\d{2}(?:0\d|1[0-2])[0-3]\d{4}[\dXx](?!\w)"),
    _digits("id", r"(?<![\w.])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\w)"),
    _digits("id", r"(?<![\w.])\d{8}-?[A-HJ-NP-TV-Z](?!\w)", is_dni),
    _digits("id", r"(?<![\w-])(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])[0-3]\d[-+]\d{4}(?![\w-])"),
    _digits("id", r"(?<![\w.+-])\d{11,13}(?![\w-]|\.\d)|(?<![\w.+-])\d{2} \d{3} \d{3} \d{3}(?![\w-]|\.\d| \d)|(?<![\w.+-])[1-9]\d{3} \d{4} \d{4}(?![\w-]|\.\d| \d)", is_valid_id),
    _digits("id", r"(?<![\w.-])\d{3}-\d{3}-\d{3} \d{2}(?!\w)|(?<!\w)756\.\d{4}\.\d{4}\.\d{2}(?!\w)|(?<!\w)\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?!\w)|(?<!\w)\d{6}-[1-8]\d{6}(?!\w)|(?<!\w)\d{2}-\d{8}-\d(?!\w)|(?<!\w)\d{1,2}\.\d{3}\.\d{3}-[\dkK](?!\w)"),
    _compiled("id", r"(?<!\w)[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d(?!\w)|(?<!\w)[A-Z]{5}\d{4}[A-Z](?!\w)|(?<!\w)[STFG]\d{7}[A-Z](?!\w)|(?<!\w)\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y](?!\w)", needs="four"),
    _compiled("id", r"(?<!\w)[XYZ]-?\d{7}-?[A-Z](?!\w)", needs="digit"),
    _compiled("id", r"(?<!\w)[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", needs="digit"),
    _compiled("id", r"(?<!\w)[A-Z]{3} ?[A-Z]{3} ?\d{2}[A-EHLMPRST]\d{2} ?[A-Z]\d{3} ?[A-Z](?!\w)", needs="digit"),
    _folded(
        "id",
        _ID_WORDS,
        ("pass", "ssn", "social", "licen", "record", "mrn", "patient", "tax", "national", "nhs", "insur", "polic", "account", "member", "customer", "employee", "badge", "student", "case", "claim", "dni", "nie", "nif", "cpf", "bsn", "pesel", "nino", "steuer", "ausweis", "fiscal", "identité", "segur", "sécurité", "sécu", "sozial", "plate", "kennzeichen", "targa", "immatric", "matrícula", "imei", "vin", "routing", "sort", "konto", "cuenta", "compte", "conta", "conto", "rekening", "contribuinte", "nis", "nir", "assuré", "codice", "partita", "burgerservice", "sofi", "nip", "regon", "dow", "инн", "снилс", "паспорт", "個人番号", "rentenvers", "versicherten", "krankenkasse", "curp", "cuit", "cuil", "cedula", "cédula", "aadhaar", "medicare", "itin", "uscis", "bestell", "kunden", "vorgang", "rechnung", "führersch", "ticket", "order", "booking", "confirm", "reserv", "tracking", "parcel", "shipment", "invoice", "ref", "file no", "tfn", "sin", "docket", "folio", "protocol", "expediente", "pedido", "commande", "dossier", "pratica", "ordine", "bestel", "klant", "zamów", "zlec", "reklam", "заказ", "договор", "订单", "注文", "주문", "身份证", "照", "パスポート", "マイナンバー", "주민등록"),
        has_digit,
        "digit",
    ),
    _folded(
        "id",
        r"(?:licen[cs]e plates?|number plates?|plates?|registration|kennzeichen|matrícula|immatriculée?|immatriculation|targa(?:to)?|placa|kenteken|rejestracyjn\w+|госномер|номерной знак|车牌号?)"
        r"(?: (?:number|no\.?|nr\.?|is|reads|ist|est|es|è))*[ :=]+(?P<private>(?=[A-ZÄÖÜ0-9 -]{0,14}\d)[A-ZÄÖÜ\u4e00-\u9fff0-9]{1,4}[ ·-]?[A-Z0-9]{1,5}(?:[ -]?[A-Z0-9]{1,4})?)(?!\w)",
        ("plate", "registration", "kennz", "matr", "targa", "placa", "kenteken", "rejestr", "номер", "车牌"),
        is_plate,
        "digit",
    ),
    _folded(
        "id",
        r"(?:flight|booking|confirmation|reservation|record locator|pnr)(?: (?:code|number|ref(?:erence)?|confirmation|booking))*[ :#]+(?P<private>(?=[A-Z]*\d)[A-Z0-9]{6})(?!\w)",
        ("flight", "booking", "confirm", "reserv", "locator", "pnr"),
        is_capital,
        "digit",
    ),
    _folded("id", r"aktenzeichen:? +(?P<private>[\w./ -]{0,12}\d[\w./-]*)", ("aktenz",), needs="digit"),
    _compiled("ip", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)", (), is_ip, "digit"),
    _folded("ip", r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?(?:[0-9a-f]{1,4}:?){0,4}[0-9a-f]{1,4}(?![\w:])", (":", "-")),
    _compiled("location", r"(?<![\w.])-?\d{1,2}\.\d{4,},\s*-?\d{1,3}\.\d{4,}(?![\w.])", needs="four"),
    _folded("date", r"(?:born(?: on)?|date of birth|dob|birthday(?: is)?|d\.o\.b\.|nac[ií]\w*(?: el)?|née? le|geboren(?: am| op)?|geburtsdatum|geb\.|nat[oa] il|data de nascimento|nascid[oa](?: em)?|geboortedatum|urodzon[ya](?: dnia)?|родил\w+|doğum tarihi|出生|生年月日)[ :=]*(?P<private>\d{1,4}\.?[-./年 ]\s?(?:de )?(?:\d{1,2}|[^\W\d_]{3,10}\.?)[-./月 ,](?:de )?\s?\d{1,4}|[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})", ("born", "birth", "dob", "d.o.b", "nac", "né", "gebor", "geb.", "geburt", "nat", "nasci", "geboorte", "urodz", "родил", "doğum", "出生", "生年"), needs="digit"),
    *(_compiled("address", form, hints, needs="digit") for form, hints in _ADDRESSES),
    _digits("phone", r"(?<![\w.\-/])(?:\+|\()?\d[\d \u00a0().\-/]{5,19}\d(?:,? ?(?:ext|extension|durchwahl|poste|interno|доб)\.? ?\d{1,5})?(?![\w\-/])", is_phone),
    _compiled("handle", r"(?<![\w@/.+-])@[A-Za-z_][\w.]{1,29}\w", ("@",), is_handle),
    _compiled("handle", r"(?<![\w/])(?:/?u/[A-Za-z][\w-]{2,20}|[A-Za-z][\w.]{2,31}#\d{4})\b", ("u/", "#")),
    _folded("handle", r"\b(?:user ?name|handle|login|gamertag|discord|telegram|snapchat|skype|nutzername|usuario|identifiant)\b(?: is|:| =|=| es| ist| est)\s*[\"']?(?P<private>[\w.-]*[\d_.][\w.-]*\w)", ("user", "handle", "login", "gamertag", "discord", "telegram", "snapchat", "skype", "usuario", "identifiant")),
    _folded("handle", r"(?:/home/|/users/|\\users\\|\\\\users\\\\)(?P<private>[\w.-]{2,})", ("/home/", "users")),
    PrivatePattern("secret", re.compile(r"(?<![\w/.-])[A-Za-z0-9_\-]{28,}(?![\w.-])"), (), is_mixed),
    PrivatePattern("secret", re.compile(r"(?<![\w/.-])[a-f0-9]{32,}(?![\w.-])"), ()),
)  # fmt: skip
