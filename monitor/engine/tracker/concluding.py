"""When an order's signals leave: each fill once, one end, corrections, alerts, inferred fills.

Decides by an order's evidence and the marks of what was told; keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.evidence import PLAIN
from monitor.engine.orders import Order
from monitor.engine.tracker import signals
from monitor.engine.tracker.terms import Desk
from monitor.engine.tracker.waiting import Times, Wait, until_finished
from monitor.engine.tracker.watch import Watch
from monitor.engine.values import ZERO, LogLevel, OrderStatus, SignalKind

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_FILLED = OrderStatus.FILLED
_FINISHED = SignalKind.FINISHED
Facts = Iterator[ev.AnyEvent]

CONFLICT = "conflict"
OVERFILL = "overfill"
FILLS_MISSING = "fills missing"
UNKNOWN_STATE = "unknown state"
SWEPT = "swept"
TWO_LIVE = "two at the venue"


class Concluder:
    def __init__(self, desk: Desk, times: Times) -> None:
        self._desk = desk
        self._times = times

    def review(self, watch: Watch, now_ns: int) -> Facts:
        """All that is due about one order."""
        order = watch.order
        dossier = order.dossier
        if dossier is not PLAIN or watch.confirmed_ns is not None:
            if dossier.merged_into is not None:
                return
            fill = self._inferred(watch, now_ns)
            if fill is not None:
                yield fill
        if not watch.accepted and (order.placed or order.fills):
            yield signals.accepted(self._desk, order)
        while watch.unsaid:
            yield signals.of_fill(self._desk, order, next(iter(watch.unsaid.values())))
        total = order.venue_total
        if (
            dossier is not PLAIN
            or order.filled > order.target
            or (total is not None and order.filled != total)
        ):
            yield from self._alerts(watch, now_ns)
        if order.verdict is None and order.status is not _FILLED:
            if watch.told is not None:
                yield from self._correct(watch)  # its end was inferred, and it goes on
        elif watch.told is None and order.complete:
            yield signals.of_end(self._desk, order, _FINISHED)
        else:
            yield from self._conclude(watch, now_ns)

    def waits(self, watch: Watch, now_ns: int) -> Wait | None:
        """What its end waits for, None when for nothing."""
        order = watch.order
        if order.dossier.merged_into is not None or order.complete:
            return None
        if watch.told is not None and watch.told.status is order.status:
            return None
        if order.verdict is None and not _all_filled(order):
            return None
        return until_finished(watch, self._times)

    def due_ns(self, watch: Watch, wait: Wait | None, now_ns: int) -> int | None:
        """When it should be reviewed next."""
        order = watch.order
        dues = [wait.until_ns] if wait is not None else []
        if watch.confirmed_ns is not None:
            dues.append(watch.confirmed_ns + self._times.grace)
        if order.venue_total is not None or order.dossier is not PLAIN:
            if order.fills_missing:
                dues.append(order.told_ns + self._times.alert_after)
            if order.dossier.lost_ns is not None:
                dues.append(order.dossier.lost_ns + self._times.alert_after)
        return min((due for due in dues if due > now_ns), default=None)

    def alert(self, watch: Watch, cause: str, message: str, *, key: str = "") -> Facts:
        """Once per order and cause (and key)."""
        if (cause, key) in watch.alerts:
            return
        intent = watch.order.intent
        yield ev.AlertRaised(
            alert_id=self._desk.next_alert_id(),
            level=LogLevel.WARNING,
            cause=cause,
            message=f"order {intent.order_id}: {message}",
            order_id=intent.order_id,
            account_id=intent.account_id,
            symbol=intent.symbol,
            key=key,
        )

    # Ends ----------------------------------------------------------------------------------------
    def _conclude(self, watch: Watch, now_ns: int) -> Facts:
        """It ended. What there is may be told when it is complete, or waited for no longer."""
        order = watch.order
        if watch.told is not None and self._same(watch):
            return
        if not order.complete:
            wait = until_finished(watch, self._times)
            if wait is not None and now_ns < wait.until_ns:
                return
            if wait is not None and wait.swept:
                yield from self.alert(watch, SWEPT, "fills or answers never came; told with what there is")
        if watch.told is None:
            yield signals.of_end(self._desk, order, _FINISHED)
        else:
            yield from self._correct(watch)

    def _correct(self, watch: Watch) -> Facts:
        """The view is another than the one told last. Its key is the view's, so that telling it
        again is the same signal."""
        if self._same(watch):
            return
        said = signals.of_end(self._desk, watch.order, SignalKind.CORRECTED)
        key = signals.view_key(watch.order, said)
        if key not in watch.corrected:
            yield signals.of_end(self._desk, watch.order, SignalKind.CORRECTED, key)

    def _same(self, watch: Watch) -> bool:
        """Whether what was told last is still so. Fees and prices change with the fills only."""
        told, order = watch.told, watch.order
        if told is None or told.status is not order.status or told.volume != order.filled:
            return False
        if watch.told_fills == len(order.fills) + len(order.dossier.void):
            return True
        now = signals.of_end(self._desk, order, SignalKind.CORRECTED)
        return told.average_price == now.average_price and told.commission == now.commission

    # Inferences ----------------------------------------------------------------------------------
    def _inferred(self, watch: Watch, now_ns: int) -> ev.TradeExecuted | None:
        """The venue was asked and still counts more than we heard of: booked provisionally, until
        the real fill comes. Its id is a function of what is known."""
        order = watch.order
        if watch.confirmed_ns is None:
            return None
        if not order.fills_missing or order.venue_total is None:
            watch.confirmed_ns = None
            return None
        due = max(order.told_ns, watch.confirmed_ns) + self._times.grace
        price = self._likely_price(order) if now_ns >= due else None
        if price is None:
            return None
        watch.confirmed_ns = None
        vid, total = order.venue_order_id, order.venue_total
        return ev.TradeExecuted(
            order_id=order.order_id,
            trade_id=self._desk.next_trade_id(),
            venue_trade_id=signals.inferred_id(order.intent.account_id, vid, order.filled, total),
            price=price,
            volume=total - order.filled,
            commission=ZERO,
            slippage=ZERO,
            venue_order_id=vid,
            provisional=True,
        )

    def _likely_price(self, order: Order) -> Decimal | None:
        """Its own, else that of its fills on average, else the symbol's last; None: nobody knows one."""
        price = order.price if order.price is not None else order.trigger_price
        if price is None and order.filled:
            price = order.notional / order.filled
        return price if price is not None else self._desk.last_price(order.intent.symbol)

    # Alerts --------------------------------------------------------------------------------------
    def _alerts(self, watch: Watch, now_ns: int) -> Facts:
        order = watch.order
        late = now_ns - self._times.alert_after
        if order.overfilled:
            yield from self.alert(watch, OVERFILL, f"{order.filled} of {order.target} were filled")
        if order.dossier.conflict or order.contradicted:
            yield from self.alert(watch, CONFLICT, "the venue contradicts itself or us")
        if order.fills_missing and order.told_ns <= late:
            yield from self.alert(watch, FILLS_MISSING, f"{_missing(order)} filled were not told of")
        lost_ns = order.dossier.lost_ns
        if order.uncertain and lost_ns is not None and lost_ns <= late:
            yield from self.alert(watch, UNKNOWN_STATE, "nobody knows whether the venue has it")
        if order.status.active and order.heard_ns <= late and _live_heads(order) > 1:
            yield from self.alert(watch, TWO_LIVE, "the venue has it twice")


def _all_filled(order: Order) -> bool:
    return bool(order.filled) and bool(order.target) and order.filled >= order.target


def _missing(order: Order) -> Decimal:
    return (order.venue_total or order.target) - order.filled


def _live_heads(order: Order) -> int:
    return sum(leg.verdict is None for leg in order.dossier.heads().values())
