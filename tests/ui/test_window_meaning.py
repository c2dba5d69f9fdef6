"""What a key means for what was selected and is gone, and which table a key means."""

from __future__ import annotations

from decimal import Decimal

from driver import order, position
from pilot import CTRL, Pilot
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabBar, QWidget

from monitor.engine.changes import Changes
from monitor.engine.values import OrderStatus
from monitor.ui.tables import TablePanel

Key = Qt.Key
A, B = "sim-1.au.long", "sim-1.cu.long"


def click(widget: QWidget, at: QPoint) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)


def close(ui: Pilot, position_id: str) -> None:
    ui.tell(Changes(positions={position_id: position(position_id, volume=Decimal(0))}))


def two_positions(ui: Pilot, selected: str) -> list[str]:
    """Two positions of which one is selected; gives what x will ask for."""
    asked: list[str] = []

    def note() -> None:
        row = ui.window.selected_position()
        asked.append(row.position_id if row is not None else "")

    ui.window.actions_table.bind("close_position", note)
    ui.tell(Changes(positions={B: position(B, symbol="SHFE.cu1912")}))
    ui.press(Key.Key_1, CTRL)
    assert ui.window.positions.view.select_row(selected)
    return asked


def test_x_never_means_another_position_than_the_one_that_was_selected(ui: Pilot) -> None:
    asked = two_positions(ui, selected=A)
    close(ui, A)
    ui.press(Key.Key_X)
    assert asked == []
    assert "that position is closed" in ui.said
    ui.press(Key.Key_J)
    ui.press(Key.Key_X)
    assert asked == [B]


def test_nor_while_the_closed_one_is_still_to_be_seen_under_the_pointer(ui: Pilot) -> None:
    asked = two_positions(ui, selected=B)
    view = ui.window.positions.view
    place = view.rows.position(A)
    assert place is not None
    click(view.viewport(), QPoint(30, view.rowViewportPosition(place) + 5))
    close(ui, A)
    assert view.rows.index(place, view.rows.spec.index("volume") or 0).data() == "closed"
    ui.press(Key.Key_X)
    assert asked == []
    assert "that position is closed" in ui.said


def test_a_selected_row_that_the_filter_hides_is_not_told_to_be_closed(ui: Pilot) -> None:
    asked = two_positions(ui, selected=A)
    ui.press("/")
    ui.type("sym:cu")
    ui.press(Key.Key_Return)
    ui.press(Key.Key_X)
    assert asked == []
    assert "select one position" in ui.said


def test_cancelling_never_means_another_order_than_the_one_that_was_selected(ui: Pilot) -> None:
    asked: list[list[int]] = []
    window = ui.window
    window.actions_table.bind(
        "cancel_selected", lambda: asked.append([row.order_id for row in window.selected_orders()])
    )
    ui.tell(Changes(orders={1003: order(1003, status=OrderStatus.FILLED)}))
    ui.press(Key.Key_3, CTRL)
    window.orders.active.view.select_row(1001)
    ui.tell(Changes(orders={1001: order(1001, status=OrderStatus.CANCELED)}))
    assert not window.run_command("cancel_selected")
    assert "that order is finished" in ui.said
    window.orders.tabs.setCurrentIndex(1)
    window.orders.history.view.select_row(1001)
    assert not window.run_command("cancel_selected")
    window.orders.tabs.setCurrentIndex(0)
    window.orders.active.view.select_row(1002)
    assert window.run_command("cancel_selected")
    assert asked == [[1002]]


def filtered(ui: Pilot) -> TablePanel | None:
    """The table whose filter line `/` opens."""
    ui.press("/")
    for panel in ui.window.table_panels:
        if panel.filter_line.hasFocus():
            return panel
    return None


def test_a_click_on_a_tab_of_the_orders_means_that_table(ui: Pilot) -> None:
    tabs = ui.window.orders.tabs
    ui.press(Key.Key_1, CTRL)
    click(tabs, tabs.tabRect(1).center())
    assert ui.window.tables.focused() is ui.window.orders.history
    assert filtered(ui) is ui.window.orders.history


def test_a_click_on_a_title_a_header_or_a_tab_of_docks_means_that_table(ui: Pilot) -> None:
    docks = ui.window.dock_area.docks
    click(docks["orders"].title.label, QPoint(3, 3))
    assert ui.window.tables.focused() is ui.window.orders.active
    click(ui.window.trades.view.horizontalHeader().viewport(), QPoint(20, 10))
    assert ui.window.tables.focused() is ui.window.trades
    bars = ui.window.dock_area.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    bar, at = next((bar, at) for bar in bars for at in range(bar.count()) if bar.tabText(at) == "Log")
    click(bar, bar.tabRect(at).center())
    assert filtered(ui) is ui.window.log


def test_without_a_focused_table_the_last_one_is_filtered_or_the_orders(ui: Pilot) -> None:
    window = ui.window
    window.trades.view.setFocus()
    window.replay_bar.scrubber.setFocus()
    assert filtered(ui) is window.trades
    window.replay_bar.scrubber.setFocus()
    window.dock_area.docks["trades"].close()
    assert filtered(ui) is window.orders.active


def test_an_unknown_column_is_said_beside_the_line_and_empties_nothing(ui: Pilot) -> None:
    panel = ui.window.trades
    panel.view.setFocus()
    ui.press("/")
    ui.type("colour:red")
    assert panel.view.rows.rowCount() == len(panel.view.rows)
    assert "no column named colour" in panel._found.text()
    assert panel._found.property("tone") == "warn"
    ui.tell(Changes(orders={1001: order(1001)}))
    assert "no column" in panel._found.text()
    ui.press("a", CTRL)
    ui.type("side:buy")
    assert "of 210" in panel._found.text()
    assert panel._found.property("tone") == "idle"
