"""From the key to the database and back: the real window, the real tickets, the real core."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from monitor.core.service import CoreThread, Setup
from monitor.engine.commands import AnyCommand, ResetReplay, SeekReplay, StepReplay, StopStrategy
from monitor.engine.klines import make_bars, write_klines
from monitor.engine.options import ReplayOptions
from monitor.engine.values import OrderStatus
from monitor.ui.theme import DARK, apply_theme
from monitor.ui.tickets.binding import attach_tickets
from monitor.ui.tickets.desk import TicketDesk
from monitor.ui.tickets.rules import SECOND, Limits, Phase
from monitor.ui.window import MainWindow

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
STRATEGY = '''
from monitor.engine.strategy import Strategy


class Holder(Strategy):
    """Buys two on its first bar and rests a target far away."""

    def on_start(self):
        self.bought = False

    def on_bar(self, bar):
        if not self.bought:
            self.bought = True
            self.buy(volume=2, why="first bar")

    def on_trade(self, trade):
        if trade.offset == "OPEN":
            self.sell(trade.price + 1000, trade.volume, why="far target")
'''


class Application:
    """One running application and the fingers at its keyboard."""

    def __init__(self, qtbot: QtBot, window: MainWindow, tickets: TicketDesk) -> None:
        self.qtbot, self.window, self.tickets = qtbot, window, tickets

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=10_000)

    def step(self, bars: int) -> None:
        self.window.send(StepReplay(bars=bars))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)

    def arm(self) -> None:
        """Until the ticket on the screen waits for nothing but its word."""
        panel = self.tickets.panel
        assert panel is not None
        self.wait(lambda: panel.verb.isEnabled() or panel.status.text().startswith(("Type", "Choose")))

    @property
    def status(self) -> str:
        assert self.tickets.panel is not None
        return self.tickets.panel.status.text()

    @property
    def positions(self) -> list[Decimal]:
        return [row.volume for row in self.window.desk.positions.rows()]


@pytest.fixture
def running(qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Application]:
    volumes = getattr(request, "param", [1000.0] * 60)
    bars = [(100.0 + n % 3, 104.0, 96.0, 101.0 + n % 2, volume) for n, volume in enumerate(volumes)]
    write_klines(tmp_path / "bars.csv", make_bars(bars, symbol="SHFE.test", tick=Decimal(1)))
    (tmp_path / "holder.py").write_text(STRATEGY, encoding="utf-8")
    options = ReplayOptions(
        file=str(tmp_path / "bars.csv"),
        strategy=str(tmp_path / "holder.py"),
        symbol="SHFE.test",
        tick=Decimal(1),
    )
    core = CoreThread(
        Setup(
            database=f"sqlite:///{tmp_path}/test.sqlite",
            start=options,
            fallback=options,
            play=False,
            mirror=False,
            web_root=tmp_path,
        )
    )
    core.start()
    core.wait()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    gc.collect()  # polishing every widget there is, Qt must not meet one that is being collected
    apply_theme(application, DARK)
    window = MainWindow(core, tmp_path)
    patient = Limits(farewell_ns=60 * SECOND)  # what goes away sooner was put away
    tickets = attach_tickets(window, patient)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    made = Application(qtbot, window, tickets)
    made.wait(lambda: window.desk.replay is not None)
    made.step(4)
    made.wait(lambda: bool(made.positions) and len(window.desk.active_orders) == 1)
    yield made
    tickets.stop()
    window.finish()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    core.stop()


def test_x_and_enter_close_the_position_and_the_next_bar_fills(running: Application) -> None:
    running.press(Key.Key_X)
    assert running.tickets.panel is not None
    assert running.tickets.panel.headline.full == "Sell 2 SHFE.test at market"
    running.arm()
    running.press(Key.Key_Return)
    running.wait(lambda: running.status.startswith("Accepted: order"))
    assert "when the replay moves" in running.status
    orders = running.window.desk
    assert [row.status for row in orders.order_history.rows()].count(OrderStatus.CANCELED) == 1
    running.step(1)
    running.wait(lambda: running.positions == [])
    assert "Filled, 2 of 2" in running.status


def test_half_at_a_limit(running: Application) -> None:
    running.press(Key.Key_X)
    running.arm()
    running.press(Key.Key_H)
    running.press(Key.Key_L)
    running.type("103")
    running.press(Key.Key_Return)
    running.wait(lambda: running.status.startswith("Accepted: order"))
    (order,) = running.window.desk.active_orders.rows()
    assert (order.quantity, order.price, order.reduce_only) == (Decimal(1), Decimal(103), True)


def test_closing_all_takes_the_count(running: Application) -> None:
    running.press(Key.Key_X, SHIFT)
    running.arm()
    running.type("1")
    running.press(Key.Key_Return)
    running.wait(lambda: running.status.startswith("Accepted: order"))


def test_d_cancels_the_only_order(running: Application) -> None:
    running.press(Key.Key_D)
    running.arm()
    running.press(Key.Key_Y)
    running.wait(lambda: len(running.window.desk.active_orders) == 0)
    running.wait(lambda: running.status == "Accepted.")
    running.press(Key.Key_Escape)
    assert running.tickets.panel is None


def test_cancelling_all_takes_the_count(running: Application) -> None:
    running.press(Key.Key_D, SHIFT)
    running.arm()
    running.type("1")
    running.press(Key.Key_Return)
    running.wait(lambda: len(running.window.desk.active_orders) == 0)


def test_a_replay_that_moves_disarms_the_ticket(running: Application) -> None:
    """The far target is cancelled by its strategy's stop: the working orders changed."""
    running.press(Key.Key_X)
    running.arm()
    order = running.window.desk.active_orders.rows()[0]
    running.window.send(StopStrategy(strategy_id=1))
    running.wait(lambda: len(running.window.desk.active_orders) == 0)
    assert running.tickets.panel is not None
    running.wait(lambda: running.tickets.panel.accept.isVisible())
    assert f"order {order.order_id}" in running.tickets.panel.guards.text()
    running.press(Key.Key_Return)
    assert len(running.window.desk.active_orders) == 0


def test_single_keys_typed_into_a_ticket_stay_in_it(running: Application) -> None:
    running.press(Key.Key_X, SHIFT)
    running.arm()
    running.type("x. d")
    assert running.tickets.panel is not None
    assert running.tickets.panel.word.text() == "x. d"
    assert running.tickets.waiting == 0


def test_the_window_is_not_closed_over_an_open_position(running: Application) -> None:
    running.window.close()
    assert running.window.isVisible()
    assert running.tickets.panel is not None
    running.arm()
    running.press(Key.Key_Escape)
    assert running.window.isVisible()


def test_leaving_closes_the_window_and_touches_nothing(running: Application) -> None:
    running.press(Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    running.arm()
    running.press(Key.Key_L)
    running.arm()
    running.press(Key.Key_Return)
    running.wait(lambda: not running.window.isVisible())
    assert len(running.window.desk.active_orders) == 1


def test_flattening_a_paused_replay_steps_once_and_closes(running: Application) -> None:
    replay = running.window.desk.replay
    assert replay is not None
    running.window.close()
    running.arm()
    running.press(Key.Key_F)
    running.wait(lambda: running.status.startswith("Type"))
    running.type("1")
    running.press(Key.Key_Return)
    running.wait(lambda: not running.window.isVisible())
    assert running.positions == []
    assert running.window.desk.replay.bar == replay.bar + 1


def flatten(running: Application) -> None:
    running.window.close()
    running.arm()
    running.press(Key.Key_F)
    running.wait(lambda: running.status.startswith("Type"))
    running.type("1")
    running.press(Key.Key_Return)


@pytest.mark.parametrize("running", [[1000.0] * 4 + [0.0] * 3 + [10.0] * 40], indirect=True)
def test_flattening_steps_over_thin_bars_until_all_is_flat(running: Application) -> None:
    """Three bars trade nothing, the next fill one lot each."""
    flatten(running)
    running.wait(lambda: not running.window.isVisible())
    assert running.positions == []
    replay = running.window.desk.replay
    assert replay is not None
    assert replay.bar == 4 + 3 + 2


@pytest.mark.parametrize("running", [[1000.0] * 4 + [0.0] * 6], indirect=True)
def test_where_the_data_end_first_flattening_says_so_and_leaving_is_left(running: Application) -> None:
    flatten(running)
    running.wait(lambda: "reached its end before all was flat" in running.status)
    assert running.window.isVisible()
    assert running.tickets.phase is Phase.ASKING
    running.press(Key.Key_F)
    assert running.tickets.panel is not None
    assert running.tickets.panel.headline.full == "Quit Trading Monitor?"
    running.press(Key.Key_L)
    running.press(Key.Key_Return)
    running.wait(lambda: not running.window.isVisible())


def test_leaving_typed_faster_than_it_arms_is_told_and_does_not_become_stay(running: Application) -> None:
    running.press(Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    running.press(Key.Key_L)
    running.press(Key.Key_Return)
    assert running.tickets.panel is not None
    running.wait(lambda: "too early and was not taken. Choose" in running.status)
    running.press(Key.Key_L)
    running.press(Key.Key_Return)
    running.wait(lambda: not running.window.isVisible())


@pytest.mark.parametrize("command", [SeekReplay(bar=1), ResetReplay()], ids=["seek back", "reset"])
def test_an_answered_ticket_goes_when_the_replay_goes_back(running: Application, command: AnyCommand) -> None:
    running.press(Key.Key_X)
    running.arm()
    running.press(Key.Key_Return)
    running.wait(lambda: running.status.startswith("Accepted: order"))
    running.window.send(command)
    running.wait(lambda: running.tickets.panel is None)
    replay = running.window.desk.replay
    assert replay is not None
    assert replay.bar < 4


def test_an_unanswered_ticket_is_never_half_sent(running: Application) -> None:
    running.press(Key.Key_X)
    running.press(Key.Key_Return)  # at once: too early
    conversation_phase = running.tickets.phase
    assert conversation_phase is Phase.ASKING
