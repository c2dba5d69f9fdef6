"""Where nothing is selected, a command means the row with the frame in the table with the focus."""

from __future__ import annotations

import msgspec
from desk_rows import alert
from driver import order, position
from PySide6.QtCore import Qt
from trader import Trader, held, unknown

from monitor.engine.changes import Changes
from monitor.engine.commands import AcknowledgeAlert, ResolveOrder
from monitor.engine.values import Direction, InnerState, OrderStatus
from monitor.ui.tables import TablePanel

Key = Qt.Key
LONG, SHORT = position("a.long"), position("b.short", symbol="SHFE.rb2001", direction=Direction.SHORT)


def frame(trader: Trader, panel: TablePanel, row_id: object) -> None:
    """Bring the focus to a table without choosing a row in it, as Alt and a digit do."""
    view = panel.view
    view.clearSelection()
    view.setFocus()
    place = view.rows.position(row_id)
    assert place is not None
    flag = view.selectionModel().SelectionFlag.NoUpdate
    view.selectionModel().setCurrentIndex(view.rows.index(place, 0), flag)


def headline(trader: Trader) -> str:
    panel = trader.tickets.panel
    assert panel is not None, trader.said
    return panel.headline.full


def test_d_in_the_queue_means_the_framed_order(trader: Trader) -> None:
    trader.tell(held(7))
    trader.tell(held(8))
    trader.go(1)
    view = trader.window.queue.table.view
    assert view.hasFocus()
    assert view.selected_rows() == []
    framed = view.framed_row()
    assert framed is not None
    trader.press(Key.Key_D)
    assert f"#{framed.order_id}" in headline(trader)


def test_x_means_the_framed_one_of_two_positions(trader: Trader) -> None:
    trader.tell(Changes(positions={LONG.position_id: LONG, SHORT.position_id: SHORT}))
    frame(trader, trader.window.positions, SHORT.position_id)
    trader.press(Key.Key_X)
    assert headline(trader).startswith("Buy 4 SHFE.rb2001")


def test_without_the_focus_the_frame_means_nothing(trader: Trader) -> None:
    trader.tell(Changes(positions={LONG.position_id: LONG, SHORT.position_id: SHORT}))
    frame(trader, trader.window.positions, SHORT.position_id)
    trader.window.orders.active.view.setFocus()
    trader.press(Key.Key_X)
    assert trader.tickets.panel is None
    assert "select one position first" in trader.said


def test_the_row_that_took_the_frame_over_is_not_meant(trader: Trader) -> None:
    frame(trader, trader.window.orders.active, 2)
    done = msgspec.structs.replace(order(2), status=OrderStatus.FILLED)
    trader.tell(Changes(orders={2: done}))
    trader.press(Key.Key_D)
    assert trader.tickets.panel is None
    assert "that order is finished" in trader.said
    trader.press(Key.Key_J)
    trader.press(Key.Key_D)
    assert trader.tickets.panel is not None


def test_l_means_the_framed_unknown_order_or_the_only_one(trader: Trader) -> None:
    trader.tell(unknown(7))
    frame(trader, trader.window.orders.active, 1)
    trader.press(Key.Key_L)
    trader.tell(unknown(8))
    trader.press(Key.Key_L)
    frame(trader, trader.window.orders.active, 8)
    trader.press(Key.Key_L)
    assert [one.order_id for one in trader.sent if isinstance(one, ResolveOrder)] == [7, 8]


def test_e_means_the_framed_order_that_waits_for_you(trader: Trader) -> None:
    trader.tell(held(7, InnerState.MANUAL))
    trader.tell(held(8, InnerState.MANUAL))
    frame(trader, trader.window.queue.table, 8)
    trader.press(Key.Key_E)
    assert trader.tickets.panel is not None, trader.said
    assert "#8" in headline(trader)


def test_a_means_the_framed_alert(trader: Trader) -> None:
    trader.tell(Changes(alerts={1: alert(1), 2: alert(2)}))
    system = trader.window.system
    trader.go(3)
    system.tables.bring(system.alerts)
    frame(trader, system.alerts, 2)
    trader.press(Key.Key_A)
    assert trader.sent == [AcknowledgeAlert(alert_id=2)]
