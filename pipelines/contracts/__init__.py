"""The registry of every table by its one name, and the schemas of the published ones.

Shapes only: the arithmetic is in `aggregate`, withholding in `disclosure`, and the door out in `publish`.
"""

from typing import Final

import dataframely as dy

from clio_lite import tables as clio_tables
from clio_lite.models import use as model_use
from onet import tables as onet_tables
from pipelines.contracts.block import CommonBlock
from pipelines.contracts.builds import (
    Base,
    Conservation,
    LabellingFailure,
    MappingAccuracy,
    MappingAgreement,
    Metric,
    ModelUse,
    PublishedMappingAccuracy,
    PublishedVerifierReliability,
    PublishedVerifierScore,
    SdcPolicy,
    SuppressionSummary,
    VerifierReliability,
    VerifierScores,
    Vintage,
    VintageInput,
)
from pipelines.contracts.reference import Activity, SocGroup
from pipelines.contracts.restricted import ClusterLineage, ClusterTask, ConversationSide, ConversationTask
from pipelines.contracts.usage import (
    ActivityMonth,
    ActivitySideMonth,
    AutomationMonth,
    ClusterFacetMonth,
    ClusterLineageMonth,
    CollaborationMonth,
    CoverageCurve,
    HeadlineMonth,
    JobZoneMonth,
    MajorGroupMonth,
    ModelMonth,
    OccupationMonth,
    RequestClusterMonth,
    SkillMonth,
    TaskMonth,
    TaskOccupationMonth,
    UseCaseMonth,
    WageMonth,
)
from pipelines.contracts.validation import (
    PublishedValidation,
    PublishedValidationAgreement,
    PublishedValidationShare,
)
from pipelines.validation import tables as judged

__all__ = [
    "IDX_TABLES",
    "JUDGED_TABLES",
    "META_TABLES",
    "PUBLISHED_TABLES",
    "REF_TABLES",
    "RESTRICTED_TABLES",
    "TABLES",
    "AutomationMonth",
    "ClusterFacetMonth",
    "ClusterLineage",
    "ClusterTask",
    "CommonBlock",
    "ConversationSide",
    "ConversationTask",
    "HeadlineMonth",
    "MajorGroupMonth",
    "MappingAccuracy",
    "OccupationMonth",
    "RequestClusterMonth",
    "TaskMonth",
    "VerifierReliability",
    "VerifierScores",
    "Vintage",
]

IDX_TABLES: Final[dict[str, type[CommonBlock]]] = {
    "idx/task_month": TaskMonth,
    "idx/task_occupation_month": TaskOccupationMonth,
    "idx/occupation_month": OccupationMonth,
    "idx/major_group_month": MajorGroupMonth,
    "idx/activity_month": ActivityMonth,
    "idx/activity_side_month": ActivitySideMonth,
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
    "qa/mapping_accuracy": PublishedMappingAccuracy,
    "qa/verifier": PublishedVerifierScore,
    "qa/verifier_reliability": PublishedVerifierReliability,
    "meta/labelling_failure": LabellingFailure,
    "qa/validation": PublishedValidation,
    "qa/validation_agreement": PublishedValidationAgreement,
    "qa/validation_share": PublishedValidationShare,
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
JUDGED_TABLES: Final[dict[str, type[dy.Schema]]] = {
    judged.POPULATION: judged.ValidationPopulation,
    judged.ITEMS: judged.ValidationItem,
    judged.ANSWERS: judged.ValidationAnswer,
    judged.CONFUSION: judged.ValidationConfusion,
    judged.ACCURACY: judged.Validation,
    judged.AGREEMENT: judged.ValidationAgreement,
    judged.ESTIMATES: judged.ValidationEstimate,
}
"""What `usage-index validate` writes beside the graph (restricted)."""
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
    "core/task_hierarchy_model_use": model_use.ModelUse,
    "core/verifier_score": VerifierScores,
    "core/verifier_reliability": VerifierReliability,
    "core/mapping_accuracy": MappingAccuracy,
    "core/cluster_member": clio_tables.ClusterMember,
    "core/cluster": clio_tables.Cluster,
    "core/cluster_lineage": ClusterLineage,
    "core/cluster_task": ClusterTask,
    "core/conversation_task": ConversationTask,
    "core/conversation_side": ConversationSide,
    "core/side_failure": clio_tables.FacetFailure,
    "core/side_model_use": model_use.ModelUse,
    **JUDGED_TABLES,
}
PUBLISHED_TABLES: Final[dict[str, type[dy.Schema]]] = {**REF_TABLES, **IDX_TABLES, **META_TABLES}
TABLES: Final[dict[str, type[dy.Schema]]] = {**RESTRICTED_TABLES, **PUBLISHED_TABLES}
