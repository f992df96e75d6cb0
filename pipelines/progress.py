"""Showing how far a run has come, on a terminal or not at all, and what each step cost."""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_PROC: Final = Path("/proc/self")


@dataclass(frozen=True)
class StepCost:
    """What one step took.

    Attributes:
        seconds: Wall-clock seconds.
        cpu_seconds: Seconds of all threads of the process together.
        peak_bytes: Most memory held during the step; where the system cannot tell, during the process up to its end.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __add__(self, other: "StepCost") -> "StepCost":
        """Cost of the same step for two months, one after the other."""
        return StepCost(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
        )


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system has one that can."""
    clear = _PROC / "clear_refs"
    if clear.exists():
        clear.write_text("5")


def peak_bytes() -> int:
    """Most memory held since `forget_peak`."""
    status = _PROC / "status"
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Reporter(Protocol):
    """Is told when a step begins and ends."""

    def step(self, names: Sequence[str]) -> AbstractContextManager[None]:
        """Context of one step that makes the named tables."""
        ...


class SilentReporter:
    """Says nothing; what the Dagster UI's own runs use."""

    @contextmanager
    def step(self, names: Sequence[str]) -> Iterator[None]:
        """Do nothing around a step."""
        yield


class TerminalReporter:
    """A progress bar with one line per finished step, and the cost of each step.

    Attributes:
        costs: What each step took, by its first table.
    """

    def __init__(
        self, console: Console, *, title: str, total: int, on_cost: Callable[[str, StepCost], None] | None = None
    ) -> None:
        """Prepare the bar.

        Args:
            console: Where to draw.
            title: What the run is about.
            total: Number of steps.
            on_cost: Is told the cost of each step as it ends, by its first table.
        """
        self.costs: dict[str, StepCost] = {}
        self._on_cost = on_cost
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._title = title
        self._task = self._progress.add_task(title, total=total)

    def __enter__(self) -> "TerminalReporter":
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self._progress.stop()

    @contextmanager
    def step(self, names: Sequence[str]) -> Iterator[None]:
        """Show the step while it runs, and a line with its time when it has ended well."""
        forget_peak()
        started, cpu_started = time.perf_counter(), time.process_time()
        self._progress.update(self._task, description=f"{self._title}  [bold]{names[0]}[/bold]")
        yield
        seconds = time.perf_counter() - started
        self.costs[names[0]] = StepCost(seconds, time.process_time() - cpu_started, peak_bytes())
        if self._on_cost:
            self._on_cost(names[0], self.costs[names[0]])
        more = f" [dim]and {len(names) - 1} more[/dim]" if len(names) > 1 else ""
        self._progress.console.print(f"  [green]✓[/green] {names[0]}{more} [dim]{seconds:.1f} s[/dim]")
        self._progress.advance(self._task)
