"""What the mapping's encoder is adapted on: activities and occupations, what people ask for there, and statements.

Of activities only those that are neither held out nor kept for development. The training itself needs no O*NET and is
elsewhere.
"""

from dataclasses import dataclass

from onet.gold import SPLIT_SEED, activity_gold, is_development, occupation_gold
from onet.phrasebook import IS_MEASURING, activity_phrases, read_occupation_requests
from onet.release import Release
from onet.task_index import distinct_statements


@dataclass(frozen=True)
class AdaptationGroup:
    """Title of an activity or an occupation, its English requests, and the numbers of its statements."""

    title: str
    requests: tuple[str, ...]
    statements: tuple[int, ...]


def adaptation_groups(release: Release) -> tuple[list[AdaptationGroup], list[str]]:
    """Groups to train on, by activity, then by occupation, and the statements that their numbers mean.

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
    taught = read_occupation_requests().filter(~IS_MEASURING)
    asked = taught.group_by("onet_soc_code").agg("request")
    requests = {code: tuple(sorted(lines)) for code, lines in asked.iter_rows()}
    occupations = occupation_gold(statements, release.occupations, seed=SPLIT_SEED)
    own = dict(occupations.links.group_by("query_number").agg("statement_number").iter_rows())
    groups += [
        AdaptationGroup(title, requests.get(code, ()), tuple(sorted(own[number])))
        for number, code, title in occupations.queries.select("query_number", "dwa_id", "title").iter_rows()
    ]
    return groups, statements["task"].to_list()
