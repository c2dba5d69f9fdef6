"""Every fact of the journal as one short sentence, and the texts of tables and verdicts.

Owns words only: it decides nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.engine import commands as cmd, events as ev
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import OrderType, Origin
from monitor.journal.venue_wording import VENUE_SENTENCES, because, changed, money, volume_of

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
    what = f"{event.side} {event.quantity:f} {event.symbol} {_price(event)} {ends}"
    if event.origin is Origin.EXTERNAL:
        return f"order {event.order_id} found at the venue{_name(event.venue_order_id)}: {what}{only}"
    return f"order {event.order_id}: {what}, given by the {event.origin}{only}{_waits(event.plan)}"


def _name(venue_order_id: str) -> str:
    return f" ({venue_order_id})" if venue_order_id else ""


def _waits(plan: OrderPlan) -> str:
    """What it is to wait for."""
    waits = [f"when {condition}" for condition in plan.conditions]
    if plan.not_before_ns is not None:
        waits.append("not before its time")
    if plan.parent_id is not None:
        waits.append(f"after order {plan.parent_id}")
    if plan.group_id is not None:
        waits.append(f"one of the group of order {plan.group_id}")
    return "".join(f", {wait}" for wait in waits)


def _price(order: ev.OrderCreated | cmd.OrderRequest | cmd.SubmitOrder) -> str:
    prices = [f"{price:f}" for price in (order.trigger_price, order.price) if price is not None]
    words = " ".join([_TYPES[order.type], " / ".join(prices)]).strip()
    trail = getattr(order, "trail", None)
    return f"{words}, {trail:f} behind" if trail is not None else words


def _filled(event: ev.TradeExecuted) -> str:
    costs = f", slippage {money(event.slippage)}" if event.slippage else ""
    currency = f" {event.fee_currency}" if event.fee_currency else ""
    filled = "liquidated" if event.liquidation else "filled"
    if event.provisional:
        filled = "filled, by the venue's total,"
    return (
        f"order {event.order_id} {filled} {event.volume:f} at {event.price:f}, "
        f"fee {money(event.commission)}{currency}{costs}"
    )


def _ended(word: str) -> Callable[[Any], str]:
    def say(event: ev.Verdict) -> str:
        inferred = ", inferred" if getattr(event, "provisional", False) else ""
        return (
            f"order {event.order_id}{_name(event.venue_order_id)} {word}"
            f"{volume_of(event.cumulative)}{inferred}{because(event.reason)}"
        )

    return say


def _triggered(event: ev.StrategyTriggered) -> str:
    price = "" if event.price is None else f" at {event.price:f}"
    order = "" if event.order_id is None else f", order {event.order_id}"
    return f"strategy {event.strategy_id}: {event.action}{price}{order}{because(event.condition)}"


def _taken(event: ev.CommandTaken) -> str:
    say = _COMMANDS.get(type(event.command))
    return f"{event.command.origin} asked: {say(event.command) if say else type(event.command).__name__}"


def _request(order: cmd.OrderRequest | cmd.SubmitOrder) -> str:
    what = f"{order.side} {order.quantity:f} {order.symbol} {_price(order)} {order.offset.lower()}"
    return f"{what}{_waits(order.plan)}"


def _close(command: cmd.ClosePosition) -> str:
    price = "at market" if command.price is None else f"at {command.price:f}"
    return f"close {command.volume:f} of {command.seen.position_id} {price}"


def _cancel_many(command: cmd.CancelOrders) -> str:
    return f"cancel orders {', '.join(map(str, command.order_ids))}"


_COMMANDS: dict[type, Callable[[Any], str]] = {
    cmd.StartStrategy: lambda command: f"start strategy {command.strategy_id}",
    cmd.StopStrategy: lambda command: f"stop strategy {command.strategy_id}",
    cmd.SubmitOrder: _request,
    cmd.CancelOrder: lambda command: f"cancel order {command.order_id}",
    cmd.CancelOrders: _cancel_many,
    cmd.ClosePosition: _close,
    cmd.CloseAllPositions: lambda command: f"close all {len(command.seen)} positions",
    cmd.SubmitLinked: lambda command: f"{command.kind}: {'; '.join(map(_request, command.orders))}",
    cmd.ReplaceOrder: lambda command: f"change order {command.order_id}{changed(command)}",
    cmd.DecideOrder: lambda command: f"order {command.order_id}: {command.decision}",
    cmd.ResolveOrder: lambda command: f"order {command.order_id}: {command.resolution.replace('_', ' ')}",
    cmd.SetEngineState: lambda command: f"engine {command.state}{because(command.reason)}",
    cmd.Reconcile: lambda command: f"compare {command.account_id or 'all accounts'} with the venue",
    cmd.MoveMoney: lambda command: (
        f"book {money(command.amount)} {command.currency} to {command.account_id}{because(command.note)}"
    ),
    cmd.AdjustPosition: lambda command: (
        f"{command.account_id} has {command.volume:f} {command.symbol} {command.direction}"
        f"{because(command.reason)}"
    ),
    cmd.AcknowledgeAlert: lambda command: f"alert {command.alert_id} noted",
}

_SENTENCES: dict[type, Callable[[Any], str]] = {
    **VENUE_SENTENCES,
    ev.OrderCreated: _created,
    ev.OrderPlaced: lambda event: f"order {event.order_id} is at the venue{_name(event.venue_order_id)}",
    ev.OrderTriggered: lambda event: f"order {event.order_id} was triggered",
    ev.TriggerMoved: lambda event: f"order {event.order_id}: its stop moved to {event.trigger_price:f}",
    ev.TradeExecuted: _filled,
    ev.CancelRequested: lambda event: f"order {event.order_id} is to be cancelled{because(event.reason)}",
    ev.CancelRejected: lambda event: f"order {event.order_id} was not cancelled{because(event.reason)}",
    ev.OrderCanceled: _ended("cancelled"),
    ev.OrderRejected: _ended("rejected"),
    ev.OrderExpired: _ended("expired"),
    ev.StrategyTriggered: _triggered,
    ev.StrategyStarted: lambda event: f"strategy {event.strategy_id} started",
    ev.StrategyStopped: lambda event: f"strategy {event.strategy_id} stopped",
    ev.StrategyFailed: lambda event: f"strategy {event.strategy_id} failed{because(event.error)}",
    ev.CommandTaken: _taken,
    ev.BarsReplayed: lambda event: f"replayed to bar {event.bar}",
    ev.Rewound: lambda event: (
        "begun again: everything before is void"
        if event.reset
        else f"went back to bar {event.bar}: what came after it is void"
    ),
}
