"""The banner: which world this is, in words, colour and pattern, the account's figures, the links.

Owns its labels. It is told rows and stats and never asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from monitor.boundary import CoreStats
from monitor.engine.rows import AccountRow, LinkRow, ReplayRow, SessionRow
from monitor.engine.values import EngineState, LinkSide, World
from monitor.models import format as shown
from monitor.ui.elided import ElidedLabel
from monitor.ui.links import LinkDot, journal_link, mirror_link, venue_link
from monitor.ui.pulse import Pulse
from monitor.ui.theme import Theme

HEIGHT = 32
HATCH = 8
NARROW = 1_200
"""Below it, the moment of the past has the room of the smaller figures."""
WORDS = {
    EngineState.REDUCE_ONLY: "REDUCE-ONLY",
    EngineState.HALTED: "HALTED",
}


class WorldStrip(QWidget):
    """A block of the world's colour with its name; hatched for a replay, so that it is never
    taken for the market even without colours."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._ground = theme.line_strong
        self._hatched = False
        self._parts: tuple[str, str] = ("CONNECTING", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def text(self) -> str:
        return "  ".join(part for part in self._parts if part)

    @property
    def hatched(self) -> bool:
        return self._hatched

    def show_world(self, word: str, when: str, ground: str, hatched: bool) -> None:
        if (word, when) == self._parts and ground == self._ground:
            return
        grown = len(self.text) != len(f"{word}  {when}")
        self._parts, self._ground, self._hatched = (word, when), ground, hatched
        self.setAccessibleName(self.text)
        if grown:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(self.fontMetrics().horizontalAdvance(self.text) + 64, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._ground))
        if self._hatched:
            self._hatch(painter)
        word, when = self._parts
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.strip_text))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(12, 0, self.width(), self.height()), flags, word)
        left = 12 + painter.fontMetrics().horizontalAdvance(word) + 14
        font.setBold(False)
        painter.setFont(font)
        painter.drawText(QRect(left, 0, self.width() - left, self.height()), flags, when)

    def _hatch(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.mixed("#000000", 0.22, self._ground)))
        for x in range(-self.height(), self.width(), HATCH):
            painter.drawLine(x, self.height(), x + self.height(), 0)


class Figure(QWidget):
    """A muted caption and a number; the number never makes its neighbours move back."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self._caption = QLabel(caption)
        self._caption.setObjectName("caption")
        self._value = QLabel(shown.DASH)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._caption)
        layout.addWidget(self._value)

    @property
    def text(self) -> str:
        return self._value.text()

    def show_caption(self, text: str) -> None:
        if text != self._caption.text():
            self._caption.setText(text)
            self.setAccessibleName(f"{text} {self._value.text()}")

    @property
    def caption(self) -> str:
        return self._caption.text()

    def show_value(self, text: str, colour: str = "") -> None:
        if text == self._value.text():
            return
        self._value.setText(text)
        self._value.setStyleSheet(f"color: {colour};" if colour else "")
        wanted = self._value.sizeHint().width()
        if wanted > self._value.minimumWidth():
            self._value.setMinimumWidth(wanted)
        self.setAccessibleName(f"{self._caption.text()} {text}")


class Banner(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._theme = theme
        self.strip = WorldStrip(theme)
        self.title = ElidedLabel()
        self.title.setObjectName("muted")
        self.equity = Figure(self.tr("equity"))
        self.today = Figure(self.tr("today"))
        self.margin = Figure(self.tr("margin"))
        self.venues = {side: LinkDot(theme) for side in LinkSide}
        self.journal = LinkDot(theme)
        self.mirror = LinkDot(theme)
        self._lay_out()
        self._line = theme.line_strong
        self._past = False
        self.show_stats(CoreStats())

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 12, 2)
        layout.setSpacing(20)
        layout.addWidget(self.strip)
        layout.addWidget(self.title, 1)
        venues = tuple(self.venues.values())
        for part in (self.equity, self.today, self.margin, *venues, self.journal, self.mirror):
            layout.addWidget(part)
        for dot in venues:
            dot.hide()
        self.setFixedHeight(HEIGHT + 2)

    def show_session(self, session: SessionRow | None, replay: ReplayRow | None, stragglers: int = 0) -> None:
        """Name the world; a replay says at which moment of the past it stands. `stragglers` are
        orders whose cancel is not confirmed, told while the engine is halted."""
        if session is None:
            return
        past = session.past_seq is not None
        self._past = past
        self._make_room()
        self._line = (
            self._theme.strip_past if past else self._theme.strip(session.world, session.engine_state)
        )
        when, zone = "", shown.zone(session.zone)
        if past:
            when = shown.moment(session.past_ns, zone)
        elif session.world is World.REPLAY and replay is not None:
            when = shown.minute(replay.time_ns or replay.first_ns, zone)
        hatched = past or session.world is World.REPLAY
        self.strip.show_world(self._words(session, stragglers), when, self._line, hatched=hatched)
        self.strip.setToolTip(shown.iso(session.past_ns, zone) if past else "")
        title = session.title
        if replay is not None and replay.synthetic:
            title = self.tr("synthetic data · {0}").format(title)
        if title != self.title.text():
            self.title.setText(title)
            self.title.setToolTip(title)
        self.update()

    @staticmethod
    def _words(session: SessionRow, stragglers: int) -> str:
        past = session.past_seq is not None
        words = ["PAST", session.world.value] if past else [session.world.value]
        if session.engine_state in WORDS:
            words.append(WORDS[session.engine_state])
        if session.engine_state is EngineState.HALTED and stragglers:
            words.append("1 straggler" if stragglers == 1 else f"{stragglers} stragglers")
        if session.read_only and not past:
            words.append("READ-ONLY")
        return " · ".join(words)

    def show_links(self, rows: Sequence[LinkRow], now_ns: int | None = None) -> None:
        """The lines to venues, market and orders apart; the worst of each is told, ages to `now_ns`."""
        for side, dot in self.venues.items():
            mine = [row for row in rows if row.side is side]
            dot.setVisible(bool(mine))
            if mine:
                dot.show_link(venue_link(side, mine, now_ns))

    def show_account(self, account: AccountRow | None, several: bool = False) -> None:
        """The figures of an account, named when it is one of several."""
        named = several and account is not None
        self.equity.show_caption(
            f"{account.account_id} {account.currency}" if named and account else "equity"
        )
        if account is None:
            for figure in (self.equity, self.today, self.margin):
                figure.show_value(shown.DASH)
            return
        self.equity.show_value(shown.money(account.balance))
        self.today.show_value(shown.signed(account.today_profit), self._tone(account.today_profit))
        self.margin.show_value(shown.percent(account.risk_ratio, 1))
        self.equity.setToolTip(
            self.tr("Balance of {0} in {1}, open positions included").format(
                account.account_id, account.currency
            )
        )

    def show_stats(self, stats: CoreStats, engine: Pulse = Pulse()) -> None:  # noqa: B008 frozen
        self.journal.show_link(journal_link(stats, engine))
        self.mirror.show_link(mirror_link(stats, engine))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """When is looked at matters more than what was gained that day."""
        for figure in (self.today, self.margin):
            figure.setVisible(not self._past or self.width() >= NARROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        painter.fillRect(0, self.height() - 2, self.width(), 2, QColor(self._line))

    def _tone(self, profit: Decimal) -> str:
        if profit == 0:
            return ""
        return self._theme.gain if profit > 0 else self._theme.loss
