"""Names and descriptions of clusters without a language model: distinctive terms in fixed sentences.

Which terms may be chosen is in `terms`. Whether a finished text may be published is decided by `auditor` and `privacy`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from clio_lite.naming import Label
from clio_lite.terms import ClusterTerms, Term, find_terms, stem
from clio_lite.vocabulary import public_vocabulary, split_words

SECOND_VERB_SHARE: Final = 0.5
"""A second verb enters the name if this part of the accounts used it with the object, beside the first one."""

SECOND_OBJECT_SHARE: Final = 0.5
"""A second object enters the name if its score is at least this part of the first one's."""

NEAR_SHARE: Final = 0.6
"""Two names are near duplicates if they share this part of all their words."""

PREPOSITIONS: Final = {
    "advise": "on",
    "experiment": "with",
    "reply": "to",
    "respond": "to",
    "search": "for",
    "tell": "about",
    "guide": "on",
    "assist": "with",
    "help": "with",
    "work": "on",
}
FAINT_VERBS: Final = (
    "answer", "ask", "assist", "do", "explain", "find", "get", "give", "guide", "handle", "help", "learn", "list",
    "make", "name", "provide", "respond", "show", "tell", "use",
)  # fmt: skip
"""Verbs that say little: another one with the same object stands first."""

MAX_NAME_OBJECTS: Final = 3
BROAD_SHARE: Final = 0.15
"""A name that holds one object is too narrow if fewer of the accounts used it: then it says various, and examples."""

CLOSE_COHESION: Final = 0.7
MODERATE_COHESION: Final = 0.5


def label_clusters(
    uses: pl.DataFrame,
    members: pl.DataFrame,
    cohesion: Mapping[str, float],
    *,
    min_accounts: int,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    taken: Mapping[str, str] | None = None,
) -> dict[str, Label]:
    """Write name and description of the clusters of one level.

    Args:
        uses: Words of the requests; see `vocabulary.WordUse`.
        members: Frame with `conversation_id`, `cluster_id`, `account_key` and `language` of every cluster of the level,
            and optionally `part_id`, the cluster of the level below; a conversation without an account lends no words.
        cohesion: Mean cosine of the members to the centroid of each cluster that is to be named.
        min_accounts: Accounts of the cluster that must have used a word unless it is public.
        neighbours: Clusters, per cluster, whose names must differ by more than a word: siblings and children.
        taken: Names of other levels, per cluster.

    Returns:
        Label per cluster in `cohesion`. Names are made different by further terms as long as there are any.
    """
    known = _lending(members)
    words = uses.join(known, on="conversation_id", how="inner")
    terms = find_terms(words, known, min_accounts=min_accounts)
    names = dict(taken or {})
    used = {name_key(name) for name in names.values()}
    labels: dict[str, Label] = {}
    nothing = ClusterTerms("en", [], 0, [], [], [])
    for cluster_id in sorted(cohesion, key=lambda name: (-terms.get(name, nothing).account_count, name)):
        found = terms.get(cluster_id, nothing)
        near = [name_key(names[other]) for other in (neighbours or {}).get(cluster_id, []) if other in names]
        names[cluster_id] = _free_name(found, used, near)
        used.add(name_key(names[cluster_id]))
        labels[cluster_id] = Label(names[cluster_id], _description(found, cohesion[cluster_id]))
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
        uses.select("conversation_id", "word")
        .join(_lending(members), on="conversation_id", how="inner")
        .group_by("cluster_id", "word")
        .agg(account_count=pl.col("account_key").n_unique())
    )
    counts: dict[str, dict[str, int]] = {cluster_id: {} for cluster_id in members["cluster_id"].unique()}
    for cluster_id, word, count in counted.iter_rows():
        counts[cluster_id][word] = count
    return counts


def _lending(members: pl.DataFrame) -> pl.DataFrame:
    """Members with an account: numbers in the place of keys, since counting distinct ones is what takes the time."""
    part = pl.col("part_id") if "part_id" in members.columns else pl.col("cluster_id")
    language = pl.col("language") if "language" in members.columns else pl.lit(None, dtype=pl.String)
    return members.filter(pl.col("account_key").is_not_null()).select(
        "conversation_id", "cluster_id", pl.col("account_key").rank("dense"), part_id=part, language=language
    )


def _free_name(terms: ClusterTerms, used: set[frozenset[str]], near: Sequence[frozenset[str]]) -> str:
    """The first name that is new and unlike those near; else the first new one; else the longest."""
    names = list(_names(terms))
    names.append(f"{names[0]} and related requests" if terms.objects and terms.language else names[-1])
    fresh = [name for name in names if name_key(name) not in used]
    unlike = (name for name in fresh if not any(_is_near(name_key(name), other) for other in near))
    return next(unlike, next(iter(fresh), names[-1]))


def name_key(name: str) -> frozenset[str]:
    """The words of a name that say something, plural or not; names with equal keys are one name."""
    return frozenset(stem(word) for word in split_words(name) if word not in public_vocabulary().function_words)


def _is_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """The names share most of their words."""
    return len(one & other) > NEAR_SHARE * len(one | other)


def _names(terms: ClusterTerms) -> Iterator[str]:
    """Names from the best and shortest to the longest."""
    if terms.language is None:
        yield from _mixed_names(terms)
        return
    if not terms.objects:
        yield from _objectless_names(terms)
        return
    objects = sorted(terms.objects, key=lambda term: -term.score * (1 if _verbs_with(terms, term) else 0.4))
    if max(term.account_count for term in objects) < BROAD_SHARE * terms.account_count:
        yield from _broad_names(terms, objects)
        return
    first, *rest = objects
    verbs = _verbs_with(terms, first)
    spent = {stem(verb) for verb in verbs}
    rest = [term for term in rest if not spent & {stem(word) for word in term.text.split(" ")}]
    mates = sorted(rest, key=lambda term: -_togetherness(first, term))
    base = mates[:1] if mates and _togetherness(first, mates[0]) >= SECOND_OBJECT_SHARE * first.score else []
    yield _phrase(terms, verbs, first, base)
    for mate in mates:
        if mate not in base:
            yield _phrase(terms, verbs, first, [*base, mate])
    yield _phrase(terms, verbs, first, mates[: MAX_NAME_OBJECTS - 1])


def _broad_names(terms: ClusterTerms, objects: Sequence[Term]) -> Iterator[str]:
    """Names of a cluster that no object stands for: what most ask to do, with examples of what about."""
    language = f" ({_languages_in_words(terms)})" if terms.language != "en" else ""
    common = sorted(terms.verbs, key=lambda verb: -verb.account_count)
    verbs = [_governed(verb.text) for verb in common[:2]] or ["ask about"]
    action = f"{_joined(verbs, 'and')} various topics{language}"
    action = action[0].upper() + action[1:]
    for start in range(max(1, len(objects) - 1)):
        examples = [term.text for term in objects[start : start + MAX_NAME_OBJECTS]]
        yield f"{action}, such as {_joined(examples, 'and')}"


def _mixed_names(terms: ClusterTerms) -> Iterator[str]:
    """Names of a cluster without a main language: which languages, then to do what."""
    general = f"Various requests in {_languages_in_words(terms)}"
    verbs = [term.text for term in terms.verbs]
    if not verbs:
        yield general
        return
    for count in range(min(2, len(verbs)), len(verbs) + 1):
        yield f"{general} to {_joined(verbs[:count], 'or')}"


def _objectless_names(terms: ClusterTerms) -> Iterator[str]:
    """Names of a cluster without an object: to do what, in which language, and at last with which words."""
    language = f" ({_languages_in_words(terms)})" if terms.language != "en" else ""
    verbs = [term.text for term in terms.verbs]
    least = 2 if len(verbs) > 1 and terms.verbs[1].score >= SECOND_OBJECT_SHARE * terms.verbs[0].score else 1
    name = f"Various requests{language}"
    for count in range(min(least, len(verbs)), len(verbs) + 1):
        action = f" to {_joined(verbs[:count], 'or')}" if count else ""
        name = f"Various requests{action}{language}"
        yield name
        if terms.others:
            yield f"{name}, mentioning {terms.others[0]}"
    for other in terms.others[1:]:
        yield f"{name}, mentioning {other}"


def _verbs_with(terms: ClusterTerms, term: Term) -> list[str]:
    """Up to two verbs that the cluster's accounts used with an object, the telling ones first."""
    scores = {verb.text: verb.score for verb in terms.verbs}
    shared = {verb: count for verb, count in term.verbs.items() if verb in scores}
    ranked = sorted(shared, key=lambda verb: (-shared[verb] * (0.5 if verb in FAINT_VERBS else 1), -scores[verb], verb))
    chosen = ranked[:1]
    for verb in ranked[1:2]:
        if shared[verb] >= SECOND_VERB_SHARE * shared[chosen[0]] and verb not in FAINT_VERBS:
            chosen.append(verb)
    return chosen


def _togetherness(first: Term, mate: Term) -> float:
    """Score of a second object, more where it was used in one request with the first."""
    return mate.score * (0.3 + first.mates.get(mate.text, 0) / max(1, mate.account_count))


def _phrase(terms: ClusterTerms, verbs: Sequence[str], first: Term, mates: Sequence[Term]) -> str:
    """An imperative with its objects; one that was used with the first and mostly follows a preposition keeps it."""
    generic = "ask about" if terms.language == "en" else "work on"
    action = _joined([_governed(verb) for verb in verbs], "and") if verbs else generic
    tied = [
        term for term in mates if term.link is not None and first.mates.get(term.text) and not term.direct_share > 0.5
    ]
    ending = f" {tied[0].link} {tied[0].text}" if len(tied) == len(mates) == 1 else ""
    beside = [] if ending else [term.text for term in mates]
    language = f" ({_languages_in_words(terms)})" if terms.language not in (None, "en") else ""
    name = f"{action} {_joined([first.text, *beside], 'and')}{ending}{language}"
    return name[0].upper() + name[1:]


def _governed(verb: str) -> str:
    """The verb with the preposition that its object needs."""
    return f"{verb} {PREPOSITIONS[verb]}" if verb in PREPOSITIONS else verb


def _description(terms: ClusterTerms, cohesion: float) -> str:
    """Two sentences: what the requests ask for and mention, and in which language and how alike they are."""
    verbs = [term.text for term in terms.verbs[:3]]
    objects = [term.text for term in terms.objects[:5]] if terms.language else []
    asked = sum(term.account_count for term in terms.verbs[:3])
    size = _size_in_words(asked / max(1, terms.account_count))
    parts = []
    if verbs:
        parts.append(f"{size} ask to {_joined(verbs, 'or')}")
    if objects:
        parts.append(f"{'often' if verbs else 'mostly'} mention {_joined(objects, 'and')}")
    first = f"The requests {' and '.join(parts) if parts else 'have few words in common'}."
    if cohesion >= CLOSE_COHESION:
        breadth = "closely similar"
    elif cohesion >= MODERATE_COHESION:
        breadth = "moderately varied"
    else:
        breadth = "widely varied"
    if terms.language == "en":
        return f"{first} Their wording is {breadth} across the cluster."
    written = "mostly in" if terms.language is not None else "in"
    return f"{first} They are {written} {_languages_in_words(terms)}, and their wording is {breadth}."


def _size_in_words(share: float) -> str:
    """A share as a word."""
    if share >= 0.5:
        return "mostly"
    return "often" if share >= 0.25 else "sometimes"


def _languages_in_words(terms: ClusterTerms) -> str:
    """Names of the languages that may be said: the main one, or all of a mixture that enough accounts used."""
    names = public_vocabulary().languages
    codes = [terms.language] if terms.language is not None else terms.languages[:3]
    known = [names[code] for code in codes if code in names and code in terms.languages]
    if terms.language is not None:
        return known[0] if known else "another language"
    return _joined(known, "and") if len(known) > 1 else "several languages"


def _joined(words: Sequence[str], conjunction: str) -> str:
    """Words as an English list."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
