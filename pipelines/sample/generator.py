"""Generate synthetic conversations one by one, each with its truth.

Conversation i of a month depends only on the seed, the month, i and the fixed phrase pools: any number can be made in
constant memory, and the first of a larger number are the same as all of a smaller one.
"""

import random
import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from pipelines.sample.accounts import Account, account_of_rank, account_rank
from pipelines.sample.chat import chat_messages
from pipelines.sample.code_talk import PATTERNS as CODE_PATTERNS
from pipelines.sample.code_talk import code_messages
from pipelines.sample.conversation import Message, SampleConversation, SampleRecord, SampleTruth
from pipelines.sample.draws import seeded, stable_id
from pipelines.sample.english import EnglishDialogue
from pipelines.sample.other_languages import ForeignScene, foreign_messages
from pipelines.sample.planting import Planter
from pipelines.sample.pools import Ask, Language, Occupation, Pools, Task, load_pools
from pipelines.sample.scene import Scene
from pipelines.settings import SAMPLE, STARTER

_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_EVERY_GROUP: Final = 25  # one conversation in so many goes through the major groups in turn, so that none is missing
_SUITED: Final = {
    "produce": ("directive", "task_iteration"),
    "grasp": ("learning",),
    "solve": ("feedback_loop", "learning"),
}


@dataclass(frozen=True)
class _Written:
    """The turns of a conversation and what is true of them."""

    messages: tuple[Message, ...]
    occupation: Occupation | None
    task_ids: tuple[str, ...]
    pattern: str
    use_case: str
    language: str
    topic: str


def generate_conversations(
    count: int,
    *,
    seed: int,
    month: str = "2026-10",
    private_share: float = 0.12,
    sample_dir: Path = SAMPLE,
    starter_dir: Path = STARTER,
) -> Iterator[SampleConversation]:
    """Generate conversations lazily.

    Args:
        count: How many.
        seed: Seed of every choice.
        month: Calendar month of the conversations, YYYY-MM.
        private_share: Share of conversations with made-up private details, 0 to 1.
        sample_dir: Folder of the phrases.
        starter_dir: Folder of the starter catalogue.

    Yields:
        Conversations with their truth, in the order of their numbers.

    Raises:
        ValueError: Count, month or share are out of range.
        InputUnusableError: The phrases or the catalogue are missing or do not fit together.
    """
    if count < 0 or not _MONTH.fullmatch(month) or not 0 <= private_share <= 1:
        raise ValueError(
            f"expected a count from 0, a month as YYYY-MM and a private share from 0 to 1, "
            f"found {count}, {month} and {private_share}"
        )
    pools = load_pools(sample_dir, starter_dir)
    return _generate(count, seed, month, private_share, pools)


def _generate(count: int, seed: int, month: str, private_share: float, pools: Pools) -> Iterator[SampleConversation]:
    """Generate conversations; accounts in recent use are kept at hand."""

    @lru_cache(maxsize=4096)
    def account(rank: int) -> Account:
        return account_of_rank(rank, seed, pools)

    for number in range(count):
        rng = seeded(seed, month, number)
        writer = account(account_rank(number, rng, pools.shares["heavy_account"]))
        planter = Planter(rng, pools)
        has_private = rng.random() < private_share
        written = _write(number, rng, pools, writer, planter, has_private=has_private)
        yield _conversation(number, rng, pools, writer, planter, written, seed=seed, month=month)


def _write(
    number: int, rng: random.Random, pools: Pools, writer: Account, planter: Planter, *, has_private: bool
) -> _Written:
    """Decide what kind of conversation it is and write it."""
    shares = pools.shares
    in_turn = number % _EVERY_GROUP == 0
    language = writer.language if writer.language and not in_turn and rng.random() < 0.8 else None
    is_chat = not in_turn and not writer.is_heavy and rng.random() < shares["chat"]
    if language:
        return _foreign(rng, language, planter, is_chat=is_chat, has_private=has_private, pools=pools)
    if is_chat:
        topic = rng.choice(pools.chat)
        messages = chat_messages(topic, rng, pools, planter, has_private=has_private)
        return _Written(messages, None, (), topic.pattern, "personal", "en", topic.name)
    if in_turn:
        order = pools.group_order
        occupation = pools.groups[order[number // _EVERY_GROUP % len(order)]].draw(rng)
    else:
        occupation = _occupation(rng, pools, writer)
    return _english(rng, pools, occupation, writer, planter, has_private=has_private)


def _occupation(rng: random.Random, pools: Pools, writer: Account) -> Occupation:
    """Half of an account's conversations are about its own occupation."""
    if rng.random() < (pools.heavy[1] if writer.is_heavy else 0.5):
        return writer.occupation
    return pools.groups[pools.group_draw.draw(rng)].draw(rng)


def _english(
    rng: random.Random, pools: Pools, occupation: Occupation, writer: Account, planter: Planter, *, has_private: bool
) -> _Written:
    """An English conversation about a task of the occupation."""
    task = occupation.tasks.draw(rng)
    use_case, ask = _purpose(rng, pools, occupation, task, writer)
    pattern = pools.patterns.draw(rng)
    if pattern not in _SUITED[ask.kind] and pattern != "validation":
        pattern = pools.patterns.draw(rng)
    scene = Scene(rng, pools, occupation, task, ask, pattern, use_case, planter, has_private)
    case = pools.cases.get(task.task_id)
    if case and use_case == "work" and pattern in CODE_PATTERNS and rng.random() < pools.shares["code_case"]:
        messages = code_messages(scene, case)
    else:
        messages = EnglishDialogue(scene).messages()
    return _Written(messages, occupation, task.task_ids, pattern, use_case, "en", occupation.title)


def _purpose(rng: random.Random, pools: Pools, occupation: Occupation, task: Task, writer: Account) -> tuple[str, Ask]:
    """Use case and a task phrase that fits it; work where no phrase of the task fits another purpose."""
    chance, shares = rng.random(), pools.shares
    if not writer.is_heavy and chance < shares["coursework"]:
        neutral = [ask for ask in task.asks if ask.is_neutral]
        if neutral:
            return "coursework", rng.choice(neutral)
    elif not writer.is_heavy and chance > 1 - 3 * shares["personal"] and occupation.code in pools.home_codes:
        private = [ask for ask in task.asks if ask.is_private]
        if private:
            return "personal", rng.choice(private)
    return "work", rng.choice(task.asks)


def _foreign(
    rng: random.Random, language: Language, planter: Planter, *, is_chat: bool, has_private: bool, pools: Pools
) -> _Written:
    """A conversation in another language."""
    if is_chat:
        scene = ForeignScene(rng, language, None, "none", "personal", planter, has_private)
        return _Written(foreign_messages(scene), None, (), "none", "personal", language.code, "small talk")
    subject = rng.choice(language.subjects)
    occupation, task = pools.by_task[subject.task_id]
    use_case = "coursework" if rng.random() < pools.shares["coursework"] else "work"
    scene = ForeignScene(rng, language, subject, pools.patterns.draw(rng), use_case, planter, has_private)
    messages = foreign_messages(scene)
    return _Written(messages, occupation, task.task_ids, scene.pattern, use_case, language.code, occupation.title)


def _conversation(
    number: int,
    rng: random.Random,
    pools: Pools,
    writer: Account,
    planter: Planter,
    written: _Written,
    *,
    seed: int,
    month: str,
) -> SampleConversation:
    """Give the conversation its id, account, date and truth."""
    shares = pools.shares
    year, month_number = int(month[:4]), int(month[5:])
    seconds = monthrange(year, month_number)[1] * 86_400
    started = datetime(year, month_number, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(seconds))
    conversation_id = stable_id(seed, month, number, "conversation")
    record = SampleRecord(
        conversation_id=conversation_id,
        user_id=None if rng.random() < shares["missing_account"] else writer.user_id,
        started_at=None if rng.random() < shares["missing_date"] else started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        model=writer.model if rng.random() < 0.8 else pools.models.draw(rng),
        country=None if rng.random() < shares["missing_country"] else writer.country,
        messages=written.messages,
    )
    code = written.occupation.code if written.occupation else None
    truth = SampleTruth(
        conversation_id=conversation_id,
        task_ids=written.task_ids,
        onet_soc_code=code,
        soc_major_group=code[:2] if code else None,
        is_occupational=written.occupation is not None,
        collaboration_pattern=written.pattern,
        use_case=written.use_case,
        language=written.language,
        topic=written.topic,
        private_strings=tuple(planter.planted),
    )
    return SampleConversation(record, truth)
