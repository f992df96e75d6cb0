"""Turns the files of a release into the tables of this package: names, types, keys and links.

Reading bytes is in `release_files`; what a release is as a whole in `release`.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import dataframely as dy
import polars as pl

from onet.errors import ReleaseFormatError
from onet.release_files import FileRows, ReleaseFiles, read_rows
from onet.soc import soc_columns
from onet.tables import (
    Activity,
    ContentElement,
    OccupationSkill,
    OccupationTitle,
    OnetOccupation,
    OnetTask,
    TaskActivity,
)

CODE: Final = "O*NET-SOC Code"
TASK: Final = "Task ID"
SchemaT = TypeVar("SchemaT", bound=dy.Schema)


@dataclass(frozen=True)
class RowCount:
    """How many rows a file has and how many of them a table holds."""

    file: str
    file_row_count: int
    table: str
    table_row_count: int


def task_key(text: pl.Expr) -> pl.Expr:
    """Key by which statements are compared: Unicode NFC, lower case, white space folded."""
    return text.str.normalize("NFC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def load_occupations(files: ReleaseFiles) -> tuple[dy.DataFrame[OnetOccupation], list[RowCount]]:
    """Occupations with their job zone and their place in the SOC.

    Raises:
        ReleaseFormatError: A code, title or zone breaks the schema, or a zone belongs to no occupation.
    """
    data = read_rows(files, "Occupation Data", [CODE, "Title", "Description"])
    zones = read_rows(files, "Job Zones", [CODE, "Job Zone"])
    zone_rows = zones.rows.select(onet_soc_code=CODE, job_zone=_number(zones, "Job Zone", pl.Int64))
    occupations = data.rows.select(onet_soc_code=CODE, title="Title", description="Description").with_columns(
        soc_columns()
    )
    _require_links(zone_rows, occupations, "onet_soc_code", zones.name, data.name)
    table = _checked(OnetOccupation, occupations.join(zone_rows, on="onet_soc_code", how="left"), data.name)
    zoned_count = table.height - table["job_zone"].null_count()
    counts = [_count(data, "onet_occupation", table.height), _count(zones, "onet_occupation (job_zone)", zoned_count)]
    return table, counts


def load_tasks(
    files: ReleaseFiles, occupations: dy.DataFrame[OnetOccupation]
) -> tuple[dy.DataFrame[OnetTask], list[RowCount]]:
    """Task statements with their key, and ratings where the distribution has them.

    Emerging tasks are no statements of the release and are left out.

    Raises:
        ReleaseFormatError: A statement breaks the schema or belongs to no occupation.
    """
    data = read_rows(files, "Task Statements", [CODE, TASK, "Task", "Task Type", "Incumbents Responding"])
    tasks = data.rows.select(
        pl.lit(files.version).alias("onet_version"),
        pl.col(TASK).alias("task_id"),
        pl.col(CODE).alias("onet_soc_code"),
        pl.col("Task").alias("task"),
        task_key(pl.col("Task")).alias("task_key"),
        pl.col("Task Type").alias("task_type"),
        _number(data, "Incumbents Responding", pl.Int64).alias("incumbents_count"),
    )
    _require_links(tasks, occupations, "onet_soc_code", data.name, "Occupation Data")
    lowest_id = pl.col("task_id").sort_by(pl.col("task_id").str.len_chars(), "task_id").first()
    tasks = tasks.with_columns(lowest_id.over("task_key").alias("statement_task_id"))
    ratings, rating_counts = _load_ratings(files)
    _require_links(ratings, tasks, "task_id", "Task Ratings", data.name)
    table = _checked(OnetTask, tasks.join(ratings, on=["onet_soc_code", "task_id"], how="left"), data.name)
    return table, [_count(data, "onet_task", table.height), *rating_counts]


def _load_ratings(files: ReleaseFiles) -> tuple[pl.DataFrame, list[RowCount]]:
    schema = {
        "onet_soc_code": pl.String,
        "task_id": pl.String,
        "importance_grade": pl.Float64,
        "relevance_share": pl.Float64,
    }
    if "Task Ratings" not in files.content:
        return pl.DataFrame(schema=schema), []
    data = read_rows(files, "Task Ratings", [CODE, TASK, "Scale ID", "Data Value"])
    rows = data.rows.with_columns(_number(data, "Data Value", pl.Float64).alias("value"))
    ratings = (
        rows.group_by(pl.col(CODE).alias("onet_soc_code"), pl.col(TASK).alias("task_id"))
        .agg(
            pl.col("value").filter(pl.col("Scale ID") == "IM").first().alias("importance_grade"),
            (pl.col("value").filter(pl.col("Scale ID") == "RT").first() / 100).alias("relevance_share"),
        )
        .select(list(schema))
    )
    return ratings, [_count(data, "onet_task (importance_grade, relevance_share)", ratings.height)]


def load_activities(files: ReleaseFiles) -> tuple[dy.DataFrame[Activity], list[RowCount]]:
    """Detailed, intermediate and generalized work activities, each with its parent.

    Raises:
        ReleaseFormatError: An activity has no parent in the files, or breaks the schema.
    """
    dwa = read_rows(files, "DWA Reference", ["IWA ID", "DWA ID", "DWA Title"])
    iwa = read_rows(files, "IWA Reference", ["Element ID", "IWA ID", "IWA Title"])
    elements = read_rows(files, "Content Model Reference", ["Element ID", "Element Name"])
    detailed = dwa.rows.select(
        activity_id="DWA ID", activity_level=pl.lit("dwa"), title="DWA Title", parent_id="IWA ID"
    )
    middle = iwa.rows.select(
        activity_id="IWA ID", activity_level=pl.lit("iwa"), title="IWA Title", parent_id="Element ID"
    )
    top = elements.rows.select(
        activity_id="Element ID", activity_level=pl.lit("gwa"), title="Element Name", parent_id=pl.lit(None, pl.String)
    ).filter(pl.col("activity_id").is_in(middle["parent_id"].drop_nulls().unique().to_list()))
    _require_links(detailed, middle.select(parent_id="activity_id"), "parent_id", dwa.name, iwa.name)
    _require_links(middle, top.select(parent_id="activity_id"), "parent_id", iwa.name, elements.name)
    table = _checked(Activity, pl.concat([detailed, middle, top]), f"{dwa.name} and {iwa.name}")
    counts = [_count(dwa, "activity (dwa)", detailed.height), _count(iwa, "activity (iwa)", middle.height)]
    return table, counts


def load_task_activities(
    files: ReleaseFiles, tasks: dy.DataFrame[OnetTask], activities: dy.DataFrame[Activity]
) -> tuple[dy.DataFrame[TaskActivity], list[RowCount]]:
    """Links of task statements to detailed work activities, with the activities above.

    Raises:
        ReleaseFormatError: A link points at a statement or an activity that the release does not have.
    """
    data = read_rows(files, "Tasks to DWAs", [TASK, "DWA ID"])
    parents = activities.select("activity_id", "parent_id")
    links = data.rows.select(task_id=TASK, dwa_id="DWA ID")
    _require_links(links, tasks, "task_id", data.name, "Task Statements")
    detailed = activities.filter(pl.col("activity_level") == "dwa").select(dwa_id="activity_id", iwa_id="parent_id")
    _require_links(links, detailed, "dwa_id", data.name, "DWA Reference")
    table = (
        links.join(detailed, on="dwa_id", how="left")
        .join(parents.rename({"activity_id": "iwa_id", "parent_id": "gwa_id"}), on="iwa_id", how="left")
        .with_columns(
            pl.lit(files.version).alias("onet_version"),
            (1 / pl.len().over("task_id")).alias("activity_weight"),
        )
    )
    checked = _checked(TaskActivity, table, data.name)
    return checked, [_count(data, "task_activity", checked.height)]


def load_titles(
    files: ReleaseFiles, occupations: dy.DataFrame[OnetOccupation]
) -> tuple[dy.DataFrame[OccupationTitle], list[RowCount]]:
    """Alternate and reported titles; a title that a list repeats for one occupation is one row.

    Raises:
        ReleaseFormatError: A title belongs to no occupation or breaks the schema.
    """
    sources = {
        "alternate": (read_rows(files, "Alternate Titles", [CODE, "Alternate Title"]), "Alternate Title"),
        "reported": (read_rows(files, "Sample of Reported Titles", [CODE, "Reported Job Title"]), "Reported Job Title"),
    }
    frames, counts = [], []
    for kind, (data, column) in sources.items():
        titles = data.rows.select(onet_soc_code=CODE, title=column, title_kind=pl.lit(kind)).unique()
        _require_links(titles, occupations, "onet_soc_code", data.name, "Occupation Data")
        frames.append(titles)
        counts.append(_count(data, f"occupation_title ({kind})", titles.height))
    return _checked(OccupationTitle, pl.concat(frames), "the lists of titles"), counts


def load_skills(
    files: ReleaseFiles, occupations: dy.DataFrame[OnetOccupation]
) -> tuple[dy.DataFrame[OccupationSkill], list[RowCount]]:
    """Importance and level of each skill of each occupation; empty where the distribution has no Skills file.

    Raises:
        ReleaseFormatError: A row belongs to no occupation or breaks the schema.
    """
    if "Skills" not in files.content:
        return OccupationSkill.create_empty(), []
    data = read_rows(files, "Skills", [CODE, "Element ID", "Element Name", "Scale ID", "Data Value"])
    value = pl.col("value")
    skills = (
        data.rows.with_columns(_number(data, "Data Value", pl.Float64).alias("value"))
        .group_by(pl.col(CODE).alias("onet_soc_code"), pl.col("Element ID").alias("element_id"))
        .agg(
            pl.col("Element Name").min().alias("skill"),
            value.filter(pl.col("Scale ID") == "IM").first().alias("importance_grade"),
            value.filter(pl.col("Scale ID") == "LV").first().alias("level_score"),
        )
    )
    _require_links(skills, occupations, "onet_soc_code", data.name, "Occupation Data")
    table = _checked(OccupationSkill, skills, data.name)
    return table, [_count(data, "occupation_skill", table.height)]


def load_elements(files: ReleaseFiles) -> tuple[dy.DataFrame[ContentElement], list[RowCount]]:
    """Elements of the content model.

    Raises:
        ReleaseFormatError: An element breaks the schema.
    """
    data = read_rows(files, "Content Model Reference", ["Element ID", "Element Name", "Description"])
    rows = data.rows.select(element_id="Element ID", name="Element Name", description="Description")
    table = _checked(ContentElement, rows, data.name)
    return table, [_count(data, "content_element", table.height)]


def _count(data: FileRows, table: str, table_row_count: int) -> RowCount:
    return RowCount(data.name, data.file_row_count, table, table_row_count)


def _number(data: FileRows, column: str, dtype: type[pl.Int64 | pl.Float64]) -> pl.Series:
    text = data.rows[column]
    numbers = text.cast(dtype, strict=False)
    if bad := numbers.null_count() - text.null_count():
        raise ReleaseFormatError(f"{data.name} has {bad} values in {column} that are no number: the file is damaged")
    return numbers


def _require_links(rows: pl.DataFrame, target: pl.DataFrame, key: str, name: str, target_name: str) -> None:
    orphans = rows.join(target, on=key, how="anti").height
    if orphans:
        raise ReleaseFormatError(
            f"{name} has {orphans} rows whose {key} is not in {target_name}: the files are not of one release"
        )


def _checked(schema: type[SchemaT], rows: pl.DataFrame, name: str) -> dy.DataFrame[SchemaT]:
    try:
        return schema.validate(rows.sort(schema.primary_key()), cast=True)
    except dy.exc.ValidationError as error:
        raise ReleaseFormatError(f"{name} breaks the rules of the table {schema.__name__}: {error}") from error


def skill_names(elements: pl.DataFrame) -> tuple[str, ...]:
    """Names of the skills of the content model (branches 2.A, basic, and 2.B, cross-functional), sorted.

    Args:
        elements: Rows of ContentElement.
    """
    is_skill = pl.col("element_id").str.contains(r"^2\.[AB]\.\d+\.[a-z]$")
    return tuple(elements.filter(is_skill).get_column("name").sort().to_list())
