"""Playing, stepping, seeking and resetting, and what a reply promises."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from core_world import CoreWorld, core_world, options, wave, write_bars, write_strategies

from monitor.boundary import OrderQuery, Unavailable
from monitor.engine.closing import see
from monitor.engine.commands import (
    CancelOrders,
    ClosePosition,
    OpenReplay,
    PauseReplay,
    PlayReplay,
    ResetReplay,
    SeekReplay,
    SetReplaySpeed,
    StepReplay,
    StopStrategy,
)
from monitor.engine.values import OrderStatus, ReplayState, StrategyState
from monitor.store import Store, StoreError

BARS = 400


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    return write_bars(tmp_path / "bars.csv", wave(BARS))


@pytest.fixture
async def world(tmp_path: Path, bars: Path) -> AsyncIterator[CoreWorld]:
    async with core_world(tmp_path / "db.sqlite", options(bars)) as world:
        yield world


async def test_it_plays_to_the_end_and_says_so(world: CoreWorld) -> None:
    await world.does(SetReplaySpeed(speed=None))
    assert (await world.does(PlayReplay())).accepted
    await world.until_bar(BARS)
    replay = world.now.replay
    assert replay is not None
    assert (replay.bar, replay.bars, replay.state) == (BARS, BARS, ReplayState.FINISHED)
    assert len(world.seen.trades) > 5
    assert sum(len(chunk) for chunk in world.seen.equity) == BARS
    again = await world.does(PlayReplay())
    assert (again.accepted, again.guard) == (False, "finished")


async def test_pause_holds_the_bar_where_it_is(world: CoreWorld) -> None:
    await world.does(PlayReplay())
    await world.until_bar(3)
    await world.does(PauseReplay())
    at = world.now.replay
    await world.does(StepReplay(bars=1))
    after = world.now.replay
    assert at is not None
    assert after is not None
    assert after.bar == at.bar + 1
    assert after.state is ReplayState.PAUSED


async def test_seeking_back_and_forth_tells_the_same(world: CoreWorld) -> None:
    await world.does(SeekReplay(bar=300))
    there = world.now
    await world.does(SeekReplay(bar=150))
    middle = world.now
    assert middle.replay is not None
    assert middle.replay.bar == 150
    assert len(middle.orders) < len(there.orders)
    await world.does(SeekReplay(bar=300))
    again = world.now
    assert (again.orders, again.trades, again.accounts) == (there.orders, there.trades, there.accounts)
    assert (again.equity[0].equity == there.equity[0].equity).all()


async def test_stepping_back_from_the_first_bar_is_refused(world: CoreWorld) -> None:
    reply = await world.does(StepReplay(bars=-1))
    assert (reply.accepted, reply.guard) == (False, "finished")
    assert "beginning" in reply.reason


@pytest.mark.parametrize("bar", [-1, BARS + 1])
async def test_seeking_outside_the_data_is_refused(world: CoreWorld, bar: int) -> None:
    reply = await world.does(SeekReplay(bar=bar))
    assert not reply.accepted
    assert str(BARS) in reply.reason


async def test_reset_clears_readers_and_database(world: CoreWorld, tmp_path: Path) -> None:
    await world.does(SeekReplay(bar=BARS))
    assert world.seen.orders
    reply = await world.does(ResetReplay(strategy_id=1))
    assert reply.accepted
    assert (world.seen.cleared, world.seen.orders, world.seen.trades) == (True, {}, {})
    with sqlite3.connect(tmp_path / "db.sqlite") as reader:
        newest = "where session_id = (select max(session_id) from sessions)"
        assert reader.execute(f"select count(*) from orders {newest}").fetchone() == (0,)
        assert reader.execute(f"select count(*) from trades {newest}").fetchone() == (0,)
        assert reader.execute("select count(*) from sessions").fetchone() == (2,)


async def test_reset_of_a_strategy_that_is_not_there_is_refused(world: CoreWorld) -> None:
    await world.does(SeekReplay(bar=BARS))
    reply = await world.does(ResetReplay(strategy_id=7))
    assert (reply.accepted, reply.guard) == (False, "unknown")
    assert world.now.trades


async def test_an_accepted_command_is_on_disk_when_the_reply_comes(tmp_path: Path, bars: Path) -> None:
    strategies = write_strategies(tmp_path)
    async with core_world(tmp_path / "db.sqlite", options(bars, f"{strategies}:Holder")) as world:
        await world.does(SeekReplay(bar=3))
        position = world.position()
        assert position is not None
        command = ClosePosition(
            seen=see(position, world.active_orders().values()), volume=position.volume, key="k1"
        )
        reply = await world.does(command)
        assert reply.accepted, reply.reason
        with sqlite3.connect(tmp_path / "db.sqlite") as reader:
            kinds = [kind for (kind,) in reader.execute("select kind from journal order by seq desc limit 5")]
            operations = reader.execute("select command, accepted from operation_log").fetchall()
        assert "CommandTaken" in kinds
        assert ("ClosePosition", 1) in operations


async def test_the_same_key_closes_once(tmp_path: Path, bars: Path) -> None:
    strategies = write_strategies(tmp_path)
    async with core_world(tmp_path / "db.sqlite", options(bars, f"{strategies}:Holder")) as world:
        await world.does(SeekReplay(bar=3))
        position = world.position()
        assert position is not None
        command = ClosePosition(
            seen=see(position, world.active_orders().values()), volume=position.volume, key="once"
        )
        first, second = await world.does(command), await world.does(command)
        assert first == second
        assert first.accepted
        assert len(first.order_ids) == 1
        closing = [row for row in world.now.orders.values() if row.origin == "user"]
        assert len(closing) == 1
        await world.does(StepReplay(bars=1))
        assert world.position() is None
        assert world.now.orders[first.order_ids[0]].status is OrderStatus.FILLED


async def test_a_refused_command_is_in_the_operation_log(world: CoreWorld, tmp_path: Path) -> None:
    reply = await world.does(CancelOrders(order_ids=(99,), origin="mirror 127.0.0.1"))
    assert not reply.accepted
    with sqlite3.connect(tmp_path / "db.sqlite") as reader:
        rows = reader.execute("select origin, command, accepted, reason from operation_log").fetchall()
    assert rows == [("mirror 127.0.0.1", "CancelOrders", 0, reply.reason)]


async def test_a_stopped_strategy_stops_and_its_orders_go(tmp_path: Path, bars: Path) -> None:
    strategies = write_strategies(tmp_path)
    async with core_world(tmp_path / "db.sqlite", options(bars, f"{strategies}:Holder")) as world:
        await world.does(SeekReplay(bar=3))
        assert world.active_orders()
        assert (await world.does(StopStrategy(strategy_id=1))).accepted
        assert not world.active_orders()
        assert world.now.strategies[1].state is StrategyState.STOPPED
        assert world.position() is not None


async def test_another_file_can_be_opened_while_running(world: CoreWorld, tmp_path: Path) -> None:
    await world.does(SeekReplay(bar=200))
    other = write_bars(tmp_path / "other.csv", wave(50, start=500))
    command = OpenReplay(
        file=str(other), strategy="double_ma", options={"symbol": "SHFE.test", "tick": "1"}, play=False
    )
    reply = await world.does(command)
    assert reply.accepted, reply.reason
    replay = world.now.replay
    assert replay is not None
    assert (replay.file, replay.bar, replay.bars) == ("other.csv", 0, 50)
    assert world.now.orders == {}


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (OpenReplay(file="/nowhere/x.csv", strategy="double_ma"), "x.csv"),
        (OpenReplay(file="bars.csv", strategy="nothing"), "nothing"),
        (OpenReplay(file="bars.csv", strategy="double_ma", options={"capital": "many"}), "capital"),
    ],
)
async def test_a_file_that_cannot_be_opened_leaves_all_as_it_was(
    world: CoreWorld, command: OpenReplay, word: str
) -> None:
    await world.does(SeekReplay(bar=200))
    before = world.now.orders
    reply = await world.does(command)
    assert not reply.accepted
    assert word in reply.reason
    assert world.now.orders == before


async def test_a_long_seek_is_shown_on_its_way_and_can_be_broken_off(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "long.csv", wave(30_000)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        seeking = asyncio.ensure_future(world.does(SeekReplay(bar=30_000)))
        await world.until_bar(1000)
        assert not seeking.done()
        assert (await world.does(PauseReplay())).accepted
        assert (await seeking).accepted
        replay = world.now.replay
        assert replay is not None
        assert 1000 <= replay.bar < 30_000
        assert replay.state is ReplayState.PAUSED


async def test_seeking_by_time_finds_the_last_closed_bar(world: CoreWorld) -> None:
    series = world.core.session.plan.series  # type: ignore[union-attr]
    closes = int(series.time_ns[41]) + series.interval_ns
    await world.does(SeekReplay(time_ns=closes))
    assert world.now.replay is not None
    assert world.now.replay.bar == 42
    await world.does(SeekReplay(time_ns=closes - 1))
    assert world.now.replay.bar == 41


async def test_going_back_says_what_it_takes_back(tmp_path: Path, bars: Path) -> None:
    strategies = write_strategies(tmp_path)
    async with core_world(tmp_path / "db.sqlite", options(bars, f"{strategies}:Holder")) as world:
        await world.does(SeekReplay(bar=20))
        await world.does(StopStrategy(strategy_id=1))
        kept = await world.does(StepReplay(bars=1))
        back = await world.does(SeekReplay(bar=10))
        assert kept.reason == ""
        assert "a command that you had given" in back.reason
        assert world.now.strategies[1].state is StrategyState.RUNNING


async def test_questions_are_refused_at_once_while_nothing_can_be_written(
    world: CoreWorld, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "db.sqlite", isolation_level=None) as other:
        other.execute("begin immediate")
        await world.does(StepReplay(bars=1))
        with pytest.raises(Unavailable, match="locked"):
            await asyncio.wait_for(world.core.finished_orders(OrderQuery(strategy_id=1)), 10)
        other.execute("rollback")
    assert (await world.does(SeekReplay(bar=200))).accepted  # arrives once it is written
    await world.core._store.flush()
    assert (await world.core.finished_orders(OrderQuery(strategy_id=1))).total > 0


async def test_a_reset_while_the_database_is_locked_is_refused_and_harms_nothing(
    world: CoreWorld, tmp_path: Path
) -> None:
    await world.does(SeekReplay(bar=100))
    before = world.now
    with sqlite3.connect(tmp_path / "db.sqlite", isolation_level=None) as other:
        other.execute("begin immediate")
        reply = await asyncio.wait_for(world.does(ResetReplay()), 20)
        assert (reply.accepted, reply.guard) == (False, "not-durable")
        assert "locked" in reply.reason
        other.execute("rollback")
    assert world.now.orders == before.orders
    await world.core._store.flush()
    assert (await world.does(ResetReplay())).accepted
    assert world.now.orders == {}


async def test_seeking_to_where_it_stands_says_where_that_is(world: CoreWorld) -> None:
    await world.does(SeekReplay(bar=100))
    assert "at bar 100 already" in (await world.does(SeekReplay(bar=100))).reason


async def test_on_the_way_of_a_seek_the_replay_plays(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "long.csv", wave(30_000)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        seeking = asyncio.ensure_future(world.does(SeekReplay(bar=30_000)))
        await world.until_bar(500)
        replay = world.now.replay
        assert replay is not None
        assert replay.state is ReplayState.PLAYING
        await world.does(PauseReplay())
        await seeking
        assert world.now.replay is not None
        assert world.now.replay.state is ReplayState.PAUSED


async def test_housekeeping_that_fails_does_not_fail_the_session_begun(
    world: CoreWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.does(SeekReplay(bar=100))

    async def fails(store: Store, keep: int) -> None:
        raise StoreError("the disk is slow today")

    monkeypatch.setattr(Store, "prune_sessions", fails)
    assert (await world.does(ResetReplay())).accepted
    await world.does(SeekReplay(bar=60))
    await world.core._store.flush()
    with sqlite3.connect(tmp_path / "db.sqlite") as reader:
        (newest,) = reader.execute("select max(session_id) from sessions").fetchone()
        assert reader.execute("select max(bar) from journal where session_id = ?", (newest,)).fetchone() == (
            60,
        )
    assert world.now.session is not None
    assert world.now.session.session_id == newest


async def test_operations_are_numbered_on_over_sessions(world: CoreWorld, tmp_path: Path) -> None:
    """Readers keep the operations of the sessions before: a number used again would hide one."""
    await world.does(StepReplay(bars=2))
    await world.does(ResetReplay())
    other = write_bars(tmp_path / "other.csv", wave(50))
    terms = {"symbol": "SHFE.test", "tick": "1"}
    await world.does(OpenReplay(file=str(other), strategy="double_ma", options=terms, play=False))
    await world.does(StepReplay(bars=2))
    numbers = [operation.operation_id for operation in world.seen.operations]
    assert len(numbers) == 4
    assert sorted(set(numbers)) == numbers
