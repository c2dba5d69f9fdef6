"""One order as evidence: what is known of it, and a status that is a pure function of that.

Owns the meaning of evidence: status, inner state, flags, completion, row. How facts are taken in
is the book's business (`orders.py`); knows nothing of money, positions or venues.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import compress

from msgspec.structs import replace

from monitor.engine import events as ev
from monitor.engine.dossier import RANK, Dossier, Leg, Told, weight
from monitor.engine.rows import OrderRow
from monitor.engine.values import ZERO, InnerState, OrderFlag, OrderStatus, OrderType, Origin

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_CREATED, _PLACED, _PARTIAL, _FILLED, _CANCELED = (
    OrderStatus.CREATED,
    OrderStatus.PLACED,
    OrderStatus.PARTIAL,
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
)
_EXTERNAL = Origin.EXTERNAL
_HELD, _QUEUED = InnerState.HELD, InnerState.QUEUED
_VERDICT_STATUS: dict[type, OrderStatus] = {
    ev.OrderRejected: OrderStatus.REJECTED,
    ev.OrderExpired: OrderStatus.EXPIRED,
    ev.OrderCanceled: OrderStatus.CANCELED,
    ev.OrderDone: OrderStatus.CANCELED,  # below its quantity; `Filled` says that all of it is
}
UNDERFILLED = "underfilled"

# Shared by all orders that have none yet, never written.
NO_FILLS: dict[str, ev.TradeExecuted] = {}
PLAIN = Dossier()


class Order:
    """Everything known about one order. Changed only by `Book.apply`.

    `target` is the quantity that counts now; 0 while a venue has not told that of an external
    order. `offset`: which lots it takes, of an external order as far as somebody told. `verdict` and
    `venue_total` are what all its venue ids together mean; None is unknown.
    `step` is what we did with it last: where it waits, until the venue has it. `heard_ns` is when
    the venue's last word was taken in, `told_ns` when it last raised its total or ended; `terms`
    what the venue told later of an external order's quantity and prices; its type may be learnt later
    too, and is then that of its `intent`.
    """

    __slots__ = (
        "attempt",
        "cancel_pending",
        "cancel_reason",
        "created_ns",
        "dossier",
        "executed_ns",
        "filled",
        "fills",
        "heard_ns",
        "intent",
        "notional",
        "offset",
        "placed",
        "price",
        "status",
        "step",
        "step_reason",
        "target",
        "terms",
        "told_ns",
        "trigger_price",
        "triggered",
        "updated_ns",
        "venue_order_id",
        "venue_total",
        "verdict",
    )

    def __init__(self, intent: ev.OrderCreated, time_ns: int) -> None:
        self.intent = intent
        self.target = intent.quantity
        self.offset = intent.offset
        self.price = intent.price
        self.trigger_price = intent.trigger_price
        self.created_ns = self.updated_ns = time_ns
        self.executed_ns: int | None = None
        self.heard_ns = self.told_ns = 0
        self.placed = self.triggered = self.cancel_pending = False
        self.attempt = 0
        self.step: InnerState | None = first_step(intent) if intent.client_order_id else None
        self.step_reason = self.cancel_reason = ""
        self.venue_order_id = intent.venue_order_id
        self.fills = NO_FILLS
        self.filled = self.notional = ZERO
        self.verdict: ev.Verdict | None = None
        self.venue_total: Decimal | None = None
        self.terms: Leg | None = None
        self.status = _CREATED
        self.dossier = PLAIN

    @property
    def order_id(self) -> int:
        return self.intent.order_id

    @property
    def remaining(self) -> Decimal:
        return max(ZERO, self.target - self.filled)

    @property
    def reason(self) -> str:
        """Why it ended, or why it waits again."""
        verdict = self.verdict
        if verdict is None:
            return self.step_reason if self.status is _CREATED else ""
        if type(verdict) is ev.OrderDone and self.filled < self.target:
            return verdict.reason or UNDERFILLED
        if type(verdict) is ev.OrderCanceled and self.cancel_reason:
            return self.cancel_reason  # who asked for it knows why
        return verdict.reason

    @property
    def fills_missing(self) -> bool:
        """The venue said that more was filled than we have heard of."""
        total = self.venue_total
        if total is None:
            return type(self.verdict) is ev.OrderDone and not self.filled
        return self.filled < total and (self.filled < self.target or not self.target)

    @property
    def totals_known(self) -> bool:
        """Every venue id told how much was filled under it; an order that never left needs none."""
        if self.dossier is PLAIN or not self.dossier.legs:
            return self.venue_total is not None or self.never_left
        return self.dossier.totals_known()

    @property
    def waited(self) -> bool:
        """It was created to wait for something before it may be sent."""
        return first_step(self.intent) is _HELD

    @property
    def never_left(self) -> bool:
        """Certainly not at a venue: not sent, or every attempt failed for certain."""
        return self.step in UNSENT and not self.placed and not self.venue_order_id

    @property
    def complete(self) -> bool:
        """The completion rule: nothing more can come, as far as the venue's own numbers tell."""
        if self.dossier.asked:
            return False
        if self.filled and self.target and self.filled >= self.target:
            return True
        if self.verdict is None or not self.totals_known:
            return False
        return self.venue_total is None or self.filled >= self.venue_total

    @property
    def uncertain(self) -> bool:
        """A request got lost, and the venue has not been heard of since."""
        return self.dossier.lost_ns is not None and self.status.active

    def counted(self) -> Iterator[ev.TradeExecuted]:
        """Its fills, without those that were inferred and are void."""
        void = self.dossier.void
        return (fill for key, fill in self.fills.items() if key not in void)

    def derive_status(self) -> OrderStatus:
        """The status that this evidence means, whatever the order it came in."""
        filled, target = self.filled, self.target
        if filled and filled >= target and target:  # an order of 0 is refused, not done
            return _FILLED
        verdict = self.verdict
        if verdict is None:
            if filled or self.venue_total:
                return _PARTIAL
            return _PLACED if self.placed else _CREATED
        total = self.venue_total
        if (total is None or filled < total) and self.fills_missing:
            return _PARTIAL
        if filled and type(verdict) is ev.OrderRejected:
            return _CANCELED  # the rest was refused: what was filled stays
        if filled and type(verdict) is ev.OrderDone and not target:
            return _FILLED
        return _VERDICT_STATUS[type(verdict)]

    @property
    def inner_state(self) -> InnerState | None:
        if not self.status.active:
            return None
        if self.fills_missing:
            return InnerState.UNKNOWN
        if self.cancel_pending:
            return InnerState.CANCEL_IN_FLIGHT
        if self.dossier.asked:
            return InnerState.REPLACE_IN_FLIGHT
        return self.step if self.status is _CREATED else None

    @property
    def flags(self) -> tuple[OrderFlag, ...]:
        """What stands beside the status, in the order of `OrderFlag`."""
        if (
            self.dossier is PLAIN
            and self.venue_total is None
            and not (self.triggered or self.cancel_pending or self.filled > self.target)
        ):
            return _ADOPTED if self.intent.origin is _EXTERNAL else ()
        dossier = self.dossier
        asked = bool(dossier.asked) and self.status.active
        inferred = self.verdict is not None and self.verdict is dossier.inferred
        raised = (
            self.triggered,
            self.cancel_pending,
            asked,
            self.fills_missing,
            self.overfilled,
            dossier.conflict or self.contradicted,
            inferred or bool(dossier.provisional - dossier.void),
            self.uncertain and self.placed,
            self.intent.origin is _EXTERNAL,
        )
        return tuple(compress(_FLAGS, raised))

    @property
    def overfilled(self) -> bool:
        return bool(self.target) and self.filled > self.target

    @property
    def contradicted(self) -> bool:
        """Filled above what its rejection said, which told a number."""
        verdict, total = self.verdict, self.venue_total
        return type(verdict) is ev.OrderRejected and total is not None and self.filled > total

    def row(self) -> OrderRow:
        intent = self.intent
        return OrderRow(
            order_id=intent.order_id,
            strategy_id=intent.strategy_id,
            account_id=intent.account_id,
            symbol=intent.symbol,
            side=intent.side,
            offset=self.offset,
            type=intent.type,
            time_in_force=intent.time_in_force,
            quantity=self.target,
            price=self.price,
            trigger_price=self.trigger_price,
            filled_quantity=self.filled,
            average_price=self.notional / self.filled if self.filled else None,
            status=self.status,
            inner_state=self.inner_state,
            priority=intent.plan.priority,
            reduce_only=intent.reduce_only,
            origin=intent.origin,
            created_ns=self.created_ns,
            updated_ns=self.updated_ns,
            executed_ns=self.executed_ns,
            reason=self.reason,
            venue_order_id=self.venue_order_id,
            client_order_id=intent.client_order_id,
            flags=self.flags,
        )

    # For those that take facts in --------------------------------------------------------------
    def open_dossier(self) -> Dossier:
        """Its own, from now on: what is known under its only id becomes the first leg."""
        if self.dossier is not PLAIN:
            return self.dossier
        dossier = self.dossier = Dossier()
        if self.venue_order_id or self.verdict is not None or self.venue_total is not None:
            leg = dossier.leg(self.venue_order_id)
            leg.total = self.venue_total
            if self.intent.origin is _EXTERNAL:
                terms = self.own_terms()
                leg.quantity, leg.price = terms.quantity, terms.price
                leg.trigger_price = terms.trigger_price
            if self.verdict is not None:
                dossier.leg(self.verdict.venue_order_id).verdict = self.verdict
        return dossier

    def own_terms(self) -> Leg:
        """Of an external order under its only id: quantity and prices, and when they were told."""
        if self.terms is not None:
            return self.terms
        intent, terms = self.intent, Leg()
        age = -1 if intent.venue_ns is None else intent.venue_ns
        terms.quantity = (age, intent.quantity) if intent.quantity else None
        terms.price = _told(age, intent.price)
        terms.trigger_price = _told(age, intent.trigger_price)
        return terms

    def hear_type(self, told: OrderType | None) -> None:
        """Of an external order."""
        surer = surer_type(self.intent.type, told)
        if surer is not self.intent.type:
            self.intent = replace(self.intent, type=surer)

    def hear_terms(self, word: ev.OrderReported) -> None:
        """As the venue has it, of an external order that needs no dossier."""
        terms = self.terms = self.own_terms()
        terms.hear_terms(word)
        self.target = terms.quantity[1] if terms.quantity is not None else ZERO
        self.price = terms.price[1] if terms.price is not None else None
        self.trigger_price = terms.trigger_price[1] if terms.trigger_price is not None else None

    def weigh(self) -> None:
        """What all its legs and changes mean together. Only for an order with a dossier."""
        dossier = self.dossier
        self.verdict = dossier.verdict()
        self.venue_total = dossier.total()
        heads = dossier.heads()
        if heads:
            self.venue_order_id = _working_id(heads, self.venue_order_id)
        self._weigh_terms(dossier)

    def _weigh_terms(self, dossier: Dossier) -> None:
        """Quantity and prices: as created (or released), then as changed; prices as the venue has them."""
        intent = self.intent
        price, trigger = intent.price, None
        target = intent.quantity if dossier.released is None else dossier.released
        for change in dossier.in_chain():
            target = target if change.quantity is None else change.quantity
            price = price if change.price is None else change.price
            trigger = trigger if change.trigger_price is None else change.trigger_price
        head = dossier.legs.get(self.venue_order_id)
        legs = [] if head is None else [head]
        if intent.origin is _EXTERNAL:
            target = _reported_target(dossier) or target
            legs = dossier.back_from(self.venue_order_id)
        price = next((leg.price[1] for leg in legs if leg.price is not None), price)
        trigger = next((leg.trigger_price[1] for leg in legs if leg.trigger_price is not None), trigger)
        self.target, self.price = target, price
        if trigger is not None:
            self.trigger_price = trigger


_TYPE_RANK = {
    type_: rank
    for rank, type_ in enumerate(
        (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING)
    )
}
_FLAGS = tuple(OrderFlag)
_ADOPTED = (OrderFlag.ADOPTED,)
UNSENT = frozenset({InnerState.HELD, InnerState.QUEUED, InnerState.MANUAL})


def _working_id(heads: dict[str, Leg], known: str) -> str:
    """The id that a cancel must name: one that lives, of several the known one, else the last told."""
    live = [name for name, leg in heads.items() if leg.verdict is None]
    if live:
        return known if known in live else live[-1]
    return max((weight(leg.verdict), name) for name, leg in heads.items() if leg.verdict is not None)[1]


def _told(age: int, number: Decimal | None) -> Told | None:
    return None if number is None else (age, number)


def surer_type(known: OrderType, told: OrderType | None) -> OrderType:
    """Of what is said of an external order the more special counts, whichever came first."""
    return known if told is None or _TYPE_RANK[told] <= _TYPE_RANK[known] else told


def _reported_target(dossier: Dossier) -> Decimal:
    """Of an order that others change: what its heads are for, and what was filled before."""
    total = ZERO
    for leg in dossier.named().values():
        if leg.successor:
            total += leg.total or ZERO
        elif leg.quantity is not None:
            total += leg.quantity[1]
    return total


def first_step(intent: ev.OrderCreated) -> InnerState | None:
    """Where a new order stands: it waits for what its plan names, or for its turn."""
    if intent.origin is _EXTERNAL:
        return None
    plan = intent.plan
    other = plan.parent_id is not None or plan.instead_of is not None
    waits = plan.not_before_ns is not None or plan.conditions or other
    return _HELD if waits else _QUEUED


def outweighs(word: ev.Verdict, known: ev.Verdict | None) -> bool:
    if known is None:
        return True
    if word.venue_ns is None and known.venue_ns is None and type(word) is not type(known):
        return RANK[type(word)] > RANK[type(known)]
    return weight(word) > weight(known)
