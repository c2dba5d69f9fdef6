"""The wall around strategies: one that raises is stopped alone, and everybody is told where."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import pytest
from market import bar, fills, flat, plan, scripted, status, trade

from monitor.engine.simulation import Simulation
from monitor.engine.values import (
    LogLevel,
    OrderStatus,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
)


def run_of(bars: list[Any], *kinds: Any, **terms: Any) -> Simulation:
    run = plan(bars, list(kinds), **terms).run()
    run.start()
    run.advance(len(run.series))
    return run


def broken(*_: Any) -> None:
    raise KeyError("averages")


QUIET = scripted({1: lambda s: s.buy(90)})


@pytest.mark.parametrize(
    "kind",
    [
        scripted(on_start=broken),
        scripted({1: broken}),
        scripted({0: lambda s: s.buy()}, on_trade=broken),
        scripted({0: lambda s: s.buy()}, on_order=broken),
    ],
    ids=["on_start", "on_bar", "on_trade", "on_order"],
)
def test_a_strategy_that_raises_is_stopped_alone(kind: Any) -> None:
    run = run_of([flat(100)] * 4, kind, QUIET)
    failed, quiet = run.hosts[1], run.hosts[2]
    assert failed.state is StrategyState.FAILED
    assert failed.error.startswith("KeyError: 'averages' (line ")
    assert quiet.state is StrategyState.RUNNING
    assert [row.symbol for row in quiet.working()] == ["TEST.x1"]
    told = [(note.level, note.source, note.message) for note in run.notes]
    assert (LogLevel.ERROR, "script 1", f"failed and was stopped: {failed.error}") in told
    assert failed.row().error == failed.error


def test_the_sentence_names_the_line_of_the_strategy_not_of_the_engine() -> None:
    class Mine(scripted()):  # type: ignore[misc]
        def on_bar(self, bar: Any) -> None:
            self.buy("a hundred")

    run = run_of([flat(100)], Mine)
    line = Mine.on_bar.__code__.co_firstlineno + 1
    assert run.hosts[1].error == (
        f"ValueError: price 'a hundred' is not a price (line {line} of test_host.py)"
    )


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError("deep"), AssertionError()])
def test_whatever_it_raises(error: BaseException) -> None:
    def raises(_: Any) -> None:
        raise error

    run = run_of([flat(100)] * 3, scripted({0: raises}), QUIET)
    assert run.hosts[1].state is StrategyState.FAILED
    assert run.hosts[2].state is StrategyState.RUNNING


def test_a_strategy_may_leave_the_program_no_more_than_any_error() -> None:
    run = run_of([flat(100)] * 3, scripted({0: lambda s: sys.exit()}), QUIET)
    assert run.hosts[1].error.startswith("SystemExit")
    assert run.bar == 3


def test_the_orders_of_a_failed_strategy_are_canceled_its_position_stays() -> None:
    def third(s: Any) -> None:
        broken()

    run = run_of([flat(100)] * 4, scripted({0: lambda s: s.buy(), 1: lambda s: s.buy(90), 2: third}))
    assert status(run, 2) is OrderStatus.CANCELED
    assert run.book.orders[2].reason == "strategy failed"
    assert run.ledger.net_volume("TEST.x1") == 1


def test_a_strategy_that_failed_inside_a_bar_gives_no_more_orders() -> None:
    """Its on_order raises while its on_bar is still giving orders."""

    def orders(s: Any) -> None:
        s.buy(99, volume=0.5)  # refused at once: on_order hears of it and raises
        s.buy(99)
        s.buy(98)

    run = run_of([flat(100)] * 3, scripted({0: orders}, on_order=broken))
    host = run.hosts[1]
    assert host.state is StrategyState.FAILED
    assert host.error.startswith("KeyError")  # the first error is the cause
    assert not run.book.active
    assert set(run.book.orders) == {1}


def test_a_strategy_that_raises_in_the_middle_of_matching_leaves_the_venue_consistent() -> None:
    def two(s: Any) -> None:
        s.buy(99)
        s.buy(98)

    run = run_of(
        [flat(100), flat(100), bar(100, 101, 97, 99), flat(100)], scripted({0: two}, on_trade=broken)
    )
    assert fills(run) == [(2, "buy", 99, 1)]
    assert status(run, 2) is OrderStatus.CANCELED
    assert not run.book.active


def test_one_strategy_cannot_cancel_the_orders_of_another() -> None:
    run = run_of([flat(100)] * 4, scripted({2: lambda s: s.cancel(1)}), QUIET)
    assert status(run, 1) is OrderStatus.PLACED


def test_a_strategy_that_answers_each_refusal_with_another_order_is_stopped() -> None:
    kind = scripted({0: lambda s: s.sell()}, on_order=lambda s, row: s.sell())
    run = run_of([flat(100)] * 2, kind, QUIET)
    assert run.hosts[1].state is StrategyState.FAILED
    assert "answers its own orders with orders without end" in run.hosts[1].error
    assert run.hosts[2].state is StrategyState.RUNNING


def test_where_it_is_stopped_does_not_depend_on_who_called_the_engine() -> None:
    """Python's recursion limit would, and then a journal could not be rebuilt."""
    kind = scripted({0: lambda s: s.sell()}, on_order=lambda s, row: s.sell())

    def from_deeper(levels: int) -> int:
        return from_deeper(levels - 1) if levels else len(run_of([flat(100)], kind).book.orders)

    assert from_deeper(0) == from_deeper(200)


def test_orders_that_give_birth_to_orders_end_with_the_bar() -> None:
    """Each immediate order that is canceled is answered with the next one: no bar may last forever."""

    def again(s: Any, row: Any) -> None:
        if row.status is OrderStatus.CANCELED:
            s.buy(90, time_in_force=TimeInForce.IOC)

    kind = scripted({0: lambda s: s.buy(90, time_in_force=TimeInForce.IOC)}, on_order=again)
    run = run_of([flat(100)] * 3, kind)
    assert run.bar == 3
    assert fills(run) == []


# Triggers -----------------------------------------------------------------------------------
def triggers(run: Simulation) -> list[Any]:
    return list(run.hosts[1].all_triggers().values())


def test_each_order_records_its_trigger_and_what_became_of_it() -> None:
    def some(s: Any) -> None:
        s.buy(why="cross up")
        s.short(stop=90)
        s.sell(99)

    run = trade([flat(100)] * 3, {0: some})
    bought, waiting, refused = triggers(run)
    assert (bought.condition, bought.action, bought.result) == (
        "cross up",
        TriggerAction.BUY,
        TriggerResult.SUCCESS,
    )
    assert (bought.order_id, bought.price) == (1, 100)
    assert (waiting.action, waiting.result, waiting.price) == (TriggerAction.SELL, TriggerResult.PENDING, 90)
    assert (refused.action, refused.result) == (TriggerAction.CLOSE, TriggerResult.FAILED)
    assert refused.error == "Rejected: closing 1 of 0 that can be closed"


def test_a_trigger_without_an_order_is_recorded_too() -> None:
    run = trade([flat(100)] * 2, {0: lambda s: s.trigger("too quiet", price=101)})
    (found,) = triggers(run)
    assert (found.condition, found.action, found.order_id) == ("too quiet", TriggerAction.HOLD, None)
    assert (found.price, found.result) == (101, TriggerResult.SUCCESS)


def test_a_part_filled_order_is_a_success_with_a_remark() -> None:
    run = trade(
        [flat(100), flat(100, volume=40), flat(100)],
        {0: lambda s: s.buy(volume=9, time_in_force=TimeInForce.IOC)},
        participation="0.1",
    )
    (found,) = triggers(run)
    assert found.result is TriggerResult.SUCCESS
    assert found.error == "Canceled: immediate or cancel: the rest"


# What a strategy sees -----------------------------------------------------------------------
def test_in_on_trade_the_position_is_new_already() -> None:
    seen: list[Decimal] = []
    trade([flat(100)] * 3, {0: lambda s: s.buy(volume=2)}, on_trade=lambda s, t: seen.append(s.position))
    assert seen == [2]


def test_its_working_orders_are_its_own_oldest_first() -> None:
    seen: list[list[int]] = []

    def orders(s: Any) -> None:
        s.buy(90)
        s.buy(91)

    def look(s: Any) -> None:
        seen.append([row.order_id for row in s.working_orders])

    trade([flat(100)] * 3, {0: orders, 1: look})
    assert seen == [[1, 2]]


def test_the_clock_is_the_close_of_the_bar() -> None:
    seen: list[int] = []
    run = trade([flat(100)] * 3, {1: lambda s: seen.append(s.time_ns)})
    assert seen == [int(run.series.time_ns[1]) + run.series.interval_ns]


def test_an_order_that_a_strategy_keeps_does_not_change_under_it() -> None:
    """Backtrader handed out live objects; ours are values."""
    kept: list[Any] = []
    trade(
        [flat(100)] * 3,
        {0: lambda s: s.buy()},
        on_order=lambda s, row: kept.append(row),
    )
    assert [row.status for row in kept] == [OrderStatus.PLACED, OrderStatus.FILLED]


def test_a_restarted_strategy_begins_with_an_empty_memory() -> None:
    run = plan([flat(100)] * 4, scripted()).run()
    run.start()
    run.advance(2)
    host = run.hosts[1]
    before = host.strategy
    host.stop()
    host.start()
    assert host.strategy is not before
    run.advance(3)
    assert host.strategy.bars == 1  # type: ignore[attr-defined]
