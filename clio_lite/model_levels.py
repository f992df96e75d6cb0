"""Levels above the base clusters by a language model: the loop of Clio (arXiv 2412.13678).

Per level: embed the names; neighbourhoods of about forty by k-means; proposed parents of each; one tidied list across
neighbourhoods; each child to one parent, the options shuffled; parents renamed from their children. How many clusters a
level should have is `hierarchy.level_sizes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from sklearn.cluster import KMeans

from clio_lite.clustering import Labels, Vectors, cluster_vectors, nearest_rows
from clio_lite.embedding import Encoder
from clio_lite.errors import HierarchyFailedError
from clio_lite.hierarchy import BaseClusters, Level, WardLevels, level_sizes
from clio_lite.model_labels import LabelAnswer, Name
from clio_lite.models import LanguageModel, Option, Prompt, load_prompt, pose
from clio_lite.naming import Label

NEIGHBOURHOOD: Final = 40
"""Names of one neighbourhood, about."""

NEARBY: Final = 10
"""Names just outside a neighbourhood that are shown with it."""

MAX_OPTIONS: Final = 40
"""Parents that a child may choose from: the nearest by their names."""


MERGED_NAMES: Final = 120
"""Proposed names that are tidied together, about: longer lists are tidied in parts of alike names."""


class ParentsAnswer(BaseModel):
    """Answer to the prompts `parents` and `merge_parents`."""

    names: list[Name] = Field(min_length=1)


class ChoiceAnswer(BaseModel):
    """Answer to the prompt `assign_parent`."""

    choice: int = Field(ge=1)


@dataclass(frozen=True)
class LevelPrompts:
    """The four questions of the loop.

    Attributes:
        parents: Which larger groups could a neighbourhood belong to?
        merge: Which of the proposed say the same?
        assign: Which larger group does a group belong to?
        rename: What is a larger group called?
    """

    parents: Prompt
    merge: Prompt
    assign: Prompt
    rename: Prompt


def cluster_prompts() -> LevelPrompts:
    """The questions about clusters of requests."""
    return LevelPrompts(*map(load_prompt, ("parents", "merge_parents", "assign_parent", "rename_parent")))


@dataclass(frozen=True)
class BuiltLevel:
    """A level that the loop made over another.

    Attributes:
        groups: Parent of each child, numbered from 0 without gaps.
        labels: Text of each parent.
        is_stand_in: Children that the embedded method placed, because the model did not.
    """

    groups: Labels
    labels: tuple[Label, ...]
    is_stand_in: NDArray[np.bool_]


@dataclass(frozen=True)
class ModelLevels:
    """A `hierarchy.LevelBuilder` that asks a language model.

    Attributes:
        model: Who is asked.
        encoder: Encoder of the names.
        may_fall_back: Where an answer is missing, the nearest parent by name takes the child, and Ward's tree makes
            the level where no parent was proposed; otherwise that is an error.
        prompts: What is asked.
    """

    model: LanguageModel
    encoder: Encoder
    may_fall_back: bool = False
    prompts: LevelPrompts = field(default_factory=cluster_prompts, repr=False)

    @property
    def name(self) -> str:
        """Method, model and the version of the prompt that words the names."""
        return f"{self.model.name} {self.prompts.rename.id}/{self.prompts.rename.version}"

    def build(self, base: BaseClusters, *, levels: int, seed: int) -> Sequence[Level]:
        """See `hierarchy.LevelBuilder.build`.

        Where no base cluster may be named there is nothing to ask, and Ward's tree makes nameless levels.

        Raises:
            HierarchyFailedError: Answers are missing and `may_fall_back` is false.
        """
        named = [number for number, label in enumerate(base.labels) if label is not None]
        if not named:
            return WardLevels().build(base, levels=levels, seed=seed)
        children = [label for label in base.labels if label is not None]
        own = nearest_rows(base.centroids, base.centroids[named])
        own[named] = np.arange(len(named))
        built: list[Level] = []
        for level in self.levels_over(children, level_sizes(len(named), levels=levels)[1:], seed=seed):
            own = level.groups[own]
            built.append(Level(own, dict(enumerate(level.labels))))
        return built

    def levels_over(self, children: Sequence[Label], sizes: Sequence[int], *, seed: int) -> list[BuiltLevel]:
        """Levels above some texts, from the lowest; fewer where one has a single group.

        Args:
            children: Texts of the base.
            sizes: About how many groups each level should have.
            seed: Seed of neighbourhoods and orders.

        Raises:
            HierarchyFailedError: Answers are missing and `may_fall_back` is false.
        """
        built: list[BuiltLevel] = []
        for number, size in enumerate(sizes, start=1):
            built.append(_Step(self, number, seed, tuple(children)).parents(size))
            children = built[-1].labels
            if len(children) == 1:
                break
        return built


@dataclass(frozen=True)
class _Step:
    """One turn of the loop: the clusters of one level and what is asked about them."""

    builder: ModelLevels
    level: int
    seed: int
    children: tuple[Label, ...]

    def parents(self, wanted: int) -> BuiltLevel:
        """Parent of each child, numbered without gaps, and the texts of the parents."""
        vectors = self.builder.encoder.encode([label.text for label in self.children])
        names = self._cut(vectors, self._tidied(self._proposals(vectors, wanted), wanted), wanted)
        if len(names) < min(2, wanted):
            self._must_fall_back("no usable list of parents was proposed")
            groups = cluster_vectors(vectors, cluster_count=wanted, method="ward", seed=self.seed)
            first = [self.children[int(np.flatnonzero(groups == number)[0])] for number in range(wanted)]
            return self._renamed(groups, [label.name for label in first], np.ones(len(groups), dtype=bool))
        if len(names) == 1:
            alone = np.zeros(len(self.children), dtype=np.int64)
            return self._renamed(alone, names, alone.astype(bool))
        chosen, is_stand_in = self._assigned(vectors, names)
        used = np.unique(chosen)
        return self._renamed(np.searchsorted(used, chosen), [names[number] for number in used], is_stand_in)

    def _must_fall_back(self, what: str) -> None:
        if not self.builder.may_fall_back:
            raise HierarchyFailedError(
                f"expected {self.builder.model.name} to build level {self.level} of the hierarchy, found that {what}: "
                "use another model, or set models.hierarchy_fallback to let the embedded method stand in"
            )

    def _proposals(self, vectors: Vectors, wanted: int) -> list[str]:
        """Parents proposed by neighbourhood, each name once."""
        count = -(-len(self.children) // NEIGHBOURHOOD)
        place = KMeans(count, random_state=self.seed, n_init=4).fit_predict(vectors)
        asked = []
        for number in range(count):
            inside = np.flatnonzero(place == number)
            outside = np.flatnonzero(place != number)
            closeness = vectors[outside] @ vectors[inside].mean(axis=0)
            nearby = outside[np.argsort(-closeness, kind="stable")[:NEARBY]]
            share = max(2 if wanted > 1 else 1, round(wanted * len(inside) / len(self.children)))
            asked.append(
                pose(
                    self.builder.prompts.parents,
                    key=f"{self.level}|parents|{number}",
                    answer_schema=ParentsAnswer,
                    seed=self.seed,
                    data={
                        "children": [self.children[n].text for n in inside],
                        "nearby": [self.children[n].name for n in nearby],
                    },
                    facts={"count": str(share)},
                )
            )
        answers = self.builder.model.ask(asked)
        names = [name for answer in answers if isinstance(answer.value, ParentsAnswer) for name in answer.value.names]
        return _distinct(names)

    def _tidied(self, proposed: list[str], wanted: int) -> list[str]:
        """One list across neighbourhoods; a model that cannot tidy it leaves it as it is."""
        if len(proposed) <= max(2, wanted):
            return proposed
        count = -(-len(proposed) // MERGED_NAMES)
        place = np.zeros(len(proposed), dtype=np.int64)
        if count > 1:
            place = KMeans(count, random_state=self.seed, n_init=4).fit_predict(self.builder.encoder.encode(proposed))
        parts = [[proposed[n] for n in np.flatnonzero(place == number)] for number in range(count)]
        answers = self.builder.model.ask(
            [
                pose(
                    self.builder.prompts.merge,
                    key=f"{self.level}|merge|{number}",
                    answer_schema=ParentsAnswer,
                    seed=self.seed,
                    data={"names": part},
                    facts={"count": str(max(1, round(wanted * len(part) / len(proposed))))},
                )
                for number, part in enumerate(parts)
            ]
        )
        tidied = (
            answer.value.names if isinstance(answer.value, ParentsAnswer) else part
            for answer, part in zip(answers, parts, strict=True)
        )
        return _distinct([name for part in tidied for name in part])

    def _cut(self, vectors: Vectors, names: list[str], wanted: int) -> list[str]:
        """Of a list that is still too long, the names that most children are nearest to, in their order."""
        if len(names) <= wanted:
            return names
        nearest = np.argmax(vectors @ self.builder.encoder.encode(names).T, axis=1)
        counts = np.bincount(nearest, minlength=len(names))
        return [names[number] for number in sorted(np.argsort(-counts, kind="stable")[:wanted])]

    def _assigned(self, vectors: Vectors, names: Sequence[str]) -> tuple[Labels, NDArray[np.bool_]]:
        """Number of the parent that each child was put into, and whether the nearest one stands in for an answer."""
        parent_vectors = self.builder.encoder.encode(list(names))
        closeness = vectors @ parent_vectors.T
        nearest = np.argsort(-closeness, axis=1, kind="stable")[:, :MAX_OPTIONS]
        asked = [
            pose(
                self.builder.prompts.assign,
                key=f"{self.level}|assign|{number}",
                answer_schema=ChoiceAnswer,
                seed=self.seed,
                data={"child": [child.text]},
                numbered_options={"parents": [Option(f"{option:04}", names[option]) for option in nearest[number]]},
            )
            for number, child in enumerate(self.children)
        ]
        answers = self.builder.model.ask(asked)
        chosen = nearest[:, 0].astype(np.int64)
        is_stand_in = np.zeros(len(asked), dtype=bool)
        for number, (question, answer) in enumerate(zip(asked, answers, strict=True)):
            options = question.options["parents"]
            if isinstance(answer.value, ChoiceAnswer) and answer.value.choice <= len(options):
                chosen[number] = int(options[answer.value.choice - 1])
            else:
                is_stand_in[number] = True
        if is_stand_in.any():
            self._must_fall_back(f"{is_stand_in.sum()} of {len(asked)} groups were put into none")
        return chosen, is_stand_in

    def _renamed(self, groups: Labels, names: Sequence[str], is_stand_in: NDArray[np.bool_]) -> BuiltLevel:
        """Texts of the parents from their children; one that the model leaves out keeps its proposed name."""
        held = [[self.children[n] for n in np.flatnonzero(groups == number)] for number in range(len(names))]
        answers = self.builder.model.ask(
            [
                pose(
                    self.builder.prompts.rename,
                    key=f"{self.level}|rename|{number}",
                    answer_schema=LabelAnswer,
                    seed=self.seed,
                    data={"children": [label.text for label in own]},
                )
                for number, own in enumerate(held)
            ]
        )
        labels = [
            answer.value.label
            if isinstance(answer.value, LabelAnswer)
            else Label(name, Label(name, own[0].description).text)
            for answer, name, own in zip(answers, names, held, strict=True)
        ]
        return BuiltLevel(groups, tuple(labels), is_stand_in)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names in their order, each once whatever its capitals or full stop."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold().rstrip(" ."), name.rstrip(" ."))
    return list(seen.values())
