"""Thousands of orders through chaos: all of them settle, and nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from test_trading_killed import SLOW_CLOCK
from trading_desk import Desk, desk_at, order
from trading_truth import differences, kept, sent_twice
from venue_world import TERMS, VenueHere, venue_here

from monitor.engine import commands as cmd
from monitor.engine.values import Side

ORDERS = 2_000
AT_ONCE = 25
MEBIBYTE = 1 << 20


async def burst(desk: Desk, dice: Random, number: int) -> None:
    """So many orders near the price, some of them cancelled."""
    last = desk.live.trading.state.last_price("SIM.BTC-PERP") or Decimal(60_000)
    for _ in range(number):
        price = str(last + dice.randint(-20, 20) * Decimal("0.5"))
        side = dice.choice(list(Side))
        reply = await desk.does(order("0.001", dice.choice([None, price]), side))
        assert reply.accepted, reply
        if dice.random() < 0.3:
            await desk.does(cmd.CancelOrder(order_id=reply.order_ids[0]))


async def settled(desk: Desk, venue: VenueHere) -> list[str]:
    """What differs after a while of waiting; nothing when all is well."""
    wrong = ["not looked at yet"]
    for _ in range(600):
        working = tuple(desk.live.trading.state.book.active)
        wrong = [f"{len(working)} work"] if working else []
        if desk.connected():
            asked = [i for i in working if not desk.live.trading.state.book.orders[i].cancel_pending]
            if asked:
                await desk.does(cmd.CancelOrders(order_ids=tuple(asked)))
            state = desk.live.trading.state
            whole = desk.now
            whole.orders = {number: one.row() for number, one in state.book.orders.items()}
            whole.trades = dict(state.trades)
            wrong += differences(await venue.truth(), whole)
        if not wrong:
            break
        await asyncio.sleep(0.1)
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_thousands_of_orders_through_chaos_settle_and_nothing_piles_up(tmp_path: Path) -> None:
    dice = Random(7)
    async with venue_here(TERMS, script=SLOW_CLOCK) as venue:
        async with desk_at(venue, tmp_path / "db.sqlite", checkpoint_every=2_000) as desk:
            await burst(desk, dice, AT_ONCE)
            await venue.plays("chaos")
            tasks, sizes = [], []
            tracemalloc.start()
            for round_ in range(ORDERS // AT_ONCE):
                await burst(desk, dice, AT_ONCE)
                if round_ % 20 == 19:
                    gc.collect()
                    tasks.append(len(asyncio.all_tasks()))
                    sizes.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
            await venue.plays("calm")
            await venue.halts()
            assert await settled(desk, venue) == []
            assert max(tasks) <= min(tasks) + 5
            # An order with its fills and signals stays in memory; what a burst needs besides does not.
            growth = (sizes[-1] - sizes[0]) / (ORDERS - ORDERS // len(sizes))
            assert growth < 20_000
            assert not desk.core._tasks or len(desk.core._tasks) < 5
        assert sent_twice(await venue.truth()) == []
    assert (await kept(tmp_path / "db.sqlite")).wrong == []
