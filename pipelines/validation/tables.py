"""Schemas of the label sets (restricted) and of the results of a validation; those of the builds are in `contracts`."""

from typing import Final

import dataframely as dy

from clio_lite.tables import COLLABORATION_PATTERNS, MONTH

POPULATION: Final = "core/validation_population"
ITEMS: Final = "core/validation_item"
ANSWERS: Final = "core/validation_answer"
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


class LabelSet(dy.Schema):
    """Column of every table of results."""

    label_set = dy.String(primary_key=True, description="Label set.")


class JudgedBuild(LabelSet):
    """Columns of the tables that say whose predictions were judged."""

    judged_vintage_id = dy.String(description="Build whose predictions were judged.")


class Interval(dy.Schema):
    """Ends of an interval."""

    ci_low = dy.Float64(nullable=True, min=-1, max=1, description="Lower end of the 95 % interval.")
    ci_high = dy.Float64(nullable=True, min=-1, max=1, description="Upper end of the 95 % interval.")


class Support(dy.Schema):
    """Whose conversations a row rests on, for the gate (restricted)."""

    account_count = dy.Int64(min=0, description="Accounts behind the items.")
    top_account_share = dy.Float64(min=0, max=1, description="Largest share of one account in the items with one.")
    top_two_account_share = dy.Float64(min=0, max=1, description="The same of the two largest.")


class ValidationAnswer(dy.Schema):
    """One row per rater and item answered: what was judged, so that it can be scored again (restricted)."""

    rater = dy.Int64(primary_key=True, min=1, description="Place of the rater's sheet.")
    item_id = dy.String(primary_key=True, description="Item.")
    conversation_id = dy.String(description="Id of the conversation.")
    base = dy.Bool(nullable=True, description="The statement is acceptable; null: none was assigned.")
    middle = dy.Bool(nullable=True, description="One of its occupations is.")
    top = dy.Bool(nullable=True, description="One of its major groups is.")
    better_candidate = dy.String(description="Letter of a better candidate, none, or empty.")
    better_group = dy.String(description="SOC major group, none, or empty.")
    pattern = dy.String(description="The right collaboration pattern.")
    pattern_is_right = dy.Bool(description="The predicted one is right.")


class AccuracyColumns(JudgedBuild):
    """What was judged, by whom it was predicted."""

    facet = dy.Enum(["task", "no_task", "collaboration_pattern"], primary_key=True, description="What was judged.")
    level = dy.Enum(
        list(LEVELS), primary_key=True, description="base: statement, middle: occupation, top: major group; pattern."
    )
    model = dy.String(description="What made the prediction: the verifier, or the facet heads.")
    version = dy.String(description="Version of the prompt or heads; the encoder of the mapping.")
    rater_count = dy.Int64(min=1, description="Raters.")
    effective_count = dy.Float64(nullable=True, min=0, description="Effective sample size behind the interval.")
    accuracy = dy.Float64(nullable=True, min=0, max=1, description="Weighted share judged acceptable or right.")


class Validation(AccuracyColumns, Support):
    """One row per facet and level: how often raters accept what was predicted (restricted)."""

    item_count = dy.Int64(min=0, description="Conversations answered by at least one rater.")


class AgreementColumns(LabelSet, Interval):
    """Agreement of some raters on a question, with its interval: jackknife over items."""

    question = dy.String(primary_key=True, description="Question of the sheet.")
    statistic = dy.Enum(list(KAPPAS), primary_key=True, description="Statistic.")
    raters = dy.String(primary_key=True, description="all, or a pair such as 1-2: the order of the sheets.")
    value = dy.Float64(nullable=True, description="Value; null: withheld, or all answers are the same.")


class ValidationAgreement(AgreementColumns, Support):
    """One row per question, statistic and raters: agreement with its interval (restricted)."""

    item_count = dy.Int64(min=0, description="Items it rests on.")


class CorrectedShareColumns(JudgedBuild, Interval):
    """What a share corrected by labels consists of."""

    table_name = dy.String(primary_key=True, description="Published table.")
    category = dy.String(primary_key=True, description="Pattern, bucket of patterns, or SOC major group.")
    base = dy.String(description="Denominator: classified or matched.")
    share_corrected = dy.Float64(
        nullable=True, min=0, max=1, description="Mean of predictions plus mean error on the labelled; null: withheld."
    )
    share_corrected_se = dy.Float64(nullable=True, min=0, description="Its standard error.")


class ValidationEstimate(CorrectedShareColumns, Support):
    """One row per share that labels can correct, those that no build may publish included (restricted)."""

    prediction_digest = dy.String(description="Digest of the predictions that were judged: of no others is it right.")
    answered_count = dy.Int64(min=2, description="Items answered.")


class ValidationShare(CorrectedShareColumns):
    """One row per published share: as published, and corrected by the labels."""

    published_share = dy.Float64(nullable=True, min=0, max=1, description="As published; null where withheld.")
    obs_status = dy.Enum(["A", "Q"], description="A value; Q withheld in the published table, and so here.")


class ReleasedColumns(dy.Schema):
    """What the gate leaves of a row about people's judgements."""

    item_count = dy.Int64(nullable=True, min=0, description="Conversations judged, rounded; null: withheld.")
    obs_status = dy.Enum(["A", "Q", "M"], description="A value; Q withheld: below the thresholds; M nothing judged.")


class ReleasedAccuracy(AccuracyColumns, Interval, ReleasedColumns):
    """One row per facet and level: accuracy and agreement as they may be shown."""

    ci_method = dy.String(description="wilson_effective: of accuracy and effective_count as stated; none.")
    cohen_kappa = dy.Float64(nullable=True, description="Cohen's kappa, mean over pairs; null: one rater, or withheld.")
    fleiss_kappa = dy.Float64(nullable=True, description="Fleiss' kappa over the items that all raters answered.")
    krippendorff_alpha = dy.Float64(nullable=True, description="Krippendorff's alpha, nominal.")


class ReleasedAgreement(AgreementColumns, ReleasedColumns):
    """One row per question, statistic and raters: agreement as it may be shown."""


class ValidationConfusion(LabelSet):
    """One row per predicted and judged class: weighted counts of the labelled (restricted)."""

    facet = dy.Enum(["collaboration_pattern", "soc_major_group"], primary_key=True, description="Facet.")
    predicted = dy.String(primary_key=True, description="Predicted class.")
    judged = dy.String(primary_key=True, description="Class by the raters.")
    item_weight = dy.Float64(min=0, description="Items, each shared among its classes and raters.")
    population_weight = dy.Float64(min=0, description="The same, each item with its weight.")
