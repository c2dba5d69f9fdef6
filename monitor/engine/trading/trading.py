"""The engine of a session at a venue: inputs in, facts and requests out, one at a time.

Synchronous and deterministic: the same inputs with the same clock give the same facts, byte
for byte. Nothing here sends, waits or reads a clock. `take_requests` may only be sent after
the records taken with them are durable. A restart folds facts (`restore`) and decides nothing
again; `resume` then says what a restart itself changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from monitor.engine import commands as cmd, events as ev
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply, accepted
from monitor.engine.emergency import Emergency
from monitor.engine.execution import ExecutionQuality
from monitor.engine.journal import Journal, JournalRecord
from monitor.engine.lifecycle import LifeCycle
from monitor.engine.reconcile import Known, LookUp, Reconciler
from monitor.engine.records import PositionRecords
from monitor.engine.simulation import Note
from monitor.engine.tracker import Tracker
from monitor.engine.trading.checkpoint import AT_ONCE
from monitor.engine.trading.desk import carry_out, is_of_state
from monitor.engine.trading.fold import Fold
from monitor.engine.trading.leaving import Leaving
from monitor.engine.trading.market import Market
from monitor.engine.trading.parts import Part, takers
from monitor.engine.trading.plausible import sifted
from monitor.engine.trading.readside import TradingReadSide
from monitor.engine.trading.requests import LEAVING, look_up, request_of
from monitor.engine.trading.state import State
from monitor.engine.trading.terms import TradingTerms
from monitor.engine.values import LogLevel
from monitor.engine.venue import (
    AnyRequest,
    FillReport,
    Instruction,
    LinkReport,
    OrderReport,
    SnapshotRequest,
    VenueMessage,
    VenueSnapshot,
)
from monitor.engine.waiting import WaitingRoom

_OF_ORDERS = (OrderReport, FillReport)
_MOST_FACTS = 100_000
"""That one input may lead to. More means that two parts answer each other without end."""


_MOST_TOLD = 1_000


class EndlessDecisionsError(RuntimeError):
    """The parts never came to rest: a bug, and nobody knows what is half done."""


class Trading:
    """`guards` are the risk limits that hold now; they bind decisions and are no part of what is
    folded, so they may be set at any time."""

    def __init__(self, terms: TradingTerms) -> None:
        self.terms = terms
        self.guards = terms.guards
        self.state = State(terms)
        self.journal = Journal()
        self.records = PositionRecords()
        self.fold = Fold(self.state, self.records)
        self.tracker = Tracker(self.state, terms.tracker)
        self.room = WaitingRoom(self.state, terms.queue, terms.zone)
        self.life = LifeCycle(self.state, terms.life)
        self.quality = ExecutionQuality(self.state)
        self.emergency = Emergency(self.state)
        self.reconciler = Reconciler(
            {a.account_id: a.venue for a in terms.accounts if not a.watched},
            Known(self.state, self.tracker),
            self.state.next_alert_id,
        )
        self.market = Market(self.state)
        self._deciding: tuple[Part, ...] = (
            self.market,
            self.tracker,
            self.emergency,
            self.life,
            self.room,
            self.reconciler,
        )
        self._takers = takers((*self._deciding, self.quality))
        self._requests: list[Instruction] = []
        self._too_old: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self._notes: list[Note] = []
        self._leaving = Leaving()
        self._reader = TradingReadSide(self)

    # Inputs --------------------------------------------------------------------------------------
    def handle(self, command: cmd.AnyCommand, now_ns: int) -> Reply:
        """Carry out somebody's command: accepted and done, or refused and nothing changed. One whose
        key was taken before, also before a restart, is not carried out again, unless it says what is to
        be so and not what is to be done."""
        self._clock(now_ns)
        made = self.state.taken.orders_of(command.key)
        if made is not None and not is_of_state(command):
            return accepted(*made, reason="It was carried out before.")
        reply = carry_out(self, command)
        self._settle()
        return reply

    def hear(self, message: VenueMessage, now_ns: int) -> None:
        """Take in what a venue said, or what a gateway says of its line."""
        self._clock(now_ns)
        sound, wrong = sifted(message, self.state.instruments)
        if wrong:
            self._tell_once("implausible", f"the venue told what cannot be: {wrong}")
        if sound is not None:
            self._take(sound)
        self._settle()

    def _take(self, message: VenueMessage) -> None:
        if isinstance(message, _OF_ORDERS):
            if self._is_remembered(message):
                self.record_all(self.tracker.hear(message, self.state.now_ns))
        elif isinstance(message, VenueSnapshot):
            self._compare(message)
        elif isinstance(message, LinkReport):
            self.record_all(self.market.link(message))
        elif (facts := self.market.hear(message)) is not None:
            self.record_all(facts)
        else:
            self.record_all(self.tracker.hear(message, self.state.now_ns))

    def _tell_once(self, cause: str, message: str) -> None:
        """An alert that is not repeated while this program runs."""
        if (cause, message) in self._told or len(self._told) > _MOST_TOLD:
            return
        self._told.add((cause, message))
        alert_id = self.state.next_alert_id()
        self.record(ev.AlertRaised(alert_id=alert_id, level=LogLevel.ERROR, cause=cause, message=message))

    def tick(self, now_ns: int) -> None:
        """Time has passed."""
        self._clock(now_ns)
        self._settle()

    def due_ns(self) -> int | None:
        """When `tick` should be called next although nothing happens."""
        dues = [due for part in self._deciding if (due := part.due_ns()) is not None]
        return min(dues, default=None)

    # Restart -------------------------------------------------------------------------------------
    def restore(self, records: Iterable[JournalRecord]) -> Iterator[None]:
        """Fold kept facts. Yields now and then, so that others get their turn."""
        for number, record in enumerate(records):
            self.state.now_ns = max(self.state.now_ns, record.time_ns)
            self.apply(ev.DECODER.decode(record.payload), record.time_ns)
            self.journal.seq = record.seq
            if number % AT_ONCE == AT_ONCE - 1:
                yield

    def resume(self, now_ns: int) -> None:
        """After `restore`, once: all lines are lost, and what was under way when the program ended
        is uncertain. It is looked up before anything else is sent."""
        self._clock(now_ns)
        self.fold.changed.clear()
        self.records.rows_for_review()  # they were told when it happened
        self.record_all(self.market.lines_lost("the program was restarted"))
        self.record_all(self.tracker.restarted(self.now_ns))
        self._settle()

    # What comes out ------------------------------------------------------------------------------
    def take_records(self) -> list[JournalRecord]:
        return self.journal.take()

    def take_requests(self) -> list[Instruction]:
        """What is to be sent once all records taken so far are durable."""
        requests, self._requests = self._requests, []
        return requests

    def questions(self) -> list[AnyRequest]:
        """Look-ups and comparisons that are due: they change nothing, so they wait for nothing."""
        now = self.now_ns
        asked: list[AnyRequest] = []
        for order_id in self.tracker.lookups(now):
            order = self.state.book.orders[order_id]
            asked.append(look_up(self.state, order))
            self.tracker.looked_up(order_id, now)
        for account_id in self.reconciler.wants_snapshot(now):
            terms = self.terms.account(account_id)
            if terms is not None:
                since_ns = self.reconciler.fills_since(account_id, now)
                asked.append(
                    SnapshotRequest(venue=terms.venue, account_id=account_id, fills_since_ns=since_ns)
                )
                self.reconciler.asked(account_id, now)
        return asked

    def take_changes(self) -> Changes:
        return self._reader.take()

    def snapshot(self) -> Changes:
        return self._reader.snapshot()

    def take_notes(self) -> list[Note]:
        for time_ns, text in self.fold.changed.notes:
            self._notes.append(Note(time_ns, LogLevel.WARNING, "orders", text))
        self.fold.changed.notes.clear()
        notes, self._notes = self._notes, []
        return notes

    @property
    def now_ns(self) -> int:
        return self.state.now_ns

    # Facts ---------------------------------------------------------------------------------------
    def record(self, fact: ev.AnyEvent) -> None:
        """Journal a fact, apply it everywhere, and note the request that it makes."""
        kind = type(fact)
        if isinstance(fact, ev.OrderSent) and self._leaving.holds_back(self, fact):
            return
        if isinstance(fact, ev.OrderCreated):
            self._leaving.given(fact.order_id)
        now_ns = self.state.now_ns
        self.journal.append(fact, now_ns, 0)
        self.apply(fact, now_ns)
        if kind in LEAVING:
            request = request_of(fact, self.state, self.journal.seq)
            if request is not None:
                self._requests.append(request)

    def record_all(self, facts: Iterable[ev.AnyEvent]) -> None:
        """Lazily: each is applied before the next is asked for."""
        for fact in facts:
            self.record(fact)

    def forget(self, ended: Sequence[int]) -> None:
        """Orders that ended long ago leave memory, those nothing is doubtful about: their rows are in
        the database. `state.horizon_ns` then tells from when on everything is known."""
        state = self.state
        for order_id in self.tracker.forget(ended):
            state.horizon_ns = max(state.horizon_ns, state.book.orders.pop(order_id).updated_ns)
            del state.ended[order_id]
            state.sent_to.pop(order_id, None)
            state.profits.pop(order_id, None)
            for trade_id in state.trades_of.pop(order_id, ()):
                del state.trades[trade_id]
        for account in state.accounts.values():
            account.forget(state.horizon_ns)  # changes no figure; such fills cannot be taken back now

    def note(self, level: LogLevel, source: str, message: str) -> None:
        self._notes.append(Note(self.now_ns, level, source, message))

    def apply(self, fact: ev.AnyEvent, time_ns: int) -> None:
        """Take in a fact that was journalled before."""
        self.fold.apply(fact, time_ns)
        for take in self._takers[type(fact)]:
            take(fact, time_ns)

    def _clock(self, now_ns: int) -> None:
        """It never goes back: a clock that was set back stands until it has caught up."""
        self.state.now_ns = max(self.state.now_ns, now_ns)
        self._leaving.begin()

    def _settle(self) -> None:
        """Ask every part until none has anything more to say."""
        if self.market.news:
            self.room.moved(self.market.news)
            self.market.news.clear()
        now_ns, before = self.state.now_ns, self.journal.seq
        said = -1
        while said != self.journal.seq:
            said = self.journal.seq
            for part in self._deciding:
                for fact in part.decide(now_ns):
                    self.record(fact)
            if self.records.for_review:
                self.record_all(self._doubtful_records())
            if said - before > _MOST_FACTS:
                raise EndlessDecisionsError(f"{said - before} facts at {now_ns}: parts answer each other")

    def _doubtful_records(self) -> Iterator[ev.AnyEvent]:
        """A position record that does not add up is worth a look."""
        for row in self.records.rows_for_review():
            yield ev.AlertRaised(
                alert_id=self.state.next_alert_id(),
                level=LogLevel.WARNING,
                cause="position record",
                message=f"record {row.record_id} of {row.symbol}: {row.note}",
                account_id=row.account_id,
                symbol=row.symbol,
                key=str(row.record_id),
            )

    def _is_remembered(self, message: OrderReport | FillReport) -> bool:
        """Whether it is of a time from which everything is known. News of an order that may have been
        forgotten is told once and not booked: it may have been before. What is really missing
        shows when positions are compared."""
        if message.time_ns is None or message.time_ns > self.state.horizon_ns:
            return True
        if self.tracker.owner(message) is not None:
            return True
        if message.account_id not in self._too_old:
            self._too_old.add(message.account_id)
            told = f"{message.account_id}: the venue speaks of an order from before what is remembered"
            self.record(
                ev.AlertRaised(
                    alert_id=self.state.next_alert_id(),
                    level=LogLevel.WARNING,
                    cause="too old",
                    message=told,
                    account_id=message.account_id,
                    symbol=message.symbol,
                )
            )
        return False

    def _compare(self, snapshot: VenueSnapshot) -> None:
        for step in self.reconciler.take(snapshot, self.now_ns):
            if isinstance(step, LookUp):
                self.tracker.look_up_now(step.order_id)
            elif isinstance(step, _OF_ORDERS):
                if not self._is_remembered(step):
                    continue
                self.record_all(self.tracker.hear(step, self.now_ns))
            else:
                self.record(cast("ev.AnyEvent", step))
