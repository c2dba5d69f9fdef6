"""The quick filter's language on real orders and trades."""

from __future__ import annotations

from decimal import Decimal

import pytest
from desk_rows import order, trade

from monitor.engine.values import InnerState, OrderStatus, Side
from monitor.models.context import Context
from monitor.models.filter import parse
from monitor.models.orders import ACTIVE_ORDERS, TRADES

ORDERS = [
    order(1),
    order(2, side=Side.SELL, symbol="DCE.m2005", price=Decimal("2801"), status=OrderStatus.PLACED),
    order(3, side=Side.SELL, status=OrderStatus.PARTIAL, inner_state=InnerState.CANCEL_IN_FLIGHT),
    order(12, price=None, reason="margin is not enough"),
]


def found(text: str) -> list[int]:
    predicate = parse(text, ACTIVE_ORDERS, Context()).predicate
    return [row.order_id for row in ORDERS if predicate is None or predicate(row)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 12]),
        ("side:buy", [1, 12]),
        ("SIDE:Sell sym:au", [3]),
        ("status:placed", [2]),
        ("cancelling", [3]),
        ("m2005", [2]),
        ("margin", [12]),
        ("price:<1000", [1, 3]),
        ("price>=2,801", [2]),
        ("id:12", [12]),
        ("priority:high", []),
        ("pri:high", [1, 2, 3, 12]),
        ("colour:red", [1, 2, 3, 12]),
        ("side:sell colour:red", [2, 3]),
        ("price<", [1, 2, 3, 12]),
        ("side:", [1, 2, 3, 12]),
        ("nothing-like-this", []),
    ],
)
def test_words_and_tokens(text, ids):
    assert found(text) == ids


def test_profit_compares_as_a_number_with_either_minus():
    rows = [trade(1), trade(2, realised_profit=Decimal(500))]
    for text in ("pnl:<0", "pnl<0", "profit:<=−1240", "realised:-1240"):
        predicate = parse(text, TRADES, Context()).predicate
        assert predicate is not None
        assert [row.trade_id for row in rows if predicate(row)] == [1]


def test_what_is_not_understood_is_said():
    assert parse("colour:red", ACTIVE_ORDERS, Context()).problem == "There is no column named colour."
    assert parse("pri:high", ACTIVE_ORDERS, Context()).problem == "Which column: price or priority?"
    assert "not a number" in parse("price:<abc", ACTIVE_ORDERS, Context()).problem
    assert parse("side:buy price:>1", ACTIVE_ORDERS, Context()).problem == ""
