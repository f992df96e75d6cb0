"""Names, descriptions and grades of clusters by a language model; the gate behind them is in `cluster_text`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, WithJsonSchema

from clio_lite.model_text import published_phrase
from clio_lite.models import LanguageModel, load_prompt, pose
from clio_lite.naming import Label, NamingTask

NAME_LENGTH: Final = 100
DESCRIPTION_LENGTH: Final = 400

Name = Annotated[
    str, AfterValidator(published_phrase(NAME_LENGTH)), WithJsonSchema({"type": "string", "maxLength": NAME_LENGTH})
]
"""A name in an answer."""
Description = Annotated[
    str,
    AfterValidator(published_phrase(DESCRIPTION_LENGTH)),
    WithJsonSchema({"type": "string", "maxLength": DESCRIPTION_LENGTH}),
]
"""A description in an answer."""


class LabelAnswer(BaseModel):
    """Answer to the prompts `label` and `rename_parent`."""

    name: Name
    description: Description

    @property
    def label(self) -> Label:
        """The same as a candidate text; names end without a full stop."""
        return Label(self.name.rstrip(" ."), self.description)


class AuditAnswer(BaseModel):
    """Answer to the prompt `audit`."""

    privacy_grade: Literal[1, 2, 3, 4, 5]


@dataclass(frozen=True)
class ModelLabeller:
    """A `naming.ClusterLabeller` that asks a language model.

    Attributes:
        model: Who is asked.
        seed: Seed of the run.
    """

    model: LanguageModel
    seed: int

    @property
    def name(self) -> str:
        """Model and prompt version."""
        return f"{self.model.name} label/{load_prompt('label').version}"

    def write(self, tasks: Sequence[NamingTask]) -> Mapping[str, Label]:
        """See `naming.ClusterLabeller.write`; a cluster whose question has finally no answer is left out."""
        answers = self.model.ask(
            [
                pose(
                    load_prompt("label"),
                    key=f"{task.cluster_id}|{task.attempt}",
                    answer_schema=LabelAnswer,
                    seed=self.seed,
                    data={
                        "members": task.member_requests,
                        "outside": task.contrast_requests,
                        "children": task.child_names,
                        "refused": task.refused_words,
                        "taken": task.taken_names,
                    },
                    subjects=task.conversation_ids,
                )
                for task in tasks
            ]
        )
        return {
            task.cluster_id: answer.value.label
            for task, answer in zip(tasks, answers, strict=True)
            if isinstance(answer.value, LabelAnswer)
        }


@dataclass(frozen=True)
class ModelAuditor:
    """A `naming.TextAuditor` that asks a language model, on Clio's scale (arXiv 2412.13678).

    Attributes:
        model: Who is asked.
        seed: Seed of the run.
    """

    model: LanguageModel
    seed: int

    def grades(self, labels: Mapping[str, Label]) -> Mapping[str, int]:
        """See `naming.TextAuditor.grades`; equal texts are asked about once."""
        texts = sorted({label.text for label in labels.values()})
        answers = self.model.ask(
            [
                pose(
                    load_prompt("audit"),
                    key=f"audit|{number}",
                    answer_schema=AuditAnswer,
                    seed=self.seed,
                    data={"text": [text]},
                )
                for number, text in enumerate(texts)
            ]
        )
        found = {
            text: answer.value.privacy_grade
            for text, answer in zip(texts, answers, strict=True)
            if isinstance(answer.value, AuditAnswer)
        }
        return {cluster_id: found[label.text] for cluster_id, label in labels.items() if label.text in found}
