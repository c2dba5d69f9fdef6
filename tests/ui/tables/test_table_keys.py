"""A table driven by real keys."""

from __future__ import annotations

from decimal import Decimal

import pytest
from desk_rows import order
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from monitor.engine.changes import Changes
from monitor.engine.values import OrderStatus, Side
from monitor.models.table import Hold


def current(view) -> int | None:
    row = view.current_row()
    return row.order_id if row else None


def test_j_k_g_and_G_walk_through_the_rows(qtbot, view):
    told = []
    for key in "jjjkgGj":
        qtbot.keyClick(view, key, Qt.ShiftModifier if key.isupper() else Qt.NoModifier)
        told.append(current(view))
    assert told == [30, 29, 28, 29, 30, 1, 1]
    assert [row.order_id for row in view.selected_rows()] == [1]


def test_arrows_and_shift_select_several(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [row.order_id for row in view.selected_rows()] == [29, 28]


def test_enter_opens_details_and_a_held_enter_only_once(qtbot, view):
    opened = []
    view.details_requested.connect(lambda row: opened.append(row.order_id))
    qtbot.keyClick(view, "j")
    qtbot.keyClick(view, Qt.Key.Key_Return)
    for _ in range(3):
        held = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", autorep=True
        )
        QApplication.sendEvent(view, held)
    assert opened == [30]


@pytest.mark.parametrize("key", ["d", "x", "n", "r"])
def test_letters_of_the_window_are_not_swallowed(qtbot, panel, view, key):
    got = []
    panel.keyPressEvent = lambda event: got.append(event.text()) if event.text() else None
    qtbot.keyClick(view, key)
    qtbot.keyClick(view, key.upper(), Qt.KeyboardModifier.ShiftModifier)
    assert got == [key, key.upper()]


def test_escape_leaves_the_selection_first(qtbot, view):
    qtbot.keyClick(view, "j")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.selected_rows() == []
    assert view.current_row() is None


def test_slash_filters_while_typing_and_escape_shows_all_again(qtbot, desk, panel, view):
    desk.apply(Changes(orders={31: order(31, side=Side.SELL), 32: order(32, symbol="DCE.m2005")}))
    qtbot.keyClick(view, "/")
    assert panel.filter_line.hasFocus()
    qtbot.keyClicks(panel.filter_line, "side:sell")
    assert [row.order_id for row in view.rows.shown()] == [31]
    qtbot.keyClick(panel.filter_line, Qt.Key.Key_Return)
    assert view.hasFocus()
    qtbot.keyClick(view, "j")
    assert current(view) == 31
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.rows.rowCount() == 1
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.rows.rowCount() == 32
    assert not panel.filter_line.isVisible()


def test_copy_puts_the_selected_rows_as_tsv_on_the_clipboard(qtbot, view):
    qtbot.keyClick(view, "j")
    qtbot.keyClick(view, "C", Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    cells = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
    assert (cells["order"], cells["price"], cells["side"]) == ("30", "752.30", "buy")
    assert "account" not in cells  # hidden columns are not copied


def test_tsv_has_plain_minus_signs_and_no_stray_tabs(view):
    odd = order(99, symbol="A\tB", reason="lost −3\nlines")
    text = view.as_tsv([odd])
    assert "A B" in text
    assert "lost -3 lines" in text
    assert len(text.splitlines()) == 2


def test_input_methods_are_off_so_that_letters_work_in_chinese(qtbot, view):
    qtbot.keyClick(view, "j")
    assert not view.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    assert not view.inputMethodQuery(Qt.InputMethodQuery.ImEnabled)


def test_the_selected_order_stays_selected_when_others_come(qtbot, desk, view):
    qtbot.keyClick(view, "j")
    view._let_go()
    desk.apply(Changes(orders={50: order(50), 51: order(51)}))
    assert current(view) == 30
    assert view.currentIndex().row() == 2


def test_nothing_moves_under_the_pointer_until_it_leaves(qtbot, desk, view):
    qtbot.mouseMove(view.viewport(), QPoint(50, 50))
    qtbot.waitUntil(lambda: view.rows.held is Hold.ROWS)
    before = [row.order_id for row in view.rows.shown()]
    done = order(29, status=OrderStatus.FILLED, filled_quantity=Decimal(2))
    desk.apply(Changes(orders={29: done, 60: order(60)}))
    assert [row.order_id for row in view.rows.shown()][:30] == before
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert view.rows.held is Hold.NONE
    assert [row.order_id for row in view.rows.shown()][:2] == [60, 30]
    assert view.rows.position(29) is None


def point(view) -> None:
    """Move the pointer over the rows, wherever it was before."""
    at, none = QPoint(50, 50), Qt.MouseButton.NoButton
    where = QPointF(view.viewport().mapToGlobal(at))
    moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), where, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.viewport(), moved)
    assert view.rows.held is Hold.ROWS


def finish(desk, *order_ids) -> None:
    desk.apply(Changes(orders={at: order(at, status=OrderStatus.CANCELED) for at in order_ids}))


def test_a_finished_order_goes_at_once_from_under_the_keyboard(qtbot, desk, view):
    qtbot.keyClick(view, "j")
    assert view.rows.held is Hold.SORT
    finish(desk, 30)
    assert view.rows.position(30) is None
    assert view.selected_rows() == []
    assert view.lost_ids() == {30}


def test_a_finished_order_under_the_pointer_says_so_and_is_not_selected(qtbot, desk, view):
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 10))
    assert [row.order_id for row in view.selected_rows()] == [30]
    finish(desk, 30)
    assert view.rows.position(30) == 0
    assert view.rows.row_at(0).status is OrderStatus.CANCELED
    assert view.selected_rows() == []
    assert view.selected_count() == 0
    assert view.current_row() is None
    assert view.lost_ids() == {30}


def test_a_finished_order_goes_soon_though_the_pointer_never_rests(qtbot, desk, view):
    view._going.setInterval(20)
    point(view)
    finish(desk, 30)
    assert view.rows.position(30) == 0
    qtbot.waitUntil(lambda: view.rows.position(30) is None)
    assert view.rows.held is Hold.ROWS


def test_a_row_that_is_leaving_cannot_be_selected_any_more(qtbot, desk, view):
    point(view)
    finish(desk, 30)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 10))
    assert view.selected_count() == 0
    assert view.lost_ids() == {30}


def test_what_was_lost_is_forgotten_with_the_next_selection_or_escape(qtbot, desk, view):
    for key in ("j", Qt.Key.Key_Escape):
        view.select_row(desk.active_orders.shown()[0].order_id)
        finish(desk, view.current_row().order_id)
        assert view.lost_ids()
        qtbot.keyClick(view, key)
        assert not view.lost_ids()


def test_new_and_gone_rows_above_do_not_push_away_what_is_read(qtbot, desk, view):
    view.verticalScrollBar().setValue(12)
    read = view.rows.row_at(view.rowAt(1)).order_id
    desk.apply(Changes(orders={at: order(at) for at in range(60, 65)}))
    assert view.rows.row_at(view.rowAt(1)).order_id == read
    gone = {at: order(at, status=OrderStatus.CANCELED) for at in (60, 61, 64)}
    desk.apply(Changes(orders=gone))
    assert view.rows.row_at(view.rowAt(1)).order_id == read


def test_removing_the_selected_row_frees_the_table(qtbot, desk, view):
    """The selection changes in the middle of a removal, which asks the model to let go."""
    qtbot.keyClick(view, "G", Qt.KeyboardModifier.ShiftModifier)
    view._let_go()
    assert view.rows.held is Hold.SORT
    gone = {at: order(at, status=OrderStatus.CANCELED) for at in (1, 5, 9, 30)}
    desk.apply(Changes(orders=gone))
    assert view.rows.held is Hold.NONE
    assert not {row.order_id for row in view.rows.shown()} & gone.keys()


def test_the_hold_ends_by_itself_when_nobody_moves(qtbot, desk, view):
    view._rest.setInterval(20)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 10))
    assert view.rows.held is Hold.ROWS
    qtbot.waitUntil(lambda: view.rows.held is Hold.SORT)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.rows.held is Hold.NONE


def click_header(qtbot, view, column_id, modifier=Qt.KeyboardModifier.NoModifier):
    head = view.horizontalHeader()
    at = view.rows.spec.index(column_id)
    x = head.sectionViewportPosition(at) + 20
    qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, modifier, QPoint(x, 10))


def test_header_clicks_sort_by_number_backwards_and_back(qtbot, desk, view):
    prices = {1: "9.00", 2: "100.00", 3: "20.00"}
    desk.apply(Changes(cleared=True, orders={at: order(at, price=Decimal(p)) for at, p in prices.items()}))
    told = []
    for _ in range(3):
        click_header(qtbot, view, "price")
        told.append([row.order_id for row in view.rows.shown()])
    assert told == [[1, 3, 2], [2, 3, 1], [3, 2, 1]]


def test_levels_are_added_with_shift(qtbot, desk, view, monkeypatch):
    desk.apply(Changes(orders={40: order(40, side=Side.SELL)}))
    click_header(qtbot, view, "side")
    monkeypatch.setattr(QApplication, "keyboardModifiers", lambda: Qt.KeyboardModifier.ShiftModifier)
    click_header(qtbot, view, "order_id")
    click_header(qtbot, view, "order_id")
    levels = [(level.column, level.descending) for level in view.rows.sort_levels()]
    assert levels == [("side", False), ("order_id", True)]
    assert [row.order_id for row in view.rows.shown()][:3] == [30, 29, 28]
    assert view.rows.shown()[-1].order_id == 40


def test_columns_are_chosen_in_a_menu_that_blocks_nothing(qtbot, view):
    view.open_columns_menu(QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    actions = {action.text(): action for action in menu.actions()}
    actions["side"].trigger()
    actions["account"].trigger()
    head = view.horizontalHeader()
    spec = view.rows.spec
    assert head.isSectionHidden(spec.index("side"))
    assert not head.isSectionHidden(spec.index("account"))
    actions["Reset columns"].trigger()
    assert not head.isSectionHidden(spec.index("side"))
    menu.close()


def test_the_last_column_cannot_be_hidden(view):
    from monitor.ui.tables.header import show_column

    head = view.horizontalHeader()
    for at in range(head.count()):
        show_column(view, at, False)
    assert head.count() - head.hiddenSectionCount() == 1


def test_columns_are_saved_by_id_and_restored(qtbot, view, desk, panel):
    import json

    from monitor.models.sorting import Sort
    from monitor.ui.tables import TableView
    from monitor.ui.theme import DARK

    head = view.horizontalHeader()
    spec = view.rows.spec
    head.moveSection(head.visualIndex(spec.index("status")), 0)
    head.setSectionHidden(spec.index("side"), True)
    head.resizeSection(spec.index("price"), 123)
    view.rows.sort_by([Sort("price", True), Sort("symbol")])
    state = json.loads(json.dumps(view.save_state()))
    other = TableView(desk.active_orders, DARK)
    qtbot.addWidget(other)
    other.restore_state(state)
    assert other.save_state() == state
    assert other.horizontalHeader().logicalIndex(0) == spec.index("status")
    assert other.horizontalHeader().sectionSize(spec.index("price")) == 123


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        "x",
        {"columns": 3, "sort": 4},
        {"columns": [3, {"id": "nosuch"}, {"id": "price", "width": "wide"}, {"id": "side", "width": -5}]},
        {"sort": [["nosuch", True], ["price"], 7]},
    ],
)
def test_a_broken_state_spoils_nothing(view, state):
    view.restore_state(state)
    head = view.horizontalHeader()
    assert head.count() - head.hiddenSectionCount() > 5
    assert view.rows.rowCount() == 30
