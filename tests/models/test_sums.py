"""Selected rows add up, and an unknown part makes the whole unknown."""

from __future__ import annotations

from decimal import Decimal

from desk_rows import order, position, trade
from hypothesis import given, strategies as st

from monitor.engine.values import Offset
from monitor.models.context import Context
from monitor.models.orders import ACTIVE_ORDERS, TRADES
from monitor.models.sums import sums_text
from monitor.models.tables import LOG, POSITIONS

CENTS = st.decimals(-1_000_000, 1_000_000, places=2)


def test_positions_add_up_to_volume_and_profit() -> None:
    rows = [
        position("a", volume=Decimal(3), unrealised_profit=Decimal("-100.50"), realised_profit=Decimal(10)),
        position("b", volume=Decimal(4), unrealised_profit=Decimal("1334.50"), realised_profit=Decimal(0)),
    ]
    assert sums_text(POSITIONS, rows) == "2 selected · volume 7 · unrealised +1,234.00 · realised +10.00"


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    rows = [position("a"), position("b", unrealised_profit=None)]
    assert "unrealised \u2013" in sums_text(POSITIONS, rows)


def test_orders_are_counted_and_tables_without_amounts_only_count() -> None:
    assert (
        sums_text(ACTIVE_ORDERS, [order(1), order(2, quantity=Decimal("0.5"))]) == "2 selected · volume 2.5"
    )
    assert sums_text(LOG, [object(), object(), object()]) == "3 selected"
    assert sums_text(TRADES, [], 12_345) == "12,345 selected"


@given(st.lists(CENTS, min_size=1, max_size=30))
def test_the_profit_of_trades_is_exact(profits: list[Decimal]) -> None:
    text = sums_text(TRADES, [trade(at, realised_profit=one) for at, one in enumerate(profits)])
    shown = text.rpartition("realised ")[2].replace(",", "").replace("\u2212", "-")
    assert Decimal(shown) == sum(profits)


def test_an_opening_trade_realised_nothing_rather_than_zero() -> None:
    at = TRADES.index("realised")
    assert at is not None
    column = TRADES.columns[at]
    opened = trade(1, offset=Offset.OPEN, realised_profit=Decimal(0))
    closed = trade(2, offset=Offset.CLOSE, realised_profit=Decimal(0))
    assert column.text(opened, Context()) == "\u2013"
    assert column.text(closed, Context()) == "0.00"
    assert column.sort(opened, Context()) is None
    assert "realised +5.00" in sums_text(TRADES, [opened, trade(3, realised_profit=Decimal(5))])


def test_a_stop_order_says_its_trigger_beside_its_price() -> None:
    names = [column.id for column in ACTIVE_ORDERS.columns]
    assert names.index("trigger") == names.index("price") + 1
    assert names.index("reason") < names.index("strategy")
