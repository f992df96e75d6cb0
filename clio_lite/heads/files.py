"""Trained heads on disk: weights in `heads.npz`, words in `words.tsv`, everything else readable in `heads.json`."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from clio_lite.embedding import model_of
from clio_lite.errors import HeadMismatchError
from clio_lite.heads.prediction import Heads, LinearHead, SkillHead
from clio_lite.structure import FEATURE_NAMES
from clio_lite.wording import Vocabulary

HEADS_DIR: Final = Path(__file__).parents[1] / "trained"
FILES: Final = ("heads.json", "heads.npz", "words.tsv")
WORDS_OF: Final = ("first", "later")
"""Which turns of the user the words of a line of `words.tsv` are from."""


def save_heads(heads: Heads, path: Path) -> None:
    """Write heads as `heads.npz`, `words.tsv` and a readable `heads.json`.

    Args:
        heads: What `train_heads` returned.
        path: Folder, made when missing.
    """
    arrays: dict[str, Any] = {}
    own = heads.skills
    facts: dict[str, Any] = {
        "version": heads.version,
        "encoder_name": heads.encoder_name,
        "features": list(FEATURE_NAMES),
        "writers": dict(heads.writers),
        "quality": dict(heads.quality),
        "skills": {
            "names": list(own.names),
            "slope": own.slope,
            "offset": own.offset,
            "max_skills": own.max_skills,
        },
        "linear": {},
        "word_conversations": [vocabulary.conversations for vocabulary in heads.words],
    }
    for facet, head in sorted(heads.linear.items()):
        facts["linear"][facet] = {
            "classes": list(head.classes),
            "temperature": head.temperature,
            "min_prob": head.min_prob,
        }
        for part in ("weights", "word_weights", "intercepts", "mean", "scale"):
            arrays[f"{facet}.{part}"] = getattr(head, part)
    for part in ("weights", "intercepts", "min_probs"):
        arrays[f"skills.{part}"] = getattr(heads.skills, part)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.mkdir(parents=True, exist_ok=True)
    (path / "heads.npz").write_bytes(buffer.getvalue())
    words = [
        f"{turn}\t{word}\t{count}"
        for turn, vocabulary in zip(WORDS_OF, heads.words, strict=True)
        for word, count in vocabulary.counts.items()
    ]
    (path / "words.tsv").write_text("\n".join(("turn\tword\tconversations", *words, "")), encoding="utf-8")
    (path / "heads.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_heads(path: Path, *, encoder_name: str) -> Heads:
    """Read heads that `save_heads` wrote.

    Args:
        path: Their folder.
        encoder_name: Encoder that they are to be used with; another backend of the same model will do, and one without
            a part for other languages.

    Raises:
        HeadMismatchError: There are none, or they belong to another encoder, to another map of what it reads in other
            languages, or to other dialogue features.
    """
    remedy = "train them with 'python -m clio_lite.heads', with --encoder and --out for another encoder"
    missing = [name for name in FILES if not (path / name).is_file()]
    if missing:
        raise HeadMismatchError(f"expected {', '.join(FILES)} in {path}, found no {', '.join(missing)}: {remedy}")
    facts = json.loads((path / "heads.json").read_text(encoding="utf-8"))
    if model_of(facts["encoder_name"]) != model_of(encoder_name):
        raise HeadMismatchError(f"heads were trained with {facts['encoder_name']}, asked for {encoder_name}: {remedy}")
    trained, asked = (name.partition("+")[2] for name in (facts["encoder_name"], encoder_name))
    if trained and asked and trained != asked:
        raise HeadMismatchError(
            f"heads were trained with {trained} for other languages than English, asked for {asked}: {remedy}"
        )
    if tuple(facts["features"]) != FEATURE_NAMES:
        raise HeadMismatchError(f"heads were trained on other dialogue features than these: {remedy}")
    with np.load(path / "heads.npz", allow_pickle=False) as arrays:
        linear = {
            facet: LinearHead(
                facet=facet,
                classes=tuple(entry["classes"]),
                weights=arrays[f"{facet}.weights"],
                word_weights=arrays[f"{facet}.word_weights"],
                intercepts=arrays[f"{facet}.intercepts"],
                mean=arrays[f"{facet}.mean"],
                scale=arrays[f"{facet}.scale"],
                temperature=entry["temperature"],
                min_prob=entry["min_prob"],
            )
            for facet, entry in facts["linear"].items()
        }
        own = facts["skills"]
        skills = SkillHead(
            names=tuple(own["names"]),
            weights=arrays["skills.weights"],
            intercepts=arrays["skills.intercepts"],
            slope=own["slope"],
            offset=own["offset"],
            min_probs=arrays["skills.min_probs"],
            max_skills=own["max_skills"],
        )
    return Heads(
        version=facts["version"],
        encoder_name=facts["encoder_name"],
        words=_load_words(path / "words.tsv", facts["word_conversations"]),
        linear=linear,
        skills=skills,
        writers=facts["writers"],
        quality=facts["quality"],
    )


def _load_words(path: Path, conversations: Sequence[int]) -> tuple[Vocabulary, Vocabulary]:
    """Read the words of the first turns and of the later ones."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[1:] if line]
    first, later = ({word: int(count) for turn, word, count in rows if turn == name} for name in WORDS_OF)
    return Vocabulary(first, conversations[0]), Vocabulary(later, conversations[1])
