"""What the guards look at, gathered from an engine: the same that a ticket gathers from its rows."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, strategies as st

from monitor.engine import events as ev
from monitor.engine.commands import OrderRequest
from monitor.engine.guards import AccountFigures, GuardLimits, assess, facts_of, gather
from monitor.engine.values import Direction, Offset, OrderType, Quote, Side
from tests.order_bench import ACCOUNT, SYMBOL, Bench


def bench_with_quote() -> Bench:
    bench = Bench()
    bench.quotes[SYMBOL] = Quote(symbol=SYMBOL, last=Decimal(400), received_ns=bench.now_ns)
    bench.accounts[ACCOUNT] = AccountFigures(account_id=ACCOUNT, available=Decimal(10**9))
    return bench


def request(quantity: str = "10", **fields: object) -> OrderRequest:
    usual = {"symbol": SYMBOL, "side": Side.BUY, "offset": Offset.OPEN, "type": OrderType.LIMIT}
    return OrderRequest(quantity=Decimal(quantity), **{**usual, "price": Decimal(400), **fields})  # type: ignore[arg-type]


def test_positions_and_working_orders_of_the_account_and_symbol() -> None:
    bench = bench_with_quote()
    bench.positions[ACCOUNT, SYMBOL, Direction.LONG] = Decimal(3)
    bench.positions[ACCOUNT, SYMBOL, Direction.SHORT] = Decimal(4)
    bench.working(1, quantity="10")
    bench.filled("4", 1)
    bench.working(2, quantity="10", side=Side.SELL)
    bench.working(3, quantity="10", offset=Offset.CLOSE)
    bench.working(4, quantity="10", symbol="SHFE.ag2512")
    bench.working(5, quantity="10", account_id="other")
    bench.order(6, quantity="10", sent=False)
    bench.working(7, quantity="10")
    bench.canceled(7)
    buying = gather(bench, request())
    assert (buying.same, buying.opposite, buying.adding, buying.working) == (3, 4, 16, 5)
    selling = gather(bench, request(side=Side.SELL))
    assert (selling.same, selling.opposite, selling.adding) == (4, 3, 10)


def test_what_is_being_closed_counts_without_the_orders_linked_with_this_one() -> None:
    bench = bench_with_quote()
    bench.working(1, quantity="3", offset=Offset.CLOSE, side=Side.SELL)
    bench.working(2, quantity="5", offset=Offset.CLOSE, side=Side.SELL, group_id=2)
    bench.order(3, quantity="5", offset=Offset.CLOSE, side=Side.SELL, group_id=2, sent=False)
    bench.working(4, quantity="7", offset=Offset.CLOSE, side=Side.BUY)
    assert gather(bench, request(side=Side.SELL)).closing == 13
    assert gather(bench, bench.book.orders[3].intent).closing == 3


def test_the_same_order_again_is_a_duplicate_also_when_the_first_has_ended() -> None:
    bench = bench_with_quote()
    bench.working(1)
    bench.filled("10", 1)
    bench.wait(5)
    assert [v.guard for v in assess(request(), gather(bench, request()), GuardLimits()).refusals] == [
        "duplicate"
    ]
    bench.wait(5)
    assert assess(request(), gather(bench, request()), GuardLimits()).passes


def test_orders_of_the_last_second_are_counted() -> None:
    bench = bench_with_quote()
    for order_id in range(1, 11):
        bench.order(order_id, price=Decimal(390 + order_id))
    assert gather(bench, request()).last_second == 10
    assert not assess(request(), gather(bench, request()), GuardLimits()).passes
    bench.wait(1)
    assert gather(bench, request()).last_second == 0


def test_an_order_that_leaves_is_not_held_against_itself() -> None:
    bench = bench_with_quote()
    bench.order(1, sent=False, conditions=("last >= 1",))
    leaving = gather(bench, bench.book.orders[1].intent)
    assert (leaving.adding, leaving.working, leaving.last_second, leaving.alike) == (0, 0, 0, ())
    assert leaving.leaving
    assert assess(bench.book.orders[1].intent, leaving, GuardLimits()).passes


def test_an_order_whose_fate_is_unknown_stops_the_next_one() -> None:
    bench = bench_with_quote()
    bench.order(1, price=Decimal(390))
    bench.tell(ev.OrderLost(order_id=1, reason="timeout"))
    said = assess(request(), gather(bench, request()), GuardLimits())
    assert [v.guard for v in said.refusals] == ["unknown_order"]


@given(st.lists(st.tuples(st.sampled_from(Side), st.sampled_from(Offset), st.integers(1, 9)), max_size=8))
def test_engine_and_ticket_gather_the_same(orders: list[tuple[Side, Offset, int]]) -> None:
    bench = bench_with_quote()
    for order_id, (side, offset, volume) in enumerate(orders, 1):
        bench.working(order_id, side=side, offset=offset, quantity=str(volume))
        if volume % 3 == 0:
            bench.filled("1", order_id)
        if volume % 4 == 0:
            bench.canceled(order_id)
    asked = request()
    rows = [order.row() for order in bench.book.orders.values()]
    shown = facts_of(
        asked,
        now_ns=bench.now_ns,
        state=bench.engine_state,
        instrument=bench.instrument(SYMBOL),
        quote=bench.quote(SYMBOL),
        account=bench.figures(""),
        long=Decimal(0),
        short=Decimal(0),
        working=sum(row.status.active for row in rows),
        last_second=len(rows),
        orders=rows,
    )
    found = gather(bench, asked)
    assert sorted(shown.alike) == sorted(found.alike)
    assert msgspec.structs.replace(shown, alike=()) == msgspec.structs.replace(found, alike=())
