"""The window's place and arrangement on disk: versioned, never able to spoil a start.

Owns the file `layout.json` in a given folder. A file that cannot be used is kept aside as
`layout.json.bad` and the shipped arrangement is shown instead.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import msgspec
from PySide6.QtCore import QByteArray, QRect
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

VERSION = 1
FILE = "layout.json"
SMALLEST_SHARE = 0.5
"""Of the window that must lie on a screen, otherwise it is moved there."""


class Layout(msgspec.Struct, frozen=True):
    """`geometry` and `docks` are Qt's own bytes in base64."""

    version: int
    geometry: str
    docks: str


class LayoutFile:
    """Loads and saves; every failure is an answer, none an exception."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def save(self, window: QWidget, docks: QMainWindow) -> str:
        """Write the present arrangement; "" or why it could not be written."""
        layout = Layout(
            VERSION,
            base64.b64encode(window.saveGeometry().data()).decode(),
            base64.b64encode(docks.saveState(VERSION).data()).decode(),
        )
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(layout))
            part.replace(self.path)
        except OSError as error:
            return f"The layout could not be saved: {error.strerror}."
        return ""

    def restore(self, window: QWidget, docks: QMainWindow) -> str:
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


def clamp_to_screens(window: QWidget) -> None:
    """Bring a window back that lies mostly off the screens there are now."""
    screens = [screen.availableGeometry() for screen in QApplication.screens()]
    frame = window.geometry()
    seen = sum(_area(frame.intersected(screen)) for screen in screens)
    if not screens or seen >= SMALLEST_SHARE * _area(frame):
        return
    home = QApplication.primaryScreen().availableGeometry()
    size = frame.size().boundedTo(home.size())
    window.setGeometry(QRect(home.topLeft(), size))


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())
