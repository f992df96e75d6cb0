"""Names and descriptions of clusters without a language model: distinctive terms in fixed sentences.

A term is distinctive if many accounts of the cluster used it and few of the level's other clusters did (c-TF-IDF, with
accounts in the place of occurrences, so that nobody can write a label by repeating a word). Only words of the
k-anonymous vocabulary are chosen. Whether a finished text may be published is decided by `auditor` and `privacy`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from clio_lite.vocabulary import given_names, public_vocabulary

PUBLIC_WORD_ACCOUNTS: Final = 2
"""Accounts that must have used even a public word, so that no single person's topic becomes the label."""

SECOND_TERM_SHARE: Final = 0.5
"""A second verb or object enters the name if its score is at least this part of the first one's."""

PHRASE_SHARE: Final = 0.4
"""A pair of words stands for its word if at least this part of the word's accounts used the pair."""

LEADING_SHARE: Final = 0.5
"""A word that is no public verb opens a name if at least this part of its accounts open a request with it."""

PREPOSITIONS: Final = {
    "advise": "on",
    "experiment": "with",
    "reply": "to",
    "respond": "to",
    "search": "for",
    "tell": "about",
}
MAX_VERBS: Final = 3
MAX_OBJECTS: Final = 6
MAX_WORD_LENGTH: Final = 30
CLOSE_COHESION: Final = 0.7
MODERATE_COHESION: Final = 0.5


@dataclass(frozen=True)
class Label:
    """Candidate text of one cluster."""

    name: str
    description: str


@dataclass(frozen=True)
class ClusterTerms:
    """The terms of one cluster that may be published, most distinctive first, with their scores."""

    verbs: Sequence[tuple[str, float]]
    objects: Sequence[tuple[str, float]]


def label_clusters(
    uses: pl.DataFrame, members: pl.DataFrame, cohesion: Mapping[str, float], *, min_accounts: int
) -> dict[str, Label]:
    """Write name and description of the clusters of one level.

    Args:
        uses: Words of the requests; see `vocabulary.WordUse`.
        members: Frame with `conversation_id`, `cluster_id` and `account_key` of every cluster of the level; a
            conversation without an account lends no words.
        cohesion: Mean cosine of the members to the centroid of each cluster that is to be named.
        min_accounts: Accounts of the cluster that must have used a word unless it is public.

    Returns:
        Label per cluster in `cohesion`. Names are made different by further terms as long as there are any.
    """
    words = _account_words(uses, members)
    terms = cluster_terms(words, sorted(cohesion), min_accounts=min_accounts)
    labels: dict[str, Label] = {}
    taken: set[str] = set()
    for cluster_id in sorted(cohesion):
        found = terms[cluster_id]
        name = next(name for name in _names(found, taken) if name is not None)
        taken.add(name)
        labels[cluster_id] = Label(name, _description(found, cohesion[cluster_id]))
    return labels


def word_account_counts(uses: pl.DataFrame, members: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Count the distinct accounts of each cluster that used each word.

    Args:
        uses: Words of the requests; see `vocabulary.WordUse`.
        members: Frame with `conversation_id`, `cluster_id` and `account_key` (null: lends no words).

    Returns:
        Account count per word, per cluster.
    """
    counted = (
        _account_words(uses, members)
        .select("cluster_id", "word", "account_key")
        .unique()
        .group_by("cluster_id", "word")
        .len("account_count")
    )
    counts: dict[str, dict[str, int]] = {cluster_id: {} for cluster_id in members["cluster_id"].unique()}
    for cluster_id, word, count in counted.iter_rows():
        counts[cluster_id][word] = count
    return counts


def cluster_terms(words: pl.DataFrame, cluster_ids: Sequence[str], *, min_accounts: int) -> dict[str, ClusterTerms]:
    """Find the verbs and objects of each cluster that may be published.

    Args:
        words: `vocabulary.WordUse` with `cluster_id` and `account_key` of all clusters of the level.
        cluster_ids: Clusters to find terms for.
        min_accounts: Accounts that must have used a word unless it is public.
    """
    wanted = pl.col("cluster_id").is_in(list(cluster_ids))
    leading = _scored(words.filter("is_opening"))
    inner = _scored(words.filter(~pl.col("is_opening")))
    pairs = _scored(words.filter(pl.col("pair").is_not_null()).with_columns(word=pl.col("pair")))
    all_words = _scored(words).select("cluster_id", "word", total_count="account_count")
    verbs = (
        leading.filter(wanted)
        .join(all_words, on=["cluster_id", "word"], how="inner")
        .filter(_may_open(min_accounts) & _is_chosen())
        .sort("cluster_id", "score", "word", descending=[False, True, False])
    )
    public = public_vocabulary()
    objects = (
        inner.filter(wanted & _is_supported(min_accounts) & _is_chosen())
        .filter(~pl.col("word").is_in(sorted(public.verbs - public.nouns)))
        .sort("cluster_id", "score", "word", descending=[False, True, False])
    )
    phrases = _best_phrases(pairs.filter(wanted & (pl.col("account_count") >= min_accounts)))
    verbs_of = _by_cluster(verbs)
    objects_of = _by_cluster(objects)
    return {
        cluster_id: _chosen_terms(
            verbs_of.get(cluster_id, []), objects_of.get(cluster_id, []), phrases.get(cluster_id, {})
        )
        for cluster_id in cluster_ids
    }


def _account_words(uses: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Join words with the cluster and account that they come from."""
    # Numbers in the place of keys: counting distinct ones is what takes the time.
    account = pl.col("account_key").rank("dense")
    known = members.filter(pl.col("account_key").is_not_null()).select("conversation_id", "cluster_id", account)
    return uses.join(known, on="conversation_id", how="inner")


def _scored(words: pl.DataFrame) -> pl.DataFrame:
    """Score every word of every cluster by c-TF-IDF over accounts: a_tc * ln(1 + mean_c(sum_t a_tc) / sum_c a_tc)."""
    counts = (
        words.group_by("cluster_id", "word", "account_key")
        .agg(pl.col("is_stop").all())
        .group_by("cluster_id", "word")
        .agg(account_count=pl.len().cast(pl.Int64), is_stop=pl.col("is_stop").all())
    )
    mean_total = counts["account_count"].sum() / max(1, counts["cluster_id"].n_unique())
    total = pl.col("account_count").sum().over("word")
    return counts.with_columns(score=pl.col("account_count") * (1 + mean_total / total).log())


def _is_supported(min_accounts: int) -> pl.Expr:
    """The word is of the k-anonymous vocabulary of the cluster."""
    is_public = pl.col("word").is_in(sorted(public_vocabulary().words))
    return (pl.col("account_count") >= min_accounts) | (is_public & (pl.col("account_count") >= PUBLIC_WORD_ACCOUNTS))


def _may_open(min_accounts: int) -> pl.Expr:
    """A public verb, or in any language a word that enough accounts used and that mostly opens their requests."""
    is_verb = pl.col("word").is_in(sorted(public_vocabulary().verbs)) & (
        pl.col("account_count") >= PUBLIC_WORD_ACCOUNTS
    )
    is_opener = pl.col("account_count") >= LEADING_SHARE * pl.col("total_count")
    return is_verb | ((pl.col("account_count") >= min_accounts) & is_opener)


def _is_chosen() -> pl.Expr:
    """The word says something: neither a stop word, a given name, a single letter nor a monster."""
    length = pl.col("word").str.len_chars()
    is_name = pl.col("word").is_in(sorted(given_names() - public_vocabulary().words))
    return ~pl.col("is_stop") & ~is_name & length.is_between(2, MAX_WORD_LENGTH)


def _by_cluster(scored: pl.DataFrame) -> dict[str, list[tuple[str, int, float]]]:
    """Word, accounts and score per cluster, in the frame's order."""
    grouped: dict[str, list[tuple[str, int, float]]] = {}
    for cluster_id, word, count, score in scored.select("cluster_id", "word", "account_count", "score").iter_rows():
        grouped.setdefault(cluster_id, []).append((word, count, score))
    return grouped


def _best_phrases(pairs: pl.DataFrame) -> dict[str, dict[str, tuple[str, int]]]:
    """The pair that most accounts used, per cluster and word of the pair."""
    best: dict[str, dict[str, tuple[str, int]]] = {}
    ordered = pairs.sort("cluster_id", "account_count", "word", descending=[False, True, False])
    for cluster_id, pair, count in ordered.select("cluster_id", "word", "account_count").iter_rows():
        of_cluster = best.setdefault(cluster_id, {})
        for word in pair.split(" "):
            of_cluster.setdefault(word, (pair, count))
    return best


def _chosen_terms(
    verbs: Sequence[tuple[str, int, float]],
    objects: Sequence[tuple[str, int, float]],
    phrases: Mapping[str, tuple[str, int]],
) -> ClusterTerms:
    """Pick verbs and objects, pairs in the place of their words, no word twice."""
    picked_verbs = [(word, score) for word, _, score in verbs[:MAX_VERBS]]
    used = {_stem(word) for word, _ in picked_verbs}
    choosable = {word for word, _, _ in objects}
    picked: list[tuple[str, float]] = []
    for word, count, score in objects:
        if len(picked) == MAX_OBJECTS:
            break
        if _stem(word) in used:
            continue
        pair, pair_count = phrases.get(word, (word, 0))
        parts = pair.split(" ")
        fits = pair_count >= PHRASE_SHARE * count and all(
            part in choosable and _stem(part) not in used for part in parts
        )
        picked.append((pair if fits else word, score))
        used |= {_stem(part) for part in (parts if fits else [word])}
    return ClusterTerms(picked_verbs, picked)


def _stem(word: str) -> str:
    """Fold a plural into its singular, roughly, so that no label says plan and plans."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _names(terms: ClusterTerms, taken: set[str]) -> Iterator[str | None]:
    """Names from the shortest to the longest, None for one that is taken; at last the longest, taken or not."""
    least = 2 if len(terms.objects) > 1 and terms.objects[1][1] >= SECOND_TERM_SHARE * terms.objects[0][1] else 1
    name = ""
    for object_count in range(least, max(least, len(terms.objects)) + 1):
        name = _name(terms, object_count)
        yield name if name not in taken else None
    yield name


def _name(terms: ClusterTerms, object_count: int) -> str:
    """An imperative name with up to two verbs and a number of objects."""
    verbs = [_governed(word) for word, score in terms.verbs[:2] if score >= SECOND_TERM_SHARE * terms.verbs[0][1]]
    objects = [word for word, _ in terms.objects[:object_count]]
    action = _joined(verbs, "and") if verbs else ("ask about" if objects else "handle")
    name = f"{action} {_joined(objects, 'and') if objects else 'various requests'}"
    return name[0].upper() + name[1:]


def _governed(verb: str) -> str:
    """The verb with the preposition that its object needs."""
    return f"{verb} {PREPOSITIONS[verb]}" if verb in PREPOSITIONS else verb


def _description(terms: ClusterTerms, cohesion: float) -> str:
    """Two sentences: what the requests typically say, and how alike they are."""
    parts = []
    if terms.verbs:
        parts.append(f"typically ask to {_joined([word for word, _ in terms.verbs], 'or')}")
    if terms.objects:
        parts.append(f"commonly mention {_joined([word for word, _ in terms.objects], 'and')}")
    first = f"The requests {' and '.join(parts) if parts else 'have few words in common'}."
    if cohesion >= CLOSE_COHESION:
        breadth = "closely similar"
    elif cohesion >= MODERATE_COHESION:
        breadth = "moderately varied"
    else:
        breadth = "widely varied"
    return f"{first} Their wording is {breadth} across the cluster."


def _joined(words: Sequence[str], conjunction: str) -> str:
    """Words as an English list."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
