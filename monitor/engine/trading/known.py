"""What a comparison with the venue needs to know of us, read from the state of a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from monitor.engine.orders import Order
from monitor.engine.reconcile import KnownOrder
from monitor.engine.tracker import Tracker
from monitor.engine.trading.state import State
from monitor.engine.values import ZERO, Direction
from monitor.engine.venue import FillReport, OrderReport


class Known:
    """`Facts` of the reconciliation. Keeps nothing."""

    def __init__(self, state: State, tracker: Tracker) -> None:
        self._state = state
        self._tracker = tracker

    def live(self, account_id: str) -> Iterator[KnownOrder]:
        book = self._state.book
        for order_id in sorted(book.active):
            order = book.active[order_id]
            if order.intent.account_id == account_id and not order.never_left:
                yield _known(order)

    def order_of(self, report: OrderReport) -> KnownOrder | None:
        order_id = self._tracker.order_of(report.account_id, report.venue_order_id, report.client_order_id)
        return None if order_id is None else _known(self._state.book.orders[order_id])

    def has_fill(self, fill: FillReport) -> bool:
        return self._tracker.has_fill(fill)

    def positions(self, account_id: str) -> Mapping[tuple[str, Direction], Decimal]:
        account = self._state.account(account_id)
        return {(p.instrument.symbol, p.direction): p.volume for p in account.positions()}

    def balance(self, account_id: str, currency: str) -> Decimal | None:
        account = self._state.accounts.get(account_id)
        return account.ledger_of(currency).cash() if account is not None else None

    def unbooked(self, account_id: str) -> set[str]:
        """Fills that wait for their instrument, and evidence that nobody has claimed yet."""
        account = self._state.accounts.get(account_id)
        waiting = set(account.waiting) if account is not None else set()
        return waiting | self._tracker.held_symbols(account_id)

    def subject(self, order_id: int) -> tuple[str, str]:
        intent = self._state.book.orders[order_id].intent
        return intent.account_id, intent.symbol


def _known(order: Order) -> KnownOrder:
    return KnownOrder(
        order_id=order.order_id,
        symbol=order.intent.symbol,
        ended=not order.status.active,
        inferred=order.verdict is not None and order.verdict is order.dossier.inferred,
        acknowledged=order.placed,
        triggered=order.triggered,
        venue_order_id=order.venue_order_id,
        quantity=order.target,
        cumulative=max(order.filled, order.venue_total or ZERO),
        price=order.price,
        trigger_price=order.trigger_price,
        changing=bool(order.dossier.asked) or order.cancel_pending,
        fills_missing=order.fills_missing,
        active_ns=max(order.heard_ns, order.updated_ns),
    )
