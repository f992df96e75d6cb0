"""Schemas of what a build publishes of what people judged."""

import dataframely as dy

from pipelines.contracts.block import BuildKey
from pipelines.validation.tables import ReleasedAccuracy, ReleasedAgreement, ValidationShare


class PublishedValidation(ReleasedAccuracy, BuildKey):
    """One row per facet and level of each label set of the month: how often raters accept what was predicted."""


class PublishedValidationAgreement(ReleasedAgreement, BuildKey):
    """One row per question, statistic and raters of each label set of the month: agreement with its interval."""


class PublishedValidationShare(ValidationShare, BuildKey):
    """One row per share that labels correct and label set whose judged predictions are those of the build."""

    is_in_index = dy.Bool(description="The correction that the rows of idx carry: of the label set with most answers.")
