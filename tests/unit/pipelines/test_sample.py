"""Claims about the generated conversations and the bundled sample."""

import itertools
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from stdnum import iban, luhn

from pipelines.errors import InputUnusableError
from pipelines.sample import SampleConversation, generate_conversations, write_sample
from pipelines.sample.pools import load_pools, with_article
from pipelines.settings import SAMPLE, STARTER, load_settings

PATTERNS = {"directive", "feedback_loop", "task_iteration", "learning", "validation", "none"}
RECORD_FIELDS = {"conversation_id", "user_id", "started_at", "model", "country", "messages"}


@pytest.fixture(scope="module")
def sample() -> list[SampleConversation]:
    return list(generate_conversations(600, seed=0))


@pytest.fixture(scope="module")
def many() -> list[SampleConversation]:
    return list(generate_conversations(2_000, seed=1, private_share=0.5))


def first_turn(one: SampleConversation) -> str:
    return one.record.messages[0].content


def texts(conversations: list[SampleConversation]) -> Iterator[str]:
    return (message.content for one in conversations for message in one.record.messages)


def test_the_bundled_sample_is_what_the_generator_makes(tmp_path: Path) -> None:
    summary = write_sample(600, seed=0, out=tmp_path / "made.jsonl")
    assert (tmp_path / "made.jsonl").read_bytes() == (SAMPLE / "conversations.jsonl").read_bytes()
    assert summary.conversation_count == 600


def test_every_record_has_our_own_fields_and_alternating_turns(sample: list[SampleConversation]) -> None:
    for one in sample:
        line = one.record.to_json()
        assert set(line) <= RECORD_FIELDS
        assert {"conversation_id", "model", "messages"} <= set(line)
        roles = [message.role for message in one.record.messages]
        assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
        assert len(roles) >= 2
        assert all(message.content.strip() for message in one.record.messages)
        assert one.record.started_at is None or re.fullmatch(r"2026-10-\d\dT\d\d:\d\d:\d\dZ", one.record.started_at)


def test_all_major_groups_patterns_use_cases_and_eight_languages_occur(sample: list[SampleConversation]) -> None:
    truths = [one.truth for one in sample]
    civilian = {f"{group}" for group in range(11, 55, 2)}
    assert {truth.soc_major_group for truth in truths if truth.is_occupational} == civilian
    assert {truth.collaboration_pattern for truth in truths} == PATTERNS
    assert {truth.use_case for truth in truths} == {"work", "coursework", "personal"}
    languages = Counter(truth.language for truth in truths)
    assert set(languages) == {"en", "es", "fr", "de", "pt", "it", "nl", "zh"}
    assert 0.75 <= languages["en"] / 600 <= 0.87
    assert 0.10 <= sum(not truth.is_occupational for truth in truths) / 600 <= 0.20


def test_every_pattern_has_its_share(sample: list[SampleConversation]) -> None:
    counts = Counter(one.truth.collaboration_pattern for one in sample if one.truth.is_occupational)
    assert all(counts[pattern] >= 30 for pattern in PATTERNS - {"none"})


def test_many_accounts_write_little_and_one_writes_more_than_thirty(sample: list[SampleConversation]) -> None:
    accounts = Counter(one.record.user_id for one in sample if one.record.user_id)
    (_, most), (_, second) = accounts.most_common(2)
    assert len(accounts) >= 200
    assert most > 30
    assert second < 20
    assert sum(one.record.user_id is None for one in sample) >= 3
    assert sum(one.record.started_at is None for one in sample) >= 3


def test_enough_tasks_pass_the_thresholds_of_the_sample_settings(sample: list[SampleConversation]) -> None:
    settings = load_settings(config=str(SAMPLE / "config.toml"))
    accounts: dict[str, list[str]] = defaultdict(list)
    for one in sample:
        if one.truth.is_occupational and one.record.user_id:
            accounts[one.truth.task_ids[0]].append(one.record.user_id)
    passing = [
        task
        for task, users in accounts.items()
        if len(users) >= settings.min_conversations and len(set(users)) >= settings.min_accounts
    ]
    assert len(passing) >= 40
    assert (settings.min_text_conversations, settings.min_text_accounts) == (5, 3)


def test_truth_names_tasks_of_the_starter_catalogue(sample: list[SampleConversation]) -> None:
    rows = (STARTER / "Task Statements.txt").read_text(encoding="utf-8").splitlines()[1:]
    occupation_of = {row.split("\t")[1]: row.split("\t")[0] for row in rows}
    for one in sample:
        truth = one.truth
        assert set(truth.task_ids) <= set(occupation_of)
        assert bool(truth.task_ids) == truth.is_occupational == (truth.onet_soc_code is not None)
        if truth.onet_soc_code:
            assert truth.onet_soc_code in {occupation_of[task] for task in truth.task_ids}
            assert truth.soc_major_group == truth.onet_soc_code[:2]


def test_feedback_loops_go_back_and_forth_and_technical_ones_bring_errors(many: list[SampleConversation]) -> None:
    loops = [one for one in many if one.truth.collaboration_pattern == "feedback_loop"]
    assert all(sum(message.role == "user" for message in one.record.messages) >= 3 for one in loops)
    technical = [one for one in loops if one.truth.soc_major_group == "15" and one.truth.language == "en"]
    with_block = [one for one in technical if any("```" in one.record.messages[turn].content for turn in (2, 4))]
    assert len(with_block) >= len(technical) * 0.7


def test_validation_brings_the_users_own_work(many: list[SampleConversation]) -> None:
    for one in many:
        if one.truth.collaboration_pattern == "validation" and one.truth.language == "en":
            assert re.search(r"^(?:1\.|-) \S", first_turn(one), re.MULTILINE)


def test_coursework_and_personal_use_show_themselves_in_english(many: list[SampleConversation]) -> None:
    pools = load_pools(SAMPLE, STARTER)
    for use_case in ("coursework", "personal"):
        frames = [re.escape(frame) for frame in pools.frames[f"scenes.{use_case}"]]
        cue = re.compile("|".join(re.sub(r"\\\{\w+\\\}", ".+?", frame) for frame in frames), re.IGNORECASE)
        chosen = [
            one
            for one in many
            if one.truth.use_case == use_case and one.truth.is_occupational and one.truth.language == "en"
        ]
        assert len(chosen) > 50
        assert all(cue.search(first_turn(one)) for one in chosen)


def test_first_turns_are_unique_and_no_slot_stays_open(many: list[SampleConversation]) -> None:
    assert len({first_turn(one) for one in many}) > 0.98 * len(many)
    prose = [re.sub(r"```.*?```", "", text, flags=re.DOTALL) for text in texts(many)]
    broken = re.compile(r"\{\w+\}|<noun>|<nouns>|<n>|\.\.|,\.|\?\.|!\.| [,.;?!](?: |$)| {2}|\ba [aeio]\w+ manager")
    french = {one.record.conversation_id for one in many if one.truth.language == "fr"}
    assert french
    wrong = [text for text in prose if (found := broken.search(text)) and found[0].strip() not in ("?", "!", ";")]
    assert wrong == []


def test_conversations_of_one_task_do_not_read_alike(many: list[SampleConversation]) -> None:
    by_task: dict[str, list[set[str]]] = defaultdict(list)
    for one in many:
        if one.truth.is_occupational and one.truth.language == "en":
            by_task[one.truth.task_ids[0]].append(set(re.findall(r"\w+", first_turn(one).lower())))
    likeness = [
        len(left & right) / len(left | right)
        for words in by_task.values()
        for left, right in itertools.combinations(words[:12], 2)
    ]
    assert len(likeness) > 1_000
    assert sum(value < 0.6 for value in likeness) / len(likeness) > 0.98
    assert sum(likeness) / len(likeness) < 0.25


def test_replies_differ_and_say_something(many: list[SampleConversation]) -> None:
    replies = [one.record.messages[1].content for one in many if one.truth.is_occupational]
    assert len(set(replies)) > 0.9 * len(replies)
    english = [
        one.record.messages[1].content for one in many if one.truth.is_occupational and one.truth.language == "en"
    ]
    assert sorted(map(len, english))[len(english) // 20] > 100


def test_planted_details_stand_in_the_conversation_and_belong_to_no_one(many: list[SampleConversation]) -> None:
    kinds: Counter[str] = Counter()
    for one in many:
        spoken = "\n".join(message.content for message in one.record.messages if message.role == "user")
        for private in one.truth.private_strings:
            kinds[private.kind] += 1
            assert private.value in spoken
            if private.kind == "iban":
                assert iban.is_valid(private.value)
                assert private.value[5:9] == "TEST"
            elif private.kind == "card":
                assert luhn.is_valid(private.value.replace(" ", ""))
                assert private.value.startswith("4000 00")
            elif private.kind == "email":
                assert re.search(r"@(?:mail\.)?example\.(?:com|org|net)$", private.value)
            elif private.kind == "id":
                assert re.fullmatch(r"9\d\d-[1-4]\d-\d{4}", private.value)
            elif private.kind == "phone":
                assert re.search(r"555[ -]01\d\d$|7946 0\d{3}$|23125 \d{3}$|1 99 00 \d\d \d\d$", private.value)
    assert set(kinds) == {"name", "email", "phone", "address", "iban", "card", "id", "secret", "ip", "handle"}
    assert 0.45 < sum(bool(one.truth.private_strings) for one in many) / len(many) < 0.55


def test_planted_details_are_spread_over_accounts(many: list[SampleConversation]) -> None:
    accounts: dict[str, set[str | None]] = defaultdict(set)
    for one in many:
        for private in one.truth.private_strings:
            accounts[private.value].add(one.record.user_id)
    assert max(map(len, accounts.values())) <= 4


def test_accounts_persist_over_months_and_conversations_do_not() -> None:
    october = list(generate_conversations(200, seed=4, month="2026-10"))
    november = list(generate_conversations(200, seed=4, month="2026-11"))
    assert {one.record.user_id for one in october} & {one.record.user_id for one in november}
    assert not {one.record.conversation_id for one in october} & {one.record.conversation_id for one in november}


def test_files_hold_one_line_per_conversation_and_no_partial_file_remains(tmp_path: Path) -> None:
    out, truth = tmp_path / "deep" / "made.jsonl", tmp_path / "truth.jsonl"
    summary = write_sample(40, seed=2, out=out, truth=truth, private_share=1)
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    truths = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    assert [one["conversation_id"] for one in records] == [one["conversation_id"] for one in truths]
    assert summary.occupational_count == sum(one["is_occupational"] for one in truths)
    assert summary.private_string_count == sum(len(one["private_strings"]) for one in truths) >= 40
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["made.jsonl", "truth.jsonl"]


@pytest.mark.parametrize(("count", "month", "share"), [(-1, "2026-10", 0.1), (1, "2026-13", 0.1), (1, "2026-10", 1.5)])
def test_impossible_wishes_are_refused_before_anything_is_made(count: int, month: str, share: float) -> None:
    with pytest.raises(ValueError, match="expected a count"):
        generate_conversations(count, seed=0, month=month, private_share=share)


def test_a_missing_phrase_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputUnusableError, match=r"dialogue\.toml.*restore data/sample"):
        load_pools(tmp_path, STARTER)
    with pytest.raises(InputUnusableError, match="restore data/starter"):
        load_pools(SAMPLE, tmp_path)
    (tmp_path / "dialogue.toml").write_text("[broken", encoding="utf-8")
    with pytest.raises(InputUnusableError, match="correct the file"):
        load_pools(tmp_path, STARTER)


def test_phrases_of_another_catalogue_are_refused(tmp_path: Path) -> None:
    for name in ("Occupation Data.txt", "Alternate Titles.txt", "Task Statements.txt"):
        header = (STARTER / name).read_text(encoding="utf-8").splitlines()[0]
        (tmp_path / name).write_text(f"{header}\n", encoding="utf-8")
    with pytest.raises(InputUnusableError, match=r"2919|unknown task ids"):
        load_pools(SAMPLE, tmp_path)


def test_every_subject_in_another_language_belongs_to_a_task() -> None:
    pools = load_pools(SAMPLE, STARTER)
    tables = tomllib.loads((SAMPLE / "languages.toml").read_text(encoding="utf-8"))
    subjects = [subject["task"] for table in tables["language"] for subject in table["subject"]]
    assert set(subjects) <= set(pools.by_task)
    assert set(pools.cases) <= set(pools.by_task)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Branch Manager", "a branch manager"),
        ("Event Coordinator", "an event coordinator"),
        ("HR Generalist", "an HR generalist"),
        ("WordPress Developer", "a WordPress developer"),
        ("User Assistance Writer", "a user assistance writer"),
        ("PTA", "a PTA"),
        ("High School English Teacher", "a high school English teacher"),
    ],
)
def test_titles_get_their_article(title: str, expected: str) -> None:
    assert with_article(title) == expected
