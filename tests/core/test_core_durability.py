"""While the database cannot be written nothing new is risked, the way out stays open, and the log
says when it begins and when all is caught up."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from core_world import CoreWorld, core_world, options, wave, write_bars, write_strategies
from database_places import KINDS, OtherProgram, place_of

from monitor.engine.commands import (
    CancelOrder,
    PauseReplay,
    PlayReplay,
    Reply,
    SeekReplay,
    SetReplaySpeed,
    SubmitOrder,
)
from monitor.engine.values import Offset, OrderType, Side
from monitor.store.writer import WAITING_ROWS

BUY = SubmitOrder(
    strategy_id=1,
    symbol="SHFE.test",
    side=Side.BUY,
    offset=Offset.OPEN,
    type=OrderType.LIMIT,
    quantity=Decimal(1),
    price=Decimal(50),
)


def said(world: CoreWorld) -> list[str]:
    return [row.message for row in world.seen.log if row.source == "database"]


async def until_said(world: CoreWorld, count: int) -> list[str]:
    while len(said(world)) < count:
        await world.hears()
    return said(world)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_locked_database_blocks_new_orders_and_nothing_else(tmp_path: Path, kind: str) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{write_strategies(tmp_path)}:Holder")
    async with place_of(kind, tmp_path) as place:
        async with core_world(place.address, start) as world:
            await world.does(SeekReplay(bar=60))
            assert (await world.does(BUY)).accepted
            resting = dict(world.active_orders())
            other = OtherProgram(place)
            await other.lock()
            cancels = [asyncio.create_task(world.does(CancelOrder(order_id=number))) for number in resting]
            (begun,) = await until_said(world, 1)
            assert "another program has locked it" in begun
            refusal: Reply = await world.does(BUY)
            assert (refusal.accepted, refusal.guard) == (False, "not-durable")
            assert "another program has locked it" in refusal.reason
            # The way out works at once; its answer waits until it is on disk.
            assert world.active_orders() == {}
            assert not any(cancel.done() for cancel in cancels)
            await other.unlock()
            assert all(reply.accepted for reply in await asyncio.gather(*cancels))
            _, over = await until_said(world, 2)
            assert "everything so far is durable" in over
            assert (await world.does(BUY)).accepted
            assert len(said(world)) == 2
            await other.close()
            before = world.now
        async with core_world(place.address, None, fallback=start) as world:
            assert world.now.orders == before.orders
            assert world.now.operations is not None


async def test_a_replay_waits_when_too_much_is_not_durable_and_goes_on(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(6000)))
    async with place_of("sqlite", tmp_path) as place, core_world(place.address, start) as world:
        await world.does(SetReplaySpeed(speed=None))
        other = OtherProgram(place)
        await other.lock()
        await world.does(PlayReplay())
        await until_said(world, 1)
        waiting = asyncio.create_task(world.core._store.room())
        await world.until_bar(100)
        while world.core._store._writer._rows <= WAITING_ROWS:
            await world.hears()
        stopped_at = world.now.replay
        assert stopped_at is not None
        assert stopped_at.bar < 6000
        assert not waiting.done() or world.core._store.error
        await other.unlock()
        await until_said(world, 2)
        await world.until_bar(6000)
        await world.does(PauseReplay())
        await other.close()
        await waiting
