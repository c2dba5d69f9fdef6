"""Engine, rows, Qt model and a WebSocket client tell the same after every step.

Random bars and random orders drive a real core with a real database, its mirror on a real
socket, and the window's models under Qt's own model tester.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings, strategies as st
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from monitor.engine import commands as cmd
from monitor.engine.closing import see
from monitor.engine.values import Offset, OrderType, Side, TimeInForce
from monitor.models.desk import Desk
from monitor.net.mirror import Mirror
from monitor.net.sender import Care
from monitor.net.wire import encode, to_wire

sys.path.insert(0, str(Path(__file__).parent / "core"))
from core_world import CoreWorld, core_world, options, write_bars, write_strategies

PRICES = st.integers(90, 110)


@st.composite
def one_bar(draw: st.DrawFn) -> tuple[float, float, float, float, float]:
    open_, close, *rest = draw(st.tuples(PRICES, PRICES, PRICES, PRICES))
    volume = draw(st.sampled_from([0, 5, 40, 1000]))
    low, high = min(open_, close, *rest), max(open_, close, *rest)
    return float(open_), float(high), float(low), float(close), float(volume)


@st.composite
def an_order(draw: st.DrawFn) -> cmd.SubmitOrder:
    type_ = draw(st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT]))
    price, trigger = Decimal(draw(PRICES)), Decimal(draw(PRICES))
    return cmd.SubmitOrder(
        strategy_id=1,
        symbol="SHFE.test",
        side=draw(st.sampled_from(list(Side))),
        offset=draw(st.sampled_from([Offset.OPEN, Offset.CLOSE])),
        type=type_,
        quantity=Decimal(draw(st.integers(1, 6))),
        price=price if type_ in {OrderType.LIMIT, OrderType.STOP_LIMIT} else None,
        trigger_price=trigger if type_ in {OrderType.STOP, OrderType.STOP_LIMIT} else None,
        time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.DAY])),
    )


STEP = st.one_of(
    an_order(),
    an_order(),
    st.builds(cmd.StepReplay, bars=st.integers(1, 3)),
    st.builds(cmd.StepReplay, bars=st.integers(1, 3)),
    st.just("cancel one"),
    st.just("cancel all"),
    st.just("close"),
    st.just("close all"),
    st.builds(cmd.StepReplay, bars=st.just(-2)),
    st.just(cmd.ResetReplay()),
)


class Reader:
    """A client of the order-table protocol that knows nothing but the protocol."""

    def __init__(self) -> None:
        self.table: dict[int, dict[str, Any]] = {}
        self.changed = asyncio.Event()

    async def follow(self, url: str) -> None:
        async with websockets.connect(url) as socket:
            async for text in socket:
                self.take(json.loads(text, parse_float=Decimal))

    def take(self, message: dict[str, Any]) -> None:
        match message["action"]:
            case "clear":
                self.table.clear()
            case "add":
                assert message["order"]["order_id"] not in self.table
                self.table[message["order"]["order_id"]] = message["order"]
            case "update":
                assert message["order"]["order_id"] in self.table
                self.table[message["order"]["order_id"]] = message["order"]
            case "remove":
                del self.table[message["order_id"]]
        self.changed.set()

    async def until(self, expected: dict[int, dict[str, Any]]) -> None:
        while self.table != expected:
            self.changed.clear()
            await self.changed.wait()


class FourWays:
    def __init__(self, world: CoreWorld, url: str) -> None:
        self.world = world
        self.url = url
        self.desk = Desk()
        self.testers = [
            QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
            for table in self.desk.tables()
        ]
        self.reader = Reader()

    async def act(self, step: Any) -> None:
        for command in self.commands(step):
            await self.world.does(command)

    def commands(self, step: Any) -> list[cmd.AnyCommand]:
        """What a step means now; nothing when there is nothing to act on."""
        if not isinstance(step, str):
            return [step]
        orders = self.world.active_orders()
        positions = [row for row in self.world.now.positions.values() if row.volume]
        seen = tuple(see(row, orders.values()) for row in positions)
        if step == "cancel one" and orders:
            return [cmd.CancelOrder(order_id=min(orders))]
        if step == "cancel all" and orders:
            return [cmd.CancelOrders(order_ids=tuple(orders), all=True)]
        if step == "close" and seen:
            return [cmd.ClosePosition(seen=seen[0], volume=seen[0].volume)]
        return [cmd.CloseAllPositions(seen=seen)] if step == "close all" and seen else []

    async def agree(self) -> None:
        """All four, and the REST answer besides."""
        session = self.world.core.session
        assert session is not None
        engine = {i: order.row() for i, order in session.run.book.active.items()}
        rows = self.world.active_orders()
        changes = self.world.core.outbox.take()
        if changes is not None:
            self.desk.apply(changes)
        window = {row.order_id: row for row in self.desk.active_orders.rows()}
        assert engine == rows == window
        assert {row.position_id: row for row in self.desk.positions.rows()} == {
            i: row for i, row in self.world.now.positions.items() if row.volume
        }
        assert self.desk.account == self.world.now.accounts["sim-1"]
        assert {row.trade_id: row for row in self.desk.trades.rows()} == self.world.now.trades
        finished = {row.order_id for row in self.desk.order_history.rows()}
        assert finished == set(self.world.now.orders) - set(rows)
        await asyncio.wait_for(self.reader.until(self.on_the_wire(rows)), 5)

    @staticmethod
    def on_the_wire(rows: dict[int, Any]) -> dict[int, dict[str, Any]]:
        return {i: json.loads(encode(to_wire(row)), parse_float=Decimal) for i, row in rows.items()}


@asynccontextmanager
async def four_ways(folder: Path, bars: list[Any]) -> AsyncIterator[FourWays]:
    strategies = write_strategies(folder)
    start = options(write_bars(folder / "bars.csv", bars), f"{strategies}:Idle", participation=Decimal("0.1"))
    async with core_world(folder / "db.sqlite", start) as world:
        care = Care(order_window_s=0, live_window_s=0)
        web = Path(__file__).parents[1] / "resources" / "web"
        mirror = Mirror(world.core, port=0, web_root=web, care=care)
        await mirror.start()
        ways = FourWays(world, mirror.url.replace("http", "ws") + "/ws/backtest/orders/1")
        following = asyncio.create_task(ways.reader.follow(ways.url))
        try:
            yield ways
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await mirror.stop()


async def drive(bars: list[Any], steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with four_ways(Path(folder), bars) as ways:
            await ways.agree()
            for step in steps:
                await ways.act(step)
                await ways.agree()


@pytest.mark.usefixtures("qapp")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(one_bar(), min_size=12, max_size=25), st.lists(STEP, min_size=5, max_size=25))
def test_engine_rows_window_and_client_agree(bars: list[Any], steps: list[Any]) -> None:
    assert QApplication.instance() is not None
    asyncio.run(drive(bars, steps))
