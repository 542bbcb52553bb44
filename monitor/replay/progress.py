"""Progress for people: on standard error, and only once something takes over two seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
PATIENCE_S = 2.0


def with_progress(
    items: Iterable[T], what: str, total: int | None, err: TextIO, *, step: int = 256, rows: Callable[[T], int] = lambda _: 1
) -> Iterator[T]:
    """The items unchanged. After `PATIENCE_S` a terminal shows a bar of the rows taken, anything else gets one line.

    `total` None: not known. The clock is read every `step` items.
    """
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(file=err), transient=True)
    task = bar.add_task(what, total=total)
    begun, is_shown, taken = monotonic(), False, 0
    try:
        for count, item in enumerate(items, 1):
            yield item
            taken += rows(item)
            if count % step:
                continue
            if not is_shown and monotonic() - begun > PATIENCE_S:
                is_shown = True
                if err.isatty():
                    bar.start()
                else:
                    err.write(f"{what}: {taken}{'' if total is None else f' of {total}'} so far\n")
            bar.update(task, completed=taken)
    finally:
        bar.stop()
