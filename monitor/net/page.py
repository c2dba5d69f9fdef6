"""The web page's files, read once at the start: a name that is not among them does not exist.

So no path can lead out of the folder, and serving waits for no disk.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from monitor.net.problems import unknown_route

# Not from the machine's own table of types, which on Windows may say anything.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


class PageFile(NamedTuple):
    content: bytes
    media_type: str
    etag: str


class Page:
    def __init__(self, files: dict[str, PageFile]) -> None:
        self._files = files

    async def answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        file = self._files.get("/index.html" if path == "/" else path)
        if file is None:
            raise unknown_route(path)
        headers = {"etag": file.etag, "cache-control": "no-cache"}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)


def read_page(root: Path) -> Page:
    """Every file of a known type below `root`. Raises OSError when there is no page."""
    files = {
        f"/{path.relative_to(root).as_posix()}": _read(path)
        for path in sorted(root.rglob("*"))
        if path.suffix in TYPES and path.is_file() and not path.is_symlink()
    }
    if "/index.html" not in files:
        raise FileNotFoundError(f"there is no index.html in {root}")
    return Page(files)


def _read(path: Path) -> PageFile:
    content = path.read_bytes()
    return PageFile(content, TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:20]}"')
