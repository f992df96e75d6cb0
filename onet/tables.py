"""Schemas of the taxonomy and labour tables: types, keys, ranges and one sentence per column.

Holds table shapes only; loading is in `release` and `labour`, codes and roll-up in `soc`.
"""

import dataframely as dy

ONET_SOC_CODE = r"^\d{2}-\d{4}\.\d{2}$"
SOC_CODE = r"^\d{2}-\d{4}$"


class OnetOccupation(dy.Schema):
    """One row per O*NET-SOC occupation of a release, with its place in the SOC."""

    onet_soc_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="O*NET-SOC code, such as 15-1252.00.")
    title = dy.String(description="Occupation title.")
    description = dy.String(description="What the occupation does.")
    job_zone = dy.Int64(nullable=True, min=1, max=5, description="O*NET job zone, 1 (little preparation) to 5.")
    soc_code = dy.String(regex=SOC_CODE, description="SOC code of the occupation, the first seven characters.")
    soc_broad_code = dy.String(regex=SOC_CODE, description="SOC broad occupation.")
    soc_minor_group = dy.String(regex=SOC_CODE, description="SOC minor group.")
    soc_major_group = dy.String(regex=r"^\d{2}$", description="SOC major group, two digits.")


class OnetTask(dy.Schema):
    """One row per task statement of an occupation."""

    onet_version = dy.String(primary_key=True, description="Release the statement comes from, or 'starter'.")
    task_id = dy.String(primary_key=True, description="O*NET task id.")
    onet_soc_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="O*NET-SOC code of the occupation.")
    task = dy.String(min_length=1, description="Task statement as published.")
    task_key = dy.String(min_length=1, description="Statement in Unicode NFC, lower case, white space folded.")
    statement_task_id = dy.String(description="Lowest task id that has the same key; equal for shared statements.")
    task_type = dy.String(nullable=True, description="Core or Supplemental; null where O*NET has not rated it.")
    incumbents_count = dy.Int64(nullable=True, min=0, description="Incumbents who answered the survey.")
    importance_grade = dy.Float64(
        nullable=True, min=1, max=5, description="Mean importance, 1 to 5; null where the release has no Task Ratings."
    )
    relevance_share = dy.Float64(
        nullable=True, min=0, max=1, description="Share who call it relevant; null where there are no Task Ratings."
    )


class TaskActivity(dy.Schema):
    """One row per link of a task statement to a detailed work activity."""

    onet_version = dy.String(primary_key=True, description="Release the link comes from.")
    task_id = dy.String(primary_key=True, description="O*NET task id.")
    dwa_id = dy.String(primary_key=True, description="Detailed work activity.")
    iwa_id = dy.String(description="Intermediate work activity above it.")
    gwa_id = dy.String(description="Generalized work activity above that.")
    activity_weight = dy.Float64(min=0, max=1, description="1 / number of activities of the task; sums to 1 per task.")


class Activity(dy.Schema):
    """One row per work activity at each of the three levels."""

    activity_id = dy.String(primary_key=True, description="Id of the activity.")
    activity_level = dy.Enum(["dwa", "iwa", "gwa"], description="Detailed, intermediate or generalized.")
    title = dy.String(description="Title of the activity.")
    parent_id = dy.String(nullable=True, description="Activity one level up; null for generalized activities.")


class OccupationTitle(dy.Schema):
    """One row per alternate or reported title of an occupation."""

    onet_soc_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="O*NET-SOC code.")
    title = dy.String(primary_key=True, description="Alternate or reported title.")
    title_kind = dy.Enum(["alternate", "reported"], primary_key=True, description="Which list the title is from.")


class OccupationSkill(dy.Schema):
    """One row per skill of an occupation; empty where the distribution has no Skills file."""

    onet_soc_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="O*NET-SOC code.")
    element_id = dy.String(primary_key=True, description="Content model element of the skill.")
    skill = dy.String(description="Name of the skill.")
    importance_grade = dy.Float64(nullable=True, min=1, max=5, description="Mean importance, 1 to 5.")
    level_score = dy.Float64(nullable=True, min=0, max=7, description="Mean level, 0 to 7.")


class ContentElement(dy.Schema):
    """One row per element of the content model: skills, generalized activities and the rest."""

    element_id = dy.String(primary_key=True, description="Id of the element.")
    name = dy.String(description="Name of the element.")
    description = dy.String(nullable=True, description="What the element means.")


class SocGroup(dy.Schema):
    """One row per group of the SOC: major, minor, broad, detailed."""

    soc_group_code = dy.String(primary_key=True, description="Code; two digits for a major group, else nn-nnnn.")
    soc_group_level = dy.Enum(["major", "minor", "broad", "detailed"], description="Level of the group.")
    title = dy.String(nullable=True, description="Title of the group; null where no loaded source names it.")
    parent_code = dy.String(nullable=True, description="Group one level up; null for major groups.")


class Oews(dy.Schema):
    """One row per occupation group of the national, cross-industry OEWS estimates."""

    oews_year = dy.Int64(primary_key=True, description="Year of the May estimates.")
    soc_code = dy.String(primary_key=True, regex=SOC_CODE, description="SOC code of the row; 00-0000 is the total.")
    soc_group_level = dy.Enum(
        ["total", "major", "minor", "broad", "detailed"], primary_key=True, description="Level of the row."
    )
    title = dy.String(description="Title as published.")
    employment_count = dy.Int64(nullable=True, min=0, description="Persons employed; null where not released (**).")
    median_wage_usd = dy.Float64(nullable=True, min=0, description="Annual median wage; null where not available (*).")
    is_wage_top_coded = dy.Bool(description="The wage is at or above the published ceiling (#), stated as it.")
    is_wage_from_hourly = dy.Bool(description="Annual wage computed as 2,080 times the hourly median.")


class Occupation(OnetOccupation):
    """One row per O*NET-SOC occupation with its labour statistics (published as ref.occupation)."""

    onet_version = dy.String(description="Release, or 'starter'.")
    soc_major_group_title = dy.String(description="Title of the SOC major group.")
    task_count = dy.Int64(min=0, description="Task statements of the occupation.")
    employment_count = dy.Int64(
        nullable=True, min=0, description="OEWS employment of the whole SOC occupation; shared by its O*NET codes."
    )
    employment_split_weight = dy.Float64(
        min=0,
        max=1,
        description="Part of the OEWS figure that falls to this O*NET code: multiply before summing. 1 / number of "
        "codes that share a detailed figure; of a broad or minor one they share what finer rows do not already count.",
    )
    median_wage_usd = dy.Float64(nullable=True, min=0, description="OEWS annual median wage.")
    is_wage_top_coded = dy.Bool(nullable=True, description="The wage is the published ceiling.")
    is_wage_from_hourly = dy.Bool(nullable=True, description="The wage is 2,080 times an hourly median.")
    oews_year = dy.Int64(nullable=True, description="Year of the OEWS estimates; null where none are loaded.")
    oews_level = dy.Enum(
        ["detailed", "broad", "minor"],
        nullable=True,
        description="Level of the OEWS row used: broad or minor where OEWS has no detailed row.",
    )


class TaskAllocation(dy.Schema):
    """One row per statement, task of an occupation that has it, and rule of splitting it among them."""

    onet_version = dy.String(primary_key=True, description="Release, or 'starter'.")
    alloc_rule = dy.Enum(
        ["equal", "employment", "importance"],
        primary_key=True,
        description="Split evenly, by employment of the occupations, or by importance of the task to each.",
    )
    statement_task_id = dy.String(primary_key=True, description="Statement; see ref.onet_task.")
    task_id = dy.String(primary_key=True, description="O*NET task id of the occupation.")
    onet_soc_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="Occupation.")
    alloc_weight = dy.Float64(
        min=0, max=1, description="Part of the statement that goes here; sums to 1 per statement and rule."
    )
    alloc_basis = dy.String(
        description="What the weight rests on: the rule, or equal where an occupation lacks the figure."
    )


class TaskLineage(dy.Schema):
    """One row per link of a task statement to its successor in another release, per retired and per new statement."""

    from_version = dy.String(primary_key=True, description="Older release.")
    from_task_id = dy.String(primary_key=True, description="O*NET task id there; none for a new statement.")
    to_version = dy.String(primary_key=True, description="Newer release.")
    to_task_id = dy.String(primary_key=True, description="O*NET task id there; none for a retired statement.")
    from_onet_soc_code = dy.String(
        nullable=True, regex=ONET_SOC_CODE, description="Occupation in the older release; null for a new statement."
    )
    to_onet_soc_code = dy.String(
        nullable=True, regex=ONET_SOC_CODE, description="Occupation in the newer one; null for a retired statement."
    )
    relation = dy.Enum(
        ["same", "edited", "split", "merged", "retired", "new"],
        description="split: several successors; merged: shares its successor; same: equal text; edited: another text.",
    )
    evidence = dy.Enum(
        ["task_id", "text", "likeness"],
        nullable=True,
        description="What links them: the id, an equal statement of a connected occupation, or its words.",
    )
    similarity_score = dy.Float64(
        nullable=True, min=0, max=1, description="Cosine of TF-IDF weights of the words; 1 for equal statements."
    )
    lineage_weight = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="Part of the older statement that the row carries; sums to 1 per older statement; null for new.",
    )


class SocCrosswalk(dy.Schema):
    """One row per pair of occupations between two editions of the O*NET-SOC taxonomy."""

    from_system = dy.String(primary_key=True, description="Older edition, such as O*NET-SOC 2010.")
    from_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="Code there.")
    to_system = dy.String(primary_key=True, description="Newer edition.")
    to_code = dy.String(primary_key=True, regex=ONET_SOC_CODE, description="Code there.")
    crosswalk_weight = dy.Float64(
        min=0, max=1, description="Part of the older occupation that goes to the newer; sums to 1 per older code."
    )
    weight_basis = dy.String(description="How the weight was made: equal.")
