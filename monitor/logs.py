"""The structured log: events with keys on standard error, as text for people or as JSON lines for collectors."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

from monitor.config import LogSettings


def configure_logs(settings: LogSettings) -> None:
    """Set the log up for the whole process. Libraries speak through it from WARNING on."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor
    if settings.format == "json":
        renderer = structlog.processors.JSONRenderer(serializer=_dumps)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # It reports each refused connection by itself; our feeds say the same once, with a reason.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _dumps(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()
