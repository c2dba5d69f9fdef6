"""P7: journal events made durable per second, offered in batches of 20 as a replay's slices are,
and one at a time, each acknowledged.

Beside them, in the same run, the same events through a bare `sqlite3` connection in large
groups: what is left when everything but the database is taken away; and the same store on the
servers of this machine. Run as `python -m benchmarks.journal`; prints one JSON line per figure.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import platform
import sqlite3
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks._servers import SERVERS, database_on, version_of
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


async def file_seconds(facts: list[JournalRecord], batch: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return await store_seconds(f"sqlite:///{folder}/store.sqlite", facts, batch)


async def server_seconds(kind: str, facts: list[JournalRecord], batch: int) -> float:
    async with database_on(kind) as url:
        return await store_seconds(url, facts, batch)


async def store_seconds(url: str, facts: list[JournalRecord], batch: int) -> float:
    """From the first event offered to the last one acknowledged."""
    store = await Store.open(url)
    session_id = await store.begin_session(created_ns=0, world="REPLAY", title="P7", config=b"{}")
    start = time.perf_counter()
    for first in range(0, len(facts), batch):
        some = facts[first : first + batch]
        store.write(Batch(session_id, some, Changes(seq=some[-1].seq)))
        await store.room()
    await store.flush()
    seconds = time.perf_counter() - start
    assert store.durable_seq == len(facts)
    await store.close()
    return seconds


def sqlite_seconds(folder: str, facts: list[JournalRecord]) -> float:
    """The same table, pragmas and group size, without a loop, a queue or acknowledgements."""
    connection = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None)
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


def figure(name: str, batch: int, few: list[JournalRecord], many: list[JournalRecord], bare: float) -> str:
    short = asyncio.run(file_seconds(few, batch))
    seconds = asyncio.run(file_seconds(many, batch))
    line = {
        "id": "P7",
        "name": f"journal events made durable, {name}, synchronous=FULL",
        "value": round(len(many) / seconds),
        "unit": "events/s",
        "goal": GOAL,
        "exponent": round(math.log(seconds / short) / math.log(len(many) / len(few)), 2),
        "peer": {"bare sqlite3": round(len(many) / bare), "ratio": round(bare / seconds, 2)},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "sqlalchemy": version("SQLAlchemy"),
            "aiosqlite": version("aiosqlite"),
        },
    }
    return json.dumps(line)


def server_figure(kind: str, server: str, facts: list[JournalRecord], bare: float) -> str:
    """The same on another database: no goal, beside the same bare file."""
    seconds = asyncio.run(server_seconds(kind, facts, 20))
    driver = {"PostgreSQL": "asyncpg", "MariaDB": "asyncmy"}[kind]
    line = {
        "id": "P7",
        "name": f"journal events made durable on {kind}, batches of 20",
        "value": round(len(facts) / seconds),
        "unit": "events/s",
        "goal": "",
        "peer": {"bare sqlite3": round(len(facts) / bare), "ratio": round(bare / seconds, 2)},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {"python": platform.python_version(), kind: server, driver: version(driver)},
    }
    return json.dumps(line)


def main() -> None:
    few, many = events(EVENTS // 10), events(EVENTS)
    with tempfile.TemporaryDirectory() as folder:
        bare = sqlite_seconds(folder, many)
    for name, batch in {"batches of 20": 20, "one by one": 1}.items():
        print(figure(name, batch, few, many, bare), flush=True)
    for kind in SERVERS:
        if server := asyncio.run(version_of(kind)):
            print(server_figure(kind, server, many, bare), flush=True)


if __name__ == "__main__":
    main()
