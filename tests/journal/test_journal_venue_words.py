"""Facts of trading at a venue: each in a sentence, found by order, account, symbol and kind."""

from __future__ import annotations

from decimal import Decimal

import pytest
from journal_world import Desk
from venue_sessions import BOUGHT, SOLD, WAITING, WITHDRAWN

from monitor.engine import commands as cmd, events as ev
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import (
    Direction,
    EngineState,
    Instrument,
    LinkKind,
    LinkSide,
    LinkState,
    LogLevel,
    MoneyKind,
    Offset,
    OrderStatus,
    OrderType,
    Origin,
    RecordType,
    Side,
    SignalKind,
    TimeInForce,
)
from monitor.engine.venue import FillReport, OrderReport, VenueStatus
from monitor.journal.venue_wording import VENUE_SENTENCES
from monitor.journal.wording import sentence

D = Decimal
SYMBOL = "SIM.BTC-PERP"
FINISHED = {
    "signal_id": 1,
    "order_id": 12,
    "volume": D(4),
    "average_price": D("560.02"),
    "commission": {"CNY": D("20.0")},
    "realised_profit": D(0),
}

SAID = [
    (ev.OrderSent(order_id=12, venue="sim"), "order 12 sent to sim, attempt 1"),
    (
        ev.OrderSent(order_id=12, venue="sim", attempt=2, arrival=D("5.0")),
        "order 12 sent to sim, attempt 2, the price was 5.0",
    ),
    (
        ev.OrderReleased(order_id=3, reason="last >= 5", quantity=D(2)),
        "order 3 waits no longer with 2: last >= 5",
    ),
    (
        ev.OrderRefused(order_id=3, reason="busy", retryable=True, attempt=1),
        "order 3 was refused, attempt 1, it may be tried again: busy",
    ),
    (ev.OrderLost(order_id=3, reason="no answer"), "nobody knows whether order 3 arrived: no answer"),
    (ev.OrderAbsent(order_id=3, polled_ns=1), "order 3 was looked up: the venue does not know it"),
    (
        ev.OrderQueued(order_id=3, not_before_ns=1, venue="b", reason="busy"),
        "order 3 is queued again for b: busy",
    ),
    (ev.OrderHandedOver(order_id=3, reason="no money"), "order 3 waits for a person: no money"),
    (ev.OrderTakenBack(order_id=3), "order 3 goes to the queue again, a person decided"),
    (
        ev.ConditionFailed(order_id=3, condition="last(X) >= 1", error="no X"),
        "order 3: last(X) >= 1 cannot be evaluated: no X",
    ),
    (ev.ConditionLatched(order_id=3, index=0), "order 3: condition 1 has come true"),
    (
        ev.OrderReported(order_id=12, venue_order_id="V77", cumulative=D(3), price=D(5)),
        "venue says order 12 (V77) works, price 5, 3 filled",
    ),
    (
        ev.OrderDone(order_id=12, venue_order_id="V77", cumulative=D(3)),
        "venue says order 12 (V77) is filled, 3 filled",
    ),
    (
        ev.OrderCanceled(order_id=12, venue_order_id="V77", cumulative=D(3)),
        "order 12 (V77) cancelled, 3 filled",
    ),
    (
        ev.OrderCanceled(order_id=12, provisional=True, reason="gone"),
        "order 12 cancelled, inferred: gone",
    ),
    (
        ev.ReplaceRequested(order_id=3, quantity=D(2), price=D(7)),
        "order 3 is to be changed to quantity 2, price 7",
    ),
    (
        ev.OrderReplaced(order_id=3, venue_order_id="V2", predecessor="V1", price=D(7)),
        "order 3 was changed to price 7 (V2), it was V1",
    ),
    (ev.ReplaceRejected(order_id=3, reason="too late"), "order 3 was not changed: too late"),
    (ev.OrdersMerged(order_id=3, orphan_id=4), "order 4, found at the venue, is order 3"),
    (
        ev.FillCorrected(order_id=3, venue_trade_id="i1"),
        "order 3: the inferred fill i1 is void, the real ones came",
    ),
    (ev.OrderReopened(order_id=3, venue_order_id="V1"), "order 3 (V1) works after all"),
    (
        ev.EvidenceHeld(
            message=OrderReport(
                account_id="a", status=VenueStatus.CANCELED, venue_order_id="V9", cumulative=D(1)
            )
        ),
        "a: an order V9 that nobody here knows is canceled, 1 filled, kept",
    ),
    (
        ev.EvidenceHeld(
            message=FillReport(
                account_id="a",
                venue_order_id="V9",
                venue_trade_id="T",
                symbol="X",
                side=Side.BUY,
                price=D(5),
                volume=D(2),
            )
        ),
        "a: BUY 2 X at 5 of an order V9 that nobody here knows, kept",
    ),
    (
        ev.EvidenceClaimed(account_id="a", venue_order_id="V9", order_id=3),
        "a: what was kept of V9 is order 3's",
    ),
    (
        ev.SignalEmitted(kind=SignalKind.FINISHED, status=OrderStatus.FILLED, **FINISHED),
        "signal: order 12 finished: 4 at 560.02, fees 20 CNY, profit 0",
    ),
    (
        ev.SignalEmitted(kind=SignalKind.FINISHED, status=OrderStatus.CANCELED, reason="asked", **FINISHED),
        "signal: order 12 finished, cancelled: 4 at 560.02, fees 20 CNY, profit 0: asked",
    ),
    (
        ev.SignalEmitted(kind=SignalKind.CORRECTED, status=OrderStatus.FILLED, **FINISHED),
        "signal: order 12 finished, corrected: 4 at 560.02, fees 20 CNY, profit 0",
    ),
    (ev.SignalEmitted(signal_id=1, order_id=12, kind=SignalKind.ACCEPTED), "signal: order 12 was accepted"),
    (
        ev.SignalEmitted(signal_id=1, order_id=12, kind=SignalKind.FILL, volume=D(1), average_price=D(5)),
        "signal: order 12 fill: 1 at 5",
    ),
    (
        ev.SignalEmitted(signal_id=1, order_id=12, kind=SignalKind.ALERT, reason="fills missing"),
        "signal: order 12 needs a look: fills missing",
    ),
    (
        ev.AlertRaised(alert_id=2, level=LogLevel.WARNING, cause="c", message="it hangs", order_id=3),
        "alert 2 (warning, order 3): it hangs",
    ),
    (ev.AlertSettled(alert_id=2), "alert 2 is over"),
    (ev.AlertSettled(alert_id=2, by="window"), "alert 2 noted by window"),
    (
        ev.EngineStateChanged(state=EngineState.HALTED, reason="too much", by="window"),
        "engine HALTED, by window: too much",
    ),
    (
        ev.GuardFired(guard="price band", action="refuse", message="5 % away", order_id=3),
        "guard price band refused order 3: 5 % away",
    ),
    (
        ev.InstrumentsListed(venue="sim", instruments=tuple(Instrument(symbol=f"X{i}") for i in range(7))),
        "instruments of sim: X0, X1, X2, X3, X4 and 2 more",
    ),
    (
        ev.MoneyMoved(
            account_id="a",
            amount=D("-3.10"),
            currency="CNY",
            kind=MoneyKind.FUNDING,
            venue_id="f",
            symbol="X",
        ),
        "a: funding of -3.1 CNY for X",
    ),
    (ev.DayRolled(day="2026-11-20", prices={"X": D(5)}), "day 2026-11-20 begins, settled at X 5"),
    (
        ev.PositionCorrected(
            account_id="a",
            symbol="X",
            direction=Direction.LONG,
            volume=D(3),
            average_price=D("5.50"),
            type=RecordType.CORRECTION,
            reason="the venue has it",
            by="reconciliation",
        ),
        "a has 3 X LONG at 5.5, correction by reconciliation: the venue has it",
    ),
    (ev.PricesMarked(prices={"X": D(5), "Y": D("6.5")}), "prices: X 5, Y 6.5"),
    (
        ev.Reconciled(account_id="a", corrections=0, polled_ns=1),
        "a was compared with the venue: nothing differed",
    ),
    (
        ev.LinkChanged(venue="sim", side=LinkSide.ORDERS, state=LinkState.LOST, reason="cut"),
        "line to sim (orders) is lost: cut",
    ),
]


@pytest.mark.parametrize(("fact", "words"), SAID, ids=lambda one: type(one).__name__)
def test_a_fact_in_a_sentence(fact: ev.AnyEvent, words: str) -> None:
    assert sentence(fact) == words


def test_no_kind_of_fact_is_without_words() -> None:
    assert {type(fact) for fact, _ in SAID} >= set(VENUE_SENTENCES)
    assert set(VENUE_SENTENCES) >= {*ev.ORDER_EVENTS[1:11], ev.SignalEmitted, ev.Reconciled}


def created(**fields: object) -> ev.OrderCreated:
    usual = {
        "order_id": 7,
        "strategy_id": 0,
        "account_id": "a",
        "symbol": "X",
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": D(1),
        "price": D(5),
        "origin": Origin.USER,
    }
    return ev.OrderCreated(**{**usual, **fields})  # type: ignore[arg-type]


def test_what_an_order_waits_for_and_where_it_was_found() -> None:
    waits = OrderPlan(conditions=("last(X) >= 5", "spread(X) < 2"), parent_id=4)
    said = sentence(created(plan=waits))
    assert said == (
        "order 7: BUY 1 X limit 5 to open, given by the user, "
        "when last(X) >= 5, when spread(X) < 2, after order 4"
    )
    found = sentence(created(origin=Origin.EXTERNAL, venue_order_id="V3"))
    assert found == "order 7 found at the venue (V3): BUY 1 X limit 5 to open"


def test_what_somebody_asked_for() -> None:
    request = cmd.OrderRequest(
        symbol="X", side=Side.BUY, offset=Offset.OPEN, type=OrderType.MARKET, quantity=D(1)
    )
    asked: list[tuple[cmd.AnyCommand, str]] = [
        (
            cmd.SubmitLinked(strategy_id=0, kind=LinkKind.OCO, orders=(request, request)),
            "OCO: BUY 1 X at market open; BUY 1 X at market open",
        ),
        (cmd.ReplaceOrder(order_id=3, price=D(5)), "change order 3 to price 5"),
        (cmd.DecideOrder(order_id=3, decision=cmd.Decision.SEND), "order 3: send"),
        (
            cmd.ResolveOrder(order_id=3, resolution=cmd.Resolution.NEVER_ARRIVED),
            "order 3: never arrived",
        ),
        (cmd.SetEngineState(state=EngineState.HALTED, reason="stop"), "engine HALTED: stop"),
        (cmd.Reconcile(), "compare all accounts with the venue"),
        (cmd.MoveMoney(account_id="a", amount=D(5), currency="CNY"), "book 5 CNY to a"),
        (
            cmd.AdjustPosition(
                account_id="a", symbol="X", direction=Direction.SHORT, volume=D(2), reason="so"
            ),
            "a has 2 X SHORT: so",
        ),
        (cmd.AcknowledgeAlert(alert_id=4), "alert 4 noted"),
    ]
    for command, words in asked:
        assert sentence(ev.CommandTaken(command=command)) == f"window asked: {words}"


# Filters ------------------------------------------------------------------------------------
def test_sessions_tell_their_world(venue_desk: Desk) -> None:
    head, only = venue_desk.lines("--sessions")
    assert head.split()[-2:] == ["world", "title"]
    assert only.split()[3] == "-"
    assert " ".join(only.split()[-4:]) == "cleanly SIMULATED sim: acc"


def test_times_are_of_the_sessions_zone(venue_desk: Desk) -> None:
    assert venue_desk.lines()[0].endswith("times of Asia/Shanghai")


@pytest.mark.parametrize("order", [BOUGHT, WITHDRAWN, WAITING, SOLD])
def test_what_happened_to_an_order(venue_desk: Desk, order: int) -> None:
    mine = [
        record.seq
        for record in venue_desk.records(1)
        if f'"order_id":{order},'.encode() in record.payload.replace(b"}", b",}")
    ]
    assert venue_desk.seqs("--order", str(order)) == mine


def test_facts_that_name_only_an_order_are_of_its_account_and_symbol(venue_desk: Desk) -> None:
    of_orders = venue_desk.seqs("--symbol", SYMBOL, "--account", "acc", "--all")
    named = {"TradeExecuted", "SignalEmitted", "OrderSent", "OrderPlaced", "OrderCanceled", "CancelRequested"}
    records = venue_desk.records(1)
    assert {r.seq for r in records if r.kind in named} < set(of_orders)
    kinds = {r.kind for r in records if r.seq in of_orders}
    assert "LinkChanged" not in kinds
    assert "Reconciled" not in kinds
    assert {r.seq for r in records if r.kind == "Reconciled"} < set(
        venue_desk.seqs("--account", "acc", "--all")
    )
    assert {"InstrumentsListed"} == {
        r.kind for r in records if r.seq in venue_desk.seqs("--symbol", "SIM.au9999", "--all")
    }
    assert "None of the" in venue_desk.lines("--account", "nobody")[0]


def test_a_cancel_asked_for_is_of_its_orders_symbol(venue_desk: Desk) -> None:
    asked = next(r for r in venue_desk.records(1) if b"CancelOrder" in r.payload)
    assert asked.seq in venue_desk.seqs("--symbol", SYMBOL, "--all")
