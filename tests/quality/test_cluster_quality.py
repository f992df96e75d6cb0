"""Recorded floors of the clusters: a known world recovered, and topics of real prompts found better than by k-means."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from measure_clusters import mean_information, topic_parts
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_mutual_info_score

from clio_lite.clustering import Labels, Vectors, centroids_of, cluster_vectors
from clio_lite.embedding import Encoder
from clio_lite.facets import request_languages
from clio_lite.hierarchy import map_places
from clio_lite.languages import find_languages
from clio_lite.multilingual import load_routed_encoder
from clio_lite.requests import extract_request

ARENA = "conversations/arena_hard_v0_1_questions.jsonl"
ENGLISH_FLOOR = 0.94
"""Part of the English conversations whose cluster stands for their topic (Clio: 94 %)."""

FOREIGN_FLOOR, FOREIGN_MEAN = 0.94, 0.98
"""The same with all languages clustered together: of each other language, and on average."""

FOREIGN_TITLE_FLOOR = 0.91
"""By the nearest of the twenty English titles, on average over the other languages."""

FURTHER_FLOORS = {"bg": 0.7, "cs": 0.6, "da": 0.7, "id": 0.9, "sk": 0.5, "uk": 0.5}
"""Part of ten requests nearest to the right English topic, in languages that the encoder was not made for."""

ARENA_FLOOR = 0.12
"""All 500 prompts at k = 50: one reading, whose standard deviation is .01, so the means over 24 halves are kept too."""

HALVES_FLOOR = 0.15
REQUEST_HALVES_FLOOR = 0.115
KMEANS_MARGIN = 0.02
MAP_FLOOR = 0.85


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def encoder(encoder_cache: Path) -> Encoder:
    return load_routed_encoder(cache_dir=encoder_cache)


@pytest.fixture(scope="module")
def prompts() -> tuple[list[str], Labels]:
    folder = os.environ.get("INDEX_SHARED_DATA")
    if not folder or not (Path(folder) / ARENA).is_file():
        pytest.skip("INDEX_SHARED_DATA does not name a folder with the Arena-Hard prompts")
    rows = [json.loads(line) for line in (Path(folder) / ARENA).read_text(encoding="utf-8").splitlines()]
    topics = np.unique([row["cluster"] for row in rows], return_inverse=True)[1]
    return [row["prompt"] for row in rows], topics


@pytest.fixture(scope="module")
def arena(prompts: tuple[list[str], Labels], encoder: Encoder) -> tuple[Vectors, Labels]:
    texts, topics = prompts
    return encoder.encode(texts), topics


@dataclass(frozen=True)
class World:
    """Requests of the known world: vectors, languages and topics."""

    titles: Vectors
    vectors: Vectors
    languages: Labels
    topics: Labels


@pytest.fixture(scope="module")
def world(encoder: Encoder) -> World:
    file = tomllib.loads((Path(__file__).parent / "known_world.toml").read_text(encoding="utf-8"))
    titles = encoder.encode(file.pop("titles"))
    rows = [
        (frame.format(x=subject), language, topic)
        for language, phrases in file.items()
        for topic, subjects in enumerate(phrases["subjects"])
        for subject in subjects.split(" | ")
        for frame in phrases["frames"]
    ]
    texts = [row[0] for row in rows]
    codes = request_languages(texts, find_languages(texts))
    requests = [extract_request([text], code) for text, code in zip(texts, codes, strict=True)]
    languages = np.array([row[1] for row in rows])
    return World(titles, encoder.encode(requests), languages, np.array([row[2] for row in rows]))


def rightly_placed(vectors: Vectors, topics: Labels, cluster_count: int) -> np.ndarray:
    """Whether the cluster of each row, assigned to the topic that most of it is about, is assigned to the row's own."""
    clusters = cluster_vectors(vectors, cluster_count=cluster_count, seed=0)
    best = [np.bincount(topics[clusters == number]).argmax() for number in range(clusters.max() + 1)]
    return np.array(best)[clusters] == topics


def test_a_known_world_in_english_is_recovered_from_the_requests(world: World) -> None:
    is_english = world.languages == "en"
    vectors, topics = world.vectors[is_english], world.topics[is_english]
    assert rightly_placed(vectors, topics, len(topics) // 10).mean() >= ENGLISH_FLOOR
    # The topic by the nearest of the twenty titles, without a look at the truth.
    clusters = cluster_vectors(vectors, cluster_count=len(topics) // 10, seed=0)
    centroids = centroids_of(vectors, clusters, int(clusters.max()) + 1)
    by_title = np.argmax(centroids @ world.titles.T, axis=1)
    assert (by_title[clusters] == topics).mean() >= ENGLISH_FLOOR - 0.02


def test_requests_in_fourteen_other_languages_are_recovered_among_all_fifteen(world: World) -> None:
    right = rightly_placed(world.vectors, world.topics, len(world.topics) // 10)
    by_title = np.argmax(world.vectors @ world.titles.T, axis=1) == world.topics
    others = sorted(set(world.languages.tolist()) - {"en"})
    assert len(others) == 14
    shares = {language: float(right[world.languages == language].mean()) for language in others}
    titled = {language: float(by_title[world.languages == language].mean()) for language in others}
    print(f"\nby majority {shares}\nby title {titled}")  # noqa: T201
    assert min(shares.values()) >= FOREIGN_FLOOR
    assert np.mean(list(shares.values())) >= FOREIGN_MEAN
    assert np.mean(list(titled.values())) >= FOREIGN_TITLE_FLOOR


def test_some_languages_beyond_those_of_the_encoder_keep_their_floors(world: World, encoder: Encoder) -> None:
    file = tomllib.loads((Path(__file__).parent / "further_languages.toml").read_text(encoding="utf-8"))
    is_english = world.languages == "en"
    topics = centroids_of(world.vectors[is_english], world.topics[is_english], 20)
    for language, floor in FURTHER_FLOORS.items():
        nearest = np.argmax(encoder.encode(file["requests"][language]) @ topics.T, axis=1)
        assert (nearest == np.array(file["topics"])).mean() >= floor, language


def test_topics_of_real_prompts_are_found_better_than_by_plain_k_means(arena: tuple[Vectors, Labels]) -> None:
    vectors, topics = arena
    ours = adjusted_mutual_info_score(topics, cluster_vectors(vectors, cluster_count=50, seed=0))
    plain = [
        adjusted_mutual_info_score(topics, KMeans(50, n_init=1, random_state=seed).fit_predict(vectors))
        for seed in range(3)
    ]
    print(f"\nours {ours}, plain {np.mean(plain)}")  # noqa: T201
    assert ours >= ARENA_FLOOR
    assert ours >= np.mean(plain) + KMEANS_MARGIN


def test_halves_of_the_real_prompts_keep_their_floors_whole_and_as_requests(
    prompts: tuple[list[str], Labels], arena: tuple[Vectors, Labels], encoder: Encoder
) -> None:
    texts, topics = prompts
    halves = topic_parts(topics, share=0.5, count=24, seed=1)
    requests = encoder.encode([extract_request([text], "en") for text in texts])
    found = [mean_information(vectors, topics, halves)[0] for vectors in (arena[0], requests)]
    print(f"\nwhole and as requests {found}")  # noqa: T201
    assert found[0] >= HALVES_FLOOR
    assert found[1] >= REQUEST_HALVES_FLOOR


def test_the_map_of_real_prompts_keeps_neighbours(arena: tuple[Vectors, Labels]) -> None:
    vectors, _ = arena
    places = map_places(vectors, seed=0)
    assert trustworthiness(vectors, places, n_neighbors=5, metric="cosine") >= MAP_FLOOR
