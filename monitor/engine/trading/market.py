"""What a venue says besides orders: quotes, instruments, money, days, and the state of its lines.

A part: it marks prices at most once a second, so that the past can be valued. Quotes themselves
are no facts: decisions that they led to are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from monitor.engine import events as ev
from monitor.engine.rows import LinkRow
from monitor.engine.trading.state import State, link_id
from monitor.engine.values import NS_PER_SECOND, LinkSide, LinkState, LogLevel
from monitor.engine.venue import (
    InstrumentReport,
    LinkReport,
    MoneyReport,
    QuoteReport,
    SettlementReport,
    VenueMessage,
)

MARK_EVERY_NS = NS_PER_SECOND
OTHER_CONTRACT = "other-contract"
_TELLING = frozenset({LinkState.LIVE, LinkState.DEGRADED})


class Market:
    def __init__(self, state: State) -> None:
        self._state = state
        self._unmarked: dict[str, Decimal] = {}
        self._marked_ns = 0
        self.day = ""
        self.days: dict[str, str] = {}
        self.changed_links: dict[str, None] = {}
        self.moved: set[str] = set()
        self.news: set[str] = set()

    def hear(self, message: VenueMessage) -> Iterable[ev.AnyEvent] | None:
        """The facts that a message makes; None when it is about orders."""
        if isinstance(message, QuoteReport):
            self._quote(message)
            return ()
        if isinstance(message, InstrumentReport):
            return self._instruments(message)
        if isinstance(message, MoneyReport):
            return self._moved(message)
        if isinstance(message, SettlementReport):
            return self._rolled(message)
        return None

    def link(self, report: LinkReport) -> Iterator[ev.AnyEvent]:
        """A change of state is a fact; ages and round trips are only shown."""
        key = link_id(report.venue, report.side)
        known = self._state.links.get(key)
        if known is None or known.state is not report.state or known.reason != report.reason:
            yield ev.LinkChanged(
                venue=report.venue, side=report.side, state=report.state, reason=report.reason
            )
        self._state.links[key] = LinkRow(
            link_id=key,
            venue=report.venue,
            side=report.side,
            state=report.state,
            reason=report.reason,
            attempt=report.attempt,
            last_message_ns=report.last_message_ns,
            round_trip_ms=report.round_trip_ms,
            next_try_ns=report.next_try_ns,
        )
        self.changed_links[key] = None

    def lines_lost(self, reason: str) -> Iterator[ev.AnyEvent]:
        for row in list(self._state.links.values()):
            yield ev.LinkChanged(venue=row.venue, side=row.side, state=LinkState.LOST, reason=reason)

    # Part ----------------------------------------------------------------------------------------
    kinds = frozenset({ev.PricesMarked, ev.DayRolled, ev.LinkChanged})

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        if isinstance(event, ev.PricesMarked):
            self._marked_ns = time_ns
            for symbol, price in event.prices.items():
                if self._unmarked.get(symbol) == price:
                    del self._unmarked[symbol]
        elif isinstance(event, ev.DayRolled):
            self.day = max(self.day, event.day)
            self.days.update({s: max(event.day, self.days.get(s, "")) for s in event.prices})
        elif isinstance(event, ev.LinkChanged):
            self.changed_links[link_id(event.venue, event.side)] = None

    def decide(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        if self._unmarked and now_ns >= self._marked_ns + MARK_EVERY_NS:
            yield ev.PricesMarked(prices=dict(self._unmarked))

    def due_ns(self) -> int | None:
        return self._marked_ns + MARK_EVERY_NS if self._unmarked else None

    # Messages ------------------------------------------------------------------------------------
    def _counts(self, report: QuoteReport) -> bool:
        """Whether nobody tells this symbol's price whose word counts more: a price is one venue's, not
        now this one's and now that one's."""
        links = self._state.links
        for venue in self._state.listing.before(report.venue, report.quote.symbol):
            link = links.get(link_id(venue, LinkSide.MARKET))
            if link is not None and link.state in _TELLING:
                return False
        return True

    def _quote(self, report: QuoteReport) -> None:
        if report.venue and not self._counts(report):
            return
        quote = msgspec.structs.replace(report.quote, received_ns=self._state.now_ns)
        self._state.quotes[quote.symbol] = quote
        self.moved.add(quote.symbol)
        self.news.add(quote.symbol)
        if quote.last is not None:
            for account in self._state.accounts.values():
                account.mark(quote.symbol, quote.last)
        if quote.last is not None and self._state.marked.get(quote.symbol) != quote.last:
            self._unmarked[quote.symbol] = quote.last
        else:
            self._unmarked.pop(quote.symbol, None)

    def _instruments(self, report: InstrumentReport) -> Iterator[ev.AnyEvent]:
        known = self._state.instruments
        news, strange = self._state.listing.take(report.venue, report.instruments, known)
        if news:
            yield ev.InstrumentsListed(venue=report.venue, instruments=news)
        standing = {a.message for a in self._state.alerts.values() if a.settled_ns is None}
        for symbol in (instrument.symbol for instrument in strange):
            told = f"{symbol} is another contract at {report.venue}: it is not traded there."
            if told not in standing:
                yield ev.AlertRaised(
                    alert_id=self._state.next_alert_id(),
                    level=LogLevel.WARNING,
                    cause=OTHER_CONTRACT,
                    message=told,
                    symbol=symbol,
                    key=report.venue,
                )

    def _moved(self, report: MoneyReport) -> Iterator[ev.AnyEvent]:
        account = self._state.accounts.get(report.account_id)
        if account is not None and account.knows(report.kind, report.venue_id):
            return
        yield ev.MoneyMoved(
            account_id=report.account_id,
            amount=report.amount,
            currency=report.currency,
            kind=report.kind,
            venue_id=report.venue_id,
            symbol=report.symbol,
        )

    def _rolled(self, report: SettlementReport) -> Iterator[ev.AnyEvent]:
        """Days only go on, for each symbol: what was settled before is told again after a reconnection,
        what was not is told by its own venue, or in another message."""
        prices = {s: p for s, p in report.prices.items() if report.day > self.days.get(s, "")}
        if prices or report.day > self.day:
            yield ev.DayRolled(day=report.day, prices=prices)
