"""Invariants of the sample generator, whatever the seed."""

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sample import generate_conversations
from pipelines.sample.conversation import PrivateString
from pipelines.sample.draws import Deck, seeded, stable_id, weighted
from pipelines.sample.pools import load_pools
from pipelines.sample.private_strings import KINDS, make_private_string
from pipelines.settings import SAMPLE, STARTER

SEEDS = st.integers(min_value=0, max_value=2**63)


@given(seed=SEEDS, count=st.integers(0, 30))
@settings(max_examples=5)
def test_a_shorter_sample_is_the_beginning_of_a_longer_one(seed: int, count: int) -> None:
    longer = generate_conversations(10_000_000, seed=seed)
    assert list(generate_conversations(count, seed=seed)) == list(islice(longer, count))


@given(seed=SEEDS)
@settings(max_examples=5)
def test_conversation_ids_never_repeat(seed: int) -> None:
    ids = [one.record.conversation_id for one in generate_conversations(300, seed=seed)]
    assert len(set(ids)) == 300


@given(seed=SEEDS, kind=st.sampled_from(KINDS))
def test_a_private_detail_depends_on_the_random_source_alone(seed: int, kind: str) -> None:
    people = POOLS.name_parts
    made = make_private_string(kind, seeded(seed), people)
    assert made == make_private_string(kind, seeded(seed), people)
    assert made == PrivateString(kind, made.value)
    assert made.value.strip() == made.value != ""


@given(seed=SEEDS, texts=st.lists(st.text(), min_size=1, unique=True))
def test_a_deck_gives_every_text_once_before_any_comes_back(seed: int, texts: list[str]) -> None:
    deck = Deck(seeded(seed), texts, frozenset({0}))
    assert sorted(deck.draw() for _ in texts) == sorted(texts)
    assert deck.left == 0
    assert deck.draw() in texts


@given(seed=SEEDS, weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=8))
def test_a_weighted_draw_is_always_one_of_the_items(seed: int, weights: list[float]) -> None:
    items = list(range(len(weights)))
    assert weighted(items, weights).draw(seeded(seed)) in items


@given(parts=st.lists(st.integers(), min_size=1))
def test_ids_have_sixteen_digits_and_are_stable(parts: list[int]) -> None:
    assert len(stable_id(*parts)) == 16
    assert stable_id(*parts) == stable_id(*parts)


POOLS = load_pools(SAMPLE, STARTER)
