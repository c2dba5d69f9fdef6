"""The palette finds commands by a few letters and runs what can be run; the sheet lists keys."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, strategies as st
from pilot import CTRL, Pilot
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from monitor.commands import COMMANDS, key_label
from monitor.engine.commands import PauseReplay, StepReplay
from monitor.ui.fuzzy import score

Key = Qt.Key


def titles(ui: Pilot) -> list[str]:
    listed = ui.window.palette_panel.list
    return [listed.item(row).text() for row in range(listed.count())]


def test_ctrl_k_lists_every_other_command(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    assert ui.window.palette_panel.isVisible()
    assert sorted(titles(ui)) == sorted(entry.title for entry in COMMANDS if entry.id != "show_palette")


def test_a_few_letters_find_and_enter_runs_once(ui: Pilot) -> None:
    before = ui.focus()
    ui.press(Key.Key_K, CTRL)
    ui.type("stforw")
    assert titles(ui)[0] == "Step one bar forward"
    ui.hold(Key.Key_Return, times=4)
    assert ui.sent == [StepReplay(bars=1)]
    assert not ui.window.palette_panel.isVisible()
    assert ui.focus() is before


def test_arrows_choose(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    ui.press(Key.Key_Down)
    ui.press(Key.Key_Down)
    ui.press(Key.Key_Up)
    ui.press(Key.Key_Return)
    assert ui.sent == [StepReplay(bars=1)]


def test_escape_leaves_without_running(ui: Pilot) -> None:
    before = ui.focus()
    ui.press(Key.Key_K, CTRL)
    ui.type("pause")
    ui.press(Key.Key_Escape)
    assert not ui.window.palette_panel.isVisible()
    assert ui.focus() is before
    assert ui.sent == []


def test_typed_letters_are_not_commands(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    ui.type("x .,]")
    assert ui.sent == []
    assert ui.window.palette_panel.field.text() == "x .,]"


def test_what_cannot_run_is_last_says_why_and_does_not_run(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    ui.type("start the strategy")
    item = ui.window.palette_panel.list.currentItem()
    assert item.text() == "Start the strategy"
    assert item.toolTip() == "double_ma is running already"
    ui.press(Key.Key_Return)
    assert ui.window.palette_panel.isVisible()
    assert ui.sent == []


def test_nothing_found_says_so(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    ui.type("zzzz")
    assert titles(ui) == []
    assert "No command" in ui.window.palette_panel.hint.text()
    ui.press(Key.Key_Return)
    assert ui.sent == []


def test_tables_stay_live_below_the_palette(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    taken = ui.door.taken
    ui.frame()
    assert ui.door.taken == taken + 1
    assert not ui.window.palette_panel.isModal()


def test_a_click_elsewhere_leaves(ui: Pilot) -> None:
    ui.press(Key.Key_K, CTRL)
    ui.window.trades.view.setFocus()
    assert not ui.window.palette_panel.isVisible()
    assert ui.focus() is ui.window.trades.view


@pytest.mark.parametrize("key", [Key.Key_Question, Key.Key_F1])
def test_the_sheet_shows_every_key_of_the_table(ui: Pilot, key: Qt.Key) -> None:
    ui.press(key)
    sheet = ui.window.cheat_sheet
    assert sheet.isVisible()
    texts = {label.text().removesuffix(" •") for label in sheet.findChildren(QLabel)}
    for entry in COMMANDS:
        if entry.keys:
            assert entry.title in texts
            assert {key_label(one) for one in entry.keys} <= texts
    ui.press(Key.Key_X)
    ui.press(Key.Key_Space)
    assert ui.sent == [], "keys read about are not pressed"
    ui.press(key)
    assert not sheet.isVisible()
    ui.press(Key.Key_Space)
    assert ui.sent == [PauseReplay()]


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700)])
def test_the_sheet_shows_every_group_whole(make_pilot: Callable[..., Pilot], size: tuple[int, int]) -> None:
    sheet = make_pilot(size=size).window.cheat_sheet
    sheet.toggle()
    seen = sheet._scroll.viewport().rect()
    groups = [group.geometry() for group in sheet._groups]
    assert all(seen.contains(group) for group in groups)
    assert not any(a.intersects(b) for a, b in combinations(groups, 2))
    assert all(group.width() >= group.sizeHint().width() for group in sheet._groups)


def test_in_a_small_window_the_sheet_is_scrolled_one_way(make_pilot: Callable[..., Pilot]) -> None:
    pilot = make_pilot(size=(960, 600))
    sheet = pilot.window.cheat_sheet
    pilot.window.setMinimumSize(0, 0)
    pilot.window.resize(700, 420)
    sheet.toggle()
    bar = sheet._scroll.verticalScrollBar()
    assert all(group.geometry().right() <= sheet._scroll.viewport().width() for group in sheet._groups)
    assert bar.maximum() > 0
    pilot.press(Key.Key_PageDown)
    assert bar.value() > 0


def test_word_starts_and_runs_fit_better() -> None:
    assert score("rf", "Replay faster") > score("rf", "Reset the trade filter")  # type: ignore[operator]
    assert score("close", "Close all positions") > score("close", "Clear old system events")  # type: ignore[operator]
    assert score("xyz", "Close all positions") is None


@given(st.text("abcdef ", max_size=8), st.text("abcdef ", max_size=20))
def test_a_match_is_a_subsequence(typed: str, title: str) -> None:
    letters = iter(title)
    inside = all(letter in letters for letter in typed.replace(" ", ""))
    assert (score(typed, title) is not None) == inside
