"""The few signs of the replay bar, drawn here: no font has all of them. Knows only shapes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

from monitor.ui.theme import Theme

SIDE = 14
SCALE = 3
"""Pixels drawn per logical pixel, so that signs stay sharp on dense screens."""

Shape = tuple[str, float, float]
"""What to draw ("bar", "right", "left") from x to x, on a field of 14 x 14."""

SIGNS: dict[str, tuple[Shape, ...]] = {
    "play": (("right", 3, 12),),
    "pause": (("bar", 3, 6), ("bar", 8, 11)),
    "step": (("right", 2, 9), ("bar", 10, 12)),
    "back": (("bar", 2, 4), ("left", 5, 12)),
    "reset": (("bar", 0, 2), ("left", 2, 7.5), ("left", 7.5, 13)),
}


def sign(name: str, theme: Theme) -> QIcon:
    """The icon of that name, in the text's colour, faint while disabled."""
    icon = QIcon()
    icon.addPixmap(_drawn(SIGNS[name], theme.text), QIcon.Mode.Normal)
    icon.addPixmap(_drawn(SIGNS[name], theme.faint), QIcon.Mode.Disabled)
    return icon


def _drawn(shapes: tuple[Shape, ...], colour: str) -> QPixmap:
    pixmap = QPixmap(SIDE * SCALE, SIDE * SCALE)
    pixmap.setDevicePixelRatio(SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for kind, left, right in shapes:
        if kind == "bar":
            painter.drawRect(QRectF(left, 2, right - left, SIDE - 4))
        else:
            flat, tip = (left, right) if kind == "right" else (right, left)
            corners = [QPointF(flat, 2), QPointF(tip, SIDE / 2), QPointF(flat, SIDE - 2)]
            painter.drawPolygon(QPolygonF(corners))
    painter.end()
    return pixmap
