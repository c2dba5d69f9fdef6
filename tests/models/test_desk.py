"""The desk: one entry for changes, everything in place before anybody is told."""

from __future__ import annotations

import time
from decimal import Decimal

import numpy as np
import pytest
from desk_rows import SECOND, START, account, order, position, replay, session, strategy, trade
from hypothesis import given, settings, strategies as st
from PySide6.QtTest import QAbstractItemModelTester

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.rows import LogRow
from monitor.engine.values import InnerState, LogLevel, OrderStatus, Origin
from monitor.models.desk import Desk
from monitor.models.table import RowTable


@pytest.fixture
def desk(qapp) -> Desk:
    made = Desk()
    for table in made.tables():
        QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    return made


def cell(table: RowTable, place: int, column_id: str) -> str:
    return table.index(place, table.spec.index(column_id)).data()


def curve(start: int, *values: float) -> EquityChunk:
    times = np.arange(start, start + len(values), dtype=np.int64)
    return EquityChunk("sim-1", start, times, np.array(values))


def test_an_order_leaves_the_active_table_for_the_history_when_it_is_finished(desk):
    desk.apply(Changes(orders={1: order(1), 2: order(2)}))
    assert [row.order_id for row in desk.active_orders.shown()] == [2, 1]
    filled = order(1, status=OrderStatus.FILLED, filled_quantity=Decimal(2))
    desk.apply(Changes(orders={1: filled}))
    assert [row.order_id for row in desk.active_orders.shown()] == [2]
    assert desk.order_history.shown() == [filled]
    assert desk.order(1) is filled


def test_a_fill_is_seen_with_its_position_and_account(desk):
    seen = []
    desk.positions_changed.connect(
        lambda: seen.append((len(desk.trades), len(desk.positions), desk.account.balance))
    )
    desk.apply(
        Changes(trades={1: trade(1)}, positions={"p": position("p")}, accounts={"sim-1": account("5.00")})
    )
    assert seen == [(1, 1, Decimal("5.00"))]


def test_a_position_without_volume_is_gone(desk):
    desk.apply(Changes(positions={"p": position("p"), "q": position("q")}))
    desk.apply(Changes(positions={"p": position("p", volume=Decimal(0), volume_today=Decimal(0))}))
    assert [row.position_id for row in desk.positions.shown()] == ["q"]
    assert desk.position("p") is None


def test_a_clear_voids_rows_and_curve_but_not_the_log(desk):
    told = []
    desk.cleared.connect(lambda: told.append("cleared"))
    desk.replay_changed.connect(lambda row: told.append(row.bar))
    line = LogRow(log_id=1, time_ns=START, level=LogLevel.INFO, source="replay", message="opened")
    desk.apply(
        Changes(
            orders={1: order(1)},
            trades={1: trade(1)},
            equity=[curve(0, 1.0, 2.0)],
            accounts={"sim-1": account()},
            log=[line],
        )
    )
    desk.apply(Changes(cleared=True, orders={7: order(7)}, replay=replay(0)))
    assert told == ["cleared", 0]
    assert [row.order_id for row in desk.active_orders.rows()] == [7]
    assert len(desk.trades) == 0
    assert len(desk.equity) == 0
    assert desk.account is None
    assert desk.log.rows() == [line]
    desk.apply(Changes(equity=[curve(0, 5.0)], accounts={"sim-1": account()}))
    assert desk.equity.equity.tolist() == [5.0]


def test_times_are_shown_in_the_zone_of_the_session_and_change_with_it(desk):
    desk.apply(Changes(session=session("Asia/Shanghai"), orders={1: order(1)}))
    assert cell(desk.active_orders, 0, "time") == "10:30:01.005"
    desk.apply(Changes(session=session("UTC")))
    assert cell(desk.active_orders, 0, "time") == "02:30:01.005"


def test_a_row_of_another_day_than_the_clocks_shows_its_date(desk):
    day = 86_400 * SECOND
    fresh, old = order(1, created_ns=START + day), order(2, created_ns=START)
    desk.apply(Changes(session=session(), orders={1: fresh, 2: old}, replay=replay(0, START + day)))
    table = desk.active_orders
    assert [cell(table, at, "time") for at in (0, 1)] == ["10:30:00.000", "06-12 10:30:00.000"]
    assert table.index(1, 0).data(3) == "2019-06-12 10:30:00.000+08:00"
    redrawn = []
    table.dataChanged.connect(lambda first, last, roles: redrawn.append((first.column(), last.row())))
    midnight = START + day + 13 * 3600 * SECOND + 1800 * SECOND
    desk.apply(Changes(replay=replay(0, midnight - 1)))
    assert (0, 1) not in redrawn
    desk.apply(Changes(replay=replay(0, midnight)))
    assert (0, 1) in redrawn
    assert cell(table, 0, "time") == "06-13 10:30:00.000"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_the_log_is_in_the_zone_of_the_computer_with_the_date_when_it_is_not_today(desk, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        today = 1_560_346_200 * SECOND  # 09:30 in New York
        monkeypatch.setattr("monitor.models.context.time.time_ns", lambda: today)
        lines = [
            LogRow(log_id=at, time_ns=ns, level=LogLevel.INFO, source="core", message="opened")
            for at, ns in enumerate((today - 86_400 * SECOND, today))
        ]
        desk.apply(Changes(session=session("Asia/Shanghai"), log=lines, replay=replay(1)))
        assert [cell(desk.log, at, "time") for at in (0, 1)] == ["09:30:00.000", "06-11 09:30:00.000"]
        assert desk.log.index(0, 0).data(3) == "2019-06-12 09:30:00.000-04:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_a_person_ordered_is_told_apart_in_orders_and_trades(desk):
    by_hand = order(1, origin=Origin.USER)
    desk.apply(
        Changes(
            strategies={1: strategy()},
            orders={1: by_hand, 2: order(2)},
            trades={1: trade(1, order_id=1), 2: trade(2, order_id=2)},
        )
    )
    for table in (desk.active_orders, desk.trades):
        assert [cell(table, at, "strategy") for at in (0, 1)] == ["double_ma", "by hand"]
        tip = table.index(1, table.spec.index("strategy")).data(3)
        assert tip == "Given by hand, for the strategy double_ma"


def test_an_order_that_ends_while_the_table_is_held_shows_how(desk):
    desk.apply(Changes(orders={1: order(1)}, positions={"p": position("p")}))
    desk.active_orders.hold(True)
    desk.positions.hold(True)
    closed = position("p", volume=Decimal(0), volume_today=Decimal(0))
    desk.apply(Changes(orders={1: order(1, status=OrderStatus.CANCELED)}, positions={"p": closed}))
    assert cell(desk.active_orders, 0, "status") == str(OrderStatus.CANCELED)
    assert cell(desk.positions, 0, "volume") == "closed"
    assert (len(desk.active_orders), len(desk.positions)) == (0, 0)


def test_age_counts_by_the_clock_of_the_engine(desk):
    desk.apply(Changes(orders={0: order(0)}, replay=replay(1)))
    assert cell(desk.active_orders, 0, "age") == "59 s"
    ticked = []
    desk.active_orders.dataChanged.connect(lambda first, last, roles: ticked.append(first.column()))
    desk.apply(Changes(replay=replay(5)))
    assert cell(desk.active_orders, 0, "age") == "4 min"
    assert ticked == [desk.active_orders.spec.index("age")]


def test_cells_say_what_a_trader_expects(desk):
    partial = order(
        1, filled_quantity=Decimal(1), average_price=Decimal("752.316"), status=OrderStatus.PARTIAL
    )
    market = order(2, price=None, inner_state=InnerState.CANCEL_IN_FLIGHT)
    desk.apply(
        Changes(strategies={1: strategy()}, positions={"p": position("p")}, orders={1: partial, 2: market})
    )
    table = desk.active_orders
    told = [cell(table, 1, name) for name in ("side", "offset", "price", "filled", "average", "strategy")]
    assert told == ["buy", "open", "752.30", "1/2", "752.32", "double_ma"]
    assert [cell(table, 0, name) for name in ("price", "average", "status")] == ["market", "–", "Cancelling?"]
    assert "can still be filled" in table.index(0, table.spec.index("status")).data(3)
    assert cell(desk.positions, 0, "volume") == "3 (2/1)"
    assert cell(desk.positions, 0, "percent") == "+0.02 %"


def test_an_unknown_price_is_a_dash_and_never_zero(desk):
    unknown = position("p", last_price=None, unrealised_profit=None, quote_ns=None)
    desk.apply(Changes(positions={"p": unknown}))
    told = [cell(desk.positions, 0, name) for name in ("last", "unrealised", "percent", "quote_age")]
    assert told == ["–", "–", "–", "–"]


statuses = st.sampled_from(list(OrderStatus))


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 12), statuses, max_size=6), max_size=12))
def test_active_and_history_are_the_two_halves_of_all_orders(qapp, steps):
    desk, plain = Desk(), {}
    for step in steps:
        rows = {order_id: order(order_id, status=status) for order_id, status in step.items()}
        plain |= rows
        desk.apply(Changes(orders=rows))
        active = {row.order_id: row for row in desk.active_orders.shown()}
        finished = {row.order_id: row for row in desk.order_history.shown()}
        assert active == {k: row for k, row in plain.items() if row.status.active}
        assert finished == {k: row for k, row in plain.items() if not row.status.active}
