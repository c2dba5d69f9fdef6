"""What the tracker remembers of each order besides the book, and which names orders go by.

Marks (what was signalled) are folded from facts and never forgotten; when something was heard or
looked up last is not: it only spares questions.
"""

from __future__ import annotations

from typing import Any

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import SignalKind
from monitor.engine.venue import FillReport, OrderReport

# Bound once: to look a member up in its class is slow, and these are asked for per signal.
_ACCEPTED, _FILL, _CORRECTED = SignalKind.ACCEPTED, SignalKind.FILL, SignalKind.CORRECTED

# Facts that may tell an id of the venue's, those of them that end an order, and those that tell none.
NAMED: tuple[type, ...] = (
    ev.OrderPlaced,
    ev.OrderReported,
    ev.OrderReopened,
)
ENDING: tuple[type, ...] = (ev.OrderCanceled, ev.OrderRejected, ev.OrderExpired, ev.OrderDone)
MOVING: tuple[type, ...] = (
    ev.OrderReleased,
    ev.OrderLost,
    ev.OrderAbsent,
    ev.OrderTriggered,
    ev.CancelRejected,
    ev.ReplaceRejected,
    ev.FillCorrected,
)


class Names:
    """Whose are the ids of one account: the venue's and our client order ids."""

    __slots__ = ("client", "impossible", "in_flight", "venue")

    def __init__(self) -> None:
        self.venue: dict[str, int] = {}
        self.client: dict[str, int] = {}
        self.in_flight: dict[str, set[int]] = {}
        self.impossible = False  # whether a number that cannot be was told of already

    def may_own(self, symbol: str) -> bool:
        """Whether an order of ours is on its way whose venue id we do not know yet."""
        return bool(self.in_flight.get(symbol))

    def whose(self, answer: Any) -> int | None:
        """The order that an answer to one of our requests is about."""
        vid = getattr(answer, "venue_order_id", "")
        order_id = self.client.get(answer.client_order_id) if answer.client_order_id else None
        return self.venue.get(vid) if order_id is None and vid else order_id

    def rename(self, orphan_id: int, order_id: int) -> None:
        """What was the one's is the other's."""
        for ids in (self.venue, self.client):
            for name in [name for name, owner in ids.items() if owner == orphan_id]:
                ids[name] = order_id

    def landed(self, order: Order) -> bool:
        """It has a venue id now, or it will never have one. Whether it was the last one waited for."""
        waiting = self.in_flight.get(order.intent.symbol)
        if not waiting:
            return False
        waiting.discard(order.intent.order_id)
        return not waiting


class Watch:
    """`unsaid` are fills not signalled yet. `told` is what was said last of its end. `sent_ns`,
    `asked_ns` are when it, or a cancel or change, left. `ended_ns`: when the question was put whose
    answer first said that it ended, while a change of it was lost."""

    __slots__ = (
        "accepted",
        "alerts",
        "asked_ns",
        "confirmed_ns",
        "corrected",
        "due_ns",
        "ended_ns",
        "heard_ns",
        "look_up_ns",
        "looked_up",
        "names",
        "order",
        "seek",
        "sent_ns",
        "told",
        "told_fills",
        "unsaid",
    )

    def __init__(self, order: Order, names: Names) -> None:
        self.order = order
        self.names = names
        self.accepted = False
        self.unsaid: dict[str, ev.TradeExecuted] = {}
        self.told: ev.SignalEmitted | None = None
        self.told_fills = 0
        self.corrected: set[str] = _NONE
        self.alerts: dict[tuple[str, str], int | None] = _NO_ALERTS
        self.sent_ns = self.asked_ns = self.heard_ns = 0
        self.due_ns: int | None = None
        self.seek = False
        self.looked_up = 0
        self.look_up_ns = 0
        self.confirmed_ns: int | None = None
        self.ended_ns: int | None = None

    def hear_signal(self, event: ev.SignalEmitted) -> None:
        """It was said."""
        kind = event.kind
        if kind is _FILL:
            self.unsaid.pop(event.key, None)
        elif kind is _ACCEPTED:
            self.accepted = True
        else:
            self.told = event
            self.told_fills = len(self.order.fills) + len(self.order.dossier.void)
            if kind is _CORRECTED:
                self.corrected = self.corrected | {event.key}

    def take_over(self, orphan: Watch) -> None:
        """Its order is this one: what was told of it was told of this one, and what was not is still due."""
        for key, fill in orphan.unsaid.items():
            if self.order.fills.get(key) is fill:
                self.unsaid[key] = fill
        orphan.unsaid = {}
        self.accepted |= orphan.accepted
        if self.told is None:
            self.told, self.told_fills = orphan.told, orphan.told_fills
        self.corrected = self.corrected | orphan.corrected


_NONE: set[str] = set()  # shared by all that have none, never written
_NO_ALERTS: dict[tuple[str, str], int | None] = {}


class Held:
    """Messages about a venue order that nobody can name yet. `symbol` is "" until one tells it,
    `sided` whether one told the side; `until_ns` is how long it is shown, 0 no longer."""

    __slots__ = (
        "account_id",
        "client_order_id",
        "messages",
        "seen",
        "sided",
        "since_ns",
        "symbol",
        "until_ns",
        "venue_order_id",
    )

    def __init__(self, account_id: str, venue_order_id: str, client_order_id: str, since_ns: int) -> None:
        self.account_id = account_id
        self.venue_order_id = venue_order_id
        self.client_order_id = client_order_id
        self.since_ns = since_ns
        self.until_ns = 0
        self.messages: list[OrderReport | FillReport] = []
        self.seen: set[OrderReport | FillReport] = set()
        self.symbol = ""
        self.sided = False

    def add(self, message: OrderReport | FillReport) -> None:
        self.messages.append(message)
        self.seen.add(message)
        self.symbol = self.symbol or message.symbol
        self.sided = self.sided or message.side is not None

    @property
    def describable(self) -> bool:
        """Whether an order can be made of it: the symbol and the side are known."""
        return self.symbol != "" and self.sided

    @property
    def adoptable(self) -> bool:
        """An order cannot be adopted without an id of the venue's."""
        return self.venue_order_id != "" and self.describable

    @property
    def key(self) -> tuple[str, str, str]:
        return self.account_id, self.venue_order_id, self.client_order_id


def describable(held: Held | None, message: OrderReport | FillReport) -> bool:
    """Whether it can with this message."""
    symbol, sided = message.symbol != "", message.side is not None
    if held is None:
        return symbol and sided
    return (symbol or held.symbol != "") and (sided or held.sided)
