"""What the person sees while the demo works: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

QUIET_S = 20.0
"""Without a terminal a line is printed when something ends, and at least this often."""

SHOWN = {"success": "[green]done[/]", "failed": "[red]failed[/]", "running": "running", "queued": "waiting"}


@dataclass(frozen=True)
class RunView:
    """One DAG run as shown, with its tasks done and in all."""

    name: str
    state: str
    done: int
    total: int


class Board:
    """Shows DAG runs while a `with` block lasts."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started = time.monotonic()
        self._ended_at: dict[str, float] = {}
        self._last_line = 0.0
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, views: Sequence[RunView]) -> None:
        """Show the runs as they are now."""
        now = time.monotonic() - self._started
        fresh = [
            view for view in views if view.state in ("success", "failed") and view.name not in self._ended_at
        ]
        self._ended_at |= {view.name: now for view in fresh}
        if self._live:
            self._live.update(self._table(views, now), refresh=True)
        elif fresh or now - self._last_line > QUIET_S:
            self._last_line = now
            parts = [f"{view.name} {view.done}/{view.total}" for view in views]
            self.console.print(f"  {now:5.0f} s  " + ", ".join(parts), highlight=False, soft_wrap=True)

    def _table(self, views: Sequence[RunView], now: float) -> Table:
        table = Table(box=None, padding=(0, 2))
        for heading in ("DAG run", "", "tasks", "state", "elapsed"):
            table.add_column(heading, justify="right" if heading in ("tasks", "elapsed") else "left")
        for view in views:
            table.add_row(
                view.name,
                ProgressBar(total=max(view.total, 1), completed=view.done, width=24),
                f"{view.done}/{view.total}",
                SHOWN.get(view.state, view.state),
                f"{self._ended_at.get(view.name, now):.0f} s",
            )
        return table
