"""The routes that change something: orders, the engine's state, the books. Off unless a setting says on.

Each turns one body into one command of the engine and its reply into an answer; decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.boundary import OrderQuery, ServerDoor
from monitor.engine import commands as cmd
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import OrderRow
from monitor.engine.values import NS_PER_SECOND, OrderType, Side, World
from monitor.engine.waiting.conditions import ConditionError, canonical, parse, parse_all
from monitor.net import bodies, queries
from monitor.net.answers import json_answer, wires
from monitor.net.bodies import Body, decoded, received
from monitor.net.commanding import Commander, origin_of, refusal_of
from monitor.net.present import Present
from monitor.net.problems import Problem, invalid
from monitor.net.queries import Query
from monitor.net.wire import NS_PER_MS

B = TypeVar("B", bound=Body)
Told = dict[str, Any]
"""Who asks: what every command says."""

_OFF = (
    "Programs may not give orders here: mirror.trading is off. Whoever can run a program on this machine "
    "may trade once it is on."
)


class TradeRoutes:
    def __init__(self, door: ServerDoor, present: Present, *, trading: bool) -> None:
        self._door = door
        self._present = present
        self._trading = trading
        self._commander = Commander(door)

    def table(self) -> list[Route]:
        order = "/api/order/{order_id}"
        return [
            _post("/api/conditions/check", self.check_condition),
            self._route("/api/order/submit", bodies.SubmitBody, self._submit),
            self._route("/api/orders/advanced", bodies.AdvancedBody, self._advanced),
            self._route("/api/orders/conditional", bodies.AdvancedBody, self._conditional),
            self._route("/api/orders/linked", bodies.LinkedBody, self._linked),
            self._route("/api/orders/cancel", bodies.CancelManyBody, _cancel_many),
            self._route(f"{order}/cancel", bodies.CancelBody, _cancel),
            self._route(f"{order}/replace", bodies.ReplaceBody, _replace),
            self._route(f"{order}/decide", bodies.DecideBody, _decide),
            self._route(f"{order}/resolve", bodies.ResolveBody, _resolve),
            self._route("/api/system/emergency-stop", bodies.StopBody, _stop),
            self._route("/api/system/reconcile", bodies.ReconcileBody, _reconcile),
            self._route("/api/alerts/{alert_id}/acknowledge", bodies.EmptyBody, _acknowledge),
            self._route("/api/positions/adjust", bodies.AdjustBody, _adjust),
            self._route("/api/account/transfer", bodies.TransferBody, _transfer),
        ]

    async def check_condition(self, request: Request) -> Response:
        """The canonical text of a condition, or what is wrong with it and where. Changes nothing."""
        Query(request.query_params).done()
        body = decoded(await received(request), bodies.ConditionBody)
        try:
            found = parse(body.condition)
        except ConditionError as error:
            raise _no_condition(error, "condition") from None
        return json_answer({"condition": canonical(found), "conditions": [str(one) for one in found]})

    def _route(
        self, path: str, kind: type[B], command_of: Callable[[Request, B, Told], cmd.AnyCommand]
    ) -> Route:
        async def answer(request: Request) -> Response:
            if not self._trading:
                raise Problem(403, "trading-off", _OFF)
            Query(request.query_params).done()
            body = await received(request)
            asked = decoded(body, kind)
            command = command_of(request, asked, {"origin": origin_of(request)})
            command = msgspec.structs.replace(command, key=self._commander.key_of(request, body))
            reply = await self._commander.submit(command)
            if not reply.accepted:
                raise refusal_of(reply)
            return await self._accepted(reply, _meant(command))

        return _post(path, answer)

    async def _accepted(self, reply: cmd.Reply, meant: tuple[int, ...]) -> Response:
        """With the rows as they are by now of the orders that were made, or else were meant."""
        rows = [await self._row(order_id) for order_id in reply.order_ids or meant]
        return json_answer(
            {
                "accepted": True,
                "order_ids": reply.order_ids,
                "reason": reply.reason,
                "orders": wires(row for row in rows if row is not None),
            }
        )

    async def _row(self, order_id: int) -> OrderRow | None:
        row = self._present.order(order_id)
        if row is None:  # an answer given again, of an order that ended long ago
            found = (await self._door.finished_orders(OrderQuery(order_id=order_id, size=1))).orders
            row = found[0] if found else None
        return row

    # Orders ------------------------------------------------------------------------------------
    def _submit(self, _: Request, body: bodies.SubmitBody, told: Told) -> cmd.AnyCommand:
        plan = OrderPlan(execute_immediately=body.execute_immediately, priority=body.priority)
        return cmd.SubmitOrder(
            **told, **_fields(body), strategy_id=self._strategy(body.strategy_id), plan=plan
        )

    def _linked(self, _: Request, body: bodies.LinkedBody, told: Told) -> cmd.AnyCommand:
        orders = tuple(cmd.OrderRequest(**_fields(order)) for order in body.orders)
        return cmd.SubmitLinked(
            **told, strategy_id=self._strategy(body.strategy_id), kind=body.kind, orders=orders
        )

    def _conditional(self, request: Request, body: bodies.AdvancedBody, told: Told) -> cmd.AnyCommand:
        if not body.conditions:
            raise invalid("conditions", "conditions: a conditional order needs one to five of them.")
        return self._advanced(request, body, told)

    def _advanced(self, _: Request, body: bodies.AdvancedBody, told: Told) -> cmd.AnyCommand:
        return cmd.SubmitOrder(
            **told,
            strategy_id=self._strategy(body.strategy_id),
            symbol=body.instrument_name,
            side=Side(body.direction.upper()),
            offset=body.offset,
            type=OrderType(body.order_type.upper()),
            quantity=body.amount,
            price=body.price,
            trigger_price=body.trigger_price,
            trail=body.trail,
            time_in_force=body.time_in_force,
            expires_ns=_ns(body.expires_ms),
            reduce_only=body.reduce_only,
            account_id=body.account_id,
            plan=self._plan(body),
        )

    def _plan(self, body: bodies.AdvancedBody) -> OrderPlan:
        expires_ns = None if body.expiration is None else self._now_ns() + body.expiration * NS_PER_SECOND
        return OrderPlan(
            priority=body.priority,
            execute_immediately=body.execute_immediately,
            delay_s=body.delay_s,
            not_before_ns=_ns(body.not_before_ms),
            conditions=_sound(body.conditions or ()),
            latched=body.latched,
            expires_ns=expires_ns,
            auto_cancel_s=body.auto_cancel_s,
            partial=body.partial,
            partial_after_s=body.partial_after_s,
            on_failure=body.on_failure,
            second_venue=body.second_venue,
            metadata=body.metadata or {},
        )

    @property
    def _replaying(self) -> bool:
        return self._present.session is not None and self._present.session.world is World.REPLAY

    def _strategy(self, strategy_id: int | None) -> int:
        """0 is none; the orders of a replay belong to its strategy."""
        if strategy_id is None:
            return next(iter(self._present.strategies), 0) if self._replaying else 0
        return strategy_id

    def _now_ns(self) -> int:
        """The clock of the world: a replay has its own."""
        replay = self._present.replay
        if self._replaying and replay is not None:
            return replay.first_ns if replay.time_ns is None else replay.time_ns
        return time.time_ns()


def _post(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, answer, methods=["POST"])


def _fields(body: bodies.OrderBody) -> dict[str, Any]:
    """Those of an order request: the same names, but for the moment."""
    names = set(cmd.OrderRequest.__struct_fields__) - {"expires_ns", "plan"}
    return {name: getattr(body, name) for name in names} | {"expires_ns": _ns(body.expires_ms)}


def _ns(moment_ms: int | None) -> int | None:
    return None if moment_ms is None else moment_ms * NS_PER_MS


def _sound(conditions: tuple[str, ...]) -> tuple[str, ...]:
    """As they are, when they can be read."""
    for number, text in enumerate(conditions):
        try:
            parse(text)
        except ConditionError as error:
            raise _no_condition(error, f"conditions[{number}]") from None
    try:
        parse_all(conditions)
    except ConditionError as error:
        raise _no_condition(error, "conditions") from None
    return conditions


def _no_condition(error: ConditionError, field: str) -> Problem:
    return Problem(422, "invalid-condition", error.sentence, field=field, position=error.position)


def _meant(command: cmd.AnyCommand) -> tuple[int, ...]:
    """Orders that a command names: their rows are in its answer."""
    match command:
        case cmd.CancelOrder() | cmd.ReplaceOrder() | cmd.DecideOrder() | cmd.ResolveOrder():
            return (command.order_id,)
        case cmd.CancelOrders():
            return command.order_ids
    return ()


def _order(request: Request) -> int:
    return queries.order_id(request.path_params)


def _cancel(request: Request, body: bodies.CancelBody, told: Told) -> cmd.AnyCommand:
    return cmd.CancelOrder(**told, order_id=_order(request), reason=body.reason)


def _cancel_many(_: Request, body: bodies.CancelManyBody, told: Told) -> cmd.AnyCommand:
    return cmd.CancelOrders(**told, order_ids=body.order_ids, reason=body.reason, all=body.all)


def _replace(request: Request, body: bodies.ReplaceBody, told: Told) -> cmd.AnyCommand:
    return cmd.ReplaceOrder(
        **told,
        order_id=_order(request),
        quantity=body.quantity,
        price=body.price,
        trigger_price=body.trigger_price,
    )


def _decide(request: Request, body: bodies.DecideBody, told: Told) -> cmd.AnyCommand:
    return cmd.DecideOrder(**told, order_id=_order(request), decision=body.decision)


def _resolve(request: Request, body: bodies.ResolveBody, told: Told) -> cmd.AnyCommand:
    return cmd.ResolveOrder(**told, order_id=_order(request), resolution=body.resolution)


def _stop(_: Request, body: bodies.StopBody, told: Told) -> cmd.AnyCommand:
    return cmd.SetEngineState(**told, state=body.state, reason=body.reason)


def _reconcile(_: Request, body: bodies.ReconcileBody, told: Told) -> cmd.AnyCommand:
    return cmd.Reconcile(**told, account_id=body.account_id)


def _acknowledge(request: Request, _: bodies.EmptyBody, told: Told) -> cmd.AnyCommand:
    alert_id = queries.identity("alert_id", request.path_params["alert_id"])
    return cmd.AcknowledgeAlert(**told, alert_id=alert_id)


def _adjust(_: Request, body: bodies.AdjustBody, told: Told) -> cmd.AnyCommand:
    return cmd.AdjustPosition(
        **told,
        account_id=body.account_id,
        symbol=body.symbol,
        direction=body.direction,
        volume=body.volume,
        average_price=body.average_price,
        reason=body.reason,
    )


def _transfer(_: Request, body: bodies.TransferBody, told: Told) -> cmd.AnyCommand:
    return cmd.MoveMoney(
        **told, account_id=body.account_id, amount=body.amount, currency=body.currency, note=body.note
    )
