"""Runs of the command line as real processes that begin in a moment: forks of one that has imported everything.

`with forked_runs(folder) as runs: pid = runs.start([...]); runs.wait(pid)`; a run can be killed by its id.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def serve() -> None:
    """Fork a run for each line of arguments; answer with its id, and when asked with its exit code."""
    import pipelines.cli
    import pipelines.commands
    import pipelines.runner  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            code = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
            print(code, flush=True)  # noqa: T201
            continue
        pid = os.fork()
        if pid == 0:
            _run(order["arguments"], order["output"])
        print(pid, flush=True)  # noqa: T201


def _run(arguments: Sequence[str], output: str) -> None:
    """Be the run, and end without the parent's clean-up."""
    from pipelines.cli import main

    os.setsid()
    for number, suffix in ((1, "out"), (2, "err")):
        file = os.open(f"{output}.{suffix}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    sys.argv = ["usage-index", *arguments]
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


@dataclass(frozen=True)
class Runs:
    """The process that forks."""

    process: "subprocess.Popen[str]"
    folder: Path

    def _order(self, order: dict[str, Any]) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self, arguments: Sequence[str], name: str = "run") -> int:
        """Begin a run; returns the id of its process."""
        return self._order({"arguments": list(arguments), "output": str(self.folder / name)})

    def wait(self, pid: int) -> int:
        """Exit code of a run, negative where a signal ended it."""
        return self._order({"wait": pid})

    def told(self, name: str = "run") -> str:
        """What a run printed."""
        return "".join((self.folder / f"{name}.{suffix}").read_text() for suffix in ("out", "err"))


@contextmanager
def forked_runs(folder: Path) -> Iterator[Runs]:
    """Run the forking process for the time of the block."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield Runs(process, folder)
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()


if __name__ == "__main__":
    serve()
