"""What a ticket may read: the newest rows, and two clocks.

A protocol, so that a test's few rows fit as well as the window's desk, which `DeskView` adapts.
Knows no widget and changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from monitor.engine.rows import AccountRow, OrderRow, PositionRow, ReplayRow, SessionRow, StrategyRow
from monitor.engine.values import Origin, StrategyState, World
from monitor.models.desk import Desk


class View(Protocol):
    """The present. Only open positions and active orders are listed."""

    @property
    def session(self) -> SessionRow | None: ...

    @property
    def replay(self) -> ReplayRow | None: ...

    def positions(self) -> Sequence[PositionRow]: ...

    def position(self, position_id: str) -> PositionRow | None: ...

    def active_orders(self) -> Sequence[OrderRow]: ...

    def order(self, order_id: int) -> OrderRow | None:
        """Working or finished."""
        ...

    def own_orders(self) -> int:
        """How many orders, working or finished, a person has given, not a strategy."""
        ...

    def strategies(self) -> Sequence[StrategyRow]: ...

    def accounts(self) -> Sequence[AccountRow]: ...


class Clock(Protocol):
    """`monotonic_ns` measures waiting, `wall_ns` is UTC."""

    def monotonic_ns(self) -> int: ...

    def wall_ns(self) -> int: ...


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()


class DeskView:
    """The window's desk as a `View`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def session(self) -> SessionRow | None:
        return self._desk.session

    @property
    def replay(self) -> ReplayRow | None:
        return self._desk.replay

    def positions(self) -> Sequence[PositionRow]:
        return self._desk.positions.rows()

    def position(self, position_id: str) -> PositionRow | None:
        return self._desk.position(position_id)

    def active_orders(self) -> Sequence[OrderRow]:
        return self._desk.active_orders.rows()

    def order(self, order_id: int) -> OrderRow | None:
        return self._desk.order(order_id)

    def own_orders(self) -> int:
        rows = (*self._desk.active_orders.rows(), *self._desk.order_history.rows())
        return sum(row.origin is Origin.USER for row in rows)

    def strategies(self) -> Sequence[StrategyRow]:
        return self._desk.strategies.rows()

    def accounts(self) -> Sequence[AccountRow]:
        return tuple(self._desk.accounts.values())


def running_strategies(view: View) -> tuple[StrategyRow, ...]:
    return tuple(row for row in view.strategies() if row.state is StrategyState.RUNNING)


def currency_of(view: View, account_id: str) -> str:
    return next((row.currency for row in view.accounts() if row.account_id == account_id), "")


def strategy_name(view: View, strategy_id: int) -> str:
    """An order by hand at a venue is of none."""
    found = (row.name for row in view.strategies() if row.strategy_id == strategy_id)
    return next(found, f"strategy {strategy_id}" if strategy_id else "none")


def engine_now_ns(view: View, clock: Clock) -> int:
    """The engine's clock: the replay's where there is one, else the time of day.

    A price in a paused replay does not grow old: nothing in that world moves.
    """
    session, replay = view.session, view.replay
    if session is not None and session.world is World.REPLAY and replay is not None:
        return replay.time_ns if replay.time_ns is not None else replay.first_ns
    return clock.wall_ns()
