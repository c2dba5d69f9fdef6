"""Which HTTP/WebSocket stack serves the mirror: the candidates that are installed, measured alike.

One server process and this measuring process share the machine. The figures: fan-out rate to
100 sockets, paced broadcast latency, REST latency, memory per socket, and whether a request
body is taken at all (docs/decisions/0004). Run with `python -m benchmarks.mirror_stack`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import print_figure

CLIENTS = 100
BLAST = 1_000
PACED = 300
PAUSE_S = 0.01
REQUESTS = 3_000
SIZE = 200
FRAME = SIZE + 4
CANDIDATES = {
    "uvicorn websockets-sansio httptools + Starlette": ("uvicorn", "websockets-sansio", "httptools"),
    "uvicorn websockets-sansio h11 + Starlette": ("uvicorn", "websockets-sansio", "h11"),
    "uvicorn websockets (legacy) httptools + Starlette": ("uvicorn", "websockets", "httptools"),
    "websockets alone": ("websockets", "", ""),
}
ORDERS = json.dumps(
    [{"order_id": n, "symbol": "SHFE.au2512", "price": 752.3, "note": "x" * 120} for n in range(50)]
)


# -- the server process ------------------------------------------------------------------------


async def broadcast(order: str, send_all: Any) -> None:
    """`blast` as fast as it goes, `paced` one every few milliseconds."""
    kind, count = order.split()
    for _ in range(int(count)):
        await send_all(f"{time.monotonic_ns():020d}".ljust(SIZE, "."))
        if kind == "paced":
            await asyncio.sleep(PAUSE_S)


def serve_uvicorn(listener: socket.socket, ws: str, http: str) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    clients: set[WebSocket] = set()

    async def send_all(text: str) -> None:
        for client in list(clients):
            await client.send_text(text)

    async def follow(client: WebSocket) -> None:
        await client.accept()
        if not client.query_params.get("control"):
            clients.add(client)
        try:
            while True:
                await broadcast(await client.receive_text(), send_all)
        except WebSocketDisconnect:
            clients.discard(client)

    async def orders(request: Request) -> Response:
        return Response(await request.body() or ORDERS, media_type="application/json")

    app = Starlette(routes=[WebSocketRoute("/ws", follow), Route("/orders", orders, methods=["GET", "POST"])])
    config = uvicorn.Config(
        app, ws=ws, http=http, loop="asyncio", ws_per_message_deflate=False, log_level="error", lifespan="off"
    )
    uvicorn.Server(config).run([listener])


def serve_websockets(listener: socket.socket, _ws: str, _http: str) -> None:
    from http import HTTPStatus

    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed
    from websockets.http11 import Request, Response

    clients: set[ServerConnection] = set()

    async def send_all(text: str) -> None:
        for client in list(clients):
            await client.send(text)

    async def follow(client: ServerConnection) -> None:
        if client.request and "control" not in client.request.path:
            clients.add(client)
        try:
            async for message in client:
                await broadcast(str(message), send_all)
        except ConnectionClosed:
            clients.discard(client)

    def answer(client: ServerConnection, request: Request) -> Response | None:
        return client.respond(HTTPStatus.OK, ORDERS) if request.path == "/orders" else None

    async def main() -> None:
        async with serve(follow, sock=listener, process_request=answer, compression=None) as server:
            await server.serve_forever()

    asyncio.run(main())


# -- the measuring process ---------------------------------------------------------------------


class Client(asyncio.Protocol):
    """A WebSocket client that only counts, so that the server is what is measured."""

    def __init__(self, path: str, expected: int, latencies: list[int]) -> None:
        self.path, self.expected, self.latencies = path, expected, latencies
        self.buffer = bytearray()
        self.open = asyncio.get_running_loop().create_future()
        self.full = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        head = f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.buffer += data
        if not self.open.done():
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.buffer = bytearray(rest)
            self.open.set_result(head[:12])
        frames = len(self.buffer) // FRAME
        if frames:
            self.latencies.append(now - int(self.buffer[(frames - 1) * FRAME + 4 :][:20]))
            del self.buffer[: frames * FRAME]
            self.expected -= frames
            if self.expected <= 0 and not self.full.done():
                self.full.set_result(None)

    def say(self, text: str) -> None:
        self.transport.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())


async def connect(port: int, path: str, expected: int, latencies: list[int]) -> Client:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(path, expected, latencies), "127.0.0.1", port)
    await client.open
    return client


async def fan_out(port: int, kind: str, count: int) -> tuple[float, list[int]]:
    latencies: list[int] = []
    clients = [await connect(port, "/ws", count, latencies) for _ in range(CLIENTS)]
    control = await connect(port, "/ws?control=1", 0, [])
    began = time.perf_counter()
    control.say(f"{kind} {count}")
    await asyncio.wait_for(asyncio.gather(*(client.full for client in clients)), 120)
    elapsed = time.perf_counter() - began
    for client in [*clients, control]:
        client.transport.abort()
    return CLIENTS * count / elapsed, latencies


async def memory_per_socket(port: int, pid: int) -> float:
    server = psutil.Process(pid)
    before = server.memory_info().rss
    clients = [await connect(port, "/ws", 1, []) for _ in range(1_000)]
    grown = server.memory_info().rss - before
    for client in clients:
        client.transport.abort()
    await asyncio.sleep(0.5)
    return grown / len(clients) / 1024


def rest_latency(port: int) -> list[float]:
    """Sequential requests for 50 orders, on one connection when the server keeps it."""
    request = b"GET /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    taken: list[float] = []
    line: socket.socket | None = None
    for _ in range(REQUESTS):
        began = time.perf_counter()
        line = line or socket.create_connection(("127.0.0.1", port))
        line.sendall(request)
        answer = b""
        while ORDERS.encode() not in answer:
            answer += line.recv(65536)
        if b"onnection: close" in answer:
            line.close()
            line = None
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


def takes_body(port: int) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/orders", data=b'{"a":1}', method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.read() == b'{"a":1}')
    except (urllib.error.URLError, OSError):
        return False


def report(candidate: str, name: str, value: float, unit: str) -> None:
    packages = {package: version(package) for package in ("uvicorn", "starlette", "websockets", "httptools")}
    print_figure("mirror-stack", name, value, unit, candidate=candidate, packages=packages)


async def measure(candidate: str, port: int, pid: int) -> None:
    report(candidate, "takes a request body", int(takes_body(port)), "1 is yes")
    rates = [(await fan_out(port, "blast", BLAST))[0] for _ in range(3)]
    report(candidate, f"fan-out to {CLIENTS} clients, best of 3", round(max(rates)), "messages/s")
    _, latencies = await fan_out(port, "paced", PACED)
    cuts = statistics.quantiles(latencies, n=100)
    report(candidate, "paced broadcast p50", round(cuts[49] / 1e6, 3), "ms")
    report(candidate, "paced broadcast p99", round(cuts[98] / 1e6, 3), "ms")
    taken = statistics.quantiles(await asyncio.to_thread(rest_latency, port), n=100)
    report(candidate, "GET 50 orders p50", round(taken[49]), "µs")
    report(candidate, "GET 50 orders p99", round(taken[98]), "µs")
    report(candidate, "memory per idle socket", round(await memory_per_socket(port, pid), 1), "KiB")


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        warnings.simplefilter("ignore")
        kind, ws, http = CANDIDATES[sys.argv[2]]
        listener = socket.socket(fileno=int(sys.argv[3]))
        {"uvicorn": serve_uvicorn, "websockets": serve_websockets}[kind](listener, ws, http)
        return
    for candidate in CANDIDATES:
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            handle = listener.fileno()
            command = [sys.executable, "-m", "benchmarks.mirror_stack", "serve", candidate, str(handle)]
            server = subprocess.Popen(command, pass_fds=[handle], cwd=Path(__file__).resolve().parents[1])
            port = listener.getsockname()[1]
            try:
                asyncio.run(measure(candidate, port, server.pid))
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
