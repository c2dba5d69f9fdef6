"""Journal first: nothing leaves for the venue before its facts are on disk; while they cannot be written
nothing new leaves at all, and the way out of risk stays open."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing as closing_
from pathlib import Path

import pytest
from database_places import KINDS, OtherProgram, Place, place_of
from test_trading_core import holding, quoted, resting
from trading_desk import Desk, desk_at, order
from trading_truth import differences, kept
from venue_world import VenueHere, venue_here

from monitor.core import trader
from monitor.core.killswitch import KILL_FILE
from monitor.engine import commands as cmd, events as ev
from monitor.engine.closing import see
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import EngineState, OrderStatus


@pytest.fixture
async def venue() -> AsyncIterator[VenueHere]:
    async with venue_here() as venue:
        yield venue


async def until_told(desk: Desk) -> None:
    """The store knows that it cannot write."""
    await desk.until(lambda: bool(desk.core.store_error))


def lock_is_noticed(desk: Desk) -> asyncio.Task[object]:
    """Something has to be written for that: a person's word."""
    return asyncio.create_task(desk.does(cmd.Reconcile()))


@pytest.mark.parametrize("kind", KINDS)
async def test_while_nothing_can_be_written_only_the_way_out_leaves(tmp_path: Path, kind: str) -> None:
    async with venue_here() as venue, place_of(kind, tmp_path) as place:
        async with desk_at(venue, place.address) as desk:
            await holding(desk, venue)
            works = await resting(desk, at="90")
            other = OtherProgram(place)
            await other.lock()
            asked = lock_is_noticed(desk)
            await until_told(desk)
            assert (await desk.does(order())).guard == "not-durable"
            before = await venue.truth()
            canceling = asyncio.create_task(desk.cancels(works))
            await quoted(desk, venue, "99.5", "100.5")
            held = desk.position()
            assert held is not None
            seen = see(held, desk.now.orders.values())
            closing = asyncio.create_task(desk.does(cmd.ClosePosition(seen=seen, volume=held.volume)))
            await desk.until_order(works, OrderStatus.CANCELED)
            await desk.until(
                lambda: any(o.reduce_only and o.venue_order_id for o in desk.now.orders.values())
            )
            (exit_,) = [one for one in desk.now.orders.values() if one.reduce_only]
            await venue.fills(exit_.client_order_id)
            await desk.until(lambda: desk.position() is None)
            assert not any(task.done() for task in (canceling, closing, asked))  # nobody promised anything
            now = await venue.truth()
            assert len([r for r in now.requests if r["request"] == "place"]) == 1 + len(
                [r for r in before.requests if r["request"] == "place"]
            )
            await other.unlock()
            assert all(await asyncio.gather(canceling, closing))
            await asked
            assert differences(await venue.truth(), desk.now) == []
            await resting(desk, at="91")
            await other.close()
        assert (await kept(place.address)).wrong == []


async def locked(desk: Desk, place: Place) -> OtherProgram:
    other = OtherProgram(place)
    await other.lock()
    return other


async def test_what_could_not_be_kept_never_leaves_late(tmp_path: Path, venue: VenueHere) -> None:
    """An order whose time comes while the disk is away is withdrawn, and tried again once it is back."""
    async with place_of("sqlite", tmp_path) as place, desk_at(venue, place.address) as desk:
        order_id = await desk.buys(plan=OrderPlan(delay_s=1))
        other = await locked(desk, place)
        await desk.until(lambda: "it cannot be kept" in _told(desk, order_id))
        assert not (await venue.truth()).orders
        await other.unlock()
        await desk.until_order(order_id, OrderStatus.PLACED)
        assert (await venue.truth()).received("place", desk.name(order_id)) == 1
        await other.close()


async def test_a_cancel_overtakes_no_order_that_waits_for_the_disk(tmp_path: Path, venue: VenueHere) -> None:
    async with place_of("sqlite", tmp_path) as place:
        async with desk_at(venue, place.address) as desk:
            order_id = await desk.buys(plan=OrderPlan(delay_s=1))
            other = await locked(desk, place)
            await desk.until(lambda: desk.order(order_id).inner_state == "in_flight")
            canceling = asyncio.create_task(desk.cancels(order_id))
            await desk.until_order(order_id, OrderStatus.CANCELED)
            await other.unlock()
            await canceling
            await desk.does(cmd.Reconcile())
            assert not [r for r in (await venue.truth()).requests if r["request"] in ("place", "cancel")]
            await other.close()
        left = await kept(place.address)
        assert left.wrong == []
        assert left.of(ev.OrderRefused)


async def test_the_heart_beats_while_a_stop_waits_for_the_disk(tmp_path: Path, venue: VenueHere) -> None:
    kill = tmp_path / KILL_FILE
    async with place_of("sqlite", tmp_path) as place, desk_at(venue, place.address, kill_file=kill) as desk:
        works = await resting(desk)
        other = await locked(desk, place)
        kill.touch()
        await desk.until(lambda: desk.live.trading.state.engine_state is EngineState.HALTED)
        await desk.until_order(works, OrderStatus.CANCELED)  # without the disk
        later = time.monotonic()
        await desk.until(lambda: desk.core.stats().beat_s > later)
        await other.unlock()
        await other.close()


async def test_an_order_that_a_crash_made_us_forget_keeps_its_name(tmp_path: Path, venue: VenueHere) -> None:
    """A close left without the disk, and then the plug is pulled: after the restart its name is not
    given to another order."""
    crashed = tmp_path / "crashed.sqlite"
    async with place_of("sqlite", tmp_path) as place, desk_at(venue, place.address) as desk:
        await holding(desk, venue)
        await desk.store.settle()
        other = await locked(desk, place)
        await quoted(desk, venue, "99.5", "100.5")
        held = desk.position()
        assert held is not None
        seen = see(held, desk.now.orders.values())
        closing = asyncio.create_task(desk.does(cmd.ClosePosition(seen=seen, volume=held.volume)))
        await desk.until(lambda: any(o.reduce_only and o.venue_order_id for o in desk.now.orders.values()))
        (exit_,) = [one for one in desk.now.orders.values() if one.reduce_only]
        with closing_(sqlite3.connect(place.file)) as there, closing_(sqlite3.connect(crashed)) as copy:
            there.backup(copy)  # what a crash would leave
        await other.unlock()
        await closing
        await other.close()
    async with desk_at(venue, crashed) as desk:
        await desk.until(
            lambda: any(o.client_order_id == exit_.client_order_id for o in desk.now.orders.values())
        )
        fresh = await resting(desk)
        assert desk.name(fresh) != exit_.client_order_id


async def test_a_stop_does_not_wait_for_a_disk_that_is_silent(
    tmp_path: Path, venue: VenueHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error is known: new risk waits in its place, the way out does not."""
    monkeypatch.setattr(trader, "_PATIENCE_WITHOUT_DISK", 0.2)
    async with place_of("sqlite", tmp_path) as place:
        async with desk_at(venue, place.address, lock_wait_s=60) as desk:
            works = await resting(desk)
            other = await locked(desk, place)
            fresh = asyncio.create_task(desk.buys("2"))
            await desk.until(lambda: any(o.quantity == 2 for o in desk.now.orders.values()))
            halting = asyncio.create_task(desk.does(cmd.SetEngineState(state=EngineState.HALTED)))
            await desk.until_order(works, OrderStatus.CANCELED)
            assert (desk.store.error, fresh.done(), halting.done()) == ("", False, False)
            assert len([r for r in (await venue.truth()).requests if r["request"] == "place"]) == 1
            await other.unlock()
            assert (await halting).accepted
            await desk.until_order(await fresh, OrderStatus.CANCELED)
            assert differences(await venue.truth(), desk.now) == []
            await other.close()
        assert (await kept(place.address)).wrong == []


async def test_what_was_refused_for_the_disk_may_be_tried_again_with_its_key(
    tmp_path: Path, venue: VenueHere
) -> None:
    async with place_of("sqlite", tmp_path) as place, desk_at(venue, place.address) as desk:
        other = await locked(desk, place)
        asked = lock_is_noticed(desk)
        await until_told(desk)
        for _ in range(2):
            assert (await desk.does(order(key="mine"))).guard == "not-durable"
        await other.unlock()
        await asked
        made = await desk.gives(order(key="mine"))
        assert (await desk.does(order(key="mine"))).order_ids == (made,)
        await desk.until_order(made, OrderStatus.PLACED)
        await other.close()


def _told(desk: Desk, order_id: int) -> str:
    row = desk.now.waiting.get(order_id)
    return f"{row.detail} {row.error}" if row is not None else desk.order(order_id).reason
