"""The tracker's times, and what it needs of the engine around it."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from monitor.engine.orders import Book
from monitor.engine.values import Instrument


class TrackerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """In seconds. They bound what is waited for, never what is remembered.

    `remember_s`: how long a final status waits for fills when nobody told how many there are.
    `grace_s`: how long fills that the venue counted may be late before they are asked for, and
    how long evidence without an owner waits for the order in flight that it may belong to.
    `alert_after_s`: somebody is told. `sweep_s`: the last resort, the signal leaves with what
    there is. `absence_count` answers "unknown" over `absence_s` mean that the venue does not have
    it, unless it was active within `fresh_s` before the question. `stale_s`: a request without an
    answer is looked up; again after twice as long each time, at most `look_up_most_s`.
    """

    remember_s: float = 600
    clean_every_s: float = 60
    grace_s: float = 2
    sweep_s: float = 300
    alert_after_s: float = 30
    absence_count: int = 3
    absence_s: float = 30
    fresh_s: float = 5
    stale_s: float = 10
    look_up_again_s: float = 2
    look_up_most_s: float = 60


class Desk(Protocol):
    """The numbers are those that come next: each is used by the fact that is yielded then."""

    @property
    def book(self) -> Book: ...

    def instrument(self, symbol: str) -> Instrument | None: ...
    def last_price(self, symbol: str) -> Decimal | None: ...
    def next_order_id(self) -> int: ...
    def next_trade_id(self) -> int: ...
    def next_signal_id(self) -> int: ...
    def next_alert_id(self) -> int: ...

    def profit_of(self, order_id: int) -> Decimal | None:
        """Realised by the order's fills, before fees; None: it cannot be told."""
        ...
