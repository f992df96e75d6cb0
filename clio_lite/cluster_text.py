"""Names and descriptions of the clusters of one level: whoever writes them, the same gate judges every one.

Order: a text that the level builder proposed, else a labeller's answer; each is graded against the k-anonymous
vocabulary of its cluster, and by a second auditor where there is one: the lower grade counts. A refused answer is asked
for again, with the words that it must do without; after `MAX_ATTEMPTS` answers, or without a labeller, terms become the
text, which the embedded auditor alone grades, since the vocabulary refuses none of them. Whether a text is published
is decided in `privacy`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clio_lite.auditor import grade_text
from clio_lite.clustering import Labels, Vectors, sums_of
from clio_lite.labels import label_clusters, name_key, word_account_counts
from clio_lite.naming import ClusterLabeller, ExampleCounts, Label, NamingTask, TextAuditor, naming_examples
from clio_lite.privacy import MIN_PUBLISHED_GRADE
from clio_lite.vocabulary import person_names, refused_words, split_words, word_uses

MAX_ATTEMPTS: Final = 3
"""Answers of a labeller per cluster, proposals of the level builder included, before terms become the text."""

MAX_NAME_LENGTH: Final = 120
MAX_DESCRIPTION_LENGTH: Final = 600
TERMS: Final = "terms"
"""Stands beside a text that was made from distinctive terms."""


@dataclass(frozen=True)
class ClusterText:
    """Text of a cluster, its grade, and what wrote it."""

    label: Label
    privacy_grade: int
    written_by: str


@dataclass(frozen=True)
class TextSource:
    """What texts are written from: the counted conversations, sorted by id.

    Attributes:
        table: `conversation_id`, `request`, `language`, `account_key` (null: lends no words).
        vectors: Array (n, d) of unit rows.
        min_accounts: Accounts of a cluster that must have used a word unless it is public.
        labeller: Writes names and descriptions; None: terms do.
        counts: Examples shown to a labeller.
        seed: Seed of their choice.
        auditor: Grades written texts beside the embedded one; None: that one alone.
    """

    table: pl.DataFrame
    vectors: Vectors
    min_accounts: int
    labeller: ClusterLabeller | None
    counts: ExampleCounts
    seed: int
    auditor: TextAuditor | None = None

    @cached_property
    def uses(self) -> pl.DataFrame:
        """Words of the requests."""
        return word_uses(self.table)

    @cached_property
    def accounts(self) -> NDArray[np.int64]:
        """Number of the account per row, 0 for none."""
        numbers: NDArray[np.int64] = self.table["account_key"].rank("dense").fill_null(0).to_numpy().astype(np.int64)
        return numbers


@dataclass(frozen=True)
class LevelClusters:
    """The clusters of one level over the rows of a `TextSource`.

    Attributes:
        level: 0 for the base.
        ids: Cluster id by number.
        labels: Number of the cluster per row.
        part_ids: Id of the cluster below per row; at the base the cluster's own.
        supported: Ids of the clusters about which a text may be written.
        near: Clusters, per cluster, whose names must differ by more than a word.
        child_names: Names of the clusters below, per cluster, the largest first.
        proposed: Texts that a level builder proposed, by cluster id.
        proposed_by: Name of the level builder.
    """

    level: int
    ids: Sequence[str]
    labels: Labels
    part_ids: pl.Series
    supported: frozenset[str]
    near: Mapping[str, Sequence[str]]
    child_names: Mapping[str, Sequence[str]]
    proposed: Mapping[str, Label]
    proposed_by: str


def write_level(
    source: TextSource, clusters: LevelClusters, written: Mapping[str, ClusterText]
) -> dict[str, ClusterText]:
    """Write and grade the texts of the supported clusters of one level.

    Args:
        source: What texts are written from.
        clusters: The level.
        written: Texts of the levels below; no name is given twice while there is another.

    Returns:
        Text per supported cluster. One that only terms could write may still have a grade below the publishable.
    """
    members = source.table.select("conversation_id", "account_key", "language").with_columns(
        cluster_id=pl.Series(clusters.ids, dtype=pl.String).gather(clusters.labels), part_id=clusters.part_ids
    )
    of_supported = members.filter(pl.col("cluster_id").is_in(sorted(clusters.supported)))
    gate = _Gate(word_account_counts(source.uses, of_supported), source.min_accounts)
    names = {cluster_id: text.label.name for cluster_id, text in written.items()}
    texts = _asked_texts(source, clusters, gate, names)
    names |= {cluster_id: text.label.name for cluster_id, text in texts.items()}
    cohesion = _cohesion(source.vectors, clusters)
    rest = {cluster_id: cohesion[cluster_id] for cluster_id in sorted(clusters.supported - texts.keys())}
    labels = label_clusters(
        source.uses, members, rest, min_accounts=source.min_accounts, neighbours=clusters.near, taken=names
    )
    return texts | {name: ClusterText(label, gate.grade(name, label), TERMS) for name, label in labels.items()}


@dataclass(frozen=True)
class _Gate:
    """Grades a text about a cluster by who used its words."""

    account_counts: Mapping[str, Mapping[str, int]]
    min_accounts: int

    def grade(self, cluster_id: str, label: Label) -> int:
        """Auditor's grade."""
        return grade_text(label.text, self.account_counts[cluster_id], min_accounts=self.min_accounts)

    def refused(self, cluster_id: str, label: Label) -> list[str]:
        """Words that stand in the way of a better grade."""
        text, counts = label.text, self.account_counts[cluster_id]
        rare = refused_words(text, counts, min_accounts=self.min_accounts)
        return sorted({*rare, *(word for word in split_words(text) if word in person_names())})


def _is_well_formed(label: Label) -> bool:
    """One printable line each, neither empty nor endless."""
    texts = ((label.name, MAX_NAME_LENGTH), (label.description, MAX_DESCRIPTION_LENGTH))
    return all(text.strip() == text and text.isprintable() and 0 < len(text) <= longest for text, longest in texts)


def _asked_texts(
    source: TextSource, clusters: LevelClusters, gate: _Gate, names: Mapping[str, str]
) -> dict[str, ClusterText]:
    """Texts by the level builder and the labeller that pass the gate and have a name of their own."""
    texts: dict[str, ClusterText] = {}
    taken = {name_key(name) for name in names.values()}
    waiting = _tasks(source, clusters) if clusters.proposed or source.labeller else []
    for attempt in range(MAX_ATTEMPTS):
        if attempt == 0 and clusters.proposed:
            answers, writer = clusters.proposed, clusters.proposed_by
        elif waiting and source.labeller is not None:
            answers, writer = source.labeller.write(waiting), source.labeller.name
        else:
            break
        grades = _grades(source, gate, answers, waiting)
        again: list[NamingTask] = []
        for task in waiting:
            label = answers.get(task.cluster_id)
            following = replace(task, attempt=attempt + 1)
            if label is None:
                again += [following] if answers is clusters.proposed else []
                continue
            grade = grades[task.cluster_id]
            if name_key(label.name) in taken:
                again.append(replace(following, taken_names=(*task.taken_names, label.name)))
            elif grade < MIN_PUBLISHED_GRADE or not _is_well_formed(label):
                refused = {*task.refused_words, *gate.refused(task.cluster_id, label)}
                again.append(replace(following, refused_words=tuple(sorted(refused))))
            else:
                taken.add(name_key(label.name))
                texts[task.cluster_id] = ClusterText(label, grade, writer)
        waiting = again
    return texts


def _grades(
    source: TextSource, gate: _Gate, answers: Mapping[str, Label], waiting: Sequence[NamingTask]
) -> dict[str, int]:
    """Grade of each answer that was waited for: the lower of both auditors'; 1 where the second one gives none."""
    asked = {task.cluster_id: answers[task.cluster_id] for task in waiting if task.cluster_id in answers}
    grades = {name: gate.grade(name, label) for name, label in asked.items()}
    if source.auditor is None:
        return grades
    passing = {name: asked[name] for name, grade in grades.items() if grade >= MIN_PUBLISHED_GRADE}
    second = source.auditor.grades(passing) if passing else {}
    return grades | {name: min(grades[name], second.get(name, 1)) for name in passing}


def _tasks(source: TextSource, clusters: LevelClusters) -> list[NamingTask]:
    """What the labeller is told of each supported cluster, the largest first."""
    requests = source.table["request"].to_list()
    ids = source.table["conversation_id"].to_list()
    examples = naming_examples(source.vectors, clusters.labels, source.accounts, counts=source.counts, seed=source.seed)
    sizes = np.bincount(clusters.labels, minlength=len(clusters.ids))
    return [
        NamingTask(
            cluster_id=clusters.ids[number],
            cluster_level=clusters.level,
            member_requests=tuple(requests[row] for row in examples.members[number]),
            contrast_requests=tuple(requests[row] for row in examples.contrasts[number]),
            child_names=tuple(clusters.child_names.get(clusters.ids[number], ())),
            conversation_ids=tuple(ids[row] for row in (*examples.members[number], *examples.contrasts[number])),
        )
        for number in sorted(range(len(clusters.ids)), key=lambda number: (-sizes[number], clusters.ids[number]))
        if clusters.ids[number] in clusters.supported
    ]


def _cohesion(vectors: Vectors, clusters: LevelClusters) -> dict[str, float]:
    """Mean cosine of each cluster's rows to its centroid: the length of their mean, since each has length 1."""
    sizes = np.bincount(clusters.labels, minlength=len(clusters.ids))
    lengths = np.linalg.norm(sums_of(vectors, clusters.labels, len(clusters.ids)), axis=1)
    return dict(zip(clusters.ids, (lengths / sizes).tolist(), strict=True))
