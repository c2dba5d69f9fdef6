"""True histories of orders at a venue, as the messages of its channels: what really happened.

Every history is consistent; an adversary may then permute, double, delay and batch its words.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import strategies as st
from tracker_world import Venue

from monitor.engine.values import OrderStatus, Side
from monitor.engine.venue import FillReport, VenueMessage

TENTH = Decimal("0.1")


class History(msgspec.Struct, frozen=True):
    """Of one order: `sent` when it is ours, and what a listener must know in the end."""

    account: str
    oid: str
    client: str
    quantity: Decimal
    side: Side
    words: tuple[VenueMessage, ...]
    status: OrderStatus
    filled: Decimal
    over: bool

    @property
    def fills(self) -> set[str]:
        return {word.venue_trade_id for word in self.words if isinstance(word, FillReport)}

    @property
    def notional(self) -> Decimal:
        unique = {w.venue_trade_id: w for w in self.words if isinstance(w, FillReport)}
        return sum((w.price * w.volume for w in unique.values()), Decimal(0))


ENDINGS = ("fill", "cancel", "underfill", "expire", "reject", "reject rest", "overfill", "live")


@st.composite
def histories(draw: st.DrawFn, oid: str = "7", account: str = "a") -> History:
    ours = draw(st.booleans())
    client = f"c-{account}-{oid}" if ours else ""
    side = draw(st.sampled_from(Side))
    venue = Venue(account, oid, client=client, side=side, quantity=1)
    ending = draw(st.sampled_from(ENDINGS))
    lots = _lots(draw, ending)
    words: list[VenueMessage] = [venue.accepts(0)] if draw(st.booleans()) or ending == "live" else []
    total = Decimal(0)
    for n, lot in enumerate(lots):
        total += lot
        words.append(venue.fills(f"t{n}", lot, draw(st.integers(95, 105))))
        if draw(st.booleans()):
            words.append(venue.accepts(min(total, Decimal(1))))  # a status beside the fill
    last = {
        "fill": venue.done(total),
        "cancel": venue.cancels(total),
        "underfill": venue.done(total),
        "expire": venue.expires(total),
        "reject": venue.rejects(cumulative=total),
        "reject rest": venue.rejects(cumulative=total),
        "overfill": venue.done(total),
    }.get(ending)
    if last is not None:
        words.append(last)
    return History(
        account=account,
        oid=oid,
        client=client,
        quantity=Decimal(1),
        side=side,
        words=tuple(words),
        status=_status(ending, total),
        filled=total,
        over=last is not None or total >= 1,
    )


def _lots(draw: st.DrawFn, ending: str) -> list[Decimal]:
    if ending == "reject":
        return []
    parts = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))  # at most nine tenths
    lots = [TENTH * part for part in parts]
    total = sum(lots, Decimal(0))
    if ending == "fill":
        lots.append(1 - total)
    if ending == "overfill":
        lots.append(1 - total + TENTH)
    if ending in ("cancel", "expire", "live") and draw(st.booleans()):
        return []
    return lots


def _status(ending: str, total: Decimal) -> OrderStatus:
    if ending in ("fill", "overfill"):
        return OrderStatus.FILLED
    if ending == "live":
        return OrderStatus.PARTIAL if total else OrderStatus.PLACED
    return {
        "cancel": OrderStatus.CANCELED,
        "underfill": OrderStatus.CANCELED,
        "expire": OrderStatus.EXPIRED,
        "reject": OrderStatus.REJECTED,
        "reject rest": OrderStatus.CANCELED,
    }[ending]


@st.composite
def several(draw: st.DrawFn) -> list[History]:
    """Orders of two accounts, some of which have the same venue id."""
    names = [("a", "7"), ("b", "7"), ("a", "8")]
    return [draw(histories(oid, account)) for account, oid in names[: draw(st.integers(1, 3))]]
