"""English conversations about program code: code, error messages and corrections go back and forth.

Here belongs how such an exchange runs; the code itself is in `data/sample/code.toml`.
"""

from collections.abc import Callable, Iterator
from typing import Final

from pipelines.sample.conversation import Message
from pipelines.sample.draws import Deck, Slots
from pipelines.sample.english import WEEKDAYS
from pipelines.sample.pools import CodeCase
from pipelines.sample.scene import Scene, join_sentences

PATTERNS: Final = ("directive", "feedback_loop", "task_iteration")
Naming = Callable[[str], str]


def code_messages(scene: Scene, case: CodeCase) -> tuple[Message, ...]:
    """Write the turns of a programming exchange.

    Args:
        scene: What the conversation is about; its pattern is one of `PATTERNS`.
        case: The exchange that belongs to its task.
    """
    rng, frames = scene.rng, scene.pools.frames
    named = _naming(scene)
    slots = Slots(
        {},
        {
            "n": lambda: str(rng.randint(3, 9)),
            "weekday": lambda: rng.choice(WEEKDAYS),
            "title": lambda: rng.choice(scene.occupation.titles),
        },
    )
    turns = [
        Message("user", _request(scene, case, named, slots)),
        Message(
            "assistant",
            f"{rng.choice(frames['code.reply'])}\n\n{_block(case.language, named(case.code))}\n\n{named(case.note)}",
        ),
    ]
    if scene.pattern == "feedback_loop":
        turns.extend(_corrections(scene, case, named))
    elif scene.pattern == "task_iteration":
        turns.extend(_changes(scene, case, named, slots))
    if rng.random() < 0.25:
        name = scene.pattern if scene.pattern == "feedback_loop" else "directive"
        turns.append(Message("user", rng.choice(frames[f"follow.{name}.closing"])))
    return tuple(turns)


def _naming(scene: Scene) -> Naming:
    """Choose what the program deals with, the same throughout the conversation."""
    noun, number = scene.rng.choice(scene.pools.nouns), str(scene.rng.randint(3, 12))
    filled = {"<nouns>": f"{noun}s", "<Noun>": noun.capitalize(), "<noun>": noun, "<n>": number}

    def named(text: str) -> str:
        for slot, value in filled.items():
            text = text.replace(slot, value)
        return text

    return named


def _request(scene: Scene, case: CodeCase, named: Naming, slots: Slots) -> str:
    """The first turn."""
    rng, frames = scene.rng, scene.pools.frames
    context = Deck(rng, frames["code.context"])
    parts: list[str | None] = [
        named(rng.choice(case.requests)),
        slots.fill(context.draw()),
        slots.fill(context.draw()) if rng.random() < 0.4 else None,
        slots.fill(rng.choice(frames["scenes.work"])) if rng.random() < 0.35 else None,
        scene.planter.work_sentence() if scene.has_private else None,
    ]
    return join_sentences(parts)


def _corrections(scene: Scene, case: CodeCase, named: Naming) -> Iterator[Message]:
    """The user brings back what went wrong, the assistant corrects it."""
    rng, frames = scene.rng, scene.pools.frames
    says, ends = Deck(rng, frames["code.feedback"]), Deck(rng, frames["code.feedback_ends"])
    fixes = Deck(rng, frames["code.fixes"])
    for error, reason, fix in rng.sample(case.rounds, len(case.rounds)):
        yield Message("user", f"{says.draw()}\n\n{_block('', named(error))}\n\n{ends.draw()}".strip())
        yield Message("assistant", f"{named(reason)} {fixes.draw()}\n\n{_block(case.language, named(fix))}")


def _changes(scene: Scene, case: CodeCase, named: Naming, slots: Slots) -> Iterator[Message]:
    """The user asks for changes, the assistant makes them."""
    rng = scene.rng
    replies = Deck(rng, scene.pools.frames["follow.task_iteration.replies"])
    for wish, change in rng.sample(case.changes, rng.randint(1, len(case.changes))):
        yield Message("user", named(wish))
        yield Message("assistant", f"{slots.fill(replies.draw())}\n\n{_block(case.language, named(change))}")


def _block(language: str, code: str) -> str:
    """A fenced block."""
    return f"```{language}\n{code}\n```"
