"""What is published of where clusters come from, and the month before as an input of a table."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from index_month import POLICY, make_context, make_month

from pipelines.aggregate import aggregate_month
from pipelines.aggregate.lineage import published_links
from pipelines.contracts import ClusterLineage
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import build_resources
from pipelines.freshness import upstream_fingerprints
from pipelines.progress import SilentReporter
from pipelines.publish import publish_tables
from pipelines.runner import plan_steps
from pipelines.settings import Settings
from pipelines.storage import Store

OPEN = "before-open"
CLOSED = "before-closed"
BEFORE = pl.DataFrame(
    {
        "vintage_id": "2026-09-x",
        "cluster_id": [OPEN, CLOSED, "suppressed"],
        "row_kind": ["value", "value", "suppressed"],
        "obs_status": ["A", "Q", "A"],
    }
)


def link(cluster_id: str, prev: str, relation: str = "continuation", **changed: object) -> dict[str, object]:
    given = {
        "cluster_level": 2, "cluster_id": cluster_id, "prev_cluster_id": prev, "relation": relation, "is_kept": True,
        "persistent_id": "first-seen", "overlap_share": 0.8765, "prev_overlap_share": 0.6543,
        "conversation_count": 100, "account_count": 60, "top_account_share": 0.1, "top_two_account_share": 0.15,
    }  # fmt: skip
    return given | changed


def published(links: list[dict[str, object]], before: pl.DataFrame | None = BEFORE) -> dict[str, pl.DataFrame]:
    month = make_month(seed=4, conversations=900)
    lineage = published_links(pl.DataFrame(links), before)
    exact = aggregate_month(type(month)(**{**vars(month), "lineage": lineage}), policy=POLICY, account_basis="account")
    return publish_tables(exact, make_context())


def stated(found: dict[str, pl.DataFrame]) -> dict[str, tuple[object, ...]]:
    columns = ("relation", "overlap_share", "prev_overlap_share", "persistent_id", "suppression_rule")
    table = found["idx/cluster_lineage_month"].with_columns(pl.col("relation", "suppression_rule").cast(pl.String))
    return {row[0]: row[1:] for row in table.select("cluster_id", *columns).iter_rows()}


def test_a_link_between_two_published_clusters_is_published_to_one_decimal_and_without_counts() -> None:
    found = published([link("L2-0", OPEN)])
    assert stated(found) == {"L2-0": ("continuation", 0.9, 0.7, "first-seen", None)}
    table = found["idx/cluster_lineage_month"]
    assert table["conversation_count"].null_count() == table["account_band"].null_count() == 1
    assert table.item(0, "prev_vintage_id") == "2026-09-x"
    cluster = found["idx/request_cluster_month"].row(by_predicate=pl.col("cluster_id") == "L2-0", named=True)
    assert (cluster["persistent_id"], cluster["prev_cluster_id"], cluster["prev_overlap_share"]) == (
        "first-seen",
        OPEN,
        0.7,
    )


@pytest.mark.parametrize(
    ("changed", "before", "rule"),
    [
        ({"conversation_count": 14}, BEFORE, "too_few_conversations"),
        ({"account_count": 4}, BEFORE, "too_few_accounts"),
        ({"top_account_share": 0.5}, BEFORE, "top_account"),
        ({"prev_cluster_id": CLOSED}, BEFORE, "complementary"),
        ({}, None, "complementary"),
        ({}, BEFORE.clear(), "complementary"),
    ],
)
def test_a_link_that_may_not_be_stated_tells_nothing(
    changed: dict[str, object], before: pl.DataFrame | None, rule: str
) -> None:
    found = published([link("L2-0", OPEN) | changed], before)
    assert stated(found) == {"L2-0": (None, None, None, None, rule)}
    cluster = found["idx/request_cluster_month"].row(by_predicate=pl.col("cluster_id") == "L2-0", named=True)
    assert (cluster["prev_cluster_id"], cluster["prev_overlap_share"]) == (None, None)


def test_links_of_a_cluster_that_is_withheld_are_withheld() -> None:
    clusters = published([link("L2-0", OPEN)])["idx/request_cluster_month"]
    withheld = clusters.filter((pl.col("obs_status") == "Q") & (pl.col("cluster_level") == 0))["cluster_id"]
    assert len(withheld) > 0
    found = published([link(name, OPEN, cluster_level=0) for name in withheld])
    assert {row[-1] for row in stated(found).values()} == {"complementary"}
    own = found["idx/request_cluster_month"].filter(pl.col("cluster_id").is_in(withheld.implode()))
    assert own["persistent_id"].null_count() == own.height


def test_a_birth_needs_no_earlier_cluster_and_a_death_needs_one_that_was_published() -> None:
    birth = link("L2-0", "none", "birth", is_kept=False, overlap_share=0.0, prev_overlap_share=0.0)
    nothing = {"conversation_count": 0, "account_count": 0, "top_account_share": 0.0, "top_two_account_share": 0.0}
    death = link("none", OPEN, "death", is_kept=False, overlap_share=0.0, prev_overlap_share=0.0, **nothing)
    found = stated(published([birth, death]))
    assert (found["L2-0"][0], found["none"][0]) == ("birth", "death")
    hidden = stated(published([birth, death | {"prev_cluster_id": CLOSED}]))
    assert (hidden["L2-0"][0], hidden["none"][0]) == ("birth", None)


def test_a_first_month_has_no_lineage_and_every_published_cluster_its_own_id() -> None:
    month = make_month(seed=4)
    empty = published_links(ClusterLineage.create_empty().drop("is_prev_published", "prev_vintage_id"), None)
    for lineage in (None, empty):
        exact = aggregate_month(
            type(month)(**{**vars(month), "lineage": lineage}), policy=POLICY, account_basis="account"
        )
        found = publish_tables(exact, make_context())
        assert found["idx/cluster_lineage_month"].is_empty()
        open_ = found["idx/request_cluster_month"].filter(
            (pl.col("row_kind") == "value") & (pl.col("obs_status") == "A")
        )
        assert open_["persistent_id"].equals(open_["cluster_id"].rename("persistent_id"))


@tables(TableSpec("core/chain", "index"), earlier={"before": "core/chain"})
def chain(context: dg.AssetExecutionContext, before: pl.DataFrame | None) -> pl.DataFrame:
    """Count the months made before, one after the other."""
    return pl.DataFrame({"months": [0 if before is None else before.item() + 1]})


def test_a_table_may_be_made_from_its_own_month_before_and_goes_stale_with_it(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path / "store"), out=str(tmp_path / "out"))
    store = Store(tmp_path / "store").prepare()

    def make(month: str) -> int:
        with dg.DagsterInstance.ephemeral() as instance:
            resources = {**build_resources(settings), "reporter": SilentReporter()}
            dg.materialize([chain], partition_key=month, resources=resources, instance=instance)
        return int(store.read_table("core/chain", month).item())

    def is_fresh(month: str) -> bool:
        return plan_steps([chain], store, settings, month)[0].is_fresh

    assert [make(month) for month in ("2026-01", "2026-02", "2026-03")] == [0, 1, 2]
    assert make("2026-05") == 0
    assert [is_fresh(month) for month in ("2026-01", "2026-02", "2026-03", "2026-05")] == [True] * 4
    make("2025-12")
    assert [is_fresh(month) for month in ("2025-12", "2026-01", "2026-02")] == [True, False, True]
    assert (make("2026-01"), is_fresh("2026-02")) == (1, False)
    assert "core/chain of the month before" in upstream_fingerprints(store, [], "2026-02", ["core/chain"])
