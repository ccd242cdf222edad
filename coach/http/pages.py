"""The pages, as `make setup` built them, and the docs."""

import re
from html import escape
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from coach.http.describe import asyncapi, openapi
from coach.http.respond import ApiError, respond

STATIC = Path(__file__).parent.parent / "static"
_PAGES = {"/": "index.html", "/dashboard": "dashboard.html", "/embed.html": "embed.html"}
# A module script of another origin, and each part that it imports, is fetched with CORS.
_SHARED = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_ASSET = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def routes() -> list[BaseRoute]:
    """Pages, assets and documents."""
    pages: list[BaseRoute] = [Route(path, _page(name)) for path, name in _PAGES.items()]
    return [
        *pages,
        Route("/widget.js", _widget),
        Route("/assets/{name}", _asset),
        Route("/docs", _docs),
        Route("/docs/openapi.json", _openapi),
        Route("/docs/asyncapi.json", _asyncapi),
    ]


def _page(name: str) -> Any:
    async def page(request: Request) -> Response:
        return _file(request, name)

    return page


async def _asset(request: Request) -> Response:
    # The build's names carry a hash of what is in the file.
    name = request.path_params["name"]
    if not _ASSET.fullmatch(name):
        raise ApiError(404, "not_found", "there is nothing at this path")
    return _file(request, f"assets/{name}", _SHARED | {"cache-control": "public, max-age=31536000, immutable"})


async def _widget(request: Request) -> Response:
    return _file(request, "widget.js", _SHARED)


def _file(request: Request, name: str, headers: dict[str, str] | None = None) -> Response:
    """A file of the build, as the build packed it where the browser can unpack."""
    if not (STATIC / name).is_file():
        raise ApiError(404, "not_built", "the pages are not built: run `make setup`")
    headers = {"cache-control": "no-cache", "vary": "accept-encoding", **(headers or {})}
    packed = STATIC / f"{name}.gz"
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        kind, _ = guess_type(name)
        return FileResponse(packed, media_type=kind, headers=headers | {"content-encoding": "gzip"})
    return FileResponse(STATIC / name, headers=headers)


def absent() -> Response:
    """What a browser shows for a path at which there is nothing."""
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'>"
        "<title>Coach: nothing here</title><h1>There is nothing at this path</h1>"
        "<p><a href=/>Coach</a> · <a href=/dashboard>Dashboard</a> · <a href=/docs>API</a></p>",
        404,
    )


async def _openapi(_request: Request) -> Response:
    return respond(openapi())


async def _asyncapi(_request: Request) -> Response:
    return respond(asyncapi())


async def _docs(request: Request) -> Response:
    """The OpenAPI document: as a page for a browser, as JSON for everybody else."""
    document = openapi()
    if "text/html" not in request.headers.get("accept", ""):
        return respond(document)
    rows = "".join(
        f"<tr><td><code>{method.upper()} {escape(path)}</code></td><td>{escape(operation['summary'])}</td></tr>"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'>"
        "<title>Coach: API</title><p><a href=/>Coach</a> · <a href=/dashboard>Dashboard</a></p><h1>Coach: API</h1>"
        f"<table>{rows}</table><p><a href=/docs/openapi.json>OpenAPI</a> · <a href=/docs/asyncapi.json>AsyncAPI (sockets)</a></p>"
    )
