"""Looking back is looking at what was shown then; a checkpoint changes nothing but the time a start
takes; leaving a venue leaves nothing of it behind."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from core_world import core_world, options, wave, write_bars
from test_trading_core import holding, resting
from trading_desk import Desk, desk_at, order
from venue_world import VenueHere, venue_here

from monitor.boundary import Unavailable
from monitor.core.live import load_trading, read_checkpoint
from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.options import VenueOptions
from monitor.engine.orderplan import OrderPlan
from monitor.engine.trading.trading import Trading
from monitor.engine.values import EngineState, OrderStatus, World

_OF_THE_CLOCK = ("updated_ns", "quote_ns", "last_price", "unrealised_profit", "margin", "close_commission")
_OF_PRICES = ("balance", "available", "today_profit", "risk_ratio", "drawdown", "max_drawdown", "frozen")


@pytest.fixture
async def venue() -> AsyncIterator[VenueHere]:
    async with venue_here() as venue:
        yield venue


def told(changes: Changes) -> dict[str, Any]:
    """All that facts say. What a quote says was no fact and is gone."""
    tables = ("orders", "trades", "positions", "accounts", "alerts", "records", "executions")
    return {name: {k: _plain(row) for k, row in getattr(changes, name).items()} for name in tables}


def _plain(row: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    return {k: v for k, v in fields.items() if k not in _OF_THE_CLOCK and k not in _OF_PRICES}


async def some_trading(desk: Desk, venue: VenueHere) -> None:
    await holding(desk, venue)
    works = await resting(desk, "2", "95")
    await venue.fills(desk.name(works), "0.5")
    await desk.until_order(works, OrderStatus.PARTIAL)
    await venue.refuses_next()
    await desk.until_order(await desk.buys(), OrderStatus.REJECTED)
    await desk.cancels(works)
    await desk.until_order(works, OrderStatus.CANCELED)
    await venue.asks(
        "external", account_id="acc", symbol="SIM.BTC-PERP", side="SELL", quantity="1", price="200"
    )
    await desk.until(lambda: any(o.origin == "external" for o in desk.now.orders.values()))


async def test_every_moment_is_shown_as_it_was_shown_then(tmp_path: Path, venue: VenueHere) -> None:
    async with desk_at(venue, tmp_path / "db.sqlite", window=True) as desk:
        desk.moments = []
        await some_trading(desk, venue)
        moments, desk.moments = desk.moments, None
        assert len(moments) >= 10
        for then in moments:
            desk.core.outbox.take()
            moment = await desk.core.look_back(then.seq, None)
            past = desk.core.outbox.take()
            assert past is not None
            assert past.session is not None
            assert (past.session.past_seq, past.session.read_only, moment.seq) == (then.seq, True, then.seq)
            assert told(past) == told(then)
        with pytest.raises(Unavailable):
            await desk.core.look_back(10_000, None)


async def test_the_past_is_only_looked_at(tmp_path: Path, venue: VenueHere) -> None:
    async with desk_at(venue, tmp_path / "db.sqlite", window=True) as desk:
        works = await resting(desk)
        await desk.core.look_back(3, None)
        assert (await desk.does(order())).guard == "read-only"
        assert (await desk.does(order(origin="mirror 127.0.0.1"))).accepted
        assert (await desk.does(cmd.SetEngineState(state=EngineState.HALTED))).accepted
        await desk.until_order(works, OrderStatus.CANCELED)
        desk.core.outbox.take()
        await desk.core.look_ahead()
        present = desk.core.outbox.take()
        assert present is not None
        assert present.session is not None
        assert (present.session.past_seq, present.session.engine_state) == (None, EngineState.HALTED)
        assert told(present) == told(desk.now)
        assert (await desk.does(cmd.SetEngineState(state=EngineState.NORMAL))).accepted


async def test_a_replays_moments_are_those_that_were_shown(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(200)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        moments: list[Changes] = []
        for _ in range(12):
            await world.does(cmd.StepReplay(bars=15))
            moments.append(world.now)
        for then in (*moments, *reversed(moments)):
            world.core.outbox.take()
            await world.core.look_back(then.seq, None)
            past = world.core.outbox.take()
            assert past is not None
            assert (past.orders, past.trades, past.positions, past.accounts) == (
                then.orders,
                then.trades,
                then.positions,
                then.accounts,
            )


async def test_a_start_from_a_checkpoint_is_the_same_start(tmp_path: Path, venue: VenueHere) -> None:
    database = tmp_path / "db.sqlite"
    command = order("1", "90", key="before the checkpoint")
    async with desk_at(venue, database, checkpoint_every=20) as desk:
        given = await desk.does(command)
        await some_trading(desk, venue)
        session = desk.now.session
        assert session is not None
        while await read_checkpoint(desk.store, session.session_id) is None:  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.01)
        await resting(desk, at="80")
    async with desk_at(venue, database, connected=False) as desk:
        checkpoint = await read_checkpoint(desk.store, session.session_id)
        assert checkpoint is not None
        assert checkpoint.present.seq >= 20
        config = desk.live.config
        quick = told((await load_trading(desk.store, session.session_id, config)).snapshot())
    _damage(database)
    async with desk_at(venue, database, connected=False) as desk:
        assert await read_checkpoint(desk.store, session.session_id) is None
        slow = told((await load_trading(desk.store, session.session_id, config)).snapshot())
        for position in (*quick["positions"].values(), *slow["positions"].values()):
            del position["version"]  # counts changes: a ticket that is open over a restart is asked again
        for name in ("orders", "trades", "positions", "accounts", "executions"):
            assert quick[name] == slow[name], name
        again = await desk.does(command)
        assert (again.accepted, again.order_ids) == (True, given.order_ids)
    async with desk_at(venue, database) as desk:
        assert desk.position() is not None


def _damage(database: Path) -> None:
    """One byte of each, as a disk would."""
    with sqlite3.connect(database) as there:
        for session_id, seq, part, payload in there.execute("select * from checkpoint_parts").fetchall():
            broken = payload[:-5] + bytes([payload[-5] ^ 1]) + payload[-4:]
            there.execute(
                "update checkpoint_parts set payload = ? where session_id = ? and seq = ? and part = ?",
                (broken, session_id, seq, part),
            )
    there.close()


async def test_looking_back_holds_nobody_up(tmp_path: Path, venue: VenueHere) -> None:
    """Facts are folded a few hundred at a time."""
    async with desk_at(venue, tmp_path / "db.sqlite") as desk:
        for _ in range(110):
            await desk.cancels(await desk.buys(plan=OrderPlan(delay_s=200)))
        session = desk.now.session
        assert session is not None
        records = await desk.store.journal(session.session_id)
        assert len(records) > 400
        past = Trading(desk.live.config.terms)
        assert len(list(past.restore(records))) == len(records) // 200


async def test_nothing_of_a_checkpoint_is_left_at_the_end(tmp_path: Path, venue: VenueHere) -> None:
    """Also of one that the last word began."""
    async with desk_at(venue, tmp_path / "db.sqlite", checkpoint_every=5) as desk:
        for _ in range(5):
            await desk.cancels(await desk.buys(plan=OrderPlan(delay_s=200)))
    assert "checkpoint" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_leaving_a_venue_for_a_replay_and_coming_back(tmp_path: Path, venue: VenueHere) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(50))
    async with desk_at(venue, tmp_path / "db.sqlite") as desk:
        works = await resting(desk)
        before = lasting()
        assert {"venue sim", "requests"} <= set(before)
        opened = cmd.OpenReplay(
            file=str(file), strategy="double_ma", options={"symbol": "SHFE.test", "tick": "1"}
        )
        assert (await desk.does(opened)).accepted
        session = desk.now.session
        assert session is not None
        assert (session.world, desk.core.live) == (World.REPLAY, None)
        assert not {"venue sim", "requests"} & set(lasting())
        await desk.until(lambda: not venue.server._lines)
        async with desk.core.turn:
            await desk.core.open(VenueOptions(url=venue.url), options(file))
        await desk.until(desk.connected)
        assert desk.order(works).status is OrderStatus.PLACED
        await desk.cancels(works)
        await desk.until_order(works, OrderStatus.CANCELED)
        assert lasting() == before
        assert (await venue.truth()).received("place", desk.name(works)) == 1


def lasting() -> list[str]:
    """The tasks of a core and of its lines: those that are there as long as it trades."""
    kinds = ("venue sim", "requests", "sim ", "trader", "replay driver", "core heartbeat")
    return sorted(name for task in asyncio.all_tasks() if (name := task.get_name()).startswith(kinds))
