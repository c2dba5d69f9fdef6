"""uvicorn as a guest on somebody else's loop: no signals, no exit, and sockets that can be left.

Owns the two places where uvicorn's own behaviour does not do: its server wants the process to
itself, and its WebSocket waits for ever for a peer that stopped reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Generator
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# How long a peer may take to read our goodbye before the line is cut.
GOODBYE_S = 1.0
EXTENSION = "monitor"


class MirrorSocket(WebSocketsSansIOProtocol):
    """Offers `drop` to the app in the ASGI scope, and never lingers on a dead peer: closing an
    asyncio transport waits until all is written, which a peer that does not read prevents."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][EXTENSION] = {"drop": self.drop}

    def drop(self, code: int, reason: str) -> None:
        """Say goodbye and hang up, whether the peer reads it or not."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(GOODBYE_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_later()

    def shutdown(self) -> None:
        super().shutdown()
        self._cut_later()

    def _cut_later(self) -> None:
        if self.transport.get_write_buffer_size():
            self.loop.call_later(GOODBYE_S, self.transport.abort)


def drop_of(scope: Any) -> Callable[[int, str], None]:
    """The `drop` of the socket that this WebSocket scope came from."""
    drop: Callable[[int, str], None] = scope["extensions"][EXTENSION]["drop"]
    return drop


class GuestServer(uvicorn.Server):
    """Serves on the running loop until told to stop; leaves signals to the host."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def is_no_refused_handshake(record: logging.LogRecord) -> bool:
    """False for what uvicorn logs as an error whenever a WebSocket is refused with an answer: a
    foreign page could fill the log by asking."""
    return "without completing handshake" not in record.getMessage()


def guest_server(app: Any, ping_s: float) -> GuestServer:
    """uvicorn with what was measured best here (docs/decisions/0004), quiet and bounded."""
    logging.getLogger("uvicorn.error").addFilter(is_no_refused_handshake)
    return GuestServer(
        uvicorn.Config(
            app,
            loop="none",
            http="httptools",
            ws=MirrorSocket,
            ws_max_size=64 * 1024,
            ws_ping_interval=ping_s,
            ws_ping_timeout=ping_s,
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=3,
        )
    )
