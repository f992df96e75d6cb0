"""Schemas of the label sets (restricted) and of the results of a validation."""

from typing import Final

import dataframely as dy

from clio_lite.tables import COLLABORATION_PATTERNS, MONTH

POPULATION: Final = "core/validation_population"
ITEMS: Final = "core/validation_item"
CONFUSION: Final = "core/validation_confusion"
ACCURACY: Final = "core/validation_accuracy"
AGREEMENT: Final = "core/validation_agreement"
ESTIMATES: Final = "core/validation_estimate"
SCORED: Final = (ACCURACY, AGREEMENT, ESTIMATES)
"""Monthly tables that `usage-index validate score` writes and the index reads; they name no conversation."""

LEVELS: Final = ("base", "middle", "top", "pattern")
KAPPAS: Final = ("cohen_kappa", "fleiss_kappa", "krippendorff_alpha")
_GROUPS = dy.List(
    dy.Struct({"soc_major_group": dy.String(), "weight": dy.Float64()}),
    description="SOC major groups of the assigned statement, equal split; or none, not_classified.",
)


class ValidationPopulation(dy.Schema):
    """One row per conversation that could be drawn, as it was when the sheet was drawn (restricted)."""

    conversation_id = dy.String(primary_key=True, description="Id of the conversation.")
    account_key = dy.String(nullable=True, description="Account; null where none was given.")
    stratum = dy.String(description="Probability band and SOC major group, small ones put together.")
    inclusion_prob = dy.Float64(min=0, max=1, description="Probability of being drawn: drawn / all of the stratum.")
    collaboration_pattern = dy.Enum(list(COLLABORATION_PATTERNS), description="Predicted pattern.")
    groups = _GROUPS


class ValidationItem(dy.Schema):
    """One row per drawn conversation: the key of the label sheet (restricted)."""

    item_id = dy.String(primary_key=True, description="blake2b of label set and conversation; the sheet shows it.")
    conversation_id = dy.String(description="Id of the conversation.")
    label_set = dy.String(description="Month and digest of vintage, count and seed.")
    month = dy.String(regex=MONTH, description="Month of the conversations.")
    vintage_id = dy.String(description="Build whose predictions are judged.")
    seed = dy.Int64(description="Seed of the draw.")
    stratum = dy.String(description="Stratum of the draw.")
    inclusion_prob = dy.Float64(min=0, max=1, description="Probability of being drawn.")
    inclusion_weight = dy.Float64(min=1, description="Conversations that the item stands for: 1 / inclusion_prob.")
    statement_task_id = dy.String(description="Assigned statement; or none, not_classified.")
    match_prob = dy.Float64(nullable=True, min=0, max=1, description="P(a careful judge would accept it), as stated.")
    verifier = dy.String(description="What judged the candidates.")
    encoder = dy.String(description="Encoder behind the candidates.")
    facet_version = dy.String(description="What found the pattern.")
    collaboration_pattern = dy.Enum(list(COLLABORATION_PATTERNS), description="Predicted pattern.")
    groups = _GROUPS
    candidates = dy.List(
        dy.Struct(
            {
                "letter": dy.String(),
                "statement_task_id": dy.String(),
                "groups": dy.List(dy.Struct({"soc_major_group": dy.String(), "weight": dy.Float64()})),
            }
        ),
        description="Other statements in the order shown.",
    )


class Validation(dy.Schema):
    """One row per facet and level: how often raters accept what was predicted, and how far they agree."""

    label_set = dy.String(primary_key=True, description="Label set.")
    judged_vintage_id = dy.String(description="Build whose predictions were judged.")
    facet = dy.Enum(["task", "no_task", "collaboration_pattern"], primary_key=True, description="What was judged.")
    level = dy.Enum(
        list(LEVELS), primary_key=True, description="base: statement, middle: occupation, top: major group; pattern."
    )
    model = dy.String(description="What made the prediction: the verifier, or the facet heads.")
    version = dy.String(description="Version of the prompt or heads; the encoder of the mapping.")
    rater_count = dy.Int64(min=1, description="Raters.")
    item_count = dy.Int64(min=0, description="Conversations answered by at least one rater.")
    effective_count = dy.Float64(nullable=True, min=0, description="Effective sample size behind the interval.")
    accuracy = dy.Float64(nullable=True, min=0, max=1, description="Weighted share judged acceptable or right.")
    ci_low = dy.Float64(nullable=True, min=0, max=1, description="Lower end of the 95 % interval.")
    ci_high = dy.Float64(nullable=True, min=0, max=1, description="Upper end of the 95 % interval.")
    ci_method = dy.String(description="wilson_effective, or none.")
    cohen_kappa = dy.Float64(nullable=True, description="Cohen's kappa, mean over pairs of raters; null: one rater.")
    fleiss_kappa = dy.Float64(nullable=True, description="Fleiss' kappa over the items that all raters answered.")
    krippendorff_alpha = dy.Float64(nullable=True, description="Krippendorff's alpha, nominal.")


class ValidationAgreement(dy.Schema):
    """One row per question, statistic and raters: agreement with its interval."""

    label_set = dy.String(primary_key=True, description="Label set.")
    question = dy.String(primary_key=True, description="Question of the sheet.")
    statistic = dy.Enum(list(KAPPAS), primary_key=True, description="Statistic.")
    raters = dy.String(primary_key=True, description="all, or a pair such as 1-2: the order of the sheets.")
    item_count = dy.Int64(min=0, description="Items it rests on.")
    value = dy.Float64(nullable=True, description="Value; null where all answers are the same.")
    ci_low = dy.Float64(nullable=True, description="Lower end of the 95 % interval, jackknife over items.")
    ci_high = dy.Float64(nullable=True, description="Upper end.")


class CorrectedShareColumns(dy.Schema):
    """What a share corrected by labels consists of."""

    label_set = dy.String(primary_key=True, description="Label set.")
    judged_vintage_id = dy.String(description="Build whose predictions were judged.")
    table_name = dy.String(primary_key=True, description="Published table.")
    category = dy.String(primary_key=True, description="Pattern, bucket of patterns, or SOC major group.")
    base = dy.String(description="Denominator: classified or matched.")
    share_corrected = dy.Float64(
        nullable=True, min=0, max=1, description="Mean of predictions plus mean error on the labelled; null: withheld."
    )
    share_corrected_se = dy.Float64(nullable=True, min=0, description="Its standard error.")
    ci_low = dy.Float64(nullable=True, min=0, max=1, description="Lower end of the 95 % interval.")
    ci_high = dy.Float64(nullable=True, min=0, max=1, description="Upper end of the 95 % interval.")


class ValidationEstimate(CorrectedShareColumns):
    """One row per share that labels can correct, those that no build may publish included (restricted)."""

    prediction_digest = dy.String(description="Digest of the predictions that were judged: of no others is it right.")
    answered_count = dy.Int64(min=2, description="Items answered.")


class ValidationShare(CorrectedShareColumns):
    """One row per published share: as published, and corrected by the labels."""

    published_share = dy.Float64(nullable=True, min=0, max=1, description="As published; null where withheld.")
    obs_status = dy.Enum(["A", "Q"], description="A value; Q withheld in the published table, and so here.")


class PublishedValidation(Validation):
    """One row per facet and level of each label set of the month: how often raters accept what was predicted."""

    vintage_id = dy.String(primary_key=True, description="Build that publishes it.")


class PublishedValidationAgreement(ValidationAgreement):
    """One row per question, statistic and raters of each label set of the month: agreement with its interval."""

    vintage_id = dy.String(primary_key=True, description="Build that publishes it.")


class PublishedValidationShare(ValidationShare):
    """One row per share that labels correct and label set whose judged predictions are those of the build."""

    vintage_id = dy.String(primary_key=True, description="Build that publishes it.")
    is_in_index = dy.Bool(description="The correction that the rows of idx carry: of the label set with most answers.")


class ValidationConfusion(dy.Schema):
    """One row per predicted and judged class: weighted counts of the labelled (restricted)."""

    label_set = dy.String(primary_key=True, description="Label set.")
    facet = dy.Enum(["collaboration_pattern", "soc_major_group"], primary_key=True, description="Facet.")
    predicted = dy.String(primary_key=True, description="Predicted class.")
    judged = dy.String(primary_key=True, description="Class by the raters.")
    item_weight = dy.Float64(min=0, description="Items, each shared among its classes and raters.")
    population_weight = dy.Float64(min=0, description="The same, each item with its weight.")
