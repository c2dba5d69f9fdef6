"""P7: journal events made durable per second, offered one at a time and committed in groups.

Beside it, in the same run, the same events through a bare `sqlite3` connection in the same
groups: what is left when everything but the database is taken away. Run as
`python -m benchmarks.journal`; prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import platform
import sqlite3
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.store import Batch, Store
from monitor.store.writer import GROUP_ROWS

EVENTS = 200_000
GOAL = 100_000
PAYLOAD = json.dumps({"order_id": 1, "status": "Filled", "price": "980.02", "reason": "x" * 80}).encode()


def events(count: int) -> list[JournalRecord]:
    return [
        JournalRecord(seq, seq * 60_000_000_000, seq, "OrderFilled", PAYLOAD) for seq in range(1, count + 1)
    ]


async def store_seconds(folder: Path, facts: list[JournalRecord]) -> float:
    """From the first event offered to the last one acknowledged."""
    store = await Store.open(folder / f"store-{len(facts)}.sqlite")
    session_id = await store.begin_session(created_ns=0, world="REPLAY", title="P7", config=b"{}")
    start = time.perf_counter()
    for fact in facts:
        store.write(Batch(session_id, [fact], Changes(seq=fact.seq)))
        await store.room()
    await store.flush()
    seconds = time.perf_counter() - start
    assert store.durable_seq == len(facts)
    await store.close()
    return seconds


def sqlite_seconds(folder: Path, facts: list[JournalRecord]) -> float:
    """The same table, pragmas and group size, without a loop, a queue or acknowledgements."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE journal (session_id INTEGER, seq BIGINT, time_ns BIGINT, bar BIGINT, kind TEXT, "
        "payload BLOB, PRIMARY KEY (session_id, seq)) WITHOUT ROWID"
    )
    start = time.perf_counter()
    for first in range(0, len(facts), GROUP_ROWS):
        group = facts[first : first + GROUP_ROWS]
        rows = [(1, fact.seq, fact.time_ns, fact.bar, fact.kind, fact.payload) for fact in group]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def main() -> None:
    few, many = events(EVENTS // 10), events(EVENTS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = asyncio.run(store_seconds(folder, few))
        seconds = asyncio.run(store_seconds(folder, many))
        bare = sqlite_seconds(folder, many)
    line = {
        "id": "P7",
        "name": "journal events made durable in groups, synchronous=FULL",
        "value": round(EVENTS / seconds),
        "unit": "events/s",
        "goal": GOAL,
        "exponent": round(math.log10(seconds / short), 2),
        "peer": {"bare sqlite3": round(EVENTS / bare), "ratio": round(bare / seconds, 2)},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "sqlalchemy": version("SQLAlchemy"),
            "aiosqlite": version("aiosqlite"),
        },
    }
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
