"""Made-up private strings of every kind and language, and the sentences that carry them.

Check digits are computed where the kind has them, so that nothing here is anybody's number by more than chance. The
sentences are in `quality/private_carriers.toml`.
"""

# ruff: noqa: E501  (a list of forms is easier to check whole than wrapped)

import random
import string
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from stdnum import luhn, verhoeff
from stdnum.de import idnr
from stdnum.iso7064 import mod_97_10

CARRIERS: Final = Path(__file__).parent / "quality" / "private_carriers.toml"
LANGUAGES: Final = ("en", "de", "es", "fr", "pt", "it", "nl", "pl", "ru", "zh", "ja", "code")

_GIVEN: Final = {
    "en": "James Sarah Emily Marcus Priya Keisha Connor Bethany Tobin Ottilie Zadie Wendell",
    "de": "Jürgen Sabine Lukas Anke Heinrich Leonie Torben Wiebke Meinhard Gudrun Nele Detlef",
    "es": "Carlos Lucía Javier Ximena Rocío Ignacio Nerea Gonzalo Maite Iker Amparo Wilmer",
    "fr": "Étienne Céline Mathieu Élodie Thibault Maëlle Gaëtan Solange Loïc Ségolène Anaïs Yannick",
    "pt": "João Beatriz Tiago Larissa Gonçalo Letícia Mafalda Jandira Valdir Benedita Wesley Thaís",
    "it": "Giuseppe Chiara Lorenzo Ginevra Ilaria Davide Fiammetta Gaspare Ornella Tancredi Noemi Mirko",
    "nl": "Willem Femke Thijs Marieke Sanne Bram Jorrit Liesbeth Sjoerd Marloes Teun Nienke",
    "pl": "Paweł Agnieszka Krzysztof Zofia Wojciech Magdalena Bożena Grzegorz Halina Kacper Weronika Bartosz",
    "ru": "Иван Ольга Сергей Наталья Дмитрий Светлана Кирилл Людмила Артём Полина Глеб Ксения",
    "zh": "小明 丽华 志强 雪梅 子涵 建国 晓东 美玲 文博 佳怡 浩然 秀英",
    "ja": "太郎 花子 健一 美咲 大輔 直美 拓也 陽子 翔太 由美子 和也 恵",
}
_FAMILY: Final = {
    "en": "Pemberton Okafor Whitlock Ramaswamy Trevanion Hollis Brackenridge Nakamura Quigley Oyelaran",
    "de": "Wagenknecht Müller Schäfer Brandstetter Küppers Lohmann Zwickel Hagedorn",
    "es": "Echeverría Pérez Villalobos Zubizarreta Quintanilla Ibáñez Carmona Montenegro",
    "fr": "Dupont Lefèvre Beaumarchais Delacroix Guérin Vauquelin Rousselot Chastain",
    "pt": "Ferreira Albuquerque Teixeira Magalhães Nogueira Sardinha Figueiredo Carvalhal",
    "it": "Conti Bevilacqua Mastroianni Ferrari Santangelo Passalacqua Zuccari Lombardi",
    "nl": "Zomer Vermeulen Hoekstra Terpstra Dijkgraaf Schouten Wielinga Bosma",
    "pl": "Kowalski Wiśniewska Zieliński Szczepaniak Grabowska Pawlak Mazurkiewicz Lewandowska",
    "ru": "Смирнова Кузнецов Волков Лебедева Морозов Тихонова",
    "zh": "王 李 张 刘 陈 欧阳",
    "ja": "田中 佐藤 鈴木 高橋 渡辺 小林",
}
_STREETS: Final = {
    "en": ("{n} Alder Creek Road, Fernhollow", "{n} Wexcombe Lane", "{n} Tansy Street, Apt 4B, Millbrook, OR 97{n:03d}", "Flat 3, {n} Quarry Hill, Otley LS21 3AB", "{n} NW Juniper Ave."),
    "de": ("Ahornstraße {n}", "Am Kirchberg {n}, 37{n:03d} Neudorf", "Lange Gasse {n}", "Mühlenweg {n}a", "Bahnhofstr. {n}, 80331 München"),
    "es": ("Calle del Olivo {n}", "Avda. de la Constitución, {n}", "C/ San Blas {n}, 2º B", "Paseo de la Alameda {n}, 28014 Madrid", "Plaza Mayor, 1{n}"),
    "fr": ("{n} rue des Lilas", "{n} bis avenue Victor Hugo, 75016 Paris", "{n}, chemin du Moulin", "{n} impasse des Acacias", "{n} boulevard de la Liberté, 59000 Lille"),
    "pt": ("Rua das Flores, {n}", "Avenida da Liberdade {n}, 3º Esq.", "Travessa do Carmo {n}", "Rua Augusta, nº {n}", "Praça da República {n}, 4000-2{n:02d} Porto"),
    "it": ("Via Garibaldi {n}", "Viale dei Tigli, {n}", "Corso Vittorio Emanuele {n}", "Piazza del Popolo {n}, 00187 Roma", "Via delle Rose n. {n}"),
    "nl": ("Kerkstraat {n}", "Prinsengracht {n}-II", "Oude Dijk {n}, 1234 AB Edam", "Van Goghlaan {n}", "Molenweg {n} bis"),
    "pl": ("ul. Długa {n}", "ul. Jana Pawła II {n}/14", "Aleje Jerozolimskie {n}", "al. Niepodległości {n}, 02-5{n:02d} Warszawa", "os. Słoneczne {n}"),
    "ru": ("ул. Ленина, д. {n}, кв. 12", "проспект Мира {n}"),
    "zh": ("北京市朝阳区建国路{n}号", "上海市南京西路{n}弄5号302室"),
    "ja": ("東京都渋谷区神南1丁目{n}番3号", "大阪府大阪市北区梅田2-{n}-5"),
}  # fmt: skip
_PHONES: Final = {
    "en": ("({a}) 555-{d4}", "+1 {a}-555-{d4}", "{a}.555.{d4}", "07{d3} {d6}", "+44 7{d3} {d6}", "1-{a}-555-{d4}", "+44 20 7946 {d4}"),
    "de": ("030 {d8}", "+49 151 {d8}", "0170/{d7}", "089-{d6}", "0221 {d3} {d4}", "+49 (0)40 {d6}"),
    "es": ("6{d2} {d3} {d3}", "+34 6{d8}", "6{d2} {p2} {p2} {p2}", "91 {d3} {p2} {p2}"),
    "fr": ("06 {p2} {p2} {p2} {p2}", "+33 6 {p2} {p2} {p2} {p2}", "01.{p2}.{p2}.{p2}.{p2}", "07{d8}"),
    "pt": ("91{d7}", "+351 96{d1} {d3} {d3}", "(11) 9{d4}-{d4}", "21 {d3} {d4}"),
    "it": ("3{d2} {d7}", "+39 34{d1} {d3} {d4}", "06 {d8}", "02-{d7}"),
    "nl": ("06-{d8}", "+31 6 {d8}", "020 {d3} {d4}", "06 {p2} {p2} {p2} {p2}"),
    "pl": ("5{d2} {d3} {d3}", "+48 6{d2} {d3} {d3}", "22 {d3} {p2} {p2}", "6{d2}-{d3}-{d3}"),
    "ru": ("+7 9{d2} {d3}-{p2}-{p2}", "8 (9{d2}) {d3}-{p2}-{p2}"),
    "zh": ("138{d8}", "+86 139 {d4} {d4}"),
    "ja": ("090-{d4}-{d4}", "03-{d4}-{d4}"),
}  # fmt: skip


def _digits(rng: random.Random, count: int) -> str:
    """Digits of which the first is no zero."""
    return f"{rng.randrange(10 ** (count - 1), 10**count)}" if count else ""


def _people(language: str) -> str:
    return language if language in _GIVEN else "en"


def full_name(rng: random.Random, language: str) -> str:
    """Given and family name in the manner of the language."""
    given, family = (rng.choice(names[_people(language)].split()) for names in (_GIVEN, _FAMILY))
    return family + given if language in ("zh", "ja") else f"{given} {family}"


def _lower_name(rng: random.Random, language: str) -> str:
    given = rng.choice(_GIVEN[_people(language)].split()).lower()
    return given if rng.random() < 0.5 else f"{given} {rng.choice(_FAMILY[_people(language)].split()).lower()}"


def _ascii(text: str) -> str:
    return "".join(letter for letter in text.lower().translate(str.maketrans("éèêëáàâäóòöüúíïçñłśżźćąęãõ", "eeeeaaaaooouuiicnlszzcaeao")) if letter in string.ascii_lowercase)  # fmt: skip


def _email(rng: random.Random, language: str) -> str:
    latin = language if language in _GIVEN and language not in ("ru", "zh", "ja") else "en"
    given, family = (_ascii(rng.choice(names[latin].split())) for names in (_GIVEN, _FAMILY))
    local = rng.choice(
        (f"{given}.{family}", f"{family}{_digits(rng, 2)}", f"{given}_{family}+news", f"{given[0]}{family}")
    )
    return f"{local}@{rng.choice(('mail.example', 'example.org', 'post.example.co.uk', 'firma-west.example.de', 'uni.example.edu'))}"  # fmt: skip


def _phone(rng: random.Random, language: str) -> str:
    form = rng.choice(_PHONES.get(language, _PHONES["en"]))
    while "{" in form:
        name = form[form.index("{") + 1 : form.index("}")]
        value = {"a": lambda: rng.choice(("212", "415", "617", "303")), "p2": lambda: f"{rng.randrange(100):02d}"}.get(
            name, lambda count=name[1:]: _digits(rng, int(count))
        )()
        form = form.replace(f"{{{name}}}", value, 1)
    return form


def _card(rng: random.Random, language: str) -> str:
    body = rng.choice(("4", "51", "2221", "6011")) + _digits(rng, 15)
    whole = body[:15] + luhn.calc_check_digit(body[:15])
    return rng.choice((whole, " ".join(whole[place : place + 4] for place in range(0, 16, 4)), "-".join(whole[place : place + 4] for place in range(0, 16, 4))))  # fmt: skip


def _iban(rng: random.Random, language: str) -> str:
    country, length = {"de": ("DE", 18), "es": ("ES", 20), "nl": ("NL", 0), "pl": ("PL", 24), "fr": ("FR", 23), "it": ("IT", 0)}.get(language, ("DE", 18))  # fmt: skip
    body = (
        _digits(rng, length) if length else ("ABNA" + _digits(rng, 10) if country == "NL" else "X" + _digits(rng, 22))
    )
    whole = country + mod_97_10.calc_check_digits(body + country) + body
    return whole if rng.random() < 0.4 else " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))


def _weighted(digits: str, weights: tuple[int, ...], modulo: int) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % modulo


def _until(rng: random.Random, make: Callable[[], str | None]) -> str:
    while True:
        found = make()
        if found is not None:
            return found


def _id(rng: random.Random, language: str) -> str:
    makers: Mapping[str, Callable[[random.Random], str]] = {
        "de": _german_id, "es": _spanish_id, "fr": _french_id, "pt": _portuguese_id, "it": _italian_id, "nl": _dutch_id,
        "pl": _polish_id, "ru": _russian_id, "zh": _chinese_id, "ja": _japanese_id,
    }  # fmt: skip
    return makers.get(language, _english_id)(rng)


def _english_id(rng: random.Random) -> str:
    form = rng.randrange(3)
    if form == 0:
        return f"{rng.randrange(100, 666)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
    if form == 1:
        return f"{rng.choice('ABEHJL')}{rng.choice('BEHJK')}{_digits(rng, 6)}{rng.choice('ABCD')}"

    def nhs() -> str | None:
        body = _digits(rng, 9)
        check = 11 - _weighted(body, tuple(range(10, 1, -1)), 11)
        return None if check == 10 else f"{body[:3]} {body[3:6]} {body[6:]}{check % 11}"

    return _until(rng, nhs)


def _german_id(rng: random.Random) -> str:
    def tax() -> str | None:
        digits = rng.sample("123456789", 1) + rng.sample("0123456789", 9)
        digits[rng.randrange(1, 10)] = digits[0]
        body = "".join(digits)
        valid = [body + last for last in string.digits if idnr.is_valid(body + last)]
        return valid[0] if valid else None

    whole = _until(rng, tax)
    return whole if rng.random() < 0.5 else f"{whole[:2]} {whole[2:5]} {whole[5:8]} {whole[8:]}"


def _spanish_id(rng: random.Random) -> str:
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    number = rng.randrange(10_000_000, 99_999_999)
    if rng.random() < 0.3:
        return f"X{number % 10**7:07d}{letters[number % 10**7 % 23]}"
    return rng.choice(("{}{}", "{}-{}")).format(number, letters[number % 23])


def _french_id(rng: random.Random) -> str:
    body = f"{rng.choice('12')}{rng.randrange(40, 99)}{rng.randrange(1, 13):02d}{rng.randrange(10, 95)}{_digits(rng, 3)}{_digits(rng, 3)}"
    whole = f"{body}{97 - int(body) % 97:02d}"
    return whole if rng.random() < 0.5 else f"{whole[0]} {whole[1:3]} {whole[3:5]} {whole[5:7]} {whole[7:10]} {whole[10:13]} {whole[13:]}"  # fmt: skip


def _portuguese_id(rng: random.Random) -> str:
    if rng.random() < 0.5:
        body = "2" + _digits(rng, 7)
        check = 11 - _weighted(body, tuple(range(9, 1, -1)), 11)
        return f"{body}{0 if check > 9 else check}"
    body = _digits(rng, 9)
    for start in (10, 11):
        check = 11 - _weighted(body, tuple(range(start, 1, -1)), 11)
        body += str(0 if check > 9 else check)
    return rng.choice((body, f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"))


def _italian_id(rng: random.Random) -> str:
    letters = "".join(rng.choices("BCDFGLMNPRSTV", k=6))
    body = f"{letters}{rng.randrange(40, 99)}{rng.choice('ABCDEHLMPRST')}{rng.randrange(10, 28)}{rng.choice('ABCDEFGH')}{_digits(rng, 3)}"
    return body + rng.choice(string.ascii_uppercase)


def _dutch_id(rng: random.Random) -> str:
    def bsn() -> str | None:
        body = _digits(rng, 8)
        check = _weighted(body, tuple(range(9, 1, -1)), 11)
        return None if check == 10 else f"{body}{check}"

    return _until(rng, bsn)


def _polish_id(rng: random.Random) -> str:
    body = f"{rng.randrange(40, 99)}{rng.randrange(1, 13):02d}{rng.randrange(10, 28)}{_digits(rng, 4)}"
    return f"{body}{-_weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), 10) % 10}"


def _russian_id(rng: random.Random) -> str:
    return rng.choice((f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 3)} {_digits(rng, 2)}", _digits(rng, 12)))


def _chinese_id(rng: random.Random) -> str:
    body = f"{rng.choice(('110101', '310104', '440305'))}{rng.randrange(1950, 2005)}{rng.randrange(1, 13):02d}{rng.randrange(10, 28)}{_digits(rng, 3)}"
    return body + "10X98765432"[_weighted(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), 11)]


def _japanese_id(rng: random.Random) -> str:
    body = _digits(rng, 11)
    return " ".join((body + verhoeff.calc_check_digit(body))[place : place + 4] for place in (0, 4, 8))


def _address(rng: random.Random, language: str) -> str:
    return rng.choice(_STREETS.get(language, _STREETS["en"])).format(n=rng.randrange(2, 99))


def _secret(rng: random.Random, language: str) -> str:
    mixed = string.ascii_letters + string.digits

    def run(count: int, letters: str = mixed) -> str:
        return "".join(rng.choices(letters, k=count - 4)) + "7aQ2"

    return rng.choice(
        (
            f"sk-proj-{run(32)}", f"ghp_{run(36)}", f"AKIA{run(16, string.ascii_uppercase + string.digits).upper()}",
            f"xoxb-{_digits(rng, 11)}-{run(24)}", f"AIza{run(35)}", f"eyJ{run(20)}.eyJ{run(40)}.{run(30)}", run(40),
            f"glpat-{run(20)}", f"SG.{run(22)}.{run(40)}", "".join(rng.choices("0123456789abcdef", k=40)),
            f"postgresql://app:{run(12)}@db.example:5432/prod", f"-----BEGIN PRIVATE KEY-----\n{run(64)}\n{run(64)}\n-----END PRIVATE KEY-----",
            f"Server=tcp:db.example;User Id=app;Password={run(14)};", f"whsec_{run(32)}", f"pypi-{run(60)}",
        )
    )  # fmt: skip


def _password(rng: random.Random, language: str) -> str:
    word = rng.choice(("Sommer", "Tigre", "sunshine", "Rover", "Katze", "dragon"))
    return rng.choice((f"{word}{_digits(rng, 4)}!", f"{word}-{_digits(rng, 2)}-{word[::-1]}", f"{word.lower()}{_digits(rng, 3)}", f"{word[0]}9${word[::-1]}{_digits(rng, 2)}"))  # fmt: skip


def _url(rng: random.Random, language: str) -> str:
    user = f"{_ascii(rng.choice(_GIVEN['en'].split()))}{_digits(rng, 3)}"
    return rng.choice(
        (
            f"https://app.example.com/users/{user}/edit", f"https://example.org/reset?token={user}xyz{_digits(rng, 5)}",
            f"https://www.linkedin.com/in/{user}", f"https://github.com/{user}/notes", f"http://{user}:pw{_digits(rng, 4)}@files.example.net/x",
            f"https://drive.google.com/file/d/{user}/view", f"https://example.com/~{user}/cv.html", f"https://shop.example/orders?email={user}%40mail.example",
        )
    )  # fmt: skip


def _handle(rng: random.Random, language: str) -> str:
    user = f"{_ascii(rng.choice(_GIVEN['en'].split()))}_{_ascii(rng.choice(_FAMILY['en'].split()))}{_digits(rng, 2)}"
    return f"@{user}"


def _ip(rng: random.Random, language: str) -> str:
    if rng.random() < 0.2:
        return f"2001:db8:{rng.randrange(4096, 65535):x}:{rng.randrange(4096, 65535):x}::{rng.randrange(16, 255):x}"
    return f"{rng.randrange(23, 220)}.{rng.randrange(20, 250)}.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"


MAKERS: Final[Mapping[str, Callable[[random.Random, str], str]]] = {
    "name": full_name, "name_lower": _lower_name, "email": _email, "phone": _phone, "card": _card, "iban": _iban, "id": _id,
    "address": _address, "secret": _secret, "password": _password, "url": _url, "handle": _handle, "ip": _ip,
}  # fmt: skip


@cache
def carriers() -> Mapping[str, Mapping[str, list[str]]]:
    """Sentences per kind and language; the kind `public` holds sentences that nothing must change."""
    found: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(CARRIERS.read_text(encoding="utf-8"))
    return found


def make_string(rng: random.Random, kind: str, language: str) -> str:
    """Make up one private string.

    Args:
        rng: Source of the choices.
        kind: A key of `MAKERS`.
        language: One of `LANGUAGES`.
    """
    return MAKERS[kind](rng, language)
