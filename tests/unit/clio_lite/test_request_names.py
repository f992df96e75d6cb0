"""What of a request is taken for a name, and what is not."""

import time

import pytest

from clio_lite.request_names import hide_names
from clio_lite.requests import extract_request
from clio_lite.word_frequency import has_list, word_frequency

NAMES = [
    ("en", "Write a card for Gwenhwyvar", "Gwenhwyvar"),
    ("en", "Ask Mark whether he can come", "Mark"),
    ("en", "Write a reference for Hope, my cleaner", "Hope"),
    ("en", "my boss nkechi keeps moving deadlines", "nkechi"),
    ("en", "is vesna todorovska right about the tax", "todorovska"),
    ("en", "Draft minutes where [name] agrees with Olamide", "Olamide"),
    ("en", "Write a review reply for Szymborska & Sons Joinery in Ullapool", "Ullapool"),
    ("en", "Explain this: TODO(bergqvist): clear the cache", "bergqvist"),
    ("en", "Vasylyna needs a reference letter", "Vasylyna"),
    ("de", "Schreibe ein Zeugnis für Frau Hölzlwimmer", "Hölzlwimmer"),
    ("fr", "Écris un message pour Gwendal", "Gwendal"),
    ("pl", "Napisz list do Zdzisławy", "Zdzisławy"),
    ("ru", "Составь поздравление для Аграфены Ильиничны", "Аграфены"),
    ("zh", "帮李建军写一封信", "李建军"),
    ("ko", "최은지에게 보낼 편지를 써 줘", "최은지"),
    ("ar", "اكتب رسالة إلى خالد العتيبي", "خالد"),
    ("hi", "राजेश वर्मा के लिए पत्र लिखो", "राजेश"),
    ("el", "Γράψε ένα γράμμα για τον Θανάση Παπαδόπουλο", "Παπαδόπουλο"),
]
PLAIN = [
    ("en", "Compare Kubernetes with Terraform and NumPy for a Fender Stratocaster shop in Lisbon"),
    ("en", "Explain the Krebs cycle, Newton's second law and the Chi-square test"),
    ("en", "Write a poem about a rose in May, when Will they vote"),
    ("en", "Write a fix for getUserName in /home/app and the LLMs of OpenAI using Fivetran"),
    ("de", "Schreibe eine Stellenanzeige und erkläre die Kurvendiskussion für den Halbmarathon"),
    ("fr", "Résume la Révolution française pour un appartement à Nice"),
    ("zh", "给高中生写一个计划"),
    ("hi", "परिवार परामर्श में जेनोग्राम क्या है"),
]


@pytest.mark.parametrize(("language", "request_text", "name"), NAMES)
def test_a_rare_word_that_stands_like_a_name_is_hidden(language, request_text, name):
    hidden = hide_names(request_text, language)
    assert name not in hidden
    assert "[name]" in hidden


@pytest.mark.parametrize(("language", "request_text"), PLAIN)
def test_words_of_the_task_stay(language, request_text):
    assert hide_names(request_text, language) == request_text


@pytest.mark.parametrize(
    ("turn", "request_text"),
    [
        ("Write a note about REQ-88-201934 for the file.", "Write a note about an identifier for the file"),
        ("Explain ISO 27001 and CVE-2021-44228 to a client.", "Explain ISO 27001 and CVE-2021-44228 to a client"),
        ("Plan the years 2019-2024 in 500x500 squares.", "Plan the years 2019-2024 in 500x500 squares"),
        ("Write a cheque over 88 214 903 for the builder.", "Write a cheque over a number for the builder"),
    ],
)
def test_long_numbers_go_and_standards_years_and_measures_stay(turn, request_text):
    assert extract_request([turn], "en") == request_text


def test_frequencies_are_on_the_zipf_scale_and_absent_words_have_none():
    assert word_frequency("The", "en") > 7 > word_frequency("plumber", None) > 3
    assert word_frequency("qwzzkx", "en") == 0
    assert word_frequency("haus", "xx") == 0
    assert has_list("de")
    assert not has_list("xx")
    assert hide_names("Ask Zorgblat", "xx") == "Ask Zorgblat"


def test_a_word_of_many_known_words_costs_little():
    started = time.process_time()
    for word in ("Mannschaft" * 7 + "qxqx", "Mannschaft" * 300 + "qxqx"):
        hide_names(f"Schreibe einen Brief über {word}", "de")
    assert time.process_time() - started < 5  # before, it doubled with every second word
