"""Conversations in other languages, from phrases written natively in each.

Here belongs how such a conversation runs; the phrases are in `data/sample/languages.toml`.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.sample.conversation import Message
from pipelines.sample.draws import Deck, Slots
from pipelines.sample.planting import Planter
from pipelines.sample.pools import Language, Subject
from pipelines.sample.scene import join_sentences


@dataclass(frozen=True)
class ForeignScene:
    """A conversation in another language; subject null means talk outside any occupation."""

    rng: random.Random
    language: Language
    subject: Subject | None
    pattern: str
    use_case: str
    planter: Planter
    has_private: bool

    @property
    def between(self) -> str:
        """What stands between sentences."""
        return "" if self.language.code == "zh" else " "


def foreign_messages(scene: ForeignScene) -> tuple[Message, ...]:
    """Write the turns of a conversation in another language.

    Args:
        scene: What the conversation is about.
    """
    return _chat(scene) if scene.subject is None else _TaskTalk(scene, scene.subject).messages()


def _number(rng: random.Random) -> Mapping[str, Callable[[], str]]:
    """Numbers from four to nine fit every phrase."""
    return {"n": lambda: str(rng.randint(4, 9))}


def _private(scene: ForeignScene) -> str | None:
    """A sentence with a private detail, where the conversation has one."""
    return scene.planter.sentence(scene.language.frames["private"]) if scene.has_private else None


def _chat(scene: ForeignScene) -> tuple[Message, ...]:
    """A short talk."""
    rng, frames, slots = scene.rng, scene.language.frames, Slots({}, _number(scene.rng))
    tails = Deck(rng, frames["chat_tails"])
    subject = rng.randrange(len(frames["chat"]))
    parts = [
        frames["chat"][subject],
        *(slots.fill(tails.draw()) for _ in range(rng.choice((1, 1, 2)))),
        _private(scene),
    ]
    opening = join_sentences(parts, scene.between)
    turns = [Message("user", opening), Message("assistant", frames["chat_replies"][subject])]
    if rng.random() < 0.5:
        turns.append(Message("user", slots.fill(tails.draw())))
        turns.append(Message("assistant", rng.choice(frames["chat_more"])))
    return tuple(turns)


class _TaskTalk:
    """Writes one conversation about a task."""

    def __init__(self, scene: ForeignScene, subject: Subject) -> None:
        self._scene, self._subject, self._rng = scene, subject, scene.rng
        self._frames = scene.language.frames
        self._answers = Deck(scene.rng, subject.lines["answers"])
        self._details = Deck(scene.rng, subject.lines["details"])
        self._slots = Slots({}, _number(scene.rng))
        self._own = Slots({}, {"detail": self._detail, "answer": self._answers.draw, "ask": self._ask})

    def messages(self) -> tuple[Message, ...]:
        """All turns in order."""
        rng, scene, frames = self._rng, self._scene, self._frames
        replies = Deck(rng, frames["replies"])
        turns = [
            Message("user", self._opening()),
            Message("assistant", self._joined(replies.draw(), self._point(), self._point())),
        ]
        following = {"feedback_loop": "feedback", "task_iteration": "iterate", "learning": "why"}
        if scene.pattern in following:
            said = Deck(rng, frames[following[scene.pattern]])
            for _ in range(rng.choice((1, 1, 2) if scene.pattern != "feedback_loop" else (2, 2, 3))):
                turns.append(Message("user", self._own.fill(said.draw())))
                turns.append(Message("assistant", self._joined(replies.draw(), self._point())))
        if rng.random() < 0.3:
            turns.append(Message("user", rng.choice(frames["thanks"])))
        return tuple(turns)

    def _joined(self, *parts: str | None) -> str:
        return join_sentences(parts, self._scene.between)

    def _point(self) -> str:
        return self._answers.draw()

    def _detail(self) -> str:
        return self._slots.fill(self._details.draw())

    def _ask(self) -> str:
        return self._slots.fill(self._rng.choice(self._subject.lines["asks"]))

    def _opening(self) -> str:
        """The first turn: request or question, situation, what it is for."""
        rng, scene, frames = self._rng, self._scene, self._frames
        greeting = rng.choice(frames["greetings"]) if rng.random() < 0.4 else None
        purpose = None
        if scene.use_case in ("work", "coursework") and (scene.use_case == "coursework" or rng.random() < 0.5):
            purpose = self._slots.fill(rng.choice(frames[scene.use_case]))
        if scene.pattern == "validation":
            drafted = self._own.fill(frames["task_was"][0]), self._own.fill(rng.choice(frames["validate"]))
            return self._joined(
                greeting, purpose, self._detail() if rng.random() < 0.5 else None, _private(scene), *drafted
            )
        core = self._subject.lines["learn"][0] if scene.pattern == "learning" else self._ask()
        wish = (
            self._slots.fill(rng.choice(frames["directive"]))
            if scene.pattern == "directive" and rng.random() < 0.7
            else None
        )
        details = [self._detail() for _ in range(rng.choice((1, 1, 2)))]
        return self._joined(greeting, core, *details, purpose, wish, _private(scene))
