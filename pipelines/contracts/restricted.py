"""Schemas of the restricted tables that join the two libraries; the rest are their own."""

import dataframely as dy

from clio_lite import lineage as clio_lineage
from clio_lite import tables as clio_tables
from pipelines.contracts.block import MAPPING_ROUTES


class ClusterTask(dy.Schema):
    """One row per base cluster and ranked candidate statement (restricted)."""

    cluster_id = dy.String(primary_key=True, description="Base cluster.")
    rank = dy.Int64(primary_key=True, min=1, description="Final order; the verifier's choice first.")
    retrieval_rank = dy.Int64(min=1, description="Order before verification.")
    statement_task_id = dy.String(description="Statement; see ref.onet_task.")
    task_key = dy.String(description="Key of the statement.")
    match_score = dy.Float64(description="Final ranking score.")
    match_prob = dy.Float64(min=0, max=1, description="P(a careful judge would accept it).")
    verdict = dy.Enum(list(clio_tables.VERDICTS), description="accepted for the choice; else none_fits or abstained.")
    verifier = dy.String(description="What judged it.")


class ConversationTask(dy.Schema):
    """One row per occupational conversation, route and task (restricted); weights sum to 1 per route."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    mapping_route = dy.Enum(
        list(MAPPING_ROUTES),
        primary_key=True,
        description="Through its cluster, directly by retrieval, or down the hierarchy of tasks.",
    )
    statement_task_id = dy.String(
        primary_key=True, description="Statement; none where no statement fits; not_classified where no verdict exists."
    )
    match_weight = dy.Float64(min=0, max=1, description="Part of the conversation that goes to the statement.")
    match_prob = dy.Float64(nullable=True, min=0, max=1, description="P(a careful judge would accept it).")
    verdict = dy.Enum(list(clio_tables.VERDICTS), description="The verifier's verdict.")
    verifier = dy.String(description="What judged it.")


class ConversationSide(clio_tables.SidePhrase):
    """One row per conversation and side, where a language model states them, with its task (restricted)."""

    statement_task_id = dy.String(description="Statement; none where no statement fits; not_classified.")
    match_prob = dy.Float64(nullable=True, min=0, max=1, description="P(a careful judge would accept it).")
    verifier = dy.String(description="What judged it.")


class ClusterLineage(clio_lineage.ClusterLineage):
    """One row per linked pair of a cluster and one of the month before, per birth and per death (restricted)."""

    is_prev_published = dy.Bool(
        description="The earlier cluster is stated in the build compared with, or there is none."
    )
    prev_vintage_id = dy.String(nullable=True, description="Build of the month before that was compared.")
