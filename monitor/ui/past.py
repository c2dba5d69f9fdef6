"""Time travel in the window: what its keys and its bar want of the core, one question at a time.

Owns the question under way and the newest place wanted beside it. Whether the past is what is shown
says the session's row, never this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt

from monitor.boundary import PastMoment
from monitor.engine.rows import SessionRow
from monitor.ui.goto import reach_of_past

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A number, a moment, the newest fact (neither), or the present again."""

    seq: int | None = None
    time_ns: int | None = None
    present: bool = False


class PastControl:
    """Made after the window's panels; `bind` and `connect` join it to them.

    The core is asked one thing at a time and what is wanted meanwhile waits, the newest alone: a
    slow answer never queues up others, and going back to the present always comes last."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._moment: PastMoment | None = None
        self._asked: Wanted | None = None
        self._wanted: Wanted | None = None
        self._then: Callable[[], None] | None = None

    @property
    def active(self) -> bool:
        """Whether a past moment is looked at, asked for, or not left yet."""
        return self._moment is not None or self._asked is not None

    @property
    def moment(self) -> PastMoment | None:
        """The moment the core reported last, None in the present."""
        return self._moment

    @property
    def loading(self) -> bool:
        return self._asked is not None

    def bind(self) -> None:
        table = self._window.actions_table
        table.bind("look_back", self.open)
        table.bind("back_to_now", self.leave)
        table.bind("past_back", lambda: self.step(-1))
        table.bind("past_forward", lambda: self.step(1))
        table.bind("past_goto", self._open_goto)

    def connect(self) -> None:
        bar = self._window.past_bar
        bar.commanded.connect(self._window.run_command)
        bar.sought.connect(self.go_to)
        self._window.desk.session_changed.connect(self._session_shown)

    # -- what is wanted

    def open(self) -> None:
        """Stop at this moment: from here every earlier one can be gone to."""
        if self._window.order_form.isVisible():
            self._window.order_form.put_away()  # what was typed is there in the present
        self._want(Wanted())
        self._window.past_bar.scrubber.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self, then: Callable[[], None] | None = None) -> None:
        """Back to the present; `then` is done once it is shown."""
        self._then = then
        self._want(Wanted(present=True))

    def go_to(self, seq: int) -> None:
        if self._moment is not None:
            self._want(Wanted(seq=seq))

    def go_to_time(self, time_ns: int) -> None:
        self._want(Wanted(time_ns=time_ns))

    def step(self, facts: int) -> None:
        """On from the place that is wanted by now, so that two quick presses are two steps."""
        moment = self._moment
        if moment is None:
            return
        base = self._place()
        seq = max(moment.first_seq, min(moment.last_seq, base + facts))
        if seq != base:
            self._want(Wanted(seq=seq))
        else:
            edge = "first" if facts < 0 else "newest"
            self._window.show_message(f"This is the {edge} fact that is known.")

    # -- inside

    def _place(self) -> int:
        """The number that is wanted, else asked for, else shown."""
        for wanted in (self._wanted, self._asked):
            if wanted is not None and wanted.seq is not None:
                return wanted.seq
        return self._moment.seq if self._moment is not None else 0

    def _want(self, wanted: Wanted) -> None:
        if self._wanted is None or not self._wanted.present:  # who leaves does not come back by a late drag
            self._wanted = wanted
        self._ask()
        self._show()

    def _ask(self) -> None:
        if self._asked is not None or self._wanted is None:
            return
        wanted, self._wanted = self._wanted, None
        self._asked = wanted
        window = self._window
        if wanted.present:
            window.answers.hear(window.door.look_ahead(), self._back, self._failed)
        else:
            future = window.door.look_back(wanted.seq, wanted.time_ns)
            window.answers.hear(future, self._arrived, self._failed)

    def _arrived(self, moment: PastMoment) -> None:
        self._asked, self._moment = None, moment
        self._ask()
        self._show()

    def _back(self, _nothing: None) -> None:
        self._asked, self._wanted, self._moment = None, None, None
        self._show()
        self._finish()

    def _failed(self, sentence: str) -> None:
        """It stays where it was; what was wanted meanwhile is asked."""
        self._window.show_message(sentence, "warn")
        if self._asked is not None and self._asked.present:
            self._moment, self._then = None, None  # nobody is left to be asked
        self._asked = None
        self._ask()
        self._show()

    def _session_shown(self, session: SessionRow) -> None:
        """The core may end the past by itself: another session was opened, or it stops."""
        if session.past_seq is None and self._moment is not None:
            if self._asked is None or not self._asked.present:
                self._window.show_message("Back to the present: the session has changed.", "warn")
            self._moment, self._wanted = None, None
            self._show()
        self._finish()

    def _finish(self) -> None:
        """What was to be done in the present, once its rows are there."""
        session, then = self._window.desk.session, self._then
        if then is not None and not self.active and (session is None or session.past_seq is None):
            self._then = None
            then()

    def _show(self) -> None:
        window, bar = self._window, self._window.past_bar
        session = window.desk.session
        seq = self._place() if self.loading and self._moment is not None else None
        bar.show_moment(self._moment, seq, session.zone if session is not None else "UTC")
        bar.show_loading(self.loading)
        if bar.isVisible() and not self.active and bar.isAncestorOf(window.focusWidget()):
            window.tables.give_focus()
        if bar.isHidden() is self.active:
            bar.setVisible(self.active)
            window.actions_table.look_at_past(self.active)
            window.telling.show_frozen()

    def _open_goto(self) -> None:
        if self._moment is not None:
            self._window.goto.open(reach_of_past(self._moment), self._window.desk.context.zone)
