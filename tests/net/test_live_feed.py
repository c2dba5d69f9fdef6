"""What the page follows: a snapshot, then patches; curves appended, thinned, begun again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
from hypothesis import given, strategies as st
from memory_door import (
    MINUTE_NS,
    START_NS,
    MemoryDoor,
    account,
    busy_door,
    equity,
    position,
    replay,
    session,
    trade,
)
from websockets.asyncio.client import connect

from monitor.net.curve import EquityCurve, thinned
from monitor.net.hub import Hub
from monitor.net.live_feed import PATCH_POINTS, SNAPSHOT_POINTS, LiveFeed
from monitor.net.mirror import Mirror
from monitor.net.present import LATEST_TRADES, Present
from monitor.net.sender import Care


class Follower:
    """A page without a screen."""

    def __init__(self, door: MemoryDoor) -> None:
        self.present = Present()
        hub = Hub(self.present)
        hub.publish(door.snapshot())
        door.subscribe(hub.publish)
        self.feed = LiveFeed(self.present)
        hub._live.add(self.feed)
        self.positions: dict[str, Any] = {}
        self.trades: list[int] = []
        self.equity: list[float] = []
        self.last: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        frames = self.feed.take(1)
        self.last = json.loads(frames[0]) if frames else {}
        if self.last.get("type") == "snapshot":
            self.positions, self.trades, self.equity = {}, [], []
        for row in self.last.get("positions", []):
            self.positions.pop(row["position_id"], None)
            if row["volume"]:
                self.positions[row["position_id"]] = row["volume"]
        self.trades = [row["trade_id"] for row in self.last.get("trades", [])] + self.trades
        if "equity_replaced" in self.last:
            self.equity = self.last["equity_replaced"]["sim-1"]["equity"]
        self.equity += self.last.get("equity", {}).get("sim-1", {}).get("equity", [])
        return self.last


def test_the_snapshot_says_everything() -> None:
    door = busy_door()
    door.change(trades=[trade(1), trade(2)], equity=[equity(0, [1.0, 2.0])])
    snapshot = Follower(door).read()
    assert snapshot["type"] == "snapshot"
    assert snapshot["session"]["world"] == "REPLAY"
    assert snapshot["replay"]["bar"] == 4213
    assert [row["trade_id"] for row in snapshot["trades"]] == [2, 1]
    assert snapshot["equity"]["sim-1"] == {
        "index": [0, 1],
        "time_ms": [START_NS // 10**6, (START_NS + MINUTE_NS) // 10**6],
        "equity": [1.0, 2.0],
    }


def test_a_patch_says_only_what_changed_and_only_the_latest() -> None:
    door = busy_door()
    page = Follower(door)
    page.read()
    door.change(replay=replay(1))
    door.change(replay=replay(2))
    patch = page.read()
    assert patch.keys() == {"type", "seq", "time_ms", "journal_seq", "replay"}
    assert (patch["seq"], patch["replay"]["bar"]) == (2, 2)
    assert page.feed.take(1) == []


def test_a_clear_sends_a_new_snapshot() -> None:
    door = busy_door()
    page = Follower(door)
    page.read()
    door.change(cleared=True, session=session(title="again"), accounts=[account()])
    snapshot = page.read()
    assert (snapshot["type"], snapshot["cleared"]) == ("snapshot", True)
    assert snapshot["positions"] == []
    assert snapshot["session"]["title"] == "again"


def test_a_curve_rewritten_is_replaced() -> None:
    door = busy_door()
    door.change(equity=[equity(0, [1.0, 2.0, 3.0])])
    page = Follower(door)
    page.read()
    door.change(equity=[equity(1, [5.0])])
    page.read()
    assert page.equity == [1.0, 5.0]
    door.change(equity=[equity(2, [6.0])])
    assert page.read()["equity"]["sim-1"]["index"] == [2]
    assert page.equity == [1.0, 5.0, 6.0]


def test_who_does_not_read_costs_a_bounded_amount() -> None:
    door = busy_door()
    page = Follower(door)
    page.read()
    for number in range(3 * LATEST_TRADES):
        door.change(trades=[trade(number)], equity=[equity(number * 100, [float(number)] * 100)])
    patch = page.read()
    assert len(patch["trades"]) == LATEST_TRADES
    assert len(patch["equity_replaced"]["sim-1"]["equity"]) <= SNAPSHOT_POINTS
    door.change(equity=[equity(3 * LATEST_TRADES * 100, list(range(5_000)))])
    assert len(page.read()["equity"]["sim-1"]["equity"]) <= PATCH_POINTS


moves = st.lists(
    st.one_of(
        st.just("read"),
        st.just("clear"),
        st.tuples(st.integers(0, 3), st.integers(0, 2)),
        st.lists(st.floats(1, 1e6), min_size=1, max_size=5),
    ),
    max_size=40,
)


@given(moves)
def test_any_stream_converges(stream: list[Any]) -> None:
    door = busy_door()
    page = Follower(door)
    samples: list[float] = []
    trades = 0
    for move in stream:
        if move == "read":
            page.read()
        elif move == "clear":
            samples, trades = [], 0
            door.change(cleared=True, accounts=[account()])
        elif isinstance(move, tuple):
            trades += 1
            door.change(positions=[position(move[1], position_id=str(move[0]))], trades=[trade(trades)])
        else:
            door.change(equity=[equity(len(samples), move)])
            samples += move
    page.read()
    assert page.positions == {key: int(row.volume) for key, row in door.whole.positions.items() if row.volume}
    assert page.trades == list(range(trades, 0, -1))
    assert page.equity == samples


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400), st.integers(4, 50))
def test_thinning_keeps_ends_and_extremes(values: list[float], points: int) -> None:
    array = np.array(values)
    index = thinned(array, points)
    kept = array[index]
    assert len(kept) <= points
    assert (index[0], index[-1]) == (0, len(values) - 1)
    assert (kept.min(), kept.max()) == (array.min(), array.max())
    assert np.all(np.diff(index) > 0)


def test_a_curve_that_begins_late_or_with_a_gap_begins_there() -> None:
    curve = EquityCurve()
    curve.extend(equity(50, [1.0, 2.0]))
    assert (curve.start, curve.end) == (50, 52)
    curve.extend(equity(60, [9.0]))
    assert (curve.start, curve.end) == (60, 61)
    assert curve.between(None, None)[1].tolist() == [9.0]


async def test_a_silent_engine_is_still_heard(door: MemoryDoor) -> None:
    from mirror_clients import WEB

    mirror = Mirror(door, port=0, web_root=WEB, care=Care(heartbeat_s=0.02))
    await mirror.start()
    async with connect(mirror.url.replace("http", "ws") + "/ws/live") as page, asyncio.timeout(10):
        kinds = [json.loads(await page.recv())["type"] for _ in range(3)]
        door.change(replay=replay(7))
        while (message := json.loads(await page.recv()))["type"] == "heartbeat":
            pass
    assert kinds == ["snapshot", "heartbeat", "heartbeat"]
    assert message["replay"]["bar"] == 7
    await mirror.stop()


async def test_a_dead_peer_is_dropped_when_it_answers_no_ping(door: MemoryDoor) -> None:
    from mirror_clients import WEB, until

    mirror = Mirror(door, port=0, web_root=WEB, care=Care(ping_s=0.1))
    await mirror.start()
    host, port = mirror.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /ws/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    await until(lambda: mirror.clients == 1)
    await until(lambda: mirror.clients == 0)
    writer.close()
    await mirror.stop()
