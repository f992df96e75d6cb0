from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from onet_example import large_files, shared_data, write_text

from onet.adaptation import adaptation_groups
from onet.errors import PhrasebookMismatchError
from onet.gold import SPLIT_SEED, is_development, is_held_out
from onet.phrasebook import MEASURING_WRITERS, has_phrased_activities, read_occupation_requests, read_phrasebook
from onet.release import load_release
from pipelines.settings import STARTER


def test_development_is_a_fifth_of_what_is_not_held_out() -> None:
    ids = [f"4.A.{number}" for number in range(2000)]
    held_out = {name for name in ids if is_held_out(name, seed=0)}
    development = {name for name in ids if is_development(name, seed=0)}
    assert not held_out & development
    assert len(development) / (len(ids) - len(held_out)) == pytest.approx(0.2, abs=0.03)


def test_a_catalogue_of_other_activities_is_refused_though_its_ids_look_alike(tmp_path: Path) -> None:
    for release in (load_release(STARTER), load_release(write_text(tmp_path / "large", large_files()))):
        assert not has_phrased_activities(release.activities)
        with pytest.raises(PhrasebookMismatchError, match="catalogue with ids of its own"):
            adaptation_groups(release)


def test_the_encoder_is_adapted_on_no_activity_that_it_is_measured_on() -> None:
    release = load_release(shared_data() / "onet" / "db_29_1_text.zip")
    groups, statements = adaptation_groups(release)
    iwas = dict(release.task_activities.select("dwa_id", "iwa_id").iter_rows())
    unseen = [name for name in iwas if any(side(iwas[name], seed=SPLIT_SEED) for side in (is_held_out, is_development))]
    titles = release.activities.filter(pl.col("activity_id").is_in(unseen))["title"]
    assert len(unseen) == 927 + 189
    assert not {group.title for group in groups} & set(titles)
    assert len(groups) == 966 + release.tasks["onet_soc_code"].n_unique()
    taught = {request for group in groups for request in group.requests}
    for written in (read_phrasebook(), read_occupation_requests()):
        is_measuring = pl.col("writer").is_in(MEASURING_WRITERS)
        assert not taught & set(written.filter(is_measuring)["request"])
    assert max(max(group.statements) for group in groups) < len(statements)
    spoiled = release.activities.with_columns(
        title=pl.when(pl.col("activity_id").is_in(unseen)).then(pl.lit("x")).otherwise("title")
    )
    assert adaptation_groups(replace(release, activities=spoiled))[0] == groups
