"""The guards of a close, as predicates: what a ticket and the engine both ask."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from desk_rows import order, position

from monitor.engine.closing import STALE_NS, check_close, competing_orders, see, ticks_moved
from monitor.engine.rows import OrderRow, PositionRow
from monitor.engine.values import Offset, OrderStatus, Side


def closing_order(held: PositionRow, number: int = 1, **fields: Any) -> OrderRow:
    usual = {
        "account_id": held.account_id,
        "symbol": held.symbol,
        "side": held.direction.closing_side,
        "offset": Offset.CLOSE,
        "status": OrderStatus.PLACED,
    }
    return order(number, **usual | fields)


def test_only_working_orders_that_close_this_position_compete() -> None:
    held = position("held")
    orders = [
        closing_order(held, 4),
        closing_order(held, 1, offset=Offset.CLOSE_TODAY),
        closing_order(held, 2, status=OrderStatus.FILLED),
        closing_order(held, 3, side=Side.BUY),
        closing_order(held, 5, offset=Offset.OPEN),
        closing_order(held, 6, symbol="SHFE.cu2001"),
        closing_order(held, 7, account_id="other"),
    ]
    assert competing_orders(held, orders) == (1, 4)


def test_what_is_seen_is_accepted_at_once() -> None:
    held = position("held")
    orders = [closing_order(held)]
    now = held.quote_ns or 0
    assert check_close(see(held, orders), held, orders, max_ticks=0, now_ns=now).accepted


@pytest.mark.parametrize(("age", "accepted"), [(STALE_NS, True), (STALE_NS + 1, False)])
def test_a_price_older_than_two_seconds_is_stale(age: int, accepted: bool) -> None:
    held = position("held")
    now = (held.quote_ns or 0) + age
    reply = check_close(see(held, []), held, [], max_ticks=5, now_ns=now)
    assert reply.accepted is accepted
    assert reply.guard == ("" if accepted else "stale")


@pytest.mark.parametrize(
    ("seen", "now", "ticks"),
    [("100", "100.5", 5), ("100.5", "100", 5), ("100", "100", 0), (None, "1", None), ("1", None, None)],
)
def test_ticks_moved_counts_both_ways(seen: str | None, now: str | None, ticks: int | None) -> None:
    as_price = [None if text is None else Decimal(text) for text in (seen, now)]
    assert ticks_moved(as_price[0], as_price[1], Decimal("0.1")) == ticks
