"""Earlier releases that the settings name: read, traced with the crosswalk where their codes need it, or refused."""

import polars as pl
import pytest

from pipelines.errors import InputUnusableError
from pipelines.lineage import earlier_tasks, lineage_into, soc_crosswalk
from pipelines.settings import STARTER, RunFields
from pipelines.storage import Store

STATEMENTS = (
    "O*NET-SOC Code,Title,Task ID,Task\n"
    "15-1132.00,Software Developers,1,Write program code.\n"
    "29-1066.00,Psychiatrists,2,Examine patients.\n"
)
CROSSWALK = (
    "O*NET-SOC 2010 Code,O*NET-SOC 2010 Title,O*NET-SOC 2019 Code,O*NET-SOC 2019 Title\n"
    "15-1132.00,A,15-1252.00,B\n29-1066.00,C,29-1223.00,D\n"
)
NEWER = pl.DataFrame(
    {
        "onet_version": ["29.1"] * 2,
        "task_id": ["10", "20"],
        "onet_soc_code": ["15-1252.00", "29-1223.00"],
        "task": ["Write program code.", "Examine patients."],
        "task_key": ["write program code.", "examine patients."],
    }
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", "").prepare()


def _settings(folder, **values):
    statements, crosswalk = folder / "statements.csv", folder / "crosswalk.csv"
    statements.write_text(STATEMENTS)
    crosswalk.write_text(CROSSWALK)
    return RunFields(**({"earlier_onet": {"20.1": str(statements)}, "soc_crosswalk": str(crosswalk)} | values))


def test_statements_of_an_earlier_release_follow_the_crosswalk(tmp_path, store):
    settings = _settings(tmp_path)
    table = lineage_into(NEWER, earlier_tasks(settings, store), soc_crosswalk(settings))
    assert table.select("from_version", "from_task_id", "to_task_id").rows() == [
        ("20.1", "1", "10"),
        ("20.1", "2", "20"),
    ]


def test_a_release_with_the_newer_codes_is_traced_without_the_crosswalk(tmp_path, store):
    settings = _settings(tmp_path, earlier_onet={"first": str(STARTER)})
    tasks = earlier_tasks(settings, store)["first"]
    table = lineage_into(tasks, {"first": tasks}, soc_crosswalk(settings))
    assert table["relation"].cast(pl.String).unique().to_list() == ["same"]


def test_without_settings_both_tables_are_empty(store):
    assert soc_crosswalk(RunFields()).is_empty()
    assert lineage_into(NEWER, earlier_tasks(RunFields(), store), soc_crosswalk(RunFields())).is_empty()


@pytest.mark.parametrize("name", ["earlier_onet", "soc_crosswalk"])
def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path, store, name):
    missing = str(tmp_path / "gone.csv")
    settings = _settings(tmp_path, **{name: {"20.1": missing} if name == "earlier_onet" else missing})
    with pytest.raises(InputUnusableError, match=f"check '{name}'"):
        lineage_into(NEWER, earlier_tasks(settings, store), soc_crosswalk(settings))
