"""A change of a working order: what no order can be is refused, and guards judge what it would become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from test_trading_leaving import everything_arrives, give, others_trade, world
from trading_world import SYMBOL, TERMS, World

from monitor.engine import commands as cmd
from monitor.engine.commands import Reply
from monitor.engine.trading.terms import VenueTerms
from monitor.engine.values import Offset, OrderType, Side
from monitor.engine.venue import ReplaceRequest


def change(world: World, order_id: int, **changes: Any) -> Reply:
    """The reply. What is refused asks the venue for nothing."""
    reply = world.trading.handle(cmd.ReplaceOrder(order_id=order_id, **changes), world.now_ns)
    asked = [r for r in world.trading.take_requests() if isinstance(r, ReplaceRequest)]
    assert len(asked) == reply.accepted
    return reply


def working(world: World, **changes: Any) -> int:
    order_id = give(world, **changes)
    everything_arrives(world)
    return order_id


def native_stops(**limits: Any) -> World:
    """A venue that takes stops itself."""
    kinds = frozenset({OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT})
    guards = msgspec.structs.replace(TERMS.guards, **limits)
    venues = (VenueTerms(name="sim", native=kinds),)
    made = World(terms=msgspec.structs.replace(TERMS, venues=venues, guards=guards))
    everything_arrives(made)
    return made


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": Decimal(0)}, "Price 0 is not a multiple"),
        ({"price": Decimal("NaN")}, "is no volume and no price"),
        ({"quantity": Decimal(0)}, "Volume 0 is not above 0"),
        ({"quantity": Decimal("NaN")}, "is no volume and no price"),
        ({"trigger_price": Decimal(5)}, "A LIMIT order has no trigger price"),
        ({"trigger_price": Decimal(0)}, "A LIMIT order has no trigger price"),
        ({}, "Nothing is to be changed"),
    ],
)
def test_what_no_order_can_be_is_refused(changes: dict[str, Any], said: str) -> None:
    there = world()
    assert said in change(there, working(there), **changes).reason


@given(st.decimals(allow_nan=True, allow_infinity=True), st.decimals(allow_nan=True, allow_infinity=True))
def test_no_number_stops_the_engine(quantity: Decimal, price: Decimal) -> None:
    there = world()
    change(there, working(there), quantity=quantity, price=price)


def test_a_close_is_not_raised_above_what_is_held() -> None:
    there = world()
    others_trade(there, Side.BUY, 5)
    order_id = working(there, side=Side.SELL, offset=Offset.CLOSE, quantity=Decimal(2))
    reply = change(there, order_id, quantity=Decimal(500))
    assert (reply.guard, reply.reason) == ("over_close", "500 lots are more than the 5 held.")
    assert change(there, order_id, quantity=Decimal(5)).accepted


@pytest.mark.parametrize("action", ["clamp", "refuse"])
def test_a_change_that_would_be_cut_is_refused(action: str) -> None:
    there = world(order_size=action, max_order_size=5)
    order_id = working(there)
    reply = change(there, order_id, quantity=Decimal(6))
    assert (reply.guard, reply.reason) == ("order_size", "6 lots are more than the 5 allowed at once.")
    assert change(there, order_id, quantity=Decimal(5)).accepted


def test_a_price_is_judged_and_less_volume_is_not() -> None:
    there = world(price_band="refuse", daily_loss="refuse")
    order_id = working(there)
    assert change(there, order_id, price=Decimal(110)).guard == "price_band"
    assert change(there, order_id, quantity=Decimal(1)).accepted


def test_a_trigger_is_judged_with_the_price_that_it_would_give() -> None:
    """A stop-limit pays at most its own price: far above the trigger, the trigger is what is wrong."""
    there = native_stops(price_band="refuse")
    order_id = working(there, type=OrderType.STOP_LIMIT, price=Decimal(111), trigger_price=Decimal(110))
    assert change(there, order_id, trigger_price=Decimal(0)).guard == "invalid"
    assert change(there, order_id, trigger_price=Decimal(103)).guard == "price_band"
    assert change(there, order_id, trigger_price=Decimal(109)).accepted


def test_what_was_triggered_here_has_no_trigger_at_the_venue() -> None:
    there = world()
    order_id = give(there, type=OrderType.STOP_LIMIT, price=Decimal(101), trigger_price=Decimal(101))
    there.quote(101)
    everything_arrives(there)
    assert "was triggered already" in change(there, order_id, trigger_price=Decimal(105)).reason


def test_the_margin_that_an_order_holds_is_there_for_its_change() -> None:
    there = world(margin="refuse")
    available = there.trading.state.figures("").available  # type: ignore[union-attr]
    instrument = there.trading.state.instrument(SYMBOL)
    assert available is not None
    assert instrument is not None
    most = int(available / (100 * instrument.margin_rate))
    order_id = working(there, quantity=Decimal(most - 100))
    assert change(there, order_id, price=Decimal(99)).accepted
    there = world(margin="refuse")
    order_id = working(there, quantity=Decimal(most - 100))
    assert change(there, order_id, quantity=Decimal(most + 1)).guard == "margin"
