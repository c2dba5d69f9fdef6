"""Old position records go to the archive: at the start, once a day, never while nothing can be written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from trading_desk import NOTHING, QuickVenues
from venue_world import venue_here

from monitor.boundary import RecordQuery
from monitor.core.core import Core
from monitor.core.housekeeping import Housekeeping
from monitor.core.live import LiveConfig
from monitor.engine.changes import Changes
from monitor.engine.options import VenueOptions
from monitor.engine.rows import PositionRecordRow
from monitor.engine.trading.terms import TradingTerms
from monitor.engine.values import Direction, RecordType, World
from monitor.store import Batch, Store
from monitor.store.faults import StoreError
from monitor.store.retention import NS_PER_DAY

NOW = 200 * NS_PER_DAY
ELSEWHERE = msgspec.json.encode(
    LiveConfig(
        options=VenueOptions(url="ws://elsewhere"),
        terms=TradingTerms(prefix="o", venues=(), accounts=()),
        world=World.LIVE,
    )
)


def record(number: int, time_ns: int) -> PositionRecordRow:
    return PositionRecordRow(
        record_id=number,
        time_ns=time_ns,
        account_id="a",
        strategy_id=0,
        symbol="X",
        direction=Direction.LONG,
        type=RecordType.EXECUTION,
        change=Decimal(1),
        price=Decimal(5),
        volume=Decimal(number),
        average_price=Decimal(5),
        realised_profit=Decimal(0),
        commission=Decimal(0),
        order_id=number,
        trade_id=number,
        by="person",
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """With a record of each of 200 days."""
    store = await Store.open(tmp_path / "db.sqlite")
    await fill(store, NOW)
    yield store
    await store.close()


async def fill(store: Store, now_ns: int) -> int:
    session_id = await store.begin_session(created_ns=1, world=World.LIVE, title="t", config=ELSEWHERE)
    rows = {n: record(n, now_ns - (200 - n) * NS_PER_DAY) for n in range(1, 201)}
    await store.write(Batch(session_id, [], Changes(records=rows)))
    return session_id


async def left(store: Store) -> list[int]:
    """The records that are not in the archive."""
    parts = store.all_position_records(1, RecordQuery())
    return [row.record_id async for part in parts for row in part]


async def settled() -> None:
    """Whatever was begun is done."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "housekeeping"]
    await asyncio.gather(*tasks)


async def test_what_is_older_than_so_many_days_moves_once_a_day(store: Store) -> None:
    said: list[str] = []
    keeping = Housekeeping(store, 90, said.append)
    keeping.look(NOW)
    await settled()
    assert await left(store) == list(range(110, 201))
    assert said == ["109 position records older than 90 days moved to the archive."]
    keeping.look(NOW + NS_PER_DAY - 1)
    await settled()
    assert len(said) == 1
    keeping.look(NOW + NS_PER_DAY)
    await settled()
    assert said[1:] == ["1 position record older than 90 days moved to the archive."]
    keeping.look(NOW + 2 * NS_PER_DAY)
    keeping.look(NOW + 3 * NS_PER_DAY)  # while the first is at work
    await settled()
    assert len(said) == 3
    await keeping.close()


async def test_nothing_that_is_old_says_nothing(store: Store) -> None:
    said: list[str] = []
    keeping = Housekeeping(store, 365, said.append)
    keeping.look(NOW)
    await settled()
    assert (said, len(await left(store))) == ([], 200)


async def test_zero_days_is_for_ever(store: Store) -> None:
    said: list[str] = []
    Housekeeping(store, 0, said.append).look(NOW * 10)
    await settled()
    assert (said, len(await left(store))) == ([], 200)


async def test_while_nothing_can_be_written_it_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    keeping = Housekeeping(store, 90, said.append)
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "error", property(lambda _: "The disk is full."))
        keeping.look(NOW)
    await settled()
    assert len(await left(store)) == 200
    keeping.look(NOW)
    await settled()
    assert len(await left(store)) == 91
    assert len(said) == 1


async def test_what_failed_on_the_way_is_tried_again_within_the_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    keeping = Housekeeping(store, 90, said.append)

    async def fails(_: Store, __: int) -> int:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "archive_records", fails)
        keeping.look(NOW)
        await settled()
    keeping.look(NOW + 1)
    await settled()
    assert len(await left(store)) == 200
    keeping.look(NOW + NS_PER_DAY // 24)
    await settled()
    assert len(said) == 1


async def test_a_core_does_it_at_its_start_and_says_so(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "db.sqlite")
    try:
        await fill(store, time.time_ns())
        async with venue_here() as venue:
            core = Core(store, window=False, venues=QuickVenues(), keep_days=30)
            told = asyncio.Event()
            lines: list[str] = []

            def hear(changes: Changes) -> None:
                lines.extend(line.message for line in changes.log if line.source == "database")
                if lines:
                    told.set()

            core.subscribe(hear)
            await core.open(VenueOptions(url=venue.url), NOTHING)
            running = asyncio.create_task(core.run())
            async with asyncio.timeout(20):
                await told.wait()
            core.stop()
            await running
            await core.close()
        assert lines == ["170 position records older than 30 days moved to the archive."]
        assert len(await left(store)) == 30
    finally:
        await store.close()
