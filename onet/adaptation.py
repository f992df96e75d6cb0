"""What the mapping's encoder is adapted on: activities as O*NET and as people name them, and their statements.

Only activities that are neither held out nor kept for development. The training itself needs no O*NET and is elsewhere.
"""

from dataclasses import dataclass

from onet.gold import activity_gold, is_development
from onet.phrasebook import activity_phrases
from onet.release import Release
from onet.reranking import SPLIT_SEED
from onet.task_index import distinct_statements


@dataclass(frozen=True)
class AdaptationGroup:
    """An activity's title, the English requests that the phrasebook has for it, and the numbers of its statements."""

    title: str
    requests: tuple[str, ...]
    statements: tuple[int, ...]


def adaptation_groups(release: Release) -> tuple[list[AdaptationGroup], list[str]]:
    """Groups to train on, by activity, and the statements that their numbers mean.

    Args:
        release: Release with the activities that the phrasebook was written for.

    Raises:
        PhrasebookMismatchError: The release has other activities.
    """
    statements = distinct_statements(release.tasks)
    gold = activity_gold(statements, release.tasks, release.task_activities, release.activities, seed=SPLIT_SEED)
    links = dict(gold.links.group_by("query_number").agg("statement_number").sort("query_number").iter_rows())
    phrases = activity_phrases(release.activities)
    groups = [
        AdaptationGroup(title, tuple(phrases.get(dwa, ())), tuple(sorted(links[number])))
        for number, dwa, iwa, title, is_held_out in gold.queries.iter_rows()
        if not is_held_out and not is_development(iwa, seed=SPLIT_SEED)
    ]
    return groups, statements["task"].to_list()
