"""Commands at a venue: what is refused, why, and that nothing changed then."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st
from trading_world import ACCOUNT, SYMBOL, VenueOrder, World

from monitor.engine import commands as cmd
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import (
    ContractKind,
    Direction,
    EngineState,
    Instrument,
    Offset,
    OrderStatus,
    OrderType,
    Quote,
    Side,
)
from monitor.engine.venue import (
    FillReport,
    InstrumentReport,
    QuoteReport,
    SettlementReport,
    VenueStatus,
)


def order(**changes: object) -> cmd.SubmitOrder:
    plain: dict[str, object] = {
        "strategy_id": 0,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "price": Decimal(100),
    }
    return cmd.SubmitOrder(**(plain | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"symbol": "Y"}, "Y is not traded here."),
        ({"account_id": "b"}, "There is no account b."),
        ({"quantity": Decimal(0)}, "Volume 0 is not above 0."),
        ({"quantity": Decimal("1.5")}, "Volume 1.5 is not a multiple of the lot 1."),
        ({"quantity": Decimal("1E+999999")}, "is no volume and no price."),
        ({"price": Decimal("NaN")}, "is no volume and no price."),
        ({"price": Decimal("100.5")}, "Price 100.5 is not a multiple of the tick 1 above 0."),
        ({"price": None}, "A LIMIT order needs a price."),
        ({"type": OrderType.MARKET}, "A MARKET order has no price."),
    ],
)
def test_what_is_no_order_is_refused_and_nothing_changes(changes: dict[str, object], said: str) -> None:
    world = World()
    before = world.trading.journal.seq
    reply = world.do(order(**changes))
    assert not reply.accepted
    assert said in reply.reason
    assert world.trading.journal.seq == before


@given(st.decimals(allow_nan=True, allow_infinity=True), st.decimals(allow_nan=True, allow_infinity=True))
def test_no_number_stops_the_engine(quantity: Decimal, price: Decimal) -> None:
    world = World()
    world.do(order(quantity=quantity, price=price))
    world.do(cmd.MoveMoney(account_id=ACCOUNT, amount=quantity))
    world.do(
        cmd.AdjustPosition(
            account_id=ACCOUNT,
            symbol=SYMBOL,
            direction=Direction.LONG,
            volume=quantity,
            average_price=price,
            reason="told",
        )
    )


def test_an_order_that_has_not_left_is_cancelled_here() -> None:
    world = World()
    world.disconnect()
    (order_id,) = world.do(order()).order_ids
    assert world.do(cmd.CancelOrder(order_id=order_id)).accepted
    world.connect()
    world.settle()
    assert world.trading.state.book.orders[order_id].status is OrderStatus.CANCELED
    assert not world.venue.received


def test_a_second_cancel_is_no_second_request() -> None:
    world = World()
    (order_id,) = world.do(order()).order_ids
    world.deliver()
    world.do(cmd.CancelOrder(order_id=order_id))
    world.do(cmd.CancelOrder(order_id=order_id))
    while world.pushed:
        world.deliver()
    assert world.trading.state.book.orders[order_id].status is OrderStatus.CANCELED
    assert [o.status for o in world.venue.orders.values()] == [VenueStatus.CANCELED]
    assert world.do(cmd.CancelOrder(order_id=order_id)).guard == "gone"


def test_halted_only_closes_are_taken() -> None:
    world = World()
    world.do(cmd.SetEngineState(state=EngineState.HALTED, reason="enough"))
    assert world.do(order()).guard == "halted"
    assert world.trading.state.engine_reason == "enough"
    world.crash()
    assert world.trading.state.engine_state is EngineState.HALTED
    assert world.do(order()).guard == "halted"
    world.do(cmd.SetEngineState(state=EngineState.NORMAL))
    assert world.do(order()).accepted


def test_money_moved_by_hand_is_told_apart() -> None:
    world = World()
    world.do(cmd.MoveMoney(account_id=ACCOUNT, amount=Decimal(500), note="wire"))
    world.do(cmd.MoveMoney(account_id=ACCOUNT, amount=Decimal(-200)))
    row = world.present().accounts[ACCOUNT]
    assert (row.transferred, row.balance) == (300, 1_000_300)


def test_an_adjustment_needs_a_reason_and_is_recorded() -> None:
    world = World()
    told = {"account_id": ACCOUNT, "symbol": SYMBOL, "direction": Direction.LONG, "volume": Decimal(3)}
    assert "needs a reason" in world.do(cmd.AdjustPosition(**told, average_price=Decimal(99))).reason
    assert "needs its average price" in world.do(cmd.AdjustPosition(**told, reason="moved here")).reason
    reply = world.do(cmd.AdjustPosition(**told, average_price=Decimal(99), reason="moved here"))
    assert reply.accepted
    (record,) = world.present().records.values()
    assert (record.volume, record.by, record.note) == (3, "window", "moved here")


@pytest.mark.parametrize("word", ["open", "fill", "total"])
def test_an_order_that_the_venue_has_after_all_is_not_tried_again(word: str) -> None:
    """It was refused for a passing reason, so it waits for another attempt; then the venue speaks of it."""
    world = World()
    while world.pushed:
        world.deliver()
    world.venue.reject_next = "busy"
    (order_id,) = world.do(order(quantity=Decimal(2))).order_ids
    world.deliver()
    assert world.trading.room.holds(order_id)
    theirs = VenueOrder("V9", f"t-{order_id}", Side.BUY, Decimal(2))
    world.venue.orders["t-1"] = theirs
    if word == "open":
        world.hear(world.venue.report(theirs, world.now_ns))
    elif word == "fill":
        for message in world.venue.fill(theirs, Decimal(2), world.now_ns):
            world.hear(message)
    else:
        theirs.filled = Decimal(1)
        world.hear(world.venue.report(theirs, world.now_ns))
    for _ in range(10):
        world.wait(10)
    assert world.venue.received == {"t-1": 1}
    assert not world.trading.room.holds(order_id)


def test_a_contradicted_order_that_the_venue_has_can_be_cancelled() -> None:
    """It was refused for good, and then acknowledged: it is live, whatever we think of it."""
    world = World()
    while world.pushed:
        world.deliver()
    world.venue.reject_next = "no money"
    (order_id,) = world.do(order()).order_ids
    world.deliver()
    theirs = VenueOrder("V9", "t-1", Side.BUY, Decimal(1))
    world.venue.orders["t-1"] = theirs
    world.hear(world.venue.report(theirs, world.now_ns))
    assert world.do(cmd.CancelOrder(order_id=order_id)).accepted
    assert theirs.status is VenueStatus.CANCELED


def test_a_condition_on_what_nobody_quotes_is_refused() -> None:
    world = World()
    plan = OrderPlan(conditions=("last(Y.none) >= 1",))
    assert "No venue has Y.none" in world.do(order(plan=plan)).reason


def test_an_order_given_while_the_line_is_lost_says_that_it_waits() -> None:
    world = World()
    while world.pushed:
        world.deliver()
    assert not world.do(order()).reason
    world.disconnect()
    assert "waits until the line to sim is back" in world.do(order(quantity=Decimal(2))).reason


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_no_price_of_a_venue_stops_the_engine(price: str) -> None:
    world = World()
    while world.pushed:
        world.deliver()
    inverse = Instrument(symbol="INV", currency="BTC", contract=ContractKind.INVERSE, zone="../etc/passwd")
    world.hear(InstrumentReport(instruments=(inverse,)))
    told = Decimal(price)
    fill = FillReport(
        account_id=ACCOUNT,
        venue_order_id="V8",
        venue_trade_id="T8",
        symbol="INV",
        side=Side.BUY,
        price=told,
        volume=Decimal(1),
        time_ns=world.now_ns,
    )
    world.hear(fill)
    world.hear(msgspec.structs.replace(fill, venue_trade_id="T9", price=Decimal(100), volume=told))
    world.hear(QuoteReport(quote=Quote(symbol="INV", last=told)))
    world.hear(SettlementReport(day="2030-01-02", prices={"INV": told}))
    world.hear(msgspec.structs.replace(world.venue.snapshot(world.now_ns), fills=(fill,)))
    plan = OrderPlan(conditions=("last(INV) >= 1 and time in 09:00..10:00",))
    world.do(order(symbol="INV", plan=plan))
    world.wait(60)
    assert world.trading.state.position(ACCOUNT, "INV", Direction.LONG) == 0
    assert {a.cause for a in world.trading.state.alerts.values()} >= {"implausible"}


def test_no_strategy_runs_at_a_venue() -> None:
    assert World().do(order(strategy_id=99)).guard == "unknown"
