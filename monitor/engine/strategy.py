"""The public strategy class: what a strategy declares, hears and may do.

A strategy sees bars, its own orders, trades and position, and nothing else; the same class
runs in a back-test, a replay, on paper and live. The host (`host.py`) stands behind `_desk`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Protocol, TypeAlias

import msgspec

from monitor.engine.rows import OrderRow, Scalar, TradeRow
from monitor.engine.values import Instrument, Offset, OrderType, Side, TimeInForce, TriggerAction

Price: TypeAlias = float | int | Decimal


class Bar(msgspec.Struct, gc=False):
    """One K-line. Prices are measurements (float); `time_ns` is its start, UTC.

    `*_units` are the same prices as whole numbers of `10 ** -digits` of the series: sums and
    comparisons of them are exact, so equal averages are equal.
    """

    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    open_units: int
    high_units: int
    low_units: int
    close_units: int


class ParameterError(ValueError):
    """A parameter that the strategy does not have or will not take; one clear sentence."""


class Parameter(msgspec.Struct, frozen=True):
    """A declared parameter: its default gives its type (int, float, str or bool)."""

    default: Scalar
    minimum: float | None = None
    maximum: float | None = None
    about: str = ""

    def read(self, name: str, value: Scalar) -> Scalar:
        """`value` (text from a command line, or already typed) as this parameter's type.

        Raises ParameterError naming the parameter, the value and what is allowed.
        """
        read, kind_name = _READERS[type(self.default)]
        try:
            typed = read(value)
        except (TypeError, ValueError):
            raise ParameterError(f"parameter {name}: {value!r} is not {kind_name}") from None
        if isinstance(typed, int | float) and not isinstance(typed, bool):
            self._check_range(name, typed)
        return typed

    def _check_range(self, name: str, value: float) -> None:
        if value != value:
            raise ParameterError(f"parameter {name}: {value} is not a number")
        if self.minimum is not None and value < self.minimum:
            raise ParameterError(f"parameter {name}: {value} is below {self.minimum:g}")
        if self.maximum is not None and value > self.maximum:
            raise ParameterError(f"parameter {name}: {value} is above {self.maximum:g}")


def _read_bool(value: Scalar) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0"}:
        return False
    raise ValueError(word)


_READERS: dict[type, tuple[Callable[[Any], Scalar], str]] = {
    int: (lambda value: int(str(value)), "a whole number"),
    float: (float, "a number"),
    str: (str, "a text"),
    bool: (_read_bool, "true or false"),
}


def parameter(
    default: Scalar, *, minimum: float | None = None, maximum: float | None = None, about: str = ""
) -> Any:
    """Declare a parameter in a strategy's body: `window: int = parameter(20, minimum=2)`."""
    return Parameter(default, minimum, maximum, about)


class Desk(Protocol):
    """What a strategy's host does for it."""

    @property
    def instrument(self) -> Instrument: ...
    @property
    def digits(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    def position(self) -> Decimal: ...
    def working(self) -> list[OrderRow]: ...
    def has_working(self) -> bool: ...
    def order(
        self,
        side: Side,
        offset: Offset,
        type_: OrderType,
        volume: Price,
        price: Price | None,
        stop: Price | None,
        trail: Price | None,
        time_in_force: TimeInForce,
        why: str,
    ) -> int: ...
    def cancel(self, order_id: int) -> None: ...
    def cancel_all(self) -> None: ...
    def trigger(self, condition: str, action: TriggerAction, price: Price | None) -> None: ...
    def log(self, message: str) -> None: ...


class Strategy:
    """Derive, declare parameters, override what you need to hear.

    Prices are rounded to the nearest tick; volumes are in lots and must be whole lots. Each
    action returns the order id. An exception stops the strategy and is shown; its working
    orders are cancelled, its position stays.
    """

    title: ClassVar[str] = ""
    declared: ClassVar[dict[str, Parameter]] = {}
    _desk: Desk

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("on_start", "on_bar", "on_order", "on_trade", "on_stop"):
            if inspect.iscoroutinefunction(getattr(cls, name)):
                raise TypeError(f"{cls.__name__}.{name} is async: a strategy's functions are plain ones")
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        cls.declared = {**cls.declared, **own}

    # What it hears ------------------------------------------------------------------------
    def on_start(self) -> None:
        """Before the first bar. Set up state here: a seek back starts the strategy anew."""

    def on_bar(self, bar: Bar) -> None:
        """A bar has closed. Orders given now can fill from the next bar on."""

    def on_order(self, order: OrderRow) -> None:
        """One of its orders changed."""

    def on_trade(self, trade: TradeRow) -> None:
        """One of its orders was filled, wholly or in part; `position` is already new."""

    def on_stop(self) -> None:
        """It is being stopped; its orders are cancelled afterwards."""

    # What it sees -------------------------------------------------------------------------
    @property
    def instrument(self) -> Instrument:
        return self._desk.instrument

    @property
    def position(self) -> Decimal:
        """Net position in lots: long positive, short negative."""
        return self._desk.position()

    @property
    def time_ns(self) -> int:
        """The engine's clock: ns UTC. Use this, never the wall clock."""
        return self._desk.time_ns

    @property
    def working_orders(self) -> list[OrderRow]:
        """Its active orders, oldest first."""
        return self._desk.working()

    def price_of(self, units: int) -> Decimal:
        """The exact price of whole units (`bar.close_units` and sums of them)."""
        return Decimal(units).scaleb(-self._desk.digits)

    # What it does -------------------------------------------------------------------------
    def buy(self, price: Price | None = None, volume: Price = 1, **terms: Any) -> int:
        """Open long. `price` None is a market order. Terms, also of the other three:

        `stop=` trigger price (with a price: stop-limit), `trail=` distance of a trailing stop,
        `time_in_force=` GTC, DAY, IOC or FOK, `why=` a few words for the trigger log.
        """
        return self._order(Side.BUY, Offset.OPEN, price, volume, **terms)

    def sell(self, price: Price | None = None, volume: Price = 1, **terms: Any) -> int:
        """Close long."""
        return self._order(Side.SELL, Offset.CLOSE, price, volume, **terms)

    def short(self, price: Price | None = None, volume: Price = 1, **terms: Any) -> int:
        """Open short."""
        return self._order(Side.SELL, Offset.OPEN, price, volume, **terms)

    def cover(self, price: Price | None = None, volume: Price = 1, **terms: Any) -> int:
        """Close short."""
        return self._order(Side.BUY, Offset.CLOSE, price, volume, **terms)

    def target_position(self, target: Price, price: Price | None = None, **terms: Any) -> list[int]:
        """Give the orders that bring the net position to `target`, closing first."""
        goal, now = self.instrument.volume(target), self.position
        orders = []
        if goal < now and now > 0:
            orders.append(self.sell(price, now - max(goal, Decimal(0)), **terms))
        elif goal > now and now < 0:
            orders.append(self.cover(price, min(goal, Decimal(0)) - now, **terms))
        if goal > max(now, Decimal(0)):
            orders.append(self.buy(price, goal - max(now, Decimal(0)), **terms))
        elif goal < min(now, Decimal(0)):
            orders.append(self.short(price, min(now, Decimal(0)) - goal, **terms))
        return orders

    def cancel(self, order_id: int) -> None:
        self._desk.cancel(order_id)

    def cancel_all(self) -> None:
        """Cancel all its working orders."""
        if self._desk.has_working():
            self._desk.cancel_all()

    def trigger(
        self, condition: str, action: TriggerAction = TriggerAction.HOLD, price: Price | None = None
    ) -> None:
        """Record that a condition was met without an order (orders record their own)."""
        self._desk.trigger(condition, action, price)

    def log(self, message: str) -> None:
        self._desk.log(message)

    def _order(
        self,
        side: Side,
        offset: Offset,
        price: Price | None,
        volume: Price,
        *,
        stop: Price | None = None,
        trail: Price | None = None,
        time_in_force: TimeInForce = TimeInForce.GTC,
        why: str = "",
    ) -> int:
        type_ = _order_type(price, stop, trail)
        return self._desk.order(side, offset, type_, volume, price, stop, trail, time_in_force, why)


def _order_type(price: Price | None, stop: Price | None, trail: Price | None) -> OrderType:
    if trail is not None:
        if price is not None or stop is not None:
            raise ValueError("a trailing stop takes neither price nor stop")
        return OrderType.TRAILING
    if stop is not None:
        return OrderType.STOP if price is None else OrderType.STOP_LIMIT
    return OrderType.MARKET if price is None else OrderType.LIMIT


def read_parameters(strategy: type[Strategy], given: dict[str, Scalar]) -> dict[str, Scalar]:
    """Every declared parameter with its value. Raises ParameterError with a sentence."""
    for name in given:
        if name not in strategy.declared:
            known = ", ".join(strategy.declared) or "none"
            raise ParameterError(f"{strategy.__name__} has no parameter {name!r}; it has: {known}")
    return {
        name: declared.read(name, given.get(name, declared.default))
        for name, declared in strategy.declared.items()
    }
