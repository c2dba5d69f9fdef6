"""What one can do with rows: sums in the status line, and a menu from the command table."""

from __future__ import annotations

import pytest
from pilot import CTRL, Pilot
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from monitor.commands import Danger, command
from monitor.ui.rowmenu import row_commands
from monitor.ui.tables import TableView


def opened_menu(view: TableView, qtbot: QtBot) -> QMenu:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), view.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(view.viewport(), event)
    menus = view.findChildren(QMenu)
    assert len(menus) == 1
    qtbot.waitUntil(menus[0].isVisible)
    return menus[0]


def test_several_selected_rows_are_summed_in_the_status_line(ui: Pilot) -> None:
    ui.window.status._fading.stop()
    ui.window.orders.active.view.setFocus()
    ui.press("a", CTRL)
    assert ui.said == "3 selected · volume 6"
    ui.press("g")
    assert "selected" not in ui.said


def test_sums_follow_the_rows(ui: Pilot) -> None:
    ui.window.trades.view.setFocus()
    ui.press("a", CTRL)
    ui.window._look()
    assert ui.said.startswith("210 selected · volume 420 · realised ")


@pytest.mark.parametrize(
    "table", ["positions", "active_orders", "order_history", "trades", "triggers", "log"]
)
def test_the_menu_is_grouped_from_safe_to_dangerous(table: str) -> None:
    groups = row_commands(table)
    dangers = [{command(id).danger for id in group} for group in groups]
    assert all(len(one) == 1 for one in dangers)
    ranks = [list(Danger).index(one.pop()) for one in dangers]
    assert ranks == sorted(set(ranks))
    assert groups[0] == ["details", "copy", "filter"]


def test_the_menu_of_a_position_closes_through_the_command(ui: Pilot, qtbot: QtBot) -> None:
    asked: list[str] = []
    ui.window.actions_table.bind("close_position", lambda: asked.append("close"))
    view = ui.window.positions.view
    view.selectRow(0)
    menu = opened_menu(view, qtbot)
    entries = {action.data(): action for action in menu.actions() if not action.isSeparator()}
    assert sum(action.isSeparator() and action.isVisible() for action in menu.actions()) >= 1
    assert entries["close_position"].isEnabled()
    assert asked == []
    entries["close_position"].trigger()
    assert asked == ["close"]
    menu.close()


def test_what_cannot_be_done_is_grey_and_says_why(ui: Pilot, qtbot: QtBot) -> None:
    ui.window.orders.active.view.clearSelection()
    menu = opened_menu(ui.window.orders.active.view, qtbot)
    entry = next(action for action in menu.actions() if action.data() == "cancel_selected")
    ui.window.actions_table.bind("cancel_selected", lambda: None)
    assert not entry.isEnabled()
    assert entry.toolTip()
    menu.close()


def test_an_empty_table_has_no_menu(make_pilot, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    view = make_pilot().window.positions.view
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), view.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(view.viewport(), event)
    assert view.findChildren(QMenu) == []


def test_a_column_grows_for_a_number_that_has_no_room(ui: Pilot, qtbot: QtBot) -> None:
    view = ui.window.positions.view
    at = view.rows.spec.index("cost")
    assert at is not None
    view.setColumnWidth(at, 30)
    view.viewport().repaint()
    qtbot.waitUntil(lambda: view.columnWidth(at) > 50)
