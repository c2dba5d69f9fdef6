"""A bug in the engine stops it: nothing half-done is written, and everybody is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from core_world import core_world, options, wave, write_bars

from monitor.core.core import Core
from monitor.engine.commands import PlayReplay, SeekReplay, StartStrategy, StopStrategy
from monitor.engine.host import Host
from monitor.engine.session import ReplaySession
from monitor.store.store import Store


async def test_a_bug_in_a_command_stops_the_core_and_keeps_the_last_sound_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(100)))
    store = await Store.open(tmp_path / "db.sqlite")
    core = Core(store)
    await core.open(start, start)
    running = asyncio.create_task(core.run())
    await core.submit(SeekReplay(bar=50))
    sound = core.snapshot()

    def half_done(host: Host) -> None:
        host.cancel_all()
        host.trade_count += 1000
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(Host, "stop", half_done)
    with pytest.raises(ZeroDivisionError):
        await core.submit(StopStrategy(strategy_id=1))
    with pytest.raises(ZeroDivisionError):
        await running
    reply = await core.submit(PlayReplay())
    assert (reply.accepted, reply.guard) == (False, "stopped")
    await core.close()
    await store.close()
    monkeypatch.undo()

    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        now = world.now
        assert (now.orders, now.trades, now.strategies) == (sound.orders, sound.trades, sound.strategies)
        assert now.session is not None
        assert "unexpected end" in now.session.notice
        refused_start = await world.does(StartStrategy(strategy_id=1))
        assert "running already" in refused_start.reason


async def test_a_bug_while_playing_ends_the_core_with_its_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(100)))
    store = await Store.open(tmp_path / "db.sqlite")
    core = Core(store)
    await core.open(start, start)
    running = asyncio.create_task(core.run())

    def broken(session: ReplaySession, bars: int) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(ReplaySession, "advance", broken)
    await core.submit(PlayReplay())
    with pytest.raises(ZeroDivisionError, match="a bug of ours"):
        await running
    await core.close()
    await store.close()
