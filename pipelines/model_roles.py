"""Language models in their roles: what the assets hand to the two libraries, and what of their use is published."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import polars as pl
from pydantic import BaseModel, Field, create_model

from clio_lite.embedding import Encoder as FacetEncoder
from clio_lite.model_labels import ModelAuditor, ModelLabeller
from clio_lite.model_levels import ModelLevels
from clio_lite.models import LanguageModel, ModelUse, Question, ServedModel, load_prompt, pose
from clio_lite.naming import Label
from onet.gold import Gold, activity_gold
from onet.gold_search import asked_activities
from onet.model_verification import (
    PROMPTS_DIR,
    LanguageModelVerifier,
    OptionQuestion,
    Shifts,
    statement_activities,
)
from onet.release import Release
from onet.task_index import Encoder, TaskIndex
from onet.verification import CalibratedVerifier, Verifier
from onet.verifier_score import VerifierScore, fit_shifts, gold_sample, refuse_weak, sampled, score_verifier
from pipelines.contracts import VerifierReliability, VerifierScores
from pipelines.errors import PublicationRefusedError
from pipelines.settings import RunFields

FACET_ROLES = ("screen", "facets")
CLUSTER_ROLES = ("label", "hierarchy")
NO_SHIFTS = Shifts()
GOLD_RUN = "gold"
"""What the money of the verifier's test on the gold is spent for, in the place of a month."""


class OptionAnswer(BaseModel):
    """Answer to a question with numbered options."""

    choice: int = Field(ge=1)


@cache
def _option_answer(count: int) -> type[BaseModel]:
    """The answer where there are so many options."""
    return create_model(f"OptionAnswer{count}", __base__=OptionAnswer, choice=(int, Field(ge=1, le=count)))


@dataclass(frozen=True)
class PromptedChooser:
    """A language model as `onet.model_verification.OptionChooser`.

    Attributes:
        model: Who is asked.
        subjects: Conversations whose text a question carries, by that text.
    """

    model: LanguageModel
    subjects: Mapping[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """Provider and model."""
        return self.model.name

    def prompt_version(self, prompt: str) -> str:
        """See `OptionChooser.prompt_version`."""
        return load_prompt(prompt, PROMPTS_DIR).version

    def choose(self, questions: Sequence[OptionQuestion]) -> list[int | None]:
        """See `OptionChooser.choose`."""
        answers = self.model.ask([self._posed(question) for question in questions])
        return [answer.value.choice - 1 if isinstance(answer.value, OptionAnswer) else None for answer in answers]

    def _posed(self, question: OptionQuestion) -> Question:
        numbered = (f"{number}. {text}" for number, text in enumerate(question.options, start=1))
        return pose(
            load_prompt(question.prompt, PROMPTS_DIR),
            key=question.key,
            answer_schema=_option_answer(len(question.options)),
            seed=0,
            data={"text": [question.text]},
            facts={"options": "\n".join(numbered)},
            subjects=self.subjects.get(question.text, ()),
        )


@dataclass(frozen=True)
class ClusterWriters:
    """Who names, grades and groups the clusters; None: the embedded methods."""

    labeller: ModelLabeller | None
    auditor: ModelAuditor | None
    level_builder: ModelLevels | None


def cluster_writers(
    label: LanguageModel | None,
    hierarchy: LanguageModel | None,
    encoder: Callable[[], FacetEncoder],
    settings: RunFields,
) -> ClusterWriters:
    """Writers that ask the models of the roles label and hierarchy; the auditor is the model of label.

    Args:
        label: Model of the role label, or None.
        hierarchy: Model of the role hierarchy, or None.
        encoder: Opens the encoder of the names.
        settings: Seed, and whether the embedded method may stand in.
    """
    auditing = label or hierarchy
    may_fall_back = settings.models.hierarchy_fallback
    return ClusterWriters(
        labeller=ModelLabeller(label, settings.seed) if label else None,
        auditor=ModelAuditor(auditing, settings.seed) if auditing else None,
        level_builder=ModelLevels(hierarchy, encoder(), may_fall_back) if hierarchy else None,
    )


@dataclass(frozen=True)
class VerifierMeasures:
    """A verifier's test on the release's gold, with retrieval alone beside it.

    Attributes:
        scores: Table `core/verifier_score`.
        reliability: Table `core/verifier_reliability`.
    """

    scores: pl.DataFrame
    reliability: pl.DataFrame


def measure_verifiers(
    release: Release, index: TaskIndex, encoder: Encoder, settings: RunFields, model: LanguageModel | None
) -> VerifierMeasures:
    """Measure retrieval alone on the held-out gold, and the model's verifier on a sample of it.

    The gold are requests of activities, searched as it is in use, each without what its writer wrote; titles of
    activities where no request of the release's is known.

    Args:
        release: Release of the index.
        index: Task index.
        encoder: Its encoder.
        settings: Strategy and size of the sample.
        model: Model of the role verify, or None.
    """
    titles = activity_gold(
        index.statements, release.tasks, release.task_activities, release.activities, seed=index.seed
    )
    asked = asked_activities(titles, index.activity_bridge, encoder)
    gold, texts, alone = asked.gold, asked.gold.queries["title"].to_list(), index.text_verifier
    scores: list[tuple[str, Shifts, VerifierScore]] = []
    bins: list[pl.DataFrame] = []

    def measure(
        strategy: str, verifier: Verifier, found: pl.DataFrame, of: Gold, fit_count: int, shifts: Shifts = NO_SHIFTS
    ) -> None:
        score, reliability = score_verifier(verifier, alone, found, of, fit_query_count=fit_count)
        scores.append((strategy, shifts, score))
        bins.append(reliability.with_columns(verifier=pl.lit(verifier.name)))

    held_out = gold.queries.filter("is_held_out")["query_number"].to_list()
    if held_out:
        candidates = asked.rank(index, has_words=True)
        measure("retrieval", alone, sampled(candidates, held_out), gold, index.calibration.fit_query_count)
        if model is not None:
            size, seed = settings.models.verify_gold_sample, settings.seed
            fit = gold_sample(gold, size=size, is_held_out=False, seed=seed)
            held = gold_sample(gold, size=size, is_held_out=True, seed=seed)
            judged = gold.queries.filter(pl.col("query_number").is_in([*fit, *held]))["iwa_id"].unique().to_list()
            activities = _activities(release, index, without=judged)
            verifier = model_verifier(model, index, texts, settings, activities=activities)
            shifts = fit_shifts(verifier, sampled(candidates, fit), gold)
            shifted = replace(verifier, shifts=shifts)
            measure(settings.models.verify_strategy, shifted, sampled(candidates, held), gold, len(fit), shifts)
    return VerifierMeasures(_score_table(scores), _reliability_table(bins))


def _activities(release: Release, index: TaskIndex, *, without: Sequence[str]) -> pl.DataFrame:
    return statement_activities(
        index.statements, release.tasks, release.task_activities, release.activities, without=without
    )


def _score_table(scores: Sequence[tuple[str, Shifts, VerifierScore]]) -> pl.DataFrame:
    rows = [
        {
            **vars(score),
            "strategy": strategy,
            "beats_retrieval": score.beats_retrieval,
            **{f"{name}_shift": value for name, value in vars(shifts).items()},
        }
        for strategy, shifts, score in scores
    ]
    frame = pl.DataFrame(rows, schema=VerifierScores.create_empty().schema).sort("verifier")
    return VerifierScores.validate(frame)


def _reliability_table(bins: Sequence[pl.DataFrame]) -> pl.DataFrame:
    empty = VerifierReliability.create_empty()
    frames = [frame.select(empty.columns) for frame in bins]
    return VerifierReliability.validate(pl.concat([empty, *frames]).sort("verifier", "bin_low_prob"))


def model_verifier(
    model: LanguageModel,
    index: TaskIndex,
    texts: Sequence[str],
    settings: RunFields,
    *,
    activities: pl.DataFrame | None,
    subjects: Mapping[str, tuple[str, ...]] | None = None,
) -> LanguageModelVerifier:
    """The model's verifier as the settings have it, not yet calibrated.

    Args:
        model: Model of the role verify.
        index: Task index.
        texts: Text of each query.
        settings: Strategy, order swap, seed.
        activities: Activities of the statements, for the two-step form.
        subjects: Conversations by text.
    """
    return LanguageModelVerifier(
        chooser=PromptedChooser(model, subjects or {}),
        texts=texts,
        statements=index.statements["task"].to_list(),
        calibration=index.calibration,
        strategy=settings.models.verify_strategy,
        has_order_swap=settings.models.verify_order_swap,
        activities=activities,
        seed=settings.seed,
    )


def usable_verifier(verifier: LanguageModelVerifier, scores: pl.DataFrame, *, is_forced: bool) -> LanguageModelVerifier:
    """A verifier with what its judgements are worth, if it may be used.

    Args:
        verifier: As `model_verifier` makes it.
        scores: Table `core/verifier_score`.
        is_forced: It is used although it does not beat retrieval.

    Raises:
        VerifierRefusedError: It does not beat retrieval and is not forced.
        PublicationRefusedError: The release has no gold to measure it on, and it is not forced.
    """
    found = scores.filter(pl.col("verifier") == verifier.name).to_dicts()
    if not found:
        if is_forced:
            return verifier
        raise PublicationRefusedError(
            f"expected links of tasks to activities in the release to measure the verifier {verifier.name} on, found "
            "none: leave models.verify empty, or set models.force_verifier"
        )
    row = found[0]
    score = VerifierScore(**{name: row[name] for name in VerifierScore.__dataclass_fields__})
    refuse_weak(score, is_forced=is_forced)
    shifts = Shifts(**{name: row[f"{name}_shift"] for name in Shifts.__dataclass_fields__})
    return replace(verifier, shifts=shifts)


def task_verifier(
    model: LanguageModel | None,
    index: TaskIndex,
    texts: Sequence[str],
    subjects: Mapping[str, tuple[str, ...]],
    settings: RunFields,
    scores: pl.DataFrame,
    taxonomy: Mapping[str, pl.DataFrame],
    *,
    has_texts: bool,
) -> Verifier:
    """The verifier of a route: the model's if there is one and it may be used, else the index's own.

    Args:
        model: Model of the role verify, or None.
        index: Task index.
        texts: What the model reads of each query.
        subjects: Whose text each is.
        settings: Settings of the run.
        scores: Table `core/verifier_score`.
        taxonomy: `tasks`, `links` and `activities` of the release.
        has_texts: Candidates are retrieved by the texts, not by vectors alone.

    Raises:
        VerifierRefusedError: The model's verifier does not beat retrieval and is not forced.
    """
    calibration = index.calibration if has_texts else index.vector_calibration
    if model is None:
        return index.text_verifier if has_texts else CalibratedVerifier(calibration)
    activities = statement_activities(
        index.statements, taxonomy["tasks"], taxonomy["links"], taxonomy["activities"].drop("onet_version")
    )
    verifier = model_verifier(model, index, texts, settings, activities=activities, subjects=subjects)
    usable = usable_verifier(verifier, scores, is_forced=settings.models.force_verifier)
    return replace(usable, calibration=calibration)


def request_subjects(ids: pl.Series, texts: pl.Series) -> dict[str, tuple[str, ...]]:
    """Conversations by their request.

    Args:
        ids: Conversation ids.
        texts: Their requests.
    """
    rows = pl.DataFrame({"conversation_id": ids, "request": texts}).group_by("request").agg("conversation_id")
    return {request: tuple(sorted(names)) for request, names in rows.iter_rows()}


def refuse_unlabelled(failures: pl.DataFrame, conversation_count: int, *, max_failure_share: float) -> None:
    """Stop where too many conversations could not be labelled.

    Args:
        failures: Table `core/facet_failure`.
        conversation_count: Conversations that were to be labelled.
        max_failure_share: Largest share that may fail.

    Raises:
        PublicationRefusedError: More failed; with the counts by reason.
    """
    failed = failures.height
    if not failed or failed <= max_failure_share * conversation_count:
        return
    reasons = failures.group_by("role", "failure_reason").len().sort("len", "role", "failure_reason", descending=True)
    told = ", ".join(f"{count} {reason} ({role})" for role, reason, count in reasons.iter_rows())
    raise PublicationRefusedError(
        f"expected all but {max_failure_share:.1%} of {conversation_count} conversations to be labelled, found "
        f"{failed} ({failed / conversation_count:.1%}) that were not: {told}: mend the cause and run again (what was "
        "answered is kept), or set models.max_failure_share"
    )


def use_table(models: Sequence[ServedModel | None]) -> pl.DataFrame:
    """What was asked of some models: rows of `ModelUse`.

    Args:
        models: Models; None: embedded.
    """
    frames = [model.use_table() for model in models if model is not None]
    return ModelUse.validate(pl.concat([ModelUse.create_empty(), *frames]).sort(*ModelUse.primary_key()))


def summed_use(uses: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Use over all steps of a build.

    Args:
        uses: Tables of `ModelUse`.
    """
    key = ModelUse.primary_key()
    stacked = pl.concat([ModelUse.create_empty(), *uses])
    return ModelUse.validate(stacked.group_by(key).agg(pl.exclude(key).sum()).select(stacked.columns).sort(key))


def cluster_texts(
    ids: Sequence[str], clusters: pl.DataFrame, members: pl.DataFrame, facets: pl.DataFrame
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """What a verifier reads of each base cluster: name and description, else the commonest request of its members.

    Args:
        ids: Base clusters.
        clusters: Table `core/cluster`.
        members: Table `core/cluster_member`.
        facets: Requests by conversation.

    Returns:
        The texts, and whose request each is where it is one.
    """
    named = {
        cluster_id: Label(name, description).text
        for cluster_id, name, description in clusters.select("cluster_id", "name", "description").iter_rows()
        if name is not None
    }
    own = members.filter(pl.col("cluster_level") == 0).join(facets, on="conversation_id")
    common = (
        own.group_by("cluster_id", "request")
        .agg(pl.len(), pl.col("conversation_id").sort())
        .sort("cluster_id", "len", "request", descending=[False, True, False])
        .unique("cluster_id", keep="first", maintain_order=True)
    )
    requests = {row[0]: (row[1], tuple(row[3])) for row in common.iter_rows()}
    texts = [named.get(name) or requests[name][0] for name in ids]
    subjects = {requests[name][0]: requests[name][1] for name in ids if name not in named}
    return texts, subjects
