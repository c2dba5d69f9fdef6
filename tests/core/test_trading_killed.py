"""`kill -9` of a program that trades, at random moments, while its venue misbehaves by script: orders
are counted at the venue and at us, and none is lost and none doubled."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from database_places import SERVERS, place_of
from trading_client import TERMS, Client
from trading_program import Gone, TradingProgram, trading_program
from trading_truth import differences, kept, sent_twice
from venue_world import VenueProcess, venue_process

from monitor.engine import commands as cmd
from monitor.net.venue_sim.script import NAMED, Mishap, Script

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ended by signals")

SETTLED_S = 60.0
SCRIPTS = ("calm", "late", "cutting", "chaos")
SLOW_CLOCK = Script(name="slow clock", rules=tuple(r for r in NAMED["chaos"].rules if r.do is Mishap.SKEW))
"""Chaos sets the venue's clock back. It has been wrong from the first fill on: positions are folded in
the order of the venue's times."""


async def one_life(child: TradingProgram, client: Client) -> None:
    """The program trades for a while, then the plug is pulled."""
    way = client.random.choice(["answered", "answered", "written", "by time", "by time"])
    try:
        await client.looks(child)
        await client.asks_again(child)
        if way == "by time":
            trading = asyncio.create_task(client.trades_on(child))
            await asyncio.sleep(client.random.random() * 0.8)
            await child.kill()
            await trading
            return
        await client.trades(child, client.random.randrange(1, 15))
        if way == "written":
            for _ in range(client.random.randrange(1, 4)):
                client.gives(child)
            await asyncio.sleep(client.random.choice([0.0, 0.0, 0.002, 0.01]))
        await child.kill()
    except Gone:
        raise AssertionError("the program ended by itself") from None


async def is_settled(venue: VenueProcess, child: TradingProgram, *, ended: bool) -> None:
    """Until all is as it is at the venue (and nothing works any more)."""
    wrong = ["not compared yet"]
    try:
        async with asyncio.timeout(SETTLED_S):
            while wrong:
                shown = await child.shown()
                wrong = [] if shown.connected else ["not connected"]
                wrong += differences(await venue.truth(), shown)
                if ended:
                    wrong += [f"{row} works" for row in shown.orders.values() if row.status.active]
                await asyncio.sleep(0.1 if wrong else 0)
    except TimeoutError:
        raise AssertionError("\n".join(wrong[:20])) from None


async def killed_many_times(database: Path | str, folder: Path, script: str, seed: int, kills: int) -> None:
    (folder / "venue.toml").write_text(TERMS, encoding="utf-8")
    client, log = Client(seed), folder / "program.log"
    async with venue_process("--terms", str(folder / "venue.toml"), "--seed", str(seed)) as venue:
        if script == "chaos":
            await venue.plays(SLOW_CLOCK)
        for life in range(kills):
            if life == 1:
                await venue.plays(script)
            starting = life > 1 and client.random.random() < 0.15
            async with trading_program(database, venue.url, log, standing=not starting) as child:
                if starting:
                    await asyncio.sleep(client.random.random() * 1.5)
                    await child.kill()
                else:
                    await one_life(child, client)
        await venue.plays("calm")
        async with trading_program(database, venue.url, log) as child:
            await client.asks_again(child)
            await venue.halts()
            await is_settled(venue, child, ended=False)
            working = [n for n, row in (await child.shown()).orders.items() if row.status.active]
            if working:
                assert (await child.does(cmd.CancelOrders(order_ids=tuple(working)))).accepted
            await is_settled(venue, child, ended=True)
            assert await child.stop() == 0
        truth = await venue.truth()
    left = await kept(database)
    assert left.wrong == []
    assert client.was_answered_truly(left.facts) == []
    assert sent_twice(truth) == []
    assert len(client.answers) == len(client.given)
    if script != "chaos" or kills > 20:
        assert truth.fills


@pytest.mark.timeout(180)
@pytest.mark.parametrize("script", SCRIPTS)
async def test_kills_lose_no_order_and_double_none(tmp_path: Path, script: str) -> None:
    await killed_many_times(tmp_path / "db.sqlite", tmp_path, script, seed=11, kills=3)


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.timeout(180)
async def test_neither_on_a_database_server(tmp_path: Path, kind: str) -> None:
    async with place_of(kind, tmp_path) as place:
        await killed_many_times(place.address, tmp_path, "cutting", seed=5, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("script", SCRIPTS)
async def test_nor_do_hundreds(tmp_path: Path, script: str, seed: int) -> None:
    await killed_many_times(tmp_path / "db.sqlite", tmp_path, script, seed=seed, kills=25)
