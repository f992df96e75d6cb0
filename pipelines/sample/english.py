"""English conversations about an occupational task, in the five patterns of collaboration.

Here belongs how the turns of each pattern follow each other; the phrases are in `data/sample/dialogue.toml`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pipelines.sample.conversation import Message
from pipelines.sample.draws import Deck, Slots, capital
from pipelines.sample.scene import Scene, casual, join_sentences

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_REPLY_OF: Final[Mapping[str, str]] = {"learning": "learning", "validation": "validation"}
_FOLLOWING: Final[Mapping[str, tuple[int, int]]] = {
    "directive": (0, 0),
    "feedback_loop": (2, 3),
    "task_iteration": (1, 3),
    "learning": (1, 2),
    "validation": (0, 1),
}


class EnglishDialogue:
    """Writes one conversation; drawing from shuffled decks keeps its turns from repeating each other."""

    def __init__(self, scene: Scene) -> None:
        """Shuffle what belongs to the occupation.

        Args:
            scene: What the conversation is about.
        """
        rng, occupation, related = scene.rng, scene.occupation, scene.ask.related
        self._scene, self._rng, self._frames = scene, rng, scene.pools.frames
        self._kind = "produce" if scene.ask.kind == "produce" else "other"
        self._reply_kind = _REPLY_OF.get(scene.pattern, self._kind)
        self._things = Deck(rng, occupation.things, related["things"])
        self._details = Deck(rng, occupation.details, related["details"])
        self._answers = Deck(rng, occupation.answers, related["answers"])
        self._advice = Deck(rng, self._frames[f"advice.{self._reply_kind}"])
        self._scenes = Deck(rng, self._frames[f"scenes.{scene.use_case}"])
        self._said: list[str] = []
        self._own: list[str] = []
        self._marker = rng.choice(("number", "number", "dash", "prose"))
        self._slots = Slots(
            {
                "ask": scene.ask.text,
                "Ask": capital(scene.ask.text),
                "you": scene.ask.turned,
                "course": scene.pools.courses[occupation.code[:2]],
            },
            self._drawn(),
        )

    def messages(self) -> tuple[Message, ...]:
        """All turns in order, beginning with the user's."""
        least, most = _FOLLOWING[self._scene.pattern]
        rounds = self._rng.randint(least, most)
        private_round = self._rng.choice((0, 0, rounds)) if self._scene.has_private else -1
        turns = [Message("user", self._opening(private_round == 0)), Message("assistant", self._reply())]
        followed = self._followed()
        for number in range(1, rounds + 1):
            says, reply = followed[number - 1]
            private = self._scene.planter.work_sentence() if number == private_round else None
            turns.append(Message("user", join_sentences((self._slots.fill(says), private)) + self._log()))
            turns.append(Message("assistant", self._next_reply(reply)))
        if self._rng.random() < 0.3:
            turns.extend(self._ending())
        return tuple(turns)

    def _drawn(self) -> Mapping[str, Callable[[], str]]:
        """How the open slots of frames are filled."""
        rng = self._rng
        return {
            "thing": self._things.draw,
            "detail": self._detail,
            "answer": lambda: rng.choice(self._said),
            "own": self._own_work,
            "title": lambda: rng.choice(self._scene.occupation.titles),
            "weekday": lambda: rng.choice(WEEKDAYS),
            "n": lambda: str(rng.randint(3, 9)),
            "digit": lambda: str(rng.randint(2, 4)),
        }

    def _log(self) -> str:
        """What a technical user pastes when something did not work, mostly."""
        logs = self._frames.get(f"logs.{self._scene.occupation.code}")
        if self._scene.pattern != "feedback_loop" or not logs or self._rng.random() < 0.35:
            return ""
        return f"\n\n```\n{self._rng.choice(logs)}\n```"

    def _followed(self) -> list[tuple[str, str]]:
        """Frames of the user's later turns, each with the beginning of its answer, in random order."""
        pattern, rng = self._scene.pattern, self._rng
        if pattern == "learning":
            pairs = [pair for pair in self._scene.pools.questions if self._scene.is_at_work or _is_plain(pair[0])]
            return rng.sample(pairs, len(pairs))
        if pattern == "directive":
            return []
        texts, replies = self._available(f"follow.{pattern}"), Deck(rng, self._frames[f"follow.{pattern}.replies"])
        return [(text, replies.draw()) for text in rng.sample(texts, len(texts))]

    def _available(self, name: str) -> tuple[str, ...]:
        """Frames that fit the speaker: only at work are the occupation's things and details one's own."""
        return self._frames[name if self._scene.is_at_work else f"{name}:plain"]

    def _detail(self) -> str:
        """A sentence about the situation."""
        return self._details.draw()

    def _own_work(self) -> str:
        """What the user brings to be checked, from sentences that also make good answers."""
        if not self._own:
            self._own = [self._answers.draw() for _ in range(self._rng.randint(2, 3))]
            return self._listed(self._own)
        self._own = [*self._own[:-1], self._answers.draw() if self._answers.left else self._own[-1]]
        return self._listed(self._own)

    def _opening(self, is_private: bool) -> str:
        """The first turn: greeting, what it is for, the request, the situation, in varying order."""
        rng, scene = self._rng, self._scene
        core = self._slots.fill(rng.choice(self._openings()))
        has_scene = not scene.is_at_work or rng.random() < 0.5
        before = [self._scenes.draw() if has_scene else None, self._situation()]
        after = [
            self._slots.fill(rng.choice(self._available("asides")))
            if scene.is_at_work and rng.random() < 0.3
            else None,
            self._slots.fill(rng.choice(self._frames[f"wishes.{self._kind}"])) if self._has_wish() else None,
            scene.planter.work_sentence() if is_private else None,
        ]
        before = [self._slots.fill(part) if part else None for part in before]
        rng.shuffle(before)
        greeting = rng.choice(self._frames["greetings"]) if rng.random() < 0.25 else None
        core_last = scene.pattern == "validation" or rng.random() < 0.4
        parts = [*before, *after[2:], core] if core_last else [core, *before, *after]
        if core_last and scene.pattern != "validation":
            parts.extend(after[:2])
        text = join_sentences(parts)
        if greeting:
            return f"{greeting} {text}"
        return casual(text) if rng.random() < 0.12 else text

    def _openings(self) -> tuple[str, ...]:
        """Frames for the request that fit the pattern and the kind of task."""
        pattern, kind = self._scene.pattern, self._kind
        name = f"opening.{pattern}"
        if f"{name}.any" not in self._frames:
            return self._frames[f"{name}.{kind}"]
        if pattern == "learning" and self._scene.ask.kind == "grasp":
            return self._frames[f"{name}.grasp"]
        return self._frames[f"{name}.any"]

    def _situation(self) -> str | None:
        """One or two details; an exercise quotes them, and private affairs have none."""
        use_case, rng = self._scene.use_case, self._rng
        if use_case == "personal":
            return None
        if use_case == "coursework":
            return f'The case in the exercise says: "{self._detail()}"' if rng.random() < 0.5 else None
        count = rng.choice((0, 1, 1, 1, 2))
        return " ".join(self._detail() for _ in range(count)) or None

    def _has_wish(self) -> bool:
        """Directive users say more often how they want it."""
        share = 0.6 if self._scene.pattern == "directive" else 0.25
        return self._scene.pattern in ("directive", "task_iteration", "feedback_loop") and self._rng.random() < share

    def _reply(self) -> str:
        """The first answer: an opening sentence, two or three points, a word of advice."""
        opening = self._slots.fill(self._rng.choice(self._frames[f"reply.{self._reply_kind}"]))
        related = len(self._scene.ask.related["answers"])
        wanted = self._rng.choice((2, 2, 3)) if related else self._rng.choice((1, 2))
        points = [self._answers.draw() for _ in range(min(wanted, self._answers.left))]
        self._said.extend(points)
        echo = self._scene.planter.echo() if self._scene.planter.planted and self._rng.random() < 0.3 else None
        advice = [self._word() for _ in range(2 if len(points) == 1 else 1)]
        return self._composed(opening, points, join_sentences((*advice, echo)))

    def _next_reply(self, opening: str) -> str:
        """A later answer: what changes, with one more point."""
        if self._answers.left:
            point = self._answers.draw()
            self._said.append(point)
            return join_sentences((opening, point, self._word() if self._rng.random() < 0.6 else None))
        return join_sentences((opening, self._word(), self._word()))

    def _word(self) -> str:
        """A word of general advice."""
        return self._slots.fill(self._advice.draw())

    def _ending(self) -> tuple[Message, ...]:
        """A word of thanks, and sometimes an answer to it."""
        pattern = self._scene.pattern
        name = pattern if f"follow.{pattern}.closing" in self._frames else "directive"
        thanks = Message("user", self._rng.choice(self._frames[f"follow.{name}.closing"]))
        if self._rng.random() < 0.5:
            return (thanks, Message("assistant", self._rng.choice(self._frames["follow.directive.replies"])))
        return (thanks,)

    def _composed(self, opening: str, points: list[str], advice: str) -> str:
        """Put opening, points and advice together in the style of this conversation."""
        if self._marker == "prose" or len(points) == 1:
            return join_sentences(
                (opening.removesuffix(":") + "." if opening.endswith(":") else opening, *points, advice)
            )
        return f"{opening}\n\n{self._listed(points)}\n\n{advice}"

    def _listed(self, points: list[str]) -> str:
        """Points as a numbered or dashed list."""
        marks = (f"{number}." if self._marker == "number" else "-" for number in range(1, len(points) + 1))
        return "\n".join(f"{mark} {point}" for mark, point in zip(marks, points, strict=True))


def _is_plain(frame: str) -> bool:
    """The frame mentions nothing of the occupation's own."""
    return "{detail}" not in frame and "{thing}" not in frame
