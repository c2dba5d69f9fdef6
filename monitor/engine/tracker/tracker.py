"""The tracker: venue messages in any order become facts, and each order finishes exactly once.

Knows whose a message is, what is waited for and what was signalled. All that must survive a
restart is folded from facts; what an order is, is the book's. Applied after the book.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec.structs import replace

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.rows import EvidenceRow
from monitor.engine.tracker import answering, joining, listening
from monitor.engine.tracker.absence import of_absence
from monitor.engine.tracker.concluding import Concluder
from monitor.engine.tracker.holding import Holding, Key, key_of
from monitor.engine.tracker.impossible import (
    IMPOSSIBLE,
    is_possible_fill,
    is_possible_report,
    of_impossible,
)
from monitor.engine.tracker.memory import after_restart, forget
from monitor.engine.tracker.schedule import NEVER, Schedule
from monitor.engine.tracker.shown import Shown
from monitor.engine.tracker.terms import Desk, TrackerTerms
from monitor.engine.tracker.waiting import Times
from monitor.engine.tracker.watch import ENDING, MOVING, NAMED, Names, Watch, describable
from monitor.engine.venue import (
    CancelRefused,
    FillReport,
    OrderReport,
    OrderUnknown,
    PlaceRefused,
    ReplaceRefused,
    RequestLost,
    VenueMessage,
    VenueStatus,
)

Facts: TypeAlias = Iterator[ev.AnyEvent]
Said: TypeAlias = Iterable[ev.AnyEvent]
Taker: TypeAlias = Callable[[Any, int], None]
_NOTHING: tuple[ev.AnyEvent, ...] = ()


# Bound once: to look a member up in its class is slow, and these are asked for per message.
_OTHER = VenueStatus.OTHER


class Tracker:
    """A `Part`. `hear` yields facts of one message, `decide` signals, alerts and inferences that
    are due; each fact must have been applied before the next is asked for."""

    def __init__(self, desk: Desk, terms: TrackerTerms) -> None:
        self._desk = desk
        self._times = Times(terms)
        self._names: dict[str, Names] = {}
        self._watches: dict[int, Watch] = {}
        self._dirty: dict[int, None] = {}
        self._shown = Shown()
        self._holding = Holding(self._times, self._shown)
        self._held, self._claimed = self._holding.known, self._holding.claimed
        self._owned = self._holding.owned
        self._concluder = Concluder(desk, self._times)
        self._schedule = Schedule(self._times, self._concluder, self._shown)
        self._hearing: dict[type, Callable[[Any, int], Said]] = {
            OrderReport: self._report,
            FillReport: self._fill,
            PlaceRefused: self._answer(answering.of_refusal),
            RequestLost: self._answer(answering.of_loss),
            CancelRefused: self._cancel_refused,
            ReplaceRefused: self._answer(answering.of_replace_refusal),
            OrderUnknown: self._unknown,
        }
        self._folding: dict[type, Taker] = {
            ev.OrderCreated: self._created,
            ev.OrderSent: self._sent,
            ev.OrderRefused: self._unsent,
            ev.CancelRequested: self._asked,
            ev.ReplaceRequested: self._asked,
            ev.TradeExecuted: self._traded,
            ev.OrdersMerged: self._merged,
            ev.OrderReplaced: self._replaced,
            ev.EvidenceHeld: self._hold,
            ev.EvidenceClaimed: self._claim,
            ev.SignalEmitted: self._signalled,
            ev.AlertRaised: self._alerted,
        }
        for kinds, taker in ((NAMED, self._named), (ENDING, self._ended), (MOVING, self._moved)):
            self._folding |= dict.fromkeys(kinds, taker)

    # What was heard ------------------------------------------------------------------------------
    def hear(self, message: VenueMessage, now_ns: int) -> Said:
        """Facts of one message; none when it is not about an order, or says nothing new."""
        handler = self._hearing.get(type(message))
        return handler(message, now_ns) if handler is not None else _NOTHING

    def _report(self, report: OrderReport, now_ns: int) -> Said:
        if not is_possible_report(report):
            return self._impossible(report)
        names = self._names.get(report.account_id) or self._account(report.account_id)
        order_id = names.venue.get(report.venue_order_id)
        ours = names.client.get(report.client_order_id)
        if ours is not None and ours != order_id:
            if order_id is not None:
                return self._joined(ours, order_id, report, now_ns)
            order_id = ours
        if report.replaces:
            before = names.venue.get(report.replaces, order_id)
            if order_id is not None and before is not None and before != order_id:
                return self._linked(before, order_id, report, now_ns)
            order_id = before if order_id is None else order_id
        if order_id is None:
            return self._of_nobody(names, report, report.venue_order_id, now_ns)
        return self._report_of(order_id, report, now_ns)

    def _impossible(self, message: OrderReport | FillReport) -> Facts:
        names, owner = self._account(message.account_id), self.owner(message)
        watch = None if owner is None else self._watches[owner]
        return of_impossible(self._desk, self._concluder, names, watch, message)

    def _report_of(self, order_id: int, report: OrderReport, now_ns: int) -> Said:
        watch = self._watches[order_id]
        watch.heard_ns = now_ns
        if report.polled_ns is not None:
            self._answered(watch, report, now_ns)
        if not report.venue_order_id and listening.of_earlier_attempt(watch.order, report):
            return self._doubted(watch, report)
        held = self._held and key_of(report) in self._held
        if held or report.status is _OTHER or not listening.is_plain(watch.order, report):
            return self._with_more(watch, report, now_ns)
        return listening.of_plain(watch, report)

    def _doubted(self, watch: Watch, report: OrderReport) -> Said:
        if report.polled_ns is None:
            self._schedule.seek(watch)
        return _NOTHING

    def _with_more(self, watch: Watch, report: OrderReport, now_ns: int) -> Facts:
        """Of a report that is more than a word about a plain order."""
        yield from listening.of_report(watch, report)
        if report.status is _OTHER:
            yield from self._concluder.alert(
                watch, "unknown status", f"the venue says {report.raw_status!r}", key=report.raw_status
            )
        yield from self._claims(key_of(report), watch.order.order_id, now_ns)

    def _fill(self, report: FillReport, now_ns: int) -> Said:
        if not is_possible_fill(report):
            return self._impossible(report)
        names = self._names.get(report.account_id) or self._account(report.account_id)
        order_id = names.venue.get(report.venue_order_id)
        ours = names.client.get(report.client_order_id)
        if ours is not None and ours != order_id:
            if order_id is not None:
                return self._joined(ours, order_id, report, now_ns)
            order_id = ours
        if order_id is None:
            return self._of_nobody(names, report, report.venue_order_id, now_ns)
        return self._fill_of(order_id, report, now_ns)

    def _fill_of(self, order_id: int, report: FillReport, now_ns: int) -> Said:
        watch = self._watches[order_id]
        if watch.order.intent.side is not report.side:
            return self._of_both_sides(watch, report, now_ns)
        return self._fill_under(report.venue_order_id, watch, report, now_ns)

    def _of_both_sides(self, watch: Watch, report: FillReport, now_ns: int) -> Facts:
        vid = report.venue_order_id
        yield from self._concluder.alert(watch, "both sides", f"{vid} has fills of both sides")
        vid = listening.alias(watch.order, report.side, vid)
        order_id = self._account(report.account_id).venue.get(vid)
        if order_id is None:
            yield from self._of_nobody(self._account(report.account_id), report, vid, now_ns)
        else:
            yield from self._fill_under(vid, self._watches[order_id], report, now_ns)

    def _fill_under(self, vid: str, watch: Watch, report: FillReport, now_ns: int) -> Said:
        watch.heard_ns = now_ns
        order = watch.order
        plain = listening.is_plain_fill(order, vid) and report.venue_trade_id not in order.fills
        if plain and not (self._held and key_of(report, vid) in self._held):
            return (listening.executed(self._desk, order, report, vid),)
        return self._fill_with_more(vid, watch, report, now_ns)

    def _fill_with_more(self, vid: str, watch: Watch, report: FillReport, now_ns: int) -> Facts:
        """Of a fill that is known, or that is not all there is to tell."""
        order = watch.order
        report = listening.other_half(order, report)
        known = order.fills.get(report.venue_trade_id)
        if known is None or known.price != report.price or known.volume != report.volume:
            yield from listening.before_fill(watch, vid, known)
            if known is None or not order.dossier.conflict:
                yield listening.executed(self._desk, order, report, vid)
        else:
            yield from listening.of_known_fill(self._desk, order, report, vid)
        yield from self._claims(key_of(report, vid), order.order_id, now_ns)

    def _joined(self, ours: int, found: int, message: OrderReport | FillReport, now_ns: int) -> Facts:
        yield from joining.named(self._concluder, self._watches[ours].order, self._watches[found])
        if isinstance(message, FillReport):
            yield from self._fill_of(ours, message, now_ns)
        elif self._watches[found].order.dossier.merged_into is not None:
            yield from self.hear(message, now_ns)
        else:
            yield from self._report_of(ours, message, now_ns)

    def _linked(self, before: int, found: int, report: OrderReport, now_ns: int) -> Facts:
        pair = self._watches[before], self._watches[found]
        yield from joining.linked(self._concluder, *pair)
        if all(watch.order.dossier.merged_into is None for watch in pair):
            report = replace(report, replaces="")
        yield from self.hear(report, now_ns)

    def _of_nobody(self, names: Names, message: OrderReport | FillReport, vid: str, now_ns: int) -> Facts:
        """Held while an order of ours may be meant, or nobody can tell what it is; else adopted."""
        key = key_of(message, vid)
        held = self._held.get(key)
        symbol = message.symbol or (held.symbol if held is not None else "")
        ours = not message.client_order_id and names.may_own(symbol)
        if ours or not describable(held, message) or not vid:
            if held is None or message not in held.seen:
                yield ev.EvidenceHeld(message=message)
            return
        known = held.messages if held is not None else []
        yield listening.adopted(self._desk.next_order_id(), vid, [*known, message])
        yield from self._claims(key, names.venue[vid], now_ns)
        yield from self.hear(message, now_ns)

    def _claims(self, key: Key, order_id: int, now_ns: int) -> Facts:
        """What was held under this name is the order's: its facts follow."""
        if key not in self._held:
            return
        account_id, vid, client = key
        yield ev.EvidenceClaimed(
            account_id=account_id, venue_order_id=vid, order_id=order_id, client_order_id=client
        )
        yield from self._drain(order_id, now_ns)

    def _drain(self, order_id: int, now_ns: int) -> Facts:
        messages = self._claimed.get(order_id, [])
        while messages:
            yield from self.hear(messages[0], now_ns)
            del messages[0]
        self._claimed.pop(order_id, None)

    def _answered(self, watch: Watch, report: OrderReport, now_ns: int) -> None:
        watch.seek = False
        total = report.cumulative
        if total is not None and total > watch.order.filled:
            watch.confirmed_ns = watch.confirmed_ns or now_ns
        self._dirty[watch.order.order_id] = None

    def _answer(self, rule: Callable[[Order, Any], Iterator[ev.OrderEvent]]) -> Callable[[Any, int], Facts]:
        def hear(message: Any, now_ns: int) -> Facts:
            watch = self._whose(message)
            if watch is not None:
                yield from rule(watch.order, message)

        return hear

    def _cancel_refused(self, refused: CancelRefused, now_ns: int) -> Facts:
        watch = self._whose(refused)
        if watch is None:
            return
        if refused.gone and watch.order.status.active:
            self._schedule.seek(watch)
        yield from answering.of_cancel_refusal(watch.order, refused)

    def _unknown(self, message: OrderUnknown, now_ns: int) -> Facts:
        watch = self._whose(message)
        if watch is not None:
            yield from of_absence(watch, message.polled_ns, self._times)

    def _whose(self, message: Any) -> Watch | None:
        order_id = self._account(message.account_id).whose(message)
        return None if order_id is None else self._watches[order_id]

    # What is due ---------------------------------------------------------------------------------
    def decide(self, now_ns: int) -> Said:
        held = self._claimed or self._owned or self._holding.due_ns <= now_ns
        if self._dirty or held or self._schedule.due_ns <= now_ns:
            return self._decide(now_ns)
        return _NOTHING

    def _decide(self, now_ns: int) -> Facts:
        if self._claimed:
            for order_id in list(self._claimed):
                yield from self._drain(order_id, now_ns)
        if self._owned:
            for key, owner in list(self._owned.items()):
                yield from self._claims(key, owner, now_ns)
        if self._holding.due_ns <= now_ns:
            yield from self._release(now_ns)
        dirty, review, schedule = self._dirty, self._concluder.review, self._schedule
        while dirty:
            for order_id in tuple(dirty):
                del dirty[order_id]
                watch = self._watches[order_id]
                yield from review(watch, now_ns)
                schedule.plan(watch, now_ns)
        dirty.clear()  # or the room of a burst would be searched for the next order
        while schedule.due_ns <= now_ns:
            watch = schedule.pop()
            yield from review(watch, now_ns)
            schedule.plan(watch, now_ns)
        if schedule.clean_ns <= now_ns:
            schedule.clean(now_ns)

    def _release(self, now_ns: int) -> Facts:
        """Held evidence whose time is over, or that no order of ours can own any more, is adopted."""
        for key in self._holding.due(now_ns, self._may_own):
            held = self._held.get(key)
            if held is None:
                continue
            ids, vid = self._account(held.account_id).venue, held.venue_order_id
            if vid not in ids:  # else a link said meanwhile whose it is
                yield listening.adopted(self._desk.next_order_id(), vid, held.messages)
            yield from self._claims(key, ids[vid], now_ns)

    def _may_own(self, account_id: str, symbol: str) -> bool:
        return self._account(account_id).may_own(symbol)

    def due_ns(self) -> int | None:
        """When `decide` and `lookups` should be asked next although nothing happened."""
        due = min(self._schedule.due_ns, self._holding.due_ns)
        return None if due == NEVER else due

    def lookups(self, now_ns: int) -> list[int]:
        """Orders to be looked up now. `looked_up` must be told when that was asked."""
        return self._schedule.lookups(now_ns)

    def looked_up(self, order_id: int, now_ns: int) -> None:
        """The question left. Not a fact: after a restart it is simply asked again."""
        watch = self._watches[order_id]
        watch.looked_up += 1
        watch.look_up_ns = now_ns
        self._dirty[order_id] = None

    def look_up_now(self, order_id: int) -> None:
        """Somebody wants to know."""
        self._schedule.seek(self._watches[order_id])

    def restarted(self, now_ns: int) -> Facts:
        """What was under way when the program ended is uncertain: nobody heard the answers."""
        return after_restart(self._desk.book, self._watches)

    def forget(self, orders: Collection[int]) -> list[int]:
        """Those of these ended orders that are told of and in no doubt: known no more from now on."""
        return forget(orders, self._watches, self._names)

    # What others ask -----------------------------------------------------------------------------
    def owner(self, message: OrderReport | FillReport) -> int | None:
        """The order of ours, adopted ones too, that this is about; None: nobody's yet."""
        names = self._account(message.account_id)
        order_id = names.client.get(message.client_order_id) if message.client_order_id else None
        if order_id is None:
            order_id = names.venue.get(message.venue_order_id)
        if order_id is None or not isinstance(message, FillReport):
            return order_id
        order = self._watches[order_id].order
        return names.venue.get(listening.alias(order, message.side, message.venue_order_id), order_id)

    def active_ns(self, order_id: int) -> int:
        """When anything of it was last sent or heard, on our clock."""
        watch = self._watches[order_id]
        return max(watch.sent_ns, watch.asked_ns, watch.heard_ns, watch.order.heard_ns)

    def held_symbols(self, account_id: str) -> set[str]:
        """Symbols of which evidence waits for the order it belongs to."""
        return {held.symbol for held in self._held.values() if held.account_id == account_id}

    def evidence_rows(self) -> dict[str, EvidenceRow]:
        """Rows that changed since the last call."""
        return self._shown.take()

    def all_evidence(self) -> dict[str, EvidenceRow]:
        return self._shown.all()

    # Facts ---------------------------------------------------------------------------------------
    @property
    def kinds(self) -> Mapping[type, Taker]:
        return self._folding

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        handler = self._folding.get(type(event))
        if handler is not None:
            handler(event, time_ns)

    def _account(self, account_id: str) -> Names:
        names = self._names.get(account_id)
        if names is None:
            names = self._names[account_id] = Names()
        return names

    def _created(self, event: ev.OrderCreated, time_ns: int) -> None:
        names = self._account(event.account_id)
        order = self._desk.book.orders[event.order_id]
        self._watches[event.order_id] = Watch(order, names)
        if event.client_order_id:
            owner = names.client.setdefault(event.client_order_id, event.order_id)
            self._holding.own((event.account_id, "", event.client_order_id), owner)
        if event.venue_order_id:
            names.venue[event.venue_order_id] = event.order_id
            self._holding.own((event.account_id, event.venue_order_id, ""), event.order_id)
            self._dirty[event.order_id] = None

    def _sent(self, event: ev.OrderSent, time_ns: int) -> None:
        watch = self._watches[event.order_id]
        watch.sent_ns = time_ns
        order = watch.order
        if not order.venue_order_id:
            watch.names.in_flight.setdefault(order.intent.symbol, set()).add(event.order_id)
        self._dirty[event.order_id] = None

    def _unsent(self, event: ev.OrderRefused, time_ns: int) -> None:
        watch = self._watches[event.order_id]
        self._landed(watch)
        self._dirty[event.order_id] = None

    def _asked(self, event: ev.CancelRequested | ev.ReplaceRequested, time_ns: int) -> None:
        watch = self._watches[event.order_id]
        watch.asked_ns, watch.ended_ns = time_ns, None
        self._dirty[event.order_id] = None

    def _moved(self, event: Any, time_ns: int) -> None:
        self._dirty[event.order_id] = None

    def _named(self, event: Any, time_ns: int) -> None:
        """A fact that may tell an id of the venue's."""
        order_id = event.order_id
        vid = event.venue_order_id
        self._dirty[order_id] = None
        if vid:
            watch = self._watches[order_id]
            names = watch.names
            if names.venue.get(vid) != order_id:
                names.venue[vid] = order_id
                self._landed(watch)
                if self._held:
                    self._holding.own((watch.order.intent.account_id, vid, ""), order_id)

    def _ended(self, event: Any, time_ns: int) -> None:
        self._named(event, time_ns)
        if not event.venue_order_id:
            self._landed(self._watches[event.order_id])

    def _landed(self, watch: Watch) -> None:
        """It has a venue id now or never will: nothing that is held can wait for it any more."""
        if watch.names.landed(watch.order) and self._held:
            self._holding.landed(watch.order.intent.account_id, watch.order.intent.symbol)

    def _traded(self, event: ev.TradeExecuted, time_ns: int) -> None:
        self._named(event, time_ns)
        watch = self._watches[event.order_id]
        if watch.order.fills.get(event.venue_trade_id) is event:
            watch.unsaid[event.venue_trade_id] = event

    def _replaced(self, event: ev.OrderReplaced, time_ns: int) -> None:
        self._named(event, time_ns)
        if event.predecessor:
            watch = self._watches[event.order_id]
            owner = watch.names.venue.setdefault(event.predecessor, event.order_id)
            self._holding.own((watch.order.intent.account_id, event.predecessor, ""), owner)

    def _merged(self, event: ev.OrdersMerged, time_ns: int) -> None:
        watch, orphan = self._watches[event.order_id], self._watches[event.orphan_id]
        watch.names.rename(event.orphan_id, event.order_id)
        watch.take_over(orphan)
        self._landed(watch)
        self._dirty[event.order_id] = self._dirty[event.orphan_id] = None

    def _hold(self, event: ev.EvidenceHeld, time_ns: int) -> None:
        held = self._holding.hold(event.message, time_ns)
        self._shown.held(held, self._may_own(held.account_id, held.symbol))

    def _claim(self, event: ev.EvidenceClaimed, time_ns: int) -> None:
        key = (event.account_id, event.venue_order_id, event.client_order_id)
        if event.venue_order_id:
            self._account(event.account_id).venue[event.venue_order_id] = event.order_id
        self._holding.claim(key, event.order_id)

    def _signalled(self, event: ev.SignalEmitted, time_ns: int) -> None:
        self._watches[event.order_id].hear_signal(event)
        if self._claimed:
            self._claimed.pop(event.order_id, None)  # signals come after all facts of a message

    def _alerted(self, event: ev.AlertRaised, time_ns: int) -> None:
        watch = self._watches.get(event.order_id) if event.order_id is not None else None
        if watch is not None:
            watch.alerts = {**watch.alerts, (event.cause, event.key): event.alert_id}
        elif event.cause == IMPOSSIBLE:
            self._account(event.account_id).impossible = True
