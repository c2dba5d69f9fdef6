"""Windows for tests, taken down completely after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import whole_replay
from pilot import Pilot
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot
from trader import Trader, live

from monitor.engine.changes import Changes


@pytest.fixture
def make_pilot(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Pilot]]:
    """Opens windows that all keep their state in the same folder."""
    made: list[Pilot] = []

    def make(
        changes: Changes | None = None, size: tuple[int, int] = (1440, 900), kind: type[Pilot] = Pilot
    ) -> Pilot:
        pilot = kind(tmp_path, size)
        made.append(pilot)
        with qtbot.waitActive(pilot.window):
            pilot.window.show()
            pilot.window.activateWindow()
        if changes is not None:
            pilot.tell(changes)
        return pilot

    yield make
    for pilot in made:
        pilot.window.finish()
        pilot.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def ui(make_pilot: Callable[..., Pilot]) -> Pilot:
    """A window in the middle of a replay."""
    return make_pilot(whole_replay())


@pytest.fixture
def trader(make_pilot: Callable[..., Pilot]) -> Trader:
    """A window that trades, with its tickets."""
    pilot = make_pilot(live(), kind=Trader)
    assert isinstance(pilot, Trader)
    return pilot
