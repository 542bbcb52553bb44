"""One POST and what its answer means for trying again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import aiohttp


class Meaning(Enum):
    """What to do about an answer."""

    ACCEPTED = "accepted"
    TRY_AGAIN = "try_again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The meaning, with the reason in words, and the pause that the peer asked for."""

    meaning: Meaning
    reason: str = ""
    retry_after_s: float | None = None


# A peer may answer these to a request that is well-formed; the same request may be taken later.
_PASSING = frozenset({401, 403, 404, 408, 425, 429})


async def post(
    session: aiohttp.ClientSession, url: str, body: bytes, timeout_s: float, headers: Mapping[str, str] | None = None
) -> Answer:
    """POST a JSON body. 2xx is accepted; network errors, 5xx and what may pass by itself mean trying again; else refused."""
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    content = {"Content-Type": "application/json", **(headers or {})}
    try:
        async with session.post(url, data=body, headers=content, timeout=timeout, allow_redirects=False) as answer:
            if 200 <= answer.status < 300:
                return Answer(Meaning.ACCEPTED)
            text = (await answer.content.read(300)).decode(errors="replace").strip()
            reason = f"{answer.status} {answer.reason}: {text}"
            if answer.status >= 500 or answer.status < 400 or answer.status in _PASSING:
                return Answer(Meaning.TRY_AGAIN, reason, _seconds(answer.headers.get("Retry-After")))
            return Answer(Meaning.REFUSED, reason)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Answer(Meaning.TRY_AGAIN, str(error) or type(error).__name__)


def _seconds(text: str | None) -> float | None:
    """The header as seconds; a date or nonsense counts as absent."""
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
