"""What texts of rows depend on besides the row: the zone, the engine's clock and names.

One per desk, shared by its tables and changed only by the desk.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from decimal import Decimal

from monitor.models import format as fmt


class Context:
    """`clock_ns` is the engine's time (ages count from it), None before the first input."""

    __slots__ = ("clock_ns", "digits", "strategies", "zone")

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.zone = zone
        self.clock_ns: int | None = None
        self.digits: dict[str, int] = {}
        self.strategies: dict[int, str] = {}

    def age_of(self, ns: int | None) -> int | None:
        """Nanoseconds since `ns`, or None when either end is unknown."""
        return None if ns is None or self.clock_ns is None else self.clock_ns - ns

    def strategy(self, strategy_id: int) -> str:
        return self.strategies.get(strategy_id) or str(strategy_id)

    def average(self, symbol: str, value: Decimal | None, like: Decimal | None = None) -> str:
        """An average price, which may fall between ticks: padded to the symbol's digits, else to
        those of the order's own price `like`."""
        digits = self.digits.get(symbol)
        if digits is None:
            digits = 2 if like is None else fmt.digits_of(like)
        return fmt.price(value, digits)
