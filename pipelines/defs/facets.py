"""Assets of the facets: what each conversation is about, and the vectors of the requests. All restricted."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from clio_lite.embedding import embed_requests
from clio_lite.model_facets import FacetModels, label_facets
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_encoder, open_heads, open_model
from pipelines.model_roles import FACET_ROLES, refuse_unlabelled, use_table

GROUP = "facets"
_ENCODER = ("encoder", "encoder_backend", "encoder_route")
_KINDS = ("polars", "parquet", "onnx", "scikitlearn")
_FACETS = (*_ENCODER, "heads", "screen_model", "facets_model", "max_failure_share", "seed")


@tables(
    TableSpec("core/facets", GROUP, settings=_FACETS, kinds=_KINDS),
    TableSpec("core/facet_failure", GROUP, settings=_FACETS, kinds=_KINDS),
    TableSpec("core/facet_model_use", GROUP, settings=_FACETS, kinds=_KINDS),
    upstream={"conversations": "core/conversations"},
)
def facets(context: dg.AssetExecutionContext, conversations: pl.LazyFrame) -> Mapping[str, pl.DataFrame]:
    """Screen, request, collaboration pattern, use case, skills, language and concern of every conversation."""
    settings, store = context.resources.settings, context.resources.store
    encoder = open_encoder(settings, store)
    models = [open_model(settings, store, role, run=context.partition_key) for role in FACET_ROLES]
    labelled = label_facets(
        conversations,
        encoder=encoder,
        heads=open_heads(settings, encoder),
        skills=None,
        models=FacetModels(*models),
        seed=settings.seed,
    )
    refuse_unlabelled(labelled.failures, labelled.facets.height, max_failure_share=settings.models.max_failure_share)
    return {
        "core/facets": labelled.facets,
        "core/facet_failure": labelled.failures,
        "core/facet_model_use": use_table(models),
    }


@tables(
    TableSpec(
        "core/request_embeddings",
        GROUP,
        "One unit vector per occupational conversation: its request as the encoder sees it.",
        settings=_ENCODER,
        kinds=("polars", "parquet", "onnx"),
    ),
    upstream={"facets": "core/facets"},
)
def request_embeddings(context: dg.AssetExecutionContext, facets: pl.DataFrame) -> pl.DataFrame:
    """Encode the requests of the occupational conversations."""
    return embed_requests(facets, encoder=open_encoder(context.resources.settings, context.resources.store))
