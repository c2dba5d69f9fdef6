"""What happened to one order, as sentences with times: a part of the details.

Owns the text. The facts come from whoever asks the core, as sentences.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

HEIGHT = 220


class StoryView(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.heading = QLabel(self.tr("What happened"))
        self.heading.setObjectName("heading")
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._text.setStyleSheet("background: transparent;")
        self._text.setAccessibleName(self.tr("What happened to the order"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addWidget(self._text)
        self.setFixedHeight(HEIGHT)

    def text(self) -> str:
        return self._text.toPlainText()

    def show_text(self, text: str) -> None:
        """Write it anew and stand at its end, where the newest is, unless somebody has scrolled."""
        if text == self.text():
            return
        bar = self._text.verticalScrollBar()
        at_end, place = bar.value() == bar.maximum(), bar.value()
        self._text.setPlainText(text)
        bar.setValue(bar.maximum() if at_end else place)

    def scroll_by(self, lines: int) -> None:
        bar = self._text.verticalScrollBar()
        bar.setValue(bar.value() + lines)
