"""Who may talk to the mirror: pages of the mirror itself and programs on this machine.

Refuses before anything else looks at the request: a foreign `Host` (DNS rebinding), a foreign
`Origin` (another web page), a body that is too big. Adds the headers that bind browsers.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.net.problems import Problem

MAX_BODY = 64 * 1024
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def allowed_hosts(port: int) -> frozenset[str]:
    """What `Host` may say: the names of loopback with our port."""
    return frozenset(f"{name}:{port}" for name in LOOPBACK_NAMES)


def page_policy(hosts: Iterable[str]) -> str:
    """Content-Security-Policy of the page: its own files and its own sockets, nothing else."""
    # A policy has no way to name an IPv6 address; there, 'self' must do.
    sockets = " ".join(f"ws://{host}" for host in sorted(hosts) if "[" not in host)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Guard:
    """ASGI middleware: refuse strangers, then let the app answer."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(f"http://{host}" for host in hosts)
        self._headers = {
            "content-security-policy": page_policy(hosts),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            return
        problem = self._refusal(Headers(scope=scope))
        if scope["type"] == "websocket":
            if problem is None:
                await self._app(scope, receive, send)
            else:
                await deny(scope, receive, send, problem)
            return

        async def send_bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if problem is None:
            await self._app(scope, receive, send_bound)
        else:
            await problem.response()(scope, receive, send_bound)

    def _refusal(self, headers: Headers) -> Problem | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Problem(403, "foreign-host", "This mirror answers to its own address only.", field="Host")
        if origins and (len(origins) != 1 or origins[0].lower() not in self._origins):
            return Problem(403, "foreign-origin", "Other web pages may not use this mirror.", field="Origin")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > MAX_BODY:
            return Problem(413, "body-too-large", f"A body may have {MAX_BODY} bytes at most.")
        return None


async def deny(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    """Refuse a WebSocket before it is accepted, with the reason as an HTTP answer."""
    await receive()
    response = problem.response()
    response.headers["connection"] = "close"
    await response(scope, receive, send)
