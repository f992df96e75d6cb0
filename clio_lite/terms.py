"""Terms of clusters: which verbs, nouns and phrases are distinctive of a cluster, and which of them were used together.

A term is distinctive if many accounts of the cluster used it and few of the level's other clusters did (c-TF-IDF, with
accounts in the place of occurrences, so that nobody can write a label by repeating a word). Only words of the
k-anonymous vocabulary are chosen, and only from requests in the cluster's main language. Sentences are in `labels`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from clio_lite.vocabulary import person_names, public_vocabulary

PUBLIC_WORD_ACCOUNTS: Final = 2
"""Accounts that must have used even a public word, so that no single person's topic becomes the label."""

PHRASE_SHARE: Final = 0.4
"""A phrase stands for its noun if at least this part of the noun's accounts used the phrase."""

PHRASE_WEIGHT: Final = 1.5
"""How much more than a lone noun a phrase counts: it says more."""

LEADING_SHARE: Final = 0.5
"""A word that is no public verb opens a name if at least this part of its accounts open a request with it."""

MAIN_LANGUAGE_SHARE: Final = 0.5
"""Part of the conversations whose language is known that must be in one language to make it the main one."""

FAINT_NOUNS: Final = (
    "answer", "answers", "attempt", "attempts",
    "example", "examples", "idea", "ideas", "judgment", "luck", "people", "person", "point",
    "question", "questions", "request", "requests", "response", "responses", "step", "steps", "task", "tasks",
    "text", "texts", "thing", "things", "way", "ways", "word", "words",
)  # fmt: skip
PARTICLE_VERBS: Final = ("break", "carry", "come", "figure", "go", "look", "put", "take", "turn", "walk")
"""Verbs that say nothing without the particle that a name leaves out."""

FAINT_WEIGHT: Final = 0.3
"""How much a noun counts that any request may hold."""

ARTICLE_SHARE: Final = 0.3
"""A noun is counted if at least this part of its accounts used it behind a or an."""

BAND: Final = 1.5
"""Numbers of accounts within this factor rank alike, so that one account more or less seldom changes what is chosen."""

MAX_VERBS: Final = 6
MAX_OBJECTS: Final = 8
MAX_WORD_LENGTH: Final = 30


@dataclass(frozen=True)
class Term:
    """A verb or an object of a cluster.

    Attributes:
        text: The words to print.
        account_count: Accounts that used it.
        score: How distinctive it is.
        direct_share: Part of an object's accounts that used it right behind the verb.
        link: The preposition that an object mostly follows; null for none.
        verbs: For an object, the accounts that used it right behind each verb.
        mates: The accounts that used the object with each other one, by its text.
    """

    text: str
    account_count: int
    score: float
    direct_share: float = 0.0
    link: str | None = None
    verbs: Mapping[str, int] = field(default_factory=dict)
    mates: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterTerms:
    """What may be said about one cluster.

    Attributes:
        language: Code of the main language; null if there is none.
        languages: Codes that enough accounts used, the most frequent first.
        account_count: Accounts whose words are read.
        verbs: Most distinctive first.
        objects: Most distinctive first; no noun twice.
        others: Further words that enough accounts used, of any kind.
    """

    language: str | None
    languages: Sequence[str]
    account_count: int
    verbs: Sequence[Term]
    objects: Sequence[Term]
    others: Sequence[str]


def find_terms(words: pl.DataFrame, members: pl.DataFrame, *, min_accounts: int) -> dict[str, ClusterTerms]:
    """Find what may be said about each cluster of a level.

    Args:
        words: `vocabulary.WordUse` joined with the columns of `members`.
        members: `conversation_id`, `cluster_id`, `account_key` (no nulls), `language`, and `part_id`: the cluster of
            the level below, or of this level at the base. Terms that more parts share count for more.
        min_accounts: Accounts of the cluster that must have used a word unless it is public.
    """
    spoken = _languages(members)
    own = words.join(spoken.select("cluster_id", "main_language"), on="cluster_id", how="inner").filter(
        pl.col("main_language").is_null() | (pl.col("language").fill_null("en") == pl.col("main_language"))
    )
    parts = members.group_by("cluster_id").agg(part_count=pl.col("part_id").n_unique())
    verbs = _verbs(own, parts, min_accounts)
    objects = _objects(own, parts, min_accounts)
    company = _company(own, objects)
    prints = _Printing(_plurals(own, min_accounts), min_accounts)
    verbs_of = _grouped(verbs, "verb", "account_count", "score")
    objects_of = _grouped(objects, "term", "noun", "account_count", "score", "article_count", "direct_count")
    others_of = _grouped(_others(own, parts, min_accounts), "word")
    sizes = dict(members.group_by("cluster_id").agg(pl.col("account_key").n_unique()).iter_rows())
    found: dict[str, ClusterTerms] = {}
    for cluster_id, language, codes, counts in spoken.iter_rows():
        known = [code for code, count in zip(codes, counts, strict=True) if count >= min_accounts]
        named = [Term(verb, count, score) for verb, count, score in verbs_of.get(cluster_id, [])[:MAX_VERBS]]
        chosen = _chosen_objects(cluster_id, objects_of.get(cluster_id, []), company, prints, language=language)
        others = [word for (word,) in others_of.get(cluster_id, [])[:MAX_OBJECTS]]
        found[cluster_id] = ClusterTerms(language, known, sizes[cluster_id], named, chosen, others)
    return found


def stem(word: str) -> str:
    """Fold a plural into its singular, roughly, so that no label says plan and plans."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _languages(members: pl.DataFrame) -> pl.DataFrame:
    """Main language per cluster, English where none is known, and every language with its accounts."""
    known = pl.col("language").fill_null("en")
    counted = (
        members.group_by("cluster_id", known)
        .agg(held=pl.len(), accounts=pl.col("account_key").n_unique())
        .sort("cluster_id", "held", "language", descending=[False, True, False])
        .group_by("cluster_id", maintain_order=True)
        .agg("language", "held", "accounts")
    )
    top = pl.col("language").list.first()
    share = pl.col("held").list.first() / pl.col("held").list.sum()
    is_main = (share >= MAIN_LANGUAGE_SHARE) | (top == "en")
    return counted.select("cluster_id", pl.when(is_main).then(top).alias("main_language"), "language", "accounts")


def _banded(count: pl.Expr, min_accounts: int) -> pl.Expr:
    """A count as the middle of its band; where bands begin follows from the drawn threshold, which nobody knows."""
    offset = min_accounts * 0.618034 % 1
    return pl.lit(BAND).pow((count.cast(pl.Float64).log(BAND) + offset).round() - offset)


def _scored(uses: pl.DataFrame, term: str, parts: pl.DataFrame, min_accounts: int) -> pl.DataFrame:
    """Score each term of each cluster: a_tc * ln(1 + mean_c(sum_t a_tc) / sum_c a_tc) * share of parts that use it.

    The numbers of accounts a are taken by bands.
    """
    counts = (
        uses.group_by("cluster_id", term, "part_id", "account_key")
        .agg(pl.col("has_article").any(), pl.col("is_direct").any())
        .group_by("cluster_id", term)
        .agg(
            account_count=pl.col("account_key").n_unique().cast(pl.Int64),
            article_count=pl.col("account_key").filter("has_article").n_unique().cast(pl.Int64),
            direct_count=pl.col("account_key").filter("is_direct").n_unique().cast(pl.Int64),
            used_parts=pl.col("part_id").n_unique(),
        )
        .join(parts, on="cluster_id", how="inner")
    )
    mean_total = counts["account_count"].sum() / max(1, counts["cluster_id"].n_unique())
    total = _banded(pl.col("account_count").sum().over(term), min_accounts)
    distinct = (1 + mean_total / total).log()
    share = pl.col("used_parts") / pl.col("part_count")
    return counts.with_columns(score=_banded(pl.col("account_count"), min_accounts) * distinct * share)


def _verbs(own: pl.DataFrame, parts: pl.DataFrame, min_accounts: int) -> pl.DataFrame:
    """Verbs of each cluster: public ones, and words that enough accounts used and that mostly open their requests."""
    public = sorted(public_vocabulary().verbs - set(PARTICLE_VERBS))
    scored = _scored(own.filter(pl.col("verb").is_not_null() & ~pl.col("is_stop")), "verb", parts, min_accounts)
    all_uses = own.group_by("cluster_id", verb=pl.col("word")).agg(used=pl.col("account_key").n_unique())
    is_public = pl.col("verb").is_in(public) & (pl.col("account_count") >= PUBLIC_WORD_ACCOUNTS)
    is_opener = pl.col("account_count") >= LEADING_SHARE * pl.col("used").fill_null(1)
    return (
        scored.join(all_uses, on=["cluster_id", "verb"], how="left")
        .filter(is_public | ((pl.col("account_count") >= min_accounts) & is_opener))
        .filter(_is_word("verb") & ~pl.col("verb").is_in(PARTICLE_VERBS))
        .sort("cluster_id", "score", "verb", descending=[False, True, False])
    )


def _objects(own: pl.DataFrame, parts: pl.DataFrame, min_accounts: int) -> pl.DataFrame:
    """Nouns of each cluster, and the phrases that stand for them, best first."""
    public = public_vocabulary()
    heads = own.filter("is_head").with_columns(noun=pl.col("word"))
    is_public = pl.col("noun").is_in(sorted(public.nouns)) & (pl.col("account_count") >= PUBLIC_WORD_ACCOUNTS)
    nouns = (
        _scored(heads, "noun", parts, min_accounts)
        .filter((pl.col("account_count") >= min_accounts) | is_public)
        .filter(_is_word("noun") & ~pl.col("noun").is_in(sorted(public.verbs - public.nouns)))
        .with_columns(term=pl.col("noun"), length=1)
    )
    phrases = []
    for length, column in ((2, "pair"), (3, "triple")):
        scored = _scored(heads.filter(pl.col(column).is_not_null()), column, parts, min_accounts)
        phrases.append(
            scored.filter(pl.col("account_count") >= min_accounts)
            .with_columns(term=pl.col(column), noun=pl.col(column).str.split(" ").list.last(), length=length)
            .drop(column)
        )
    own_count = nouns.select("cluster_id", "noun", noun_count="account_count", noun_score="score")
    names = sorted(person_names() - public.words)
    usable = (
        pl.concat([nouns, *(frame.select(nouns.columns) for frame in phrases)])
        .join(own_count, on=["cluster_id", "noun"], how="inner")
        .filter(pl.col("account_count") >= PHRASE_SHARE * pl.col("noun_count"))
        .filter(~pl.col("term").str.split(" ").list.eval(pl.element().is_in(names)).list.any())
    )
    best = usable.sort("length", "account_count", "term", descending=[True, True, False]).unique(
        ["cluster_id", "noun"], keep="first", maintain_order=True
    )
    weight = pl.when(pl.col("length") > 1).then(PHRASE_WEIGHT).otherwise(1.0)
    weight *= 0.75 + 0.5 * (pl.col("direct_count") / pl.col("account_count")).round(1)
    weight *= pl.when(pl.col("noun").is_in(FAINT_NOUNS)).then(FAINT_WEIGHT).otherwise(1.0)
    return (
        best.with_columns(score=pl.col("noun_score") * weight)
        .sort("cluster_id", "score", "term", descending=[False, True, False])
        .group_by("cluster_id", maintain_order=True)
        .head(2 * MAX_OBJECTS)
    )


def _others(own: pl.DataFrame, parts: pl.DataFrame, min_accounts: int) -> pl.DataFrame:
    """Words of any kind that enough accounts used, for clusters without nouns."""
    plain = own.filter(~pl.col("is_stop") & pl.col("verb").is_null() & ~pl.col("is_head"))
    return (
        _scored(plain, "word", parts, min_accounts)
        .filter((pl.col("account_count") >= min_accounts) & _is_word("word"))
        .sort("cluster_id", "score", "word", descending=[False, True, False])
    )


@dataclass(frozen=True)
class _Company:
    """What was used with each noun of each cluster, keyed by both, with accounts."""

    verbs: Mapping[tuple[str, str], Mapping[str, int]]
    nouns: Mapping[tuple[str, str], Mapping[str, int]]
    links: Mapping[tuple[str, str], str | None]


def _company(own: pl.DataFrame, objects: pl.DataFrame) -> _Company:
    """Find the verbs, the other nouns and the preposition that the nouns were used with, in one request."""
    key = ["cluster_id", "noun"]
    account = pl.col("account_key").n_unique()
    heads = (
        own.filter("is_head")
        .select("conversation_id", "cluster_id", "account_key", "link", "is_direct", noun="word")
        .join(objects.select(key), on=key, how="semi")
    )
    verbs = own.filter(pl.col("verb").is_not_null()).select("conversation_id", "verb").unique()
    with_verb = (
        heads.filter("is_direct").join(verbs, on="conversation_id", how="inner").group_by(*key, "verb").agg(account)
    )
    mates = heads.select("conversation_id", mate="noun").unique()
    with_noun = (
        heads.join(mates, on="conversation_id", how="inner")
        .filter(pl.col("noun") != pl.col("mate"))
        .group_by(*key, "mate")
        .agg(account)
    )
    links = (
        heads.group_by(*key, "link")
        .agg(account)
        .sort("account_key", "link", descending=[True, False], nulls_last=True)
        .unique(key, keep="first", maintain_order=True)
    )
    at_least = pl.col("account_key") >= PUBLIC_WORD_ACCOUNTS
    return _Company(
        _counts_by_noun(with_verb.filter(at_least)),
        _counts_by_noun(with_noun.filter(at_least)),
        {(cluster_id, noun): link for cluster_id, noun, link in links.select(*key, "link").iter_rows()},
    )


def _counts_by_noun(counted: pl.DataFrame) -> dict[tuple[str, str], dict[str, int]]:
    """Accounts per third column, per cluster and noun."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for cluster_id, noun, other, count in counted.iter_rows():
        found.setdefault((cluster_id, noun), {})[other] = count
    return found


def _plurals(own: pl.DataFrame, min_accounts: int) -> dict[str, frozenset[str]]:
    """Words in s of each cluster that enough accounts used to print them."""
    counted = (
        own.filter(pl.col("word").str.ends_with("s"))
        .group_by("cluster_id", "word")
        .agg(used=pl.col("account_key").n_unique())
        .filter(pl.col("used") >= min_accounts)
        .group_by("cluster_id")
        .agg("word")
    )
    return {cluster_id: frozenset(words) for cluster_id, words in counted.iter_rows()}


def _chosen_objects(
    cluster_id: str,
    ranked: Sequence[tuple[str, str, int, float, int, int]],
    company: _Company,
    prints: "_Printing",
    *,
    language: str | None,
) -> list[Term]:
    """Print the best objects, none that shares a word with a better one."""
    used: set[str] = set()
    picked: dict[str, Term] = {}
    for term, noun, count, score, article_count, direct_count in ranked:
        parts = {stem(word) for word in term.split(" ")}
        if len(picked) == MAX_OBJECTS or parts & used:
            continue
        used |= parts
        key = (cluster_id, noun)
        text = (
            prints.printed(cluster_id, term, count, ARTICLE_SHARE * count <= article_count)
            if language in (None, "en")
            else term
        )
        verbs, mates = company.verbs.get(key, {}), company.nouns.get(key, {})
        picked[noun] = Term(text, count, score, direct_count / count, company.links.get(key), verbs, mates)
    text_of = {noun: term.text for noun, term in picked.items()}
    return [
        replace(term, mates={text_of[noun]: count for noun, count in term.mates.items() if noun in text_of})
        for term in picked.values()
    ]


@dataclass(frozen=True)
class _Printing:
    """How English terms are printed."""

    plurals: Mapping[str, frozenset[str]]
    min_accounts: int

    def printed(self, cluster_id: str, term: str, count: int, has_article: bool) -> str:
        """The term in the plural where that may be printed, else with an article if it was used with one.

        A capital is only for a word that twice as many accounts used: the auditor asks that of one inside a sentence.
        """
        *before, noun = term.split(" ")
        words = [*before, self._plural(cluster_id, noun)]
        needs_article = has_article and words[-1] == noun and stem(noun) == noun
        article = ("an " if term[0] in "aeio" else "a ") if needs_article else ""
        if count >= 2 * self.min_accounts:
            words = [public_vocabulary().spelling.get(word, word) for word in words]
        return f"{article}{' '.join(words)}"

    def _plural(self, cluster_id: str, noun: str) -> str:
        """The plural if it may be printed, else the noun as it is."""
        ending = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
        allowed = self.plurals.get(cluster_id, frozenset()) | public_vocabulary().nouns
        return next((form for form in (ending, f"{noun}es") if form in allowed and stem(noun) == noun), noun)


def _is_word(column: str) -> pl.Expr:
    """Neither a given name, a single letter nor a monster."""
    is_name = pl.col(column).is_in(sorted(person_names() - public_vocabulary().words))
    return ~is_name & pl.col(column).str.len_chars().is_between(2, MAX_WORD_LENGTH)


def _grouped(frame: pl.DataFrame, *columns: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the columns per cluster, in the frame's order."""
    grouped: dict[str, list[tuple[Any, ...]]] = {}
    for cluster_id, *row in frame.select("cluster_id", *columns).iter_rows():
        grouped.setdefault(cluster_id, []).append(tuple(row))
    return grouped
