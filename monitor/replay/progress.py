"""Progress for people: on standard error, only after two seconds, only at a terminal's pace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
PATIENCE_S = 2.0


def with_progress(items: Iterable[T], what: str, total: int, err: TextIO, *, step: int = 256) -> Iterator[T]:
    """The items unchanged; a bar of how many were taken is shown once `PATIENCE_S` have gone by."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(file=err), transient=True, disable=not err.isatty())
    task = bar.add_task(what, total=total)
    started, shown, taken = monotonic(), False, 0
    try:
        for item in items:
            yield item
            taken += 1
            if taken % step:
                continue
            if not shown and monotonic() - started > PATIENCE_S:
                shown = True
                bar.start()
                if not err.isatty():
                    err.write(f"{what}: {taken} of {total} so far\n")
            bar.update(task, completed=taken)
    finally:
        if shown:
            bar.stop()
