"""What the keys and buttons of strategies mean: start at once, stop after whoever decides was asked.

Owns nothing but the way to that question. Knows no row beyond which strategy is current.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.engine.commands import AnyCommand, StartStrategy, StopStrategy
from monitor.engine.rows import StrategyRow
from monitor.ui.actions import Actions


class StrategyControl:
    """`current` gives the strategy that the keys mean, `send` hands a command over.
    `on_stop_requested`, when set, is asked instead of stopping."""

    def __init__(self, current: Callable[[], StrategyRow | None], send: Callable[[AnyCommand], None]) -> None:
        self._current, self._send = current, send
        self.on_stop_requested: Callable[[int], None] | None = None

    def bind(self, actions: Actions) -> None:
        actions.bind("start_strategy", lambda: self._with_current(self.start))
        actions.bind("stop_strategy", lambda: self._with_current(self.stop))

    def start(self, strategy_id: int) -> None:
        self._send(StartStrategy(strategy_id=strategy_id))

    def stop(self, strategy_id: int) -> None:
        if self.on_stop_requested is not None:
            self.on_stop_requested(strategy_id)
        else:
            self._send(StopStrategy(strategy_id=strategy_id))

    def _with_current(self, act: Callable[[int], None]) -> None:
        row = self._current()
        if row is not None:
            act(row.strategy_id)
