"""When accounts are compared with their venue, and what is told of it.

At connect before anything is sent, each minute, and on demand. Folds what it must remember over a
restart from facts (`Reconciled`, its alerts, its venue's line); a question that is under way is
forgotten by a restart, and asked again. Knows no clock and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from monitor.engine import events as ev
from monitor.engine.fact import Event
from monitor.engine.reconcile.comparison import LASTING, Comparison, Difference, LookUp
from monitor.engine.reconcile.facts import Facts, PositionKey
from monitor.engine.values import NS_PER_SECOND, LinkSide, LinkState, LogLevel
from monitor.engine.venue import FillReport, OrderReport, VenueSnapshot

Work: TypeAlias = OrderReport | FillReport | LookUp | Event
"""A message for the tracker to hear, an order to look up, or a fact to record."""

NextId: TypeAlias = Callable[[], int]

EVERY_NS = 60 * NS_PER_SECOND
ANSWER_WITHIN_NS = 15 * NS_PER_SECOND
AGAIN_NS = 1 * NS_PER_SECOND
TRIES_AT_CONNECT = 6
"""While something is undecided, 1, 2, 4, 8 and 15 s apart; then the minute's comparisons decide."""
LOOK_BACK_NS = 3600 * NS_PER_SECOND
UNANSWERED = 4
"""Questions in a row without an answer are told."""
NO_ANSWER = "no answer"
_CAUSE = "reconciliation: "
_SINCE = " @"


_Name: TypeAlias = tuple[str, str, str]
"""Account, cause and key of an alert that stands."""


class _Account:
    """`asked_ns`: of the question that is under way. `done_ns`: when the last answer was taken in.
    `compared_ns`: when the last comparison that was finished had been asked for."""

    __slots__ = (
        "asked_ns",
        "compared_ns",
        "done_ns",
        "settled",
        "suspected",
        "tries",
        "unanswered",
        "up",
        "wanted",
    )

    def __init__(self) -> None:
        self.up = self.settled = self.wanted = False
        self.asked_ns: int | None = None
        self.done_ns: int | None = None
        self.compared_ns: int | None = None
        self.tries = self.unanswered = 0
        self.suspected: dict[PositionKey, Decimal] = {}

    def due_ns(self) -> int | None:
        """When the venue is to be asked next; 0: at once."""
        if not self.up:
            return None
        if self.asked_ns is not None:
            return self.asked_ns + ANSWER_WITHIN_NS
        if self.wanted or self.done_ns is None:
            return 0
        if self.settled:
            return self.done_ns + EVERY_NS
        return self.done_ns + min(AGAIN_NS << max(0, self.tries - 1), ANSWER_WITHIN_NS)

    def line(self, state: LinkState) -> None:
        """Whatever was compared was so over the line that was: another line, another comparison."""
        self.up = state is LinkState.LIVE
        self.settled = False
        self.asked_ns = self.done_ns = None
        self.tries = self.unanswered = 0
        self.suspected = {}


class Reconciler:
    """A `Part`. `venues`: which venue each account is at. `next_alert_id` gives the id of the alert
    that would be raised now."""

    def __init__(self, venues: Mapping[str, str], facts: Facts, next_alert_id: NextId) -> None:
        self._venues = venues
        self._facts = facts
        self._next_alert_id = next_alert_id
        self._accounts = {account_id: _Account() for account_id in venues}
        self._traded: dict[tuple[str, str], int] = {}
        self._standing: dict[_Name, int] = {}
        self._noted: set[int] = set()

    # Part ----------------------------------------------------------------------------------------
    kinds = frozenset(
        {
            ev.TradeExecuted,
            ev.FillCorrected,
            ev.LinkChanged,
            ev.Reconciled,
            ev.AlertRaised,
            ev.AlertSettled,
        }
    )

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        if isinstance(event, ev.TradeExecuted | ev.FillCorrected):
            self._traded[self._facts.subject(event.order_id)] = time_ns
        elif isinstance(event, ev.LinkChanged):
            self._line(event)
        elif isinstance(event, ev.Reconciled):
            account = self._accounts.setdefault(event.account_id, _Account())
            account.settled = account.up  # of a line that a checkpoint no longer knows: not settled
            account.compared_ns = event.polled_ns
        elif isinstance(event, ev.AlertRaised):
            cause = event.cause.removeprefix(_CAUSE)
            if cause != event.cause and cause in (*LASTING, NO_ANSWER):
                self._standing[event.account_id, cause, event.key.rpartition(_SINCE)[0]] = event.alert_id
        elif isinstance(event, ev.AlertSettled):
            self._alert_settled(event)

    def decide(self, now_ns: int) -> Iterable[ev.AnyEvent]:
        """Facts come out of answers; by itself it tells that there are none."""
        for account_id, account in self._accounts.items():
            if account.unanswered >= UNANSWERED and (account_id, NO_ANSWER, account_id) not in self._standing:
                yield self._alert(
                    account_id,
                    Difference(
                        cause=NO_ANSWER,
                        key=account_id,
                        message=f"{account_id}: the venue has not answered {account.unanswered} "
                        "requests to compare",
                    ),
                    now_ns,
                )

    def _line(self, event: ev.LinkChanged) -> None:
        if event.side is LinkSide.ORDERS:
            for account_id, account in self._accounts.items():
                if self._venues.get(account_id) == event.venue:
                    account.line(event.state)

    def _alert_settled(self, event: ev.AlertSettled) -> None:
        """What a person took note of still stands: it is not told again until it is gone."""
        if event.by:
            self._noted.add(event.alert_id)
        else:
            self._standing = {name: id_ for name, id_ in self._standing.items() if id_ != event.alert_id}

    def due_ns(self) -> int | None:
        dues = [due for account in self._accounts.values() if (due := account.due_ns()) is not None]
        return min(dues, default=None)

    # Questions -----------------------------------------------------------------------------------
    def want(self, account_id: str = "") -> None:
        """Compare as soon as may be, one account or ("") all. Forgotten by a restart, which compares."""
        for name, account in self._accounts.items():
            if account_id in ("", name):
                account.wanted = True

    def wants_snapshot(self, now_ns: int) -> list[str]:
        """Accounts whose venue is to be asked now. Whoever asks says so with `asked`."""
        return [
            account_id
            for account_id, account in self._accounts.items()
            if (due := account.due_ns()) is not None and due <= now_ns
        ]

    def asked(self, account_id: str, now_ns: int) -> None:
        account = self._accounts[account_id]
        account.unanswered += account.asked_ns is not None
        account.asked_ns = now_ns
        account.wanted = False

    def fills_since(self, account_id: str, now_ns: int) -> int:
        """From when on a snapshot must have all fills: since the last comparison and an hour more."""
        compared_ns = self._accounts[account_id].compared_ns
        return (now_ns if compared_ns is None else compared_ns) - LOOK_BACK_NS

    def settled(self, account_id: str) -> bool:
        """Whether a comparison has been finished since the line came up."""
        account = self._accounts.get(account_id)
        return account is not None and account.settled

    # Answers -------------------------------------------------------------------------------------
    def take(self, snapshot: VenueSnapshot, now_ns: int) -> Iterator[Work]:
        """What an answer leads to, lazily: each is carried out before the next is asked for, and all
        of it is one input: nothing else is heard in between. Nothing for an answer that nobody
        waits for: to an older question, or over a line that is gone."""
        account = self._accounts.get(snapshot.account_id)
        if account is None or account.asked_ns is None or snapshot.polled_ns < account.asked_ns:
            return
        account.asked_ns = None
        account.unanswered = 0
        account.done_ns = now_ns
        connecting = not account.settled
        comparison = Comparison(
            snapshot,
            self._facts,
            suspected=account.suspected,
            connecting=connecting,
            compared_ns=account.compared_ns,
            moved=self._moved(snapshot),
        )
        corrections = 0
        for step in comparison.steps():
            if isinstance(step, Difference):
                yield from self._told(snapshot, step)
                continue
            corrections += isinstance(step, Event)
            yield step
        account.suspected = comparison.suspected
        yield from self._settle_alerts(snapshot.account_id, comparison.found)
        account.tries += 1
        open_questions = comparison.undecided or comparison.suspected
        if connecting and open_questions and account.tries < TRIES_AT_CONNECT:
            return
        yield ev.Reconciled(
            account_id=snapshot.account_id, corrections=corrections, polled_ns=snapshot.polled_ns
        )

    def _moved(self, snapshot: VenueSnapshot) -> frozenset[str]:
        """Symbols traded since the question was asked: the answer may know it or not."""
        return frozenset(
            symbol
            for (account_id, symbol), traded_ns in self._traded.items()
            if account_id == snapshot.account_id and traded_ns >= snapshot.polled_ns
        )

    def _told(self, snapshot: VenueSnapshot, difference: Difference) -> Iterator[Event]:
        if (snapshot.account_id, difference.cause, difference.key) not in self._standing:
            yield self._alert(snapshot.account_id, difference, snapshot.polled_ns)

    def _alert(self, account_id: str, difference: Difference, since_ns: int) -> ev.AlertRaised:
        """Its key says since when: the same difference at another time is another alert."""
        return ev.AlertRaised(
            alert_id=self._next_alert_id(),
            level=LogLevel.WARNING,
            cause=_CAUSE + difference.cause,
            message=difference.message,
            order_id=difference.order_id,
            account_id=account_id,
            symbol=difference.symbol,
            key=f"{difference.key}{_SINCE}{since_ns}",
        )

    def _settle_alerts(self, account_id: str, found: set[tuple[str, str]]) -> Iterator[Event]:
        gone = [
            (name, alert_id)
            for name, alert_id in self._standing.items()
            if name[0] == account_id and name[1:] not in found
        ]
        for name, alert_id in gone:
            if alert_id in self._noted:
                self._noted.discard(alert_id)
                del self._standing[name]
            else:
                yield ev.AlertSettled(alert_id=alert_id)
