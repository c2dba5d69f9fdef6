"""The arrangement is kept, and a broken file costs nothing but itself."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import HandDoor, whole_replay
from hypothesis import given, strategies as st
from pilot import Pilot
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from monitor.commands import DOCKS
from monitor.models.sorting import Sort
from monitor.ui.layout import TITLE_BAR, LayoutFile, brought_within, clamp_to_screens, first_size
from monitor.ui.tables import TableView
from monitor.ui.theme import DARK, apply_theme
from monitor.ui.window import MainWindow

Make = Callable[..., Pilot]


SHARING = ["Trades", "Log", "Queue and conditions", "Position records", "System"]


def shown_docks(pilot: Pilot) -> set[str]:
    return {name for name, dock in pilot.window.dock_area.docks.items() if not dock.isHidden()}


def test_docks_have_stable_ascii_names(ui: Pilot) -> None:
    names = [dock.objectName() for dock in ui.window.dock_area.docks.values()]
    assert names == [name for name, _ in DOCKS]
    assert all(name.isascii() for name in names)


def test_the_next_start_looks_as_the_last_one_ended(make_pilot: Make) -> None:
    first = make_pilot(whole_replay())
    first.window.dock_area.docks["account"].close()
    first.window.resize(1100, 700)
    first.window.finish()
    second = make_pilot(whole_replay())
    assert shown_docks(second) == {name for name, _ in DOCKS} - {"account"}
    assert second.window.height() == 700


def test_tabs_keep_their_names_also_when_restored(make_pilot: Make) -> None:
    for _ in range(2):
        pilot = make_pilot(whole_replay())
        pilot.window.grab()
        area = pilot.window.dock_area
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        bars = [bar for bar in area.findChildren(QTabBar, options=direct) if bar.isVisible()]
        assert [bar.tabText(at) for bar in bars for at in range(bar.count())] == SHARING
        assert [bar.elideMode() for bar in bars] == [Qt.TextElideMode.ElideNone]
        pilot.window.finish()


def test_reset_brings_back_what_was_shipped_and_forgets_the_file(make_pilot: Make, tmp_path: Path) -> None:
    first = make_pilot(whole_replay())
    first.window.dock_area.docks["orders"].setFloating(True)
    first.window.dock_area.docks["log"].close()
    first.window.save_layout()
    assert first.window.run_command("reset_layout")
    assert shown_docks(first) == {name for name, _ in DOCKS}
    assert not first.window.dock_area.docks["orders"].isFloating()
    assert not (tmp_path / "layout.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00 not json",
        b"[]",
        b'{"version": 1}',
        b'{"version": 99, "geometry": "", "docks": ""}',
        b'{"version": 1, "geometry": "AAAA", "docks": "AAAA"}',
        b'{"version": 1, "geometry": "***", "docks": "***"}',
        b'{"version": 1, "geometry": "", "docks": "", "tables": []}',
    ],
)
def test_a_broken_file_is_kept_aside_and_said(make_pilot: Make, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "layout.json").write_bytes(content)
    pilot = make_pilot()
    assert "kept as layout.json.bad" in pilot.said
    assert (tmp_path / "layout.json.bad").read_bytes() == content
    assert shown_docks(pilot) == {name for name, _ in DOCKS}
    pilot.window.save_layout()
    assert json.loads((tmp_path / "layout.json").read_bytes())["version"] == 1


def test_a_folder_that_cannot_be_written_is_a_sentence(ui: Pilot, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, not a folder")
    ui.window._layout_file = LayoutFile(tmp_path / "blocked" / "state")
    ui.window.save_layout()
    assert "could not be saved" in ui.said


def test_a_window_off_all_screens_comes_back(qapp: QApplication, qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setGeometry(QRect(9_000, 9_000, 600, 400))
    clamp_to_screens(widget)
    assert qapp.primaryScreen().availableGeometry().contains(widget.geometry())


@pytest.mark.parametrize(
    ("saved", "there"),
    [
        (QRect(100, 100, 600, 400), QRect(100, 100, 600, 400)),
        (QRect(-80, 500, 600, 400), QRect(0, 400, 600, 400)),
        (QRect(0, 0, 1440, 900), QRect(0, 0, 800, 800)),
        (QRect(5_000, 10, 900, 300), QRect(0, 10, 800, 300)),
    ],
)
def test_a_saved_place_is_brought_within_the_screen(saved: QRect, there: QRect) -> None:
    assert brought_within(saved, QRect(0, 0, 800, 800)) == there


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(31, 4000))
def test_the_first_window_fits_the_screen(x: int, width: int, height: int) -> None:
    size = first_size(QRect(x, 0, width, height))
    assert size.width() == min(1440, width)
    assert size.height() == min(900, height - TITLE_BAR), "and leaves room for the window's title"


def test_a_first_start_takes_the_size_that_fits(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PySide6.QtGui.QScreen.availableGeometry", lambda _: QRect(0, 0, 1366, 740))
    window = MainWindow(HandDoor(), tmp_path)
    qtbot.addWidget(window)
    window.frames.stop()
    assert (window.width(), window.height()) == (1366, 710)


def fully_shown(view: TableView) -> set[str]:
    """Ids of the columns that are in sight from edge to edge."""
    head, room = view.horizontalHeader(), view.viewport().width()
    edges = ((head.sectionViewportPosition(at), head.sectionSize(at)) for at in range(head.count()))
    return {
        view.rows.columns[at].id
        for at, (left, width) in enumerate(edges)
        if not head.isSectionHidden(at) and left + width <= room
    }


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


ORDER_NEEDS = {"time", "symbol", "side", "offset", "type", "price", "trigger", "volume", "filled"}
ORDER_NEEDS |= {"average", "status", "age"}


@pytest.mark.usefixtures("dressed")
@pytest.mark.parametrize("size", [(1440, 900), (1366, 710), (1024, 640)])
def test_what_matters_is_in_sight_without_scrolling(make_pilot: Make, size: tuple[int, int]) -> None:
    pilot = make_pilot(None, size)
    pilot.tell(whole_replay())
    window = pilot.window
    window.grab()
    assert (window.width(), window.height()) == size
    assert fully_shown(window.orders.active.view) >= ORDER_NEEDS
    wanted = {"symbol", "direction", "volume", "cost", "last", "unrealised", "percent"}
    assert fully_shown(window.positions.view) >= wanted
    reason = window.orders.active.view.rows.spec.index("reason")
    assert reason is not None
    head = window.orders.active.view.horizontalHeader()
    assert head.sectionViewportPosition(reason) < window.orders.active.view.viewport().width() - 30


def test_a_small_screen_has_fewer_places_and_more_tabs(make_pilot: Make) -> None:
    area = make_pilot(whole_replay(), (1024, 640)).window.dock_area
    behind = {dock.objectName() for dock in area.tabifiedDockWidgets(area.docks["orders"])}
    assert behind == {"trades", "strategies", "log", "queue", "records", "system"}
    assert area.docks["equity"].height() > 200
    assert area.docks["positions"].visibleRegion().boundingRect().height() > 200


def test_a_name_that_stands_on_a_tab_is_not_said_again(make_pilot: Make, qtbot: QtBot) -> None:
    area = make_pilot(whole_replay()).window.dock_area
    trades, orders = area.docks["trades"].title, area.docks["orders"].title
    qtbot.waitUntil(lambda: not trades.label.isVisible() and orders.label.isVisible())
    for name in ("log", "queue", "records", "system"):
        area.docks[name].setFloating(True)
    qtbot.waitUntil(lambda: trades.label.isVisible())


def test_columns_and_sorting_come_back_and_are_reset(make_pilot: Make, tmp_path: Path) -> None:
    first = make_pilot(whole_replay())
    view = first.window.trades.view
    price, fee = view.rows.spec.index("price"), view.rows.spec.index("fee")
    assert price is not None
    assert fee is not None
    view.setColumnWidth(price, 123)
    view.horizontalHeader().moveSection(view.horizontalHeader().visualIndex(fee), 0)
    view.horizontalHeader().hideSection(1)
    view.rows.sort_by([Sort("price", descending=True)])
    changed = view.save_state()
    first.window.finish()
    second = make_pilot(whole_replay())
    again = second.window.trades.view
    assert again.save_state() == changed
    assert again.columnWidth(price) == 123
    assert again.horizontalHeader().visualIndex(fee) == 0
    second.window.reset_layout()
    assert again.horizontalHeader().visualIndex(fee) == fee
    assert not again.horizontalHeader().isSectionHidden(1)
    assert again.rows.sort_levels() == again.rows.default_sort()


@pytest.mark.parametrize("tables", ['{"trades": 5, "log": {"columns": [[]]}}', "{}"])
def test_a_table_state_that_makes_no_sense_is_left_out(make_pilot: Make, tmp_path: Path, tables: str) -> None:
    make_pilot(whole_replay()).window.finish()
    file = tmp_path / "layout.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "tables": json.loads(tables)}))
    pilot = make_pilot(whole_replay())
    assert "cannot be used" not in pilot.said
    view = pilot.window.trades.view
    assert view.rows.sort_levels() == view.rows.default_sort()


def test_a_layout_from_before_tables_were_kept_still_counts(make_pilot: Make, tmp_path: Path) -> None:
    make_pilot(whole_replay()).window.finish()
    file = tmp_path / "layout.json"
    old = json.loads(file.read_text())
    del old["tables"]
    file.write_text(json.dumps(old))
    assert "cannot be used" not in make_pilot(whole_replay()).said


def test_it_fits_a_small_screen(ui: Pilot) -> None:
    ui.window.resize(1024, 640)
    assert (ui.window.width(), ui.window.height()) == (1024, 640)
    bar = ui.window.replay_bar
    for part in (*bar.buttons.values(), bar.scrubber, bar.bar, bar.time):
        assert part.width() >= part.minimumSizeHint().width()
    assert bar.geometry().right() <= ui.window.width()
