"""What the generator makes: a record in our own conversation format, and what is true of it.

Here belong the value types and their JSON forms. How they come about is in `pipelines.sample.generator`.
"""

from dataclasses import dataclass

JsonValue = str | bool | None | list[str] | list[dict[str, str]]


@dataclass(frozen=True)
class Message:
    """One turn; `role` is user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class PrivateString:
    """One made-up private detail that stands in the conversation word for word.

    Attributes:
        kind: name, email, phone, address, iban, card, id, secret, ip or handle.
        value: The text as it stands in the conversation.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class SampleRecord:
    """A conversation in our own JSONL format; a few have no account, date or country."""

    conversation_id: str
    user_id: str | None
    started_at: str | None
    model: str
    country: str | None
    messages: tuple[Message, ...]

    def to_json(self) -> dict[str, JsonValue]:
        """The record as one line of a conversation file holds it; what is absent is left out."""
        given = {
            "conversation_id": self.conversation_id,
            "user_id": self.user_id,
            "started_at": self.started_at,
            "model": self.model,
            "country": self.country,
        }
        present: dict[str, JsonValue] = {name: value for name, value in given.items() if value is not None}
        present["messages"] = [{"role": message.role, "content": message.content} for message in self.messages]
        return present


@dataclass(frozen=True)
class SampleTruth:
    """What is known of a generated conversation because it was made that way.

    Attributes:
        conversation_id: Id of the conversation.
        task_ids: Task ids that are right, all of one statement; empty for talk outside any occupation.
        onet_soc_code: Occupation whose phrases were used; null outside any occupation.
        soc_major_group: First two digits of it.
        is_occupational: The conversation involves an occupational task.
        collaboration_pattern: directive, feedback_loop, task_iteration, learning, validation or none.
        use_case: work, coursework or personal.
        language: ISO 639-1 code.
        topic: Title of the occupation, or the subject of the talk.
        private_strings: Made-up private details in the conversation.
    """

    conversation_id: str
    task_ids: tuple[str, ...]
    onet_soc_code: str | None
    soc_major_group: str | None
    is_occupational: bool
    collaboration_pattern: str
    use_case: str
    language: str
    topic: str
    private_strings: tuple[PrivateString, ...]

    def to_json(self) -> dict[str, JsonValue]:
        """The truth as one line of a truth file holds it, every field present."""
        return {
            "conversation_id": self.conversation_id,
            "task_ids": list(self.task_ids),
            "onet_soc_code": self.onet_soc_code,
            "soc_major_group": self.soc_major_group,
            "is_occupational": self.is_occupational,
            "collaboration_pattern": self.collaboration_pattern,
            "use_case": self.use_case,
            "language": self.language,
            "topic": self.topic,
            "private_strings": [{"kind": one.kind, "value": one.value} for one in self.private_strings],
        }


@dataclass(frozen=True)
class SampleConversation:
    """One generated conversation: what a reader of conversations sees, and what is true of it."""

    record: SampleRecord
    truth: SampleTruth
