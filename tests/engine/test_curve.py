"""The equity curve in stretches is the balance, bar by bar."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from market import bar, flat, plan, scripted

from monitor.engine.simulation import Simulation

MOVES = st.dictionaries(st.integers(0, 10), st.integers(-3, 3), max_size=6)
CLOSES = st.lists(st.integers(90, 110), min_size=12, max_size=12)


def run_of(closes: list[int], targets: dict[int, int]) -> Simulation:
    at: dict[int, Any] = {n: (lambda s, goal=goal: s.target_position(goal)) for n, goal in targets.items()}
    bars = [bar(c, c + 1, c - 1, c) for c in closes]
    run = plan(bars, scripted(at), rate="0.001", tick="1").run()
    run.start()
    return run


@given(CLOSES, MOVES)
@settings(max_examples=60)
def test_every_sample_is_the_balance_at_that_close(closes: list[int], targets: dict[int, int]) -> None:
    run, balances = run_of(closes, targets), []
    for count in range(1, len(closes) + 1):
        run.advance(count)
        run.mark()
        balances.append(float(run.ledger.balance()))
    assert run.equity_chunk(0).equity.tolist() == pytest.approx(balances)


@given(CLOSES, MOVES, st.integers(0, 12))
@settings(max_examples=60)
def test_in_parts_it_is_the_same_curve(closes: list[int], targets: dict[int, int], cut: int) -> None:
    run = run_of(closes, targets)
    run.advance(cut)
    first = run.equity_chunk(0).equity.tolist()
    run.advance(len(closes))
    assert [*first, *run.equity_chunk(cut).equity.tolist()] == run.equity_chunk(0).equity.tolist()


def test_a_sample_carries_the_close_of_its_bar() -> None:
    run = plan([flat(100)] * 3, scripted()).run()
    run.start()
    run.advance(3)
    chunk = run.equity_chunk(1)
    assert (chunk.start, len(chunk), chunk.account_id) == (1, 2, "sim-1")
    assert chunk.time_ns.tolist() == [int(t) + run.series.interval_ns for t in run.series.time_ns[1:]]
    assert set(chunk.equity.tolist()) == {float(Decimal(1_000_000))}
