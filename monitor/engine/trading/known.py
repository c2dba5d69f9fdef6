"""What a comparison with the venue needs to know of us, in a session: also what is still held."""

from __future__ import annotations

from monitor.engine.reconcile import Known
from monitor.engine.tracker import Tracker
from monitor.engine.trading.state import State


class SessionKnown(Known):
    def __init__(self, state: State, tracker: Tracker) -> None:
        super().__init__(state, tracker)
        self._tracker = tracker

    def unbooked(self, account_id: str) -> set[str]:
        """Fills that wait for their instrument, and evidence that nobody has claimed yet."""
        return super().unbooked(account_id) | self._tracker.held_symbols(account_id)
