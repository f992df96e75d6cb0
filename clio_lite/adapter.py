"""Adapters: small low-rank changes to a sentence encoder's weights, kept as one file and added to the loaded model.

Here belong reading, writing and adding them. How they are trained is in `adapter_training`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clio_lite.errors import AdapterMismatchError

Factors = tuple[NDArray[np.float16], NDArray[np.float16]]
"""Shapes (outputs, rank) and (rank, inputs); their product is added to a layer's weights."""


@dataclass(frozen=True)
class Adapter:
    """Low-rank changes by layer, and the digest of the model that they belong to.

    Attributes:
        name: What it was trained on, as it stands in the name of the encoder.
        base_digest: Digest of the model it was trained for.
        layers: Factors by name of the layer.
    """

    name: str
    base_digest: str
    layers: Mapping[str, Factors]

    @property
    def digest(self) -> str:
        """Digest of the model and of every number of the change."""
        digest = hashlib.blake2b(f"{self.name}|{self.base_digest}".encode(), digest_size=6)
        for layer, factors in sorted(self.layers.items()):
            digest.update(layer.encode())
            for factor in factors:
                digest.update(np.ascontiguousarray(factor).tobytes())
        return digest.hexdigest()


def write_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter as one safetensors file; it holds numbers only.

    Args:
        adapter: Adapter.
        path: File to write.
    """
    from safetensors.numpy import save_file

    tensors = {
        f"{layer}.{side}": np.ascontiguousarray(factor)
        for layer, factors in sorted(adapter.layers.items())
        for side, factor in zip(("up", "down"), factors, strict=True)
    }
    save_file(tensors, path, metadata={"name": adapter.name, "base_digest": adapter.base_digest})


def read_adapter(path: Path) -> Adapter:
    """Read an adapter that `write_adapter` wrote.

    Args:
        path: Its file.
    """
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as content:
        told = content.metadata()
        layers = sorted({key.rsplit(".", 1)[0] for key in content.keys()})  # noqa: SIM118 - not a mapping
        factors = {layer: (content.get_tensor(f"{layer}.up"), content.get_tensor(f"{layer}.down")) for layer in layers}
    return Adapter(told["name"], told["base_digest"], factors)


def check_base(adapter: Adapter, digest: str) -> None:
    """Refuse an adapter of another model.

    Args:
        adapter: Adapter.
        digest: Digest of the model in use.

    Raises:
        AdapterMismatchError: It was trained for another model.
    """
    if adapter.base_digest != digest:
        raise AdapterMismatchError(
            f"expected the model {adapter.base_digest} that the adapter {adapter.name} was trained for, found "
            f"{digest}: train it anew with 'make adapter', or use the bundled encoder"
        )


def add_adapter(model: Any, adapter: Adapter) -> None:
    """Add an adapter to the weights of a loaded model, in place.

    Args:
        model: A transformers model with layers of the adapter's names.
        adapter: Adapter.
    """
    import torch

    with torch.no_grad():
        for layer, (up, down) in sorted(adapter.layers.items()):
            change = up.astype(np.float32) @ down.astype(np.float32)
            model.get_submodule(layer).weight += torch.from_numpy(change)
