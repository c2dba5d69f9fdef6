"""A person's commands about orders, positions and strategies, carried out on a run.

Every command is checked against what is so now (`closing.py`), journalled as an input, then
executed; given the same run it always does the same, which is how a session is rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine import commands as cmd, events as ev
from monitor.engine.closing import check_close, competing_orders
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.held import concerns
from monitor.engine.orderplan import OrderPlan, begun
from monitor.engine.readside import order_rows, position_row
from monitor.engine.rows import PositionRow
from monitor.engine.simulation import ACCOUNT_ID, Simulation
from monitor.engine.values import Offset, OrderType, Origin, Side, StrategyState, TimeInForce
from monitor.engine.waiting import exits_reduce, linked


def carry_out(run: Simulation, command: cmd.AnyCommand) -> Reply:
    """Accepted and done, or refused and nothing changed."""
    handler = _HANDLERS.get(type(command))
    if handler is None:
        return refused(f"{type(command).__name__} is not for a run.", "invalid")
    return handler(run, command)


def _take(run: Simulation, command: Any) -> None:
    run.emit(ev.CommandTaken(command=command))


def _submit(run: Simulation, command: cmd.SubmitOrder) -> Reply:
    request = _request_of(command)
    objection = _objection(run, command.strategy_id, request)
    if objection is not None:
        return objection
    _take(run, command)
    return _answer(run, (_create(run, command.strategy_id, request),))


def _submit_linked(run: Simulation, command: cmd.SubmitLinked) -> Reply:
    """All of them or none."""
    refusal = linked(command.kind, command.orders, 1)
    if isinstance(refusal, str):
        return refused(refusal)
    for number, request in enumerate(command.orders, start=1):
        objection = _objection(run, command.strategy_id, request, len(command.orders), always=True)
        if objection is not None:
            reason = f"Order {number} of {len(command.orders)}: {objection.reason}"
            return msgspec.structs.replace(objection, reason=reason)
    _take(run, command)
    plans = linked(command.kind, command.orders, run.last_order_id + 1)
    requests = exits_reduce(command.kind, command.orders)
    made = [
        _create(run, command.strategy_id, msgspec.structs.replace(request, plan=plan))
        for request, plan in zip(requests, plans, strict=True)
        if isinstance(plan, OrderPlan)
    ]
    return _answer(run, tuple(made))


def _request_of(command: cmd.SubmitOrder) -> cmd.OrderRequest:
    names = cmd.OrderRequest.__struct_fields__
    return cmd.OrderRequest(**{name: getattr(command, name) for name in names})


def _objection(
    run: Simulation, strategy_id: int, request: cmd.OrderRequest, count: int = 1, *, always: bool = False
) -> Reply | None:
    """Why this makes no order. One that waits (`always`: one of several) is checked as far as it can be
    before its time; others are answered by the exchange."""
    if strategy_id not in run.hosts:
        return refused(f"There is no strategy {strategy_id}.", "unknown")
    if request.symbol != run.instrument.symbol:
        return refused(f"{request.symbol} is not in this replay.", "unknown")
    if request.account_id not in {"", ACCOUNT_ID}:
        return refused(f"There is no account {request.account_id}.", "unknown")
    numbers = (request.quantity, request.price, request.trigger_price, request.trail)
    if not all(number is None or number.is_finite() for number in numbers):
        return refused("Volume and prices must be numbers.")
    if not (always or concerns(request.plan)):
        return None
    objection = run.objection_to_form(_intent(run, 0, strategy_id, request))
    if objection:
        return refused(f"{objection[0].upper()}{objection[1:]}.")
    return run.waiting_orders().room.refusal(request.plan, run.time_ns, count)


def _create(run: Simulation, strategy_id: int, request: cmd.OrderRequest) -> int:
    order_id = run.next_order_id()
    run.submit(_intent(run, order_id, strategy_id, request))
    return order_id


def _intent(run: Simulation, order_id: int, strategy_id: int, request: cmd.OrderRequest) -> ev.OrderCreated:
    """`client_order_id` only for what waits: it has a way to go before the exchange has it."""
    return ev.OrderCreated(
        order_id=order_id,
        strategy_id=strategy_id,
        account_id=ACCOUNT_ID,
        symbol=request.symbol,
        side=request.side,
        offset=request.offset,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        price=request.price,
        trigger_price=_trigger(run, request),
        trail=request.trail,
        expires_ns=request.expires_ns,
        reduce_only=request.reduce_only,
        origin=Origin.USER,
        client_order_id=f"R{order_id}" if concerns(request.plan) else "",
        plan=begun(request.plan, run.time_ns),
    )


def _trigger(run: Simulation, request: cmd.OrderRequest) -> Decimal | None:
    """Where a trailing stop begins, when it was not said."""
    last = run.last_price()
    if request.trail is None or request.trigger_price is not None or last is None:
        return request.trigger_price
    return last + request.trail if request.side is Side.BUY else last - request.trail


def _answer(run: Simulation, order_ids: tuple[int, ...]) -> Reply:
    """A venue's refusal of a new order is the command's refusal, in its words."""
    for order_id in order_ids:
        order = run.book.orders[order_id]
        if not order.status.active and not order.filled:
            return Reply(accepted=False, reason=order.reason, guard="invalid", order_ids=order_ids)
    return accepted(*order_ids)


def _cancel(run: Simulation, command: cmd.CancelOrder) -> Reply:
    order = run.book.orders.get(command.order_id)
    if order is None:
        return refused(f"There is no order {command.order_id}.", "unknown")
    if not order.status.active:
        return refused(f"Order {command.order_id} is {order.status} already.", "gone")
    _take(run, command)
    run.cancel(command.order_id, command.reason)
    return accepted()


def _cancel_many(run: Simulation, command: cmd.CancelOrders) -> Reply:
    unknown = [str(order_id) for order_id in command.order_ids if order_id not in run.book.orders]
    if unknown:
        return refused(f"There is no order {', '.join(unknown)}.", "unknown")
    if not command.order_ids:
        return refused("No order was named.", "invalid")
    if command.all and set(command.order_ids) != set(run.book.active):
        return refused(f"The working orders changed: {len(run.book.active)} by now.", "changed")
    _take(run, command)
    for order_id in command.order_ids:
        run.cancel(order_id, command.reason)
    return accepted()


def _positions(run: Simulation) -> dict[str, PositionRow]:
    rows = (position_row(run, position) for position in run.ledger.positions.values() if position.volume)
    return {row.position_id: row for row in rows}


def _check(run: Simulation, seen: cmd.SeenPosition, max_ticks: int) -> Reply:
    return check_close(
        seen,
        _positions(run).get(seen.position_id),
        order_rows(run.book.active.values()),
        max_ticks=max_ticks,
        now_ns=run.time_ns,
    )


def _close(run: Simulation, command: cmd.ClosePosition) -> Reply:
    verdict = _check(run, command.seen, command.max_ticks)
    if not verdict.accepted:
        return verdict
    objection = _close_objection(run, command)
    if objection:
        return refused(objection)
    _take(run, command)
    return _answer(run, (_close_now(run, command),))


def _close_objection(run: Simulation, command: cmd.ClosePosition) -> str:
    if not command.volume.is_finite() or not 0 < command.volume <= command.seen.volume:
        return f"Closing {command.volume} of {command.seen.volume}."
    if command.volume % run.instrument.lot:
        return f"{command.volume} is not a multiple of the lot {run.instrument.lot}."
    if command.type not in {OrderType.MARKET, OrderType.LIMIT}:
        return f"A close is a market or a limit order, not {command.type}."
    if (command.type is OrderType.LIMIT) is not (command.price is not None):
        return "A limit needs a price, a market order has none."
    price = command.price
    if price is not None and (not price.is_finite() or price % run.instrument.tick or price <= 0):
        return f"{command.price} is not a multiple of the tick {run.instrument.tick}."
    return ""


def _close_now(run: Simulation, command: cmd.ClosePosition) -> int:
    row = _positions(run)[command.seen.position_id]
    for order_id in competing_orders(row, order_rows(run.book.active.values())):
        run.cancel(order_id, "position is being closed")
    order_id = run.next_order_id()
    run.submit(
        ev.OrderCreated(
            order_id=order_id,
            strategy_id=row.strategy_id,
            account_id=row.account_id,
            symbol=row.symbol,
            side=row.direction.closing_side,
            offset=Offset.CLOSE,
            type=command.type,
            time_in_force=TimeInForce.GTC,
            quantity=command.volume,
            price=command.price,
            reduce_only=True,
            origin=Origin.USER,
        )
    )
    return order_id


def _close_all(run: Simulation, command: cmd.CloseAllPositions) -> Reply:
    if not command.seen:
        return refused("No position was named.")
    if {seen.position_id for seen in command.seen} != set(_positions(run)):
        return refused("The positions changed: others are open by now.", "changed")
    for seen in command.seen:
        verdict = _check(run, seen, command.max_ticks)
        if not verdict.accepted:
            return verdict
    _take(run, command)
    orders = [_close_now(run, cmd.ClosePosition(seen=seen, volume=seen.volume)) for seen in command.seen]
    return _answer(run, tuple(orders))


def _start(run: Simulation, command: cmd.StartStrategy) -> Reply:
    host = run.hosts.get(command.strategy_id)
    if host is None:
        return refused(f"There is no strategy {command.strategy_id}.", "unknown")
    if host.state is StrategyState.RUNNING:
        return refused(f"{host.spec.name} is running already.", "changed")
    _take(run, command)
    host.start()
    run.strategy_changed(command.strategy_id)
    return accepted()


def _stop(run: Simulation, command: cmd.StopStrategy) -> Reply:
    host = run.hosts.get(command.strategy_id)
    if host is None:
        return refused(f"There is no strategy {command.strategy_id}.", "unknown")
    if host.state is not StrategyState.RUNNING:
        return refused(f"{host.spec.name} is not running.", "changed")
    _take(run, command)
    host.stop()
    run.strategy_changed(command.strategy_id)
    return accepted()


_HANDLERS: dict[type, Callable[[Simulation, Any], Reply]] = {
    cmd.SubmitOrder: _submit,
    cmd.SubmitLinked: _submit_linked,
    cmd.CancelOrder: _cancel,
    cmd.CancelOrders: _cancel_many,
    cmd.ClosePosition: _close,
    cmd.CloseAllPositions: _close_all,
    cmd.StartStrategy: _start,
    cmd.StopStrategy: _stop,
}
