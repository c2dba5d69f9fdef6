"""What one cell answers to Qt's roles and to our own. Pure over a row, its column and the context."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt

from monitor.models.columns import Align, Column, Tone
from monitor.models.context import Context

ALIGNMENT = {
    Align.LEFT: Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
    Align.CENTRE: Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter,
}


class Role(IntEnum):
    """What a cell can be asked for besides Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole
    SORT = Qt.ItemDataRole.UserRole + 1
    TONE = Qt.ItemDataRole.UserRole + 2
    FILL = Qt.ItemDataRole.UserRole + 3


def _tip(row: Any, column: Column, context: Context) -> str:
    tip = column.tip(row, context) if column.tip else ""
    return tip or column.text(row, context)


def _tone(row: Any, column: Column, context: Context) -> Tone:
    return column.tone(row, context) if column.tone else Tone.PLAIN


ANSWERS: dict[int, Callable[[Any, Column, Context], Any]] = {
    int(Qt.ItemDataRole.DisplayRole): lambda row, column, context: column.text(row, context),
    int(Qt.ItemDataRole.TextAlignmentRole): lambda row, column, context: ALIGNMENT[column.align],
    int(Qt.ItemDataRole.ToolTipRole): _tip,
    int(Role.ROW): lambda row, column, context: row,
    int(Role.SORT): lambda row, column, context: column.sort(row, context),
    int(Role.TONE): _tone,
    int(Role.FILL): lambda row, column, context: column.fill(row) if column.fill else None,
}
