"""Closing a position: guards that bind closes bind this one too, and no close turns a position over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from test_trading_leaving import everything_arrives, fired, give, others_trade, world
from trading_world import World

from monitor.engine import commands as cmd
from monitor.engine.closing import see
from monitor.engine.commands import Reply
from monitor.engine.ledger import PositionMode
from monitor.engine.values import EngineState, Offset, OrderType, Side
from monitor.engine.venue import PlaceRequest


def holding(mode: PositionMode = PositionMode.NETTING, **limits: Any) -> World:
    """Five lots long, at 100."""
    there = world(mode, **limits)
    others_trade(there, Side.BUY, 5)
    there.quote(100)
    return there


def seen(there: World) -> cmd.SeenPosition:
    (row,) = (row for row in there.present().positions.values() if row.volume)
    return see(row, [])


def close(there: World, **changes: Any) -> Reply:
    return there.do(cmd.ClosePosition(seen=seen(there), volume=Decimal(5), max_ticks=5, **changes))


def placed(there: World, command: cmd.AnyCommand) -> list[PlaceRequest]:
    """What left for the venue for it."""
    assert there.trading.handle(command, there.now_ns).accepted
    return [r for r in there.trading.take_requests() if isinstance(r, PlaceRequest)]


def test_a_limit_far_through_the_market_is_refused() -> None:
    there = holding(price_band="refuse")
    before = len(there.trading.state.book.orders)
    reply = close(there, type=OrderType.LIMIT, price=Decimal(1))
    assert (reply.accepted, reply.guard) == (False, "price_band")
    assert "99.0% below 100" in reply.reason
    assert len(there.trading.state.book.orders) == before
    assert fired(there) == ["price_band"]
    assert close(there, type=OrderType.LIMIT, price=Decimal(99)).accepted


@pytest.mark.parametrize("action", ["warn", "refuse"])
def test_what_only_warns_of_a_close_is_told_with_the_answer(action: str) -> None:
    there = holding(wide_spread=action, max_spread=0.001)
    reply = close(there, type=OrderType.MARKET)
    assert reply.accepted
    assert "The spread is 2.00%, wider than 0.10%." in reply.reason


def test_closing_all_tells_the_warnings_too() -> None:
    there = holding(wide_spread="warn", max_spread=0.001)
    reply = there.do(cmd.CloseAllPositions(seen=(seen(there),), max_ticks=5))
    assert reply.accepted
    assert reply.reason == "The spread is 2.00%, wider than 0.10%."


@pytest.mark.parametrize("state", list(EngineState))
def test_a_close_on_a_netting_account_leaves_as_one_that_only_reduces(state: EngineState) -> None:
    """Two closes of the same five lots: the venue keeps the second from turning the position over."""
    there = holding()
    there.do(cmd.SetEngineState(state=state))
    closing = {
        "symbol": "X.one",
        "side": Side.SELL,
        "offset": Offset.CLOSE,
        "type": OrderType.LIMIT,
        "quantity": Decimal(5),
    }
    for price in (100, 101):
        command = cmd.SubmitOrder(strategy_id=0, **closing, price=Decimal(price))  # type: ignore[arg-type]
        (request,) = placed(there, command)
        assert request.reduce_only


def test_what_opens_and_what_closes_where_sides_stand_apart_is_left_as_it_was_given() -> None:
    there = holding()
    give(there)
    everything_arrives(there)
    opening = cmd.SubmitOrder(
        strategy_id=0,
        symbol="X.one",
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(100),
    )
    assert not placed(there, opening)[0].reduce_only
    apart = holding(PositionMode.HEDGING)
    closing = cmd.SubmitOrder(
        strategy_id=0,
        symbol="X.one",
        side=Side.SELL,
        offset=Offset.CLOSE,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(100),
    )
    assert not placed(apart, closing)[0].reduce_only
