"""The notice: one sentence across the window about what a user must know now, and what to press.

Owns which sentence matters most and the line that shows it. Told rows and stats; asks nothing.
"""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from monitor.boundary import CoreStats
from monitor.commands import command, keys_label
from monitor.engine.rows import AccountRow, AlertRow, ReplayRow, SessionRow, StrategyRow
from monitor.engine.values import LinkSide, ReplayState, World
from monitor.models import format as shown
from monitor.models.lines import Lost
from monitor.ui.pulse import Pulse
from monitor.ui.theme import set_tone


class Told(msgspec.Struct, frozen=True):
    """Tones: info, warn, error. `cause` names what is told when its text changes with the clock."""

    text: str
    tone: str = "info"
    cause: str = ""

    @property
    def name(self) -> str:
        """What is put away with it."""
        return self.cause or self.text


class Situation(msgspec.Struct, frozen=True):
    """All that a notice is chosen from. `welcome` while a newcomer has pressed nothing yet."""

    session: SessionRow | None
    replay: ReplayRow | None
    account: AccountRow | None
    stats: CoreStats
    strategy: str = ""
    """The name of the strategy while it runs."""
    welcome: bool = False
    engine: Pulse = Pulse()
    failed: tuple[StrategyRow, ...] = ()
    heard: tuple[AlertRow, ...] = ()
    """Alerts that were raised while the past is looked at."""
    lost: tuple[Lost, ...] = ()
    now_ns: int | None = None


def notices(now: Situation) -> list[Told]:
    """What is to be said, the most important first."""
    told: list[Told] = []
    if now.engine.sentence:
        told.append(Told(now.engine.sentence, "error"))
    if now.stats.journal_error:
        told.append(Told(f"Not saved. {now.stats.journal_error} What came since is not on disk.", "error"))
    told += [Told(f"Now, while you look at the past: {row.message}", "error") for row in now.heard[::-1]]
    if now.session is not None and now.session.past_seq is not None:
        return told  # the rest would be of then
    told += [_lost_line(line, now.now_ns) for line in now.lost]
    told += [Told(failure(row), "error") for row in now.failed]
    if now.session is not None and now.session.notice:
        told.append(_of_session(now.session))
    if now.welcome and now.session is not None and now.replay is not None:
        told.append(Told(welcome(now.session, now.replay, now.strategy)))
    if now.replay is not None and now.replay.state is ReplayState.FINISHED:
        told.append(Told(_finished(now.replay, now.account)))
    if now.stats.mirror_error:
        told.append(Told(f"No web page is served: {now.stats.mirror_error}", "warn"))
    return told


def _lost_line(line: Lost, now_ns: int | None) -> Told:
    """Which line is lost since when, what that means, and the key that tries again."""
    market, orders = LinkSide.MARKET in line.sides, LinkSide.ORDERS in line.sides
    which = "Line" if market and orders else "Market line" if market else "Order line"
    means = ", ".join((*(("prices are old",) if market else ()), *(("orders wait",) if orders else ())))
    ago = "" if now_ns is None or line.since_ns is None else f" {shown.age(now_ns - line.since_ns)} ago"
    text = f"{which} to {line.venue} lost{ago}: {means}. {keys_label(command('reconnect'))} tries again now."
    return Told(text, "error", f"{which} {line.venue} {line.since_ns}")


def failure(row: StrategyRow) -> str:
    """Why a strategy does not trade any more; what it leaves behind."""
    stays = f" Its position of {shown.volume(row.position)} stays open." if row.position else ""
    return f"{row.name} failed and does not trade any more: {row.error or 'no reason was given'}.{stays}"


def welcome(session: SessionRow, replay: ReplayRow, strategy: str) -> str:
    """What a newcomer sees here and how to stop it."""
    prices = "made-up prices" if replay.synthetic else "recorded prices"
    who = f"The strategy {strategy} trades them" if strategy else "Orders are simulated"
    safe = "" if session.world is World.LIVE else " and no order reaches a market"
    toggle = "pauses" if replay.state is ReplayState.PLAYING else "plays"
    return f"This is a replay of {prices}. {who}{safe}. Space {toggle}, . steps one bar, ? shows all keys."


def _of_session(session: SessionRow) -> Told:
    if not session.read_only:
        return Told(session.notice)
    anew, find = keys_label(command("replay_reset")), keys_label(command("show_palette"))
    sample = command("open_sample").title
    remedy = f'{anew} resets, {find} finds "{sample}"; another file: monitor replay FILE'
    return Told(f"{session.notice} {remedy}", "warn")


def _finished(replay: ReplayRow, account: AccountRow | None) -> str:
    net = ""
    if account is not None:
        gained = account.balance - account.static_balance
        net = f" with {shown.signed(gained)} {account.currency}"
    return (
        f"The replay is finished: {replay.bars:,} bars{net}. "
        f"{keys_label(command('replay_reset'))} starts again, {keys_label(command('replay_goto'))} goes to a "
        "bar or a time."
    )


class Notice(QFrame):
    """Shows the first sentence that was not put away. `put_away` carries the text."""

    put_away = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._put_away: set[str] = set()
        self._shown: Told | None = None
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setText("×")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setToolTip(self.tr("Put this notice away"))
        close.setAccessibleName(self.tr("Put this notice away"))
        close.clicked.connect(self._close)
        self.close_button = close
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 4, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(close)
        self.setVisible(False)

    def text(self) -> str:
        return self._label.text()

    def show_first(self, told: list[Told]) -> None:
        """The most important that was not put away; what is over may come back another time."""
        self._put_away &= {one.name for one in told}
        first = next((one for one in told if one.name not in self._put_away), None)
        self._shown = first
        text = first.text if first is not None else ""
        if first is not None and text != self._label.text():
            self._label.setText(text)
            self.setAccessibleName(text)
            set_tone(self, first.tone)
        elif first is None:
            self._label.clear()
        if self.isHidden() is (first is not None):
            self.setVisible(first is not None)

    def _close(self) -> None:
        text = self._label.text()
        self._put_away.add(self._shown.name if self._shown is not None else text)
        self.setVisible(False)
        self.put_away.emit(text)
