"""P7: recovery from a journal of 1,000,000 events: the newest checkpoint and the 10,000 events
after it, read and decoded; and all events without one.

What the engine does with them is not part of it. Beside the store, in the same run, the same tail
through a bare `sqlite3` connection and the same decoder. Run as `python -m benchmarks.recovery`;
prints one JSON line per figure.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.figures import print_figure
from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.engine.values import Offset, OrderType, Side, TimeInForce
from monitor.store import Batch, Store

EVENTS = 1_000_000
TAIL = 10_000
CHECKPOINT_BYTES = 8_000_000
GOAL_S = 3.0
BATCH = 200
TICK_S = 0.002


def facts(count: int) -> Iterator[JournalRecord]:
    """Orders that are created and filled, as trading at a venue tells it."""
    for seq in range(1, count + 1):
        event = _filled(seq) if seq % 2 else _created(seq)
        payload = ev.ENCODER.encode(event)
        yield JournalRecord(seq, seq * 1_000_000, 0, type(event).__name__, payload)


def _created(seq: int) -> ev.AnyEvent:
    return ev.OrderCreated(
        order_id=seq,
        strategy_id=1,
        account_id="sim",
        symbol="SHFE.au2512",
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(2),
        price=Decimal("980.02"),
    )


def _filled(seq: int) -> ev.AnyEvent:
    return ev.TradeExecuted(
        order_id=seq,
        trade_id=seq,
        venue_trade_id=f"T{seq}",
        price=Decimal("980.02"),
        volume=Decimal(1),
        commission=Decimal("0.10"),
        slippage=Decimal(0),
    )


async def record(file: Path, count: int) -> int:
    """The session with so many events and a checkpoint TAIL events before its end."""
    store = await Store.open(file)
    session_id = await store.begin_session(created_ns=0, world="SIMULATED", title="P7", config=b"{}")
    waiting: list[JournalRecord] = []
    for fact in facts(count):
        waiting.append(fact)
        if len(waiting) == BATCH or fact.seq == count:
            store.write(Batch(session_id, waiting, Changes(seq=fact.seq)))
            waiting = []
            await store.room()
    await store.put_checkpoint(session_id, count - TAIL, 0, bytes(CHECKPOINT_BYTES))
    await store.close()
    return session_id


async def recover(file: Path, *, with_checkpoint: bool) -> tuple[float, float]:
    """Seconds from opening the database to the last event decoded, and the longest time in which
    the loop could do nothing else."""
    start = time.perf_counter()
    store = await Store.open(file)
    watch = Watch()
    found = await store.last_session("LIVE", "SIMULATED")
    assert found is not None
    checkpoint = await store.latest_checkpoint(found.session_id) if with_checkpoint else None
    first = checkpoint.seq + 1 if checkpoint else 1
    count = 0
    async for part in store.journal_parts(found.session_id, first):
        for fact in part:
            ev.DECODER.decode(fact.payload)
        count += len(part)
    seconds = time.perf_counter() - start
    assert count == found.last_seq - first + 1
    watch.task.cancel()
    await store.close()
    return seconds, watch.longest


class Watch:
    """How late the loop's timers were at most while it ran."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_S)
            self.longest = max(self.longest, time.perf_counter() - before - TICK_S)


def bare_tail_seconds(file: Path, session_id: int, count: int) -> float:
    start = time.perf_counter()
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "SELECT payload FROM journal WHERE session_id = ? AND seq > ? ORDER BY seq",
        (session_id, count - TAIL),
    )
    for (payload,) in rows:
        ev.DECODER.decode(payload)
    connection.close()
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seconds: dict[tuple[int, bool], tuple[float, float]] = {}
        for count in (EVENTS // 10, EVENTS):
            file = Path(folder) / f"{count}.sqlite"
            session_id = asyncio.run(record(file, count))
            for with_checkpoint in (True, False):
                best = min(asyncio.run(recover(file, with_checkpoint=with_checkpoint)) for _ in range(3))
                seconds[count, with_checkpoint] = best
            bare = bare_tail_seconds(file, session_id, count)
    names = {True: f"checkpoint and {TAIL:,} events after it", False: "every event, without a checkpoint"}
    for with_checkpoint, what in names.items():
        few, many = seconds[EVENTS // 10, with_checkpoint][0], seconds[EVENTS, with_checkpoint]
        print_figure(
            "P7",
            f"recovery from {EVENTS:,} events: {what}, read and decoded",
            many[0],
            "s",
            goal=f"<= {GOAL_S:g} to a live window" if with_checkpoint else "",
            exponent=math.log10(many[0] / few),
            loop_held_ms=many[1] * 1000,
            peer={"bare sqlite3, the tail alone": round(bare, 3)} if with_checkpoint else {},
        )


if __name__ == "__main__":
    main()
