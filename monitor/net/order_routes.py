"""The routes that read what trading knows: orders, the queue, records, executions, signals, alerts
and the state of the system. Reads the present or asks the core's door; keeps nothing.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.boundary import (
    AlertQuery,
    ExecutionQuery,
    OrderQuery,
    RecordQuery,
    ServerDoor,
    SignalQuery,
    TradeQuery,
)
from monitor.engine.rows import (
    AlertRow,
    ExecutionRow,
    LinkRow,
    OrderRow,
    PositionRecordRow,
    SignalRow,
)
from monitor.engine.values import InnerState, OrderFlag
from monitor.net import queries
from monitor.net.answers import json_answer, page_answer, wires
from monitor.net.present import Present
from monitor.net.problems import Problem
from monitor.net.queries import MAX_SIZE, Query
from monitor.net.wire import NS_PER_MS, Wire, now_ms, to_wire

MOST_ALERTS = 200
_UNSAID = (InnerState.CANCEL_IN_FLIGHT, InnerState.UNKNOWN)

Q = TypeVar("Q", bound=msgspec.Struct)


class OrderRoutes:
    def __init__(self, door: ServerDoor, present: Present) -> None:
        self._door = door
        self._present = present

    def table(self) -> list[Route]:
        return [
            Route("/api/orders/active", self.active, methods=["GET"]),
            Route("/api/orders/history", self.history, methods=["GET"]),
            Route("/api/orders/{order_id:int}", self.order, methods=["GET"]),
            Route("/api/queue", self.queue, methods=["GET"]),
            Route("/api/positions/records", self.records, methods=["GET"]),
            Route("/api/positions/statistics", self.statistics, methods=["GET"]),
            Route("/api/executions", self.executions, methods=["GET"]),
            Route("/api/executions/summary", self.execution_summary, methods=["GET"]),
            Route("/api/signals", self.signals, methods=["GET"]),
            Route("/api/alerts", self.alerts, methods=["GET"]),
            Route("/api/system", self.system, methods=["GET"]),
        ]

    # Orders ------------------------------------------------------------------------------------
    async def active(self, request: Request) -> Response:
        """All that are not finished, of every strategy, oldest first."""
        query = Query(request.query_params)
        strategy_id = query.read("strategy_id", queries.identity)
        account_id = query.read("account_id", queries.account)
        symbol = query.read("symbol", queries.symbol)
        query.done()
        rows = [
            row
            for row in self._present.all_active()
            if strategy_id in {None, row.strategy_id}
            and account_id in {None, row.account_id}
            and symbol in {None, row.symbol}
        ]
        return json_answer(wires(rows))

    async def history(self, request: Request) -> Response:
        """Finished orders of every strategy, newest first, by page."""
        query = Query(request.query_params)
        asked = OrderQuery(
            strategy_id=query.read("strategy_id", queries.identity),
            symbol=query.read("symbol", queries.symbol),
            status=query.read("status", queries.status),
            **_paging(query),
        )
        query.done()
        found = await self._door.finished_orders(asked)
        return page_answer(request, "orders", OrderRow, found.orders, found)

    async def order(self, request: Request) -> Response:
        """One order and all that is kept of it: what it waits for, its fills, how it was executed,
        what was told of it, what it changed, what was raised about it."""
        Query(request.query_params).done()
        order_id = queries.identity("order_id", str(request.path_params["order_id"]))
        row = self._present.order(order_id) or await self._finished(order_id)
        whole: Any = {"order_id": order_id, "size": MAX_SIZE}
        executions = (await self._door.executions(ExecutionQuery(**whole))).executions
        waiting = self._present.waiting.get(order_id)
        return json_answer(
            {
                "order": to_wire(row),
                "waiting": to_wire(waiting) if waiting is not None else None,
                "trades": wires((await self._door.trades(TradeQuery(**whole))).trades),
                "execution": to_wire(executions[0]) if executions else None,
                "signals": wires((await self._door.signals(SignalQuery(**whole))).signals),
                "records": wires(
                    (await self._door.position_records(RecordQuery(**whole, include_archive=True))).records
                ),
                "alerts": wires((await self._door.alerts(AlertQuery(**whole))).alerts),
                "evidence": wires(one for one in self._present.evidence.values() if one.order_id == order_id),
            }
        )

    async def _finished(self, order_id: int) -> OrderRow:
        found = (await self._door.finished_orders(OrderQuery(order_id=order_id, size=1))).orders
        if not found:
            raise Problem(404, "unknown-order", f"There is no order {order_id}.", field="order_id")
        return found[0]

    async def queue(self, request: Request) -> Response:
        """Statistics and all that waits before the venue, in the order of their turn."""
        Query(request.query_params).done()
        present = self._present
        return json_answer({"statistics": to_wire(present.queue), "waiting": wires(present.in_queue_order())})

    # Records -----------------------------------------------------------------------------------
    async def records(self, request: Request) -> Response:
        """Changes of positions with their causes, newest first; CSV for who accepts only that."""
        query = Query(request.query_params)
        asked = RecordQuery(
            **_of_records(query),
            order_id=query.read("order_id", queries.identity),
            type=query.read("type", queries.record_type),
            **_paging(query),
        )
        query.done()
        found = await self._door.position_records(asked)
        return page_answer(request, "records", PositionRecordRow, found.records, found)

    async def statistics(self, request: Request) -> Response:
        """Over all records of an account, a symbol, a strategy, a span of time. Not by type: without
        its corrections a position does not add up."""
        query = Query(request.query_params)
        asked = RecordQuery(
            **_of_records(query),
            from_ns=query.read("from", queries.instant),
            to_ns=query.read("to", queries.instant),
        )
        query.done()
        return json_answer(to_wire(await self._door.record_statistics(asked)))

    async def executions(self, request: Request) -> Response:
        query = Query(request.query_params)
        asked = ExecutionQuery(
            order_id=query.read("order_id", queries.identity),
            account_id=query.read("account_id", queries.account),
            symbol=query.read("symbol", queries.symbol),
            venue=query.read("venue", queries.word),
            **_paging(query),
        )
        query.done()
        found = await self._door.executions(asked)
        return page_answer(request, "executions", ExecutionRow, found.executions, found)

    async def execution_summary(self, request: Request) -> Response:
        """Over all orders of the session, and by symbol and venue; null in a replay."""
        Query(request.query_params).done()
        summary = self._door.execution_summary()
        return json_answer(summary and to_wire(summary))

    async def signals(self, request: Request) -> Response:
        query = Query(request.query_params)
        asked = SignalQuery(
            order_id=query.read("order_id", queries.identity),
            account_id=query.read("account_id", queries.account),
            symbol=query.read("symbol", queries.symbol),
            kind=query.read("kind", queries.signal_kind),
            **_paging(query),
        )
        query.done()
        found = await self._door.signals(asked)
        return page_answer(request, "signals", SignalRow, found.signals, found)

    async def alerts(self, request: Request) -> Response:
        query = Query(request.query_params)
        asked = AlertQuery(
            standing=query.read("standing", queries.switch),
            level=query.read("level", queries.level),
            cause=query.read("cause", queries.word),
            order_id=query.read("order_id", queries.identity),
            account_id=query.read("account_id", queries.account),
            symbol=query.read("symbol", queries.symbol),
            **_paging(query),
        )
        query.done()
        found = await self._door.alerts(asked)
        return page_answer(request, "alerts", AlertRow, found.alerts, found)

    # The system --------------------------------------------------------------------------------
    async def system(self, request: Request) -> Response:
        """What the system page shows, at one moment."""
        Query(request.query_params).done()
        present, session = self._present, self._present.session
        standing = present.standing_alerts()
        stats = to_wire(self._door.stats())
        stats.pop("beat_s", None)  # this process' own clock: it means nothing outside
        return json_answer(
            {
                "time_ms": now_ms(),
                "session": session and to_wire(session),
                "engine_state": session and session.engine_state,
                "engine_reason": (session.engine_reason or session.notice) if session else "",
                "links": [_link(row) for row in present.links.values()],
                "queue": to_wire(present.queue),
                "evidence": wires(present.evidence.values()),
                "alerts": wires(standing[:MOST_ALERTS]),
                "alerts_standing": len(standing),
                "stragglers": wires(row for row in present.all_active() if is_straggler(row)),
                "stats": stats,
            }
        )


def is_straggler(row: OrderRow) -> bool:
    """Whether its end was asked for, or its state is unknown, and the venue has not said."""
    return row.inner_state in _UNSAID or OrderFlag.CANCEL_PENDING in row.flags


def _paging(query: Query) -> dict[str, Any]:
    return {
        "from_ns": query.read("from", queries.instant),
        "to_ns": query.read("to", queries.instant),
        "page": query.read("page", queries.page) or 1,
        "size": query.read("size", queries.size) or 50,
    }


def _of_records(query: Query) -> dict[str, Any]:
    return {
        "account_id": query.read("account_id", queries.account),
        "symbol": query.read("symbol", queries.symbol),
        "strategy_id": query.read("strategy_id", queries.identity),
        "include_archive": query.read("include_archive", queries.switch) or False,
    }


def _link(row: LinkRow) -> Wire:
    """With its ages by this moment: how long ago it said something, how long until the next try."""
    now_ns = time.time_ns()
    last, due = row.last_message_ns, row.next_try_ns
    return to_wire(row) | {
        "age_ms": None if last is None else max(0, now_ns - last) // NS_PER_MS,
        "next_try_in_ms": None if due is None else max(0, due - now_ns) // NS_PER_MS,
    }
