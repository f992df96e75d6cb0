"""Training of the reranker on the release's links: titles of activities, the phrasebook, and both with an occupation.

Activities held out by `SPLIT_SEED` take no part. The other ones are split in five, so that the probabilities are fitted
on orders of activities that the ordering model did not know, and on those kept for development, which the encoder was
not adapted to either. Requests whose occupation is known teach the probability
only: titles and phrases are short, and what is learned of them says too little for what people write at length.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from onet.gold import Gold, activity_gold, is_development
from onet.pair_features import FEATURE_NAMES
from onet.phrasebook import activity_phrases, has_phrased_activities
from onet.release import Release
from onet.reranking import RERANK_DEPTH, SPLIT_SEED, Reranker, first_features, pair_scores, rank_exprs
from onet.retrieval import retrieve_tasks
from onet.task_index import Encoder, TaskIndex, encode_checked

FOLDS: Final = 5
PRIOR: Final = 0.1
WEAK_PRIOR: Final = 100.0
PROB_TOP: Final = 10
DECIMALS: Final = 6
# Ways to say in which occupation one asks: none is taken from a conversation.
FRAMES: Final = (
    "As a {title}: {text}",
    "I am a {title}. {text}",
    "i'm a {title}, {text}",
    "{text} I work as a {title}.",
    "{text} (for a {title})",
    "Working as a {title}, I need help: {text}",
)


@dataclass(frozen=True)
class Question:
    """A text with its right statements; kind: title, phrase, or either with `_occupation`."""

    kind: str
    iwa_id: str
    dwa_id: str
    is_held_out: bool
    text: str
    answers: frozenset[int]


@dataclass(frozen=True)
class OccupationRequest:
    """A request of which the occupation is known; its right statements are those of the occupation."""

    text: str
    onet_soc_code: str


def training_questions(release: Release, index: TaskIndex) -> list[Question]:
    """Every title of a linked activity and every English line of the phrasebook, plain and with an occupation.

    Right are the statements linked to the activity; with an occupation, those of them that belong to it.

    Args:
        release: Release whose activities the phrasebook's ids mean.
        index: Its index.
    """
    gold = split_gold(release, index)
    links = dict(gold.links.group_by("query_number").agg("statement_number").sort("query_number").iter_rows())
    codes = index.statements["onet_soc_codes"].to_list()
    titles = _occupation_titles(release)
    # A catalogue of other activities has no phrases: its ids are its own.
    asked = activity_phrases(release.activities) if has_phrased_activities(release.activities) else {}
    questions = []
    for number, dwa, iwa, title, is_held_out in gold.queries.iter_rows():
        answers = sorted(links[number])
        for kind, text in [("title", title), *(("phrase", line) for line in asked.get(dwa, []))]:
            questions.append(Question(kind, iwa, dwa, is_held_out, text, frozenset(answers)))
            statement = answers[_draw(len(answers), "statement", kind, text)]
            code = codes[statement][_draw(len(codes[statement]), "occupation", kind, text)]
            framed = _framed(text, titles[code])
            own = frozenset(answer for answer in answers if code in codes[answer])
            questions.append(Question(f"{kind}_occupation", iwa, dwa, is_held_out, framed, own))
    return questions


def split_gold(release: Release, index: TaskIndex) -> Gold:
    """The gold of a release, split as the reranker knows it."""
    return activity_gold(index.statements, release.tasks, release.task_activities, release.activities, seed=SPLIT_SEED)


def _occupation_titles(release: Release) -> dict[str, list[str]]:
    """Titles of each occupation, alternate ones included; its own counts three times in a draw."""
    own = release.occupations.select("onet_soc_code", "title")
    named = pl.concat([own, own, own, release.titles.select("onet_soc_code", "title")])
    return dict(named.sort("onet_soc_code", "title").group_by("onet_soc_code").agg("title").iter_rows())


def _framed(text: str, titles: list[str]) -> str:
    title = titles[_draw(len(titles), "title", text)]
    frame = FRAMES[_draw(len(FRAMES), "frame", text)]
    return frame.format(title=title.lower() if _draw(2, "case", text) else title, text=text)


def _draw(count: int, *parts: str) -> int:
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


@dataclass(frozen=True)
class _Asked:
    """Questions with their candidates: features and truth of every pair, `owner` the question of each."""

    candidates: pl.DataFrame
    features: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    owner: NDArray[np.int64]

    def first_rows(self, log_odds: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Row of the candidate that each question puts first, and what its probability depends on."""
        ranked = self.candidates.with_columns(pl.Series("log_odds", log_odds)).select(rank=rank_exprs()[1])
        rows = np.flatnonzero(ranked["rank"].to_numpy() == 1)
        columns = [FEATURE_NAMES.index(name) for name in ("log_text_length", "best", "margin")]
        return rows, first_features(log_odds[rows], self.features[rows][:, columns])


def train_reranker(
    release: Release, index: TaskIndex, encoder: Encoder, requests: Sequence[OccupationRequest] = ()
) -> Reranker:
    """Train the model on the activities that are not held out.

    Args:
        release: Release whose activities the phrasebook's ids mean.
        index: Its index.
        encoder: Encoder of the index.
        requests: Requests with a known occupation, which teach the probability beside the questions.

    Returns:
        The model; the same for the same release, encoder and requests.
    """
    questions = [question for question in training_questions(release, index) if not question.is_held_out]
    asked = _asked(
        [question.text for question in questions], [question.answers for question in questions], index, encoder
    )
    folds = np.array([_draw(FOLDS, "fold", question.iwa_id) for question in questions])[asked.owner]
    # A text without a right answer among its candidates teaches nothing about their order.
    has_right = np.bincount(asked.owner, weights=asked.is_right)[asked.owner] > 0
    unseen = np.zeros(len(asked.features))
    for fold in range(FOLDS):
        known = has_right & (folds != fold)
        weights, intercept = _fit(asked.features[known], asked.is_right[known])
        unseen[folds == fold] = asked.features[folds == fold] @ weights + intercept
    weights, intercept = _fit(asked.features[has_right], asked.is_right[has_right])
    # Probabilities are fitted where neither the encoder's adaptation nor the order knew the activity.
    fresh = np.array([is_development(question.iwa_id, seed=SPLIT_SEED) for question in questions])[asked.owner]
    rows, found = asked.first_rows(unseen)
    found, rows = found[fresh[rows]], rows[fresh[rows]]
    firsts, rights = [found], [asked.is_right[rows]]
    if requests:
        told = _asked_by_occupation(requests, index, encoder)
        rows, found = told.first_rows(told.features @ weights + intercept)
        firsts, rights = [*firsts, found], [*rights, told.is_right[rows]]
    first_weights, first_intercept = _fit(np.concatenate(firsts), np.concatenate(rights))
    ranked = asked.candidates.with_columns(pl.Series("log_odds", unseen)).select(rank=rank_exprs()[1])
    rank = ranked["rank"].to_numpy()
    behind = fresh & (rank > 1) & (rank <= PROB_TOP)
    return Reranker(
        FEATURE_NAMES,
        _rounded(weights),
        round(intercept, DECIMALS),
        _rounded(first_weights),
        round(first_intercept, DECIMALS),
        other=_worth(unseen[behind], asked.is_right[behind]),
        trained_on=f"onet-{release.version}",
    )


def _asked(texts: list[str], answers: Sequence[frozenset[int]], index: TaskIndex, encoder: Encoder) -> _Asked:
    vectors = encode_checked(encoder, texts)
    candidates = retrieve_tasks(index, vectors, top=RERANK_DEPTH, texts=texts)
    features = pair_scores(index.pairs, np.eye(len(FEATURE_NAMES)), texts, vectors, candidates)
    pairs = candidates.select("query_number", "statement_number").rows()
    is_right = np.array([row in answers[number] for number, row in pairs])
    return _Asked(candidates, features, is_right, candidates["query_number"].to_numpy())


def _asked_by_occupation(requests: Sequence[OccupationRequest], index: TaskIndex, encoder: Encoder) -> _Asked:
    exploded = index.statements.select("onet_soc_codes", number=pl.int_range(pl.len())).explode("onet_soc_codes")
    own = dict(exploded.group_by("onet_soc_codes").agg("number").iter_rows())
    answers = [frozenset(own.get(request.onet_soc_code, ())) for request in requests]
    return _asked([request.text for request in requests], answers, index, encoder)


def _fit(features: NDArray[np.float64], is_right: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Logistic regression on standardised features, its weights turned back to plain ones."""
    if is_right.all() or not is_right.any():
        # Nothing to tell apart: the log-odds of the share, one of each kind added.
        return np.zeros(features.shape[1]), float(np.log((is_right.sum() + 1) / ((~is_right).sum() + 1)))
    scaler = StandardScaler().fit(features)
    fitted = LogisticRegression(C=PRIOR, max_iter=500).fit(scaler.transform(features), is_right)
    weights = fitted.coef_[0] / scaler.scale_
    return weights, float(fitted.intercept_[0] - weights @ scaler.mean_)


def _worth(log_odds: NDArray[np.float64], is_right: NDArray[np.bool_]) -> tuple[float, float]:
    """Intercept and slope that turn log-odds into those of a probability."""
    fitted = LogisticRegression(C=WEAK_PRIOR).fit(log_odds.reshape(-1, 1), is_right)
    return round(float(fitted.intercept_[0]), DECIMALS), round(float(fitted.coef_[0, 0]), DECIMALS)


def _rounded(weights: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(weight), DECIMALS) for weight in weights)
