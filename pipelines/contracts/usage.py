"""Schemas of the published facts (idx): usage, collaboration, clusters, headlines."""

import dataframely as dy

from clio_lite import lineage as clio_lineage
from clio_lite import tables as clio_tables
from pipelines.contracts.block import ROW_KINDS, CommonBlock, share


class TaskMonth(CommonBlock):
    """Usage by task statement; a statement shared by several occupations is one row."""

    task_id = dy.String(
        primary_key=True, description="statement_task_id of ref.onet_task; or none, not_classified, suppressed."
    )
    row_kind = dy.Enum(list(ROW_KINDS), description="value for a task; else which remainder the row holds.")
    task = dy.String(nullable=True, description="Task statement; null for remainders.")
    occupation_count = dy.Int64(nullable=True, min=1, description="Occupations that share the statement.")
    usage_share = share("Share of the occupational conversations; 0 is an observed zero.")
    account_share = share("Share of the accounts, each split over its conversations.")


class TaskOccupationMonth(CommonBlock):
    """Usage by task of one occupation, after the split of shared statements."""

    task_id = dy.String(primary_key=True, description="O*NET task id; or none, not_classified, suppressed.")
    onet_soc_code = dy.String(primary_key=True, description="O*NET-SOC code; or all for remainders.")
    alloc_rule = dy.String(primary_key=True, description="How shared statements are split: equal.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    alloc_weight = dy.Float64(nullable=True, min=0, max=1, description="Part of the statement that goes here.")
    usage_share = share("Share of the occupational conversations.")
    account_share = share("Share of the accounts.")


class OccupationMonth(CommonBlock):
    """Usage by occupation."""

    soc_system = dy.String(primary_key=True, description="Code system: O*NET-SOC 2019, or the one of the release.")
    onet_soc_code = dy.String(primary_key=True, description="O*NET-SOC code; or suppressed.")
    alloc_rule = dy.String(primary_key=True, description="How shared statements are split: equal.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    title = dy.String(nullable=True, description="Occupation title.")
    soc_code = dy.String(nullable=True, description="SOC code.")
    soc_major_group = dy.String(nullable=True, description="SOC major group.")
    usage_share = share("Share of the conversations matched to a task.")
    account_share = share("Share of the accounts matched to a task.")
    employment_share = share("Share of U.S. employment, OEWS figures shared by several codes split evenly.")
    representation_ratio = dy.Float64(nullable=True, min=0, description="usage_share / employment_share.")
    usage_per_million_workers = dy.Float64(
        nullable=True, min=0, description="Published conversations (rounded) per million workers."
    )
    task_count = dy.Int64(nullable=True, min=0, description="Task statements of the occupation.")
    used_task_count = dy.Int64(
        nullable=True, min=0, description="Of them, those with at least min_conversations from at least min_accounts."
    )
    task_coverage = share("used_task_count / task_count: depth of use.")
    job_zone = dy.Int64(nullable=True, min=1, max=5, description="O*NET job zone.")
    median_wage_usd = dy.Float64(nullable=True, min=0, description="OEWS annual median wage.")


class MajorGroupMonth(CommonBlock):
    """Usage by SOC major group beside employment."""

    soc_major_group = dy.String(primary_key=True, description="SOC major group, two digits; or suppressed.")
    alloc_rule = dy.String(primary_key=True, description="How shared statements are split: equal.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    title = dy.String(nullable=True, description="Title of the group.")
    usage_share = share("Share of the conversations matched to a task.")
    account_share = share("Share of the accounts matched to a task.")
    employment_share = share("Share of U.S. employment (OEWS).")
    representation_ratio = dy.Float64(nullable=True, min=0, description="usage_share / employment_share.")


class ActivityMonth(CommonBlock):
    """Usage by work activity, intermediate and generalized: the level of other published indices."""

    label_rule = dy.Enum(
        ["multi", "single"],
        primary_key=True,
        description="multi: a conversation is split over the activities of its task; single: the main one has it all.",
    )
    activity_level = dy.Enum(["gwa", "iwa"], primary_key=True, description="Generalized or intermediate activity.")
    activity_id = dy.String(
        primary_key=True, description="Activity of ref.activity; unlinked: the task has none; or suppressed."
    )
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    title = dy.String(nullable=True, description="Title of the activity.")
    parent_id = dy.String(nullable=True, description="Generalized activity above an intermediate one.")
    usage_share = share("Share of the conversations matched to a task; sums to 1 per label rule and level.")
    account_share = share("Share of the accounts matched to a task.")


class ActivitySideMonth(ActivityMonth):
    """Usage by work activity of each side: what people want done, and what the assistant does.

    No rows where no language model is configured for the role sides: the sides cannot be told apart without one. A side
    has one task statement, also where task_labels gives conversations more.
    """

    side = dy.Enum(
        list(clio_tables.SIDES),
        primary_key=True,
        description="goal: what the person wants done; action: what the assistant does.",
    )


class CollaborationMonth(CommonBlock):
    """Collaboration patterns of a node: all conversations, a task, an occupation or a major group."""

    node_type = dy.Enum(["all", "task", "occupation", "major_group"], primary_key=True, description="Kind of node.")
    node_id = dy.String(primary_key=True, description="Task id, O*NET-SOC code, major group, or all.")
    denominator = dy.Enum(
        ["classified", "with_none", "all_seven"],
        primary_key=True,
        description="The five patterns; also none; also not_classified.",
    )
    collaboration_pattern = dy.Enum(
        [*clio_tables.COLLABORATION_PATTERNS, "suppressed", "not_published"],
        primary_key=True,
        description="Pattern, or the remainder withheld here or not published by the source.",
    )
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    pattern_share = share("Share of the node's conversations in the denominator.")
    account_share = share("The same with accounts.")


class AutomationMonth(CommonBlock):
    """Automation and augmentation of a node under each denominator."""

    node_type = dy.Enum(["all", "task", "occupation", "major_group"], primary_key=True, description="Kind of node.")
    node_id = dy.String(primary_key=True, description="Task id, O*NET-SOC code, major group, or all.")
    denominator = dy.Enum(
        ["classified", "with_none", "all_seven"],
        primary_key=True,
        description="The five patterns; also none; also not_classified.",
    )
    automation_share = share("directive + feedback_loop.")
    augmentation_share = share("task_iteration + learning + validation.")


class CoverageCurve(CommonBlock):
    """Depth of use: share of occupations with at least a given share of their tasks used."""

    floor_count = dy.Int64(primary_key=True, min=1, description="Conversations from which a task counts as used.")
    coverage_cut = dy.Float64(
        primary_key=True,
        min=0,
        max=1,
        description="Least share of an occupation's tasks used; 0 stands for any task used.",
    )
    occupation_share = share("Share of occupations at or above the cut.")
    occupation_count = dy.Int64(min=0, description="Occupations with task statements: the denominator.")


class JobZoneMonth(CommonBlock):
    """Usage by O*NET job zone."""

    job_zone = dy.String(primary_key=True, description="1 to 5; unknown, outside the base; or suppressed.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    usage_share = share("Share of the conversations matched to a task.")
    account_share = share("Share of the accounts matched to a task.")
    employment_share = share("Share of U.S. employment in occupations of the zone.")
    reference_usage_share = share("Figure printed in the paper for its own data; null for other inputs.")


class WageMonth(CommonBlock):
    """Usage by band of the occupation's median annual wage."""

    wage_band = dy.String(
        primary_key=True,
        description="Band in US dollars, such as 030000-044999; unknown, outside the base; or suppressed.",
    )
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    wage_low_usd = dy.Float64(nullable=True, min=0, description="Lower end, included.")
    wage_high_usd = dy.Float64(nullable=True, min=0, description="Upper end, excluded; null for the open band.")
    occupation_count = dy.Int64(nullable=True, min=0, description="Occupations in the band.")
    hourly_occupation_count = dy.Int64(
        nullable=True, min=0, description="Of them, those whose wage is 2,080 times an hourly figure."
    )
    usage_share = share("Share of the conversations matched to a task.")
    account_share = share("Share of the accounts matched to a task.")
    employment_share = share("Share of U.S. employment in occupations of the band.")


class UseCaseMonth(CommonBlock):
    """Usage by use case."""

    use_case = dy.String(primary_key=True, description="work, coursework, personal, not_classified, or suppressed.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    usage_share = share("Share of the conversations.")
    account_share = share("Share of the accounts.")


class ModelMonth(CommonBlock):
    """Usage by assistant model."""

    model = dy.String(primary_key=True, description="Model as recorded, unknown, or suppressed.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    usage_share = share("Share of the conversations.")
    account_share = share("Share of the accounts.")


class SkillMonth(CommonBlock):
    """Conversations in which the assistant shows an O*NET skill; not additive, since one may show several."""

    skill = dy.String(primary_key=True, description="O*NET skill.")
    usage_share = share("Share of the occupational conversations that show the skill.")
    account_share = share("Share of the accounts with such a conversation.")


class RequestClusterMonth(CommonBlock):
    """Clusters of requests with the names that passed the publication gate."""

    cluster_id = dy.String(primary_key=True, description="Id of the cluster; or not_classified, suppressed.")
    cluster_level = dy.Int64(primary_key=True, min=0, description="0 for base clusters, rising towards the top.")
    parent_id = dy.String(nullable=True, description="Cluster one level up.")
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    name = dy.String(nullable=True, description="Name; null where withheld.")
    description = dy.String(nullable=True, description="Description; null where withheld.")
    privacy_grade = dy.Int64(nullable=True, min=1, max=5, description="Auditor's grade of the text, 5 is safest.")
    usage_share = share("Share of the occupational conversations.")
    account_share = share("Share of the accounts.")
    map_x = dy.Float64(nullable=True, description="Horizontal place on the 2-D map.")
    map_y = dy.Float64(nullable=True, description="Vertical place on the 2-D map.")
    persistent_id = dy.String(nullable=True, description="Id that the cluster keeps from month to month.")
    prev_cluster_id = dy.String(
        nullable=True,
        description="Cluster of the month before whose id it keeps; see idx.cluster_lineage_month.",
    )
    prev_overlap_share = share("Part of the requests like the earlier cluster's that are in this one, to one decimal.")


class ClusterLineageMonth(CommonBlock):
    """How clusters of requests came from those of the month before: what goes on, splits, merges, begins, ends."""

    cluster_level = dy.Int64(primary_key=True, min=0, description="0 for base clusters, rising towards the top.")
    cluster_id = dy.String(primary_key=True, description="Cluster of the month; none for a death.")
    prev_cluster_id = dy.String(primary_key=True, description="Cluster of the month before; none for a birth.")
    prev_vintage_id = dy.String(nullable=True, description="Build of the month before that was compared.")
    relation = dy.Enum(
        list(clio_lineage.RELATIONS), nullable=True, description="How the one came from the other; null if withheld."
    )
    persistent_id = dy.String(nullable=True, description="Id that the cluster keeps; of the earlier one for a death.")
    overlap_share = share("Part of the cluster's requests that are like the earlier one's, to one decimal.")
    prev_overlap_share = share("Part of the requests like the earlier cluster's that are in this one, to one decimal.")


class ClusterFacetMonth(CommonBlock):
    """How each request cluster with published counts divides by language, collaboration pattern and use case."""

    cluster_id = dy.String(primary_key=True, description="Cluster; see idx.request_cluster_month.")
    cluster_level = dy.Int64(primary_key=True, min=0, description="0 for base clusters, rising towards the top.")
    facet = dy.Enum(
        ["language", "collaboration_pattern", "use_case"],
        primary_key=True,
        description="What the cluster is divided by.",
    )
    facet_value = dy.String(
        primary_key=True,
        description="Value of the facet, ISO 639-1 for languages; or none, not_classified, suppressed. A language "
        "without a row does not occur in the cluster or is withheld.",
    )
    row_kind = dy.Enum(list(ROW_KINDS), description="value, or which remainder the row holds.")
    usage_share = share("Share of the cluster's conversations; 0 is an observed zero.")
    account_share = share("Share of the cluster's accounts, each split over its conversations in the cluster.")


class HeadlineMonth(CommonBlock):
    """One row per headline figure."""

    metric_id = dy.String(primary_key=True, description="Metric; see meta.metric.")
    value = dy.Float64(nullable=True, description="Value in the metric's unit; null where suppressed.")
