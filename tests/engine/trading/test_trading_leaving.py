"""Whatever waited is judged by the world in which it leaves, not by the one in which it was given."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from trading_world import ACCOUNT, OPEN_LIMITS, SYMBOL, TERMS, World

from monitor.engine import commands as cmd, events as ev
from monitor.engine.guards import GuardLimits
from monitor.engine.ledger import PositionMode
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Order
from monitor.engine.values import (
    Direction,
    FailurePolicy,
    InnerState,
    LinkKind,
    Offset,
    OrderStatus,
    OrderType,
    Side,
)


def world(mode: PositionMode = PositionMode.NETTING, **limits: Any) -> World:
    """A world at rest, with these limits besides the open ones."""
    guards: GuardLimits = msgspec.structs.replace(OPEN_LIMITS, **limits)
    accounts = (msgspec.structs.replace(TERMS.accounts[0], mode=mode),)
    made = World(terms=msgspec.structs.replace(TERMS, guards=guards, accounts=accounts))
    everything_arrives(made)
    return made


def everything_arrives(world: World) -> None:
    while world.pushed:
        world.deliver()


def others_trade(world: World, side: Side, volume: int) -> None:
    """Somebody trades on the account at the venue itself."""
    world.pushed.append(world.venue.external(side, volume, world.now_ns))
    theirs = list(world.venue.orders.values())[-1]
    world.pushed += world.venue.fill(theirs, Decimal(volume), world.now_ns)
    everything_arrives(world)


def give(world: World, **changes: Any) -> int:
    fields: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "quantity": Decimal(4),
        "price": Decimal(100),
    }
    reply = world.do(cmd.SubmitOrder(strategy_id=0, **(fields | changes)))
    assert reply.accepted, reply
    return reply.order_ids[0]


def order(world: World, order_id: int) -> Order:
    return world.trading.state.book.orders[order_id]


def held(world: World, direction: Direction) -> Decimal:
    return world.trading.state.position(ACCOUNT, SYMBOL, direction)


def fired(world: World) -> list[str]:
    facts = (ev.DECODER.decode(record.payload) for record in world.records)
    return [fact.guard for fact in facts if isinstance(fact, ev.GuardFired) and fact.action == "refuse"]


def test_an_order_that_waited_for_its_line_is_judged_when_the_line_is_back() -> None:
    there = world(price_band="refuse")
    there.disconnect()
    order_id = give(there, price=Decimal(101))
    there.wait(3600)
    there.connect()
    there.quote(50)
    everything_arrives(there)
    there.wait(1)
    assert order(there, order_id).status is OrderStatus.REJECTED
    assert "102.0% above 50" in order(there, order_id).reason
    assert fired(there) == ["price_band"]
    assert not there.venue.received


def test_also_when_no_time_passed_between() -> None:
    there = world(position="refuse", max_position=5)
    there.disconnect()
    order_id = give(there)
    others_trade(there, Side.BUY, 3)
    there.connect()
    everything_arrives(there)
    there.wait(1)
    assert order(there, order_id).status is OrderStatus.REJECTED
    assert not there.venue.received


def test_a_stop_that_is_held_here_is_judged_when_its_trigger_is_reached() -> None:
    there = world(position="refuse", max_position=5)
    order_id = give(there, type=OrderType.STOP, price=None, trigger_price=Decimal(110))
    others_trade(there, Side.BUY, 5)
    there.wait(60)
    everything_arrives(there)
    there.quote(111)
    there.wait(1)
    assert order(there, order_id).status is OrderStatus.REJECTED
    assert not there.venue.received


def test_a_close_is_not_tried_again_when_there_is_nothing_left_to_close() -> None:
    there = world()
    others_trade(there, Side.BUY, 5)
    there.venue.reject_next = "busy"
    order_id = give(there, side=Side.SELL, offset=Offset.CLOSE, quantity=Decimal(5))
    everything_arrives(there)
    assert order(there, order_id).row().inner_state is InnerState.QUEUED
    others_trade(there, Side.SELL, 5)
    for _ in range(8):
        there.wait(1)
        everything_arrives(there)
    assert order(there, order_id).status is OrderStatus.REJECTED
    assert there.venue.received == {f"t-{order_id}": 1}


def test_a_close_that_is_tried_again_is_cut_to_what_is_left() -> None:
    there = world()
    others_trade(there, Side.BUY, 5)
    there.venue.reject_next = "busy"
    order_id = give(there, side=Side.SELL, offset=Offset.CLOSE, quantity=Decimal(5))
    everything_arrives(there)
    others_trade(there, Side.SELL, 3)
    for _ in range(8):
        there.wait(1)
        everything_arrives(there)
    assert there.venue.orders[f"t-{order_id}"].quantity == 2


def test_what_a_person_sends_again_is_judged() -> None:
    there = world(price_band="refuse")
    there.venue.reject_next = "no"
    order_id = give(there, plan=OrderPlan(on_failure=FailurePolicy.MANUAL))
    everything_arrives(there)
    there.wait(3600)
    there.quote(50)
    assert there.do(cmd.DecideOrder(order_id=order_id, decision=cmd.Decision.SEND)).accepted
    assert order(there, order_id).status is OrderStatus.REJECTED
    assert there.venue.received == {f"t-{order_id}": 1}


def test_an_order_that_leaves_at_once_is_judged_once() -> None:
    there = world(position="warn", max_position=1)
    order_id = give(there)
    assert order(there, order_id).row().inner_state is not InnerState.QUEUED
    facts = [ev.DECODER.decode(record.payload) for record in there.records]
    assert sum(isinstance(fact, ev.GuardFired) for fact in facts) == 1


def test_of_two_that_cancel_each_other_neither_counts_the_other_when_it_leaves() -> None:
    there = world(position="refuse", max_position=5)
    there.disconnect()
    requests = [
        cmd.OrderRequest(
            symbol=SYMBOL,
            side=Side.BUY,
            offset=Offset.OPEN,
            type=OrderType.LIMIT,
            quantity=Decimal(4),
            price=Decimal(price),
        )
        for price in (98, 99)
    ]
    linked = cmd.SubmitLinked(strategy_id=0, kind=LinkKind.OCO, orders=tuple(requests))
    made = there.do(linked).order_ids
    assert len(made) == 2
    there.connect()
    everything_arrives(there)
    there.wait(1)
    everything_arrives(there)
    assert [order(there, order_id).status for order_id in made] == [OrderStatus.PLACED] * 2
