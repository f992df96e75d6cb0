"""Texts in many languages in one space: which encoder reads what, the map between them, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from clio_lite.embedding import model_of
from clio_lite.english import find_foreign
from clio_lite.errors import LanguageMapError
from clio_lite.language_map import (
    LanguageMap,
    fit_language_map,
    is_held_out,
    load_language_map,
    save_language_map,
)
from clio_lite.multilingual import ParallelEncoder, RoutedEncoder, load_routed_encoder
from clio_lite.projection import Projection

ENGLISH = [
    "",
    "12345 ???",
    "Baristas",
    "excel vlookup returns #N/A",
    "carpal tunnel splint fitting, steps",
    "Explain the word Schadenfreude to my class.",
    "Translate 'guten Morgen' into English, please.",
    "Inspect, adjust, or repair hydraulic brakes of heavy vehicles.",
    "```python\ndef suma(lista):\n    return sum(lista)\n``` why does this fail for me?",
]
FOREIGN = [
    "Schreib mir einen Mietvertrag für eine Garage.",
    "la rampe fait 9 %, est-ce conforme",
    "due turni per la sala, 60 coperti, come li incastro",
    "montar un split en la pared, pasos",
    "corte a plasma sai torto, por quê",
    "hoe start ik de flyeractie voor de opening",
    "请帮我写一封邮件给客户",
    "このエラーの原因を教えて: TypeError: 'NoneType' object",
    "вот код: `print(x)` почему он падает?",
    "اكتب لي رسالة إلى المدير",
    "```python\nfor row in rows:\n    print(row['total'])\n```\n¿Por qué falla cuando la lista está vacía?",
]


@pytest.mark.parametrize("text", ENGLISH)
def test_what_is_english_or_in_doubt_is_read_as_english(text):
    assert find_foreign([text]) == [False]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_is_plainly_not_english_is_told_even_around_english_code(text):
    assert find_foreign([text]) == [True]


class _Fake:
    """An encoder that remembers what it was given; vectors are told by the length of the text."""

    def __init__(self, name, dimensions):
        self.name, self.dimensions, self.read = name, dimensions, []

    def encode(self, texts):
        self.read += texts
        angles = np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)
        vectors = np.concatenate([np.cos(angles), np.sin(angles), np.zeros((len(texts), self.dimensions - 2))], axis=1)
        return vectors.astype(np.float32)


def _turned(source="tongues/1", target="model/fp32/2"):
    """A map that turns by a right angle."""
    weights = np.array([[0, 1], [-1, 0], [0, 0]], dtype=np.float32)
    return LanguageMap(source, target, weights, np.zeros(2, dtype=np.float32), {})


def test_each_text_is_read_by_one_encoder_and_stays_in_its_place():
    english, other = _Fake("model/fp32/2", 2), _Fake("tongues/1", 3)
    routed = RoutedEncoder(english, other, _turned())
    texts = [FOREIGN[0], ENGLISH[4], FOREIGN[1], FOREIGN[0]]
    vectors = routed.encode(texts)
    assert english.read == [ENGLISH[4]]
    assert other.read == [FOREIGN[0], FOREIGN[1], FOREIGN[0]]
    angles = np.array([len(text) for text in texts]) + np.array([1, 0, 1, 1]) * np.pi / 2
    assert np.allclose(vectors, np.stack([np.cos(angles), np.sin(angles)], axis=1), atol=1e-5)
    assert routed.encode([]).shape == (0, 2)


def test_the_name_carries_both_models_and_the_map_and_one_space():
    routed = RoutedEncoder(_Fake("model/onnx-int8/2", 2), _Fake("tongues/1", 3), _turned())
    assert routed.name == f"model/onnx-int8/2+tongues/1-{_turned().digest}"
    other = replace(_turned(), offset=np.ones(2, dtype=np.float32))
    assert RoutedEncoder(routed.english, routed.multilingual, other).name != routed.name
    assert model_of(routed.name) == model_of("model/torch-fp32/2") != model_of("model/onnx-int8/3")


def _parallel(*, turn=1.0):
    return ParallelEncoder(
        _Fake("model/fp32/2", 2), _Fake("tongues/1", 3), Projection("tongues/1", np.eye(3, 2, dtype=np.float32) * turn)
    )


def test_a_text_fills_the_part_of_its_language_and_a_document_both():
    encoder = _parallel()
    texts = [FOREIGN[0], ENGLISH[4]]
    foreign, english = encoder.encode(texts)
    assert not foreign[:2].any()
    assert not english[2:].any()
    documents = encoder.encode_documents(texts)
    assert not documents[0, :2].any()
    assert np.allclose(np.linalg.norm(documents[1].reshape(2, 2), axis=1), 1)
    assert documents[0] @ foreign == pytest.approx(1)
    assert documents[1] @ english == pytest.approx(1)
    assert documents[1] @ foreign == pytest.approx(np.cos(len(FOREIGN[0]) - len(ENGLISH[4])), abs=1e-5)
    assert encoder.encode([]).shape == encoder.encode_documents([]).shape == (0, 4)


def test_the_name_of_parallel_encoders_carries_both_models_and_the_projection():
    encoder = _parallel()
    assert encoder.name == f"model/fp32/2+tongues/1-parallel-{encoder.projection.digest}"
    assert encoder.name != _parallel(turn=-1.0).name


@pytest.fixture(scope="module")
def fitted():
    """A map fitted on texts whose true vectors are a turned part of the source's, with noise."""
    rng = np.random.default_rng(0)
    texts = {kind: [f"{kind} {number}" for number in range(600)] for kind in ("request", "title")}
    known = {kind: rng.normal(size=(600, 8)).astype(np.float32) for kind in texts}
    turn = np.linalg.qr(rng.normal(size=(8, 8)))[0][:, :4]
    true = {kind: rows @ turn + 0.5 * rng.normal(size=(600, 4)) for kind, rows in known.items()}
    true = {
        kind: (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32) for kind, rows in true.items()
    }
    return fit_language_map(texts, known, true, source="tongues/1", target="model/fp32/2"), texts, known, true


def test_a_fitted_map_finds_the_space_and_keeps_the_spread_of_its_vectors(fitted):
    found, texts, known, true = fitted
    rows = np.array([is_held_out(text) for text in texts["title"]])
    assert found.quality["title_held_out"] == rows.sum()
    assert 0.04 < rows.mean() < 0.16
    mapped = found.apply(known["title"][rows])
    assert (mapped * true["title"][rows]).sum(axis=1).mean() == pytest.approx(found.quality["title_cosine"], abs=1e-3)
    assert found.quality["title_cosine"] > 0.8
    raw = known["title"] @ found.weights + found.offset
    assert raw.var(axis=0).sum() == pytest.approx(true["title"].var(axis=0).sum(), rel=0.1)


def test_a_kept_map_is_read_back_and_refused_for_other_encoders_or_when_damaged(fitted, tmp_path):
    found, *_ = fitted
    with pytest.raises(LanguageMapError, match="found none: fit it anew with 'make languages"):
        load_language_map(tmp_path, source="tongues/1", target="model/fp32/2")
    save_language_map(found, tmp_path)
    again = load_language_map(tmp_path, source="tongues/1", target="model/onnx-int8/2")
    assert np.array_equal(again.weights, found.weights)
    assert (again.digest, again.quality) == (found.digest, found.quality)
    with pytest.raises(LanguageMapError, match="fitted from tongues/1, asked for tongues/9"):
        load_language_map(tmp_path, source="tongues/9", target="model/fp32/2")
    with pytest.raises(LanguageMapError, match="fitted to model/fp32/2, asked for model/fp32/9"):
        load_language_map(tmp_path, source="tongues/1", target="model/fp32/9")
    facts = json.loads((tmp_path / "language_map.json").read_text())
    (tmp_path / "language_map.json").write_text(json.dumps(facts | {"digest": "0"}))
    with pytest.raises(LanguageMapError, match=f"with digest 0, found {found.digest}"):
        load_language_map(tmp_path, source="tongues/1", target="model/fp32/2")


@pytest.fixture(scope="module")
def encoder(encoder_cache):
    return load_routed_encoder(cache_dir=encoder_cache)


PAIRS = {
    "Draft a rental contract for a garage.": [
        FOREIGN[0],
        "Redacta un contrato de alquiler para un garaje.",
        "ガレージの賃貸契約書を作成して",
    ],
    "Why do the leaves of my tomato plants turn yellow?": [
        "Pourquoi les feuilles de mes plants de tomates jaunissent-elles ?",
        "Почему желтеют листья помидоров?",
        "لماذا تصفر أوراق نبات الطماطم؟",
    ],
    "Calculate the depreciation of a delivery van.": [
        "Policz amortyzację samochodu dostawczego.",
        "Bereken de afschrijving van een bestelwagen.",
        "計算送貨車的折舊",
    ],
}


def test_a_text_lies_nearest_to_what_it_says_in_english(encoder):
    english = encoder.encode(list(PAIRS))
    for number, translations in enumerate(PAIRS.values()):
        nearest = (encoder.encode(translations) @ english.T).argmax(axis=1)
        assert nearest.tolist() == [number] * len(translations)


def test_a_vector_depends_bit_by_bit_on_its_text_alone_in_any_language(encoder, encoder_cache):
    texts = [*FOREIGN, *ENGLISH]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    for threads in (1, 3):
        other = load_routed_encoder(cache_dir=encoder_cache, threads=threads)
        assert np.array_equal(other.encode(texts[::-1])[::-1], alone)
    assert alone.dtype == np.float32
    assert np.allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)
    assert np.array_equal(alone[len(FOREIGN) :], encoder.english.encode(ENGLISH))
