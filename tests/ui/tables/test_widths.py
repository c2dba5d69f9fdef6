"""How wide columns are: headers in full, times in full, free space in use."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from desk_rows import START, order, replay, session
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication

from monitor.engine.changes import Changes
from monitor.engine.rows import LogRow
from monitor.engine.values import LogLevel
from monitor.models.desk import Desk
from monitor.models.sorting import Sort
from monitor.ui.tables import TablePanel, TableView
from monitor.ui.theme import DARK, HEADER_FONT_SIZE, apply_theme


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[None]:
    """The application in its own fonts, which decide what fits."""
    font, colours, style = qapp.font(), qapp.palette(), qapp.style().objectName()
    gc.collect()  # Qt polishes every widget: none may be collected meanwhile
    apply_theme(qapp, DARK)
    yield
    qapp.setStyleSheet("")
    qapp.setStyle(style)
    qapp.setFont(font)
    qapp.setPalette(colours)


def drawn_width(view: TableView, at: int) -> int:
    """Pixels from the first to the last one of a header's text."""
    head = view.horizontalHeader()
    left, width = head.sectionViewportPosition(at), head.sectionSize(at)
    image = head.grab(QRect(left, 0, width, head.height())).toImage()
    rows = range(3, image.height() - 4)
    inked = [x for x in range(width) if any(image.pixel(x, y) != image.pixel(0, 0) for y in rows)]
    return inked[-1] - inked[0] + 1 if inked else 0


@pytest.mark.usefixtures("dressed")
def test_no_header_is_cut_however_narrow_a_column_is_made(qtbot):
    desk = Desk()
    for table in desk.tables():
        panel = TablePanel(table, DARK)
        qtbot.addWidget(panel)
        panel.resize(2600, 200)
        with qtbot.waitExposed(panel):
            panel.show()
        view = panel.view
        for at, column in enumerate(table.columns):
            view.horizontalHeader().setSectionHidden(at, False)
            view.setColumnWidth(at, 400)
            whole = drawn_width(view, at)
            view.setColumnWidth(at, 5)
            assert drawn_width(view, at) == whole > 0, f"{table.spec.id}.{column.id}"


def test_a_sorted_column_has_room_for_its_arrow(view):
    at = view.rows.spec.index("venue_id")
    view.horizontalHeader().setSectionHidden(at, False)
    view.setColumnWidth(at, 5)
    before = view.columnWidth(at)
    view.rows.sort_by([Sort("venue_id")])
    font = QFont(view.font())
    font.setPixelSize(HEADER_FONT_SIZE)
    assert view.columnWidth(at) >= before + QFontMetrics(font).horizontalAdvance("▴")


def test_a_time_with_its_date_gets_the_room_it_needs(qtbot, desk, view):
    before = view.columnWidth(0)
    later = replay(0, START + 3 * 86_400_000_000_000)
    desk.apply(Changes(session=session(), orders={31: order(31)}, replay=later))
    qtbot.waitUntil(lambda: view.columnWidth(0) > before)
    assert view.columnWidth(0) == view.sizeHintForColumn(0)


def test_messages_of_the_log_take_the_space_that_others_leave(qtbot, desk):
    desk.apply(
        Changes(log=[LogRow(log_id=1, time_ns=START, level=LogLevel.INFO, source="core", message="opened")])
    )
    panel = TablePanel(desk.log, DARK)
    qtbot.addWidget(panel)
    panel.resize(1000, 200)
    with qtbot.waitExposed(panel):
        panel.show()
    view, head = panel.view, panel.view.horizontalHeader()
    assert head.length() == view.viewport().width()
    panel.resize(1300, 200)
    assert head.length() == view.viewport().width()
    view.setColumnWidth(desk.log.spec.index("source"), 200)
    assert head.length() == view.viewport().width()
    panel.resize(300, 200)
    assert view.columnWidth(desk.log.spec.index("message")) > 250
    assert view.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff
