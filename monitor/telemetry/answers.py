"""Answers of the API: every one carries `run_id`, `as_of_seq`, `as_of_ns`; a bad request names field and value."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from aiohttp import web

from monitor.domain.errors import BadInput


class AsOf(NamedTuple):
    """The moment that an answer is of."""

    run_id: str
    seq: int
    now_ns: int

    def document(self) -> dict[str, Any]:
        """The fields that every answer begins with."""
        return {"run_id": self.run_id, "as_of_seq": self.seq, "as_of_ns": self.now_ns}


def answer(as_of: AsOf, body: dict[str, Any], status: int = 200) -> web.Response:
    """A JSON answer that no cache may keep."""
    return web.Response(
        body=orjson.dumps({**as_of.document(), **body}) + b"\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def refusal(as_of: AsOf, error: BadInput, status: int) -> web.Response:
    """What was wrong with a request: the reason, the field and the value as given."""
    value = None if error.value is None else str(error.value)
    return answer(as_of, {"error": {"reason": error.reason, "field": error.field, "value": value}}, status)
