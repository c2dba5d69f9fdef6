"""Orders over REST through everything real: mirror, core, database, and `monitor venue-sim` as a process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mirror_clients import WEB
from venue_world import ACCOUNT, PATIENCE_S, SYMBOL, VenueProcess, venue_process

from monitor.engine.values import OrderStatus
from monitor.net.mirror import Mirror

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from trading_desk import Desk, desk_at

SELL = {"instrument_name": SYMBOL, "amount": 1, "direction": "sell", "price": 130}
LIMIT = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "quantity": 2, "price": 100}


class Program:
    """Somebody's program: it knows the mirror's address and its document, nothing else."""

    def __init__(self, web: httpx.AsyncClient, desk: Desk) -> None:
        self.web, self.desk = web, desk

    async def asks(self, path: str, **query: Any) -> Any:
        answer = await self.web.get(f"/api/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def posts(self, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        return await self.web.post(f"/api/{path}", json=body, headers={"idempotency-key": key} if key else {})

    async def gives(self, path: str, body: dict[str, Any], key: str = "") -> int:
        answer = await self.posts(path, body, key)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["order_ids"][0])


@asynccontextmanager
async def program_at(venue: VenueProcess, database: Path) -> AsyncIterator[Program]:
    async with desk_at(venue, database) as desk:
        mirror = Mirror(desk.core, port=0, web_root=WEB, trading=True)
        await mirror.start()
        try:
            async with httpx.AsyncClient(base_url=mirror.url, timeout=PATIENCE_S) as web:
                yield Program(web, desk)
        finally:
            await mirror.stop()


@pytest.fixture
async def venue() -> AsyncIterator[VenueProcess]:
    async with venue_process("--manual") as running:
        yield running


async def test_from_an_order_to_its_records_and_statistics(venue: VenueProcess, tmp_path: Path) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        desk = program.desk
        bought = await program.gives("order/submit", LIMIT)
        await desk.until_order(bought, OrderStatus.PLACED)
        (row,) = await program.asks("orders/active")
        assert (row["status"], row["price"], row["origin"]) == ("Placed", 100, "user")
        await venue.fills(desk.name(bought), "0.5", at="99.5")
        await venue.fills(desk.name(bought), at="100")
        await desk.until_order(bought, OrderStatus.FILLED)
        sold = await program.gives("orders/advanced", SELL | {"amount": 2, "price": 110, "reduce_only": True})
        await desk.until_order(sold, OrderStatus.PLACED)
        await venue.fills(desk.name(sold), at="110")
        await desk.until_order(sold, OrderStatus.FILLED)
        await desk.until(lambda: sum(s.kind == "finished" for s in desk.seen.signals.values()) == 2)

        assert await program.asks("orders/active") == []
        history = await program.asks("orders/history")
        assert [one["order_id"] for one in history["orders"]] == [sold, bought]
        whole = await program.asks(f"orders/{bought}")
        assert whole["order"]["average_price"] == 99.875
        assert [one["volume"] for one in whole["trades"]] == [1.5, 0.5]
        assert [one["kind"] for one in whole["signals"]] == ["finished", "fill", "fill", "accepted"]
        assert (whole["execution"]["filled_quantity"], whole["execution"]["venue"]) == (2, "sim")
        assert [one["volume"] for one in whole["records"]] == [2, 0.5]
        records = await program.asks("positions/records", symbol=SYMBOL, type="execution")
        assert [one["change"] for one in records["records"]] == [-2, 1.5, 0.5]
        assert [one["order_id"] for one in records["records"]] == [sold, bought, bought]
        total = (await program.asks("positions/statistics", account_id=ACCOUNT))["total"]
        assert (total["opened_lots"], total["closed_lots"], total["round_trips"]) == (2, 2, 1)
        assert (total["realised_profit"], total["currency"]) == (20.25, "USD")
        assert total["turnover"] == 99.5 * 0.5 + 100 * 1.5 + 110 * 2
        figures = (await program.asks("executions/summary"))["total"]
        assert (figures["orders"], figures["filled"], figures["fill_ratio"]) == (2, 2, 1.0)
        assert (await program.asks("signals", kind="finished"))["total"] == 2
        assert await program.asks("positions") == []


async def test_a_conditional_order_waits_leaves_and_is_cancelled(venue: VenueProcess, tmp_path: Path) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        desk = program.desk
        first = SELL | {"conditions": [f"last({SYMBOL}) >= 120"], "expiration": 3_600}
        waits = await program.gives("orders/conditional", first)
        other = await program.gives("orders/conditional", first | {"conditions": [f"last({SYMBOL}) >= 500"]})
        queue = await program.asks("queue")
        assert queue["statistics"]["conditional"] == 2
        assert [one["order_id"] for one in queue["waiting"]] == [waits, other]
        assert queue["waiting"][0]["condition"] == f"last({SYMBOL}) >= 120"
        assert (await program.asks(f"orders/{waits}"))["waiting"]["kind"] == "conditional"
        assert not (await venue.truth()).orders
        await venue.quotes(SYMBOL, "120", "121", "120.5")
        await desk.until_order(waits, OrderStatus.PLACED)
        answer = await program.posts("orders/cancel", {"order_ids": [waits, other], "reason": "enough"})
        assert answer.json()["accepted"] is True
        for order_id in (waits, other):
            await desk.until_order(order_id, OrderStatus.CANCELED)
        ended = (await program.asks("orders/history", status="Canceled"))["orders"]
        assert {one["order_id"]: one["reason"] for one in ended}[other] == "enough"
        again = await program.posts(f"order/{waits}/cancel", {})
        assert (again.status_code, again.json()["type"]) == (409, "gone")
        assert (await program.asks("queue"))["waiting"] == []
        assert len((await venue.truth()).orders) == 1


async def test_one_cancels_the_other_and_a_working_order_is_changed(
    venue: VenueProcess, tmp_path: Path
) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        desk = program.desk
        orders = [LIMIT, LIMIT | {"price": 90}]
        answer = await program.posts("orders/linked", {"kind": "OCO", "orders": orders})
        high, low = answer.json()["order_ids"]
        for order_id in (high, low):
            await desk.until_order(order_id, OrderStatus.PLACED)
        changed = await program.posts(f"order/{low}/replace", {"price": 91})
        assert changed.status_code == 200
        await desk.until(lambda: desk.order(low).price == 91)
        await venue.fills(desk.name(high))
        await desk.until_order(low, OrderStatus.CANCELED)
        (held,) = await program.asks("positions")
        assert held["volume"] == 2


async def test_one_key_gives_one_order_also_after_a_restart(venue: VenueProcess, tmp_path: Path) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        first = await program.posts("order/submit", LIMIT, key="k-1")
        again = await program.posts("order/submit", LIMIT, key="k-1")
        assert first.json()["order_ids"] == again.json()["order_ids"] == [1]
        await program.desk.until_order(1, OrderStatus.PLACED)
        assert (await program.posts("order/submit", LIMIT | {"quantity": 3}, key="k-1")).status_code == 422
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        later = await program.posts("order/submit", LIMIT, key="k-1")
        assert (later.status_code, later.json()["order_ids"]) == (200, [1])
        assert [row["order_id"] for row in later.json()["orders"]] == [1]
        assert len(await program.asks("orders/active")) == 1
        await venue.fills(program.desk.name(1))
        await program.desk.until_order(1, OrderStatus.FILLED)
        assert await program.gives("order/submit", LIMIT, key="k-2") == 2
        await program.desk.until_order(2, OrderStatus.PLACED)
    truth = await venue.truth()
    assert len(truth.orders) == 2


async def test_an_emergency_stop_takes_everything_back_and_lets_nothing_out(
    venue: VenueProcess, tmp_path: Path
) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        desk = program.desk
        working = await program.gives("order/submit", LIMIT)
        waiting = await program.gives("orders/conditional", SELL | {"conditions": [f"last({SYMBOL}) > 500"]})
        await desk.until_order(working, OrderStatus.PLACED)
        stop = await program.posts("system/emergency-stop", {"reason": "smoke"})
        assert stop.status_code == 200
        for order_id in (working, waiting):
            await desk.until_order(order_id, OrderStatus.CANCELED)
        refused = await program.posts("order/submit", LIMIT | {"price": 101})
        assert (refused.status_code, refused.json()["type"]) == (403, "halted")
        system = await program.asks("system")
        assert system["engine_state"] == "HALTED"
        assert "smoke" in system["engine_reason"]
        assert {link["state"] for link in system["links"]} == {"live"}
        assert system["stragglers"] == []
        assert (await program.posts("system/emergency-stop", {"state": "NORMAL"})).status_code == 200
        assert await program.gives("order/submit", LIMIT) == waiting + 1
        assert not [one for one in (await venue.truth()).live if one["side"] == "SELL"]


async def test_the_books_are_told_and_what_stands_is_noted(venue: VenueProcess, tmp_path: Path) -> None:
    async with program_at(venue, tmp_path / "db.sqlite") as program:
        desk = program.desk
        before = (await program.asks("account"))["balance"]
        moved = await program.posts("account/transfer", {"account_id": ACCOUNT, "amount": 12.5})
        assert moved.status_code == 200
        assert (await program.asks("account"))["balance"] == before + 12.5
        told = {
            "account_id": ACCOUNT,
            "symbol": SYMBOL,
            "direction": "LONG",
            "volume": 1,
            "average_price": 99,
        }
        refused = await program.posts("positions/adjust", told | {"reason": " "})
        assert (refused.status_code, refused.json()["type"]) == (422, "invalid")
        assert (await program.posts("positions/adjust", told | {"reason": "counted"})).status_code == 200
        (record,) = (await program.asks("positions/records", type="adjustment"))["records"]
        assert (record["volume"], record["by"]) == (1, "mirror 127.0.0.1")
        assert (await program.posts("system/reconcile", {})).status_code == 200
        await desk.until(lambda: desk.causes(standing=True))
        alert = (await program.asks("alerts", standing=1))["alerts"][0]
        noted = await program.posts(f"alerts/{alert['alert_id']}/acknowledge", {})
        assert noted.status_code == 200
        assert alert["alert_id"] not in [a["alert_id"] for a in (await program.asks("system"))["alerts"]]
        unknown = await program.posts("alerts/999/acknowledge", {})
        assert (unknown.status_code, unknown.json()["type"]) == (404, "unknown")
        operations = desk.seen.operations
        assert {"MoveMoney", "AdjustPosition", "AcknowledgeAlert"} <= {
            one.command for one in operations if one.origin == "mirror 127.0.0.1"
        }
