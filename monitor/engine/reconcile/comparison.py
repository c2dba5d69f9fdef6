"""One comparison of a venue's snapshot with what we know: which steps make the two agree.

Pure. Steps are lazy, as `Part.decide` is: each is carried out before the next is asked for, so
positions are compared after the fills we lacked were booked. Nothing is ever written into a state
directly, and a second comparison with the same venue finds nothing to do.

Order, as in every reconciliation that converges: accept -> update -> fill -> terminal. Open orders
are heard first, then fills in the venue's order; an order that the venue does not list is looked
up (its end comes with the answer), never closed by the poll; then positions, then money.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from typing import TypeAlias

import msgspec

from monitor.engine.live_events import MoneyMoved, PositionCorrected
from monitor.engine.reconcile.facts import Facts, KnownOrder, PositionKey
from monitor.engine.values import NS_PER_SECOND, ZERO, Direction, MoneyKind, RecordType
from monitor.engine.venue import FillReport, OrderReport, VenuePosition, VenueSnapshot, VenueStatus

BY = "reconciliation"
JUST_ACTIVE_NS = 5 * NS_PER_SECOND
MONEY_TOLERANCE = Decimal("0.01")
"""Of a balance, as venues round it. Positions have none."""


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """We believe that this order is live and the venue did not list it, or the other way round."""

    order_id: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told. (`cause`, `key`) names it for as long as it lasts."""

    cause: str
    key: str
    message: str
    order_id: int | None = None
    symbol: str = ""


Step: TypeAlias = OrderReport | FillReport | LookUp | Difference | PositionCorrected | MoneyMoved

ADOPTED = "adopted"
NOT_LISTED = "not listed"
CONTRADICTED = "contradicted"
POSITION_CORRECTED = "position corrected"
POSITION_DIFFERS = "position differs"
BALANCE_DIFFERS = "balance differs"
FILLS_NOT_TOLD = "fills not told"
LASTING = frozenset({NOT_LISTED, CONTRADICTED, POSITION_DIFFERS, BALANCE_DIFFERS, FILLS_NOT_TOLD})
"""They are settled when a comparison no longer finds them; the others are news of a moment."""


class Comparison:
    """`steps()` once, to its end; then `suspected`, `undecided` and `found` are the result.

    `suspected` goes in as what the comparison before found different (venue less ours), and comes
    out as what this one did: a position is corrected when two in a row find the same. At connect
    (`connecting`) it is corrected at once, unless an order of that symbol works: then a fill may
    just be on its way. A symbol that `moved` (a fill was booked since the question was asked), or
    with orders to be looked up or fills missing, is `undecided`: neither believed nor suspected.
    `compared_ns`: when the last comparison was asked for; None: there was none ever, then the
    balance is taken over, later it is only told.
    """

    def __init__(
        self,
        snapshot: VenueSnapshot,
        facts: Facts,
        *,
        suspected: Mapping[PositionKey, Decimal],
        connecting: bool,
        compared_ns: int | None = None,
        moved: Set[str] = frozenset(),
    ) -> None:
        self._snapshot = snapshot
        self._facts = facts
        self._before = suspected
        self._connecting = connecting
        self._compared_ns = compared_ns
        self._account = snapshot.account_id
        self._moved = moved
        self._active: dict[int, int] = {}
        self.suspected: dict[PositionKey, Decimal] = {}
        self.undecided: set[str] = set()
        self.found: set[tuple[str, str]] = set()

    def steps(self) -> Iterator[Step]:
        self._active = {known.order_id: known.active_ns for known in self._facts.live(self._account)}
        yield from self._open_orders()
        yield from self._gap()
        yield from self._fills()
        yield from self._not_listed()
        yield from self._positions()
        yield from self._balance()

    # Orders --------------------------------------------------------------------------------------
    def _open_orders(self) -> Iterator[Step]:
        for report in self._snapshot.open_orders:
            polled = msgspec.structs.replace(report, polled_ns=self._snapshot.polled_ns)
            known = self._facts.order_of(polled)
            if known is None:
                yield polled
                yield from self._told_adopted(polled)
            elif known.ended and not known.inferred:
                yield from self._contradiction(known, polled)
            elif brings_news(polled, known):
                yield polled

    def _told_adopted(self, report: OrderReport) -> Iterator[Difference]:
        """It may be held back as evidence for a while, so it is told when it has become an order."""
        known = self._facts.order_of(report)
        if known is None:
            self.undecided.add(report.symbol)
            return
        yield Difference(
            cause=ADOPTED,
            key=f"{self._account} {report.venue_order_id}",
            message=f"{report.symbol}: order {report.venue_order_id} was found at the venue, "
            f"{_words(report)}; adopted as order {known.order_id}",
            order_id=known.order_id,
            symbol=report.symbol,
        )

    def _contradiction(self, known: KnownOrder, report: OrderReport) -> Iterator[Step]:
        """The venue lists what has ended. An older word than the end's is no word at all."""
        if known.active_ns > self._snapshot.polled_ns - JUST_ACTIVE_NS:
            return
        self.undecided.add(known.symbol)
        yield LookUp(order_id=known.order_id)
        yield self._lasting(
            CONTRADICTED,
            f"{self._account} {report.venue_order_id or known.venue_order_id}",
            f"order {known.order_id}: ended for us, open at the venue",
            known,
        )

    def _gap(self) -> Iterator[Step]:
        """The positions will be right, but trades of that time will be missing for good."""
        since_ns = self._snapshot.fills_since_ns
        if self._compared_ns is not None and since_ns is not None and since_ns > self._compared_ns:
            missing_s = (since_ns - self._compared_ns) // NS_PER_SECOND
            yield self._lasting(
                FILLS_NOT_TOLD,
                self._account,
                f"{self._account}: the venue does not tell the fills of the first {missing_s} s after the "
                "last comparison",
            )

    def _fills(self) -> Iterator[Step]:
        for fill in sorted(self._snapshot.fills, key=venue_order):
            if self._facts.has_fill(fill):
                continue
            yield fill
            if not self._facts.has_fill(fill):
                self.undecided.add(fill.symbol)

    def _not_listed(self) -> Iterator[Step]:
        listed = set()
        for report in self._snapshot.open_orders:
            known = self._facts.order_of(report)
            if known is not None:
                listed.add(known.order_id)
        for known in list(self._facts.live(self._account)):
            if known.fills_missing:  # not even in the look-back: only the order itself tells them
                self.undecided.add(known.symbol)
                yield LookUp(order_id=known.order_id)
                continue
            if known.order_id in listed or known.ended:
                continue
            if self._active.get(known.order_id, 0) > self._snapshot.polled_ns - JUST_ACTIVE_NS:
                self._moving(known)
                continue
            self.undecided.add(known.symbol)
            yield LookUp(order_id=known.order_id)
            yield self._lasting(
                NOT_LISTED,
                f"order {known.order_id}",
                f"order {known.order_id}: open for us, not among the venue's open orders",
                known,
            )

    def _moving(self, known: KnownOrder) -> None:
        """Just sent or just heard of: it may fill or may have filled while the question travelled."""
        if self._connecting:
            self.undecided.add(known.symbol)

    # Positions and money -------------------------------------------------------------------------
    def _positions(self) -> Iterator[Step]:
        venue = {_key(position): position for position in self._snapshot.positions if position.volume}
        ours = {key: volume for key, volume in self._facts.positions(self._account).items() if volume}
        working = {known.symbol for known in self._facts.live(self._account)}
        self.undecided |= self._facts.unbooked(self._account)
        for key in sorted({*venue, *ours}):
            position = venue.get(key)
            theirs = position.volume if position is not None else ZERO
            mine = ours.get(key, ZERO)
            if theirs != mine:
                sure = self._connecting and key[0] not in working
                yield from self._position_differs(key, theirs, mine, position, sure=sure)

    def _position_differs(
        self, key: PositionKey, theirs: Decimal, mine: Decimal, position: VenuePosition | None, *, sure: bool
    ) -> Iterator[Step]:
        symbol, direction = key
        message = f"{symbol} {direction.lower()}: venue {theirs.normalize():f}, ours {mine.normalize():f}"
        told = f"{self._account} {symbol} {direction}"
        if symbol in self.undecided or symbol in self._moved:
            self.undecided.add(symbol)
            if key in self._before:
                self.suspected[key] = self._before[key]
                self.found.add((POSITION_DIFFERS, told))
            return
        if not sure and self._before.get(key) != theirs - mine:
            self.suspected[key] = theirs - mine
            yield self._lasting(POSITION_DIFFERS, told, message, symbol=symbol)
            return
        yield PositionCorrected(
            account_id=self._account,
            symbol=symbol,
            direction=direction,
            volume=theirs,
            average_price=position.average_price if position is not None else None,
            type=RecordType.CORRECTION,
            reason=message,
            by=BY,
            polled_ns=self._snapshot.polled_ns,
        )
        yield Difference(
            cause=POSITION_CORRECTED,
            key=told,
            message=f"{message}; corrected to the venue's",
            symbol=symbol,
        )

    def _balance(self) -> Iterator[Step]:
        theirs = self._snapshot.balance
        mine = self._facts.balance(self._account, self._snapshot.currency)
        if theirs is None or mine is None or abs(theirs - mine) <= MONEY_TOLERANCE:
            return
        if self.undecided or self.suspected or self._moved:
            return
        if self._compared_ns is None:
            yield balance_taken_over(self._snapshot, mine)
            return
        currency = f" {self._snapshot.currency}" if self._snapshot.currency else ""
        yield self._lasting(
            BALANCE_DIFFERS,
            self._account,
            f"{self._account} balance: venue {_text(theirs)}{currency}, ours {_text(mine)}{currency}",
        )

    def _lasting(
        self, cause: str, key: str, message: str, known: KnownOrder | None = None, *, symbol: str = ""
    ) -> Difference:
        self.found.add((cause, key))
        return Difference(
            cause=cause,
            key=key,
            message=message,
            order_id=known.order_id if known is not None else None,
            symbol=known.symbol if known is not None else symbol,
        )


def balance_taken_over(snapshot: VenueSnapshot, ours: Decimal) -> MoneyMoved:
    """What makes our balance the venue's. The id follows from what was compared, so the same
    comparison cannot be booked twice."""
    assert snapshot.balance is not None
    return MoneyMoved(
        account_id=snapshot.account_id,
        amount=snapshot.balance - ours,
        currency=snapshot.currency,
        kind=MoneyKind.CORRECTION,
        venue_id=f"{BY} {snapshot.polled_ns}",
        note=f"venue {_text(snapshot.balance)}, ours {_text(ours)}",
    )


def brings_news(report: OrderReport, known: KnownOrder) -> bool:
    """Whether hearing this changes what we know of the order. A venue's "pending" states never do."""
    if known.ended or known.uncertain or not known.acknowledged or report.status.final:
        return True
    if report.venue_order_id and report.venue_order_id != known.venue_order_id:
        return True
    if report.cumulative is not None and report.cumulative > known.cumulative:
        return True
    if report.status is VenueStatus.TRIGGERED and not known.triggered:
        return True
    return not known.changing and _terms_differ(report, known)


def _terms_differ(report: OrderReport, known: KnownOrder) -> bool:
    """Never by a quantity below what was filled: that is an older word."""
    if _differs(report.quantity, known.quantity) and (report.quantity or ZERO) >= known.cumulative:
        return True
    return _differs(report.price, known.price) or _differs(report.trigger_price, known.trigger_price)


def _differs(told: Decimal | None, known: Decimal | None) -> bool:
    return told is not None and known is not None and told != known


def venue_order(fill: FillReport) -> tuple[int, str, int, str]:
    """By time, then by the venue's own chain; ids are compared by length first, as numbers are."""
    return fill.time_ns or 0, fill.chain, len(fill.venue_trade_id), fill.venue_trade_id


def _key(position: VenuePosition) -> PositionKey:
    return position.symbol, Direction.LONG if position.long else Direction.SHORT


def _words(report: OrderReport) -> str:
    price = f"at {_text(report.price)}" if report.price is not None else ""
    return " ".join(part for part in ((report.side or "").lower(), _text(report.quantity), price) if part)


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"
