"""A strategy's host: its account, its orders, its triggers, and the wall around its errors.

Implements `strategy.Desk`. Knows the run (`Run`) only by the few verbs it needs; never the
window, the journal's storage or the clock of the machine.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import FunctionType
from typing import Protocol

import msgspec

from monitor.engine import events as ev
from monitor.engine.ledger import Ledger
from monitor.engine.orders import Order
from monitor.engine.rows import OrderRow, Scalar, StrategyRow, TradeRow, TriggerRow
from monitor.engine.strategy import Bar, Price, Strategy
from monitor.engine.values import (
    ZERO,
    Instrument,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    Side,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
    tidy,
)

_RUNNING = StrategyState.RUNNING  # bound once: asked per order and trade
LARGEST_PRICE = 10**15


def safe_text(value: object) -> str:
    """What foreign code calls a text, as one that can be written: its `str` may raise, and may
    hold what no encoding takes."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 foreign code
        text = f"({type(value).__name__} without a text)"
    return text.encode("utf-8", "replace").decode("utf-8")


_DEEPEST = 40
"""Answers inside answers that a strategy may give. Python's own limit would depend on who called
the engine, and a run must not."""


MOST_ORDERS_IN_A_BAR = 1_000


class StrategySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy to run: its class, where it came from, and all its parameters."""

    strategy_id: int
    name: str
    source: str
    kind: type[Strategy]
    parameters: dict[str, Scalar]


class Run(Protocol):
    """What a host needs of the run it is in."""

    instrument: Instrument
    digits: int
    bar: int
    time_ns: int

    def submit(self, intent: ev.OrderCreated) -> None: ...
    def cancel(self, order_id: int, reason: str) -> None: ...
    def next_order_id(self) -> int: ...
    def next_trigger_id(self) -> int: ...
    def active_orders(self, strategy_id: int) -> list[Order]: ...
    def has_active_orders(self, strategy_id: int) -> bool: ...
    def emit(self, event: ev.AnyEvent) -> None: ...
    def note(self, level: LogLevel, source: str, message: str) -> None: ...
    def last_price(self) -> Decimal | None: ...
    def strategy_changed(self, strategy_id: int) -> None: ...


class Trigger(msgspec.Struct):
    """A trigger and, when it gave an order, what became of that."""

    event: ev.StrategyTriggered
    time_ns: int
    result: TriggerResult
    error: str = ""

    def row(self) -> TriggerRow:
        event = self.event
        return TriggerRow(
            trigger_id=event.trigger_id,
            strategy_id=event.strategy_id,
            time_ns=self.time_ns,
            condition=event.condition,
            price=event.price,
            action=event.action,
            result=self.result,
            order_id=event.order_id,
            error=self.error,
        )


class Host:
    def __init__(self, run: Run, spec: StrategySpec, ledger: Ledger) -> None:
        self.spec = spec
        self.ledger = ledger
        self.state = StrategyState.STOPPED
        self.error = ""
        self.trade_count = 0
        self.triggers: dict[int, Trigger] = {}
        self._trigger_of_order: dict[int, int] = {}
        self._changed_triggers: dict[int, None] = {}
        self._run = run
        self._capital = ledger.static_balance  # a settlement changes the ledger's
        self._net = ZERO
        self._depth = 0
        self._orders_in_bar = (0, 0)
        self.strategy = Strategy()  # its own class is made at the start: that is foreign code
        self.on_bar: Callable[[Bar], None] = self.strategy.on_bar
        self._hears_orders = spec.kind.on_order is not Strategy.on_order
        self._hears_trades = spec.kind.on_trade is not Strategy.on_trade

    def _make(self) -> Strategy:
        strategy = self.spec.kind()
        strategy._desk = self
        for name, value in self.spec.parameters.items():
            setattr(strategy, name, value)
        return strategy

    # Life ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Start, or start anew: the strategy's own memory begins empty."""
        if self.state is _RUNNING:
            return
        self.state, self.error = _RUNNING, ""
        self._run.emit(ev.StrategyStarted(strategy_id=self.spec.strategy_id))
        self._guarded(self._begin)

    def _begin(self) -> None:
        self.strategy = self._make()
        self.on_bar = self.strategy.on_bar
        self.strategy.on_start()

    def stop(self) -> None:
        if self.state is not _RUNNING:
            return
        self._guarded(self.strategy.on_stop)
        if self.state is _RUNNING:
            self.state = StrategyState.STOPPED
            self._run.emit(ev.StrategyStopped(strategy_id=self.spec.strategy_id))
        self.cancel_all("strategy stopped")

    def fail(self, error: BaseException) -> None:
        """Stop a strategy that raised: nobody else is harmed, and everybody is told.

        The first error counts: what raises on the way out of it is its consequence.
        """
        if self.state is StrategyState.FAILED:
            return
        self.state = StrategyState.FAILED
        self.error = _where(error, self.spec.kind)
        self._run.emit(ev.StrategyFailed(strategy_id=self.spec.strategy_id, error=self.error))
        self._run.note(LogLevel.ERROR, self.spec.name, f"failed and was stopped: {self.error}")
        self.cancel_all("strategy failed")

    def _guarded(self, call: Callable[[], None]) -> None:
        if self._depth >= _DEEPEST:
            self.fail(RuntimeError("it answers its own orders with orders without end"))
            return
        self._depth += 1
        try:
            call()
        except KeyboardInterrupt:  # the user's
            raise
        except BaseException as error:  # noqa: BLE001 foreign code, sys.exit() and all: it is stopped alone
            self.fail(error)
        finally:
            self._depth -= 1

    # What it is told -----------------------------------------------------------------------
    def order_changed(self, order: Order) -> None:
        self._settle_trigger(order)
        if self._hears_orders and self.state is _RUNNING:
            row = order.row()
            self._guarded(lambda: self.strategy.on_order(row))

    def traded(self, trade: TradeRow) -> None:
        self.trade_count += 1
        self._net = self.ledger.net_volume(trade.symbol)
        self._run.strategy_changed(self.spec.strategy_id)
        if self._hears_trades and self.state is _RUNNING:
            self._guarded(lambda: self.strategy.on_trade(trade))

    # What it asks (Desk) -------------------------------------------------------------------
    @property
    def instrument(self) -> Instrument:
        return self._run.instrument

    @property
    def digits(self) -> int:
        return self._run.digits

    @property
    def time_ns(self) -> int:
        return self._run.time_ns

    def position(self) -> Decimal:
        return self._net

    def working(self) -> list[OrderRow]:
        return [order.row() for order in self._run.active_orders(self.spec.strategy_id)]

    def has_working(self) -> bool:
        return self._run.has_active_orders(self.spec.strategy_id)

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
    ) -> int:
        if self.state is not _RUNNING:
            raise RuntimeError(f"{self.spec.name} is {self.state}: it gives no orders")
        self._count_order()
        validity, reason = TimeInForce(time_in_force), _text("why", why)
        limit = _price(self.instrument, "price", price)
        distance = _price(self.instrument, "trail", trail)
        trigger = _price(self.instrument, "stop", stop)
        quantity = _volume(self.instrument, volume)
        last = self._run.last_price()
        if distance is not None and last is not None:
            trigger = last + distance if side is Side.BUY else last - distance
        order_id = self._run.next_order_id()
        self._note_trigger(order_id, side, offset, limit or trigger or last, reason or type_.value.lower())
        self._run.submit(
            ev.OrderCreated(
                order_id=order_id,
                strategy_id=self.spec.strategy_id,
                account_id=self.ledger.account_id,
                symbol=self.instrument.symbol,
                side=side,
                offset=offset,
                type=type_,
                time_in_force=validity,
                quantity=quantity,
                price=limit,
                trigger_price=trigger,
                trail=distance,
            )
        )
        return order_id

    def _count_order(self) -> None:
        """A strategy that gives orders without end in one bar is stopped, not waited for."""
        bar, count = self._orders_in_bar
        count = count + 1 if bar == self._run.bar else 1
        self._orders_in_bar = (self._run.bar, count)
        if count > MOST_ORDERS_IN_A_BAR:
            raise RuntimeError(f"it gave more than {MOST_ORDERS_IN_A_BAR:,} orders in one bar")

    def cancel(self, order_id: int) -> None:
        """Of its own orders only; one that has ended is left alone."""
        for order in self._run.active_orders(self.spec.strategy_id):
            if order.order_id == order_id:
                self._run.cancel(order_id, "strategy")
                return

    def cancel_all(self, reason: str = "strategy") -> None:
        for order in list(self._run.active_orders(self.spec.strategy_id)):
            self._run.cancel(order.order_id, reason)

    def trigger(self, condition: str, action: TriggerAction, price: Price | None) -> None:
        exact = _price(self.instrument, "price", price)
        shown = exact if exact is not None else self._run.last_price()
        what = _text("condition", condition)
        self._record(what, TriggerAction(action), shown, None, TriggerResult.SUCCESS)

    def log(self, message: str) -> None:
        self._run.note(LogLevel.INFO, self.spec.name, safe_text(message))

    # Triggers ------------------------------------------------------------------------------
    def _note_trigger(
        self, order_id: int, side: Side, offset: Offset, price: Decimal | None, condition: str
    ) -> None:
        if offset is Offset.OPEN:
            action = TriggerAction.BUY if side is Side.BUY else TriggerAction.SELL
        else:
            action = TriggerAction.CLOSE
        self._record(condition, action, price, order_id, TriggerResult.PENDING)

    def _record(
        self,
        condition: str,
        action: TriggerAction,
        price: Decimal | None,
        order_id: int | None,
        result: TriggerResult,
    ) -> None:
        event = ev.StrategyTriggered(
            trigger_id=self._run.next_trigger_id(),
            strategy_id=self.spec.strategy_id,
            condition=condition,
            price=price,
            action=action,
            order_id=order_id,
        )
        self._run.emit(event)
        self.triggers[event.trigger_id] = Trigger(event, self._run.time_ns, result)
        self._changed_triggers[event.trigger_id] = None
        if order_id is not None:
            self._trigger_of_order[order_id] = event.trigger_id
        self._run.strategy_changed(self.spec.strategy_id)

    def _settle_trigger(self, order: Order) -> None:
        """An order's end is its trigger's result: any fill is success."""
        if order.status.active:
            return
        trigger_id = self._trigger_of_order.get(order.order_id)
        if trigger_id is None:
            return
        trigger = self.triggers[trigger_id]
        trigger.result = TriggerResult.SUCCESS if order.filled else TriggerResult.FAILED
        complete = order.status is OrderStatus.FILLED
        trigger.error = "" if complete else f"{order.status}: {order.reason}".rstrip(": ")
        self._changed_triggers[trigger_id] = None

    def all_triggers(self) -> dict[int, TriggerRow]:
        return {trigger_id: trigger.row() for trigger_id, trigger in self.triggers.items()}

    def take_triggers(self) -> dict[int, TriggerRow]:
        rows = {trigger_id: self.triggers[trigger_id].row() for trigger_id in self._changed_triggers}
        self._changed_triggers.clear()
        return rows

    def row(self) -> StrategyRow:
        spec, ledger = self.spec, self.ledger
        return StrategyRow(
            strategy_id=spec.strategy_id,
            name=spec.name,
            source=spec.source,
            account_id=ledger.account_id,
            symbol=self.instrument.symbol,
            state=self.state,
            parameters=spec.parameters,
            position=self._net,
            net_profit=tidy(ledger.balance() - self._capital),
            trade_count=self.trade_count,
            trigger_count=len(self.triggers),
            error=self.error,
        )


def _price(instrument: Instrument, name: str, value: Price | None) -> Decimal | None:
    if value is None:
        return None
    try:
        price = instrument.price(value)
    except (InvalidOperation, ValueError, TypeError):
        price = Decimal("NaN")
    if not price.is_finite() or abs(price) > LARGEST_PRICE:
        raise ValueError(f"{name} {value!r} is not a price")
    return price


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, not {value!r}")
    return safe_text(value)


def _volume(instrument: Instrument, value: Price) -> Decimal:
    try:
        amount = instrument.volume(value)
    except (ValueError, TypeError):
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"volume {value!r} is not a number")
    return amount


def _where(error: BaseException, kind: type[Strategy]) -> str:
    """One sentence: what was raised, and on which line of the strategy (not of what it called)."""
    files = _files_of(kind)
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if frame.filename in files), None)
    place = f" (line {frame.lineno} of {Path(frame.filename).name})" if frame else ""
    return f"{type(error).__name__}: {safe_text(error)}{place}"


def _files_of(kind: type[Strategy]) -> set[str]:
    """The source files of a strategy class and its ancestors, `Strategy` itself not among them."""
    own = kind.__mro__[: kind.__mro__.index(Strategy)]
    functions = (function for owner in own for function in vars(owner).values())
    return {f.__code__.co_filename for f in functions if isinstance(f, FunctionType)}
