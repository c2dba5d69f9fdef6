"""What REST reads of trading: orders, the queue, records, executions, signals, alerts, the system."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from desk_rows import START, alert, evidence, execution, link, record, waiting
from memory_door import MemoryDoor, order, session, trade

from monitor.boundary import CoreStats
from monitor.engine.rows import QueueRow, SignalRow
from monitor.engine.values import (
    EngineState,
    FillDirection,
    InnerState,
    LinkSide,
    LinkState,
    LogLevel,
    OrderFlag,
    OrderStatus,
    Priority,
    RecordType,
    SignalKind,
    WaitingKind,
)
from monitor.net.present import LATEST_ALERTS, LATEST_FINISHED, Present
from monitor.net.wire import NS_PER_MS


def signal(signal_id: int, **given: Any) -> SignalRow:
    fields: dict[str, Any] = {
        "order_id": 1,
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "kind": SignalKind.FINISHED,
        "key": "",
        "status": OrderStatus.FILLED,
        "volume": Decimal(2),
        "average_price": Decimal("752.30"),
        "commission": {"CNY": "6.50"},
        "realised_profit": None,
        "directions": (FillDirection.OPEN_LONG,),
        "first_ns": START,
        "last_ns": START,
        "time_ns": START,
    }
    return SignalRow(signal_id=signal_id, **{**fields, **given})


async def rows(web: httpx.AsyncClient, path: str, name: str, key: str) -> list[Any]:
    answer = await web.get(path)
    assert answer.status_code == 200, answer.text
    return [row[key] for row in answer.json()[name]]


# Orders --------------------------------------------------------------------------------------
async def test_active_orders_of_all_strategies_and_of_none(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    flags = (OrderFlag.CANCEL_PENDING, OrderFlag.STALE)
    door.change(
        orders=[
            order(3, strategy_id=0, inner_state=InnerState.UNKNOWN, flags=flags),
            order(1, OrderStatus.PARTIAL, account_id="other"),
            order(2, OrderStatus.FILLED),
        ]
    )
    found = (await web.get("/api/orders/active")).json()
    assert [row["order_id"] for row in found] == [1, 3]
    assert found[1]["flags"] == ["cancel_pending", "stale"]
    assert found[1]["inner_state"] == "unknown"
    for query, expected in {"strategy_id=0": [3], "account_id=other": [1], "symbol=DCE.m2005": []}.items():
        answer = await web.get(f"/api/orders/active?{query}")
        assert [row["order_id"] for row in answer.json()] == expected


async def test_one_order_with_all_that_is_kept_of_it(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(
        orders=[order(1, OrderStatus.PARTIAL), order(2, OrderStatus.FILLED)],
        waiting=[waiting(1, condition="last(SHFE.au2512) >= 560", truth=(False, None))],
        trades=[trade(1), trade(2)],
        executions=[execution(1), execution(2)],
        signals=[signal(1), signal(2, order_id=2)],
        records=[record(1, order_id=1), record(2, order_id=2)],
        alerts=[alert(1, order_id=1), alert(2)],
        evidence=[evidence("a", order_id=1), evidence("b")],
    )
    whole = (await web.get("/api/orders/1")).json()
    assert whole["order"]["order_id"] == 1
    assert whole["waiting"]["truth"] == [False, None]
    assert [row["trade_id"] for row in whole["trades"]] == [1]
    assert whole["execution"]["acknowledged_s"] == 0.034
    assert [row["directions"] for row in whole["signals"]] == [["Open Long"]]
    assert [row["record_id"] for row in whole["records"]] == [1]
    assert [row["alert_id"] for row in whole["alerts"]] == [1]
    assert [row["evidence_id"] for row in whole["evidence"]] == ["a"]
    other = (await web.get("/api/orders/2")).json()
    assert (other["order"]["status"], other["waiting"]) == ("Filled", None)


async def test_an_order_nobody_knows_is_said(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/orders/7")
    assert (answer.status_code, answer.json()["type"]) == (404, "unknown-order")
    assert (await web.get("/api/orders/99999999999999999999")).status_code == 422
    assert (await web.get("/api/orders/seven")).status_code == 404


async def test_history_of_all_strategies(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(
        orders=[order(1, OrderStatus.FILLED, strategy_id=0), order(2, OrderStatus.CANCELED), order(3)]
    )
    assert await rows(web, "/api/orders/history", "orders", "order_id") == [2, 1]
    assert await rows(web, "/api/orders/history?status=filled", "orders", "order_id") == [1]


async def test_the_queue_in_the_order_of_its_turns(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    queued = WaitingKind.QUEUED
    door.change(
        queue=QueueRow(length=2, high=1, normal=1, rate=0.5),
        waiting=[
            waiting(5, since_ns=START + 1),
            waiting(4, WaitingKind.DELAYED, not_before_ns=START + 60 * 10**9),
            waiting(2, queued, place=2),
            waiting(3, queued, place=1, priority=Priority.HIGH),
            waiting(1, over=True),
        ],
    )
    body = (await web.get("/api/queue")).json()
    assert [row["order_id"] for row in body["waiting"]] == [3, 2, 4, 5]
    assert (body["statistics"]["length"], body["statistics"]["rate"]) == (2, 0.5)
    assert body["waiting"][2]["not_before_ms"] == START // NS_PER_MS + 60_000
    door.change(waiting=[waiting(3, over=True)])
    assert await rows(web, "/api/queue", "waiting", "order_id") == [2, 4, 5]


# Records -------------------------------------------------------------------------------------
async def test_position_records_are_filtered_and_paged(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(
        records=[
            record(1),
            record(2, account_id="sim-2"),
            record(3, symbol="DCE.m2005"),
            record(4, strategy_id=2, type=RecordType.CORRECTION),
            record(5, order_id=9),
        ]
    )
    path = "/api/positions/records"
    filters = {
        "": [5, 4, 3, 2, 1],
        "account_id=sim-2": [2],
        "symbol=DCE.m2005": [3],
        "strategy_id=2": [4],
        "type=correction": [4],
        "order_id=9": [5],
        "page=2&size=2": [3, 2],
        f"from={record(4).time_ns // NS_PER_MS}": [5, 4],
        f"to={record(1).time_ns // NS_PER_MS}&include_archive=1": [1],
    }
    for query, expected in filters.items():
        assert await rows(web, f"{path}?{query}", "records", "record_id") == expected
    (row,) = (await web.get(f"{path}?type=correction")).json()["records"]
    assert (row["type"], row["direction"], row["price"]) == ("correction", "LONG", 752.30)


async def test_position_records_as_csv(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(records=[record(1, note="=cmd()", price=None)])
    answer = await web.get("/api/positions/records", headers={"accept": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["average_price"], row["price"], row["note"]) == ("752.316", "", "'=cmd()")
    assert row["time"] == "2019-06-12T02:30:01+00:00"


async def test_statistics_over_all_that_match(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    first = record(1, change=Decimal(3), volume=Decimal(3), commission=Decimal("3.25"))
    second = record(
        2,
        change=Decimal(-3),
        volume=Decimal(0),
        average_price=None,
        realised_profit=Decimal("300.10"),
        commission=Decimal("3.25"),
    )
    door.change(records=[first, second, record(3, account_id="sim-2")])
    answer = await web.get("/api/positions/statistics?account_id=sim-1")
    total = answer.json()["total"]
    assert b'"realised_profit":300.10' in answer.content
    assert (total["records"], total["win_rate"], total["round_trips"]) == (2, 1.0, 1)
    assert total["best"] == 293.6
    assert total["longest_held_s"] == 1.0
    assert set(answer.json()["by_strategy"]) == {"1"}
    assert set(answer.json()["by_direction"]) == {"LONG"}
    refused = await web.get("/api/positions/statistics?type=execution")
    assert (refused.status_code, refused.json()["field"]) == (422, "type")


async def test_executions_signals_and_alerts_are_searched(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(
        executions=[execution(1), execution(2, venue="sim")],
        signals=[signal(1), signal(2, order_id=2, kind=SignalKind.FILL)],
        alerts=[
            alert(1, settled_ns=START, by="mirror 127.0.0.1"),
            alert(2, level=LogLevel.ERROR),
            alert(3, cause="link lost", symbol="DCE.m2005"),
        ],
    )
    asked = {
        "executions?venue=sim": ("executions", "order_id", [2]),
        "executions?order_id=1": ("executions", "order_id", [1]),
        "signals?kind=fill": ("signals", "signal_id", [2]),
        "signals?size=1": ("signals", "signal_id", [2]),
        "alerts?standing=1": ("alerts", "alert_id", [3, 2]),
        "alerts?standing=0": ("alerts", "alert_id", [1]),
        "alerts?level=ERROR": ("alerts", "alert_id", [2]),
        "alerts?cause=link lost&symbol=DCE.m2005": ("alerts", "alert_id", [3]),
    }
    for query, (name, key, expected) in asked.items():
        assert await rows(web, f"/api/{query}", name, key) == expected
    assert (await web.get("/api/executions/summary")).json() is None


# The system ----------------------------------------------------------------------------------
async def test_the_system_page_at_one_moment(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.figures = CoreStats(journal_seq=7, durable_seq=5, loop_delay_ms=0.4, beat_s=12.5)
    door.change(
        session=session(engine_state=EngineState.HALTED, engine_reason="by hand"),
        orders=[
            order(1, OrderStatus.PLACED, inner_state=InnerState.CANCEL_IN_FLIGHT),
            order(2, OrderStatus.PLACED, flags=(OrderFlag.CANCEL_PENDING,)),
            order(3, OrderStatus.PLACED),
            order(4, OrderStatus.CANCELED, flags=(OrderFlag.CANCEL_PENDING,)),
        ],
        links=[
            link(last_message_ns=START, next_try_ns=START),
            link(LinkSide.MARKET, LinkState.LOST, reason="no answer"),
        ],
        evidence=[evidence("a"), evidence("b")],
        alerts=[alert(1), alert(2, settled_ns=START)],
        queue=QueueRow(length=3),
    )
    door.change(evidence=[evidence("a", over=True)])
    body = (await web.get("/api/system")).json()
    assert (body["engine_state"], body["engine_reason"]) == ("HALTED", "by hand")
    assert body["session"]["world"] == "REPLAY"
    orders, market = body["links"]
    assert orders["age_ms"] > 10**11
    assert orders["next_try_in_ms"] == 0
    assert (market["state"], market["age_ms"], market["reason"]) == ("lost", None, "no answer")
    assert [row["evidence_id"] for row in body["evidence"]] == ["b"]
    assert [row["alert_id"] for row in body["alerts"]] == [1]
    assert (body["alerts_standing"], body["queue"]["length"]) == (1, 3)
    assert [row["order_id"] for row in body["stragglers"]] == [1, 2]
    assert body["stats"]["journal_seq"] == 7
    assert "beat_s" not in body["stats"]


async def test_a_clear_voids_what_waits_and_stands(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    door.change(waiting=[waiting(1)], alerts=[alert(1)], links=[link()], evidence=[evidence("a")])
    door.change(cleared=True)
    body = (await web.get("/api/system")).json()
    assert (body["links"], body["evidence"], body["alerts"]) == ([], [], [])
    assert (await web.get("/api/queue")).json()["waiting"] == []


def test_the_present_keeps_what_stands_and_forgets_what_is_old() -> None:
    door, present = MemoryDoor(), Present()
    door.subscribe(present.apply)
    door.change(alerts=[alert(1), *(alert(n, settled_ns=START) for n in range(2, LATEST_ALERTS + 10))])
    assert len(present.alerts) == LATEST_ALERTS
    assert [row.alert_id for row in present.standing_alerts()] == [1]
    door.change(orders=[order(n, OrderStatus.FILLED) for n in range(1, LATEST_FINISHED + 3)])
    assert present.order(2) is None
    assert present.order(3) is not None


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/orders/active?strategy_id=x", "strategy_id"),
        ("/api/orders/1?x=1", "x"),
        ("/api/queue?page=1", "page"),
        ("/api/positions/records?type=gift", "type"),
        ("/api/positions/records?size=501", "size"),
        ("/api/positions/records?include_archive=yes", "include_archive"),
        ("/api/positions/records?account_id=%00", "account_id"),
        ("/api/positions/statistics?page=2", "page"),
        ("/api/executions?venue=%0a", "venue"),
        ("/api/signals?kind=finished&kind=fill", "kind"),
        ("/api/alerts?level=loud", "level"),
        ("/api/system?x=", "x"),
    ],
)
async def test_bad_values_are_refused_by_field(web: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_money_is_exact(door: MemoryDoor, web: httpx.AsyncClient) -> None:
    exact = Decimal("12345678901234.123456789012")
    door.change(records=[record(1, realised_profit=exact)])
    answer = await web.get("/api/positions/records")
    assert str(exact).encode() in answer.content
    assert msgspec.json.decode(answer.content)["total"] == 1
