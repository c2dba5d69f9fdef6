"""Risk guards together: their order, what binds a closing order, what a clamp leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, strategies as st

from monitor.engine.guards import (
    GUARDS,
    Assessment,
    GuardFacts,
    GuardLimits,
    assess,
    facts_of,
)
from monitor.engine.guards.checks import whole_lots
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import (
    EngineState,
    InnerState,
    Instrument,
    Offset,
    OrderStatus,
    OrderType,
    Side,
)
from tests.guard_world import (
    CLOSE,
    NOW,
    QUIET,
    facts,
    figures,
    limits,
    old,
    order,
    refusals,
    row,
    warnings,
)
from tests.order_bench import GOLD, SYMBOL


def test_the_order_of_the_guards_is_fixed() -> None:
    assert [guard.name for guard in GUARDS] == [
        "over_close",
        "unknown_order",
        "stale_account",
        "stale_quote",
        "order_size",
        "notional",
        "position",
        "working_orders",
        "order_rate",
        "duplicate",
        "price_band",
        "wide_spread",
        "thin_book",
        "margin",
        "daily_loss",
        "drawdown",
    ]


def test_the_state_of_the_engine_comes_first_and_cannot_be_switched_off() -> None:
    stopped = assess(
        order("60"), facts(state=EngineState.HALTED), limits(order_size="refuse", max_order_size=50)
    )
    assert refusals(stopped) == ["halted", "order_size"]
    assert refusals(assess(order(), facts(state=EngineState.REDUCE_ONLY), QUIET)) == ["reduce-only"]


def test_a_limit_order_under_an_old_quote_is_worth_a_warning() -> None:
    warned = assess(order(), facts(quote=old("60")), limits(stale_quote="refuse"))
    assert (refusals(warned), warnings(warned)) == ([], ["stale_quote"])


def test_what_is_unknown_is_not_judged() -> None:
    nothing = GuardFacts(now_ns=NOW)
    every = limits(**dict.fromkeys(("notional", "margin", "daily_loss", "drawdown", "price_band"), "refuse"))
    tight = msgspec.structs.replace(every, max_notional=1.0, max_daily_loss=1.0, max_drawdown=0.01)
    assert assess(order(), nothing, tight) == Assessment()


def test_a_zero_limit_is_none() -> None:
    assert assess(order("1000000", price=Decimal(400)), facts(), GuardLimits()) == Assessment()


# Closing ------------------------------------------------------------------------------------------
BAD_TIMES = {
    "quote": None,
    "opposite": Decimal(100),
    "same": Decimal(10_000),
    "working": 10_000,
    "last_second": 1000,
    "unknown": (1, 2),
    "account": figures(available=Decimal(-1), today_profit=Decimal(-(10**9)), drawdown=0.99, compared_ns=0),
}
TIGHT = GuardLimits(
    max_order_size=1.0, max_notional=1.0, max_position=1.0, max_daily_loss=1.0, max_drawdown=0.01
)


@given(
    quantity=st.integers(1, 100),
    by=st.sampled_from([{"offset": Offset.CLOSE}, {"offset": Offset.CLOSE_TODAY}, {"reduce_only": True}]),
    type_=st.sampled_from([OrderType.MARKET, OrderType.LIMIT]),
    state=st.sampled_from(EngineState),
)
def test_in_the_worst_of_times_every_pure_close_passes(
    quantity: int, by: dict[str, Any], type_: OrderType, state: EngineState
) -> None:
    close = order(str(quantity), side=Side.SELL, type=type_, **by)
    assert assess(close, facts(state=state, **BAD_TIMES), TIGHT).passes


def test_a_closing_limit_far_through_the_market_is_refused_with_its_reason() -> None:
    slip = order("1", **CLOSE, price=Decimal(40))
    assert refusals(assess(slip, facts(opposite=Decimal(1)), GuardLimits())) == ["price_band"]
    assert assess(
        order("1", **CLOSE, type=OrderType.MARKET), facts(opposite=Decimal(1)), GuardLimits()
    ).passes


def test_a_close_that_waits_is_judged_when_it_leaves() -> None:
    child = order("5", **CLOSE, plan=OrderPlan(parent_id=3))
    assert assess(child, facts(), GuardLimits()).passes
    assert refusals(assess(child, facts(leaving=True), GuardLimits())) == ["over_close"]
    assert assess(child, facts(leaving=True, opposite=Decimal(5)), GuardLimits()).passes


def test_closing_the_same_lots_twice_is_worth_a_warning_unless_it_only_reduces() -> None:
    half = facts(opposite=Decimal(5), closing=Decimal(3))
    assert assess(order("2", **CLOSE), half, QUIET) == Assessment()
    twice = assess(order("3", **CLOSE), half, QUIET)
    assert [verdict.message for verdict in twice.warnings] == [
        "3 of the 5 lots held are being closed already: together that is more than is held."
    ]
    assert twice.passes
    assert assess(order("3", **CLOSE, reduce_only=True), half, QUIET) == Assessment()


def test_a_stop_still_protects_what_is_left_of_its_position() -> None:
    stop = order(
        "10", side=Side.SELL, offset=Offset.CLOSE, type=OrderType.STOP, price=None, trigger_price=Decimal(390)
    )
    said = assess(stop, facts(leaving=True, opposite=Decimal(6)), GuardLimits())
    assert (said.passes, said.quantity) == (True, 6)
    assert refusals(assess(stop, facts(leaving=True), GuardLimits())) == ["over_close"]


@given(
    quantity=st.integers(1, 50),
    held=st.integers(0, 50),
    other=st.integers(0, 50),
    action=st.sampled_from(["refuse", "clamp"]),
    side=st.sampled_from(Side),
)
def test_a_close_never_turns_a_position_over(
    quantity: int, held: int, other: int, action: str, side: Side
) -> None:
    close = order(str(quantity), side=side, reduce_only=True)
    said = assess(
        close,
        facts(opposite=Decimal(held), same=Decimal(other)),
        msgspec.structs.replace(QUIET, over_close=action),
    )
    if said.passes:
        assert (said.quantity or close.quantity) <= held
    else:
        assert quantity > held


# Clamps -------------------------------------------------------------------------------------------
CLAMPS = GuardLimits(
    order_size="clamp", notional="clamp", position="clamp", margin="clamp", over_close="clamp"
)


@given(data=st.data())
def test_a_clamp_never_enlarges_keeps_whole_lots_and_then_passes(data: st.DataObject) -> None:
    lot = Decimal(data.draw(st.sampled_from(["1", "0.1", "5", "0.001"])))
    quantity = data.draw(st.integers(1, 1000)) * lot
    most = data.draw(st.sampled_from([0.0, 0.07, 1.5, 3.0, 12.0, 77.7]))
    money = data.draw(st.sampled_from([0.0, 1000.0, 123_456.0, 5e6]))
    least = data.draw(st.sampled_from([None, lot, 3 * lot]))
    limit = msgspec.structs.replace(CLAMPS, max_order_size=most, max_position=most, max_notional=money)
    here = facts(
        instrument=msgspec.structs.replace(GOLD, lot=lot, min_volume=least),
        same=Decimal(data.draw(st.integers(0, 20))),
        account=figures(available=Decimal(data.draw(st.integers(-1000, 10**7)))),
    )
    asked = order(str(quantity))
    said = assess(asked, here, limit)
    if said.quantity is not None:
        assert 0 < said.quantity < quantity
        assert said.quantity % lot == 0
        assert least is None or said.quantity >= least
        assert "clamp" in [verdict.action for verdict in said.warnings]
    if said.passes:
        again = assess(order(str(said.quantity or quantity)), here, limit)
        assert again == Assessment(), "what was left passes without another word"


def test_a_clamp_that_leaves_nothing_refuses() -> None:
    full = facts(same=Decimal(30))
    said = assess(order("5"), full, limits(position="clamp", max_position=30.0))
    assert refusals(said) == ["position"]
    assert said.quantity is None


def test_the_next_guard_sees_what_a_clamp_left() -> None:
    said = assess(
        order("60"),
        facts(),
        limits(order_size="clamp", max_order_size=50.0, notional="refuse", max_notional=20_000_000.0),
    )
    assert said.quantity == 50
    assert refusals(said) == []
    (told,) = said.warnings
    assert told.message == "60 lots are more than the 50 allowed at once. It is cut to 50."


@given(most=st.decimals(0, 1000, places=4), lot=st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(7)]))
def test_whole_lots_are_the_most_that_fit(most: Decimal, lot: Decimal) -> None:
    lots = whole_lots(most, Instrument(symbol=SYMBOL, lot=lot))
    assert lots <= most < lots + lot
    assert lots % lot == 0


def test_what_a_ticket_gathers_from_its_rows() -> None:
    rows = [
        row(1, inner_state=InnerState.UNKNOWN),
        row(2),
        row(3, side=Side.SELL),
        row(4, age_s=61),
        row(5, price=Decimal(401), filled_quantity=Decimal(4)),
        row(6, status=OrderStatus.CANCELED),
        row(7, offset=Offset.CLOSE),
        row(8, reduce_only=True, quantity=Decimal(1)),
    ]
    found = facts_of(
        order(),
        now_ns=NOW,
        state=EngineState.NORMAL,
        instrument=GOLD,
        quote=None,
        account=None,
        long=Decimal(3),
        short=Decimal(4),
        working=4,
        orders=rows,
    )
    assert found.unknown == (1,)
    assert (found.same, found.opposite, found.adding, found.closing) == (3, 4, 36, 11)
    assert [other.order_id for other in found.alike] == [1, 2, 6]
