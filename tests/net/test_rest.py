"""The REST routes: what they answer, and how they refuse."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from memory_door import START_NS, MemoryDoor, account, equity, order, position, strategy, trade

from monitor.boundary import CoreStats
from monitor.engine.commands import ResetReplay, refused
from monitor.engine.values import OrderStatus

ORDERS = "/api/backtest/orders/1"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"].endswith(".")
    return body


async def test_active_orders_oldest_first(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(orders=[order(3), order(1, OrderStatus.PARTIAL), order(2, OrderStatus.FILLED)])
    answer = await web.get(ORDERS)
    assert [row["order_id"] for row in answer.json()] == [1, 3]
    assert answer.headers["cache-control"] == "no-store"


async def test_history_newest_first_by_page(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(orders=[order(number, OrderStatus.FILLED) for number in range(1, 8)] + [order(8)])
    body = (await web.get(f"{ORDERS}/history?page=2&size=3")).json()
    assert [row["order_id"] for row in body["orders"]] == [4, 3, 2]
    assert (body["total"], body["page"], body["size"]) == (7, 2, 3)


async def test_history_is_filtered(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(
        orders=[
            order(1, OrderStatus.FILLED),
            order(2, OrderStatus.CANCELED),
            order(3, OrderStatus.CANCELED, symbol="DCE.m2005"),
            order(4, OrderStatus.CANCELED),
        ]
    )
    last_ms = order(2).created_ns // 1_000_000
    query = f"status=canceled&symbol=SHFE.au2512&from={START_NS // 1_000_000}&to={last_ms}"
    assert [row["order_id"] for row in (await web.get(f"{ORDERS}/history?{query}")).json()["orders"]] == [2]
    iso = "from=2019-12-20T08:04:00%2B08:00"
    assert [row["order_id"] for row in (await web.get(f"{ORDERS}/history?{iso}")).json()["orders"]] == [4]


async def test_reset_asks_the_engine_and_says_who(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(orders=[order(1)])
    answer = await web.delete(ORDERS)
    assert answer.json()["success"] is True
    assert door.commands == [ResetReplay(strategy_id=1, origin="mirror 127.0.0.1")]
    assert (await web.get(ORDERS)).json() == []


async def test_a_refused_reset_says_why(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.answer = refused("The session is read-only.", "read-only")
    body = problem(await web.delete(ORDERS), 403)
    assert body["success"] is False
    assert body["type"] == "read-only"
    assert body["message"] == "The session is read-only."


async def test_positions_that_are_open(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(positions=[position(3, position_id="other")])
    door.change(positions=[position(0)])
    assert [(row["position_id"], row["volume"]) for row in (await web.get("/api/positions")).json()] == [
        ("other", 3)
    ]


async def test_the_account_with_exact_money(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/account")
    row = msgspec.json.decode(answer.content, type=dict[str, Any])
    assert b'"balance":1012340.50' in answer.content
    assert row["account_id"] == "sim-1"
    assert problem(await web.get("/api/account?account_id=none"), 404)["field"] == "account_id"


async def test_no_account_yet_is_said(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(cleared=True)
    assert problem(await web.get("/api/account"), 404)["type"] == "unknown-account"


async def test_equity_thinned_keeps_peak_and_trough(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    values = [1000.0 + number % 7 for number in range(5_000)]
    values[1234], values[4321] = 2000.0, 500.0
    door.change(equity=[equity(0, values[:3000]), equity(3000, values[3000:])])
    body = (await web.get("/api/account/equity?points=100")).json()
    assert body["total"] == 5_000
    assert len(body["equity"]) <= 100
    assert (max(body["equity"]), min(body["equity"])) == (2000.0, 500.0)
    assert max(body["drawdown"]) == 0.75
    assert body["time_ms"] == sorted(set(body["time_ms"]))


async def test_equity_between_two_times_knows_the_peak_before(
    door: MemoryDoor, web: httpx.AsyncClient
) -> None:
    door.change(equity=[equity(0, [100.0, 200.0, 150.0, 100.0])])
    first_ms = START_NS // 1_000_000
    body = (await web.get(f"/api/account/equity?from={first_ms + 120_000}&to={first_ms + 180_000}")).json()
    assert body["equity"] == [150.0, 100.0]
    assert body["drawdown"] == [0.25, 0.5]


async def test_trades_are_searched_and_paged(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(trades=[trade(1), trade(2, symbol="DCE.m2005"), trade(3), trade(4)])
    body = (await web.get("/api/trades?symbol=SHFE.au2512&size=2")).json()
    assert [row["trade_id"] for row in body["trades"]] == [4, 3]
    assert body["total"] == 3
    assert [row["trade_id"] for row in (await web.get("/api/trades?order_id=2")).json()["trades"]] == [2]


async def test_trades_as_csv(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(trades=[trade(1, venue_trade_id="=HYPERLINK()", price=Decimal("752.30"))])
    answer = await web.get("/api/trades", headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["price"] == "752.30"
    assert row["time"] == "2019-12-20T00:01:00+00:00"
    assert row["venue_trade_id"] == "'=HYPERLINK()"


async def test_health_follows_the_journal(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.figures = CoreStats(journal_seq=7, durable_seq=5)
    body = (await web.get("/healthz")).json()
    assert (body["status"], body["journal_seq"], body["durable_seq"]) == ("ok", 7, 5)
    door.figures = CoreStats(journal_error="disk full")
    answer = await web.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/backtest/orders/abc", "strategy_id"),
        ("/api/backtest/orders/-1", "strategy_id"),
        ("/api/backtest/orders/99999999999999999999", "strategy_id"),
        ("/api/backtest/orders/1?verbose=1", "verbose"),
        ("/api/backtest/orders/1/history?page=0", "page"),
        ("/api/backtest/orders/1/history?size=501", "size"),
        ("/api/backtest/orders/1/history?size=١", "size"),
        ("/api/backtest/orders/1/history?page=1&page=2", "page"),
        ("/api/backtest/orders/1/history?status=Gone", "status"),
        ("/api/backtest/orders/1/history?symbol=%00", "symbol"),
        ("/api/backtest/orders/1/history?from=yesterday", "from"),
        ("/api/backtest/orders/1/history?to=2019-12-20T08:00:00", "to"),
        ("/api/account/equity?points=3", "points"),
        ("/api/account/equity?points=1e9", "points"),
        ("/api/trades?order_id=one", "order_id"),
        ("/api/trades?from=99999999999999999", "from"),
        ("/api/positions?x=", "x"),
        ("/healthz?x=1", "x"),
    ],
)
async def test_bad_values_are_refused_by_field(web: httpx.AsyncClient, path: str, field: str) -> None:
    assert problem(await web.get(path), 422)["field"] == field


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_strategy_is_said(door: MemoryDoor, web: httpx.AsyncClient, method: str) -> None:
    door.change(strategies=[strategy()])
    assert problem(await web.request(method, "/api/backtest/orders/77"), 404)["type"] == "unknown-strategy"
    assert door.commands == []


async def test_unknown_routes_and_methods_are_problems_too(web: httpx.AsyncClient) -> None:
    assert problem(await web.get("/api/nothing"), 404)["type"] == "unknown-route"
    answer = await web.put("/api/account", content=b"{}")
    assert problem(answer, 405)["type"] == "method-not-allowed"
    assert "GET" in answer.headers["allow"]
    problem(await web.delete("/nothing/here"), 405)


async def test_giant_bodies_are_refused(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    answer = await web.request("DELETE", ORDERS, content=b"x" * 70_000)
    assert problem(answer, 413)["type"] == "body-too-large"
    assert door.commands == []


async def test_a_failing_door_is_a_problem_and_the_mirror_lives(
    door: MemoryDoor, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> CoreStats:
        raise RuntimeError("no stats")

    monkeypatch.setattr(door, "stats", broken)
    assert problem(await web.get("/healthz"), 500)["type"] == "internal-error"
    assert (await web.get("/api/account")).status_code == 200


async def test_accounts_follow_changes(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(accounts=[account(balance=Decimal("5.25"))])
    assert (await web.get("/api/account")).json()["balance"] == 5.25
