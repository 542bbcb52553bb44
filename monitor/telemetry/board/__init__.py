"""The risk board: one static page, read once at the start, served from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page is small and local: it is asked for anew, and answered with 304 while it did not change.
    "Cache-Control": "no-cache",
}


def board_routes() -> list[web.RouteDef]:
    """`/` and the files that the page asks for."""
    assets = {file.name: file.read_bytes() for file in files(__name__).iterdir() if _suffix(file.name) in CONTENT_TYPES}
    routes = [web.get(f"/board/{name}", _handler(name, body)) for name, body in sorted(assets.items())]
    return [web.get("/", _handler("index.html", assets["index.html"])), *routes]


def _handler(name: str, body: bytes) -> Handler:
    tag = hashlib.sha256(body).hexdigest()[:16]

    async def serve(request: web.Request) -> web.Response:
        headers = {**SECURITY_HEADERS, "ETag": f'"{tag}"'}
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=CONTENT_TYPES[_suffix(name)], charset="utf-8", headers=headers)

    return serve


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
