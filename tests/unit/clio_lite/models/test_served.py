"""A model behind a service that misbehaves over real HTTP: every question is accounted for, and none is paid twice."""

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from misbehaving_model_server import MisbehavingServer, misbehaving_server
from model_example import PRIVATE, question, served

from clio_lite.errors import ModelUnusableError
from clio_lite.models import FAILURE_REASONS, BatchPlan, Limits, ModelUse, Prices, ReplyCache
from clio_lite.models.pace import Pace, retry_after_seconds
from clio_lite.models.served import MAX_FAILURES_IN_A_ROW

PROVIDERS = ("openai", "anthropic")
EXAMPLE = Path(__file__).parents[3] / "model_example.py"
# What the requests of a question meet, and what becomes of it with one more try.
OUTCOMES = {
    "good": None,
    "fenced": None,
    "429,good": None,
    "429-0.4,good": None,
    "500,good": None,
    "reset,good": None,
    "drip,good": None,
    "cutbody,good": None,
    "oddbody,good": None,
    "badjson,good": None,
    "wrongjson,good": None,
    "wrongenum,good": None,
    "empty,good": None,
    "cutoff,good": None,
    "refusal": "refused",
    "refusaltext": "refused",
    "filtered": "refused",
    "wrongenum": "bad_answer",
    "empty": "empty_answer",
    "cutoff": "cut_off",
    "toolong": "too_long",
    "413": "too_long",
    "400": "rejected",
    "429": "rate_limited",
    "500": "service_error",
    "reset": "service_error",
    "cutbody": "service_error",
    "drip": "timed_out",
}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "models" / "replies.sqlite"


def cached_questions(cache: Path) -> set[int]:
    """Numbers of the questions whose reply is on disk."""
    with ReplyCache(cache) as replies:
        rows = replies._connection.execute("SELECT conversation_id FROM subject JOIN reply USING (request_key)")
        return {int(name.rpartition("-")[2]) for (name,) in rows}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_question_is_accounted_for_and_what_arrived_is_never_asked_again(provider: str, cache: Path) -> None:
    asked = [question(number, script) for number, script in enumerate(OUTCOMES)]
    given = {"max_retries": 1, "timeout_seconds": 3.0, "max_concurrency": 14}
    with misbehaving_server() as server:
        # The client library's first call loads the rest of itself, which would count against the short time-out.
        served(provider, server.url, cache, timeout_seconds=60).ask([question(len(OUTCOMES))])
        server.log.sent.clear()
        model = served(provider, server.url, cache, **given)
        answers = model.ask(asked)
        assert [answer.key for answer in answers] == [item.key for item in asked]
        assert {script: answer.failure_reason for script, answer in zip(OUTCOMES, answers, strict=True)} == OUTCOMES
        for number, answer in enumerate(answers):
            assert (answer.value is None) == (answer.failure_reason is not None)
            if answer.value is not None:
                assert answer.value.number == number
        arrived = dict(server.log.sent)
        assert all(count <= 2 for count in arrived.values())
        assert arrived[0] == 1
        again = served(provider, server.url, cache, **given).ask(
            [item for item in asked if arrived.get(int(item.key[1:]))]
        )
        assert dict(server.log.sent) == arrived
        assert all(answer.is_cached and answer.input_tokens == 0 for answer in again)
        assert [(answer.value, answer.failure_reason) for answer in again] == [
            (answer.value, answer.failure_reason) for answer in answers if arrived.get(int(answer.key[1:]))
        ]
    (use,) = model.use_table().to_dicts()
    assert (
        use["question_count"]
        == len(OUTCOMES)
        == use["answered_count"] + sum(use[f"{r}_count"] for r in FAILURE_REASONS)
    )
    assert use["call_count"] == sum(arrived.values())
    assert use["input_token_count"] == 100 * sum(arrived.values()) == sum(answer.input_tokens for answer in answers)
    assert use["retried_count"] >= 10
    assert model.name == f"{provider}/m"


def test_a_request_waits_as_long_as_it_is_asked_to_and_so_do_all_others(cache: Path) -> None:
    provider = "openai"
    with misbehaving_server() as server:
        model = served(provider, server.url, cache, max_concurrency=1)
        model.ask([question(1, "429-1,good")])
        first, second = [at for _, _, at in server.log.received]
        assert second - first >= 1
        served(provider, server.url, cache, max_concurrency=2, max_retries=0).ask(
            [question(2, "429-1,good"), *(question(number) for number in range(3, 6))]
        )
        refused = next(at for number, _, at in server.log.received if number == 2)
        after = [at for _, _, at in server.log.received if at > refused + 0.2]
        assert after
        assert min(after) >= refused + 1


def test_the_limits_of_pace_and_concurrency_are_kept(cache: Path) -> None:
    with misbehaving_server(answer_seconds=0.1) as server:
        asked = [question(number, "good") for number in range(12)]
        served("openai", server.url, cache, max_concurrency=3, requests_per_minute=1200).ask(asked)
        times = [at for _, _, at in server.log.received]
        assert server.log.concurrent <= 3
        assert max(times) - min(times) >= 11 * 0.05


def test_a_pause_beyond_reason_is_not_kept_and_dates_count_from_the_servers_clock() -> None:
    pace = Pace(requests_per_minute=0, now=lambda: 5.0)
    pace.pause(100_000)
    assert pace._free_at == 0
    pace.pause(3)
    assert pace._free_at == 8
    date = {"date": "Mon, 23 Nov 2026 12:00:00 GMT", "retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}
    assert retry_after_seconds(httpx2.Response(429, headers=date)) == 30
    assert retry_after_seconds(httpx2.Response(429, headers={"retry-after": "soon"})) == 0
    assert retry_after_seconds(httpx2.Response(429, headers={"retry-after": "inf"})) == 0


@pytest.mark.parametrize(
    ("limits", "answered"),
    [
        (Limits(max_usd=0.00076), 5),
        (Limits(max_tokens=760), 5),
        (Limits(run_max_usd=0.00076), 3),
        (Limits(run_max_tokens=760), 3),
    ],
)
def test_the_spending_limit_stops_cleanly_and_keeps_what_was_paid(cache: Path, limits: Limits, answered: int) -> None:
    # A reply is 100 tokens read and 10 written, 0.00011 dollars; the estimate before it is sent is somewhat above that.
    given = {"prices": Prices(1.0, 1.0), "limits": limits, "max_concurrency": 2}
    asked = [question(number) for number in range(9)]
    with misbehaving_server() as server:
        served("openai", server.url, cache, prices=Prices(1.0, 1.0)).ask(
            [question(number, role="screen") for number in (91, 92)]
        )
        model = served("openai", server.url, cache, **given)
        answers = model.ask(asked)
        assert [answer.failure_reason for answer in answers].count(None) == answered
        assert {answer.failure_reason for answer in answers} == {None, "spending_limit"}
        assert sum(server.log.sent.values()) == answered + 2
        use = model.use_table().row(0, named=True)
        assert use["spending_limit_count"] == 9 - answered
        assert use["cost_usd"] == pytest.approx(answered * 0.00011)
        # A new start of the same run has no more money; another run has.
        again = served("openai", server.url, cache, **given).ask(asked)
        assert sum(answer.is_cached for answer in again) == answered
        assert sum(server.log.sent.values()) == answered + 2
        served("openai", server.url, cache, run="2026-11", prices=Prices(1.0, 1.0)).ask(asked)
        assert sum(server.log.sent.values()) == 9 + 2


def killed_process(server: MisbehavingServer, provider: str, cache: Path, *more: str, when: object) -> None:
    """Start a process that asks 40 questions and kill it when a condition holds."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(EXAMPLE), provider, server.url, str(cache), "40", *more]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not when() and time.monotonic() < deadline:  # type: ignore[operator]
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_a_killed_process_is_taken_up_without_paying_twice_for_what_had_arrived(cache: Path) -> None:
    provider = "openai"
    with misbehaving_server(answer_seconds=0.03) as server:
        killed_process(server, provider, cache, when=lambda: sum(server.log.sent.values()) >= 10)
        arrived = cached_questions(cache)
        assert 6 <= len(arrived) < 40
        before = len(server.log.received)
        model = served(provider, server.url, cache, max_concurrency=4)
        answers = model.ask([question(number) for number in range(40)])
        assert [answer.value.number for answer in answers] == list(range(40))
        asked_again = [number for number, _, _ in server.log.received[before:]]
        assert set(asked_again) == set(range(40)) - arrived
        assert len(asked_again) == len(set(asked_again))
        # At most the four under way at the kill were sent without having arrived.
        assert sum(server.log.sent.values()) <= 44
        use = model.use_table().row(0, named=True)
        assert (use["call_count"], use["input_token_count"], use["reused_count"]) == (40, 4000, 0)


def test_a_batch_that_was_handed_in_before_a_kill_is_picked_up(cache: Path) -> None:
    provider = "anthropic"
    with misbehaving_server(polls_until_end=10**9) as server:
        seen = lambda: any(batch["polls"] > 1 for batch in server.batches.values())  # noqa: E731
        killed_process(server, provider, cache, "batch", when=seen)
        server.polls_until_end = 1
        plan = BatchPlan(poll_seconds=0.05, wait_seconds=10)
        asked = [question(number) for number in range(42)]
        # Two more questions than before: they go into a second batch, the forty are not handed in again.
        answers = served(provider, server.url, cache, batch=plan).ask(asked)
        assert [answer.value.number for answer in answers] == list(range(42))
        assert [batch["size"] for batch in server.batches.values()] == [40, 2]
        assert set(server.log.sent.values()) == {1}
        assert server.log.received == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_whose_number_was_lost_is_found_again(provider: str, cache: Path) -> None:
    plan = BatchPlan(poll_seconds=0.05, wait_seconds=10)
    asked = [question(number) for number in range(5)]
    with misbehaving_server() as server:
        server.loses_batch_answer = True
        lost = served(provider, server.url, cache, batch=plan).ask(asked)
        assert {answer.failure_reason for answer in lost} == {"service_error"}
        found = served(provider, server.url, cache, batch=plan).ask(asked)
        assert [answer.value.number for answer in found] == list(range(5))
        assert len(server.batches) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_never_reached_the_provider_is_handed_in_anew(provider: str, cache: Path) -> None:
    plan = BatchPlan(poll_seconds=0.05, wait_seconds=10)
    with misbehaving_server() as server:
        model = served(provider, server.url, cache, batch=plan)
        server.loses_batch_answer = True
        model.ask([question(number) for number in range(3)])
        server.batches.clear()
        # Another batch of the same size is not taken for it.
        served(provider, server.url, cache.with_name("other.sqlite"), batch=plan).ask(
            [question(number) for number in range(7, 10)]
        )
        answers = model.ask([question(number) for number in range(3)])
        assert [answer.value.number for answer in answers] == [0, 1, 2]
        assert len(server.batches) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_batch_brings_is_counted_at_its_price_and_mended_one_by_one(provider: str, cache: Path) -> None:
    scripts = ["good", "wrongenum,good", "500", "expired", "toolong", "refusal"]
    with misbehaving_server() as server:
        model = served(
            provider,
            server.url,
            cache,
            prices=Prices(1.0, 1.0, batch_price_share=0.5),
            batch=BatchPlan(poll_seconds=0.02, wait_seconds=10),
        )
        server.tries[1] = 1
        answers = model.ask([question(number, script) for number, script in enumerate(scripts)])
        reasons = [answer.failure_reason for answer in answers]
        assert reasons == [None, None, "service_error", "timed_out", "too_long", "refused"]
        assert [number for number, _, _ in server.log.received] == [1]
        use = model.use_table().row(0, named=True)
        assert use["call_count"] == 4
        assert use["cost_usd"] == pytest.approx(3 * 0.000055 + 0.00011)
        assert server.deleted
        assert not any(PRIVATE in str(headers) for headers in server.log.headers)


def test_a_batch_that_does_not_end_in_time_is_left_for_a_later_run(cache: Path) -> None:
    with misbehaving_server(polls_until_end=10**9) as server:
        plan = BatchPlan(poll_seconds=0.02, wait_seconds=0.1)
        asked = [question(number) for number in range(3)]
        late = served("openai", server.url, cache, batch=plan).ask(asked)
        assert {answer.failure_reason for answer in late} == {"timed_out"}
        server.polls_until_end = 0
        # Fewer questions than are in the batch: what is not asked for now is not lost either.
        served("openai", server.url, cache, batch=plan).ask(asked[:1])
        assert server.deleted == []
        done = served("openai", server.url, cache, batch=plan).ask(asked)
        assert [answer.value.number for answer in done] == [0, 1, 2]
        assert len(server.batches) == 1
        assert server.deleted


def test_a_batch_that_the_money_does_not_cover_is_handed_in_as_far_as_it_does(cache: Path) -> None:
    with misbehaving_server() as server:
        plan = BatchPlan(poll_seconds=0.02, wait_seconds=10)
        answers = served("openai", server.url, cache, batch=plan, limits=Limits(max_tokens=900)).ask(
            [question(number) for number in range(9)]
        )
        answered = [answer for answer in answers if answer.value]
        assert 2 <= len(answered) <= 4
        assert {answer.failure_reason for answer in answers} == {None, "spending_limit"}
        assert sum(server.log.sent.values()) == len(answered)


def test_a_batch_that_the_provider_forgot_is_handed_in_again_later(cache: Path) -> None:
    with misbehaving_server(polls_until_end=10**9) as server:
        plan = BatchPlan(poll_seconds=0.02, wait_seconds=0.05)
        asked = [question(1)]
        for provider in PROVIDERS:
            served(provider, server.url, cache, batch=plan).ask(asked)
            server.batches.clear()
            gone = served(provider, server.url, cache, batch=plan).ask(asked)
            assert gone[0].failure_reason == "service_error"
            server.polls_until_end = 0
            assert served(provider, server.url, cache, batch=plan).ask(asked)[0].value is not None
            server.polls_until_end = 10**9


def test_equal_requests_are_paid_once_and_different_ones_never_share_a_reply(cache: Path) -> None:
    with misbehaving_server(answer_seconds=0.05) as server:
        twins = [question(1), question(1)]
        twins[1] = type(twins[1])(**{**vars(twins[1]), "key": "twin", "subjects": ("conversation-2",)})
        model = served("openai", server.url, cache)
        answers = model.ask(twins)
        assert [answer.value.number for answer in answers] == [1, 1]
        assert server.log.sent[1] == 1
        assert sorted(answer.is_cached for answer in answers) == [False, True]
        use = model.use_table().row(0, named=True)
        assert (use["question_count"], use["call_count"], use["reused_count"]) == (2, 1, 1)
        changes = ({"prompt_version": "2-0"}, {"prompt": "other"}, {"system": "x"}, {"user": "q1 do:good y"})
        for number, change in enumerate(changes, start=2):
            model.ask([type(twins[0])(**{**vars(twins[0]), **change})])
            assert server.log.sent[1] == number
        for number, given in enumerate(
            ({"temperature": 0.5}, {"max_tokens": 9}, {"answer_format": "json_object"}), start=6
        ):
            served("openai", server.url, cache, **given).ask(twins[:1])
            assert server.log.sent[1] == number
        drawn = type(twins[0])(**{**vars(twins[0]), "seed": 5})
        served("openai", server.url, cache, temperature=0.5).ask([drawn])
        assert server.log.sent[1] == 9
        assert server.log.documents[-1]["seed"] == 5


def test_replies_are_kept_closed_to_others_and_forgotten_with_their_conversations(cache: Path) -> None:
    with misbehaving_server() as server:
        asked = [question(number) for number in range(3)]
        model = served("openai", server.url, cache)
        model.ask(asked)
        assert {path.stat().st_mode & 0o777 for path in cache.parent.iterdir()} == {0o600}
        assert cache.parent.stat().st_mode & 0o777 == 0o700
        with ReplyCache(cache) as replies:
            assert replies.forget_conversations(["conversation-1", "conversation-9"]) == 1
            assert replies.forget_conversations(["conversation-1"]) == 0
            assert replies.spent("2026-10") == (330, 0.0)
        assert cached_questions(cache) == {0, 2}
        model.ask(asked)
        assert [server.log.sent[number] for number in range(3)] == [1, 2, 1]
        with ReplyCache(cache) as replies:
            assert replies.forget_before(datetime.now(tz=UTC) - timedelta(days=1)) == 0
            assert replies.forget_before(datetime.now(tz=UTC) + timedelta(days=1)) == 3
    assert PRIVATE.encode() not in b"".join(path.read_bytes() for path in cache.parent.iterdir())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_neither_logs_nor_errors_hold_text_or_keys(
    provider: str, cache: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with misbehaving_server() as server, caplog.at_level(logging.DEBUG):
        logging.getLogger(provider).setLevel(logging.DEBUG)
        model = served(provider, server.url, cache, max_retries=1)
        scripts = ("good", "toolong", "500", "wrongenum", "badjson", "reset")
        answers = model.ask([question(number, script) for number, script in enumerate(scripts)])
        with pytest.raises(ModelUnusableError, match="401") as caught:
            model.ask([question(50, "401"), question(51)])
        with pytest.raises(ModelUnusableError, match="no such model"):
            model.ask([question(52, "404")])
        chain = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
        said = caplog.text + "".join(capfd.readouterr()) + repr(answers) + repr(model) + chain
        assert not [text for text in (PRIVATE, "xyzzy", "sk-secret") if text in said]
        assert any(PRIVATE in str(document) for document in server.log.documents)


def test_a_service_that_is_down_is_not_asked_for_ever(cache: Path) -> None:
    with misbehaving_server() as server:
        answers = served("openai", server.url, cache, max_retries=0, max_concurrency=2).ask(
            [question(number, "500") for number in range(80)]
        )
        assert {answer.failure_reason for answer in answers} == {"service_error"}
        assert MAX_FAILURES_IN_A_ROW <= len(server.log.received) <= MAX_FAILURES_IN_A_ROW + 2


def test_nothing_asked_is_nothing_used_and_keys_must_differ(cache: Path) -> None:
    model = served("openai", "http://127.0.0.1:9", cache)
    assert model.ask([]) == []
    assert model.use_table().schema == ModelUse.create_empty().schema
    with pytest.raises(ValueError, match="distinct"):
        model.ask([question(1), question(1)])
