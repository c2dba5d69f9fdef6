"""The order-table protocol over real sockets, reconnects and slow readers included."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from memory_door import MemoryDoor, busy_door, order, strategy
from mirror_clients import WEB, TableClient, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from monitor.engine.values import OrderStatus
from monitor.net.mirror import Mirror
from monitor.net.sender import Care
from monitor.net.wire import encode, to_wire

ORDERS = "/ws/backtest/orders/1"


async def read(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        return [json.loads(await socket.recv()) for _ in range(count)]


async def test_on_connect_clear_then_the_active_orders_oldest_first_then_live(
    door: MemoryDoor, ws_url: str
) -> None:
    door.change(orders=[order(2), order(1), order(3, OrderStatus.FILLED)])
    async with connect(ws_url + ORDERS) as client:
        messages = await read(client, 3)
        door.change(orders=[order(4)])
        door.change(orders=[order(1, OrderStatus.CANCELED)])
        messages += await read(client, 2)
    told = [(message["action"], message.get("order", message).get("order_id")) for message in messages]
    assert told == [("clear", None), ("add", 1), ("add", 2), ("add", 4), ("remove", 1)]
    assert [message["seq"] for message in messages] == [1, 2, 3, 4, 5]
    assert messages[-1].keys() == {"action", "order_id", "strategy_id", "timestamp", "seq"}


async def test_orders_carry_every_field_with_exact_numbers_and_milliseconds(
    door: MemoryDoor, ws_url: str
) -> None:
    door.change(orders=[order(1)])
    async with connect(ws_url + ORDERS) as client:
        await client.recv()
        text = await client.recv()
    row = json.loads(text)["order"]
    assert '"price":752.30' in str(text)
    assert row["created_ms"] == order(1).created_ns // 1_000_000
    assert row["status"] == "Created"
    assert row["average_price"] is None
    assert "created_ns" not in row


async def test_batch_sends_arrays_of_the_same_messages(door: MemoryDoor, ws_url: str) -> None:
    door.change(orders=[order(1), order(2)])
    async with connect(ws_url + ORDERS + "?batch=1") as client:
        messages = json.loads(await client.recv())
    assert [message["action"] for message in messages] == ["clear", "add", "add"]


async def test_since_is_answered_with_the_full_list(door: MemoryDoor, ws_url: str) -> None:
    door.change(orders=[order(1)])
    async with connect(ws_url + ORDERS + "?since=41") as client:
        assert [message["action"] for message in await read(client, 2)] == ["clear", "add"]


async def test_reset_by_rest_clears_every_client(
    door: MemoryDoor, ws_url: str, web: httpx.AsyncClient
) -> None:
    door.change(orders=[order(1)])
    async with connect(ws_url + ORDERS) as one, connect(ws_url + ORDERS) as two:
        await read(one, 2)
        await read(two, 2)
        answer = await web.delete("/api/backtest/orders/1")
        assert answer.json() == {"success": True, "message": "The replay was reset."}
        assert [(await read(client, 1))[0]["action"] for client in (one, two)] == ["clear", "clear"]


async def test_a_client_that_talks_is_told_that_nobody_listens(door: MemoryDoor, ws_url: str) -> None:
    async with connect(ws_url + ORDERS) as client, connect(ws_url + ORDERS) as other:
        await client.send("[" * 10_000)
        with pytest.raises(ConnectionClosed) as closed:
            await read(client, 9)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert "only sends" in closed.value.rcvd.reason
        door.change(orders=[order(1)])
        assert [message["action"] for message in await read(other, 2)] == ["clear", "add"]


async def test_bytes_and_broken_text_end_that_connection_only(ws_url: str, mirror: Mirror) -> None:
    async with connect(ws_url + ORDERS) as other:
        for frame, code in [
            (bytes([0x82, 0x81, 0, 0, 0, 0, 7]), 1008),
            (bytes([0x81, 0x81, 0, 0, 0, 0, 255]), 1007),
        ]:
            async with connect(ws_url + ORDERS) as client:
                await until(lambda: mirror.clients == 2)
                client.transport.write(frame)
                with pytest.raises(ConnectionClosed) as closed:
                    await read(client, 9)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
            await until(lambda: mirror.clients == 1)
        await other.ping()


async def test_more_clients_than_it_takes_are_refused(door: MemoryDoor) -> None:
    mirror = Mirror(door, port=0, web_root=WEB, care=Care(max_clients=1))
    await mirror.start()
    url = mirror.url.replace("http", "ws") + ORDERS
    async with connect(url):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url)
        assert refused.value.response.status_code == 503
        assert b"too-many-clients" in refused.value.response.body
    await mirror.stop()


async def test_a_frame_too_big_ends_that_connection_only(ws_url: str, mirror: Mirror) -> None:
    async with connect(ws_url + ORDERS) as other, connect(ws_url + ORDERS) as client:
        await client.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            await read(client, 9)
        await until(lambda: mirror.clients == 1)
        await other.ping()


# -- any stream, any reader --------------------------------------------------------------------


class Stage:
    """One mirror for many examples, on a loop of its own."""

    def __init__(self) -> None:
        self.door = busy_door()
        self.mirror = Mirror(self.door, port=0, web_root=WEB)
        self.runner = asyncio.Runner()
        self.runner.run(self.mirror.start())

    def close(self) -> None:
        self.runner.run(self.mirror.stop())
        self.runner.close()

    async def play(self, stream: list[Any], query: str) -> None:
        newest = 0
        self.door.change(cleared=True, strategies=[strategy()])
        client, table = await self.meet(query)
        for event in stream:
            if event == "clear":
                newest = 0
                self.door.change(cleared=True, strategies=[strategy()])
            elif event == "reconnect":
                client.transport.abort()
                client, table = await self.meet(query)
            elif event == "read":
                table.hear(await client.recv() if not table.seq else await self.soon(client))
            else:
                rows = {}
                for index, status in event:
                    newest += index > newest
                    rows[min(index, newest)] = order(
                        min(index, newest), status, reason=str(self.door.whole.seq)
                    )
                self.door.change(orders=list(rows.values()))
        self.door.change(orders=[order(99)])
        async with asyncio.timeout(10):
            while 99 not in table.orders:
                table.hear(await client.recv())
        expected = {key: json.loads(encode(to_wire(row))) for key, row in self.door.active(1).items()}
        assert table.orders == expected
        client.transport.abort()

    async def meet(self, query: str) -> tuple[ClientConnection, TableClient]:
        return await connect(
            self.mirror.url.replace("http", "ws") + ORDERS + query, max_queue=1
        ), TableClient()

    async def soon(self, client: ClientConnection) -> str | bytes:
        """The next frame, or none when there is nothing new."""
        try:
            async with asyncio.timeout(0.002):
                return await client.recv()
        except TimeoutError:
            return "[]"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


stream = st.lists(
    st.one_of(
        st.lists(st.tuples(st.integers(1, 8), st.sampled_from(OrderStatus)), min_size=1, max_size=4),
        st.sampled_from(["clear", "reconnect", "read", "read"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stream, st.sampled_from(["", "?delta=1", "?batch=1", "?delta=1&batch=1"]))
def test_any_stream_with_reconnects_converges_to_the_active_orders(
    stage: Stage, stream: list[Any], query: str
) -> None:
    stage.runner.run(stage.play(stream, query))


# -- slow readers ------------------------------------------------------------------------------


async def deaf_client(mirror: Mirror) -> ClientConnection:
    """A client whose window is small and who does not read until asked."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", int(mirror.url.rsplit(":", 1)[1])))
    raw.setblocking(False)
    return await connect(mirror.url.replace("http", "ws") + ORDERS, sock=raw, max_queue=1, ping_interval=None)


async def flood(door: MemoryDoor, table: TableClient, healthy: ClientConnection, rounds: int) -> None:
    """Change 200 big orders again and again, as fast as the healthy client reads."""
    for number in range(rounds):
        reason = str(number).ljust(2_000, ".")
        door.change(orders=[order(key, OrderStatus.PLACED, reason=reason) for key in range(1, 201)])
        async with asyncio.timeout(20):
            while len(table.orders) < 200 or any(row["reason"] != reason for row in table.orders.values()):
                table.hear(await healthy.recv())


async def test_a_reader_that_pauses_harms_nobody_and_catches_up(
    door: MemoryDoor, mirror: Mirror, ws_url: str
) -> None:
    slow = await deaf_client(mirror)
    async with connect(ws_url + ORDERS) as healthy:
        table, late = TableClient(), TableClient()
        await flood(door, table, healthy, 20)
        async with asyncio.timeout(20):
            while late.orders != table.orders:
                late.hear(await slow.recv())
    assert late.seq < table.seq, "what it missed was merged"
    await slow.close()


async def test_a_reader_without_hope_is_dropped_with_1013(door: MemoryDoor) -> None:
    mirror = Mirror(door, port=0, web_root=WEB, care=Care(stall_s=0.3))
    await mirror.start()
    slow = await deaf_client(mirror)
    async with connect(mirror.url.replace("http", "ws") + ORDERS) as healthy:
        await flood(door, TableClient(), healthy, 12)
        await until(lambda: mirror.clients == 1)
        with pytest.raises(ConnectionClosed) as closed:
            await read(slow, 100_000)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert "too slowly" in closed.value.rcvd.reason
    await mirror.stop()


async def test_a_dropped_reader_that_never_reads_again_leaves_no_socket_behind(door: MemoryDoor) -> None:
    mirror = Mirror(door, port=0, web_root=WEB, care=Care(stall_s=0.1))
    await mirror.start()
    slow = await deaf_client(mirror)
    async with connect(mirror.url.replace("http", "ws") + ORDERS) as healthy:
        await flood(door, TableClient(), healthy, 12)
        assert mirror._server is not None
        sockets = mirror._server.server_state.connections
        await until(lambda: mirror.clients == len(sockets) == 1)
    slow.transport.abort()
    await mirror.stop()


async def test_stopping_does_not_wait_for_a_dead_reader(door: MemoryDoor) -> None:
    mirror = Mirror(door, port=0, web_root=WEB)
    await mirror.start()
    slow = await deaf_client(mirror)
    async with connect(mirror.url.replace("http", "ws") + ORDERS) as healthy:
        await flood(door, TableClient(), healthy, 12)
        async with asyncio.timeout(5):
            await mirror.stop()
    assert mirror.clients == 0
    assert door.listeners == 0
    slow.transport.abort()
