"""The hierarchy of tasks by a language model: the loop of `clio_lite.model_levels` over the statements of `onet`.

Statements and their groups are public; names pass both auditors all the same, since a model writes them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.auditor import grade_text
from clio_lite.labels import name_key
from clio_lite.model_levels import BuiltLevel, LevelPrompts, ModelLevels
from clio_lite.models import load_prompt
from clio_lite.naming import Label, TextAuditor
from clio_lite.privacy import MIN_PUBLISHED_GRADE
from clio_lite.vocabulary import split_words
from onet.model_verification import PROMPTS_DIR
from onet.task_hierarchy import (
    TOP_COUNT,
    BuiltNodes,
    TaskHierarchy,
    build_task_hierarchy,
    grouped_hierarchy,
    middle_count,
)
from onet.task_index import TaskIndex
from pipelines.model_roles import ClusterWriters

TASKS_RUN: Final = "tasks"
"""What the money of the hierarchy of tasks is spent for, in the place of a month."""

WORD_USES: Final = 1
"""Statements below a node that must use a word of its name, unless the word is public."""


def task_prompts() -> LevelPrompts:
    """The questions about tasks."""
    names = ("task_parents", "task_merge_parents", "task_assign_parent", "task_rename_parent")
    return LevelPrompts(*(load_prompt(name, PROMPTS_DIR) for name in names))


def write_hierarchy(
    index: TaskIndex, writers: ClusterWriters, *, top_count: int = TOP_COUNT, seed: int
) -> TaskHierarchy:
    """Group the statements by the model that groups clusters, or by their vectors where there is none.

    So few statements that a level would be no smaller than the one below are grouped by their vectors too.

    Args:
        index: Task index.
        writers: Who groups, and who audits names.
        top_count: Top nodes.
        seed: Seed of neighbourhoods and orders.

    Returns:
        The hierarchy; `built_by` of its nodes says who grouped, `stand_in_count` how much the embedded method had to.

    Raises:
        HierarchyFailedError: The model left answers out, and the embedded method may not stand in.
    """
    count = index.statements.height
    sizes = (middle_count(count, top_count=top_count), top_count)
    if writers.level_builder is None or writers.auditor is None or not top_count < sizes[0] < count:
        return build_task_hierarchy(index, top_count=top_count, seed=seed)
    builder = replace(writers.level_builder, prompts=task_prompts())
    tasks = index.statements["task"].to_list()
    lowest, *above = builder.levels_over([Label(task.rstrip(" ."), "") for task in tasks], sizes, seed=seed)
    top_of_middle = above[0].groups if above else np.zeros(len(lowest.labels), dtype=np.int64)
    return grouped_hierarchy(
        index, lowest.groups, top_of_middle, _built_nodes(builder, tasks, lowest, above, top_of_middle, writers.auditor)
    )


def _built_nodes(
    builder: ModelLevels,
    tasks: list[str],
    lowest: BuiltLevel,
    above: list[BuiltLevel],
    top_of_middle: NDArray[np.int64],
    auditor: TextAuditor,
) -> BuiltNodes:
    """Names that may stand, and what the embedded method placed, by node id."""
    of_level = [("m", 4, lowest, lowest.groups), *(("t", 2, level, top_of_middle[lowest.groups]) for level in above)]
    labels: dict[str, Label] = {}
    words: dict[str, Counter[str]] = {}
    stand_ins: dict[str, int] = {}
    for kind, digits, level, node_of_task in of_level:
        ids = [f"{kind}{number:0{digits}d}" for number in range(len(level.labels))]
        labels |= {node: Label(label.name, "") for node, label in zip(ids, level.labels, strict=True)}
        words |= {node: Counter() for node in ids}
        for task, number in zip(tasks, node_of_task, strict=True):
            words[ids[number]].update(set(split_words(task)))
        counts = np.bincount(level.groups[level.is_stand_in], minlength=len(ids))
        stand_ins |= {node: int(count) for node, count in zip(ids, counts, strict=True)}
    return BuiltNodes(builder.name, passing_names(labels, words, auditor), stand_ins)


def passing_names(
    labels: Mapping[str, Label], words: Mapping[str, Mapping[str, int]], auditor: TextAuditor
) -> dict[str, str]:
    """Names that pass what published names pass: the embedded auditor, the model's, and no other node has the name.

    The words of a node's own statements stand where a cluster has those that enough accounts used.

    Args:
        labels: Names by node id.
        words: How many statements of each node use each word.
        auditor: Second auditor; the lower grade counts.

    Returns:
        Names by node id; a node left out is named by terms.
    """
    own = {
        node: label
        for node, label in labels.items()
        if grade_text(label.name, words[node], min_accounts=WORD_USES) >= MIN_PUBLISHED_GRADE
    }
    second = auditor.grades(own) if own else {}
    names: dict[str, str] = {}
    taken: set[frozenset[str]] = set()
    for node in sorted(own, reverse=True):  # the top level first
        key = name_key(own[node].name)
        if second.get(node, 1) >= MIN_PUBLISHED_GRADE and key not in taken:
            names[node] = own[node].name
            taken.add(key)
    return names
