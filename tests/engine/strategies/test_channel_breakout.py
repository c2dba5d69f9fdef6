"""The channel breakout: one stop at each edge, and a position is never without protection."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings, strategies as st
from market import bar, flat, plan

from monitor.engine.commands import SubmitOrder
from monitor.engine.orders_desk import carry_out
from monitor.engine.simulation import Simulation
from monitor.engine.strategies.channel_breakout import ChannelBreakout
from monitor.engine.values import Direction, Offset, OrderType, Side

TERMS: dict[str, Any] = {"window": 3, "target": 1.5, "volume": 2}


def run_of(bars: list[Any]) -> Simulation:
    run = plan(bars, ChannelBreakout, parameters=TERMS).run()
    run.start()
    return run


def working(run: Simulation) -> list[tuple[Side, Offset, OrderType, Decimal]]:
    return sorted(
        (o.intent.side, o.intent.offset, o.intent.type, o.remaining) for o in run.book.active.values()
    )


def test_it_waits_at_both_edges() -> None:
    run = run_of([bar(100, 101, 99, 100)] * 4)
    run.advance(4)
    triggers = {o.intent.side: o.intent.trigger_price for o in run.book.active.values()}
    assert triggers == {Side.BUY: Decimal("101.1"), Side.SELL: Decimal("98.9")}


def test_a_breakout_is_protected_by_stop_and_target_and_the_other_edge_is_left() -> None:
    run = run_of([*[bar(100, 101, 99, 100)] * 4, bar(101, 103, 101, 103), flat(103)])
    run.advance(5)
    assert run.ledger.net_volume(run.instrument.symbol) == 2
    assert working(run) == [
        (Side.SELL, Offset.CLOSE, OrderType.LIMIT, 2),
        (Side.SELL, Offset.CLOSE, OrderType.STOP, 2),
    ]


def test_a_bar_through_both_edges_opens_one_side_only() -> None:
    run = run_of([*[bar(100, 101, 99, 100)] * 4, bar(100, 105, 95, 100), flat(100)])
    run.advance(6)
    held = {d: run.ledger.position(run.instrument, d).volume for d in Direction}
    assert 0 in held.values()


def test_a_position_found_at_the_start_is_protected_at_once() -> None:
    run = run_of([flat(100)] * 5)
    run.advance(1)
    order = SubmitOrder(
        strategy_id=1,
        symbol=run.instrument.symbol,
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.MARKET,
        quantity=Decimal(2),
    )
    assert carry_out(run, order).accepted
    run.advance(2)
    assert [kind for _, _, kind, _ in working(run)] == [OrderType.LIMIT, OrderType.STOP]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(90, 110), st.integers(90, 110)), min_size=8, max_size=40))
def test_what_it_closes_never_exceeds_what_it_holds(walk: list[tuple[int, int]]) -> None:
    run = run_of([bar(o, max(o, c) + 1, min(o, c) - 1, c) for o, c in walk])
    for n in range(len(walk)):
        run.advance(n + 1)
        assert not run.hosts[1].error
        closing = [order for order in run.book.active.values() if order.intent.offset is Offset.CLOSE]
        held = abs(run.ledger.net_volume(run.instrument.symbol))
        assert all(order.remaining <= held for order in closing)
        if held:
            assert any(order.intent.type is OrderType.STOP for order in closing)
