"""Closing the application while something is working, open or running.

Owns the four answers and, as a sequence of steps, what each does to the engine. Pure: reads
rows through a `View`, yields steps; the desk carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

from monitor.engine.commands import CancelOrders, StepReplay, StopStrategy
from monitor.engine.values import ReplayState, World
from monitor.ui.tickets import words
from monitor.ui.tickets.facts import Facts, Leg
from monitor.ui.tickets.question import Again, Line, Quit, Send, Step, Wait
from monitor.ui.tickets.told import (
    close_all,
    closing_lines,
    leg_name,
    only_symbol,
    order_name,
    position_words,
    positions_facts,
)
from monitor.ui.tickets.view import View, running_strategies

T = TypeVar("T")
MOST_BARS = 50
"""Bars that flattening waits for its fills before it asks again."""


class Leaving(StrEnum):
    STAY = "stay"
    LEAVE = "leave"
    CANCEL = "cancel"
    FLATTEN = "flatten"


def must_ask(view: View) -> bool:
    """Whether closing the application needs a question at all."""
    return bool(view.active_orders() or view.positions() or running_strategies(view))


class LeaveQuestion:
    """Stay is chosen until somebody chooses otherwise; Enter then carries out the choice."""

    title = "Quit Trading Monitor"
    keep = "Stay"
    persists = True
    holds = False

    def __init__(self, max_ticks: int = 5) -> None:
        self.choice = Leaving.STAY
        self.max_ticks = max_ticks
        self._view: View | None = None

    def look(self, view: View) -> Facts | None:
        """Prices matter to flatten only: a moving price must not disarm "leave"."""
        self._view = view
        if not must_ask(view):
            return None
        orders, strategies = tuple(view.active_orders()), running_strategies(view)
        if self.choice is Leaving.FLATTEN:
            closing = positions_facts(view)
            held = {order.order_id for leg in closing.legs for order in leg.working} if closing else set()
            other = tuple(row for row in orders if row.order_id not in held)
            return Facts(legs=closing.legs if closing else (), orders=other, strategies=strategies)
        if self.choice is Leaving.CANCEL:
            return Facts(orders=orders, strategies=strategies)
        return Facts()

    def offers(self, view: View) -> tuple[Leaving, ...]:
        """The answers that make sense now."""
        found = [Leaving.STAY, Leaving.LEAVE]
        if view.active_orders():
            found.append(Leaving.CANCEL)
        if view.positions() and not self.why_not_flatten(view):
            found.append(Leaving.FLATTEN)
        return tuple(found)

    def why_not_flatten(self, view: View) -> str:
        """What keeps closing orders from filling at all, or ""."""
        if view.positions() and _finished(view):
            return "The replay is at its end: no bar is left that could fill a closing order."
        return ""

    def headline(self, facts: Facts) -> str:
        return {
            Leaving.STAY: "Quit Trading Monitor?",
            Leaving.LEAVE: "Leave everything as it is and quit",
            Leaving.CANCEL: f"Cancel {words.plural(len(facts.orders), 'order')}, then quit",
            Leaving.FLATTEN: f"Flatten {words.plural(len(facts.legs), 'position')} at market, then quit",
        }[self.choice]

    def consequence(self, facts: Facts) -> str:
        if self._view is None:
            return ""
        return {
            Leaving.STAY: self._standing,
            Leaving.LEAVE: self._left_behind,
            Leaving.CANCEL: self._cancelled,
            Leaving.FLATTEN: self._flattened,
        }[self.choice](self._view, facts)

    def verb(self, facts: Facts) -> str:
        return {
            Leaving.STAY: "Stay",
            Leaving.LEAVE: "Leave and quit",
            Leaving.CANCEL: f"Cancel {words.plural(len(facts.orders), 'order')} and quit",
            Leaving.FLATTEN: f"Flatten {words.plural(len(facts.legs), 'position')} and quit",
        }[self.choice]

    def words(self, facts: Facts) -> tuple[str, ...]:
        if self.choice is Leaving.FLATTEN:
            return position_words(facts)
        if self.choice is Leaving.CANCEL:
            return (str(len(facts.orders)), *only_symbol({row.symbol for row in facts.orders}))
        return ()

    def problem(self) -> str:
        if self._view is not None and self.choice not in self.offers(self._view):
            why_not = self.why_not_flatten(self._view) if self.choice is Leaving.FLATTEN else ""
            return f"{why_not or 'There is nothing left to do for this answer.'} Choose another."
        return ""

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        orders, positions = view.active_orders(), view.positions()
        strategies = running_strategies(view)
        found = [
            Line("Working orders", _some(orders, order_name)),
            Line("Open positions", _some(positions, leg_name)),
            Line("Running strategies", _some(strategies, lambda row: row.name)),
        ]
        if self.why_not_flatten(view):
            found.append(Line("Flatten", "not possible: the replay is at its end, nothing can fill", "warn"))
        if self.choice is Leaving.FLATTEN and facts.legs:
            wanted = {"Last price", "Estimated profit"}
            found += [line for line in closing_lines(facts, view, engine_now_ns) if line.label in wanted]
        return found

    def declines(self) -> bool:
        return self.choice is Leaving.STAY

    def at_once(self) -> bool:
        """Leaving sends nothing."""
        return self.choice in (Leaving.STAY, Leaving.LEAVE)

    def begin_again(self) -> None:
        self.choice = Leaving.STAY

    def gone(self) -> str:
        return "Nothing is working or open any more: quit again to leave."

    # What each answer does

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        if self.choice is Leaving.LEAVE:
            yield Quit()
        elif self.choice is Leaving.CANCEL:
            yield from self._cancel(seen, key, view)
        elif self.choice is Leaving.FLATTEN:
            yield from self._flatten(seen, key, view)

    def _cancel(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((CancelOrders(key=key, order_ids=seen.order_ids(), all=True),))
        ids = set(seen.order_ids())
        yield Wait("Cancelling the orders", lambda now: not _still_working(now, ids))
        if _still_working(view, ids):
            yield Again(f"The orders were not cancelled in time. {_still_open(view)}")
        yield Quit()

    def _flatten(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        """First nobody may open anything any more, then close what was seen; in a replay the
        fills need bars, so they are taken when nobody else takes them."""
        yield from _quiet(seen, key, view)
        present = positions_facts(view)
        closing = None if present is None else _undisturbed(seen, present)
        if present is not None and closing is None:
            yield Again("Positions changed while the strategies stopped: nothing was closed.")
        if closing is not None:
            yield Send((close_all(closing, key, self.max_ticks),))
            yield from _fills(key, view)
        yield Quit()

    # What is said about each answer

    def _standing(self, view: View, _facts: Facts) -> str:
        parts = (
            (len(view.active_orders()), "working order"),
            (len(view.positions()), "open position"),
            (len(running_strategies(view)), "running strategy"),
        )
        present = [_counted(count, word) for count, word in parts if count]
        return f"There {_is(parts)} {' and '.join(filter(None, [', '.join(present[:-1]), present[-1]]))}."

    def _left_behind(self, view: View, _facts: Facts) -> str:
        if _world(view) is World.REPLAY:
            return "The session is saved and restored at the next start, paused at this bar. Nothing is sent."
        if _world(view) is World.SIMULATED:
            return "The session is saved and restored at the next start. Nothing is sent."
        return "Orders keep working at the venue and may fill while nobody watches. Nothing is sent."

    def _cancelled(self, view: View, _facts: Facts) -> str:
        held = len(view.positions())
        if not held:
            return "No position is open."
        return f"{_counted(held, 'position')} stays open." if held == 1 else f"{held} positions stay open."

    def _flattened(self, view: View, facts: Facts) -> str:
        cancelled = len(facts.orders) + sum(len(leg.working) for leg in facts.legs)
        first = f"Cancels {words.plural(cancelled, 'order')}. " if cancelled else ""
        if facts.strategies:
            first = f"Stops {words.listed(facts.strategies, lambda row: row.name, 2)}. {first}"
        replay = view.replay
        if replay is None:
            return f"{first}Quits when the positions are flat."
        if replay.state is ReplayState.PLAYING:
            return f"{first}The orders fill with the next bars of the replay."
        return f"{first}Fills need bars: the paused replay steps until all is flat, {MOST_BARS} bars at most."


def _quiet(seen: Facts, key: str, view: View) -> Iterator[Step]:
    """Stop the strategies and cancel the orders that belong to no closing."""
    running = tuple(row.strategy_id for row in seen.strategies)
    if running:
        stops = tuple(StopStrategy(key=f"{key}-stop-{one}", strategy_id=one) for one in running)
        yield Send(stops, forgiven=("changed",))
        yield Wait("Stopping the strategies", lambda now: not running_strategies(now))
        if running_strategies(view):
            yield Again("The strategies did not stop in time: nothing was closed.")
    ids = set(seen.order_ids())
    if ids:
        yield Send((CancelOrders(key=f"{key}-cancel", order_ids=tuple(sorted(ids))),))
        yield Wait("Cancelling the orders", lambda now: not _still_working(now, ids))
        if _still_working(view, ids):
            yield Again("The orders were not cancelled in time: nothing was closed.")


def _fills(key: str, view: View) -> Iterator[Step]:
    """Bar after bar until all is flat; a thin bar fills a part only, or nothing."""
    began = _bar(view)
    while view.positions():
        bar, replay = _bar(view), view.replay
        passed = bar - began
        if _finished(view):
            yield Again(f"The replay reached its end before all was flat. {_still_open(view)}")
        if passed >= MOST_BARS:
            yield Again(f"{passed} bars passed and not all is flat. {_still_open(view)}")
        text = "Waiting for the fills"
        if replay is not None:
            text = f"Waiting for the fills: bar {bar:,}, {passed + 1} of at most {MOST_BARS} bars"
        if replay is not None and replay.state is ReplayState.PAUSED:
            yield Send((StepReplay(key=f"{key}-step-{passed + 1}"),), forgiven=("finished",))
        yield Wait(text, _moved_on(bar))
        if view.positions() and not _moved_on(bar)(view):
            yield Again(f"The fills did not come in time. {_still_open(view)}")


def _moved_on(bar: int) -> Callable[[View], bool]:
    return lambda now: not now.positions() or _bar(now) != bar or _finished(now)


def _bar(view: View) -> int:
    return view.replay.bar if view.replay is not None else 0


def _finished(view: View) -> bool:
    return view.replay is not None and view.replay.state is ReplayState.FINISHED


def _still_open(view: View) -> str:
    """What there is by now, in one sentence."""
    positions, orders = view.positions(), view.active_orders()
    parts = [words.listed(positions, leg_name, 2)] if positions else []
    if orders:
        parts.append(words.plural(len(orders), "working order"))
    return f"Still there: {' and '.join(parts)}." if parts else "Nothing is open any more."


def _undisturbed(seen: Facts, present: Facts) -> Facts | None:
    """The seen positions as they are after our own stopping and cancelling, at the price that
    was seen; None when anything else happened to them."""
    before = {leg.position.position_id: leg for leg in seen.legs}
    after = {leg.position.position_id: leg for leg in present.legs}
    if before.keys() != after.keys():
        return None
    legs = []
    for position_id, old in before.items():
        new = after[position_id]
        known = {order.order_id for order in old.working}
        if new.position.volume != old.position.volume or not {o.order_id for o in new.working} <= known:
            return None
        row = msgspec.structs.replace(new.position, last_price=old.position.last_price)
        legs.append(Leg(row, new.working))
    return Facts(legs=tuple(legs))


def _some(things: Sequence[T], name: Callable[[T], str]) -> str:
    """A count, and the first of what is counted."""
    return f"{len(things):,}: {words.listed(things, name, 1)}" if things else "none"


def _still_working(view: View, ids: set[int]) -> set[int]:
    return {row.order_id for row in view.active_orders() if row.order_id in ids}


def _world(view: View) -> World | None:
    return view.session.world if view.session is not None else None


def _counted(count: int, word: str) -> str:
    if word.endswith("y") and count != 1:
        return f"{count:,} {word[:-1]}ies"
    return words.plural(count, word)


def _is(parts: tuple[tuple[int, str], ...]) -> str:
    return "is" if next((count for count, _ in parts if count), 0) == 1 else "are"
