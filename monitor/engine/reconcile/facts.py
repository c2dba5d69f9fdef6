"""What a comparison with the venue needs to know of us: a small protocol, and plain values.

Implemented over the state of a trading session (`known.py`) and by models in tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Protocol, TypeAlias

import msgspec

from monitor.engine.values import Direction
from monitor.engine.venue import FillReport, OrderReport

PositionKey: TypeAlias = tuple[str, Direction]
"""Symbol and direction, of one account."""


class KnownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as we know it. `ended` by a verdict or wholly filled; `inferred`: that end was
    concluded from the venue's silence. `uncertain`: a request of ours got lost. `cumulative` is
    the larger of what we heard filled and of the venue's total. `quantity` and prices are None
    where the venue's word for them is no news to us, nor is it while a change is under way
    (`changing`). `fills_missing`: the venue said that more was
    filled than we have. `active_ns`: when we last sent something of it or heard of it (our clock)."""

    order_id: int
    symbol: str
    ended: bool
    inferred: bool = False
    acknowledged: bool = False
    triggered: bool = False
    uncertain: bool = False
    venue_order_id: str = ""
    quantity: Decimal | None = None
    cumulative: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    changing: bool = False
    fills_missing: bool = False
    active_ns: int = 0


class Facts(Protocol):
    """Read anew at every question: steps that were carried out are seen at once."""

    def live(self, account_id: str) -> Iterable[KnownOrder]:
        """Orders that may be at the venue, or whose fills are not all known. By id."""
        ...

    def order_of(self, report: OrderReport) -> KnownOrder | None:
        """Which of ours this is, by the venue's id or by our own; None: nobody's."""
        ...

    def has_fill(self, fill: FillReport) -> bool: ...

    def positions(self, account_id: str) -> Mapping[PositionKey, Decimal]:
        """Volumes held; a position of 0 may be left out."""
        ...

    def balance(self, account_id: str, currency: str) -> Decimal | None:
        """Money of that currency ("": the account's own) without unrealised profit; None when it
        cannot be told."""
        ...

    def unbooked(self, account_id: str) -> set[str]:
        """Symbols of which something was heard that is not in the positions yet."""
        ...

    def subject(self, order_id: int) -> tuple[str, str]:
        """Account and symbol of one of our orders."""
        ...
