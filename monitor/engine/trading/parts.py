"""What the parts of an engine that trades have in common: one shape for state and decisions.

A part keeps its own state as a fold over facts (`apply`) and proposes new facts (`decide`).
Facts are the only way anything changes, so a part is the same after a restart as before it.
Parts know no clock, no venue and not each other; what they may look at is a `View`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from monitor.engine import events as ev
from monitor.engine.orders import Book
from monitor.engine.values import Direction, EngineState, Instrument, Quote


class PositionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact did to one position. `change` is signed, in lots of this direction; `volume`
    and `average_price` (None when nothing is left) are what resulted; `realised_profit` before
    fees, `commission` the share of it that this change cost."""

    symbol: str
    direction: Direction
    change: Decimal
    price: Decimal | None
    volume: Decimal
    average_price: Decimal | None
    realised_profit: Decimal
    commission: Decimal


class View(Protocol):
    """What parts may look at. Implemented by a replay's run and by trading at a venue."""

    @property
    def now_ns(self) -> int:
        """The engine's clock, an input like any other."""
        ...

    @property
    def book(self) -> Book: ...

    @property
    def engine_state(self) -> EngineState: ...

    def quote(self, symbol: str) -> Quote | None: ...
    def instrument(self, symbol: str) -> Instrument | None: ...

    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal:
        """Volume held, 0 for none."""
        ...

    def profit(self, account_id: str) -> Decimal | None:
        """Of the account since the trading day's start; None while it cannot be told."""
        ...

    def closes(self, symbol: str, count: int) -> Sequence[float]:
        """The newest closes of the symbol's bars, oldest first; fewer when there are fewer."""
        ...

    def reachable(self, venue: str) -> bool:
        """Whether orders can be sent there now: its line is live, and what we know was compared
        with what it knows since it came up."""
        ...


Taker = Callable[[ev.AnyEvent, int], None]


def takers(parts: Iterable[Part]) -> dict[type, tuple[Taker, ...]]:
    """Which parts must be told of each kind of fact, in their order: a message costs what it concerns."""
    parts = tuple(parts)
    return {
        kind: tuple(_taker(part, kind) for part in parts if kind in part.kinds) for kind in ev.KINDS.values()
    }


def _taker(part: Part, kind: type) -> Taker:
    kinds = part.kinds
    return kinds[kind] if isinstance(kinds, Mapping) else part.apply


class Part(Protocol):
    @property
    def kinds(self) -> Collection[type] | Mapping[type, Taker]:
        """Of facts that it wants to be told of; a mapping says what in the part takes each, which
        spares a step."""
        ...

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        """Take a fact in. The same facts in the same order give the same state."""
        ...

    def decide(self, now_ns: int) -> Iterable[ev.AnyEvent]:
        """Facts that are due now. Lazily: each is applied, here too, before the next is asked
        for. What was proposed and applied is not proposed again."""
        ...

    def due_ns(self) -> int | None:
        """When `decide` should be asked next although nothing happened; None: when something does."""
        ...
