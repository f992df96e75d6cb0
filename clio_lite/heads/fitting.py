"""One head fitted: what each training conversation weighs, and what the first turn and the later ones share.

Which conversations and features a head is given is settled in `training`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from clio_lite.composing import FIRST_HAND, TEMPLATES
from clio_lite.heads.prediction import Array
from clio_lite.heads.skill_training import rounded
from clio_lite.wording import Vocabulary


@dataclass(frozen=True)
class HeadSettings:
    """How one head is fitted; chosen by the mean accuracy over writers left out.

    Attributes:
        strength: Inverse strength of the penalty.
        template_weight: Weight of a composed conversation, where one of a labelled file has 1.
        first_weight: Weight of a conversation of the first hand, which labels by groups.
        balance: Power by which classes are evened out: 0 leaves them as they are, 1 gives all the same mass.
        features: Structure features that the head may use.
        is_coupled: Whether vectors and words share weights between the first turn and the later ones.
        turn_balance: Power by which classes are evened out among conversations of one, two, and more turns by the user.
    """

    strength: float
    template_weight: float
    first_weight: float
    balance: float
    features: frozenset[str]
    is_coupled: bool
    turn_balance: float = 0.0


@dataclass(frozen=True)
class Labelled:
    """What is known of the conversations that a head learns from.

    Attributes:
        labels: Class of each.
        writers: Who wrote each.
        user_turns: Number of user turns of each.
        shares: What one counts beside a whole conversation.
    """

    labels: NDArray[np.str_]
    writers: NDArray[np.str_]
    user_turns: NDArray[np.int64]
    shares: NDArray[np.float64]

    def kept(self, rows: NDArray[np.bool_]) -> "Labelled":
        """Some of the rows."""
        return Labelled(self.labels[rows], self.writers[rows], self.user_turns[rows], self.shares[rows])


def shared_features(dimensions: int, structure: int, words: tuple[Vocabulary, Vocabulary]) -> csr_matrix:
    """The features of the first turn and of the later ones that mean the same, as a matrix that adds them up.

    A weight of such a sum counts in both places, so what is learned of first turns helps with later ones.

    Args:
        dimensions: Length of a vector.
        structure: Number of structure features.
        words: Words of the first turn, and of the later ones.

    Returns:
        Shape (features, sums): vector of the first turn, of the later ones, structure, words of both.
    """
    names = sorted({*words[0].counts, *words[1].counts})
    place = {word: dimensions + number for number, word in enumerate(names)}
    start = 2 * dimensions + structure
    rows = [*range(2 * dimensions), *range(start, start + sum(len(vocabulary.counts) for vocabulary in words))]
    columns = [*range(dimensions), *range(dimensions)]
    columns += [place[word] for vocabulary in words for word in vocabulary.counts]
    shape = (start + sum(len(vocabulary.counts) for vocabulary in words), dimensions + len(names))
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def fit(matrix: csr_matrix, conversations: Labelled, settings: HeadSettings, shared: csr_matrix) -> tuple[Array, Array]:
    """Fit a multinomial logistic regression; two classes get a zero row for the first.

    Args:
        matrix: Shape (n, features).
        conversations: What is known of the rows.
        settings: How to fit.
        shared: What `shared_features` returned; what its sums weigh is added to the weights of their parts.

    Returns:
        Weights, shape (classes, features), and intercepts.
    """
    model = LogisticRegression(C=settings.strength, max_iter=1_000, tol=1e-4)
    columns = csr_matrix(hstack([matrix, matrix @ shared])) if settings.is_coupled else matrix
    model.fit(columns, conversations.labels, sample_weight=training_weights(settings, conversations))
    coefficients, intercepts = model.coef_, model.intercept_
    if settings.is_coupled:
        count = matrix.shape[1]
        coefficients = coefficients[:, :count] + (shared @ coefficients[:, count:].T).T
    if len(coefficients) == 1:
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return rounded(coefficients), rounded(intercepts)


def training_weights(settings: HeadSettings, conversations: Labelled) -> NDArray[np.float64]:
    """The weight of each training conversation: by who wrote it, then evened out over the classes.

    Args:
        settings: How the head is fitted.
        conversations: What is known of them.

    Returns:
        One weight for each, above zero.
    """
    writers = conversations.writers
    weights = conversations.shares * np.select(
        [writers == TEMPLATES, writers == FIRST_HAND], [settings.template_weight, settings.first_weight], 1.0
    )
    turns = np.minimum(conversations.user_turns, 3)
    for count in np.unique(turns):
        rows = turns == count
        weights[rows] = _evened(weights[rows], conversations.labels[rows], settings.turn_balance)
    return _evened(weights, conversations.labels, settings.balance)


def _evened(weights: NDArray[np.float64], labels: NDArray[np.str_], power: float) -> NDArray[np.float64]:
    """Bring the masses of the classes nearer to their mean."""
    _, number = np.unique(labels, return_inverse=True)
    mass = np.bincount(number, weights)
    evened: NDArray[np.float64] = weights * ((weights.sum() / len(mass) / mass) ** power)[number]
    return evened
