"""Trading while the machine's clock is set back: by a battery, another system, a wrong server of time."""

from __future__ import annotations

import time
from pathlib import Path

from test_trading_core import resting
from trading_desk import desk_at
from venue_world import venue_here

from monitor.engine import commands as cmd
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import NS_PER_SECOND, EngineState, OrderStatus

HOUR_NS = 3600 * NS_PER_SECOND


def an_hour_ago() -> int:
    return time.time_ns() - HOUR_NS


async def test_lines_orders_and_a_stop_go_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        works = await resting(desk)
        desk.live.clock_ns.wall = an_hour_ago
        before = desk.live.trading.now_ns
        await venue.cuts()
        await desk.until(desk.line_lost)
        await desk.until(desk.connected)  # compared again
        delayed = await desk.buys(plan=OrderPlan(delay_s=1))
        await desk.until_order(delayed, OrderStatus.PLACED)
        assert (await desk.does(cmd.SetEngineState(state=EngineState.HALTED))).accepted
        for order_id in (works, delayed):
            await desk.until_order(order_id, OrderStatus.CANCELED)
        assert desk.live.trading.now_ns - before > NS_PER_SECOND
        assert len([line for line in desk.seen.log if line.source == "clock"]) == 1
        for link in desk.now.links.values():
            assert link.last_message_ns is None or link.last_message_ns >= before - HOUR_NS // 2


async def test_a_start_with_an_older_clock_goes_on_from_the_newest_fact(tmp_path: Path) -> None:
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            desk.live.clock_ns.wall = lambda: time.time_ns() + HOUR_NS  # wrong, and put right later
            works = await resting(desk)
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            assert desk.live.trading.now_ns > time.time_ns() + HOUR_NS // 2
            delayed = await desk.buys(plan=OrderPlan(delay_s=1))
            await desk.until_order(delayed, OrderStatus.PLACED)
            await desk.cancels(works)
            await desk.until_order(works, OrderStatus.CANCELED)
