"""Names in a request in scripts without capitals, by lists and by what stands beside them."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from clio_lite.definition_files import read_definition
from clio_lite.word_frequency import word_frequency

MARK: Final = "[name]"


@cache
def name_words(section: str, name: str) -> frozenset[str]:
    """A list of `definitions/request_names.toml`.

    Args:
        section: Its table.
        name: Its key.
    """
    return frozenset(read_definition("request_names.toml")[section][name].split())


def hide_script_names(sentence: str, language: str | None) -> str:
    """Replace names in Chinese, Korean, Arabic, Persian or Hindi by the mark of redaction.

    Args:
        sentence: A redacted sentence.
        language: ISO 639-1 code; of another language the sentence stays as it is.
    """
    hide = _SCRIPTS.get(language or "en")
    return sentence if hide is None else hide(sentence)


def _without_chinese(sentence: str) -> str:
    """Family name and one or two characters, where somebody is written for or to."""
    surnames = "|".join(sorted(name_words("families", "chinese"), key=lambda word: (-len(word), word)))
    pattern = re.compile(
        rf"(?<=[帮给替为向跟和与对叫问请])(?P<name>(?:{surnames})[\u4e00-\u9fff]{{1,2}})(?=老师|先生|女士|医生|经理|[写做拟起准发打道说的回，,。、在]|$)"
    )
    return pattern.sub(lambda match: MARK if word_frequency(match["name"], "zh") < 2.9 else match[0], sentence)


def _without_korean(sentence: str) -> str:
    """Family name and two syllables before a particle of address."""
    surnames = "".join(sorted(name_words("families", "korean")))
    pattern = re.compile(
        rf"(?<![가-힣])(?P<name>[{surnames}][가-힣]{{2}})(?=\s?(?:씨|님|에게|한테|께|과장|부장|대리|선생))"
    )
    return pattern.sub(lambda match: MARK if word_frequency(match["name"], "ko") < 3.3 else match[0], sentence)


def _without_listed(script: str, form: str) -> Callable[[str], str]:
    """Listed given names of a script, with a family name of the form that follows."""

    def without(sentence: str) -> str:
        names = "|".join(sorted(name_words("scripts", script), key=lambda word: (-len(word), word)))
        return re.sub(rf"(?<![\w\u0900-\u097f])(?:{names})(?:{form})?(?![\w\u0900-\u097f])", MARK, sentence)

    return without


_SCRIPTS: Final[dict[str, Callable[[str], str]]] = {
    "zh": _without_chinese,
    "ko": _without_korean,
    "ar": _without_listed("arabic", r"\s+ال\w+"),
    "fa": _without_listed("arabic", r"\s+ال\w+"),
    "hi": _without_listed("devanagari", r"\s+[\u0900-\u097f]+(?=\s+(?:के|को|का|की|से|ने))"),
}
