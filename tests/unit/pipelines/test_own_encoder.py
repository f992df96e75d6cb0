"""A multilingual sentence-transformers folder of one's own in place of the bundled encoders, by configuration alone."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
from onet_example import small_files, write_text
from rich.console import Console
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

from clio_lite.errors import EncoderNotFoundError, HeadMismatchError
from clio_lite.heads import HEADS_DIR
from onet.index_building import build_task_index
from onet.matching import match_texts
from onet.phrasebook import read_phrasebook
from onet.release import load_release
from onet.task_index import load_task_index, save_task_index
from pipelines.commands import write_facets
from pipelines.defs.resources import open_encoder, open_store
from pipelines.settings import load_settings

MARKS = ("<s>", "<pad>", "</s>", "<unk>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny model in the form of the multilingual ones: XLM-R with a unigram tokeniser, weights by chance."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=list(MARKS), unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(read_phrasebook().filter(writer="a")["request"][::8], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    inner = tmp_path_factory.mktemp("inner")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(inner)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=384, num_hidden_layers=1, num_attention_heads=4,
        intermediate_size=32, max_position_embeddings=300, type_vocab_size=1,
    )  # fmt: skip
    XLMRobertaModel(config).save_pretrained(inner)
    saved = tmp_path_factory.mktemp("models") / "tiny-multilingual"
    part = Transformer(str(inner))
    SentenceTransformer(modules=[part, Pooling(384, "mean")], device="cpu").save(str(saved))
    return saved


@pytest.fixture(scope="module")
def given(folder, tmp_path_factory):
    """Settings that name the folder, in a file."""
    place = tmp_path_factory.mktemp("settings")
    (place / "own.toml").write_text(f'encoder = "{folder}"\nhome = "{place / "store"}"\n')
    return {"config": str(place / "own.toml")}


def test_a_named_multilingual_folder_reads_every_language_itself_and_builds_the_index(folder, given, tmp_path):
    from sentence_transformers import SentenceTransformer

    settings = load_settings(**given)
    encoder = open_encoder(settings, open_store(settings))
    assert encoder.name.startswith("tiny-multilingual/onnx-int8-fixed/")
    assert "+" not in encoder.name
    texts = ["Prüf bitte den Mietvertrag.", "请帮我写一封邮件", "Check the brakes of a van."]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert (encoder.encode(texts) * expected).sum(axis=1).min() > 0.95
    release = load_release(write_text(tmp_path / "release", small_files()))
    index = build_task_index(release, encoder, seed=0)
    path = tmp_path / "index.parquet"
    save_task_index(index, path)
    index = load_task_index(path, release_digest=release.digest, encoder_name=encoder.name)
    asked = pl.DataFrame({"id": ["a", "b", "c"], "text": texts})
    matches = match_texts(asked, index=index, encoder=encoder, verifier=index.text_verifier, top=2)
    assert matches.height == 6


def test_facets_ask_for_heads_of_the_named_encoder_and_take_them_from_a_folder(folder, given, tmp_path):
    lines = [{"prompt": "고객에게 보낼 메일을 써 줘"}, {"prompt": "请帮我写一封邮件"}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(line) for line in lines))

    def extract(**more):
        write_facets(
            tmp_path / "in.jsonl",
            tmp_path / "out.parquet",
            Console(quiet=True),
            conversation_format=None,
            **given,
            **more,
        )

    with pytest.raises(
        HeadMismatchError, match=r"asked for tiny-multilingual.*--encoder and --out for another encoder"
    ):
        extract()
    # Heads trained with it would say something; these only have the right form.
    heads = tmp_path / "heads"
    shutil.copytree(HEADS_DIR, heads)
    facts = json.loads((heads / "heads.json").read_text())
    settings = load_settings(**given)
    facts["encoder_name"] = open_encoder(settings, open_store(settings)).name
    (heads / "heads.json").write_text(json.dumps(facts))
    extract(heads=str(heads))
    assert pl.read_parquet(tmp_path / "out.parquet")["language"].sort().to_list() == ["ko", "zh"]


def test_a_folder_with_a_layer_behind_the_mean_is_refused(folder, tmp_path):
    copy = tmp_path / "with-dense"
    shutil.copytree(folder, copy)
    modules = json.loads((copy / "modules.json").read_text())
    (copy / "modules.json").write_text(
        json.dumps([*modules, {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"}])
    )
    settings = load_settings(encoder=str(copy), home=str(tmp_path / "store"))
    with pytest.raises(EncoderNotFoundError, match="found Dense"):
        open_encoder(settings, open_store(settings))


def test_the_route_is_a_setting_and_the_encoder_says_which(encoder_cache, tmp_path):
    del encoder_cache  # exported there already
    names = []
    for route in ("language", "none"):
        settings = load_settings(encoder_route=route, home=str(tmp_path / "store"))
        encoder = open_encoder(settings, open_store(settings))
        names.append(encoder.name)
        assert np.isfinite(encoder.encode(["Hello there"])).all()
    assert names[0].startswith(names[1] + "+use-multilingual-v3/")
