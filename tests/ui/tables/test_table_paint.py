"""What is on the screen: text in every cell, tones, bars, separators, the empty table."""

from __future__ import annotations

from decimal import Decimal

import pytest
from desk_rows import order, trade
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from monitor.engine.changes import Changes
from monitor.engine.values import InnerState, OrderStatus
from monitor.ui.tables import TablePanel, TableView
from monitor.ui.theme import DARK, ROW_HEIGHT


def picture(view: TableView) -> QImage:
    return view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def cell(view: TableView, place: int, column_id: str) -> QRect:
    head = view.horizontalHeader()
    at = view.rows.spec.index(column_id)
    return QRect(
        head.sectionViewportPosition(at), view.rowViewportPosition(place), head.sectionSize(at), ROW_HEIGHT
    )


def colours(image: QImage, area: QRect) -> list[str]:
    """Every pixel's colour in an area, separators left out."""
    return [
        QColor(image.pixel(x, y)).name().upper()
        for y in range(area.top(), area.bottom())
        for x in range(area.left(), min(area.right() + 1, image.width()))
    ]


def has_tone(image: QImage, area: QRect, tone: str) -> bool:
    """Whether something is drawn that is nearer to a colour than to any ground."""
    wanted = QColor(tone)

    def near(name: str) -> bool:
        got = QColor(name)
        parts = zip(wanted.getRgb()[:3], got.getRgb()[:3], strict=True)
        return sum(abs(a - b) for a, b in parts) < 60

    return any(near(name) for name in set(colours(image, area)))


def test_every_cell_with_a_text_is_drawn(view):
    image = picture(view)
    head = view.horizontalHeader()
    drawn = 0
    for at, column in enumerate(view.rows.columns):
        if head.isSectionHidden(at) or head.sectionViewportPosition(at) >= image.width():
            continue
        inked = len(set(colours(image, cell(view, 1, column.id)))) > 1
        assert inked == bool(column.text(view.rows.row_at(1), view.rows.context)), column.id
        drawn += inked
    assert drawn > 10


def test_numbers_end_at_the_right_and_words_begin_at_the_left(view):
    image = picture(view)
    ground = DARK.surface.upper()

    def inked(column_id: str) -> list[int]:
        area = cell(view, 0, column_id)
        columns = range(area.left(), area.right() + 1)
        return [
            x - area.left()
            for x in columns
            if any(QColor(image.pixel(x, y)).name().upper() != ground for y in range(2, ROW_HEIGHT - 2))
        ]

    width = cell(view, 0, "price").width()
    assert width - 12 <= inked("price")[-1] < width - 4
    assert 4 < inked("symbol")[0] <= 12


def test_a_question_is_drawn_as_a_warning_and_a_reject_as_an_error(qtbot, desk, view):
    desk.apply(Changes(orders={40: order(40, inner_state=InnerState.UNKNOWN)}))
    assert has_tone(picture(view), cell(view, 0, "status"), DARK.warn)
    history = TablePanel(desk.order_history, DARK)
    qtbot.addWidget(history)
    history.resize(1300, 200)
    desk.apply(Changes(orders={41: order(41, status=OrderStatus.REJECTED, reason="no margin")}))
    assert has_tone(picture(history.view), cell(history.view, 0, "status"), DARK.error)


def test_gains_and_losses_keep_their_colours_on_a_selected_row(qtbot, desk):
    desk.apply(Changes(trades={1: trade(1), 2: trade(2, realised_profit=Decimal(500))}))
    panel = TablePanel(desk.trades, DARK)
    qtbot.addWidget(panel)
    panel.resize(1000, 200)
    panel.view.selectAll()
    image = picture(panel.view)
    gain, loss = (cell(panel.view, place, "realised") for place in (0, 1))
    tint = QColor(DARK.mixed(DARK.accent, 0.18)).name().upper()
    assert tint in colours(image, gain)
    assert has_tone(image, gain, DARK.gain)
    assert not has_tone(image, gain, DARK.loss)
    assert has_tone(image, loss, DARK.loss)


@pytest.mark.parametrize("filled", [0, 1, 2, 4])
def test_the_bar_is_filled_as_far_as_the_order(desk, view, filled):
    row = order(40, quantity=Decimal(4), filled_quantity=Decimal(filled), status=OrderStatus.PARTIAL)
    desk.apply(Changes(orders={40: row}))
    view._flash.clear()
    area = cell(view, 0, "filled")
    middle = QRect(area.left(), ROW_HEIGHT // 2, area.width(), 2)
    pixels = colours(picture(view), middle)
    full, track = pixels.count(DARK.accent.upper()), pixels.count(DARK.line_strong.upper())
    assert full + track > 20
    assert full / (full + track) == pytest.approx(filled / 4, abs=0.05)


def test_an_empty_table_says_what_would_be_here(desk, view):
    before = colours(picture(view), QRect(0, 0, 1100, 40))
    desk.apply(Changes(cleared=True))
    image = picture(view)
    after = colours(image, QRect(0, 0, 1100, 40))
    assert len(set(after)) > 3
    assert after != before
    view.set_empty_text("")
    assert set(colours(picture(view), QRect(0, 0, 1100, 40))) == {DARK.surface.upper()}


def test_a_number_that_does_not_fit_is_not_cut(view):
    column = view.rows.columns[view.rows.spec.index("price")]
    assert view._cells._fitted("1,234,567.00", column, 40)[0] == "…"
    word = view.rows.columns[view.rows.spec.index("reason")]
    assert view._cells._fitted("margin is not enough", word, 60)[0].startswith("mar")


def test_a_changed_cell_is_lit_and_fades(qtbot, desk, view):
    picture(view)
    desk.apply(Changes(orders={30: order(30, status=OrderStatus.PLACED)}))
    lit = QColor(DARK.mixed(DARK.accent, 0.28)).name().upper()
    image = picture(view)
    assert lit in colours(image, cell(view, 0, "status"))
    assert lit not in colours(image, cell(view, 0, "price"))
    qtbot.waitUntil(lambda: lit not in colours(picture(view), cell(view, 0, "status")), timeout=3000)


def test_only_what_changed_is_painted_again(qtbot, desk, view, monkeypatch):
    qtbot.waitUntil(lambda: view.rows.window() == (0, view.rowAt(view.viewport().height() - 1)))
    symbol = view.rows.spec.index("symbol")
    qtbot.waitUntil(lambda: view.columnWidth(symbol) >= view.sizeHintForColumn(symbol))  # it made room
    view.viewport().repaint()
    painted: list[int] = []
    real = view._cells.paint_row

    def noted(painter, at, *rest):
        painted.append(at)
        real(painter, at, *rest)

    monkeypatch.setattr(view._cells, "paint_row", noted)
    desk.apply(Changes(orders={28: order(28, status=OrderStatus.PLACED)}))
    qtbot.waitUntil(lambda: bool(painted))
    assert set(painted) == {2}
