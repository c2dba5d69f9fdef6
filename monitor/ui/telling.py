"""What the window says of its session: title, banner, notice, what is frozen, what empty tables say.

Owns whether a newcomer is still welcomed and which failures were told. Reads the desk; asks the core
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.commands import command, keys_label
from monitor.engine.changes import Changes
from monitor.engine.rows import AlertRow, ReplayRow, SessionRow, StrategyRow
from monitor.engine.values import LogLevel, StrategyState, World
from monitor.models import format as shown
from monitor.ui.hints import how_to_go_on, in_past, why_read_only, world_sentence
from monitor.ui.notice import Situation, failure, notices
from monitor.ui.panels.account import account_title

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow


class Telling:
    """Made after the window's panels; `connect` joins it to the desk."""

    def __init__(self, window: MainWindow, *, newcomer: bool) -> None:
        self._window = window
        self._desk = window.desk
        self._welcome = newcomer
        self._told_how: str | None = None
        self._failed: frozenset[int] = frozenset()
        self._heard: list[AlertRow] = []

    def connect(self) -> None:
        desk, window = self._desk, self._window
        desk.session_changed.connect(self._session_changed)
        desk.replay_changed.connect(self._replay_changed)
        desk.account_changed.connect(self._account_changed)
        desk.accounts_changed.connect(self._accounts_changed)
        window.account.chosen.connect(desk.choose_account)
        desk.equity_changed.connect(self._equity_changed)
        desk.cleared.connect(self._cleared)
        desk.heard.connect(self._alerts_heard)
        window.actions_table.ran.connect(self._has_acted)
        window.notice.put_away.connect(self._has_acted)

    def show_frozen(self) -> None:
        """What cannot be done in a session that is only shown is grey and says why."""
        window = self._window
        reason = why_read_only(window)
        stopped = window.why_lost()
        word = "in the past" if in_past(window) else "recorded, cannot be replayed"
        word = "engine stopped" if stopped else word
        window.strategies.list.allow(reason)
        free = () if stopped or in_past(window) else ("replay_reset",)
        window.replay_bar.freeze(word, reason, free)

    def say_empty(self) -> None:
        """Empty tables say what would be here, and the key that brings it while it does not come."""
        session = self._desk.session
        how = how_to_go_on(self._desk.replay, session.world if session is not None else None)
        how = "" if self._desk.past_ns is not None else how
        if how != self._told_how:
            self._told_how = how
            text = "No position is open. The first fill opens one."
            self._window.positions.view.set_empty_text(text + ("" if "writes" in how else how))
            self._window.orders.say_empty(how)

    def show_notice(self) -> None:
        desk, window = self._desk, self._window
        strategies: list[StrategyRow] = desk.strategies.rows()
        running = [row.name for row in strategies if row.state is StrategyState.RUNNING]
        situation = Situation(
            desk.session,
            desk.replay,
            desk.account,
            window.door.stats(),
            running[0] if running else "",
            self._welcome,
            window.pulse(),
            tuple(row for row in strategies if row.state is StrategyState.FAILED),
            tuple(self._heard),
            desk.context.lines.lost(),
            desk.clock_ns,
        )
        window.notice.show_first(notices(situation))

    def show_strategies(self) -> None:
        rows: dict[int, StrategyRow] = {row.strategy_id: row for row in self._desk.strategies.rows()}
        self._window.strategies.list.show_rows(rows)
        failed = frozenset(id for id, row in rows.items() if row.state is StrategyState.FAILED)
        for id in failed - self._failed:
            self._window.show_message(failure(rows[id]), "error")
        self._failed = failed

    def _session_changed(self, session: SessionRow) -> None:
        window = self._window
        window.replay_bar.setVisible(session.world is World.REPLAY)
        if session.past_ns is None:
            self._heard.clear()
        self.show_frozen()
        self.show_notice()
        synthetic = self._desk.replay is not None and self._desk.replay.synthetic
        idle, title = world_sentence(session.world, synthetic), str(session.world)
        if session.past_ns is not None:
            moment = shown.moment(session.past_ns, self._desk.context.zone)
            idle = f"You look at {moment}: nothing can be done there. Trading goes on meanwhile."
            title = f"PAST {moment} · {session.world}"
        self.say_empty()
        window.strategies.list.say_empty(session.world)
        window.status.show_idle(idle)
        window.setWindowTitle(f"{title} · {session.title} – Trading Monitor")
        self._equity_changed()

    def hear(self, changes: Changes) -> None:
        """While the past is shown, what the log says of the present is said where the eye is."""
        if self._desk.past_ns is None:
            return
        serious = [line for line in changes.log if line.level is not LogLevel.INFO]
        if serious:
            tone = "error" if serious[-1].level is LogLevel.ERROR else "warn"
            self._window.show_message(f"Now: {serious[-1].message}", tone)

    def _alerts_heard(self, alerts: list[AlertRow]) -> None:
        self._heard += [row for row in alerts if row.level is not LogLevel.INFO]
        if self._heard:
            self._window.show_message(f"Now: {self._heard[-1].message}", "error", until_key=True)
        self.show_notice()

    def _replay_changed(self, replay: ReplayRow) -> None:
        window, session = self._window, self._desk.session
        window.control.arrived(replay)
        window.replay_bar.show_replay(replay, session.zone if session else "UTC")
        window.truth.show()
        self.say_empty()

    def _has_acted(self, _id: str = "") -> None:
        """Who runs commands is no newcomer any more."""
        if self._welcome:
            self._welcome = False
            self.show_notice()

    def _account_changed(self, _account: object = None) -> None:
        desk, window = self._desk, self._window
        account = desk.account
        window.banner.show_account(account, several=len(desk.accounts) > 1)
        window.account.show_account(account)
        window.equity.show_name(account_title(account) if account is not None else "")

    def _accounts_changed(self) -> None:
        """As soon as there are two, it is said everywhere whose a thing is."""
        desk, window = self._desk, self._window
        several = len(desk.accounts) > 1
        window.account.show_choices(desk.accounts.values(), keys_label(command("next_account")))
        if desk.accounts:
            for panel in window.table_panels:
                panel.view.show_accounts(several)
        self._account_changed()
        self._equity_changed()

    def _equity_changed(self) -> None:
        self._window.equity.show_series(self._desk.equity, self._desk.context.zone)

    def _cleared(self) -> None:
        self._account_changed()
        self._equity_changed()
