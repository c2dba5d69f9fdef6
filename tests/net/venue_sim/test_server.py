"""The server: who may come in, what bad clients get, and that the truth outlives them all."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import msgspec
import pytest
from venue_world import ACCOUNT, GOLD, MANUAL, PATIENCE_S, SYMBOL, TERMS, gateway_to, raw_client, venue_here
from websockets.asyncio.client import connect

from monitor.engine.venue import FillReport, OrderReport
from monitor.net.venue_sim import line
from monitor.net.venue_sim.script import Mishap, Rule, Script
from monitor.net.venue_sim.server import VenueServer, VenueServerError
from monitor.net.venue_sim.venue import Venue


async def test_a_client_hears_of_its_accounts_and_symbols_only() -> None:
    two = msgspec.structs.replace(
        MANUAL, accounts=(*MANUAL.accounts, msgspec.structs.replace(MANUAL.accounts[0], account_id="other"))
    )
    async with venue_here(two) as venue, raw_client(venue) as client:
        await client.ask("subscribe", accounts=[ACCOUNT], symbols=[SYMBOL, "NO.such"])
        for symbol in (GOLD, SYMBOL):
            await venue.quotes(symbol, "99.00", "101.00")
        for account in ("other", ACCOUNT):
            await venue.asks(
                "external", account_id=account, symbol=SYMBOL, side="BUY", quantity="1", price="90"
            )
        await venue.asks("settle")
        heard = [await client.hear() for _ in range(3)]
        assert [one["channel"] for one in heard] == ["quotes", "orders", "settlement"]
        assert heard[0]["data"]["symbol"] == SYMBOL
        assert heard[1]["data"]["account_id"] == ACCOUNT


async def test_accounts_that_are_not_there_cannot_be_followed_or_traded() -> None:
    async with venue_here() as venue, raw_client(venue) as client:
        assert (await client.ask("subscribe", accounts=["nobody"]))["error"]["code"] == "unknown_account"
        assert (await client.ask("snapshot", account_id="nobody"))["error"]["code"] == "unknown_account"
        assert (await client.ask("hello", protocol="monitor-venue/0"))["error"]["code"] == "wrong_protocol"


async def test_no_request_breaks_it() -> None:
    """Three hundred requests with pieces torn out or exchanged; then it still works."""
    sound = {
        "request": "place",
        "account_id": ACCOUNT,
        "client_order_id": "c",
        "symbol": SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "1",
        "price": "100",
    }
    dice = Random(5)
    wrong: list[Any] = [None, -1, 1e308, "NaN", "-Infinity", "1e999", [], {}, "", "x" * 1000, True, 10**30]
    async with venue_here() as venue, raw_client(venue) as client:
        for number in range(300):
            field = dice.choice([*sound, "id", "offset", "trigger_price", "expires_ns"])
            frame = json.dumps(
                {"id": number, **sound, "client_order_id": f"c{number}", field: dice.choice(wrong)}
            )
            await client.socket.send(frame if dice.random() < 0.8 else frame[: dice.randrange(len(frame))])
        for _ in range(300):
            assert "ok" in await client.hear()
        assert (await client.ask("ping"))["ok"]
        orders = (await venue.truth()).orders
        assert all(one["quantity"] == "1" and one["symbol"] == SYMBOL for one in orders)


async def test_no_control_breaks_it() -> None:
    async with venue_here() as venue, connect(venue.control_url, proxy=None) as control:
        for said in (
            "{",
            '{"do":"fill","order":"x","volume":"NaN"}',
            '{"do":"fund"}',
            "",
            '{"do":"quote","symbol":"?"}',
        ):
            await control.send(said)
            assert json.loads(await control.recv())["ok"] is False
        bad = '{"id":5,"do":"quote","symbol":"SIM.BTC-PERP","bid":"1e99","ask":"1"}'
        await control.send(bad)
        assert json.loads(await control.recv())["id"] == 5


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_WAITING", 200)
    async with venue_here() as venue, raw_client(venue) as deaf, gateway_to(venue) as gateway:
        await deaf.ask("subscribe", accounts=[ACCOUNT])
        slow = Script(rules=(Rule(do=Mishap.DELAY, on=("orders",), ms=(60_000, 60_000), from_s=0),))
        await venue.plays(slow)
        for number in range(250):
            gateway.places(f"c{number}")
        await deaf.is_cut_off()
        assert len((await venue.truth()).orders) >= 200


async def test_a_script_in_phases_begins_when_it_is_set() -> None:
    fills_lost_at_first = Script(rules=(Rule(do=Mishap.DROP, on=("fills",), to_s=0.3),))
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.places("c1")
        await gateway.hears(OrderReport)
        await venue.plays(fills_lost_at_first)
        await venue.fills("c1", "0.001", trade_id="lost")

        async def heard_again() -> None:
            while not gateway.of(FillReport):
                await venue.asks("say_again", order="c1")

        async with asyncio.timeout(PATIENCE_S):
            await heard_again()
        assert gateway.of(FillReport)[0].venue_trade_id == "lost"


async def test_requests_may_be_lost_on_the_way_and_leave_no_trace() -> None:
    script = Script(rules=(Rule(do=Mishap.DROP, on=("requests",), times=1),))
    async with venue_here() as venue, raw_client(venue) as client:
        await venue.plays(script)
        await client.socket.send('{"id":99,"request":"instruments"}')
        await client.ask("hello", protocol="monitor-venue/1")
        assert [one["request"] for one in (await venue.truth()).requests] == ["hello"]


async def test_who_connects_again_hears_old_messages_again() -> None:
    script = Script(rules=(Rule(do=Mishap.REPLAY, count=2),))
    async with venue_here(script=script) as venue, gateway_to(venue) as gateway:
        gateway.places("c1")
        await gateway.hears(OrderReport)
        await venue.fills("c1", "0.3")
        await gateway.hears(FillReport)
        before = len(gateway.said)
        await venue.cuts()
        await gateway.is_live(before)
        again = await gateway.hears(FillReport, before)
        assert again == gateway.of(FillReport)[0]


async def test_a_port_in_use_is_a_sentence() -> None:
    async with venue_here() as venue:
        second = VenueServer(Venue(TERMS), port=venue.server.port)
        with pytest.raises(VenueServerError, match="cannot be used"):
            await second.start()
        await second.stop()
