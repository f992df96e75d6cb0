"""Agreement against published examples, corrected shares against simulated truth, and what stays withheld."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_example import filled_csv, good_answer, label_population, label_set

from pipelines.errors import InputUnusableError
from pipelines.validation.agreement import (
    cohen_kappa,
    fleiss_kappa,
    jackknife_interval,
    krippendorff_alpha,
    question_agreement,
    rating_codes,
)
from pipelines.validation.answers import Answer, read_answers
from pipelines.validation.correction import (
    Design,
    corrected_shares,
    merged_strata,
    stratified_mean,
    weighted_accuracy,
    wilson_interval,
)
from pipelines.validation.score import label_design, released_shares, score_labels
from pipelines.validation.sheet import REMAINDERS

# Fleiss (1971) as tabulated on Wikipedia: 14 raters, 10 subjects, 5 categories; kappa 0.210.
FLEISS_COUNTS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, twelve units; 0.743.
KRIPPENDORFF = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def codes(rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, dtype=np.int64)


def test_fleiss_kappa_is_that_of_the_published_example() -> None:
    rows = [[value for value, count in enumerate(counts) for _ in range(count)] for counts in FLEISS_COUNTS]
    assert fleiss_kappa(codes(rows)) == pytest.approx(0.210, abs=5e-4)


def test_krippendorff_alpha_is_that_of_the_published_example() -> None:
    items = [str(number) for number in range(12)]
    answers = [dict(zip(items, given, strict=True)) for given in KRIPPENDORFF]
    ratings = rating_codes(answers, items)
    assert len(ratings) == 11
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=5e-4)


def test_cohen_kappa_is_that_of_a_table_worked_by_hand() -> None:
    rows = [[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15
    assert cohen_kappa(codes(rows)) == pytest.approx(0.4)


def test_agreement_without_variation_is_not_defined() -> None:
    same = codes([[1, 1]] * 5)
    assert cohen_kappa(same) is fleiss_kappa(same) is krippendorff_alpha(same) is None
    assert jackknife_interval(cohen_kappa, codes([[0, 0]] * 4 + [[1, 1]])) == (1.0, None, None)
    nothing = np.zeros((0, 2), dtype=np.int64)
    assert cohen_kappa(nothing) is fleiss_kappa(nothing) is krippendorff_alpha(nothing) is None


def test_the_jackknife_skips_no_item_that_repeats() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 3, 80)
    ratings = np.stack([one, np.where(rng.random(80) < 0.8, one, rng.integers(0, 3, 80))], axis=1)
    value, low, high = jackknife_interval(cohen_kappa, ratings)
    parts = np.array([cohen_kappa(np.delete(ratings, row, axis=0)) for row in range(80)])
    error = np.sqrt(79 / 80 * ((parts - parts.mean()) ** 2).sum())
    assert value is not None
    assert (low, high) == (pytest.approx(value - 1.96 * error, abs=1e-4), pytest.approx(value + 1.96 * error, abs=1e-4))


def test_three_raters_make_three_pairs() -> None:
    answers = [{"a": "x", "b": "y", "c": "x"}, {"a": "x", "b": "y"}, {"a": "y", "b": "y", "c": None}]
    rows = question_agreement("q", rating_codes(answers, ["a", "b", "c"]), ["k1", "k2"])
    assert [row["raters"] for row in rows] == ["1-2", "1-3", "2-3", "all", "all"]
    assert [row["item_count"] for row in rows] == [2, 2, 2, 2, 2]


TRUE = np.array([0.30, 0.15, 0.30, 0.17, 0.08])
ROWS, LABELS, ROUNDS = 1_000, 150, 2_000


def simulated(rng: np.random.Generator, accounts: int) -> tuple[np.ndarray, np.ndarray, Design]:
    """A biased classifier, certain of half of its predictions; accounts stick to one true class more often."""
    account = np.arange(ROWS) if accounts == ROWS else rng.integers(0, accounts, ROWS)
    own = rng.choice(5, accounts, p=TRUE)
    true = np.where(rng.random(ROWS) < (0.3 if accounts < ROWS else 0), own[account], rng.choice(5, ROWS, p=TRUE))
    certain = rng.random(ROWS) < 0.5
    right = rng.random(ROWS) < np.where(certain, 0.92, 0.65)
    found = np.where(right, true, rng.choice(5, ROWS, p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    stratum = certain * 2 + found % 2
    sizes = np.bincount(stratum)
    labelled = np.concatenate(
        [rng.permutation(np.flatnonzero(stratum == h))[: round(LABELS * size / ROWS)] for h, size in enumerate(sizes)]
    )
    return np.eye(5)[found], np.eye(5)[true], Design(stratum, account, labelled)


@pytest.mark.parametrize(
    ("accounts", "base"),
    [(ROWS, [True] * 5), (150, [True, True, True, True, False])],
    ids=["every row its own account, all classes", "accounts, four of five classes"],
)
def test_corrected_intervals_cover_the_truth_in_93_to_97_of_100(accounts: int, base: list[bool]) -> None:
    rng = np.random.default_rng(7)
    inside = np.array(base)
    truth = np.where(inside, TRUE / TRUE[inside].sum(), np.nan)
    covered, uncorrected = np.zeros(5), np.zeros(5)
    for _ in range(ROUNDS):
        predicted, true, design = simulated(rng, accounts)
        _, _, low, high = corrected_shares(predicted, true[design.labelled], design, inside)
        covered += (low <= truth) & (truth <= high)
        share = predicted.mean(axis=0) / predicted[:, inside].mean(axis=0).sum()
        uncorrected += np.abs(share - truth) <= 1.96 * np.sqrt(share * (1 - share) / ROWS)
    coverage = covered[inside] / ROUNDS
    assert coverage.min() >= 0.93
    assert coverage.max() <= 0.97
    assert uncorrected[0] / ROUNDS < 0.2


def test_labels_equal_to_the_predictions_change_no_share() -> None:
    predicted, _, design = simulated(np.random.default_rng(0), 500)
    share, _, low, high = corrected_shares(predicted, predicted[design.labelled], design, np.ones(5, dtype=bool))
    np.testing.assert_allclose(share, predicted.mean(axis=0))
    assert ((low <= share) & (share <= high)).all()


def test_labelling_everything_gives_the_true_share() -> None:
    predicted, true, design = simulated(np.random.default_rng(1), 500)
    whole = Design(design.stratum, design.account, np.arange(ROWS))
    share, *_ = corrected_shares(predicted, true, whole, np.ones(5, dtype=bool))
    np.testing.assert_allclose(share, true.mean(axis=0))
    assert stratified_mean(true, whole, finite=True)[1].max() == 0


def test_a_base_without_anything_has_no_share() -> None:
    design = Design(np.zeros(4, dtype=np.int64), np.arange(4), np.array([0, 1]))
    nothing = np.zeros((4, 2))
    nothing[:, 0] = 1
    share, *_ = corrected_shares(nothing, nothing[:2], design, np.array([False, True]))
    assert np.isnan(share).all()


@given(st.lists(st.integers(0, 6), min_size=7, max_size=80), st.data())
def test_merged_strata_carry_two_labels_or_are_labelled_whole(codes_given: list[int], data: st.DataObject) -> None:
    stratum = np.unique(codes_given, return_inverse=True)[1].astype(np.int64)
    rows = data.draw(st.lists(st.integers(0, len(stratum) - 1), min_size=2, unique=True))
    merged = merged_strata(stratum, np.array(rows))
    counts, sizes = np.bincount(merged[rows], minlength=merged.max() + 1), np.bincount(merged)
    assert ((counts >= 2) | (counts == sizes)).all()
    assert sorted(set(merged)) == list(range(merged.max() + 1))


def test_accuracy_weighs_strata_by_their_size() -> None:
    stratum = np.array([0] * 90 + [1] * 10)
    design = Design(stratum, np.arange(100), np.array([*range(10), *range(90, 100)]))
    scores = np.array([1.0] * 8 + [0.0] * 2 + [0.0] * 10)
    found = weighted_accuracy(scores, np.ones(20, dtype=bool), design)
    assert found.value == pytest.approx(0.72)
    assert found.effective_count is not None
    assert found.effective_count < 20
    perfect = weighted_accuracy(np.ones(20), np.ones(20, dtype=bool), design)
    assert perfect.value == 1.0
    assert perfect.effective_count == pytest.approx(100**2 / (10 * 81 + 10))
    assert weighted_accuracy(np.ones(20), np.zeros(20, dtype=bool), design).value is None


def test_the_wilson_interval_is_that_of_the_textbook() -> None:
    assert wilson_interval(0.86, 150) == (pytest.approx(0.7955, abs=5e-4), pytest.approx(0.9067, abs=5e-4))


EVERYONE, ITEMS, SHEET = label_set()
PATTERNS = ("directive", "feedback_loop", "task_iteration", "learning", "validation")


def published(withheld: tuple[str, ...] = ("25", "43", "validation", "learning")) -> pl.DataFrame:
    tables = {"idx.collaboration_month": PATTERNS, "idx.automation_month": ("automation", "augmentation")}
    tables["idx.major_group_month"] = ("11", "15", "25", "43", "suppressed")
    rows = [
        (table, name, None if name in withheld else 0.2, "Q" if name in withheld else "A")
        for table, names in tables.items()
        for name in names
    ]
    return pl.DataFrame(rows, schema=["table_name", "category", "published_share", "obs_status"], orient="row")


def answers(tmp_path_factory: pytest.TempPathFactory, seed: int) -> dict[str, Answer]:
    rng = np.random.default_rng(seed)
    rows = []
    for row in SHEET:
        answer = good_answer(row)
        if rng.random() < 0.3 and answer["acceptable_top"]:
            answer |= {"acceptable_base": "no", "acceptable_middle": "no"}
        if rng.random() < 0.2 and row["collaboration_pattern"] != "directive":
            answer |= {"pattern_is_right": "no", "right_pattern": "directive"}
        rows.append(row if rng.random() < 0.05 else answer)
    path = tmp_path_factory.mktemp("labels") / "r.csv"
    path.write_text(filled_csv(rows), encoding="utf-8")
    return read_answers(path, {row["item_id"]: row for row in ITEMS.iter_rows(named=True)})


def test_scores_of_two_raters(tmp_path_factory: pytest.TempPathFactory) -> None:
    raters = [answers(tmp_path_factory, seed) for seed in (1, 2)]
    scores = score_labels(ITEMS, EVERYONE, raters)
    levels = scores.accuracy.select("facet", "level").cast(pl.String).rows()
    assert sorted(levels) == sorted(
        [(facet, level) for facet in ("task", "no_task") for level in ("base", "middle", "top")]
        + [("collaboration_pattern", "pattern")]
    )
    base = scores.accuracy.filter((pl.col("facet") == "task") & (pl.col("level") == "base")).row(0, named=True)
    assert 0.5 < base["accuracy"] < 0.95
    assert 5 < base["account_count"] <= base["item_count"]
    assert base["version"] == "words"
    assert scores.agreement["raters"].unique().sort().to_list() == ["1-2", "all"]
    answered = len({name for given in raters for name in given})
    for (_,), part in scores.confusion.group_by("facet"):
        assert part["item_weight"].sum() == pytest.approx(answered)
        assert part["population_weight"].sum() == pytest.approx(EVERYONE.height)


def test_what_the_published_table_withholds_is_not_corrected(tmp_path_factory: pytest.TempPathFactory) -> None:
    shares = released_shares(score_labels(ITEMS, EVERYONE, [answers(tmp_path_factory, 1)]).estimates, published())
    numbers = ("published_share", "share_corrected", "share_corrected_se", "ci_low", "ci_high")
    hidden = shares.filter(pl.col("obs_status") == "Q")
    assert sorted(hidden["category"]) == ["25", "43", "learning", "validation"]
    assert all(hidden[name].null_count() == hidden.height for name in numbers)
    shown = shares.filter(pl.col("obs_status") == "A")
    assert sorted(shown["category"]) == sorted(
        ["11", "15", "automation", "augmentation", "directive", "feedback_loop", "task_iteration"]
    )
    assert all(shown[name].null_count() == 0 for name in numbers)
    buckets = shares.filter(pl.col("table_name") == "idx.automation_month")["share_corrected"]
    assert buckets.sum() == pytest.approx(1, abs=1e-3)


def test_one_rater_has_no_agreement_and_too_few_answers_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    rater = answers(tmp_path_factory, 1)
    scores = score_labels(ITEMS, EVERYONE, [rater])
    assert scores.agreement.is_empty()
    with pytest.raises(InputUnusableError, match="expected at least 2 answered items, found 1"):
        score_labels(ITEMS, EVERYONE, [dict([next(iter(rater.items()))])])


def test_the_design_groups_accounts_and_keeps_those_without_apart() -> None:
    population = label_population(conversations=100)
    everyone, items, _ = label_set(count=20, population=population)
    design = label_design(everyone, items["conversation_id"].to_list())
    assert len(design.labelled) == 20
    alone = everyone["account_key"].null_count()
    assert len(set(design.account)) == everyone["account_key"].drop_nulls().n_unique() + alone
    assert design.weights.sum() == pytest.approx(everyone.height)
    assert set(REMAINDERS) == {"none", "not_classified"}
