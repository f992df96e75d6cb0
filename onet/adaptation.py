"""What the mapping's encoders are adapted on: activities and occupations, what people ask for there, and statements.

The encoder for English learns of activities that are neither held out nor kept for development, the projection for
other languages, which never reads a title, of all. The training itself needs no O*NET and is elsewhere.
"""

from dataclasses import dataclass

import polars as pl

from onet.gold import SPLIT_SEED, Gold, activity_gold, is_development, occupation_gold
from onet.phrasebook import IS_MEASURING, activity_phrases, read_occupation_requests, taught_requests
from onet.release import Release
from onet.task_index import distinct_statements


@dataclass(frozen=True)
class AdaptationGroup:
    """Title of an activity or an occupation, its English requests, and the numbers of its statements."""

    title: str
    requests: tuple[str, ...]
    statements: tuple[int, ...]


def _activities(release: Release) -> tuple[pl.DataFrame, Gold]:
    """Statements, and the activities that link to them."""
    statements = distinct_statements(release.tasks)
    return statements, activity_gold(
        statements, release.tasks, release.task_activities, release.activities, seed=SPLIT_SEED
    )


def adaptation_groups(release: Release) -> tuple[list[AdaptationGroup], list[str]]:
    """Groups to train on, by activity, then by occupation, and the statements that their numbers mean.

    Args:
        release: Release with the activities that the phrasebook was written for.

    Raises:
        PhrasebookMismatchError: The release has other activities.
    """
    statements, gold = _activities(release)
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


@dataclass(frozen=True)
class AskedActivities:
    """Requests and statements, and by activity the numbers of its own, at least two requests and one statement."""

    requests: tuple[str, ...]
    statements: tuple[str, ...]
    groups: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def asked_activities_of(release: Release) -> AskedActivities:
    """What the projection is trained on: requests of every language, by activity.

    Args:
        release: Release with the activities that the phrasebook was written for.

    Raises:
        PhrasebookMismatchError: The release has other activities.
    """
    statements, gold = _activities(release)
    links = gold.links.join(gold.queries.select("query_number", "dwa_id"), on="query_number")
    answers = dict(links.group_by("dwa_id").agg(pl.col("statement_number").sort()).iter_rows())
    lines = taught_requests(release.activities).with_row_index("row")
    rows = dict(lines.group_by("dwa_id").agg("row").sort("dwa_id").iter_rows())
    groups = [(tuple(own), tuple(answers[dwa])) for dwa, own in rows.items() if len(own) > 1 and dwa in answers]
    return AskedActivities(tuple(lines["request"]), tuple(statements["task"]), tuple(groups))
