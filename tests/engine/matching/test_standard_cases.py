"""The probe bars of the order model (2.1): what each matching question is answered with here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from market import Act, BarOf, bar, fills, flat, status, trade

from monitor.engine.values import Offset, OrderStatus, TimeInForce

# Each: orders sent at the close of a flat bar at 100, the bars that follow, and the fills.
ENTRIES: dict[str, tuple[Act, Sequence[BarOf], list[tuple[int, str, float, float]]]] = {
    "A: a gap below a buy limit fills at the open, resting": (
        lambda s: s.buy(99),
        [flat(100), bar(95, 96, 94, 95)],
        [(2, "buy", 95, 1)],
    ),
    "A: a gap below a buy limit fills at the open, new": (
        lambda s: s.buy(99),
        [bar(95, 96, 94, 95)],
        [(1, "buy", 95, 1)],
    ),
    "B: touching a limit is not enough": (lambda s: s.buy(99), [flat(100), bar(100, 101, 99, 100)], []),
    "B: trading through it by a tick is": (
        lambda s: s.buy(99),
        [flat(100), bar(100, 101, 98.9, 100)],
        [(2, "buy", 99, 1)],
    ),
    "C: a gap below a sell stop fills at the open": (
        lambda s: s.short(stop=98),
        [flat(100), bar(90, 92, 89, 91)],
        [(2, "sell", 90, 1)],
    ),
    "D: through a sell stop fills at the trigger": (
        lambda s: s.short(stop=98),
        [flat(100), bar(100, 101, 96, 97)],
        [(2, "sell", 98, 1)],
    ),
    "D2: touching a stop is enough": (
        lambda s: s.short(stop=98),
        [flat(100), bar(100, 101, 98, 99)],
        [(2, "sell", 98, 1)],
    ),
    "I: a market order meets the next open, never the close it was sent at": (
        lambda s: s.buy(),
        [bar(103, 104, 102, 103)],
        [(1, "buy", 103, 1)],
    ),
    "J: a stop-limit past its limit waits for the price to come back to it": (
        lambda s: s.buy(102.5, stop=102),
        [flat(100), bar(105, 106, 101, 103)],
        [(2, "buy", 102.5, 1)],
    ),
    "J: and is not filled when it does not come back": (
        lambda s: s.buy(102.5, stop=102),
        [flat(100), bar(105, 106, 103, 104)],
        [],
    ),
    "J: reached on the way it fills at its trigger": (
        lambda s: s.buy(102.5, stop=102),
        [flat(100), bar(100, 103, 99.5, 101)],
        [(2, "buy", 102, 1)],
    ),
    "a limit that the new bar opens beyond gets the better open": (
        lambda s: s.short(101),
        [bar(103, 104, 102, 103)],
        [(1, "sell", 103, 1)],
    ),
    "a new limit at exactly the open is marketable": (lambda s: s.buy(99), [flat(99)], [(1, "buy", 99, 1)]),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_entry(case: str) -> None:
    act, bars, expected = ENTRIES[case]
    assert fills(trade([flat(100), *bars], {0: act})) == expected


@pytest.mark.parametrize("case", [case for case in ENTRIES if case[0] in "CD"])
def test_slippage_of_a_stop_is_adverse(case: str) -> None:
    act, bars, expected = ENTRIES[case]
    ((at, side, price, volume),) = expected
    low = min(found[2] for found in bars)
    slipped = max(price - 0.3, low)
    assert fills(trade([flat(100), *bars], {0: act}, slippage="3")) == [
        (at, side, pytest.approx(slipped), volume)
    ]


def bracket(run_bar: BarOf, **terms: Any) -> Any:
    """Long one lot from 100, a stop at 98 and a target at 104, and a bar that may reach both."""

    def protect(s: Any) -> None:
        s.sell(104)
        s.sell(stop=98)

    bars = [flat(100), flat(100), run_bar]
    return trade(bars, {0: lambda s: s.buy(), 1: protect}, **terms)


@pytest.mark.parametrize(
    "bar_",
    [bar(100, 105, 97, 103), bar(99, 106, 97, 103), bar(103, 105, 97, 98)],
    ids=["E: stop first by the path", "E2: farther high", "target first by the path"],
)
def test_when_the_path_alone_decides_the_stop_comes_first_and_the_bar_is_counted(bar_: BarOf) -> None:
    run = bracket(bar_)
    assert fills(run)[1:] == [(2, "sell", 98, 1)]
    assert status(run, 2) is not OrderStatus.FILLED  # the target has nothing left to close
    assert run.ambiguous_gain == (1, Decimal(60))  # six points better, ten units a point
    run.mark()
    assert run.ledger.balance() == Decimal(1_000_000) - 20


def test_a_bar_that_reaches_only_one_of_them_is_not_ambiguous() -> None:
    for bar_, price in ((bar(100, 105, 99, 103), 104), (bar(100, 103, 97, 99), 98)):
        run = bracket(bar_)
        assert fills(run)[1:] == [(2, "sell", price, 1)]
        assert run.ambiguous_gain == (0, 0)


def test_a_gap_over_the_stop_is_no_ambiguity() -> None:
    run = bracket(bar(96, 105, 95, 104))
    assert fills(run)[1:] == [(2, "sell", 96, 1)]
    assert run.ambiguous_gain == (0, 0)


def test_a_short_is_protected_the_same_way() -> None:
    def protect(s: Any) -> None:
        s.cover(96)
        s.cover(stop=102)

    run = trade([flat(100), flat(100), bar(100, 103, 95, 97)], {0: lambda s: s.short(), 1: protect})
    assert fills(run)[1:] == [(2, "buy", 102, 1)]
    assert run.ambiguous_gain == (1, Decimal(60))


def test_f_an_entry_and_its_own_stop_in_one_bar() -> None:
    run = trade(
        [flat(100), flat(100), bar(100, 101, 96, 100)],
        {0: lambda s: s.buy(99)},
        on_trade=lambda s, t: s.sell(stop=97) if t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(2, "buy", 99, 1), (2, "sell", 97, 1)]


def test_an_entry_born_bracket_is_taken_by_its_stop_when_both_lie_ahead() -> None:
    def protect(s: Any, t: Any) -> None:
        if t.offset is Offset.OPEN:
            s.sell(104)
            s.sell(stop=98)

    run = trade(
        [flat(100), flat(100), bar(100, 105, 94, 99)], {0: lambda s: s.buy(stop=101)}, on_trade=protect
    )
    assert fills(run) == [(2, "buy", 101, 1), (2, "sell", 98, 1)]
    assert run.ambiguous_gain == (1, Decimal(60))


def test_g_a_market_order_takes_its_share_of_each_bar() -> None:
    bars = [flat(100), *(flat(100, volume=400) for _ in range(4))]
    run = trade(bars, {0: lambda s: s.buy(volume=90)}, participation="0.1")
    assert fills(run) == [(1, "buy", 100, 40), (2, "buy", 100, 40), (3, "buy", 100, 10)]
    assert status(run) is OrderStatus.FILLED


def test_g_the_rest_of_an_immediate_one_is_canceled() -> None:
    run = trade(
        [flat(100), flat(100, volume=400), flat(100)],
        {0: lambda s: s.buy(volume=90, time_in_force=TimeInForce.IOC)},
        participation="0.1",
    )
    assert fills(run) == [(1, "buy", 100, 40)]
    assert status(run) is OrderStatus.CANCELED


def test_h_a_limit_takes_its_share_too() -> None:
    bars = [flat(100), flat(100), *(bar(100, 100, 98, 99.5, volume=400) for _ in range(2))]
    run = trade(bars, {0: lambda s: s.buy(99, volume=90)}, participation="0.1")
    assert fills(run) == [(2, "buy", 99, 40), (3, "buy", 99, 40)]
    assert status(run) is OrderStatus.PARTIAL
