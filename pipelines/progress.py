"""Showing how far a run has come, on a terminal or not at all."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


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
    """A progress bar with one line per finished step, and the seconds of each step.

    Attributes:
        seconds: Wall-clock seconds by the first table of each step.
    """

    def __init__(self, console: Console, *, title: str, total: int) -> None:
        """Prepare the bar.

        Args:
            console: Where to draw.
            title: What the run is about.
            total: Number of steps.
        """
        self.seconds: dict[str, float] = {}
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
        started = time.perf_counter()
        self._progress.update(self._task, description=f"{self._title}  [bold]{names[0]}[/bold]")
        yield
        self.seconds[names[0]] = time.perf_counter() - started
        more = f" [dim]and {len(names) - 1} more[/dim]" if len(names) > 1 else ""
        self._progress.console.print(f"  [green]✓[/green] {names[0]}{more} [dim]{self.seconds[names[0]]:.1f} s[/dim]")
        self._progress.advance(self._task)
