"""Strangers are refused: other hosts' names, other pages, paths that climb out of the page."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from memory_door import MemoryDoor
from mirror_clients import WEB
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.net.mirror import Mirror, MirrorError

ORDERS = "/ws/backtest/orders/1"


def port_of(mirror: Mirror) -> str:
    return mirror.url.rsplit(":", 1)[1]


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", ""]
)
async def test_a_foreign_host_is_refused(web: httpx.AsyncClient, mirror: Mirror, host: str) -> None:
    answer = await web.get("/api/account", headers={"host": host.format(port=port_of(mirror))})
    assert answer.status_code in {400, 403}
    if answer.status_code == 403:
        assert answer.json()["type"] == "foreign-host"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
async def test_our_own_names_are_answered(web: httpx.AsyncClient, mirror: Mirror, name: str) -> None:
    host = f"{name}:{port_of(mirror)}"
    answer = await web.get("/api/account", headers={"host": host, "origin": f"http://{host}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://localhost"]
)
async def test_a_foreign_origin_may_neither_read_nor_reset(
    web: httpx.AsyncClient, mirror: Mirror, door: MemoryDoor, origin: str
) -> None:
    headers = {"origin": origin.format(port=port_of(mirror))}
    for method, path in [("GET", "/api/account"), ("DELETE", "/api/backtest/orders/1"), ("GET", "/")]:
        answer = await web.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "foreign-origin")
    assert door.commands == []


@pytest.mark.parametrize("path", [ORDERS, "/ws/live"])
async def test_a_foreign_page_gets_no_socket(ws_url: str, mirror: Mirror, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(ws_url + path, origin="http://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    assert b"foreign-origin" in refused.value.response.body
    assert mirror.clients == 0


async def test_a_rebound_name_gets_no_socket(ws_url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            ws_url.replace("127.0.0.1", "localhost") + ORDERS, additional_headers={"Host": "evil.example"}
        )
    assert refused.value.response.status_code == 403


async def test_our_page_gets_a_socket(ws_url: str, mirror: Mirror) -> None:
    async with connect(ws_url + ORDERS, origin=mirror.url) as client:  # type: ignore[arg-type]
        assert b"clear" in (await client.recv(decode=False))


@pytest.mark.parametrize(
    ("path", "status", "type"),
    [
        ("/ws/backtest/orders/abc", 422, "invalid-value"),
        ("/ws/backtest/orders/1?delta=yes", 422, "invalid-value"),
        ("/ws/backtest/orders/1?token=x", 422, "unknown-field"),
        ("/ws/live?x=1", 422, "unknown-field"),
        ("/ws/nothing", 404, "unknown-route"),
    ],
)
async def test_a_bad_socket_address_is_refused_before_it_opens(
    ws_url: str, path: str, status: int, type: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(ws_url + path)
    assert refused.value.response.status_code == status
    assert f'"type":"{type}"'.encode() in refused.value.response.body


async def test_every_answer_binds_the_browser(web: httpx.AsyncClient) -> None:
    for path in ["/", "/script/app.js", "/api/account", "/nothing"]:
        headers = (await web.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/script/app.js", "text/javascript; charset=utf-8"),
        ("/style/page.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
async def test_the_page_has_its_types_and_is_revalidated(
    web: httpx.AsyncClient, path: str, media_type: str
) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    again = await web.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../../pyproject.toml",
        "/%2e%2e/%2e%2e/pyproject.toml",
        "/script/..%2f..%2f..%2fpyproject.toml",
        "/..%5c..%5cpyproject.toml",
        "//etc/passwd",
        "/script",
        "/%00",
    ],
)
async def test_no_path_leads_out_of_the_page(mirror: Mirror, path: str) -> None:
    host, port = mirror.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"trading-monitor" not in answer


async def test_garbage_is_answered_and_forgotten(mirror: Mirror, web: httpx.AsyncClient) -> None:
    host, port = mirror.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x16\x03\x01\x00\xa5 not http\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
    assert (await web.get("/healthz")).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
async def test_only_loopback_is_served(door: MemoryDoor, host: str) -> None:
    with pytest.raises(MirrorError, match=r"this machine only.*tokens"):
        await Mirror(door, host=host, port=0, web_root=WEB).start()
    assert door.listeners == 0


async def test_a_used_port_is_a_sentence(door: MemoryDoor, mirror: Mirror) -> None:
    second = Mirror(door, port=int(port_of(mirror)), web_root=WEB)
    with pytest.raises(MirrorError, match=f"port {port_of(mirror)} is in use"):
        await second.start()
    await second.stop()
    assert door.listeners == 1


async def test_a_missing_page_is_a_sentence(door: MemoryDoor, tmp_path: object) -> None:
    with pytest.raises(MirrorError, match="page's files"):
        await Mirror(door, port=0, web_root=WEB / "missing").start()


async def test_a_refused_socket_leaves_no_line_in_the_log(
    mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    address = mirror.url.replace("http", "ws") + "/ws/live"
    with pytest.raises(InvalidStatus):
        await connect(address, origin="http://evil.example")
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
