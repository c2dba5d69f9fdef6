"""What fails for good while orders work at a venue: somebody is told, and nothing works on unattended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from database_places import OtherProgram, place_of
from test_trading_core import resting
from trading_desk import Desk, desk_at, order
from trading_truth import kept
from venue_world import PATIENCE_S, SYMBOL, VenueHere, venue_here

from monitor.core.trader import GATEWAY_FAILED
from monitor.engine import commands as cmd, events as ev
from monitor.engine.values import EngineState, LinkSide, LinkState, LogLevel, OrderStatus
from monitor.engine.venue import AnyRequest, PlaceRequest
from monitor.net.venues.gateway import Gateway
from monitor.net.venues.sim_codec import SimCodec
from monitor.store.faults import StoreError

HALT = cmd.SetEngineState(state=EngineState.HALTED)


@pytest.fixture
async def venue() -> AsyncIterator[VenueHere]:
    async with venue_here() as venue:
        yield venue


@asynccontextmanager
async def dying_desk(venue: VenueHere, database: Path | str, of: type[Exception]) -> AsyncIterator[Desk]:
    """Its core must end by such an error, whatever was tried with it after that."""
    done = False
    try:
        async with desk_at(venue, database) as desk:
            yield desk
            done = True
    except of:
        if not done:
            raise
        return
    pytest.fail(f"it did not end by a {of.__name__}")


async def until_nothing_works(venue: VenueHere) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await venue.truth()).live:
            pass


async def test_a_gateway_that_ends_by_a_bug_is_told_and_begun_again(
    tmp_path: Path, venue: VenueHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "db.sqlite"
    async with desk_at(venue, database) as desk:
        works = await resting(desk)
        sound = SimCodec.decode

        def broken_once(codec: SimCodec, *frame: Any) -> Any:
            monkeypatch.setattr(SimCodec, "decode", sound)
            raise ZeroDivisionError("a bug of ours")

        monkeypatch.setattr(SimCodec, "decode", broken_once)
        await venue.quotes(SYMBOL, "99", "101")
        await desk.until(lambda: GATEWAY_FAILED in desk.causes(standing=True))
        said = [line for line in desk.seen.log if "a bug of ours" in line.message]
        assert {line.level for line in said} == {LogLevel.ERROR}
        await desk.until(desk.connected)
        await desk.cancels(works)
        await desk.until_order(works, OrderStatus.CANCELED)
    lost = [one for one in (await kept(database)).of(ev.LinkChanged) if "a bug of ours" in one.reason]
    assert {(one.side, one.state) for one in lost} == {(side, LinkState.LOST) for side in LinkSide}


async def test_requests_that_leave_no_more_end_the_core(
    tmp_path: Path, venue: VenueHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Gateway.send

    def broken(gateway: Gateway, request: AnyRequest) -> None:
        if isinstance(request, PlaceRequest):
            raise ZeroDivisionError("a bug of ours")
        sound(gateway, request)

    async with dying_desk(venue, tmp_path / "db.sqlite", ZeroDivisionError) as desk:
        await resting(desk)
        monkeypatch.setattr(Gateway, "send", broken)
        await desk.buys()
        await until_nothing_works(venue)
        assert (await desk.does(order())).guard == "stopped"


async def refuses_orders(other: OtherProgram) -> None:
    await other.do(
        "CREATE TRIGGER refuse BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'a wrong row'); END"
    )


async def resting_in_a_broken_database(desk: Desk, other: OtherProgram) -> int:
    works = await resting(desk)
    await refuses_orders(other)
    with pytest.raises(StoreError, match="a wrong row"):
        await desk.does(order("2"))
    return works


async def test_before_a_core_dies_of_its_database_it_cancels_what_works(
    tmp_path: Path, venue: VenueHere
) -> None:
    async with place_of("sqlite", tmp_path) as place:
        other = OtherProgram(place)
        async with dying_desk(venue, place.address, StoreError) as desk:
            works = await resting_in_a_broken_database(desk, other)
            await until_nothing_works(venue)
            assert (await venue.truth()).received("cancel", desk.name(works)) == 1
        await other.do("DROP TRIGGER refuse")
        await other.close()
        async with desk_at(venue, place.address) as desk:
            await desk.until_order(works, OrderStatus.CANCELED)


async def test_a_stop_after_that_still_cancels(tmp_path: Path, venue: VenueHere) -> None:
    async with place_of("sqlite", tmp_path) as place:
        other = OtherProgram(place)
        async with dying_desk(venue, place.address, StoreError) as desk:
            works = await resting_in_a_broken_database(desk, other)
            await until_nothing_works(venue)
            before = (await venue.truth()).received("cancel", desk.name(works))
            reply = await desk.does(HALT)
            assert reply.accepted
            assert "after an error" in reply.reason
            async with asyncio.timeout(PATIENCE_S):
                while (await venue.truth()).received("cancel", desk.name(works)) == before:
                    pass
        await other.close()
