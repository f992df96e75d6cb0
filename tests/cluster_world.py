"""Invented requests in clear topics, with vectors and accounts, for tests of clusters."""

from dataclasses import dataclass

import numpy as np
import polars as pl

TOPICS = (
    ("draft", ("lesson", "plans", "grammar", "worksheets")),
    ("debug", ("python", "script", "errors", "tests")),
    ("plan", ("vegetarian", "meals", "recipes", "budget")),
    ("translate", ("contract", "clauses", "letters", "summary")),
)


@dataclass(frozen=True)
class World:
    """Inputs of `build_clusters`."""

    facets: pl.DataFrame
    embeddings: pl.DataFrame
    accounts: pl.DataFrame

    def with_requests(self, requests: dict[str, str]) -> "World":
        """The same world, some requests replaced."""
        column = pl.col("conversation_id").replace_strict(requests, default=pl.col("request"), return_dtype=pl.String)
        return World(self.facets.with_columns(request=column), self.embeddings, self.accounts)

    def shuffled(self, seed: int) -> "World":
        """The same rows in other orders."""
        return World(
            *(
                frame.sample(fraction=1, shuffle=True, seed=seed + number)
                for number, frame in enumerate((self.facets, self.embeddings, self.accounts))
            )
        )

    def topic_ids(self, topic: int) -> list[str]:
        """Conversations of a topic, one per account in turn."""
        return [name for name in self.facets["conversation_id"] if name.startswith(f"t{topic}-")]


def make_world(
    *, topics: int = 4, per_topic: int = 12, accounts_per_topic: int = 6, spread: float = 0.2, seed: int = 0
) -> World:
    """Invent conversations: request words of their topic, unit vectors around its centre, accounts of their own."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(topics, 16))
    rows: list[tuple[str, str, str]] = []
    vectors: list[np.ndarray] = []
    for topic in range(topics):
        verb, words = TOPICS[topic % len(TOPICS)]
        for number in range(per_topic):
            rows.append(
                (
                    f"t{topic}-{number:04d}",
                    " ".join((verb.capitalize(), *(words[(number + step) % 4] for step in range(3)))),
                    f"account-{topic}-{number % accounts_per_topic}",
                )
            )
            vectors.append(centres[topic] + spread * rng.normal(size=16))
    stacked = np.array(vectors, dtype=np.float32)
    stacked /= np.linalg.norm(stacked, axis=1, keepdims=True)
    ids = [row[0] for row in rows]
    return World(
        pl.DataFrame({"conversation_id": ids, "request": [row[1] for row in rows], "language": ["en"] * len(rows)}),
        pl.DataFrame(
            {"conversation_id": ids, "embedding": stacked}, schema_overrides={"embedding": pl.Array(pl.Float32, 16)}
        ),
        pl.DataFrame(
            {
                "conversation_id": ids,
                "account_key": [row[2] for row in rows],
                "has_account": [True] * len(rows),
                "is_counted": [True] * len(rows),
            }
        ),
    )
