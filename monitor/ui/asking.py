"""What the window asks of what is kept: older position records, and what happened to an order.

Owns which of these questions is under way. Answers arrive by frames; nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from monitor.boundary import OrderFact, RecordPage, RecordQuery
from monitor.engine.changes import Changes
from monitor.engine.events import AnyEvent
from monitor.engine.rows import PositionRecordRow
from monitor.models import format as shown

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow

Wording = Callable[[AnyEvent], str]
PAGE = 500


def kind_of(event: AnyEvent) -> str:
    """The plainest wording: the name of the fact."""
    return type(event).__name__


class Asking:
    """Made after the window's panels; `wording` says a fact in one sentence."""

    def __init__(self, window: MainWindow, wording: Wording) -> None:
        self._window, self._wording = window, wording
        self._fetching = False

    def connect(self) -> None:
        self._window.records.set_older(self.older_records)

    # -- position records

    def older_records(self, oldest: PositionRecordRow) -> None:
        """The page before the oldest that is held, also of what retention has moved away."""
        if self._fetching:
            return
        self._fetching = True
        window = self._window
        query = RecordQuery(to_ns=oldest.time_ns, size=PAGE, include_archive=True)
        window.answers.hear(window.door.position_records(query), self._fetched, self._not_fetched)

    def _fetched(self, page: RecordPage) -> None:
        self._fetching = False
        held = self._window.desk.records
        older = {row.record_id: row for row in page.records if held.get(row.record_id) is None}
        if older:
            self._window.desk.apply(Changes(records=older))
        else:
            self._window.show_message("These are all records that are kept.")

    def _not_fetched(self, sentence: str) -> None:
        self._fetching = False
        self._window.show_message(sentence, "warn")

    # -- the history of an order

    def story(self, order_id: int, then: Callable[[str], None]) -> None:
        """What happened to an order up to the moment that is shown, in lines of time and sentence."""
        desk, window = self._window.desk, self._window
        row, session = desk.order(order_id), desk.session
        future = window.door.order_history(
            order_id,
            row.created_ns if row is not None else None,
            session.past_seq if session is not None else None,
        )
        window.answers.hear(future, lambda facts: then(self._told(facts)), then)

    def _told(self, facts: Iterable[OrderFact]) -> str:
        zone = self._window.desk.context.zone
        lines = [f"{shown.dated(one.time_ns, zone)}  {self._wording(one.event)}" for one in facts]
        return "\n".join(lines) or "Nothing is recorded of this order."
