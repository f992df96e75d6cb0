"""The skills of the content model are its branches 2.A and 2.B."""

import polars as pl

from onet.release_tables import skill_names


def test_only_leaves_of_the_skill_branches_are_skills() -> None:
    elements = pl.DataFrame(
        {
            "element_id": ["2.B.3.e", "2.A.1.a", "2.A.1", "2.C.1.a", "4.A.1.a.1", "1.A.1.a"],
            "name": ["Programming", "Reading", "Content", "Knowledge", "Activity", "Ability"],
        }
    )
    assert skill_names(elements) == ("Programming", "Reading")
