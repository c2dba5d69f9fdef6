"""The one way to open a dialog: `open()`, never a nested loop.

`exec` and the static dialogs lose every other task of the event loop. Owns nothing; the
dialog deletes itself and its answer is a future, resolved whatever way the dialog goes.
"""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog


def open_dialog(dialog: QDialog) -> Future[int]:
    """Show `dialog` and return at once. The future gets its result code, or
    `QDialog.DialogCode.Rejected` when it is destroyed unanswered; callbacks run in the GUI thread."""
    answer: Future[int] = Future()

    def settle(code: int) -> None:
        if not answer.done():
            answer.set_result(code)

    def abandon() -> None:
        settle(QDialog.DialogCode.Rejected.value)

    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.finished.connect(settle)
    dialog.destroyed.connect(abandon)
    dialog.open()
    return answer
