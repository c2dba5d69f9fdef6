"""Trading and time travel from the keys to a venue and back: the real window, the real core, a venue
that speaks over sockets in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from venue_world import ACCOUNT, SYMBOL, VenueHere, venue_here

from monitor.core.service import CoreThread, Setup
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.engine.values import LinkState, OrderStatus
from monitor.journal.wording import sentence
from monitor.ui.tickets.binding import attach_tickets
from monitor.ui.window import MainWindow

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


class VenueThread:
    """A venue with a loop of its own."""

    def __init__(self) -> None:
        self._stands: Future[VenueHere] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="venue")
        self._thread.start()
        self.venue = self._stands.result(20)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with venue_here() as venue:
            self._stands.set_result(venue)
            await self._over.wait()

    def fills(self, client_order_id: str) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.venue.fills(client_order_id), self._loop).result(20)

    def close(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)


class Terminal:
    """The window and the fingers at its keyboard."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window

    def wait(self, until: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(until()), timeout=20_000)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)

    def status(self, order_id: int) -> OrderStatus | None:
        row = self.window.desk.order(order_id)
        return row.status if row is not None else None

    def buys(self, volume: str, price: str) -> None:
        """Writes an order into the form and sends it by Enter."""
        form = self.window.order_form
        self.press(Key.Key_N)
        form.symbol.setFocus()
        form.symbol.selectAll()
        self.type(SYMBOL)
        self.press(Key.Key_Tab)
        self.press(Key.Key_Space)
        form.volume.setFocus()
        self.type(volume)
        self.press(Key.Key_Tab)
        self.type(price)
        self.wait(form.verb.isEnabled)
        self.wait(form.submit)  # it arms a moment after it opened
        self.wait(lambda: form.status.text().startswith("Accepted"))
        self.press(Key.Key_Escape)


@pytest.fixture
def venue() -> Iterator[VenueThread]:
    thread = VenueThread()
    yield thread
    thread.close()


@pytest.fixture
def terminal(qtbot: QtBot, tmp_path: Path, venue: VenueThread) -> Iterator[Terminal]:
    core = CoreThread(
        Setup(
            database=f"sqlite:///{tmp_path}/test.sqlite",
            start=VenueOptions(url=venue.venue.url, accounts=(ACCOUNT,)),
            fallback=ReplayOptions(file="", strategy=""),
            mirror=False,
            web_root=tmp_path,
        )
    )
    core.start()
    core.wait()
    window = MainWindow(core, tmp_path, wording=sentence)
    tickets = attach_tickets(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    made = Terminal(qtbot, window)
    made.wait(lambda: [row.state for row in window.desk.links.rows()] == [LinkState.LIVE] * 2)
    yield made
    tickets.stop()
    window.finish()
    core.stop()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_an_order_is_written_filled_looked_back_at_and_told(terminal: Terminal, venue: VenueThread) -> None:
    window = terminal.window
    terminal.buys("1", "99")
    terminal.wait(lambda: terminal.status(1) is OrderStatus.PLACED)
    terminal.buys("2", "98")
    terminal.wait(lambda: terminal.status(2) is OrderStatus.PLACED)
    row = window.desk.order(2)
    assert row is not None
    venue.fills(row.client_order_id)
    terminal.wait(lambda: terminal.status(2) is OrderStatus.FILLED and window.desk.signals.rows())

    terminal.press(Key.Key_T, CTRL)
    terminal.wait(lambda: window.desk.past_ns is not None)
    assert terminal.status(2) is OrderStatus.FILLED
    while terminal.status(2) is OrderStatus.FILLED:
        before = window.desk.session
        terminal.press(Key.Key_Comma)
        terminal.wait(lambda before=before: window.desk.session is not before)
    assert terminal.status(1) is OrderStatus.PLACED
    assert window.banner.strip.text.startswith("PAST · SIMULATED")
    assert not window.run_command("cancel_all")

    terminal.press(Key.Key_Escape)
    terminal.wait(lambda: window.desk.past_ns is None and terminal.status(2) is OrderStatus.FILLED)
    assert [row.volume for row in window.desk.positions.rows()] == [2]
    assert window.desk.signals.rows(), "what was told stays told"

    window.orders.active.view.setFocus()
    terminal.press(Key.Key_J)
    terminal.press(Key.Key_Return)
    terminal.wait(lambda: "order 1 is at the venue" in window.details.story.text().lower())
