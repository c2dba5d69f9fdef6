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


def sane(number: Decimal) -> bool:
    """Whether anybody could mean it: finite, below 10**15, at most twelve decimals. Arithmetic with
    others (a remainder by the tick) could fail."""
    if not number.is_finite():
        return False
    exponent = number.as_tuple().exponent
    return abs(number) < 10**15 and isinstance(exponent, int) and exponent >= -12


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


TRIGGERED_AS = {
    OrderType.STOP: OrderType.MARKET,
    OrderType.TRAILING: OrderType.MARKET,
    OrderType.STOP_LIMIT: OrderType.LIMIT,
}
"""What a type with a trigger becomes when that is pulled."""


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
    """What an active order waits for, or what is not certain about it. HELD waits for a time, a
    condition or another order; QUEUED for its turn; MANUAL for a person. The rest is uncertain
    and shown with a question mark."""

    HELD = "held"
    QUEUED = "queued"
    MANUAL = "manual"
    IN_FLIGHT = "in_flight"
    REPLACE_IN_FLIGHT = "replace_in_flight"
    CANCEL_IN_FLIGHT = "cancel_in_flight"
    UNKNOWN = "unknown"

    @property
    def certain(self) -> bool:
        return self in (InnerState.HELD, InnerState.QUEUED, InnerState.MANUAL)


class OrderFlag(StrEnum):
    """What stands beside an order's status and never changes it (order model, 1.4).

    PROVISIONAL: its end, or one of its fills, was inferred. STALE: no word from the venue for
    too long. CONFLICT: the venue contradicted itself. ADOPTED: it was found at the venue."""

    TRIGGERED = "triggered"
    CANCEL_PENDING = "cancel_pending"
    REPLACE_PENDING = "replace_pending"
    FILLS_MISSING = "fills_missing"
    OVERFILL = "overfill"
    CONFLICT = "conflict"
    PROVISIONAL = "provisional"
    STALE = "stale"
    ADOPTED = "adopted"


class FillDirection(StrEnum):
    """What a fill did, in the venue's words: the six directions of the tracker."""

    OPEN_LONG = "Open Long"
    OPEN_SHORT = "Open Short"
    CLOSE_LONG = "Close Long"
    CLOSE_SHORT = "Close Short"
    BUY = "Buy"
    SELL = "Sell"


class SignalKind(StrEnum):
    """Signals of an order, unique on (order, kind, key)."""

    ACCEPTED = "accepted"
    FILL = "fill"
    FINISHED = "finished"
    CORRECTED = "corrected"
    ALERT = "alert"


class PartialPolicy(StrEnum):
    """What becomes of the rest of a partly filled order."""

    WAIT_REMAINING = "wait_remaining"
    CANCEL_REMAINING = "cancel_remaining"


class FailurePolicy(StrEnum):
    """What becomes of an order the venue refused: RETRY only what is worth it."""

    RETRY = "retry"
    CANCEL = "cancel"
    MANUAL = "manual"


class LinkKind(StrEnum):
    """Orders that belong together. OCO: one cancels the others. OTO: the first triggers the
    others, as far as it is filled. BRACKET: an entry whose target and stop are OCO."""

    OCO = "OCO"
    OTO = "OTO"
    BRACKET = "BRACKET"


class WaitingKind(StrEnum):
    DELAYED = "delayed"
    CONDITIONAL = "conditional"
    TRIGGER = "trigger"
    LINKED = "linked"
    QUEUED = "queued"
    MANUAL = "manual"


class RecordType(StrEnum):
    """Why a position changed."""

    EXECUTION = "execution"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"
    SETTLEMENT = "settlement"


class MoneyKind(StrEnum):
    """Why money moved, other than by a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    FUNDING = "funding"
    FEE = "fee"
    CORRECTION = "correction"


class LinkSide(StrEnum):
    MARKET = "market"
    ORDERS = "orders"


class LinkState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    DEGRADED = "degraded"
    LOST = "lost"


class ContractKind(StrEnum):
    """LINEAR: profit is price difference x volume x multiplier in the quote currency. INVERSE:
    volume x multiplier is money, profit is in the underlying. QUANTO: linear profit times
    `quanto_rate` in another currency."""

    LINEAR = "linear"
    INVERSE = "inverse"
    QUANTO = "quanto"


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
    is price x multiplier), `margin_rate` a fraction of that money and `margin_per_lot` money per
    lot beside it, `commission_rate` a fraction of the traded money, `commission_per_lot` money
    per lot; `close_today_*` are those of closing what was opened the same trading day, None: as
    any other. `currency` is the one
    that profit and fees are in. `zone` is an IANA name. `min_volume`, `max_volume` bound one
    order; `upper_limit`, `lower_limit` are the day's price limits. None: no bound.
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
    close_today_rate: Decimal | None = None
    close_today_per_lot: Decimal | None = None
    contract: ContractKind = ContractKind.LINEAR
    quanto_rate: Decimal = Decimal(1)
    min_volume: Decimal | None = None
    max_volume: Decimal | None = None
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None
    margin_per_lot: Decimal = ZERO

    @property
    def exchange(self) -> str:
        head, dot, _ = self.symbol.partition(".")
        return head if dot else ""

    @property
    def close_today_differs(self) -> bool:
        """Whether closing what was opened the same trading day has a commission of its own."""
        return self.close_today_rate is not None or self.close_today_per_lot is not None

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

    def notional(self, price: Decimal, volume: Decimal) -> Decimal:
        """What `volume` is worth at `price`, in `currency`: of an inverse contract volume x
        multiplier / price of the underlying."""
        if self.contract is ContractKind.LINEAR:
            return price * volume * self.multiplier
        if self.contract is ContractKind.INVERSE:
            return volume * self.multiplier / price
        return price * volume * self.multiplier * self.quanto_rate

    def commission(self, price: Decimal, volume: Decimal, close_today: Decimal = ZERO) -> Decimal:
        """Of one fill: by money and by lot, not rounded. `close_today` of its lots close what
        was opened the same trading day."""
        if close_today:
            rate, per_lot = self.close_today_rate, self.close_today_per_lot
            rate = self.commission_rate if rate is None else rate
            per_lot = self.commission_per_lot if per_lot is None else per_lot
            fee = self.notional(price, close_today) * rate + close_today * per_lot
            rest = volume - close_today
            return fee + self.commission(price, rest) if rest else fee
        return self.notional(price, volume) * self.commission_rate + volume * self.commission_per_lot

    def margin(self, notional: Decimal, volume: Decimal) -> Decimal:
        """Bound by `volume` lots that are worth `notional`."""
        bound = notional * self.margin_rate
        return bound + volume * self.margin_per_lot if self.margin_per_lot else bound

    def volume(self, amount: float | Decimal | int) -> Decimal:
        """An amount as Decimal; unlike a price it is never rounded: wrong lots are refused."""
        return _decimal(amount)


class Quote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The newest prices of one symbol, exactly as its venue wrote them. None is unknown.

    `volume` is the trading day's total; `time_ns` the venue's time, `received_ns` ours (the
    engine's clock), by which staleness is judged.
    """

    symbol: str
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_volume: Decimal | None = None
    ask_volume: Decimal | None = None
    mark: Decimal | None = None
    volume: Decimal | None = None
    open_interest: Decimal | None = None
    time_ns: int | None = None
    received_ns: int = 0


def _decimal(number: float | Decimal | int) -> Decimal:
    """Exactly as it is written. Through `float`, because the `repr` of numpy's is not a number."""
    if isinstance(number, Decimal):
        return number
    return Decimal(int(number)) if hasattr(number, "__index__") else Decimal(repr(float(number)))
