"""A shown panel of active orders, with the keyboard in it."""

from __future__ import annotations

import pytest
from desk_rows import order

from monitor.engine.changes import Changes
from monitor.models.desk import Desk
from monitor.ui.tables import TablePanel, TableView
from monitor.ui.theme import DARK

EMPTY = "No active orders. Press Space to play the replay."


@pytest.fixture
def desk(qapp) -> Desk:
    made = Desk()
    made.apply(Changes(orders={at: order(at) for at in range(1, 31)}))
    return made


@pytest.fixture
def panel(qtbot, desk) -> TablePanel:
    made = TablePanel(desk.active_orders, DARK, EMPTY)
    qtbot.addWidget(made)
    made.resize(1200, 300)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.view.setFocus()
    qtbot.waitUntil(made.view.hasFocus)
    return made


@pytest.fixture
def view(panel) -> TableView:
    return panel.view
