"""Orders that wait in a replay: when they leave, what linked orders do to each other inside a bar, and
that a run made again tells the same to the byte."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from market import MINUTE, bar, fills, flat, plan, scripted, status

from monitor.engine import commands as cmd
from monitor.engine.commands import OrderRequest, Reply
from monitor.engine.klines.reader import read_klines
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import WaitingRow
from monitor.engine.session import ReplaySession
from monitor.engine.values import (
    InnerState,
    LinkKind,
    Offset,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    WaitingKind,
)

SYMBOL = "TEST.x1"
SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample" / "SIM.au9999.1m.csv.gz"
RISING = [flat(100 + i) for i in range(12)]


def session_of(bars: list[Any], **terms: Any) -> ReplaySession:
    return ReplaySession(plan(bars, scripted(), **terms))


def request(side: Side = Side.BUY, volume: int = 3, **fields: Any) -> OrderRequest:
    price = fields.pop("price", None)
    defaults: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": side,
        "offset": Offset.OPEN,
        "type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "quantity": Decimal(volume),
        "price": None if price is None else Decimal(str(price)),
    }
    return OrderRequest(**(defaults | fields))


def submit(session: ReplaySession, side: Side = Side.BUY, volume: int = 3, **fields: Any) -> Reply:
    order = request(side, volume, **fields)
    told = {name: getattr(order, name) for name in OrderRequest.__struct_fields__}
    return session.handle(cmd.SubmitOrder(strategy_id=1, **told))


def if_(*conditions: str, **fields: Any) -> OrderPlan:
    return OrderPlan(conditions=conditions, **fields)


def bracket(
    session: ReplaySession, *, target: float, stop: float, volume: int = 3, price: Any = None
) -> Reply:
    close = {"side": Side.SELL, "offset": Offset.CLOSE, "volume": volume}
    exits = (
        request(price=target, **close),
        request(type=OrderType.STOP, trigger_price=Decimal(str(stop)), **close),
    )
    orders = (request(volume=volume, price=price), *exits)
    return session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.BRACKET, orders=orders))


# Held, then sent --------------------------------------------------------------------------------
def test_a_condition_is_looked_at_at_each_close_and_the_order_fills_from_the_next_bar_on() -> None:
    session = session_of(RISING)
    session.advance(1)
    assert submit(session, plan=if_("last(TEST.x1) >= 103")) == Reply(accepted=True, order_ids=(1,))
    session.advance(2)
    row = session.run.book.orders[1].row()
    assert (row.status, row.inner_state) == (OrderStatus.CREATED, InnerState.HELD)
    assert fills(session.run) == []
    session.advance(2)
    assert fills(session.run) == [(4, "buy", 104.0, 3)]


def test_a_delay_is_of_the_replays_clock() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session, plan=OrderPlan(delay_s=180))
    waiting = session.take_changes().waiting[1]
    assert (waiting.kind, waiting.not_before_ns) == (WaitingKind.DELAYED, session.run.time_ns + 3 * MINUTE)
    session.advance(10)
    assert fills(session.run) == [(4, "buy", 104.0, 3)]


@pytest.mark.parametrize(
    ("text", "fills_at"),
    [
        ("last(TEST.x1) crosses up 105", 6),
        ("ma(TEST.x1, 3) >= 104", 6),
        ("highest(TEST.x1, 3) >= 104", 5),
        ("volume(TEST.x1) >= 40000", 4),
        ("position(TEST.x1, long) == 0", 1),
        ("profit() >= 0 and last(TEST.x1) > 102", 4),
        ("order(1) is Held", None),
        ("last(TEST.y1) > 1", None),
    ],
)
def test_sources_in_a_replay(text: str, fills_at: int | None) -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session, plan=if_(text))
    session.advance(11)
    assert [place for place, *_ in fills(session.run)] == ([] if fills_at is None else [fills_at])


def test_a_condition_that_cannot_be_read_is_refused_and_leaves_nothing() -> None:
    session = session_of(RISING)
    session.advance(1)
    reply = submit(session, plan=if_("lst(TEST.x1) > 1"))
    assert (reply.accepted, reply.guard) == (False, "invalid")
    assert reply.reason == "There is no 'lst': did you mean last?\nlst(TEST.x1) > 1\n^"
    assert session.run.book.orders == {}


def test_what_no_exchange_would_take_is_refused_before_it_waits() -> None:
    session = session_of(RISING)
    session.advance(1)
    reply = submit(session, price=100.05, plan=OrderPlan(delay_s=60))
    assert reply.reason == "Price 100.05 is not a multiple of the tick 0.1."


def test_what_the_exchange_refuses_later_is_rejected_then() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session, Side.SELL, offset=Offset.CLOSE, plan=OrderPlan(delay_s=60))
    session.advance(2)
    assert status(session.run, 1) is OrderStatus.REJECTED
    assert "that can be closed" in session.run.book.orders[1].reason


def test_a_waiting_order_is_cancelled_at_once() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session, plan=if_("last(TEST.x1) >= 103"))
    assert session.handle(cmd.CancelOrder(order_id=1)).accepted
    assert status(session.run, 1) is OrderStatus.CANCELED
    session.advance(8)
    assert fills(session.run) == []
    assert session.take_changes().queue is not None


def test_waiting_orders_hold_neither_positions_nor_money() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session)
    session.advance(1)
    before = session.take_changes()
    submit(session, Side.SELL, offset=Offset.CLOSE, price=200, plan=if_("last(TEST.x1) > 190"))
    submit(session, price=90, plan=if_("last(TEST.x1) > 190"))
    after = session.take_changes()
    (held,) = (row.frozen for row in session.snapshot().positions.values())
    assert held == 0
    assert after.accounts["sim-1"].frozen == before.accounts["sim-1"].frozen == 0


def test_a_day_order_that_waits_ends_with_its_day() -> None:
    day = 24 * 60
    session = session_of([flat(100)] * (day + 10))
    session.advance(1)
    submit(session, time_in_force=TimeInForce.DAY, plan=if_("last(TEST.x1) > 190"))
    session.advance(day + 5)
    assert status(session.run, 1) is OrderStatus.EXPIRED


def test_a_thousand_wait_and_no_more() -> None:
    session = session_of(RISING)
    session.advance(1)
    for _ in range(1000):
        assert submit(session, plan=if_("last(TEST.x1) > 190")).accepted
    assert submit(session, plan=if_("last(TEST.x1) > 190")).guard == "queue-full"
    assert submit(session).accepted


# Linked -----------------------------------------------------------------------------------------
def test_a_bracket_is_born_with_its_entry_and_one_exit_ends_the_other() -> None:
    bars = [flat(100), flat(100), bar(100, 106, 99, 105), bar(105, 112, 104, 111), flat(80)]
    session = session_of(bars)
    session.advance(1)
    assert bracket(session, target=110, stop=95).order_ids == (1, 2, 3)
    session.advance(4)
    assert fills(session.run) == [(1, "buy", 100.0, 3), (3, "sell", 110.0, 3)]
    assert [status(session.run, i) for i in (1, 2, 3)] == [
        OrderStatus.FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
    ]
    assert session.run.book.orders[2].intent.reduce_only


def test_exits_are_as_large_as_what_was_entered_and_grow_with_it() -> None:
    """Ten lots a bar, a tenth of them ours: three bars for three lots."""
    bars = [flat(100, 10), flat(100, 10), flat(100, 10), bar(100, 100, 90, 90, 1000), flat(90)]
    session = session_of(bars, participation="0.1")
    session.advance(1)
    bracket(session, target=110, stop=95)
    session.advance(1)
    assert [session.run.book.orders[i].target for i in (2, 3)] == [1, 1]
    session.advance(1)
    assert [session.run.book.orders[i].target for i in (2, 3)] == [2, 2]
    session.advance(2)
    assert sum(volume for _, side, _, volume in fills(session.run) if side == "sell") == 3
    assert not session.run.ledger.net_volume(SYMBOL)


def test_an_entry_that_is_cancelled_takes_its_exits_with_it() -> None:
    session = session_of(RISING)
    session.advance(1)
    bracket(session, target=110, stop=80, price=90)
    session.advance(2)
    assert session.handle(cmd.CancelOrder(order_id=1)).accepted
    assert [status(session.run, i) for i in (1, 2, 3)] == [OrderStatus.CANCELED] * 3


def test_of_two_entries_that_cancel_each_other_the_first_stays() -> None:
    session = session_of([flat(100), flat(100), bar(100, 104, 100, 104), bar(104, 104, 90, 90), flat(90)])
    session.advance(1)
    up = request(type=OrderType.STOP, trigger_price=Decimal(102))
    down = request(Side.SELL, type=OrderType.STOP, trigger_price=Decimal(98))
    reply = session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.OCO, orders=(up, down)))
    assert reply.order_ids == (1, 2)
    session.advance(4)
    assert fills(session.run) == [(2, "buy", 102.0, 3)]
    assert status(session.run, 2) is OrderStatus.CANCELED
    assert session.run.book.orders[2].reason == "order 1 of its group was filled"


def test_the_first_triggers_the_second() -> None:
    session = session_of(RISING)
    session.advance(1)
    orders = (request(), request(Side.SELL, offset=Offset.CLOSE, price=106))
    session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.OTO, orders=orders))
    session.advance(10)
    assert [(side, volume) for _, side, _, volume in fills(session.run)] == [("buy", 3), ("sell", 3)]


def test_links_are_all_or_none() -> None:
    session = session_of(RISING)
    session.advance(1)
    orders = (request(), request(Side.SELL, offset=Offset.CLOSE, price=106.05))
    reply = session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.OTO, orders=orders))
    assert reply.reason == "Order 2 of 2: Price 106.05 is not a multiple of the tick 0.1."
    assert session.run.book.orders == {}


def test_a_trailing_exit_follows_from_the_entry_on() -> None:
    bars = [flat(100), flat(90), bar(90, 90, 89, 90), bar(90, 99, 90, 99), bar(99, 99, 94, 94), flat(94)]
    session = session_of(bars)
    session.advance(1)
    close = {"side": Side.SELL, "offset": Offset.CLOSE}
    trail = request(type=OrderType.TRAILING, trail=Decimal(4), **close)
    orders = (request(), request(price=200, **close), trail)
    assert session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.BRACKET, orders=orders)).accepted
    session.advance(5)
    assert fills(session.run)[-1] == (4, "sell", 95.0, 3)


# What readers are told --------------------------------------------------------------------------
def test_rows_of_waiting_orders_come_and_go() -> None:
    session = session_of(RISING)
    session.advance(1)
    assert session.take_changes().queue is None
    submit(session, plan=if_("last(TEST.x1)>=103"))
    told = session.take_changes()
    assert isinstance(told.waiting[1], WaitingRow)
    assert told.waiting[1].condition == "last(TEST.x1) >= 103"
    assert told.queue is not None
    assert told.queue.conditional == 1
    assert session.snapshot().waiting.keys() == {1}
    session.advance(3)
    told = session.take_changes()
    assert told.waiting[1].over
    assert told.queue is not None
    assert (told.queue.conditional, told.queue.sent) == (0, 1)
    session.advance(1)
    assert session.take_changes().waiting == {}


def test_a_run_without_waiting_orders_has_no_waiting_room() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session)
    session.advance(5)
    assert session.run.held is None


# The same again ---------------------------------------------------------------------------------
wishes = st.sampled_from(["condition", "cross", "delay", "bracket", "oco", "cancel", "plain"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), wishes), min_size=1, max_size=8), st.integers(0, 40))
def test_restored_anywhere_it_is_the_same_to_the_byte(life: list[tuple[int, str]], further: int) -> None:
    bars = [bar(100 + i % 7, 104 + i % 5, 96 - i % 3, 100 + (i * 5) % 7, 50) for i in range(60)]
    made = plan(bars, scripted(), participation="0.1")
    session = ReplaySession(made)
    kept = session.take_records()
    for steps, wish in life:
        session.advance(steps)
        _wish(session, wish)
        kept += session.take_records()
    other = ReplaySession(made)
    for _ in other.restore(kept):
        pass
    for one in (session, other):
        one.take_records()
        one.take_changes()
    assert other.snapshot().waiting == session.snapshot().waiting
    assert other.snapshot().queue == session.snapshot().queue
    for one in (session, other):
        one.advance(further)
    assert [r.payload for r in other.take_records()] == [r.payload for r in session.take_records()]


def _wish(session: ReplaySession, wish: str) -> None:
    if wish == "condition":
        submit(session, plan=if_("last(TEST.x1) >= 105 and ma(TEST.x1, 4) > 101"))
    elif wish == "cross":
        submit(session, plan=if_("last(TEST.x1) crosses up 103"))
    elif wish == "delay":
        submit(session, Side.SELL, plan=OrderPlan(delay_s=200))
    elif wish == "bracket":
        bracket(session, target=104, stop=97, volume=8)
    elif wish == "oco":
        orders = (request(price=97), request(Side.SELL, price=104))
        session.handle(cmd.SubmitLinked(strategy_id=1, kind=LinkKind.OCO, orders=orders))
    elif wish == "plain":
        submit(session)
    elif session.run.book.active:
        session.handle(cmd.CancelOrder(order_id=next(iter(session.run.book.active))))


# Real bars --------------------------------------------------------------------------------------
def test_conditions_over_the_bundled_sample_hold_at_the_bar_that_sent_the_order() -> None:
    """Every order leaves at the first close at which its conditions, computed here anew, are true."""
    series = read_klines(SAMPLE)
    session = ReplaySession(plan(series, scripted(), tick="0.02"))
    session.advance(100)
    highest = float(max(series.close[:100]))
    name = series.symbol
    texts = (f"last({name}) > {highest!r}", f"ma({name}, 20) > ma({name}, 60)", "time in 21:00..02:30")
    for text in texts:
        assert submit(session, symbol=name, plan=if_(text)).accepted
    session.advance(len(series))
    close = series.close
    closing = (series.time_ns + series.interval_ns) // 1_000_000_000
    hours = (closing // 60 + 8 * 60) % 1440
    true_at = [
        close > highest,
        np.array(
            [i >= 60 and close[i - 19 : i + 1].mean() > close[i - 59 : i + 1].mean() for i in range(3000)]
        ),
        (hours >= 21 * 60) | (hours < 2 * 60 + 30),
    ]
    for order_id, truth in enumerate(true_at, start=1):
        first = 99 + int(np.argmax(truth[99:]))
        order = session.run.book.orders[order_id]
        assert truth[first]
        assert order.executed_ns == int(series.time_ns[first + 1])


def test_going_back_brings_back_what_waited_there() -> None:
    session = session_of(RISING)
    session.advance(1)
    submit(session, plan=if_("last(TEST.x1) crosses up 104"))
    submit(session, plan=OrderPlan(delay_s=240))
    session.advance(2)
    waited = session.snapshot().waiting
    session.advance(5)
    assert session.snapshot().waiting == {}
    traded = fills(session.run)
    for _ in session.rewind(3):
        pass
    assert session.snapshot().waiting == waited
    session.advance(5)
    assert fills(session.run) == traded == [(5, "buy", 105.0, 3), (5, "buy", 105.0, 3)]
