"""The vocabulary of orders, money and time: enumerations and plain values every layer shares.

Owns the one place where measurements (float prices of bars) become commitments
(Decimal prices of orders): `Instrument.price`. Knows nothing of state, files or clocks.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

import msgspec

ZERO = Decimal(0)
NS_PER_SECOND = 1_000_000_000


def tidy(money: Decimal) -> Decimal:
    """Money for showing and for the wire: at most eight decimals, no trailing zeros or exponent."""
    rounded = money.quantize(_SMALLEST_SHOWN, context=_WIDE)
    whole = rounded.to_integral_value()
    return whole.quantize(Decimal(1), context=_WIDE) if rounded == whole else rounded.normalize(_WIDE)


_SMALLEST_SHOWN = Decimal("1E-8")
_WIDE = Context(prec=60)


class World(StrEnum):
    """Which world the orders live in; shown in words everywhere."""

    LIVE = "LIVE"
    SIMULATED = "SIMULATED"
    REPLAY = "REPLAY"


class EngineState(StrEnum):
    NORMAL = "NORMAL"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class Direction(StrEnum):
    """Of a position. A buy opens LONG and closes SHORT."""

    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def sign(self) -> int:
        return 1 if self is Direction.LONG else -1

    @property
    def closing_side(self) -> Side:
        return Side.SELL if self is Direction.LONG else Side.BUY


class Offset(StrEnum):
    OPEN = "OPEN"
    CLOSE = "CLOSE"
    CLOSE_TODAY = "CLOSE_TODAY"
    CLOSE_YESTERDAY = "CLOSE_YESTERDAY"


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING = "TRAILING"


class TimeInForce(StrEnum):
    DAY = "DAY"
    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class OrderStatus(StrEnum):
    """The status shown on every surface. `InnerState` refines it, never replaces it."""

    CREATED = "Created"
    PLACED = "Placed"
    PARTIAL = "Partial"
    FILLED = "Filled"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    EXPIRED = "Expired"

    __hash__ = str.__hash__  # Enum's own is a Python call, and tables are looked up per message

    @property
    def active(self) -> bool:
        return self in ACTIVE_STATUSES


ACTIVE_STATUSES = frozenset({OrderStatus.CREATED, OrderStatus.PLACED, OrderStatus.PARTIAL})


class InnerState(StrEnum):
    """What is not certain about an active order. Shown with a question mark."""

    IN_FLIGHT = "in_flight"
    CANCEL_IN_FLIGHT = "cancel_in_flight"
    UNKNOWN = "unknown"


class Origin(StrEnum):
    """Who asked for an order."""

    STRATEGY = "strategy"
    USER = "user"
    EXTERNAL = "external"


class ReplayState(StrEnum):
    PLAYING = "playing"
    PAUSED = "paused"
    FINISHED = "finished"


class StrategyState(StrEnum):
    STOPPED = "stopped"
    RUNNING = "running"
    FAILED = "failed"


class TriggerAction(StrEnum):
    BUY = "buy"
    SELL = "sell"
    CLOSE = "close"
    HOLD = "hold"


class TriggerResult(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"
    PENDING = "pending"


class LogLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What can be traded, and by which rules.

    `symbol` is `EXCHANGE.code` (SHFE.au2512) or a bare code; `tick` the smallest price step,
    `lot` the smallest volume, `multiplier` units of the underlying per lot (money of one lot
    is price x multiplier), `margin_rate` a fraction of that money, `commission_rate` a
    fraction of the traded money, `commission_per_lot` money per lot. `zone` is an IANA name.
    """

    symbol: str
    tick: Decimal = Decimal(1)
    lot: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)
    margin_rate: Decimal = Decimal("0.1")
    commission_rate: Decimal = ZERO
    commission_per_lot: Decimal = ZERO
    currency: str = "CNY"
    zone: str = "Asia/Shanghai"

    @property
    def exchange(self) -> str:
        head, dot, _ = self.symbol.partition(".")
        return head if dot else ""

    @property
    def price_digits(self) -> int:
        """Decimals to pad a price to: those of the tick."""
        exponent = self.tick.normalize().as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0

    def price(self, measurement: float | Decimal | int) -> Decimal:
        """The order price nearest to a measurement: a whole number of ticks, ties to even.

        The one crossing from float to Decimal, by a float's shortest exact form.
        """
        return (_decimal(measurement) / self.tick).to_integral_value(ROUND_HALF_EVEN) * self.tick

    def commission(self, price: Decimal, volume: Decimal) -> Decimal:
        """Of one fill: by money and by lot, not rounded."""
        by_money = price * volume * self.multiplier * self.commission_rate
        return by_money + volume * self.commission_per_lot

    def volume(self, amount: float | Decimal | int) -> Decimal:
        """An amount as Decimal; unlike a price it is never rounded: wrong lots are refused."""
        return _decimal(amount)


def _decimal(number: float | Decimal | int) -> Decimal:
    """Exactly as it is written. Through `float`, because the `repr` of numpy's is not a number."""
    if isinstance(number, Decimal):
        return number
    return Decimal(int(number)) if hasattr(number, "__index__") else Decimal(repr(float(number)))
