"""Training of the reranker on the release's links: titles of activities, the phrasebook, and both with an occupation.

Activities held out by `SPLIT_SEED` take no part. The other ones are split in five, so that the probabilities are fitted
on orders of activities that the ordering model did not know.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from onet.gold import Gold, activity_gold
from onet.pair_features import FEATURE_NAMES
from onet.phrasebook import read_phrasebook
from onet.release import Release
from onet.reranking import RERANK_DEPTH, SPLIT_SEED, Reranker, pair_scores, rank_exprs
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
    lines = read_phrasebook().filter(pl.col("language") == "en").select("dwa_id", "request")
    asked = {dwa: group["request"].to_list() for (dwa,), group in lines.group_by("dwa_id", maintain_order=True)}
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


def train_reranker(release: Release, index: TaskIndex, encoder: Encoder) -> Reranker:
    """Train the model on the activities that are not held out.

    Args:
        release: Release whose activities the phrasebook's ids mean.
        index: Its index.
        encoder: Encoder of the index.

    Returns:
        The model; the same for the same release and encoder.
    """
    questions = [question for question in training_questions(release, index) if not question.is_held_out]
    texts = [question.text for question in questions]
    vectors = encode_checked(encoder, texts)
    candidates = retrieve_tasks(index, vectors, top=RERANK_DEPTH, texts=texts)
    features = pair_scores(index.pairs, np.eye(len(FEATURE_NAMES)), texts, vectors, candidates)
    owner = candidates["query_number"].to_numpy()
    is_right = np.array(
        [
            row in questions[number].answers
            for number, row in candidates.select("query_number", "statement_number").rows()
        ]
    )
    folds = np.array([_draw(FOLDS, "fold", question.iwa_id) for question in questions])[owner]
    # A text without a right answer among its candidates teaches nothing about their order.
    has_right = np.bincount(owner, weights=is_right)[owner] > 0
    unseen = np.zeros(len(features))
    for fold in range(FOLDS):
        weights, intercept = _fit(features[has_right & (folds != fold)], is_right[has_right & (folds != fold)])
        unseen[folds == fold] = features[folds == fold] @ weights + intercept
    weights, intercept = _fit(features[has_right], is_right[has_right])
    ranked = candidates.with_columns(pl.Series("log_odds", unseen), pl.Series("is_right", is_right))
    rank = ranked.select(rank=rank_exprs()[1])["rank"].to_numpy()
    first_weights, first_intercept = _fit(features[rank == 1], is_right[rank == 1])
    behind = (rank > 1) & (rank <= PROB_TOP)
    return Reranker(
        FEATURE_NAMES,
        _rounded(weights),
        round(intercept, DECIMALS),
        _rounded(first_weights),
        round(first_intercept, DECIMALS),
        other=_worth(unseen[behind], is_right[behind]),
        trained_on=f"onet-{release.version}",
    )


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
