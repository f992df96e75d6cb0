"""Schemas of the conversation tables: types, keys, ranges and one sentence per column.

Every table here is restricted: one row per conversation, account or private cluster. Nothing here is published.
"""

from typing import Final

import dataframely as dy

SIDES: Final = ("goal", "action")
ROLES: Final = ("user", "assistant", "system", "tool")
COLLABORATION_PATTERNS: Final = (
    "directive",
    "feedback_loop",
    "task_iteration",
    "learning",
    "validation",
    "none",
    "not_classified",
)
USE_CASES: Final = ("work", "coursework", "personal", "not_classified")
USE_CASE_GRADES: Final = ("explicit", "likely", "possible")
VERDICTS: Final = ("accepted", "none_fits", "abstained")
QUARANTINE_REASONS: Final = (
    "not_json",
    "not_utf8",
    "not_an_object",
    "missing_field",
    "wrong_type",
    "wrong_role",
    "no_user_turn",
    "empty",
    "too_long",
    "bad_date",
    "conflicting_id",
)
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class Conversation(dy.Schema):
    """One row per accepted conversation with its raw text; the most restricted table."""

    conversation_id = dy.String(primary_key=True, min_length=1, description="Id of the conversation.")
    content_hash = dy.String(description="blake2b of the messages; equal texts have equal hashes.")
    account_key = dy.String(nullable=True, description="HMAC-SHA256 of the account id; null where none was given.")
    has_account = dy.Bool(description="The record names an account.")
    started_at = dy.Datetime(
        time_unit="us", time_zone="UTC", description="Start; if absent, the month's first instant."
    )
    has_date = dy.Bool(description="The record carries a date; otherwise it takes the month asked for.")
    month = dy.String(regex=MONTH, description="Calendar month of the start, UTC, as YYYY-MM.")
    model = dy.String(nullable=True, description="Assistant model, where the record names one.")
    country = dy.String(nullable=True, description="Country of the account, where the record names one.")
    source_format = dy.String(description="Format of the record it was read from.")
    messages = dy.List(
        dy.Struct({"role": dy.Enum(list(ROLES)), "content": dy.String()}),
        min_length=1,
        description="Turns in order, raw text.",
    )


class Quarantine(dy.Schema):
    """One row per rejected record: where it is and why, never its text."""

    source_file = dy.String(primary_key=True, description="File name, without folders.")
    record_number = dy.Int64(primary_key=True, min=0, description="Position in the file, from 0.")
    conversation_id = dy.String(nullable=True, description="Id of the record, where it could be read.")
    reason = dy.Enum(list(QUARANTINE_REASONS), description="Why the record was rejected.")
    detail = dy.String(description="What was expected and found, without any text of the record.")


class IngestCount(dy.Schema):
    """One row per outcome of reading the input: accepted, duplicate, other_month, erased, quarantined by reason."""

    outcome = dy.String(
        primary_key=True, description="read, accepted, duplicate, other_month, no_account, no_date, ..."
    )
    record_count = dy.Int64(min=0, description="Records with this outcome.")


class RedactedConversation(dy.Schema):
    """One row per conversation after redaction, as the facet models see it."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    content_hash = dy.String(description="blake2b of the raw messages.")
    account_key = dy.String(nullable=True, description="HMAC-SHA256 of the account id; null where none was given.")
    has_account = dy.Bool(description="The record names an account.")
    has_date = dy.Bool(description="The record carries a date.")
    month = dy.String(regex=MONTH, description="Calendar month, UTC.")
    model = dy.String(nullable=True, description="Assistant model.")
    country = dy.String(nullable=True, description="Country.")
    is_counted = dy.Bool(description="Inside the cap of conversations per account and month.")
    user_turn_count = dy.Int64(min=1, description="Turns by the user.")
    assistant_turn_count = dy.Int64(min=0, description="Turns by the assistant.")
    redaction_count = dy.Int64(min=0, description="Private strings replaced.")
    messages = dy.List(
        dy.Struct({"role": dy.Enum(list(ROLES)), "content": dy.String()}),
        min_length=1,
        description="Turns in order, private strings replaced by their kind.",
    )


class Facets(dy.Schema):
    """One row per conversation: what it is about and how it is done."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    is_occupational = dy.Bool(description="The conversation possibly involves an occupational task.")
    occupational_prob = dy.Float64(min=0, max=1, description="Calibrated probability of that.")
    request = dy.String(description="What the user asks for: one short redacted sentence that begins with a verb.")
    collaboration_pattern = dy.Enum(list(COLLABORATION_PATTERNS), description="How user and assistant work together.")
    collaboration_prob = dy.Float64(min=0, max=1, description="Calibrated probability of the pattern.")
    use_case = dy.Enum(list(USE_CASES), description="What the conversation is for.")
    use_case_grade = dy.Enum(list(USE_CASE_GRADES), nullable=True, description="How clear that is; null: unclassified.")
    language = dy.String(nullable=True, regex=r"^[a-z]{2}$", description="ISO 639-1 code; null where undetermined.")
    concern_grade = dy.Int64(
        nullable=True, min=1, max=5, description="Concern, 1 (none) to 5 (severe); null: not classified."
    )
    skills = dy.List(dy.String(), description="O*NET skills that the assistant shows, sorted.")
    facet_version = dy.String(description="Version of the heads or model and prompt that made the row.")


class SidePhrase(dy.Schema):
    """One row per conversation and side, where a language model states them (restricted)."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    side = dy.Enum(
        list(SIDES), primary_key=True, description="goal: what the person wants done; action: what the assistant does."
    )
    phrase = dy.String(description="The activity as one short redacted sentence that begins with a verb.")


class FacetFailure(dy.Schema):
    """One row per conversation that no language model could label: it is not classified."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    role = dy.String(description="Role that failed: screen, facets or sides.")
    failure_reason = dy.String(description="Why there is no usable answer, such as refused or bad_answer.")


def embedding_schema(dimensions: int) -> type[dy.Schema]:
    """Schema of one unit vector per conversation.

    Args:
        dimensions: Length of each vector.
    """

    class RequestEmbedding(dy.Schema):
        conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
        embedding = dy.Array(dy.Float32(), dimensions, description="Unit vector of the request.")

    return RequestEmbedding


class ClusterMember(dy.Schema):
    """One row per conversation and cluster level."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    cluster_level = dy.Int64(primary_key=True, min=0, description="0 for base clusters, rising towards the top.")
    cluster_id = dy.String(description="Cluster of the conversation at this level.")


class Cluster(dy.Schema):
    """One row per cluster and level with exact, unpublished counts and its candidate text."""

    cluster_id = dy.String(primary_key=True, description="blake2b of the members' ids.")
    cluster_level = dy.Int64(min=0, description="0 for base clusters, rising towards the top.")
    parent_id = dy.String(nullable=True, description="Cluster one level up; null at the top.")
    conversation_count = dy.Int64(min=0, description="Conversations in the cluster.")
    account_count = dy.Int64(min=0, description="Distinct accounts in the cluster.")
    top_account_share = dy.Float64(min=0, max=1, description="Share of the heaviest account.")
    top_two_account_share = dy.Float64(min=0, max=1, description="Share of the two heaviest accounts.")
    name = dy.String(nullable=True, description="Imperative name; null where the text thresholds are not met.")
    description = dy.String(nullable=True, description="Two sentences; null where the text thresholds are not met.")
    privacy_grade = dy.Int64(nullable=True, min=1, max=5, description="Auditor's grade of the text, 5 is safest.")
    written_by = dy.String(nullable=True, description="What wrote the text: terms, or a model and its prompt version.")
    map_x = dy.Float64(description="Horizontal place on the 2-D map.")
    map_y = dy.Float64(description="Vertical place on the 2-D map.")
