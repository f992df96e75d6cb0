"""Assets of the two sides of conversations, where a language model tells them apart. All restricted."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from clio_lite.model_sides import label_sides
from clio_lite.tables import FacetFailure
from onet.matching import match_texts
from pipelines.contracts import ConversationSide
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import open_index_encoder, open_model
from pipelines.mapping import conversation_sides
from pipelines.model_roles import use_table
from pipelines.models import refuse_failures
from pipelines.release_tables import stored_task_index

GROUP = "mapping"
_SIDES = ("sides_model", "seed", "max_failure_share")


@tables(
    TableSpec("core/conversation_side", GROUP, settings=_SIDES),
    TableSpec("core/side_failure", GROUP, settings=_SIDES),
    TableSpec("core/side_model_use", GROUP, settings=_SIDES),
    upstream={
        "index_manifest": "core/task_index",
        "conversations": "core/conversations",
        "facets": "core/facets",
    },
)
def conversation_side(
    context: dg.AssetExecutionContext, index_manifest: pl.DataFrame, conversations: pl.LazyFrame, facets: pl.DataFrame
) -> Mapping[str, pl.DataFrame]:
    """Ask what the person wants done and what the assistant does, and find the task of each, if a model is set."""
    settings, store = context.resources.settings, context.resources.store
    model = open_model(settings, store, "sides", run=context.partition_key)
    if model is None:
        none = {"core/conversation_side": ConversationSide.create_empty()}
        return {**none, "core/side_failure": FacetFailure.create_empty(), "core/side_model_use": use_table([])}
    ids = facets.filter("is_occupational").select("conversation_id").lazy()
    labelled = label_sides(conversations.join(ids, on="conversation_id", how="semi"), model=model, seed=settings.seed)
    use = use_table([model])
    refuse_failures(use, max_failure_share=settings.max_failure_share)
    encoder = open_index_encoder(settings, store, index_manifest)
    index = stored_task_index(index_manifest, encoder, store.task_indexes)
    texts = labelled.phrases.select(id=pl.format("{}|{}", "conversation_id", "side"), text="phrase")
    matches = match_texts(texts, index=index, encoder=encoder, verifier=index.text_verifier, top=2)
    return {
        "core/conversation_side": conversation_sides(labelled.phrases, matches),
        "core/side_failure": labelled.failures,
        "core/side_model_use": use,
    }
