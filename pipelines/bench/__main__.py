"""One part in a process of its own: `python -m pipelines.bench PART ARGUMENTS WORK RESULT`."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pipelines.bench.encoding import encoder_readings
from pipelines.bench.index_run import index_readings
from pipelines.bench.kura import kura_readings
from pipelines.bench.matching import map_readings
from pipelines.bench.readings import Reading, write_readings
from pipelines.bench.vectors import vector_readings

PARTS: Final[Mapping[str, Callable[[Mapping[str, Any], Path], list[Reading]]]] = {
    "index": index_readings,
    "encoder": encoder_readings,
    "map": map_readings,
    "vectors": vector_readings,
    "kura": kura_readings,
}

if __name__ == "__main__":
    part, arguments, work, result = sys.argv[1:]
    write_readings(Path(result), PARTS[part](json.loads(arguments), Path(work)))
