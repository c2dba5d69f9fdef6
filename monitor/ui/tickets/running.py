"""Questions about what runs: stop a strategy, reset the replay, end an engine that is silent.

Pure: reads rows through a `View`, writes texts and commands. Knows no widget and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitor.engine.commands import ResetReplay, StopStrategy
from monitor.engine.values import StrategyState
from monitor.models import format
from monitor.ui.tickets import words
from monitor.ui.tickets.facts import Facts
from monitor.ui.tickets.question import Line, PlainQuestion, Quit, Send, Step
from monitor.ui.tickets.told import leg_name, order_name, tone_of
from monitor.ui.tickets.view import View, currency_of


class StopQuestion(PlainQuestion):
    """Stop a strategy that has working orders or an open position."""

    title = "Stop strategy"
    keep = "Keep it running"

    def __init__(self, strategy_id: int) -> None:
        self.strategy_id = strategy_id

    def matters(self, view: View) -> bool:
        """Whether stopping it touches or abandons anything."""
        facts = self.look(view)
        return facts is not None and bool(facts.orders or facts.held)

    def look(self, view: View) -> Facts | None:
        mine = tuple(row for row in view.strategies() if row.strategy_id == self.strategy_id)
        if not mine or mine[0].state is not StrategyState.RUNNING:
            return None
        return Facts(
            orders=tuple(row for row in view.active_orders() if row.strategy_id == self.strategy_id),
            held=tuple(row for row in view.positions() if row.strategy_id == self.strategy_id),
            strategies=mine,
        )

    def headline(self, facts: Facts) -> str:
        return f"Stop {facts.strategies[0].name}"

    def consequence(self, facts: Facts) -> str:
        """ "cancels its 2 working orders; its long 3 stays open without a stop"."""
        parts = []
        if facts.orders:
            number = "" if len(facts.orders) == 1 else f"{len(facts.orders)} "
            parts.append(f"cancels its {number}working {'orders' if number else 'order'}")
        if facts.held:
            held = [f"{row.direction.lower()} {format.volume(row.volume)}" for row in facts.held]
            stays = "stays" if len(held) == 1 else "stay"
            parts.append(f"its {words.listed(held)} {stays} open without a stop")
        return "; ".join(parts) or "nothing of it is working or open"

    def verb(self, facts: Facts) -> str:
        return f"Stop {facts.strategies[0].name}"

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        orders = words.listed(facts.orders, order_name, 2) if facts.orders else "none"
        found = [Line("Cancels", orders, "warn" if facts.orders else "muted")]
        for row in facts.held:
            profit = words.profit(row.unrealised_profit, currency_of(view, row.account_id))
            found.append(Line("Stays open", f"{leg_name(row)}   {profit}", tone_of(row.unrealised_profit)))
        return found

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((StopStrategy(key=key, strategy_id=self.strategy_id),))

    def gone(self) -> str:
        return "The strategy does not run any more: nothing was sent."


class ResetQuestion(PlainQuestion):
    """Back to the first bar, where orders that somebody gave by hand are lost."""

    title = "Reset the replay"
    keep = "Stay at this bar"

    def __init__(self, own_orders: int) -> None:
        self._own = own_orders

    def look(self, view: View) -> Facts | None:
        return Facts() if view.replay is not None else None

    def headline(self, facts: Facts) -> str:
        return "Reset the replay to its first bar"

    def consequence(self, facts: Facts) -> str:
        what = "the order" if self._own == 1 else f"the {self._own:,} orders"
        return f"takes back {what} that you gave yourself; the strategy's come again when it plays"

    def verb(self, facts: Facts) -> str:
        return "Reset"

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        replay = view.replay
        return [] if replay is None else [Line("Stands at", f"bar {replay.bar:,} of {replay.bars:,}")]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((ResetReplay(key=key),))

    def gone(self) -> str:
        return "No replay is open any more: nothing was sent."


class EndQuestion(PlainQuestion):
    """Quit without the engine, which is silent: nothing can be asked of it. `silent` says
    whether it still is."""

    title = "Quit Trading Monitor"
    keep = "Wait for it"

    def __init__(self, silent: Callable[[], bool]) -> None:
        self._silent = silent

    def look(self, view: View) -> Facts | None:
        return Facts() if self._silent() else None

    def headline(self, facts: Facts) -> str:
        return "The engine does not answer. End anyway?"

    def consequence(self, facts: Facts) -> str:
        return "What was saved is safe. What the engine has not written yet is lost; no order is sent."

    def verb(self, facts: Facts) -> str:
        return "End anyway"

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        return []

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Quit()

    def gone(self) -> str:
        return "The engine answers again: quit again to leave."
