"""A stage for tickets: the window's real desk, host and answers, a core that answers when told,
and a clock that only moves when a test says so."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from ticket_rows import NOON, SECOND

from monitor.boundary import CoreStats
from monitor.engine.changes import Changes
from monitor.engine.commands import AnyCommand, Reply, accepted
from monitor.engine.rows import AccountRow, OrderRow, PositionRow, ReplayRow, SessionRow, StrategyRow
from monitor.models.desk import Desk
from monitor.ui.answers import Answers
from monitor.ui.tickethost import TicketHost
from monitor.ui.tickets.desk import TicketDesk
from monitor.ui.tickets.panel import TicketPanel
from monitor.ui.tickets.picture import Picture
from monitor.ui.tickets.view import DeskView


class StillClock:
    """Moves by `pass_ms` only."""

    def __init__(self) -> None:
        self.now = 5_000 * SECOND
        self.wall = NOON

    def monotonic_ns(self) -> int:
        return self.now

    def wall_ns(self) -> int:
        return self.wall

    def pass_ms(self, milliseconds: float) -> None:
        self.now += int(milliseconds * 1_000_000)


class PatientCore:
    """A core that keeps every command and answers, in another thread, when it is told to."""

    def __init__(self) -> None:
        self.sent: list[AnyCommand] = []
        self._open: list[Future[Reply]] = []

    def submit(self, command: AnyCommand) -> Future[Reply]:
        self.sent.append(command)
        future: Future[Reply] = Future()
        self._open.append(future)
        return future

    def take(self) -> Changes | None:
        return None

    def stats(self) -> CoreStats:
        return CoreStats()

    def answer(self, *replies: Reply) -> None:
        """Answer the oldest open commands, one after the other, from a thread of its own."""
        futures = [self._open.pop(0) for _ in replies]

        def resolve() -> None:
            for future, reply in zip(futures, replies, strict=True):
                future.set_result(reply)

        thread = threading.Thread(target=resolve)
        thread.start()
        thread.join()

    @property
    def unanswered(self) -> int:
        return len(self._open)


class Stage:
    def __init__(self) -> None:
        self.clock, self.core = StillClock(), PatientCore()
        self.desk = Desk()
        self.answers = Answers(self.core)
        self.window = QWidget()
        self.table = QWidget()
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.host = TicketHost()
        column = QVBoxLayout(self.window)
        column.addWidget(self.table, 1)
        column.addWidget(self.host)
        self.messages: list[tuple[str, str]] = []
        self.quits = 0
        self.keys = iter(f"ticket-{number}" for number in range(1, 100))
        self.tickets = TicketDesk(
            self.host,
            DeskView(self.desk),
            self.answers,
            show_message=lambda text, tone: self.messages.append((text, tone)),
            quit_application=self._quit,
            clock=self.clock,
            new_key=lambda: next(self.keys),
        )
        self.desk.cleared.connect(self.tickets.session_cleared)

    def _quit(self) -> None:
        self.quits += 1

    @property
    def panel(self) -> TicketPanel:
        panel = self.tickets.panel
        assert panel is not None, "no ticket is open"
        return panel

    @property
    def shown(self) -> Picture:
        """What is painted."""
        picture = self.panel._shown
        assert picture is not None
        return picture

    @property
    def is_open(self) -> bool:
        return self.tickets.panel is not None

    @property
    def sent(self) -> list[AnyCommand]:
        return self.core.sent

    def rows(self, *rows: object, cleared: bool = False) -> None:
        """New rows arrive from the core; the next frame shows them."""
        changes = Changes(cleared=cleared)
        places = {
            PositionRow: (changes.positions, "position_id"),
            OrderRow: (changes.orders, "order_id"),
            StrategyRow: (changes.strategies, "strategy_id"),
            AccountRow: (changes.accounts, "account_id"),
        }
        for row in rows:
            if isinstance(row, ReplayRow):
                changes.replay = row
            elif isinstance(row, SessionRow):
                changes.session = row
            else:
                kept, key = places[type(row)]
                kept[getattr(row, key)] = row
        self.desk.apply(changes)

    def frame(self) -> None:
        """One frame of the window, and its painting."""
        self.answers.drain()
        self.tickets.refresh()
        if self.is_open:
            self.panel.repaint()

    def after(self, milliseconds: float) -> None:
        self.clock.pass_ms(milliseconds)
        self.frame()

    def ready(self) -> None:
        """The ticket is on the screen, and long enough."""
        self.frame()
        self.after(350)

    # Keys go to whatever has the focus, as on a real keyboard

    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def down(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyPress(self.focus(), key, modifier)

    def up(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyRelease(self.focus(), key, modifier)

    def press(self, key: Qt.Key) -> None:
        self.down(key)
        self.up(key)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focus(), text)

    def repeat(self, key: Qt.Key, times: int = 1) -> None:
        """What a held key sends: releases and presses that say that they are repeats."""
        for _ in range(times):
            for kind in (QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", True)
                QCoreApplication.sendEvent(self.focus(), event)

    def answer(self, *replies: Reply) -> None:
        self.core.answer(*(replies or (accepted(),)))
        self.frame()
