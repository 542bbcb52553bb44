"""`process(input) -> effects`: sans-I/O and deterministic, the only writer of state. It knows nothing of alerts."""

from monitor.engine.core import Engine

__all__ = ["Engine"]
