"""Made-up private details that cannot belong to anyone, with valid check digits where the kind has them.

Telephone numbers lie in ranges kept free for fiction, mail addresses in the reserved example domains, network
addresses in the documentation blocks, IBANs carry the bank code TEST, card numbers start like a test card, social
security numbers with a 9 that is never given out, and surnames are put together from syllables.
"""

import random
import string
from collections.abc import Callable, Mapping
from typing import Final

from pipelines.sample.conversation import PrivateString
from pipelines.sample.draws import capital

KINDS: Final = ("name", "email", "phone", "address", "iban", "card", "id", "secret", "ip", "handle")
People = Mapping[str, tuple[str, ...]]


def _digits(rng: random.Random, count: int) -> str:
    """A run of random digits."""
    return f"{rng.randrange(10**count):0{count}d}"


def _surname(rng: random.Random, people: People) -> str:
    """A surname of two syllable groups."""
    return rng.choice(people["start"]) + rng.choice(people["end"])


def _name(rng: random.Random, people: People) -> str:
    """First name and invented surname."""
    return f"{rng.choice(people['first'])} {_surname(rng, people)}"


def _email(rng: random.Random, people: People) -> str:
    """An address in a domain reserved for examples."""
    first, last = rng.choice(people["first"]).lower(), _surname(rng, people).lower()
    local = rng.choice((f"{first}.{last}", f"{first[0]}.{last}{_digits(rng, 2)}", f"{last}_{first}"))
    return f"{local}@{rng.choice(people['mail'])}"


def _phone(rng: random.Random, people: People) -> str:
    """A number from a range that no one is given: 555-01xx, and the British, German and French fiction ranges."""
    area = rng.choice(
        ("212", "312", "415", "206", "617", "305", "503", "702", "214", "404", "303", "612", "919", "504")
    )
    return rng.choice(
        (
            f"({area}) 555-01{_digits(rng, 2)}",
            f"+1 {area} 555 01{_digits(rng, 2)}",
            f"{area}-555-01{_digits(rng, 2)}",
            f"+44 20 7946 0{_digits(rng, 3)}",
            f"+49 30 23125 {_digits(rng, 3)}",
            f"+33 1 99 00 {_digits(rng, 2)} {_digits(rng, 2)}",
        )
    )


def _address(rng: random.Random, people: People) -> str:
    """A street address in an invented town."""
    street = f"{rng.randrange(2, 980)} {rng.choice(people['street'])} {rng.choice(people['way'])}"
    return f"{street}, {rng.choice(people['town'])}"


def _iban(rng: random.Random, people: People) -> str:
    """A British or Irish account number of the bank TEST with valid check digits (ISO 13616, modulo 97)."""
    country, account = rng.choice(("GB", "IE")), "TEST" + _digits(rng, 14)
    number = "".join(str(int(letter, 36)) for letter in account + country + "00")
    whole = f"{country}{98 - int(number) % 97:02d}{account}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def _card(rng: random.Random, people: People) -> str:
    """A sixteen digit number after 4000 00, valid by Luhn's formula."""
    body = "400000" + _digits(rng, 9)
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(body))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    whole = body + str(-total % 10)
    return " ".join(whole[start : start + 4] for start in range(0, 16, 4))


def _id(rng: random.Random, people: People) -> str:
    """A number in the form of a social security number, with an area number that is never given out."""
    return f"9{_digits(rng, 2)}-{rng.randrange(10, 50)}-{_digits(rng, 4)}"


def _secret(rng: random.Random, people: People) -> str:
    """A key that says it is a demonstration, or a password of words and digits."""
    letters = string.ascii_letters + string.digits
    if rng.random() < 0.6:
        return "sk-demo-" + "".join(rng.choices(letters, k=28))
    return f"{rng.choice(people['word'])}{_digits(rng, 3)}!{rng.choice(people['word'])}{_digits(rng, 2)}"


def _ip(rng: random.Random, people: People) -> str:
    """An address of the blocks kept for documentation (RFC 5737)."""
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(10, 250)}"


def _handle(rng: random.Random, people: People) -> str:
    """A user name on some platform."""
    return f"@{capital(rng.choice(people['word']).lower())}{_surname(rng, people)}_{_digits(rng, 2)}"


_MAKERS: Final[Mapping[str, Callable[[random.Random, People], str]]] = {
    "name": _name,
    "email": _email,
    "phone": _phone,
    "address": _address,
    "iban": _iban,
    "card": _card,
    "id": _id,
    "secret": _secret,
    "ip": _ip,
    "handle": _handle,
}


def make_private_string(kind: str, rng: random.Random, people: People) -> PrivateString:
    """Make up one private detail.

    Args:
        kind: One of `KINDS`.
        rng: Source of the choices.
        people: Name parts, streets, towns, mail domains and words to choose from.

    Raises:
        ValueError: The kind is unknown.
    """
    if kind not in _MAKERS:
        raise ValueError(f"expected a kind of {', '.join(KINDS)}, found {kind}")
    return PrivateString(kind, _MAKERS[kind](rng, people))
