"""What a comparison needs to know, read from the real thing: book, accounts and tracker.

Keeps nothing of its own, so it cannot be older than they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Protocol

from monitor.engine.accounts import Account
from monitor.engine.evidence import PLAIN
from monitor.engine.orders import Book, Order
from monitor.engine.reconcile.facts import KnownOrder, PositionKey
from monitor.engine.tracker.listening import other_half
from monitor.engine.values import ZERO, Origin
from monitor.engine.venue import FillReport, OrderReport


class Desk(Protocol):
    @property
    def book(self) -> Book: ...
    @property
    def accounts(self) -> Mapping[str, Account]: ...


class Owners(Protocol):
    """What the tracker knows of names and of when it heard."""

    def owner(self, message: OrderReport | FillReport) -> int | None:
        """The order of ours, adopted ones too, that this is about; None: nobody's yet."""
        ...

    def active_ns(self, order_id: int) -> int:
        """When anything of it was last sent or heard, on our clock."""
        ...

    def held_symbols(self, account_id: str) -> set[str]:
        """Symbols of which evidence waits for the order it belongs to."""
        ...


class Known:
    """Implements `Facts`."""

    def __init__(self, desk: Desk, owners: Owners) -> None:
        self._desk = desk
        self._owners = owners

    def live(self, account_id: str) -> Iterator[KnownOrder]:
        for order in list(self._desk.book.active.values()):
            if order.intent.account_id == account_id and not order.never_left:
                yield self._known(order, order.venue_order_id)

    def order_of(self, report: OrderReport) -> KnownOrder | None:
        order_id = self._owners.owner(report)
        if order_id is None:
            return None
        return self._known(self._desk.book.orders[order_id], report.venue_order_id)

    def has_fill(self, fill: FillReport) -> bool:
        """A fill that contradicts the one known by its id is heard once: then the order is marked."""
        order_id = self._owners.owner(fill)
        if order_id is None:
            return False
        order = self._desk.book.orders[order_id]
        fill = other_half(order, fill)
        known = order.fills.get(fill.venue_trade_id)
        if known is None:
            return False
        return order.dossier.conflict or (known.price == fill.price and known.volume == fill.volume)

    def positions(self, account_id: str) -> Mapping[PositionKey, Decimal]:
        account = self._desk.accounts.get(account_id)
        if account is None:
            return {}
        return {(p.instrument.symbol, p.direction): p.volume for p in account.positions()}

    def balance(self, account_id: str, currency: str) -> Decimal | None:
        account = self._desk.accounts.get(account_id)
        if account is None:
            return None
        ledger = account.ledgers.get(currency or account.currency)
        return ledger.cash() if ledger is not None else ZERO

    def unbooked(self, account_id: str) -> set[str]:
        """Fills that wait for their instrument, and evidence that nobody has claimed yet."""
        account = self._desk.accounts.get(account_id)
        waiting = set(account.waiting) if account is not None else set()
        return waiting | self._owners.held_symbols(account_id)

    def subject(self, order_id: int) -> tuple[str, str]:
        intent = self._desk.book.orders[order_id].intent
        return intent.account_id, intent.symbol

    def _known(self, order: Order, venue_order_id: str) -> KnownOrder:
        """As seen under one of the venue's ids."""
        dossier = order.dossier
        external = order.intent.origin is Origin.EXTERNAL
        trails = order.intent.trail is not None
        verdict = order.verdict
        return KnownOrder(
            order_id=order.order_id,
            symbol=order.intent.symbol,
            ended=verdict is not None or not order.status.active,
            inferred=verdict is not None and verdict is dossier.inferred,
            acknowledged=order.placed,
            triggered=order.triggered,
            uncertain=order.uncertain,
            venue_order_id=_name(order, venue_order_id),
            quantity=order.target if external else None,
            cumulative=_heard_filled(order, venue_order_id),
            price=order.price,
            trigger_price=None if trails else order.trigger_price,
            changing=bool(dossier.asked or dossier.changes),
            fills_missing=order.fills_missing,
            active_ns=self._owners.active_ns(order.order_id),
        )


def _name(order: Order, venue_order_id: str) -> str:
    """An id that the order is known by, that one if it is."""
    return venue_order_id if venue_order_id in order.dossier.legs else order.venue_order_id


def _heard_filled(order: Order, venue_order_id: str) -> Decimal:
    """The most that was heard filled under this id."""
    if order.dossier is PLAIN:
        return max(order.filled, order.venue_total or ZERO)
    leg = order.dossier.legs.get(venue_order_id)
    return leg.total or ZERO if leg is not None else ZERO
