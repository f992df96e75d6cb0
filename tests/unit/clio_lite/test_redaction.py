"""Redaction: what is private goes, by kind; what is not stays; names found once go everywhere in the conversation."""

# ruff: noqa: E501  (one case a line)

import time
import tomllib
from datetime import UTC, datetime
from importlib import resources

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clio_lite.redaction import redact_conversations, redact_text, redact_texts
from clio_lite.tables import Conversation, RedactedConversation

PRIVATE = [
    ("write to m.quint@mail.example soon", "m.quint@mail.example", "email"),
    ("mail me: jo (at) example (dot) org", "jo (at) example (dot) org", "email"),
    ("call +44 20 7946 0958 now", "+44 20 7946 0958", "phone"),
    ("my cell is (212) 555-0188.", "(212) 555-0188", "phone"),
    ("Tel. 030 1234567 abends", "030 1234567", "phone"),
    ("电话13812345678谢谢", "13812345678", "phone"),
    ("card 4111 1111 1111 1111 exp 10/27", "4111 1111 1111 1111", "card"),
    ("IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", "iban"),
    ("SSN 078-05-1120", "078-05-1120", "id"),
    ("CPF 529.982.247-25", "529.982.247-25", "id"),
    ("mi DNI es 12345678Z", "12345678Z", "id"),
    ("NINO AB 12 34 56 C", "AB 12 34 56 C", "id"),
    ("passport number is X1234567", "X1234567", "id"),
    ("server at 81.2.69.142 is down", "81.2.69.142", "ip"),
    ("see https://example.com/reset?token=abc123def", "https://example.com/reset?token=abc123def", "url"),
    ("postgres://bob:pw12345@db.example/x", "bob:pw12345", "url"),
    ("key sk-abc123DEF456ghi789jkl here", "sk-abc123DEF456ghi789jkl", "secret"),
    ("AWS AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE", "secret"),
    ("password: Hunter2!x", "Hunter2!x", "secret"),
    ("ping me @john_doe99 later", "@john_doe99", "handle"),
    ("File /home/jsmith/app.py line 3", "jsmith", "handle"),
    ("born on 12/03/1985 in", "12/03/1985", "date"),
    ("at 48.85837, 2.29448 today", "48.85837, 2.29448", "location"),
    ("I live at 14 Maple Street, Springfield", "14 Maple Street", "address"),
    ("Adresse: Hauptstraße 12, 10115 Berlin", "Hauptstraße 12", "address"),
    ("12 rue de la Paix, 75002 Paris", "12 rue de la Paix", "address"),
    ("vivo en Calle Mayor 15", "Calle Mayor 15", "address"),
    ("My name is Marisol Quint.", "Marisol Quint", "name"),
    ("Dear Mr. Okonkwo,", "Okonkwo", "name"),
    ("Best regards,\nPiet Zomer", "Piet Zomer", "name"),
    ("me llamo Juan Pérez y", "Juan Pérez", "name"),
    ("Ich heiße Jürgen Müller", "Jürgen Müller", "name"),
    ("je m'appelle Hélène Dupont", "Hélène Dupont", "name"),
    ("mi chiamo Ginevra Conti", "Ginevra Conti", "name"),
    ("меня зовут Ольга Смирнова", "Ольга Смирнова", "name"),
    ("我叫王小明，", "王小明", "name"),
    ("私の名前は田中太郎です", "田中太郎", "name"),
    ("제 이름은 김민수입니다", "김민수", "name"),
    ("a mail from Priya Ramanathan yesterday", "Priya Ramanathan", "name"),
    ("my manager Xolani says no", "Xolani", "name"),
    ("the van with plate KT21 WPB blocks us", "KT21 WPB", "id"),
    ("Kennzeichen M-QX 3307 ist falsch", "3307", "id"),
    ("ticket REQ0071934 is open", "REQ0071934", "id"),
    ("Führerschein Nr. C084TTZ3K21", "C084TTZ3K21", "id"),
    ("flight confirmation XK2M9P", "XK2M9P", "id"),
    ("CF BNC GNN 77D55 F205 K", "GNN", "id"),
    ("nacida el 9 de mayo de 1971", "mayo", "date"),
    ("the password Vinter!2042 fails", "Vinter", "secret"),
    ("see gitlab.com/mipoulou/ledger for it", "ledger", "url"),
    ("call 212.555.0143 ext. 88 now", "88", "phone"),
    ("it goes to Flat 2, 31 Corbel Road, Leeds LS6 2QT today", "2QT", "address"),
    ("at 88 Willow Bend Dr, Tulsa, OK 74101", "Tulsa", "address"),
    ("a review for R. K. Ostrander in sales", "Ostrander", "name"),
    ("a card to the Wojtowicz family", "Wojtowicz", "name"),
    ("Nermin Hanım için yaz", "Nermin", "name"),
]
PUBLIC = [
    "In 2019-2020 revenue 1,234,567 rose 12.5 % from 2024-10-10; SOC 15-1252.00.",
    "@property\ndef total(self):\n    return sum(self.rows)",
    "token: str = None, max_tokens: 4096; password = get_password()",
    "version 1.2.3.4 on 127.0.0.1, see https://docs.python.org/3/library/re.html",
    "I am Looking for help with React Native in Visual Studio Code.",
    "The United States and New York have other rules.",
    "Dear Hiring Manager, Hi there, Hello Team",
]


@pytest.mark.parametrize(("text", "secret", "kind"), PRIVATE)
def test_a_private_string_gives_way_to_its_kind(text, secret, kind):
    redaction = redact_text(text)
    assert secret not in redaction.text
    assert f"[{kind}]" in redaction.text
    assert redaction.counts[kind] >= 1


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_not_private_stays(text):
    assert redact_text(text).text == text


def test_a_name_found_in_one_turn_goes_in_all_of_them():
    turns = redact_texts(["My name is Marisol Quint.", "Thanks, Marisol!", "QUINT is my surname"])
    assert [turn.text for turn in turns] == ["My name is [name].", "Thanks, [name]!", "[name] is my surname"]


@given(st.text(max_size=200))
def test_redaction_never_fails_and_counts_what_it_replaces(text):
    redaction = redact_text(text)
    assert (redaction.text == text) or sum(redaction.counts.values()) > 0


@pytest.mark.parametrize("text", [row[0] for row in PRIVATE])
def test_redacting_again_changes_nothing(text):
    once = redact_text(text).text
    assert redact_text(once).text == once


def _row(number, account):
    turns = [
        {"role": "user", "content": f"I'm Zanele{'x' * number}, mail z{number}@example.org"},
        {"role": "assistant", "content": "Hello"},
    ]
    return {
        "conversation_id": f"c{number}", "content_hash": str(number), "account_key": account, "has_account": account is not None,
        "started_at": datetime(2026, 10, 1, tzinfo=UTC), "has_date": True, "month": "2026-10", "model": None, "country": None,
        "source_format": "usage_index", "messages": turns,
    }  # fmt: skip


def test_no_conversation_is_dropped(tmp_path):
    rows = [_row(number, "a" if number < 4 else None) for number in range(6)]
    frame = Conversation.validate(pl.DataFrame(rows, schema=Conversation.create_empty().schema))
    table = redact_conversations(frame.lazy(), account_cap=2, seed=1, work_dir=tmp_path).collect()
    RedactedConversation.validate(table)
    assert table["conversation_id"].to_list() == [f"c{number}" for number in range(6)]
    assert table["is_counted"].sum() == 4
    assert table["redaction_count"].min() >= 2
    assert not table["messages"].explode().struct.field("content").str.contains("example.org|Zanele").any()
    assert table["user_turn_count"].to_list() == [1] * 6


def test_unsorted_conversations_are_refused(tmp_path):
    frame = pl.DataFrame([_row(number, None) for number in range(3)], schema=Conversation.create_empty().schema)
    with pytest.raises(ValueError, match="sorted"):
        redact_conversations(frame.reverse().lazy(), account_cap=2, seed=1, work_dir=tmp_path)


def test_no_conversation_gives_an_empty_table(tmp_path):
    empty = Conversation.create_empty().lazy()
    table = redact_conversations(empty, account_cap=2, seed=1, work_dir=tmp_path).collect()
    assert table.height == 0
    RedactedConversation.validate(table)


def test_the_words_of_the_names_heuristic_are_listed_once_and_could_match():
    text = (resources.files("clio_lite") / "definitions" / "name_signs.toml").read_text(encoding="utf-8")
    lists = tomllib.loads(text)
    words = [word for group in lists["not_names"].values() for word in group.split()]
    assert sorted(words) == sorted({word.lower() for word in words})
    for signs in lists["signs"].values():
        assert len(set(signs)) == len(signs)
        assert all(sign.strip() == sign != "" for sign in signs)


def test_many_words_for_a_number_without_a_number_cost_little():
    started = time.process_time()
    redact_text("1. " + "plate " * 30_000)
    assert time.process_time() - started < 10  # before, the square of the length: minutes
