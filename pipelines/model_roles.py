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
from onet.model_verification import (
    PROMPTS_DIR,
    LanguageModelVerifier,
    OptionQuestion,
    Shifts,
    statement_activities,
)
from onet.task_index import TaskIndex
from onet.verification import CalibratedVerifier, Verifier
from onet.verifier_score import VerifierScore, refuse_weak
from pipelines.errors import PublicationRefusedError
from pipelines.settings import RunFields

FACET_ROLES = ("screen", "facets")
CLUSTER_ROLES = ("label", "hierarchy")


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
