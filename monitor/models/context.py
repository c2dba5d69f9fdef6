"""What texts of rows depend on besides the row: the zone, the engine's clock and names.

One per desk, shared by its tables and changed only by the desk.
"""

from __future__ import annotations

import time
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import TypeAlias

from monitor.models import format as fmt
from monitor.models.lines import Lines

Day: TypeAlias = tuple[int, int]  # its first nanosecond, and that of the next day


class Context:
    """`clock_ns` is the engine's time (ages count from it), None before the first input.
    `by_hand` are the ids of the orders that a person gave; `terms` what working orders that are
    not at the venue yet would do, in words; `lines` says whose prices are old."""

    __slots__ = (
        "_day",
        "_day_zone",
        "_wall_day",
        "by_hand",
        "clock_ns",
        "digits",
        "lines",
        "strategies",
        "terms",
        "zone",
    )

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.zone = zone
        self.clock_ns: int | None = None
        self.digits: dict[str, int] = {}
        self.lines = Lines()
        self.strategies: dict[int, str] = {}
        self.by_hand: set[int] = set()
        self.terms: dict[int, str] = {}
        self._day: Day = (0, 0)
        self._day_zone = zone
        self._wall_day: Day = (0, 0)

    def age_of(self, ns: int | None) -> int | None:
        """Nanoseconds since `ns`, or None when either end is unknown."""
        return None if ns is None or self.clock_ns is None else self.clock_ns - ns

    def until(self, ns: int | None) -> int | None:
        """Nanoseconds from now to `ns`, or None when either end is unknown."""
        return None if ns is None or self.clock_ns is None else ns - self.clock_ns

    def day(self) -> Day | None:
        """The calendar day of the clock in the zone of the data, or None while there is no clock."""
        now = self.clock_ns
        if now is None:
            return None
        if not self._day[0] <= now < self._day[1] or self._day_zone != self.zone:
            self._day, self._day_zone = fmt.day_of(now, self.zone), self.zone
        return self._day

    def wall_day(self) -> Day:
        """Today, where this computer stands."""
        now = time.time_ns()
        if not self._wall_day[0] <= now < self._wall_day[1]:
            self._wall_day = fmt.day_of(now, None)
        return self._wall_day

    def strategy(self, strategy_id: int) -> str:
        """Its name; a dash for 0, which is none."""
        return self.strategies.get(strategy_id) or (str(strategy_id) if strategy_id else fmt.DASH)

    def price(self, symbol: str, value: Decimal | None) -> str:
        """A price padded to the symbol's digits as far as they are known, never cut to them."""
        return (
            fmt.DASH
            if value is None
            else fmt.price(value, max(self.digits.get(symbol, 0), fmt.digits_of(value)))
        )

    def average(self, symbol: str, value: Decimal | None, like: Decimal | None = None) -> str:
        """An average price, which may fall between ticks: padded to the symbol's digits, else to
        those of the order's own price `like`."""
        digits = self.digits.get(symbol)
        if digits is None:
            digits = 2 if like is None else fmt.digits_of(like)
        return fmt.price(value, digits)
