"""After a restart the session is as it was; where that cannot be, it is shown and said."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from core_world import CoreWorld, core_world, options, wave, write_bars, write_strategies
from database_places import KINDS, place_of

from monitor.engine.changes import Changes
from monitor.engine.closing import see
from monitor.engine.commands import ClosePosition, PlayReplay, ResetReplay, SeekReplay, StepReplay
from monitor.engine.values import ReplayState, StrategyState


def told(changes: Changes) -> tuple[object, ...]:
    """Everything about orders and money."""
    equity = changes.equity[0].equity.tolist() if changes.equity else []
    return (
        changes.orders,
        changes.trades,
        changes.positions,
        changes.accounts,
        changes.strategies,
        changes.triggers,
        equity,
        changes.seq,
    )


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with place_of(request.param, tmp_path) as place:
        yield place.address


async def close_half(world: CoreWorld) -> None:
    position = world.position()
    assert position is not None
    seen = see(position, world.active_orders().values())
    assert (await world.does(ClosePosition(seen=seen, volume=position.volume / 2))).accepted


async def test_a_clean_restart_shows_the_same_session_paused(tmp_path: Path, database: str) -> None:
    strategies = write_strategies(tmp_path)
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{strategies}:Holder")
    async with core_world(database, start) as world:
        await world.does(SeekReplay(bar=60))
        await close_half(world)
        await world.does(StepReplay(bars=20))
        before = told(world.now)
    async with core_world(database, None, fallback=start) as world:
        assert told(world.now) == before
        replay, session = world.now.replay, world.now.session
        assert replay is not None
        assert session is not None
        assert (replay.bar, replay.state) == (80, ReplayState.PAUSED)
        assert "bar 80" in session.notice
        assert "unexpected" not in session.notice
        await world.does(StepReplay(bars=20))
        assert len(world.now.equity[0]) == 100


async def test_going_on_after_a_restart_is_as_if_never_stopped(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(300)))
    async with core_world(tmp_path / "one.sqlite", start) as world:
        await world.does(SeekReplay(bar=250))
        straight = told(world.now)[:-1]
    async with core_world(tmp_path / "two.sqlite", start) as world:
        await world.does(SeekReplay(bar=130))
    async with core_world(tmp_path / "two.sqlite", None, fallback=start) as world:
        await world.does(SeekReplay(bar=250))
        assert told(world.now)[:-1] == straight


async def test_a_session_rewound_before_the_restart_is_restored_as_rewound(
    tmp_path: Path, database: str
) -> None:
    strategies = write_strategies(tmp_path)
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{strategies}:Holder")
    async with core_world(database, start) as world:
        await world.does(SeekReplay(bar=100))
        await close_half(world)
        await world.does(SeekReplay(bar=40))
        await close_half(world)
        await world.does(SeekReplay(bar=70))
        before = told(world.now)
    async with core_world(database, None, fallback=start) as world:
        assert told(world.now) == before


async def test_a_data_file_that_changed_is_not_played_on(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(200))
    async with core_world(tmp_path / "db.sqlite", options(file)) as world:
        await world.does(SeekReplay(bar=180))
        before = world.now
    write_bars(file, wave(200, start=300))
    async with core_world(tmp_path / "db.sqlite", None, fallback=options(file)) as world:
        now = world.now
        assert now.session is not None
        assert now.session.read_only
        assert "bars.csv" in now.session.notice
        assert (now.orders, now.trades, now.accounts) == (before.orders, before.trades, before.accounts)
        reply = await world.does(PlayReplay())
        assert (reply.accepted, reply.guard) == (False, "read-only")


async def test_a_strategy_file_that_is_gone_is_said(tmp_path: Path) -> None:
    strategies = write_strategies(tmp_path)
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{strategies}:Holder")
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=50))
    strategies.unlink()
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert world.now.session is not None
        assert "does not exist" in world.now.session.notice


async def test_rows_that_cannot_be_read_do_not_matter_while_the_journal_is_whole(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(200)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=150))
        before = told(world.now)
    with sqlite3.connect(tmp_path / "db.sqlite") as vandal:
        vandal.execute("update orders set status = 'XX' where order_id = 1")
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert told(world.now) == before


async def test_journal_and_rows_unreadable_is_said_and_can_begin_anew(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(200)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=150))
    with sqlite3.connect(tmp_path / "db.sqlite") as vandal:
        vandal.execute("update orders set status = 'XX' where order_id = 1")
        vandal.execute("delete from journal where seq = 3")
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        session = world.now.session
        assert session is not None
        assert session.read_only
        assert "cannot be read" in session.notice
        assert (await world.does(ResetReplay())).accepted
        assert (await world.does(SeekReplay(bar=150))).accepted
        assert world.now.session is not None
        assert not world.now.session.read_only


async def test_a_changed_strategy_file_is_named(tmp_path: Path) -> None:
    strategies = write_strategies(tmp_path)
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{strategies}:Holder")
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=50))
        position = world.now.positions
    strategies.write_text(strategies.read_text("utf-8").replace("volume=2", "volume=3"), "utf-8")
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert world.now.session is not None
        assert "test_strategies.py:Holder has changed" in world.now.session.notice
        assert world.now.positions == position
        assert world.now.session.zone == "Asia/Shanghai"
        assert world.now.strategies[1].state is StrategyState.STOPPED
        assert (await world.does(ResetReplay())).accepted
        await world.does(SeekReplay(bar=50))
        assert next(iter(world.now.positions.values())).volume == 3


async def test_a_reset_takes_up_an_edited_strategy_and_can_be_restored(tmp_path: Path) -> None:
    strategies = write_strategies(tmp_path)
    start = options(write_bars(tmp_path / "bars.csv", wave(200)), f"{strategies}:Holder")
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=20))
        strategies.write_text(strategies.read_text("utf-8").replace("volume=2", "volume=5"), "utf-8")
        assert (await world.does(ResetReplay())).accepted
        await world.does(SeekReplay(bar=20))
        assert next(iter(world.now.positions.values())).volume == 5
        before = told(world.now)
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert told(world.now) == before
        strategies.write_text("this is no Python", "utf-8")
        refusal = await world.does(ResetReplay())
        assert not refusal.accepted
        assert "SyntaxError" in refusal.reason
        assert told(world.now)[:3] == before[:3]
