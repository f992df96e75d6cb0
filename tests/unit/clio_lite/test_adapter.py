from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clio_lite.adapter import Adapter, read_adapter, write_adapter
from clio_lite.adapter_training import LAYERS, RANK, TextGroup, draw_batches, train_adapter
from clio_lite.embedding import bundled_folder, load_encoder, weights_digest
from clio_lite.errors import AdapterMismatchError

DOCUMENTS = [f"Statement {number} about {word}." for number, word in enumerate(["steel", "law", "cattle", "music"] * 4)]
GROUPS = [
    TextGroup("metal work", ("bend a plate",), (0, 4, 8, 12)),
    TextGroup("legal work", (), (1, 5)),
    TextGroup("animal work", ("my cow is ill", "feed for calves"), (2,)),
    TextGroup("art", (), (3, 7)),
]


@pytest.fixture(scope="module")
def vectors(encoder_cache: Path) -> np.ndarray:
    encoder = load_encoder(None, backend="torch", cache_dir=encoder_cache)
    return encoder.encode([group.text for group in GROUPS])


@pytest.fixture(scope="module")
def trained(vectors: np.ndarray) -> Adapter:
    return train_adapter(GROUPS, DOCUMENTS, vectors, name="toy", epochs=4)


def test_training_draws_texts_to_their_documents(trained: Adapter, encoder_cache: Path, tmp_path: Path) -> None:
    write_adapter(trained, tmp_path / "toy.safetensors")
    adapter = read_adapter(tmp_path / "toy.safetensors")
    assert adapter.digest == trained.digest
    assert set(adapter.layers) == {f"encoder.layer.{depth}.{name}" for depth in range(6) for name in LAYERS}
    assert {up.shape[1] for up, _ in adapter.layers.values()} == {RANK}

    def lead(given: Adapter | None) -> float:
        encoder = load_encoder(None, backend="torch", cache_dir=encoder_cache, adapter=given)
        scores = encoder.encode([group.text for group in GROUPS]) @ encoder.encode(DOCUMENTS).T
        right = np.array([[number in group.answers for number in range(len(DOCUMENTS))] for group in GROUPS])
        return float(scores[right].mean() - scores[~right].mean())

    assert lead(adapter) > lead(None) + 0.05


def test_an_adapted_encoder_has_a_name_of_its_own(trained: Adapter, encoder_cache: Path) -> None:
    own = load_encoder(None, backend="torch", cache_dir=encoder_cache)
    adapted = load_encoder(None, backend="torch", cache_dir=encoder_cache, adapter=trained)
    assert adapted.name.startswith("all-MiniLM-L6-v2-toy/torch-fp32/")
    assert adapted.name.rsplit("/", 1)[1] not in {own.name.rsplit("/", 1)[1], replace(trained, name="x").digest}


def test_an_adapter_of_another_model_is_refused(trained: Adapter, encoder_cache: Path) -> None:
    with pytest.raises(AdapterMismatchError, match="make adapter"):
        load_encoder(None, cache_dir=encoder_cache, adapter=replace(trained, base_digest="other"))


def test_the_adapter_of_the_package_belongs_to_the_bundled_encoder() -> None:
    import onet

    adapter = read_adapter(Path(onet.__file__).parent / "adapter" / "adapter.safetensors")
    assert adapter.base_digest == weights_digest(bundled_folder())


def test_every_known_answer_counts_as_one_and_batches_follow_the_seed(vectors: np.ndarray) -> None:
    batches = [list(draw_batches(GROUPS, DOCUMENTS, vectors, epochs=3, seed=seed)) for seed in (0, 0, 1)]
    drawn = [[(batch.texts, batch.documents) for batch in some] for some in batches]
    assert drawn[0] == drawn[1] != drawn[2]
    owner = {text: group for group in GROUPS for text in (group.text, *group.others)}
    answers = {group: {*group.others, *(DOCUMENTS[number] for number in group.answers)} for group in GROUPS}
    for batch in batches[0]:
        expected = [[document in answers[owner[text]] for document in batch.documents] for text in batch.texts]
        assert batch.is_answer.tolist() == expected
        assert not set(batch.texts) & set(batch.documents)
