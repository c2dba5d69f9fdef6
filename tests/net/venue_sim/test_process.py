"""The venue as a process of its own: started, killed, started again; and a client of somebody else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from venue_world import ACCOUNT, PATIENCE_S, SYMBOL, gateway_to, raw_client, venue_process
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.engine.values import LinkState
from monitor.engine.venue import FillReport, LinkReport, OrderReport, RequestLost, VenueStatus

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ended by signals")


async def test_it_prints_its_address_trades_and_ends_by_a_signal() -> None:
    async with venue_process("--manual") as venue:
        async with gateway_to(venue) as gateway:
            gateway.places("c1")
            await gateway.hears(OrderReport, client_order_id="c1")
            await venue.fills("c1", "0.4", at="101")
            assert (await gateway.hears(FillReport)).volume == Decimal("0.4")
            assert (await venue.truth()).received("place", "c1") == 1
        assert await venue.ends(signal.SIGTERM) == 0


async def test_killed_and_started_again_it_knows_what_it_knew(tmp_path: Path) -> None:
    record = tmp_path / "venue.jsonl"
    async with venue_process("--record", str(record), "--pace", "10") as venue, gateway_to(venue) as gateway:
        gateway.places("market", price=None, quantity=Decimal("0.001"))
        await gateway.hears(FillReport)
        gateway.places("resting", price="1000.0")
        await gateway.hears(OrderReport, client_order_id="resting")
        before = await venue.truth()
        await venue.ends()
        gone = await gateway.hears(LinkReport, state=LinkState.LOST)
        await venue.start()
        await gateway.is_live(gateway.said.index(gone))
        assert (await venue.truth()).same_as(before)
        snapshot = await gateway.snapshot()
        assert [one.client_order_id for one in snapshot.open_orders] == ["resting"]
        assert [one.client_order_id for one in snapshot.fills] == ["market"]
        gateway.cancels("resting")
        await gateway.hears(OrderReport, client_order_id="resting", status=VenueStatus.CANCELED)


async def test_somebody_elses_client_works_by_the_document() -> None:
    async with venue_process("--manual") as venue, raw_client(venue) as client:
        hello = await client.ask("hello", protocol="monitor-venue/1")
        assert hello["result"]["world"] == "SIMULATED"
        symbols = [one["symbol"] for one in (await client.ask("instruments"))["result"]["instruments"]]
        await client.ask("subscribe", accounts=[ACCOUNT], symbols=symbols)
        order = {
            "account_id": ACCOUNT,
            "client_order_id": "x",
            "symbol": SYMBOL,
            "side": "BUY",
            "type": "LIMIT",
        }
        placed = await client.ask("place", **order, quantity="2", price="100")
        assert placed["result"]["order"]["status"] == "open"
        again = await client.ask("place", **order, quantity="2", price="100")
        assert again["error"]["code"] == "duplicate_client_order_id"
        await venue.fills("x")
        while (frame := await client.hear())["channel"] != "fills":
            client.pushes.append(frame)
        assert (frame["data"]["volume"], frame["data"]["direction"]) == ("2", "Open Long")


async def test_what_is_no_request_is_answered_with_what_is_wrong() -> None:
    async with venue_process("--manual") as venue, raw_client(venue) as client:
        await client.socket.send("nonsense")
        assert (await client.hear())["error"]["code"] == "malformed"
        assert (await client.ask("dance"))["error"]["code"] == "malformed"


async def test_the_control_understands_words_and_says_which() -> None:
    async with venue_process("--manual") as venue, connect(venue.control_url, proxy=None) as control:
        answers = []
        for words in ("quote SIM.BTC-PERP 99.5 100.5", "reject next 2", "fill nobody 1 @ 2", "what now"):
            await control.send(words)
            answers.append(json.loads(await control.recv()))
        assert [one["ok"] for one in answers] == [True, True, False, False]
        assert answers[2]["error"]["code"] == "unknown_order"
        assert "settle day" in answers[3]["error"]["message"]


async def test_a_web_page_cannot_reach_it() -> None:
    async with venue_process("--manual") as venue:
        for url in (venue.url, venue.control_url):
            with pytest.raises(InvalidStatus):
                await connect(url, origin="http://example.org", proxy=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--script", "nowhere"), "There is no script 'nowhere'; there are calm, late"),
        (("--account", "a:b"), "'a:b' is not an account"),
        (("--port", "x"), "'x' is not a whole number from 0 to 65535"),
        (("--terms", "nowhere.toml"), "there is no file nowhere.toml"),
    ],
)
def test_mistakes_are_one_sentence(options: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "monitor", "venue-sim", "--port", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


async def test_killed_in_the_middle_of_a_burst_it_has_all_that_it_acknowledged(tmp_path: Path) -> None:
    """The plug is pulled while orders stream in: what was acknowledged is there after the restart,
    what was lost is there once or not at all, and what never left is not there."""
    async with (
        venue_process("--manual", "--record", str(tmp_path / "v.jsonl")) as venue,
        gateway_to(venue) as gateway,
    ):
        for number in range(400):
            gateway.places(f"c{number}", quantity=Decimal("0.001"))
        await gateway.until(lambda: len(gateway.of(OrderReport)) >= 100)
        await venue.ends()
        gone = await gateway.hears(LinkReport, state=LinkState.LOST)
        await venue.start()
        await gateway.is_live(gateway.said.index(gone))
        truth = await venue.truth()
        there = {one["client_order_id"] for one in truth.orders}
        lost = {one.client_order_id: one for one in gateway.of(RequestLost)}
        assert len(there) == len(truth.orders)
        assert {one.client_order_id for one in gateway.of(OrderReport)} <= there
        assert not {name for name, one in lost.items() if one.never_sent} & there
        assert {f"c{number}" for number in range(400)} - there <= set(lost)
        snapshot = await gateway.snapshot()
        assert {one.client_order_id for one in snapshot.open_orders} == there
