"""Orders given over REST: each body becomes one command, each reply one answer; off unless set on."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from memory_door import MemoryDoor, busy_door, order, replay, session
from mirror_clients import WEB

from monitor.boundary import CoreStats
from monitor.engine import commands as cmd
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.guards.assess import GUARDS
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import (
    Direction,
    EngineState,
    FailurePolicy,
    LinkKind,
    Offset,
    OrderStatus,
    OrderType,
    PartialPolicy,
    Priority,
    Side,
    TimeInForce,
    World,
)
from monitor.net import commanding
from monitor.net.mirror import Mirror
from monitor.net.order_routes import OrderRoutes
from monitor.net.present import Present

ORDER = {"symbol": "SHFE.au2512", "side": "BUY", "type": "LIMIT", "quantity": 2, "price": 752.30}
ADVANCED = {"instrument_name": "SHFE.au2512", "amount": 2, "direction": "buy", "price": 752.30}
FROM = "mirror 127.0.0.1"
ROUTES: dict[str, dict[str, Any]] = {
    "/api/order/submit": ORDER,
    "/api/orders/advanced": ADVANCED,
    "/api/orders/conditional": ADVANCED | {"conditions": ["time in 09:00..10:15"]},
    "/api/orders/linked": {"kind": "OCO", "orders": [ORDER, ORDER]},
    "/api/orders/cancel": {"order_ids": [1]},
    "/api/order/1/cancel": {},
    "/api/order/1/replace": {"price": 752.4},
    "/api/order/1/decide": {"decision": "send"},
    "/api/order/1/resolve": {"resolution": "look_up"},
    "/api/system/emergency-stop": {},
    "/api/system/reconcile": {},
    "/api/alerts/1/acknowledge": {},
    "/api/positions/adjust": {
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "direction": "LONG",
        "volume": 1,
        "reason": "counted",
    },
    "/api/account/transfer": {"account_id": "sim-1", "amount": 5},
}


@pytest.fixture
def door() -> MemoryDoor:
    """Of a venue, and agreeable."""
    door = busy_door()
    door.change(session=session(world=World.SIMULATED))
    door.answer = accepted()
    return door


@pytest.fixture
async def mirror(door: MemoryDoor) -> AsyncIterator[Mirror]:
    running = Mirror(door, port=0, web_root=WEB, trading=True)
    await running.start()
    yield running
    await running.stop()


async def gives(web: httpx.AsyncClient, door: MemoryDoor, path: str, **body: Any) -> Any:
    """The command that a body became."""
    answer = await web.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return door.commands[-1]


# Orders --------------------------------------------------------------------------------------
async def test_a_plain_order(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.answer = accepted(7, reason="A large order.")
    door.change(orders=[order(7)])
    answer = await web.post(
        "/api/order/submit",
        json=ORDER | {"offset": "CLOSE", "time_in_force": "IOC", "reduce_only": True, "priority": "high"},
    )
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["order_ids"]) == (200, True, [7])
    assert body["reason"] == "A large order."
    assert [row["order_id"] for row in body["orders"]] == [7]
    assert door.commands == [
        cmd.SubmitOrder(
            origin=FROM,
            strategy_id=0,
            symbol="SHFE.au2512",
            side=Side.BUY,
            offset=Offset.CLOSE,
            type=OrderType.LIMIT,
            quantity=Decimal(2),
            price=Decimal("752.30"),
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            plan=OrderPlan(priority=Priority.HIGH),
        )
    ]


async def test_money_of_a_body_is_taken_as_it_is_written(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    text = '{"symbol":"X","side":"SELL","type":"LIMIT","quantity":0.30000000000,"price":1234567890123.45}'
    answer = await web.post("/api/order/submit", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    (command,) = door.commands
    assert isinstance(command, cmd.SubmitOrder)
    assert (str(command.quantity), str(command.price)) == ("0.30000000000", "1234567890123.45")


async def test_an_order_that_ended_at_once_is_in_the_answer(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.answer = accepted(7, 8)
    door.change(orders=[order(7, OrderStatus.FILLED), order(8, OrderStatus.REJECTED)])
    body = (await web.post("/api/order/submit", json=ORDER)).json()
    assert [(row["order_id"], row["status"]) for row in body["orders"]] == [(7, "Filled"), (8, "Rejected")]


async def test_the_names_of_the_seed(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    command = await gives(
        web,
        door,
        "/api/orders/advanced",
        instrument_name="SHFE.au2512",
        amount=2,
        direction="sell",
        order_type="stop_limit",
        price=752.3,
        execute_immediately=True,
        priority="low",
        conditions=["last(SHFE.au2512) >= 560"],
        metadata={"desk": "north"},
        trigger_price=752.5,
    )
    assert (command.side, command.type, command.quantity) == (Side.SELL, OrderType.STOP_LIMIT, 2)
    assert command.trigger_price == Decimal("752.5")
    assert command.plan == OrderPlan(
        priority=Priority.LOW,
        execute_immediately=True,
        conditions=("last(SHFE.au2512) >= 560",),
        metadata={"desk": "north"},
    )


async def test_the_whole_plan(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    command = await gives(
        web,
        door,
        "/api/orders/advanced",
        **ADVANCED,
        delay_s=300,
        not_before_ms=1_800_000_000_000,
        auto_cancel_s=0,
        partial="cancel_remaining",
        partial_after_s=5,
        on_failure="manual",
        second_venue="deribit",
        latched=True,
        conditions=None,
        metadata=None,
    )
    assert command.plan == OrderPlan(
        delay_s=300,
        not_before_ns=1_800_000_000_000_000_000,
        auto_cancel_s=0,
        partial=PartialPolicy.CANCEL_REMAINING,
        partial_after_s=5,
        on_failure=FailurePolicy.MANUAL,
        second_venue="deribit",
        latched=True,
    )


async def test_a_conditional_order_expires_by_the_clock_of_its_world(
    door: MemoryDoor, web: httpx.AsyncClient
) -> None:
    body = ADVANCED | {"conditions": ["time in 09:00..10:15"], "expiration": 60}
    before = time.time_ns()
    command = await gives(web, door, "/api/orders/conditional", **body)
    assert before + 60 * 10**9 <= command.plan.expires_ns <= time.time_ns() + 60 * 10**9
    door.change(session=session(world=World.REPLAY), replay=replay(10))
    command = await gives(web, door, "/api/orders/conditional", **body)
    assert command.plan.expires_ns == (replay(10).time_ns or 0) + 60 * 10**9
    assert command.strategy_id == 1


@pytest.mark.parametrize("conditions", [[], None])
async def test_a_conditional_order_has_conditions(
    door: MemoryDoor, web: httpx.AsyncClient, conditions: list[str] | None
) -> None:
    answer = await web.post("/api/orders/conditional", json=ADVANCED | {"conditions": conditions})
    assert (answer.status_code, answer.json()["field"]) == (422, "conditions")
    assert door.commands == []


async def test_a_condition_that_cannot_be_read_is_pointed_at(
    door: MemoryDoor, web: httpx.AsyncClient
) -> None:
    conditions = ["time in 09:00..10:15", "last(SHFE.au2512) => 5"]
    answer = await web.post("/api/orders/conditional", json=ADVANCED | {"conditions": conditions})
    body = answer.json()
    assert (answer.status_code, body["type"], body["field"]) == (422, "invalid-condition", "conditions[1]")
    assert body["position"] == 18
    six = ["time in 09:00..10:15 and time in 09:00..10:15 and time in 09:00..10:15"] * 2
    answer = await web.post("/api/orders/conditional", json=ADVANCED | {"conditions": six})
    assert (answer.json()["type"], answer.json()["field"]) == ("invalid-condition", "conditions")
    assert door.commands == []


async def test_linked_orders(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    exits = {"side": "SELL", "offset": "CLOSE"}
    orders = [
        ORDER,
        ORDER | exits | {"price": 760},
        {**ORDER, **exits, "type": "STOP", "price": None, "trigger_price": 745},
    ]
    command = await gives(web, door, "/api/orders/linked", kind="BRACKET", orders=orders)
    assert command.kind is LinkKind.BRACKET
    assert [one.price for one in command.orders] == [Decimal("752.3"), Decimal(760), None]
    assert command.orders[2].trigger_price == 745
    answer = await web.post(
        "/api/orders/linked", json={"kind": "OCO", "orders": [ORDER, {**ORDER, "side": 1}]}
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "orders[1].side")
    assert (await web.post("/api/orders/linked", json={"kind": "OCO", "orders": [ORDER]})).status_code == 422


async def test_what_is_done_with_an_order(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(orders=[order(3), order(4, OrderStatus.CANCELED)])
    told = {"origin": FROM}
    assert await gives(web, door, "/api/order/3/cancel", reason="late") == cmd.CancelOrder(
        **told, order_id=3, reason="late"
    )
    assert await gives(web, door, "/api/order/3/replace", quantity=5, price=1.5) == cmd.ReplaceOrder(
        **told, order_id=3, quantity=Decimal(5), price=Decimal("1.5")
    )
    assert await gives(web, door, "/api/order/3/decide", decision="cancel") == cmd.DecideOrder(
        **told, order_id=3, decision=cmd.Decision.CANCEL
    )
    assert await gives(web, door, "/api/order/3/resolve", resolution="never_arrived") == cmd.ResolveOrder(
        **told, order_id=3, resolution=cmd.Resolution.NEVER_ARRIVED
    )
    answer = await web.post("/api/orders/cancel", json={"order_ids": [3, 4], "all": True})
    assert door.commands[-1] == cmd.CancelOrders(**told, order_ids=(3, 4), all=True)
    assert [row["status"] for row in answer.json()["orders"]] == ["Created", "Canceled"]


async def test_a_cancel_needs_no_body(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/order/3/cancel", headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert door.commands == [cmd.CancelOrder(origin=FROM, order_id=3)]


async def test_the_engine_and_the_books(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    told = {"origin": FROM}
    assert await gives(web, door, "/api/system/emergency-stop") == cmd.SetEngineState(
        **told, state=EngineState.HALTED
    )
    assert await gives(
        web, door, "/api/system/emergency-stop", state="NORMAL", reason="over"
    ) == cmd.SetEngineState(**told, state=EngineState.NORMAL, reason="over")
    assert await gives(web, door, "/api/system/reconcile", account_id="sim-1") == cmd.Reconcile(
        **told, account_id="sim-1"
    )
    assert await gives(web, door, "/api/alerts/9/acknowledge") == cmd.AcknowledgeAlert(**told, alert_id=9)
    assert await gives(
        web, door, "/api/account/transfer", account_id="sim-1", amount=-12.5, currency="USD", note="out"
    ) == cmd.MoveMoney(**told, account_id="sim-1", amount=Decimal("-12.5"), currency="USD", note="out")
    body = {"account_id": "sim-1", "symbol": "X", "direction": "SHORT", "volume": 0, "reason": "counted"}
    assert await gives(web, door, "/api/positions/adjust", **body) == cmd.AdjustPosition(
        **told,
        account_id="sim-1",
        symbol="X",
        direction=Direction.SHORT,
        volume=Decimal(0),
        reason="counted",
    )


# Refusals ------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ROUTES)
async def test_nothing_is_given_while_trading_is_off(door: MemoryDoor, path: str) -> None:
    off = Mirror(door, port=0, web_root=WEB)
    await off.start()
    async with httpx.AsyncClient(base_url=off.url) as client:
        answer = await client.post(path, json=ROUTES[path])
        assert (answer.status_code, answer.json()["type"]) == (403, "trading-off")
        assert "mirror.trading" in answer.json()["detail"]
        assert (await client.get("/api/orders/active")).status_code == 200
        check = await client.post("/api/conditions/check", json={"condition": "time in 9:00..10:15"})
        assert check.json()["condition"] == "time in 09:00..10:15"
    await off.stop()
    assert door.commands == []


@pytest.mark.parametrize("path", ROUTES)
async def test_every_route_gives_its_command_with_its_key(
    door: MemoryDoor, web: httpx.AsyncClient, path: str
) -> None:
    answer = await web.post(path, json=ROUTES[path], headers={"idempotency-key": "k-1"})
    assert answer.status_code == 200, answer.text
    (command,) = door.commands
    assert (command.origin, command.key) == (FROM, "mirror k-1")


STATUSES = {
    "changed": 409,
    "duplicate": 409,
    "gone": 409,
    "finished": 409,
    "moved": 409,
    "stale": 409,
    "unknown": 404,
    "invalid": 422,
    "halted": 403,
    "reduce-only": 403,
    "read-only": 403,
    "queue-full": 429,
    "not-durable": 503,
    "unreachable": 503,
    "stopped": 503,
    "never heard of": 409,
}


@pytest.mark.parametrize(("guard", "status"), STATUSES.items())
async def test_a_refusal_has_the_guard_as_its_type(
    door: MemoryDoor, web: httpx.AsyncClient, guard: str, status: int
) -> None:
    door.answer = refused("Not so.", guard)
    answer = await web.post("/api/order/submit", json=ORDER)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, guard)
    assert (body["detail"], body["accepted"], body["order_ids"]) == ("Not so.", False, [])


async def test_risk_guards_forbid(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    for guard in GUARDS:
        door.answer = refused("Too much.", guard.name)
        answer = await web.post("/api/order/submit", json=ORDER)
        assert (answer.status_code, answer.json()["type"]) == (STATUSES.get(guard.name, 403), guard.name)


async def test_an_order_made_and_refused_at_once_is_named(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.answer = Reply(accepted=False, reason="No money.", guard="invalid", order_ids=(5,))
    assert (await web.post("/api/order/submit", json=ORDER)).json()["order_ids"] == [5]


async def test_no_answer_says_that_it_may_still_happen(
    door: MemoryDoor, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commanding, "PATIENCE_S", 0.01)
    monkeypatch.setattr(door, "submit", lambda _: asyncio.get_running_loop().create_future())
    door.figures = CoreStats(journal_error="The disk is full.")
    answer = await web.post("/api/order/submit", json=ORDER)
    assert (answer.status_code, answer.json()["type"]) == (503, "no-answer")
    assert "The disk is full." in answer.json()["detail"]
    assert "may still be carried out" in answer.json()["detail"]


async def test_a_key_belongs_to_one_request(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k-1"}
    assert (await web.post("/api/order/submit", json=ORDER, headers=key)).status_code == 200
    assert (await web.post("/api/order/submit", json=ORDER, headers=key)).status_code == 200
    for path, body in [("/api/order/submit", ORDER | {"quantity": 3}), ("/api/order/1/cancel", {})]:
        answer = await web.post(path, json=body, headers=key)
        assert (answer.status_code, answer.json()["type"]) == (422, "key-reused")
    assert [command.key for command in door.commands] == ["mirror k-1"] * 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "ключ".encode()])
async def test_a_key_that_is_none_is_refused(
    door: MemoryDoor, web: httpx.AsyncClient, key: str | bytes
) -> None:
    answer = await web.post("/api/order/submit", json=ORDER, headers={"idempotency-key": key})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert door.commands == []


async def test_two_keys_are_none(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    twice = [("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = await web.post("/api/order/submit", json=ORDER, headers=twice)
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert door.commands == []


async def test_conditions_are_checked(web: httpx.AsyncClient) -> None:
    text = "last(SHFE.au2512)>=560 and time in 9:00..10:15"
    body = (await web.post("/api/conditions/check", json={"condition": text})).json()
    assert body["conditions"] == ["last(SHFE.au2512) >= 560", "time in 09:00..10:15"]
    assert body["condition"] == " and ".join(body["conditions"])
    answer = await web.post("/api/conditions/check", json={"condition": "lasst(X) > 1"})
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem["position"]) == (422, "invalid-condition", 0)


async def test_only_posts_give_orders(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    for path in ROUTES:
        for method in ["GET", "PUT", "DELETE", "OPTIONS"]:
            answer = await web.request(method, path)
            assert answer.status_code in {404, 405}
            assert "access-control-allow-origin" not in answer.headers
    assert door.commands == []


async def test_every_example_of_the_document_is_answered(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    document = (WEB.parents[1] / "docs" / "mirror.md").read_text(encoding="utf-8")
    posts = re.findall(r"^post (/\S+) '(.*?)'", document, re.MULTILINE | re.DOTALL)
    gets = re.findall(r"\$MIRROR(/api/[^\s\"]*)", document)
    door.change(orders=[order(7)])
    for path, body in posts:
        answer = await web.post(path, content=body.encode(), headers={"content-type": "application/json"})
        assert answer.status_code == 200, (path, answer.text)
    for path in gets:
        assert (await web.get(path)).status_code == 200, path
    shown = {re.sub(r"/\d+/", "/1/", path) for path, _ in posts}
    assert shown == {*ROUTES, "/api/conditions/check"}
    assert len(gets) >= len(OrderRoutes(door, Present()).table())
