"""Schemas of what a reader must know of every build (meta, qa), and of the verifiers' measures behind them."""

import dataframely as dy

from clio_lite.models import use as model_use
from pipelines.contracts.block import MAPPING_ROUTES, SUPPRESSION_RULES, BuildKey, share


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
    task_label_count = dy.Int64(
        nullable=True,
        min=1,
        description="Most task statements of a conversation: 1, or up to 3 with weights that sum to 1; null: older, 1.",
    )
    facet_version = dy.String(description="Version of the facet heads or prompts.")
    code_version = dy.String(description="Version of this software.")
    dagster_run_id = dy.String(nullable=True, description="Run that published it.")
    input_digest = dy.String(description="blake2b over the sorted hashes of the accepted conversations.")
    sdc_policy_id = dy.String(description="Disclosure control applied; see meta.sdc_policy.")
    seed = dy.Int64(description="Seed of every random choice.")
    licence = dy.String(description="Licence of the tables.")
    citation = dy.String(description="How to cite them.")
    notes = dy.String(description="What a reader must know, such as 'starter catalogue'.")


class VintageInput(BuildKey):
    """Counts of conversations in and out of each step of a build, rounded by the ladder of the policy."""

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


class SuppressionSummary(BuildKey):
    """One row per table and rule: how much was withheld."""

    table_name = dy.String(primary_key=True, description="Table.")
    suppression_rule = dy.Enum(list(SUPPRESSION_RULES), primary_key=True, description="Rule.")
    cell_count = dy.Int64(min=0, description="Cells withheld by it.")
    withheld_share = share("Share of the table's total that the rule withholds; null where it could tell a cell.")


class ModelUse(model_use.ModelUse, BuildKey):
    """One row per role, model and prompt version: what the build asked of language models, counts rounded.

    No rows where everything was embedded.
    """


class Conservation(BuildKey):
    """One row per table and additive group: what is published and withheld adds up to one."""

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


class MappingAgreement(BuildKey):
    """One row per two routes from conversations to tasks and level: how far their shares agree."""

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
    """How good a verifier is: on requests of detailed activities, without what their writers wrote, and linked tasks.

    Titles of activities stand in where the catalogue's are not those that the requests were written for.
    """

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


class PublishedVerifierScore(VerifierScoreColumns, BuildKey):
    """One row per verifier of a build: how good it is on the release's own gold, beside retrieval alone."""


class PublishedVerifierReliability(VerifierReliability, BuildKey):
    """One row per verifier of a build and tenth of probability: how often what it calls so probable is right."""


class MappingAccuracy(dy.Schema):
    """One row per kind of request and SOC major group: how often retrieval, as it is in use, finds a right task.

    Measured on held-out requests of writers on whose lines nothing is trained, each searched without what its writer
    wrote; every request is of one group. Conversations have no part in it.
    """

    query_kind = dy.Enum(
        ["activity_request", "activity_title", "occupation_request"],
        primary_key=True,
        description="What was asked: a request of an activity (right: a task linked to it), its title where no request "
        "of the catalogue's activities is known, or a request of an occupation (right: any task of it).",
    )
    soc_major_group = dy.String(
        primary_key=True, description="Group of the occupation, or of most of the occupations of the linked tasks."
    )
    query_count = dy.Int64(min=1, description="Requests of the group.")
    is_small_sample = dy.Bool(description="Fewer than 30 requests: read the intervals, not the shares.")
    hit_at_1_share = share("Requests whose first task is right.")
    hit_at_1_ci_low = share("Lower end of its 95 % interval (Wilson).")
    hit_at_1_ci_high = share("Upper end.")
    hit_at_5_share = share("Requests with a right task among the first five.")
    hit_at_5_ci_low = share("Lower end of its 95 % interval (Wilson).")
    hit_at_5_ci_high = share("Upper end.")
    hit_at_10_share = share("Requests with a right task among the first ten.")
    hit_at_10_ci_low = share("Lower end of its 95 % interval (Wilson).")
    hit_at_10_ci_high = share("Upper end.")
    right_group_share = share("Requests whose first task is of a group that a right task is of.")
    right_group_ci_low = share("Lower end of its 95 % interval (Wilson).")
    right_group_ci_high = share("Upper end.")
    mean_prob = dy.Float64(min=0, max=1, description="Mean probability stated of the first task.")


class PublishedMappingAccuracy(MappingAccuracy, BuildKey):
    """One row per kind of request and SOC major group of a build: how often retrieval finds a right task."""


class LabellingFailure(BuildKey):
    """One row per role and reason: conversations that no language model could label, and that are not classified."""

    role = dy.String(primary_key=True, description="Role that failed: screen, facets or sides.")
    failure_reason = dy.String(primary_key=True, description="Why there is no usable answer.")
    conversation_count = dy.Int64(min=0, description="Conversations, rounded by the ladder of the policy.")
