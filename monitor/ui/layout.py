"""The window's place and arrangement on disk: versioned, never able to spoil a start.

Owns the file `layout.json` in a given folder. A file that cannot be used is kept aside as
`layout.json.bad` and the shipped arrangement is shown instead.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from PySide6.QtCore import QByteArray, QPoint, QRect, QSize
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

VERSION = 1
FILE = "layout.json"
SHIPPED_SIZE = QSize(1440, 900)
TITLE_BAR = 30
"""Height that a window manager's own title takes from the screen."""


FIRST_DOCKS = ("positions", "equity", "orders", "trades", "strategies", "account", "log")
"""Those of layouts that were saved before their names were."""


class SavedTable(Protocol):
    """A table whose columns and sort are kept. Whatever is broken in a state, it leaves out."""

    def save_state(self) -> dict[str, Any]: ...

    def restore_state(self, state: Any) -> None: ...


class Layout(msgspec.Struct, frozen=True):
    """`geometry` and `docks` are Qt's own bytes in base64, `tables` states by the tables' ids;
    `known` names the docks there were when it was saved, `account` the one that was shown by choice."""

    version: int
    geometry: str
    docks: str
    tables: dict[str, Any] = {}
    known: tuple[str, ...] = FIRST_DOCKS
    account: str = ""


class LayoutFile:
    """Loads and saves; every failure is an answer, none an exception. `known` are the names of the
    docks of the layout that was restored last, `account` the account that was chosen in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.known: tuple[str, ...] = FIRST_DOCKS
        self.account = ""

    def save(
        self,
        window: QWidget,
        docks: QMainWindow,
        tables: Iterable[tuple[str, SavedTable]] = (),
        account: str = "",
    ) -> str:
        """Write the present arrangement; "" or why it could not be written."""
        layout = Layout(
            VERSION,
            base64.b64encode(window.saveGeometry().data()).decode(),
            base64.b64encode(docks.saveState(VERSION).data()).decode(),
            {name: table.save_state() for name, table in tables},
            tuple(dock.objectName() for dock in docks.findChildren(QDockWidget)),
            account,
        )
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(layout))
            part.replace(self.path)
        except OSError as error:
            return f"The layout could not be saved: {error.strerror}."
        return ""

    def restore(
        self, window: QWidget, docks: QMainWindow, tables: Iterable[tuple[str, SavedTable]] = ()
    ) -> str:
        """Arrange as saved. "" when done or nothing was saved, otherwise one sentence."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"The saved layout could not be read: {error.strerror}. This is the shipped one."
        layout = _decoded(data)
        if layout is not None and _applied(layout, window, docks):
            clamp_to_screens(window)
            self.known, self.account = layout.known, layout.account
            for name, table in tables:
                table.restore_state(layout.tables.get(name))
            return ""
        return self._set_aside()

    def forget(self) -> None:
        """Remove the saved arrangement, so that the next start shows the shipped one."""
        self.path.unlink(missing_ok=True)

    def _set_aside(self) -> str:
        aside = self.path.with_name(FILE + ".bad")
        try:
            self.path.replace(aside)
        except OSError:
            return "The saved layout cannot be used. This is the shipped one."
        return f"The saved layout cannot be used, it is kept as {aside.name}. This is the shipped one."


def _decoded(data: bytes) -> Layout | None:
    try:
        layout = msgspec.json.decode(data, type=Layout)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return layout if layout.version == VERSION else None


def _applied(layout: Layout, window: QWidget, docks: QMainWindow) -> bool:
    try:
        geometry = base64.b64decode(layout.geometry, validate=True)
        state = base64.b64decode(layout.docks, validate=True)
    except (binascii.Error, ValueError):
        return False
    if not docks.restoreState(QByteArray(state), VERSION):
        return False
    return window.restoreGeometry(QByteArray(geometry))


def first_size(screen: QRect, frame: int = TITLE_BAR) -> QSize:
    """The size of a window that was never here: the shipped one as far as the screen has room."""
    return SHIPPED_SIZE.boundedTo(QSize(screen.width(), screen.height() - frame))


def clamp_to_screens(window: QWidget) -> None:
    """Bring a window back that lies partly off the screens there are now, as large as they allow."""
    screens = [screen.availableGeometry() for screen in QApplication.screens()]
    frame = window.geometry()
    if not screens or sum(_area(frame.intersected(screen)) for screen in screens) >= _area(frame):
        return
    nearest = max(screens, key=lambda screen: _area(frame.intersected(screen)))
    home = nearest if nearest.intersects(frame) else QApplication.primaryScreen().availableGeometry()
    window.setGeometry(brought_within(frame, home))


def brought_within(frame: QRect, screen: QRect) -> QRect:
    """The rectangle moved onto a screen by the shortest way, no larger than the screen."""
    size = frame.size().boundedTo(screen.size())
    x = min(max(frame.x(), screen.x()), screen.right() + 1 - size.width())
    y = min(max(frame.y(), screen.y()), screen.bottom() + 1 - size.height())
    return QRect(QPoint(x, y), size)


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())
