"""The stage that tests of tickets stand on: a window with the focus in its table, rows in place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot
from ticket_rows import account, position, replay, session, strategy
from ticket_stage import Stage


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    made = Stage()
    made.window.resize(1100, 500)
    made.rows(session(), replay(), account(), strategy(), position())
    with qtbot.waitActive(made.window):
        made.window.show()
        made.window.activateWindow()
    made.table.setFocus()
    yield made
    made.tickets.stop()
    made.window.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
