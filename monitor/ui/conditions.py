"""When a command can run: each condition of the command table as a test with a reason.

Owns the sentences. Reads the desk and the selection; changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.commands import When
from monitor.engine.values import EngineState, StrategyState
from monitor.ui.actions import Condition
from monitor.ui.hints import in_past, recorded, why_past, why_read_only

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow


ACTING = (
    When.ORDERS_WORKING,
    When.POSITIONS_OPEN,
    When.ORDER_SELECTED,
    When.POSITION_SELECTED,
    When.STRATEGY_RUNNING,
    When.STRATEGY_STOPPED,
    When.REPLAY,
    When.TRADING,
    When.ORDERING,
    When.ORDER_FOR_YOU,
    When.ORDER_UNKNOWN,
    When.ALERT_STANDING,
    When.NOT_REDUCING,
    When.NOT_NORMAL,
)
"""Not in a session that is only shown."""
ASKING = (When.RESETTABLE, When.ENGINE, When.NOT_HALTED, When.PRESENT)
"""In any session, but not without an engine."""
PRESENT_ONLY = (When.RESETTABLE, When.ENGINE)
"""Nor while a past moment is looked at."""


def conditions(window: MainWindow) -> dict[When, Condition]:
    """The tests; each gives "" or one short reason."""
    tests: dict[When, Condition] = {
        When.ALWAYS: lambda: "",
        When.REPLAY: lambda: _replay(window),
        When.RESETTABLE: lambda: "" if recorded(window) else _replay(window),
        When.ENGINE: lambda: "",
        When.PRESENT: lambda: _present(window),
        When.PAST: lambda: "" if in_past(window) else "this is the present, Ctrl+T looks back",
        When.ORDERS_WORKING: lambda: "" if len(window.desk.active_orders) else "no order is working",
        When.POSITIONS_OPEN: lambda: "" if len(window.desk.positions) else "no position is open",
        When.ORDER_SELECTED: lambda: _order_selected(window),
        When.POSITION_SELECTED: lambda: _position_selected(window),
        When.TRADING: lambda: window.truth.why_not_trading(),
        When.ORDERING: lambda: window.truth.why_no_order(),
        When.ORDER_FOR_YOU: lambda: window.truth.why_no_decision(),
        When.ORDER_UNKNOWN: lambda: window.truth.why_no_unknown(),
        When.ALERT_STANDING: lambda: window.truth.why_no_alert(),
        When.NOT_HALTED: lambda: window.truth.why_not_state(EngineState.HALTED),
        When.NOT_REDUCING: lambda: window.truth.why_not_state(EngineState.REDUCE_ONLY),
        When.NOT_NORMAL: lambda: window.truth.why_not_state(EngineState.NORMAL),
        When.STRATEGY_RUNNING: lambda: _strategy_is(window, running=True),
        When.STRATEGY_STOPPED: lambda: _strategy_is(window, running=False),
        When.ROWS_SELECTED: lambda: _rows_selected(window),
        When.TABLE: lambda: "",  # the table used last, when none has the focus
    }
    frozen = {when: _unless(lambda: why_read_only(window), tests[when]) for when in ACTING}
    present = {when: _unless(lambda: why_past(window), tests[when]) for when in PRESENT_ONLY}
    asking = {when: _unless(lambda: window.why_lost(), (tests | present)[when]) for when in ASKING}
    return tests | frozen | asking


def _unless(obstacle: Condition, test: Condition) -> Condition:
    return lambda: obstacle() or test()


def _replay(window: MainWindow) -> str:
    return "" if window.desk.replay is not None else "no replay is open"


def _present(window: MainWindow) -> str:
    if in_past(window):
        return "you look at the past already: , and . step, t goes to a time"
    return "" if window.desk.session is not None else "nothing is open yet"


def _order_selected(window: MainWindow) -> str:
    if window.truth.selection_gone():
        return "that order is finished, select another first (Ctrl+3, then j and k)"
    if not len(window.desk.active_orders):
        return "no order is working"
    return "" if window.selected_orders() else "select a working order first (Ctrl+3, then j and k)"


def _position_selected(window: MainWindow) -> str:
    if window.position_gone():
        return "that position is closed, select another first (Ctrl+1, then j and k)"
    if not len(window.desk.positions):
        return "no position is open"
    return "" if window.selected_position() else "select one position first (Ctrl+1, then j and k)"


def _strategy_is(window: MainWindow, running: bool) -> str:
    row = window.strategies.list.current
    if row is None:
        return "no strategy is loaded"
    if (row.state is StrategyState.RUNNING) is running:
        return ""
    return f"{row.name} is {'not running' if running else 'running already'}"


def _rows_selected(window: MainWindow) -> str:
    panel = window.tables.focused()
    if panel is None:
        return "go to a table first (Ctrl+1, Ctrl+3, Ctrl+4)"
    return "" if panel.view.current_row() is not None else "select a row first (j and k)"
