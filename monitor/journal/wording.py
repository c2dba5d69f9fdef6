"""Every fact of the journal as one short sentence, and the texts of tables and verdicts.

Owns words only: it decides nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from monitor.engine import commands as cmd, events as ev
from monitor.engine.values import OrderType, tidy

_TYPES = {
    OrderType.MARKET: "at market",
    OrderType.LIMIT: "limit",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop-limit",
    OrderType.TRAILING: "trailing stop",
}


def one_line(text: str) -> str:
    """What somebody wrote, without anything that would break a line or steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def sentence(event: ev.AnyEvent) -> str:
    """What happened."""
    return one_line(_SENTENCES[type(event)](event))


def _created(event: ev.OrderCreated) -> str:
    ends = "to open" if event.offset == "OPEN" else f"to {event.offset.value.lower().replace('_', ' ')}"
    only = ", reduce only" if event.reduce_only else ""
    return (
        f"order {event.order_id}: {event.side} {event.quantity:f} {event.symbol} "
        f"{_price(event)} {ends}, given by the {event.origin}{only}"
    )


def _price(order: ev.OrderCreated | cmd.SubmitOrder) -> str:
    prices = [f"{price:f}" for price in (order.trigger_price, order.price) if price is not None]
    words = " ".join([_TYPES[order.type], " / ".join(prices)]).strip()
    trail = getattr(order, "trail", None)
    return f"{words}, {trail:f} behind" if trail is not None else words


def _filled(event: ev.TradeExecuted) -> str:
    costs = f", slippage {_money(event.slippage)}" if event.slippage else ""
    return (
        f"order {event.order_id} filled {event.volume:f} at {event.price:f}, "
        f"fee {_money(event.commission)}{costs}"
    )


def _money(amount: Decimal) -> str:
    return f"{tidy(amount):f}"


def _ended(word: str) -> Callable[[Any], str]:
    def say(event: ev.Verdict) -> str:
        return f"order {event.order_id} {word}{_because(event.reason)}"

    return say


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _triggered(event: ev.StrategyTriggered) -> str:
    price = "" if event.price is None else f" at {event.price:f}"
    order = "" if event.order_id is None else f", order {event.order_id}"
    return f"strategy {event.strategy_id}: {event.action}{price}{order}{_because(event.condition)}"


def _taken(event: ev.CommandTaken) -> str:
    say = _COMMANDS.get(type(event.command))
    return f"{event.command.origin} asked: {say(event.command) if say else type(event.command).__name__}"


def _submit(command: cmd.SubmitOrder) -> str:
    return f"{command.side} {command.quantity:f} {command.symbol} {_price(command)} {command.offset.lower()}"


def _close(command: cmd.ClosePosition) -> str:
    price = "at market" if command.price is None else f"at {command.price:f}"
    return f"close {command.volume:f} of {command.seen.position_id} {price}"


def _cancel_many(command: cmd.CancelOrders) -> str:
    return f"cancel orders {', '.join(map(str, command.order_ids))}"


_COMMANDS: dict[type, Callable[[Any], str]] = {
    cmd.StartStrategy: lambda command: f"start strategy {command.strategy_id}",
    cmd.StopStrategy: lambda command: f"stop strategy {command.strategy_id}",
    cmd.SubmitOrder: _submit,
    cmd.CancelOrder: lambda command: f"cancel order {command.order_id}",
    cmd.CancelOrders: _cancel_many,
    cmd.ClosePosition: _close,
    cmd.CloseAllPositions: lambda command: f"close all {len(command.seen)} positions",
}

_SENTENCES: dict[type, Callable[[Any], str]] = {
    ev.OrderCreated: _created,
    ev.OrderPlaced: lambda event: f"order {event.order_id} is at the venue",
    ev.OrderTriggered: lambda event: f"order {event.order_id} was triggered",
    ev.TriggerMoved: lambda event: f"order {event.order_id}: its stop moved to {event.trigger_price:f}",
    ev.TradeExecuted: _filled,
    ev.CancelRequested: lambda event: f"order {event.order_id} is to be cancelled{_because(event.reason)}",
    ev.CancelRejected: lambda event: f"order {event.order_id} was not cancelled{_because(event.reason)}",
    ev.OrderCanceled: _ended("cancelled"),
    ev.OrderRejected: _ended("rejected"),
    ev.OrderExpired: _ended("expired"),
    ev.StrategyTriggered: _triggered,
    ev.StrategyStarted: lambda event: f"strategy {event.strategy_id} started",
    ev.StrategyStopped: lambda event: f"strategy {event.strategy_id} stopped",
    ev.StrategyFailed: lambda event: f"strategy {event.strategy_id} failed{_because(event.error)}",
    ev.CommandTaken: _taken,
    ev.BarsReplayed: lambda event: f"replayed to bar {event.bar}",
    ev.Rewound: lambda event: (
        "begun again: everything before is void"
        if event.reset
        else f"went back to bar {event.bar}: what came after it is void"
    ),
}
