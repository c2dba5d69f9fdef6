"""Whatever a strategy does wrong stops that strategy alone: the session lives, and restarts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from core_world import core_world, options, wave, write_bars

from monitor.engine.commands import SeekReplay, SubmitOrder
from monitor.engine.values import Offset, OrderType, Side, StrategyState

WRONG = [
    ("self.buy(float('nan'))", "price nan is not a price"),
    ("self.buy(float('inf'))", "price inf is not a price"),
    ("self.buy(stop=float('inf'))", "stop inf is not a price"),
    ("self.buy(trail=float('nan'))", "trail nan is not a price"),
    ("self.buy(100, float('nan'))", "volume nan is not a number"),
    ("self.trigger('x', price=float('nan'))", "price nan is not a price"),
    ("self.buy(100, time_in_force='XX')", "'XX' is not a valid TimeInForce"),
    ("self.trigger('x', 'XX')", "'XX' is not a valid TriggerAction"),
    ("self.buy(100, why=7)", "why must be a text, not 7"),
    ("[self.buy(1) for _ in range(2000)]", "more than 1,000 orders in one bar"),
    ("self.buy('cheap')", "price 'cheap' is not a price"),
    ("1 / 0", "ZeroDivisionError"),
]


def strategy_file(folder: Path, body: str, *, init: str = "pass") -> Path:
    path = folder / "wrong.py"
    path.write_text(
        "from monitor.engine.strategy import Strategy\n\n\n"
        "class Wrong(Strategy):\n"
        f"    def __init__(self):\n        {init}\n\n"
        "    def on_bar(self, bar):\n"
        f"        {body}\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(("body", "sentence"), WRONG)
async def test_a_wrong_argument_stops_the_strategy_and_nothing_else(
    tmp_path: Path, body: str, sentence: str
) -> None:
    start = options(
        write_bars(tmp_path / "bars.csv", wave(30)), str(strategy_file(tmp_path, body)), zone="UTC"
    )
    async with core_world(tmp_path / "db.sqlite", start) as world:
        assert (await world.does(SeekReplay(bar=20))).accepted
        row = world.now.strategies[1]
        assert row.state is StrategyState.FAILED
        assert sentence in row.error
        assert not world.active_orders()
        before = world.now
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert (world.now.orders, world.now.strategies) == (before.orders, before.strategies)
        assert (await world.does(SeekReplay(bar=30))).accepted


async def test_a_strategy_that_cannot_even_be_made_fails_at_its_start(tmp_path: Path) -> None:
    file = strategy_file(tmp_path, "pass", init="raise KeyError('no such thing')")
    start = options(write_bars(tmp_path / "bars.csv", wave(30)), str(file))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        row = world.now.strategies[1]
        assert (row.state, "no such thing" in row.error) == (StrategyState.FAILED, True)


async def test_what_a_strategy_logged_is_not_told_again_after_a_restart(tmp_path: Path) -> None:
    file = strategy_file(tmp_path, "self.log(f'bar at {bar.time_ns}')")
    start = options(write_bars(tmp_path / "bars.csv", wave(30)), str(file))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=10))
        assert len([line for line in world.seen.log if line.source == "Wrong"]) == 10
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        await world.does(SeekReplay(bar=12))
        assert len([line for line in world.seen.log if line.source == "Wrong"]) == 2


BASE_ERRORS = """
import asyncio

from monitor.engine.strategy import Strategy


class NoText(Exception):
    def __str__(self):
        raise ValueError('no text')


class {name}(Strategy):
    def on_bar(self, bar):
        raise {error}
"""


@pytest.mark.parametrize(
    "error",
    [
        "NoText()",
        "asyncio.CancelledError()",
        "ValueError('bad \\ud800 text')",
        "SystemExit(3)",
        "GeneratorExit()",
        "BaseException('all of it')",
    ],
)
async def test_whatever_is_raised_stops_the_strategy_alone_and_a_restart_works(
    tmp_path: Path, error: str
) -> None:
    file = tmp_path / "raises.py"
    file.write_text(BASE_ERRORS.format(name="Raises", error=error), encoding="utf-8")
    start = options(write_bars(tmp_path / "bars.csv", wave(30)), str(file))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        assert (await world.does(SeekReplay(bar=20))).accepted
        row = world.now.strategies[1]
        assert row.state is StrategyState.FAILED
        assert row.error
    async with core_world(tmp_path / "db.sqlite", None, fallback=start) as world:
        assert world.now.strategies[1] == row
        assert (await world.does(SeekReplay(bar=30))).accepted


async def test_a_strategy_cannot_cancel_what_a_person_ordered(tmp_path: Path) -> None:
    body = "self.cancel_all() or [self.cancel(n) for n in range(9)]"
    start = options(write_bars(tmp_path / "bars.csv", wave(30)), str(strategy_file(tmp_path, body)))
    async with core_world(tmp_path / "db.sqlite", start) as world:
        await world.does(SeekReplay(bar=5))
        order = SubmitOrder(
            strategy_id=1,
            symbol="SHFE.test",
            side=Side.BUY,
            offset=Offset.OPEN,
            type=OrderType.LIMIT,
            quantity=Decimal(1),
            price=Decimal(20),
        )
        (order_id,) = (await world.does(order)).order_ids
        await world.does(SeekReplay(bar=25))
        assert list(world.active_orders()) == [order_id]
