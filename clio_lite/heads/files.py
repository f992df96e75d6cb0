"""Trained heads on disk: weights in `heads.npz`, everything readable in `heads.json`."""

import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from clio_lite.embedding import model_of
from clio_lite.errors import HeadMismatchError
from clio_lite.heads.prediction import Heads, LinearHead, SkillHead
from clio_lite.structure import FEATURE_NAMES

HEADS_DIR: Final = Path(__file__).parents[1] / "trained"


def save_heads(heads: Heads, path: Path) -> None:
    """Write heads as `heads.npz` and a readable `heads.json`.

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
        "quality": dict(heads.quality),
        "skills": {
            "names": list(own.names),
            "slope": own.slope,
            "offset": own.offset,
            "max_skills": own.max_skills,
        },
        "linear": {},
    }
    for facet, head in sorted(heads.linear.items()):
        facts["linear"][facet] = {
            "classes": list(head.classes),
            "temperature": head.temperature,
            "min_prob": head.min_prob,
        }
        for part in ("weights", "intercepts", "mean", "scale"):
            arrays[f"{facet}.{part}"] = getattr(head, part)
    for part in ("weights", "intercepts", "min_probs"):
        arrays[f"skills.{part}"] = getattr(heads.skills, part)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.mkdir(parents=True, exist_ok=True)
    (path / "heads.npz").write_bytes(buffer.getvalue())
    (path / "heads.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_heads(path: Path, *, encoder_name: str) -> Heads:
    """Read heads that `save_heads` wrote.

    Args:
        path: Their folder.
        encoder_name: Encoder that they are to be used with; another backend of the same model will do.

    Raises:
        HeadMismatchError: There are none, or they belong to another encoder or to other dialogue features.
    """
    remedy = "train them with 'python -m clio_lite.heads', with --encoder and --out for another encoder"
    if not (path / "heads.json").is_file() or not (path / "heads.npz").is_file():
        raise HeadMismatchError(f"expected heads.json and heads.npz in {path}, found none: {remedy}")
    facts = json.loads((path / "heads.json").read_text(encoding="utf-8"))
    if model_of(facts["encoder_name"]) != model_of(encoder_name):
        raise HeadMismatchError(f"heads were trained with {facts['encoder_name']}, asked for {encoder_name}: {remedy}")
    if tuple(facts["features"]) != FEATURE_NAMES:
        raise HeadMismatchError(f"heads were trained on other dialogue features than these: {remedy}")
    with np.load(path / "heads.npz", allow_pickle=False) as arrays:
        linear = {
            facet: LinearHead(
                facet=facet,
                classes=tuple(entry["classes"]),
                weights=arrays[f"{facet}.weights"],
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
    return Heads(facts["version"], facts["encoder_name"], linear, skills, facts["quality"])
