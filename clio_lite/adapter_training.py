"""Training of an adapter: texts are drawn to the documents that answer them and away from those of other texts.

The loss is the multiple negatives ranking loss (arXiv 1705.00652) over the documents of a batch, in both directions; a
known answer is never a negative. Beside its answers, another wording of what is asked counts as a document. Half of the
batches are made of groups that the model finds alike, whose documents are hard to tell apart. The change is of low rank
(arXiv 2106.09685), on every linear layer.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.adapter import Adapter
from clio_lite.embedding import bundled_folder, weights_digest

LAYERS: Final = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
RANK: Final = 16
GAIN: Final = 2.0
EPOCHS: Final = 3
BATCH_GROUPS: Final = 32
ANSWERS_PER_GROUP: Final = 3
LEARNING_RATE: Final = 1e-3
WEIGHT_DECAY: Final = 0.01
WARMUP_SHARE: Final = 0.1
SCALE: Final = 20.0
REVERSE_WEIGHT: Final = 0.5
TOKENS: Final = 48
CHUNK_TEXTS: Final = 48


@dataclass(frozen=True)
class TextGroup:
    """Texts that ask for the same: a leading one, other wordings, and the numbers of the documents that answer them."""

    text: str
    others: tuple[str, ...]
    answers: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Texts and documents of one step; `is_answer` has a row per text and a column per document."""

    texts: list[str]
    documents: list[str]
    is_answer: NDArray[np.bool_]


def draw_batches(
    groups: Sequence[TextGroup], documents: Sequence[str], vectors: NDArray[np.float32], *, epochs: int, seed: int
) -> Iterator[Batch]:
    """Batches of an adapter's training.

    Args:
        groups: Groups of texts.
        documents: Documents by number.
        vectors: Unit vector of each group's leading text.
        epochs: Times that each group is drawn, about.
        seed: Seed of every draw.
    """
    rng = np.random.default_rng(seed)
    size = min(BATCH_GROUPS, len(groups))
    nearest = np.argsort(-(vectors @ vectors.T), axis=1, kind="stable")[:, :size]
    known = [frozenset(group.answers) for group in groups]
    for _ in range(epochs):
        order = rng.permutation(len(groups))
        for start in range(0, len(groups) - size + 1, size):
            chosen = order[start : start + size] if rng.random() < 0.5 else nearest[order[start]]
            yield _draw_batch(groups, documents, known, chosen, rng)


def _draw_batch(
    groups: Sequence[TextGroup],
    documents: Sequence[str],
    known: Sequence[frozenset[int]],
    chosen: NDArray[np.intp],
    rng: np.random.Generator,
) -> Batch:
    """The leading text and another wording of each group; as documents some answers and one more wording."""
    texts, owners = [groups[number].text for number in chosen], [int(number) for number in chosen]
    answers: dict[int, None] = {}
    wordings: list[tuple[int, str]] = []
    for number in owners[: len(chosen)]:
        group = groups[number]
        some = rng.choice(group.answers, min(ANSWERS_PER_GROUP, len(group.answers)), replace=False)
        answers |= dict.fromkeys(int(answer) for answer in some)
        asked = [group.others[place] for place in rng.permutation(len(group.others))[:2]]
        texts += asked[:1]
        owners += [number] * len(asked[:1])
        wordings += [(number, wording) for wording in asked[1:]]
    is_answer = [
        [answer in known[owner] for answer in answers] + [owner == asker for asker, _ in wordings] for owner in owners
    ]
    found = [*(documents[answer] for answer in answers), *(wording for _, wording in wordings)]
    return Batch(texts, found, np.array(is_answer))


class _Trained:
    """The model with its factors, and what turns texts into vectors that can be learned from."""

    def __init__(self, folder: Path, seed: int) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModel

        torch.manual_seed(seed)
        self.torch = torch
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.no_padding()
        self.model = AutoModel.from_pretrained(str(folder), local_files_only=True, attn_implementation="sdpa").eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.factors = {}
        for depth in range(len(self.model.encoder.layer)):
            for name in LAYERS:
                path = f"encoder.layer.{depth}.{name}"
                layer = self.model.get_submodule(path)
                down = torch.nn.Parameter(torch.randn(RANK, layer.in_features) / layer.in_features**0.5)
                up = torch.nn.Parameter(torch.zeros(layer.out_features, RANK))
                self.factors[path] = (up, down)
                layer.register_forward_hook(self._hook(up, down))

    def _hook(self, up: Any, down: Any) -> Any:
        linear = self.torch.nn.functional.linear

        def add(_: Any, inputs: Any, output: Any) -> Any:
            return output + linear(linear(inputs[0], down), up) * GAIN

        return add

    def parameters(self) -> list[Any]:
        return [factor for factors in self.factors.values() for factor in factors]

    def half_precision(self) -> AbstractContextManager[None]:
        context: AbstractContextManager[None] = self.torch.autocast("cpu", dtype=self.torch.bfloat16)
        return context

    def embed(self, texts: Sequence[str]) -> Any:
        """Unit vectors of texts, in their order; texts of like length go together."""
        torch = self.torch
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        found = []
        for start in range(0, len(order), CHUNK_TEXTS):
            part = [ids[number] for number in order[start : start + CHUNK_TEXTS]]
            tokens = torch.zeros(len(part), max(map(len, part)), dtype=torch.long)
            mask = torch.zeros(tokens.shape)
            for row, known in enumerate(part):
                tokens[row, : len(known)] = torch.tensor(known)
                mask[row, : len(known)] = 1
            states = self.model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state.float()
            means = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            found.append(torch.nn.functional.normalize(means, dim=1))
        place = torch.empty(len(order), dtype=torch.long)
        place[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(found)[place]

    def loss(self, scores: Any, is_answer: Any) -> Any:
        """Mean over texts of the mean over their answers of the loss against all that is no answer."""
        torch = self.torch
        others = torch.logsumexp(scores.masked_fill(is_answer, -1e9), 1, keepdim=True)
        each = (torch.nn.functional.softplus(others - scores) * is_answer).sum(1) / is_answer.sum(1).clamp(min=1)
        has_answer = is_answer.any(1).float()
        return (each * has_answer).sum() / has_answer.sum()


def train_adapter(
    groups: Sequence[TextGroup],
    documents: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    name: str,
    seed: int = 0,
    epochs: int = EPOCHS,
) -> Adapter:
    """Train an adapter of the bundled encoder.

    Args:
        groups: Texts and the documents that answer them.
        documents: Documents by number.
        vectors: Unit vector of each group's leading text, by the encoder as it is.
        name: What it is trained on, as it is to stand in the name of the encoder.
        seed: Seed of the factors and of the batches.
        epochs: Times that each group is drawn, about.

    Returns:
        The adapter, its numbers rounded to 16 bits.
    """
    folder = bundled_folder()
    trained = _Trained(folder, seed)
    torch = trained.torch
    batches = list(draw_batches(groups, documents, vectors, epochs=epochs, seed=seed))
    warm = max(1, round(WARMUP_SHARE * len(batches)))
    optimizer = torch.optim.AdamW(trained.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for step, batch in enumerate(batches):
        rate = min((step + 1) / warm, max(0.02, (len(batches) - step) / max(1, len(batches) - warm)))
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate
        is_answer = torch.from_numpy(batch.is_answer)
        with trained.half_precision():
            asked = trained.embed(batch.texts)
            answers = trained.embed(batch.documents)
        scores = SCALE * asked @ answers.T
        loss = trained.loss(scores, is_answer) + REVERSE_WEIGHT * trained.loss(scores.T, is_answer.T)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        optimizer.step()
    root = GAIN**0.5
    layers = {
        path: ((up.detach() * root).half().numpy(), (down.detach() * root).half().numpy())
        for path, (up, down) in trained.factors.items()
    }
    return Adapter(name, weights_digest(folder), layers)
