"""The arrangement is kept, and a broken file costs nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import whole_replay
from pilot import Pilot
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from monitor.commands import DOCKS
from monitor.ui.layout import LayoutFile, clamp_to_screens

Make = Callable[..., Pilot]


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
        assert [bar.tabText(at) for bar in bars for at in range(bar.count())] == ["Trades", "Log"]
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


def test_it_fits_a_small_screen(ui: Pilot) -> None:
    ui.window.resize(1024, 640)
    assert (ui.window.width(), ui.window.height()) == (1024, 640)
    bar = ui.window.replay_bar
    for part in (*bar.buttons.values(), bar.scrubber, bar.bar, bar.time):
        assert part.width() >= part.minimumSizeHint().width()
    assert bar.geometry().right() <= ui.window.width()
