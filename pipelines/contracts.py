"""Schemas of the published tables (idx, meta, qa) and the registry of every table by its one name.

Shapes only: the arithmetic is in `aggregate`, withholding in `disclosure`, and the door out in `publish`.
"""

from typing import Final

import dataframely as dy

from clio_lite import lineage as clio_lineage
from clio_lite import tables as clio_tables
from clio_lite.models import use as model_use
from onet import tables as onet_tables

FREQUENCIES: Final = ("M",)
OBS_STATUS: Final = ("A", "Q", "M")
CONF_STATUS: Final = ("F", "A", "O", "T", "D")
SUPPRESSION_RULES: Final = (
    "too_few_conversations",
    "too_few_accounts",
    "top_account",
    "top_two_accounts",
    "complementary",
)
MAPPING_ROUTES: Final = ("cluster", "conversation", "hierarchy")
ROW_KINDS: Final = ("value", "none", "not_classified", "suppressed", "not_published")


class CommonBlock(dy.Schema):
    """Columns that every fact table carries."""

    vintage_id = dy.String(primary_key=True, description="Build that the row belongs to; see meta.vintage.")
    period_start = dy.Date(primary_key=True, description="First day of the period.")
    period_end = dy.Date(description="First day after the period.")
    freq = dy.Enum(list(FREQUENCIES), description="Frequency: M for monthly.")
    channel = dy.String(primary_key=True, description="Where the conversations come from: assistant, api, pooled.")
    population = dy.String(primary_key=True, description="all, or occupational: those that pass the screen.")
    base_id = dy.String(description="What the denominator contains; see meta.base.")
    onet_version = dy.String(description="O*NET release of the catalogue, or 'starter' for the bundled one.")
    account_basis = dy.Enum(
        ["account", "assumed_per_conversation", "not_available"],
        description="What counts as an account: given ids, one assumed per conversation without id, or no counts.",
    )
    conversation_count = dy.Int64(
        nullable=True, min=0, description="Conversations, rounded by the ladder of meta.sdc_policy; null if withheld."
    )
    account_band = dy.String(nullable=True, description="Band of distinct accounts, such as 10-24; null if withheld.")
    share_se = dy.Float64(nullable=True, min=0, description="Standard error of the row's share; null: not estimated.")
    ci_low = dy.Float64(nullable=True, description="Lower end of the 95 % interval; null: not estimated.")
    ci_high = dy.Float64(nullable=True, description="Upper end of the 95 % interval; null: not estimated.")
    ci_method = dy.String(description="How the interval was made; 'none' where it was not estimated.")
    deff = dy.Float64(nullable=True, min=0, description="Design effect of clustering by account; null: not estimated.")
    share_corrected = dy.Float64(
        nullable=True, description="Share corrected for classifier error; null: no gold labels."
    )
    share_corrected_se = dy.Float64(nullable=True, min=0, description="Its standard error; null: no gold labels.")
    obs_status = dy.Enum(list(OBS_STATUS), description="SDMX CL_OBS_STATUS: A normal, Q suppressed, M not available.")
    conf_status = dy.Enum(
        list(CONF_STATUS),
        description="SDMX CL_CONF_STATUS: F free, A small count, O one dominant account, T two, D complementary.",
    )
    suppression_rule = dy.Enum(list(SUPPRESSION_RULES), nullable=True, description="Rule that withheld the row.")
    precision_class = dy.Enum(["A", "B", "C", "D"], nullable=True, description="From the CV; null: not estimated.")


def share(description: str, *, bounded: bool = True) -> dy.Float64:
    """Column of a published share: null where suppressed or without a denominator."""
    return dy.Float64(nullable=True, min=0, max=1 if bounded else None, description=description)


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


class Vintage(dy.Schema):
    """One row per published build."""

    vintage_id = dy.String(primary_key=True, description="Month and digest of inputs, settings and models.")
    index_version = dy.String(description="Version of the method (semantic versioning).")
    reference_month = dy.String(description="Month the build describes, YYYY-MM.")
    published_at = dy.Datetime(time_unit="us", time_zone="UTC", description="When it was published.")
    status = dy.Enum(["preliminary", "revised", "final", "benchmark"], description="Place in the revision cycle.")
    supersedes = dy.String(nullable=True, description="Earlier vintage of the same month.")
    source = dy.Enum(["conversations", "published_shares"], description="Made from conversations or from shares.")
    onet_version = dy.String(description="Release of the catalogue, or 'starter'.")
    soc_version = dy.String(description="SOC the codes belong to.")
    oews_year = dy.Int64(nullable=True, description="Year of the labour statistics; null: none loaded.")
    summariser = dy.String(description="What wrote requests and labels.")
    embedder = dy.String(description="Encoder and its digest.")
    verifier = dy.String(description="What accepted or rejected candidates.")
    mapping_route = dy.String(description="Route that feeds the index: cluster, conversation or hierarchy.")
    facet_version = dy.String(description="Version of the facet heads or prompts.")
    code_version = dy.String(description="Version of this software.")
    dagster_run_id = dy.String(nullable=True, description="Run that published it.")
    input_digest = dy.String(description="blake2b over the sorted hashes of the accepted conversations.")
    sdc_policy_id = dy.String(description="Disclosure control applied; see meta.sdc_policy.")
    seed = dy.Int64(description="Seed of every random choice.")
    licence = dy.String(description="Licence of the tables.")
    citation = dy.String(description="How to cite them.")
    notes = dy.String(description="What a reader must know, such as 'starter catalogue'.")


class VintageInput(dy.Schema):
    """Counts of conversations in and out of each step of a build, rounded by the ladder of the policy."""

    vintage_id = dy.String(primary_key=True, description="Build.")
    step = dy.String(primary_key=True, description="Step, such as read, accepted, occupational, matched.")
    conversation_count = dy.Int64(nullable=True, min=0, description="Conversations after the step, rounded.")


class Metric(dy.Schema):
    """One row per headline metric."""

    metric_id = dy.String(primary_key=True, description="Id used in idx.headline_month.")
    label = dy.String(description="What it is, for a chart.")
    formula = dy.String(description="How it is computed.")
    unit = dy.String(description="share, count or ratio.")
    numerator = dy.String(description="What is counted.")
    denominator = dy.String(description="Out of what.")
    is_additive = dy.Bool(description="Values of parts sum to the whole.")
    valid_min = dy.Float64(nullable=True, description="Least possible value.")
    valid_max = dy.Float64(nullable=True, description="Greatest possible value.")
    source_equivalent = dy.String(nullable=True, description="Column of a published index that measures the same.")


class Base(dy.Schema):
    """One row per denominator."""

    base_id = dy.String(primary_key=True, description="Id used in the fact tables.")
    label = dy.String(description="What the denominator is.")
    has_none = dy.Bool(description="Conversations that fit no task or pattern are in it.")
    has_not_classified = dy.Bool(description="Conversations that could not be classified are in it.")
    has_suppressed = dy.Bool(description="Withheld cells are in it.")
    has_not_occupational = dy.Bool(description="Conversations outside work tasks are in it.")


class SdcPolicy(dy.Schema):
    """One row per disclosure-control policy used by a vintage."""

    sdc_policy_id = dy.String(primary_key=True, description="Id used in meta.vintage.")
    min_conversations = dy.Int64(min=1, description="Least conversations of a published cell.")
    min_accounts = dy.Int64(min=1, description="Least accounts of a published cell.")
    min_text_conversations = dy.Int64(min=1, description="Least conversations behind a published text.")
    min_text_accounts = dy.Int64(min=1, description="Least accounts behind a published text.")
    max_top_account_share = dy.Float64(min=0, max=1, description="Share at or above which one account dominates.")
    max_top_two_account_share = dy.Float64(min=0, max=1, description="The same for two accounts.")
    account_cap = dy.Int64(min=1, description="Conversations counted per account and month.")
    rounding = dy.String(description="Rounding of the counts.")
    is_default = dy.Bool(description="The default thresholds; false for relaxed ones, such as the sample's.")


class SuppressionSummary(dy.Schema):
    """One row per table and rule: how much was withheld."""

    vintage_id = dy.String(primary_key=True, description="Build.")
    table_name = dy.String(primary_key=True, description="Table.")
    suppression_rule = dy.Enum(list(SUPPRESSION_RULES), primary_key=True, description="Rule.")
    cell_count = dy.Int64(min=0, description="Cells withheld by it.")
    withheld_share = share("Share of the table's total that the rule withholds; null where it could tell a cell.")


class ModelUse(model_use.ModelUse):
    """One row per role, model and prompt version: what the build asked of language models, counts rounded.

    No rows where everything was embedded.
    """

    vintage_id = dy.String(primary_key=True, description="Build.")


class Conservation(dy.Schema):
    """One row per table and additive group: what is published and withheld adds up to one."""

    vintage_id = dy.String(primary_key=True, description="Build.")
    table_name = dy.String(primary_key=True, description="Table.")
    group_id = dy.String(primary_key=True, description="Group that adds up, such as all.")
    published_share = dy.Float64(description="Sum of the published values.")
    suppressed_share = dy.Float64(description="Sum withheld by disclosure control.")
    none_share = dy.Float64(description="Fits no task or pattern.")
    not_classified_share = dy.Float64(description="Could not be classified.")
    not_published_share = dy.Float64(description="Missing from the source.")
    total_share = dy.Float64(description="Sum of the five: 1.")
    tolerance = dy.Float64(min=0, description="Difference from 1 that rounding can cause.")
    is_conserved = dy.Bool(description="The total is 1 within the tolerance.")


class MappingAgreement(dy.Schema):
    """One row per two routes from conversations to tasks and level: how far their shares agree."""

    vintage_id = dy.String(primary_key=True, description="Build.")
    mapping_route = dy.Enum(list(MAPPING_ROUTES), primary_key=True, description="One route.")
    other_mapping_route = dy.Enum(list(MAPPING_ROUTES), primary_key=True, description="The other route.")
    mapping_level = dy.Enum(
        ["major_group", "occupation", "task"], primary_key=True, description="Level at which shares are compared."
    )
    item_count = dy.Int64(min=0, description="Items that either route uses, over which the correlations are taken.")
    same_share = share("Share of the conversations matched by both routes that both give to the same item.")
    pearson_correlation = dy.Float64(nullable=True, min=-1, max=1, description="Pearson; null: fewer than three items.")
    spearman_correlation = dy.Float64(nullable=True, min=-1, max=1, description="Spearman's rank correlation.")
    kendall_correlation = dy.Float64(nullable=True, min=-1, max=1, description="Kendall's tau-b.")
    paper_pearson_correlation = dy.Float64(
        nullable=True, description="The paper's figure (arXiv 2503.04761) for clusters against conversations."
    )
    paper_spearman_correlation = dy.Float64(nullable=True, description="The paper's figure.")
    paper_kendall_correlation = dy.Float64(nullable=True, description="The paper's figure.")


class VerifierScoreColumns(dy.Schema):
    """How good a verifier is on the release's own gold: titles of detailed activities and the tasks linked to them."""

    verifier = dy.String(primary_key=True, description="Verifier: calibrated retrieval, or a model with its prompts.")
    strategy = dy.String(description="retrieval, or how the model is asked: choice, two_step or pairwise.")
    query_count = dy.Int64(min=1, description="Held-out activities that it was measured on.")
    fit_query_count = dy.Int64(min=0, description="Other activities that its probabilities were fitted on.")
    right_share = share("Activities whose accepted task is linked; none and no judgement count as wrong.")
    retrieval_right_share = share("Activities whose first retrieved task is linked: retrieval alone, accepting all.")
    accepted_share = share("Activities with an accepted task.")
    none_share = share("Activities answered with none of these.")
    abstained_share = share("Activities without a judgement, such as two orders with different answers.")
    brier = dy.Float64(min=0, max=1, description="Brier score of the probability of the first task.")
    retrieval_brier = dy.Float64(min=0, max=1, description="The same of retrieval alone.")
    coverage_at_90_share = share("Most activities that can be accepted with nine of ten right.")
    retrieval_coverage_at_90_share = share("The same of retrieval alone.")
    beats_retrieval = dy.Bool(description="More right than retrieval alone, with probabilities that are no worse.")


class VerifierScores(VerifierScoreColumns):
    """One row per verifier with its figures and what its judgements are worth."""

    first_shift = dy.Float64(description="Added to the log-odds of a chosen task that retrieval had first.")
    other_shift = dy.Float64(description="Added to the log-odds of a chosen task that it had not.")
    none_shift = dy.Float64(description="Added to the log-odds of every task where none was chosen.")
    abstained_shift = dy.Float64(description="Added to the log-odds of every task without a judgement.")


class VerifierReliability(dy.Schema):
    """One row per verifier and tenth of probability: how often what it calls so probable is right."""

    verifier = dy.String(primary_key=True, description="Verifier.")
    bin_low_prob = dy.Float64(primary_key=True, min=0, max=1, description="Lower end of the tenth, included.")
    bin_high_prob = dy.Float64(min=0, max=1, description="Upper end, excluded but for 1.")
    query_count = dy.Int64(min=1, description="Held-out activities in it.")
    mean_prob = dy.Float64(min=0, max=1, description="Mean probability of their first task.")
    right_share = share("Of them, those whose first task is linked.")


class PublishedVerifierScore(VerifierScoreColumns):
    """One row per verifier of a build: how good it is on the release's own gold, beside retrieval alone."""

    vintage_id = dy.String(primary_key=True, description="Build.")


class PublishedVerifierReliability(VerifierReliability):
    """One row per verifier of a build and tenth of probability: how often what it calls so probable is right."""

    vintage_id = dy.String(primary_key=True, description="Build.")


class LabellingFailure(dy.Schema):
    """One row per role and reason: conversations that no language model could label, and that are not classified."""

    vintage_id = dy.String(primary_key=True, description="Build.")
    role = dy.String(primary_key=True, description="Role that failed: screen or facets.")
    failure_reason = dy.String(primary_key=True, description="Why there is no usable answer.")
    conversation_count = dy.Int64(min=0, description="Conversations, rounded by the ladder of the policy.")


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


class Activity(onet_tables.Activity):
    """One row per work activity at each of the three levels, of one release."""

    onet_version = dy.String(primary_key=True, description="Release the activity comes from, or 'starter'.")


class SocGroup(onet_tables.SocGroup):
    """One row per group of the SOC: major, minor, broad, detailed, as one release needs them."""

    onet_version = dy.String(primary_key=True, description="Release whose occupations the groups hold, or 'starter'.")


class ClusterLineage(clio_lineage.ClusterLineage):
    """One row per linked pair of a cluster and one of the month before, per birth and per death (restricted)."""

    is_prev_published = dy.Bool(
        description="The earlier cluster is stated in the build compared with, or there is none."
    )
    prev_vintage_id = dy.String(nullable=True, description="Build of the month before that was compared.")


IDX_TABLES: Final[dict[str, type[CommonBlock]]] = {
    "idx/task_month": TaskMonth,
    "idx/task_occupation_month": TaskOccupationMonth,
    "idx/occupation_month": OccupationMonth,
    "idx/major_group_month": MajorGroupMonth,
    "idx/activity_month": ActivityMonth,
    "idx/collaboration_month": CollaborationMonth,
    "idx/automation_month": AutomationMonth,
    "idx/coverage_curve": CoverageCurve,
    "idx/job_zone_month": JobZoneMonth,
    "idx/wage_month": WageMonth,
    "idx/use_case_month": UseCaseMonth,
    "idx/model_month": ModelMonth,
    "idx/skill_month": SkillMonth,
    "idx/request_cluster_month": RequestClusterMonth,
    "idx/cluster_facet_month": ClusterFacetMonth,
    "idx/cluster_lineage_month": ClusterLineageMonth,
    "idx/headline_month": HeadlineMonth,
}
META_TABLES: Final[dict[str, type[dy.Schema]]] = {
    "meta/vintage": Vintage,
    "meta/vintage_input": VintageInput,
    "meta/metric": Metric,
    "meta/base": Base,
    "meta/sdc_policy": SdcPolicy,
    "meta/suppression_summary": SuppressionSummary,
    "meta/model_use": ModelUse,
    "qa/conservation": Conservation,
    "qa/mapping_agreement": MappingAgreement,
    "qa/verifier": PublishedVerifierScore,
    "qa/verifier_reliability": PublishedVerifierReliability,
    "meta/labelling_failure": LabellingFailure,
}
REF_TABLES: Final[dict[str, type[dy.Schema]]] = {
    "ref/onet_task": onet_tables.OnetTask,
    "ref/occupation": onet_tables.Occupation,
    "ref/task_activity": onet_tables.TaskActivity,
    "ref/activity": Activity,
    "ref/soc_group": SocGroup,
    "ref/task_allocation": onet_tables.TaskAllocation,
    "ref/soc_crosswalk": onet_tables.SocCrosswalk,
    "ref/task_lineage": onet_tables.TaskLineage,
}
RESTRICTED_TABLES: Final[dict[str, type[dy.Schema]]] = {
    "raw/conversations": clio_tables.Conversation,
    "raw/quarantine": clio_tables.Quarantine,
    "raw/ingest_count": clio_tables.IngestCount,
    "core/conversations": clio_tables.RedactedConversation,
    "core/facets": clio_tables.Facets,
    "core/facet_failure": clio_tables.FacetFailure,
    "core/facet_model_use": model_use.ModelUse,
    "core/cluster_model_use": model_use.ModelUse,
    "core/cluster_task_model_use": model_use.ModelUse,
    "core/conversation_task_model_use": model_use.ModelUse,
    "core/verifier_model_use": model_use.ModelUse,
    "core/verifier_score": VerifierScores,
    "core/verifier_reliability": VerifierReliability,
    "core/cluster_member": clio_tables.ClusterMember,
    "core/cluster": clio_tables.Cluster,
    "core/cluster_lineage": ClusterLineage,
    "core/cluster_task": ClusterTask,
    "core/conversation_task": ConversationTask,
}
PUBLISHED_TABLES: Final[dict[str, type[dy.Schema]]] = {**REF_TABLES, **IDX_TABLES, **META_TABLES}
TABLES: Final[dict[str, type[dy.Schema]]] = {**RESTRICTED_TABLES, **PUBLISHED_TABLES}
