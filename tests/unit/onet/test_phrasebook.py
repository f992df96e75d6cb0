import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from onet_example import shared_data

from onet.phrasebook import OCCUPATION_SCHEMA, PHRASEBOOK_SCHEMA, read_occupation_requests, read_phrasebook
from onet.release import load_release

IDS = Path(__file__).with_name("intermediate_activities.txt")
SCRIPTS = {
    "zh": r"\p{Han}",
    "ja": r"[\p{Hiragana}\p{Katakana}]",
    "ko": r"\p{Hangul}",
    "ru": r"\p{Cyrillic}",
    "ar": r"\p{Arabic}",
    "hi": r"\p{Devanagari}",
}
LATIN = {"en", "de", "es", "fr", "pt", "it", "nl", "pl", "tr"}
MAJOR_LANGUAGES = ("de", "es", "fr", "pt", "zh", "ja")
FUNCTION_WORDS = re.compile(r"of|or|to|and|the|for|in|on|with|from|by|others?|an?|as|at|into|their|such|its|is|are")
ENDING = re.compile(r"(ations?|ings?|ions?|ers?|ors?|ies|es|ed|s|e|y)$")


def content_stems(text: str) -> set[str]:
    words = (word for word in re.findall(r"[a-z]{3,}", text.lower()) if not FUNCTION_WORDS.fullmatch(word))
    return {ENDING.sub("", word) for word in words}


@pytest.fixture(scope="module")
def book() -> pl.DataFrame:
    return read_phrasebook()


def test_the_phrasebook_has_its_form(book: pl.DataFrame) -> None:
    assert dict(book.schema) == PHRASEBOOK_SCHEMA
    assert book.null_count().row(0) == (0,) * 6
    assert book.equals(book.sort(book.columns))
    assert book["iwa_id"].str.contains(r"^4\.A\.\d\.[a-d]\.\d\.I\d\d$").all()
    assert (book["dwa_id"].str.head(len("4.A.1.a.1.I01")) == book["iwa_id"]).all()
    assert set(book["style"]) == {"terse", "chatty"}
    assert book["writer"].str.contains(r"^[a-z]$").all()
    requests = book["request"]
    assert (requests == requests.str.strip_chars()).all()
    assert not requests.str.contains(r".{251}").any()
    assert not requests.str.contains(r"@|https?:|\d{6}").any()


def test_no_request_stands_twice(book: pl.DataFrame) -> None:
    bare = book["request"].str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    assert bare.n_unique() == book.height


def test_every_activity_has_requests_of_several_writers(book: pl.DataFrame) -> None:
    writers = book.filter(language="en").group_by("dwa_id").agg(pl.col("writer").n_unique())
    assert writers.height == book["dwa_id"].n_unique()
    assert (writers["writer"] >= 3).sum() >= 2_082


def test_the_requests_from_occupations_have_their_form(book: pl.DataFrame) -> None:
    asked = read_occupation_requests()
    assert dict(asked.schema) == OCCUPATION_SCHEMA
    assert asked.equals(asked.sort(asked.columns))
    assert asked["onet_soc_code"].str.contains(r"^\d\d-\d{4}\.\d\d$").all()
    assert asked.group_by("onet_soc_code").len()["len"].min() >= 7
    assert not asked["request"].str.contains(r"@|https?:|\d{6}|.{401}").any()
    assert not set(asked["writer"]) & set(book["writer"])
    bare = asked["request"].str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    assert bare.n_unique() == asked.height


def test_every_intermediate_activity_has_ten_requests_of_several_languages(book: pl.DataFrame) -> None:
    counts = book.group_by("iwa_id").agg(
        english=(pl.col("language") == "en").sum(), foreign=(pl.col("language") != "en").sum()
    )
    assert set(counts["iwa_id"]) == set(IDS.read_text().split())
    assert counts.filter((pl.col("english") < 7) | (pl.col("foreign") < 3)).is_empty()


def test_the_languages_are_spread_and_written_in_their_script(book: pl.DataFrame) -> None:
    counts = Counter(book["language"])
    assert set(counts) == LATIN | set(SCRIPTS)
    assert min(counts[language] for language in MAJOR_LANGUAGES) >= 60
    for language, script in SCRIPTS.items():
        assert book.filter(pl.col("language") == language)["request"].str.contains(script).all()
    other_scripts = "|".join(SCRIPTS.values())
    assert not book.filter(pl.col("language").is_in(LATIN))["request"].str.contains(other_scripts).any()


def test_the_requests_avoid_the_words_of_the_titles_of_29_1(book: pl.DataFrame) -> None:
    activities = load_release(shared_data() / "onet" / "db_29_1_text.zip").activities
    titles = dict(activities.select("activity_id", "title").iter_rows())
    for level in ("iwa", "dwa"):
        assert set(book[f"{level}_id"]) == set(activities.filter(activity_level=level)["activity_id"])
    shared = [
        len(content_stems(request) & (content_stems(titles[dwa_id]) | content_stems(titles[iwa_id])))
        for iwa_id, dwa_id, request in book.filter(language="en").select("iwa_id", "dwa_id", "request").iter_rows()
    ]
    assert max(shared) <= 1
    assert sum(shared) / len(shared) < 0.35
