"""The mirror: REST, WebSockets and the web page on one port of this machine.

Lives on the core's loop. Owns the server and the mirror's copy of the present; knows the core
only by its door.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from monitor.boundary import ServerDoor, Unavailable
from monitor.net import queries
from monitor.net.guard import Guard, allowed_hosts, deny
from monitor.net.hub import Hub
from monitor.net.live_feed import LiveFeed
from monitor.net.order_feed import OrderFeed
from monitor.net.order_routes import OrderRoutes
from monitor.net.page import Page, read_page
from monitor.net.present import Present
from monitor.net.problems import (
    Problem,
    answer_failure,
    answer_http_error,
    answer_problem,
    answer_unavailable,
    unknown_route,
)
from monitor.net.queries import Query
from monitor.net.routes import Routes
from monitor.net.sender import Care, Sender
from monitor.net.trade_routes import TradeRoutes
from monitor.net.uvicorn_server import GuestServer, guest_server

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
# Small, so that a slow reader's news waits here, where it merges, and not in the kernel.
SEND_BUFFER = 128 * 1024


class MirrorError(Exception):
    """Why the mirror cannot run, as a sentence for the user."""


class Mirror:
    """`port` 0 takes any free one; `url` tells which, once started. `trading`: whoever can run a
    program on this machine may give orders."""

    def __init__(
        self,
        door: ServerDoor,
        *,
        host: str = "127.0.0.1",
        port: int = 8765,
        web_root: Path,
        care: Care = Care(),  # noqa: B008 - frozen
        trading: bool = False,
    ) -> None:
        self._door = door
        self._host = host
        self._port = port
        self._web_root = web_root
        self._care = care
        self._trading = trading
        self._present = Present()
        self._hub = Hub(self._present)
        self._server: GuestServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        name = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{name}:{self._port}"

    @property
    def clients(self) -> int:
        """How many WebSocket clients follow."""
        return len(self._hub)

    async def start(self) -> None:
        """Listen and serve. Raises `MirrorError` with a sentence when that cannot be."""
        page = await self._read_page()
        listener = bind(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = guest_server(self._app(page), self._care.ping_s)
        self._unsubscribe = self._door.subscribe(self._hub.publish)
        self._hub.publish(self._door.snapshot())
        self._serving = asyncio.create_task(self._server.serve([listener]), name="mirror")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait([self._serving, ready], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self.stop()
            raise MirrorError("The mirror's server ended before it began.")

    async def stop(self) -> None:
        """Send every client away and free the port."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._hub.stop()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
            self._server = self._serving = None

    async def _read_page(self) -> Page:
        try:
            return await asyncio.to_thread(read_page, self._web_root)
        except OSError as error:
            raise MirrorError(f"The web page's files cannot be read: {error}.") from error

    def _app(self, page: Page) -> ASGIApp:
        app = Starlette(
            routes=[
                WebSocketRoute("/ws/backtest/orders/{strategy_id}", self._follow_orders),
                WebSocketRoute("/ws/live", self._follow_live),
                WebSocketRoute("/{path:path}", _refuse_socket),
                *Routes(self._door, self._present).table(),
                *OrderRoutes(self._door, self._present).table(),
                *TradeRoutes(self._door, self._present, trading=self._trading).table(),
                Route("/{path:path}", page.answer, methods=["GET"]),
            ],
            exception_handlers={
                Problem: answer_problem,
                Unavailable: answer_unavailable,
                HTTPException: answer_http_error,
                Exception: answer_failure,
            },
        )
        return Guard(app, allowed_hosts(self._port))

    async def _follow_orders(self, client: WebSocket) -> None:
        try:
            query = Query(client.query_params)
            strategy_id = queries.strategy_id(client.path_params)
            delta = query.read("delta", queries.switch) or False
            batch = query.read("batch", queries.switch) or False
            # Sequences count one connection's messages, so whatever was seen before, the
            # answer is the full list, as the protocol allows.
            query.read("since", queries.identity)
            query.done()
        except Problem as problem:
            await deny(client.scope, client.receive, client.send, problem)
            return
        feed = OrderFeed(self._present, strategy_id, delta=delta, batch=batch)
        await self._follow(client, feed, self._care.order_window_s)

    async def _follow_live(self, client: WebSocket) -> None:
        try:
            Query(client.query_params).done()
        except Problem as problem:
            await deny(client.scope, client.receive, client.send, problem)
            return
        await self._follow(client, LiveFeed(self._present), self._care.live_window_s)

    async def _follow(self, client: WebSocket, feed: OrderFeed | LiveFeed, window_s: float) -> None:
        if len(self._hub) >= self._care.max_clients:
            problem = Problem(503, "too-many-clients", "The mirror has as many clients as it takes.")
            await deny(client.scope, client.receive, client.send, problem)
            return
        sender = Sender(client, feed, self._care, window_s)
        with self._hub.following(sender, feed):
            await sender.run()


async def _refuse_socket(client: WebSocket) -> None:
    await deny(client.scope, client.receive, client.send, unknown_route(client.scope["path"]))


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on loopback. Raises `MirrorError` with a sentence."""
    family = LOOPBACK.get(host)
    if family is None:
        raise MirrorError(
            f"The mirror serves this machine only (127.0.0.1, localhost or ::1), not {host}: "
            "other machines need tokens, which this version does not have."
        )
    if not 0 <= port <= 65535:
        raise MirrorError(f"{port} is not a port: take 1 to 65535, or 0 for any free one.")
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:  # On Windows a used port could otherwise be taken over, by us or from us.
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind((host, port))
        listener.listen(512)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise MirrorError(_why_not(port, error)) from error
    return listener


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program: stop it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"port {port} may not be used by this account: choose one above 1023 with --port."
    return f"port {port} cannot be used: {error.strerror or error}."
