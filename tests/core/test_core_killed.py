"""`kill -9` of the real program at random moments of a replay: nothing acknowledged is lost.

Each round restarts what the round before left behind, so the same session is killed a dozen
times; between the kills it is reset once through the mirror, whose answer is an acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from core_world import options, wave, write_bars
from database_places import SERVERS, place_of
from test_core_restart import told

from monitor.core.sessions import restore
from monitor.store.store import Store

ROUNDS = 12
BARS = 6000


class Program:
    """The running child."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.client = httpx.AsyncClient(base_url=url, timeout=10)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)

    async def reset(self) -> None:
        answer = await self.client.delete("/api/backtest/orders/1")
        assert answer.json()["success"], answer.text

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        await self.client.aclose()


@asynccontextmanager
async def program(folder: Path, *arguments: str) -> AsyncIterator[Program]:
    """`monitor serve` on a free port, killed at the end whatever happens."""
    command = ("-m", "monitor", "--data-dir", str(folder), "serve", "--port", "0", *arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert "http://" in line, line
    child = Program(process, line.split(" at ")[1].split()[0])
    try:
        yield child
    finally:
        if process.returncode is None:
            await child.kill()


async def left_behind(database: Path | str) -> tuple[int, int]:
    """(bar, last seq) of what the database holds: a journal without gaps whose rebuilt run is
    what the rows say, down to the last order."""
    store = await Store.open(database)
    try:
        saved = await store.last_session()
        assert saved is not None
        opened = await restore(store, saved)
        assert opened.session is not None, opened.row.notice
        rebuilt, rows = opened.session.snapshot(), await store.rows(saved.session_id)
        rows.seq = saved.last_seq
        assert told(rebuilt) == told(rows)
        return opened.session.bar, saved.last_seq
    finally:
        await store.close()


def finished_and_balance(database: Path) -> tuple[int, float]:
    """What the last session's rows say: how many orders have ended, and the account's balance."""
    newest = "session_id = (select max(session_id) from sessions)"
    with sqlite3.connect(database) as reader:
        ended = "status not in ('Created', 'Placed', 'Partial')"
        (orders,) = reader.execute(f"select count(*) from orders where {newest} and {ended}").fetchone()
        (balance,) = reader.execute(f"select balance from accounts where {newest}").fetchone()
    return orders, float(balance)


@pytest.mark.timeout(240)
async def test_a_dozen_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    moments = random.Random(20190705)
    start = options(write_bars(tmp_path / "bars.csv", wave(BARS)))
    home = tmp_path / "home"
    fresh = ("--replay", start.file, "--strategy", "double_ma", "--symbol", "SHFE.test", "--tick", "1")
    for round_ in range(ROUNDS):
        begin = fresh if round_ in {0, ROUNDS // 2} else ()
        async with program(home, *begin, "--speed", moments.choice(["32", "64", "max"])) as child:
            reset = round_ % 4 == 3
            if reset:
                await child.reset()
            acknowledged = 0
            for _ in range(moments.randrange(1, 6)):
                acknowledged = (await child.get("/healthz"))["durable_seq"]
                await asyncio.sleep(moments.random() * 0.08)
            await child.kill()
        bar, seq = await left_behind(home / "monitor.sqlite")
        assert seq >= acknowledged
        if reset:
            assert bar == 0
        async with program(home, "--paused") as child:
            shown = await child.get("/api/backtest/orders/1/history?size=500")
            account = await child.get("/api/account")
        assert (shown["total"], account["balance"]) == finished_and_balance(home / "monitor.sqlite")
        assert await left_behind(home / "monitor.sqlite") == (bar, seq)


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_kill_loses_nothing_that_a_server_was_given(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = options(write_bars(tmp_path / "bars.csv", wave(BARS)))
    fresh = ("--replay", start.file, "--strategy", "double_ma", "--symbol", "SHFE.test", "--tick", "1")
    async with place_of(kind, tmp_path) as place:
        monkeypatch.setenv("MONITOR_DATABASE", place.address)
        for begin in (fresh, ()):
            async with program(tmp_path / "home", *begin, "--speed", "max") as child:
                acknowledged = 0
                while not acknowledged:
                    acknowledged = (await child.get("/healthz"))["durable_seq"]
                await child.kill()
            bar, seq = await left_behind(place.address)
            assert seq >= acknowledged
        async with program(tmp_path / "home", "--paused") as child:
            health = await child.get("/healthz")
            assert health["durable_seq"] == seq
            await child.kill()
        assert await left_behind(place.address) == (bar, seq)
