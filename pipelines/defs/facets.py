"""Assets of the facets: what each conversation is about, and the vectors of the requests. All restricted."""

import dagster as dg
import polars as pl

from clio_lite.embedding import embed_requests
from clio_lite.facets import extract_facets
from clio_lite.heads import HEADS_DIR, load_heads
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_encoder

GROUP = "facets"
_ENCODER = ("encoder", "encoder_backend")
_KINDS = ("polars", "parquet", "onnx", "scikitlearn")


@tables(
    TableSpec("core/facets", GROUP, settings=_ENCODER, kinds=_KINDS),
    upstream={"conversations": "core/conversations"},
)
def facets(context: dg.AssetExecutionContext, conversations: pl.LazyFrame) -> pl.DataFrame:
    """Screen, request, collaboration pattern, use case, skills, language and concern of every conversation."""
    encoder = open_encoder(context.resources.settings, context.resources.store)
    return extract_facets(
        conversations, encoder=encoder, heads=load_heads(HEADS_DIR, encoder_name=encoder.name), skills=None
    )


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
