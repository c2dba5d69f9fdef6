"""The REST routes: each turns one address into one question, and the answer into JSON.

Reads the present or asks the core's door; keeps nothing. Refusals are `Problem`s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.boundary import OrderQuery, ServerDoor, TradeQuery
from monitor.engine.commands import Reply, ResetReplay
from monitor.engine.rows import AccountRow, TradeRow
from monitor.net import queries
from monitor.net.csv_table import csv_table
from monitor.net.curve import EquityCurve, thinned
from monitor.net.present import Present
from monitor.net.problems import Problem
from monitor.net.queries import Query
from monitor.net.wire import NS_PER_MS, Wire, encode, to_wire

DEFAULT_POINTS = 2_000
_PATIENCE_S = 10.0
_STATUS_OF_GUARD = {"unknown": 404, "invalid": 422, "read-only": 403, "not-durable": 503}


class Routes:
    def __init__(self, door: ServerDoor, present: Present) -> None:
        self._door = door
        self._present = present

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
        return _json(_rows(self._present.oldest_first(strategy_id)))

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
        return _json(
            {"orders": _rows(found.orders), "total": found.total, "page": found.page, "size": found.size}
        )

    async def reset(self, request: Request) -> Response:
        """Back to before the first bar; the clear reaches every client and the window."""
        strategy_id = queries.strategy_id(request.path_params)
        Query(request.query_params).done()
        self._must_know(strategy_id)
        peer = request.client.host if request.client else "unknown"
        reply = await self._submit(ResetReplay(strategy_id=strategy_id, origin=f"mirror {peer}"))
        if not reply.accepted:
            status = _STATUS_OF_GUARD.get(reply.guard, 409)
            message = reply.reason or "The engine refused."
            raise Problem(status, reply.guard or "refused", message, success=False, message=message)
        return _json({"success": True, "message": reply.reason or "The replay was reset."})

    async def positions(self, request: Request) -> Response:
        Query(request.query_params).done()
        return _json(_rows(list(self._present.positions.values())))

    async def account(self, request: Request) -> Response:
        """One account: the one named, or the first."""
        query = Query(request.query_params)
        account_id = query.read("account_id", queries.account)
        query.done()
        return _json(to_wire(self._account(account_id)))

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
        return _json(
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
        if "text/csv" in request.headers.get("accept", ""):
            name = {"content-disposition": 'attachment; filename="trades.csv"'}
            return Response(
                csv_table(TradeRow, found.trades), media_type="text/csv; charset=utf-8", headers=name
            )
        return _json(
            {"trades": _rows(found.trades), "total": found.total, "page": found.page, "size": found.size}
        )

    async def health(self, request: Request) -> Response:
        """200 when the journal takes what the engine does, else 503."""
        Query(request.query_params).done()
        stats = self._door.stats()
        body: Wire = {"status": "failing" if stats.journal_error else "ok"} | to_wire(stats)
        body.pop("beat_s", None)  # this process' own clock: it means nothing outside
        return _json(body, 503 if stats.journal_error else 200)

    async def _submit(self, command: ResetReplay) -> Reply:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._door.submit(command)
        except TimeoutError:
            detail = self._door.stats().journal_error or "The engine is busy."
            detail += " The command was given and may still be carried out: look at the state."
            raise Problem(503, "no-answer", detail) from None

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


def _json(content: Any, status: int = 200) -> Response:
    return Response(encode(content), status, media_type="application/json")


def _rows(rows: Sequence[msgspec.Struct]) -> list[Wire]:
    return [to_wire(row) for row in rows]


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
