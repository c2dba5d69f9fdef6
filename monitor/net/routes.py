"""The REST routes: each turns one address into one question, and the answer into JSON.

Reads the present or asks the core's door; keeps nothing. Refusals are `Problem`s.
"""

from __future__ import annotations

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.boundary import OrderQuery, ServerDoor, TradeQuery
from monitor.engine.commands import ResetReplay
from monitor.engine.rows import AccountRow, OrderRow, TradeRow
from monitor.net import queries
from monitor.net.answers import json_answer, page_answer, wires
from monitor.net.commanding import Commander, origin_of, status_of
from monitor.net.curve import EquityCurve, thinned
from monitor.net.present import Present
from monitor.net.problems import Problem
from monitor.net.queries import Query
from monitor.net.wire import NS_PER_MS, Wire, to_wire

DEFAULT_POINTS = 2_000


class Routes:
    def __init__(self, door: ServerDoor, present: Present) -> None:
        self._door = door
        self._present = present
        self._commander = Commander(door)

    def table(self) -> list[Route]:
        orders = "/api/backtest/orders/{strategy_id}"
        return [
            Route(orders, self.active_orders, methods=["GET"]),
            Route(orders, self.reset, methods=["DELETE"]),
            Route(orders + "/history", self.order_history, methods=["GET"]),
            Route("/api/positions", self.positions, methods=["GET"]),
            Route("/api/account", self.account, methods=["GET"]),
            Route("/api/account/equity", self.equity, methods=["GET"]),
            Route("/api/trades", self.trades, methods=["GET"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]

    async def active_orders(self, request: Request) -> Response:
        """Created, placed and partly filled orders of a strategy, oldest first."""
        strategy_id = queries.strategy_id(request.path_params)
        Query(request.query_params).done()
        self._must_know(strategy_id)
        return json_answer(wires(self._present.oldest_first(strategy_id)))

    async def order_history(self, request: Request) -> Response:
        """Finished orders of a strategy, newest first, by page."""
        query = Query(request.query_params)
        asked = OrderQuery(
            strategy_id=queries.strategy_id(request.path_params),
            page=query.read("page", queries.page) or 1,
            size=query.read("size", queries.size) or 50,
            symbol=query.read("symbol", queries.symbol),
            status=query.read("status", queries.status),
            from_ns=query.read("from", queries.instant),
            to_ns=query.read("to", queries.instant),
        )
        query.done()
        found = await self._door.finished_orders(asked)
        if not found.total:
            self._must_know(asked.strategy_id)
        return page_answer(request, "orders", OrderRow, found.orders, found)

    async def reset(self, request: Request) -> Response:
        """Back to before the first bar; the clear reaches every client and the window."""
        strategy_id = queries.strategy_id(request.path_params)
        Query(request.query_params).done()
        self._must_know(strategy_id)
        reply = await self._commander.submit(ResetReplay(strategy_id=strategy_id, origin=origin_of(request)))
        if not reply.accepted:
            message = reply.reason or "The engine refused."
            guard = reply.guard or "refused"
            raise Problem(status_of(guard), guard, message, success=False, message=message)
        return json_answer({"success": True, "message": reply.reason or "The replay was reset."})

    async def positions(self, request: Request) -> Response:
        Query(request.query_params).done()
        return json_answer(wires(self._present.positions.values()))

    async def account(self, request: Request) -> Response:
        """One account: the one named, or the first."""
        query = Query(request.query_params)
        account_id = query.read("account_id", queries.account)
        query.done()
        return json_answer(to_wire(self._account(account_id)))

    async def equity(self, request: Request) -> Response:
        """The curve of an account between two times, thinned to at most `points` samples;
        `drawdown` is the fraction below the highest equity before."""
        query = Query(request.query_params)
        account_id = query.read("account_id", queries.account)
        from_ns = query.read("from", queries.instant)
        to_ns = query.read("to", queries.instant)
        points = query.read("points", queries.points) or DEFAULT_POINTS
        query.done()
        row = self._account(account_id)
        curve = self._present.curves.get(row.account_id, EquityCurve())
        return json_answer(
            {"account_id": row.account_id, "currency": row.currency} | _cut(curve, from_ns, to_ns, points)
        )

    async def trades(self, request: Request) -> Response:
        """Trades that match, newest first, by page; CSV for who accepts only that."""
        query = Query(request.query_params)
        asked = TradeQuery(
            strategy_id=query.read("strategy_id", queries.identity),
            order_id=query.read("order_id", queries.identity),
            page=query.read("page", queries.page) or 1,
            size=query.read("size", queries.size) or 50,
            symbol=query.read("symbol", queries.symbol),
            from_ns=query.read("from", queries.instant),
            to_ns=query.read("to", queries.instant),
        )
        query.done()
        found = await self._door.trades(asked)
        return page_answer(request, "trades", TradeRow, found.trades, found)

    async def health(self, request: Request) -> Response:
        """200 when the journal takes what the engine does, else 503."""
        Query(request.query_params).done()
        stats = self._door.stats()
        body: Wire = {"status": "failing" if stats.journal_error else "ok"} | to_wire(stats)
        body.pop("beat_s", None)  # this process' own clock: it means nothing outside
        return json_answer(body, 503 if stats.journal_error else 200)

    def _must_know(self, strategy_id: int | None) -> None:
        if strategy_id is None or not self._present.knows_strategy(strategy_id):
            detail = f"There is no strategy {strategy_id} in this session."
            raise Problem(404, "unknown-strategy", detail, field="strategy_id")

    def _account(self, account_id: str | None) -> AccountRow:
        accounts = self._present.accounts
        row = accounts.get(account_id) if account_id else next(iter(accounts.values()), None)
        if row is None:
            name = f"account {account_id}" if account_id else "account yet"
            raise Problem(404, "unknown-account", f"There is no {name}.", field="account_id")
        return row


def _cut(curve: EquityCurve, from_ns: int | None, to_ns: int | None, points: int) -> Wire:
    times, equity = curve.between(from_ns, to_ns)
    kept = thinned(equity, points)
    times, equity = times[kept], equity[kept]
    all_times, all_equity = curve.between(None, None)
    peaks = np.maximum.accumulate(all_equity)[np.searchsorted(all_times, times)]
    drawdown = np.divide(peaks - equity, peaks, out=np.zeros_like(equity), where=peaks > 0)
    return {
        "total": len(curve),
        "time_ms": (times // NS_PER_MS).tolist(),
        "equity": equity.tolist(),
        "drawdown": drawdown.tolist(),
    }
