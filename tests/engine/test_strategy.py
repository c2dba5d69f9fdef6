"""What a strategy declares and may do: parameters, order types, a target position."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from market import fills, flat, order, trade

from monitor.engine.strategy import ParameterError, Strategy, parameter, read_parameters
from monitor.engine.values import Instrument, OrderType


class Sample(Strategy):
    window: int = parameter(20, minimum=2, maximum=500)
    factor: float = parameter(1.5, minimum=0.1)
    name: str = parameter("gold")
    fast: bool = parameter(False)


class Derived(Sample):
    window: int = parameter(30, minimum=5)
    extra: int = parameter(1)


def test_what_is_not_given_is_the_default() -> None:
    assert read_parameters(Sample, {}) == {"window": 20, "factor": 1.5, "name": "gold", "fast": False}


def test_a_derived_strategy_adds_and_replaces() -> None:
    assert read_parameters(Derived, {"factor": "2"}) == {
        "window": 30,
        "factor": 2.0,
        "name": "gold",
        "fast": False,
        "extra": 1,
    }
    assert "extra" not in Sample.declared


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("window", "7", 7),
        ("window", 7, 7),
        ("factor", "0.1", 0.1),
        ("factor", "1e2", 100.0),
        ("factor", 3, 3.0),
        ("name", "12", "12"),
        ("fast", "Yes", True),
        ("fast", "1", True),
        ("fast", "off", False),
        ("fast", "false", False),
        ("fast", True, True),
    ],
)
def test_text_becomes_the_declared_type(name: str, text: Any, value: Any) -> None:
    found = read_parameters(Sample, {name: text})[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("window", "7.5", "parameter window: '7.5' is not a whole number"),
        ("window", "many", "parameter window: 'many' is not a whole number"),
        ("window", True, "parameter window: True is not a whole number"),
        ("window", "1", "parameter window: 1 is below 2"),
        ("window", "501", "parameter window: 501 is above 500"),
        ("factor", "x", "parameter factor: 'x' is not a number"),
        ("factor", "nan", "parameter factor: nan is not a number"),
        ("factor", "0", "parameter factor: 0.0 is below 0.1"),
        ("fast", "maybe", "parameter fast: 'maybe' is not true or false"),
        ("speed", "1", "Sample has no parameter 'speed'; it has: window, factor, name, fast"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(name: str, text: Any, sentence: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        read_parameters(Sample, {name: text})
    assert str(refusal.value) == sentence


@given(st.integers(-1000, 1000))
def test_the_range_is_inclusive(value: int) -> None:
    if 2 <= value <= 500:
        assert read_parameters(Sample, {"window": str(value)})["window"] == value
    else:
        with pytest.raises(ParameterError):
            read_parameters(Sample, {"window": str(value)})


# Orders -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "type_"),
    [
        (lambda s: s.buy(), OrderType.MARKET),
        (lambda s: s.buy(99), OrderType.LIMIT),
        (lambda s: s.buy(stop=101), OrderType.STOP),
        (lambda s: s.buy(102, stop=101), OrderType.STOP_LIMIT),
        (lambda s: s.buy(trail=2), OrderType.TRAILING),
    ],
)
def test_what_is_given_makes_the_type(act: Any, type_: OrderType) -> None:
    assert order(trade([flat(100)] * 2, {0: act})).type is type_


def test_a_trailing_stop_takes_no_price() -> None:
    class Greedy(Strategy):
        pass

    with pytest.raises(ValueError, match="neither price nor stop"):
        Greedy().buy(99, trail=2)


@pytest.mark.parametrize("number", [np.float64(99.5), np.float32(99.5), np.int64(99), 99, Decimal("99.5")])
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    run = trade([flat(100)] * 2, {0: lambda s: s.buy(number, volume=np.int64(2))})
    assert (order(run).price, order(run).quantity) == (Decimal(str(number)), 2)


@given(st.floats(-1e6, 1e6), st.sampled_from(["0.01", "0.02", "0.05", "0.2", "0.25", "1", "5"]))
def test_an_order_price_is_the_nearest_whole_number_of_ticks(value: float, tick: str) -> None:
    step = Decimal(tick)
    price = Instrument(symbol="X", tick=step).price(value)
    assert price % step == 0
    assert abs(price - Decimal(repr(value))) <= step / 2


# Target position ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("held", "target", "moves"),
    [
        (0, 2, [("buy", 2)]),
        (0, -2, [("sell", 2)]),
        (0, 0, []),
        (3, 3, []),
        (3, 1, [("sell", 2)]),
        (3, 5, [("buy", 2)]),
        (3, 0, [("sell", 3)]),
        (3, -2, [("sell", 3), ("sell", 2)]),
        (-3, -1, [("buy", 2)]),
        (-3, -5, [("sell", 2)]),
        (-3, 2, [("buy", 3), ("buy", 2)]),
    ],
)
def test_a_target_position_is_reached_closing_first(
    held: int, target: int, moves: list[tuple[str, int]]
) -> None:
    run = trade(
        [flat(100)] * 5, {0: lambda s: s.target_position(held), 2: lambda s: s.target_position(target)}
    )
    assert run.ledger.net_volume("TEST.x1") == target
    assert [(side, volume) for at, side, _, volume in fills(run) if at == 3] == moves
    one_way = [p.volume for p in run.ledger.positions.values()]
    assert sorted(one_way, reverse=True)[:2] in ([abs(target), 0], [abs(target)], [])
