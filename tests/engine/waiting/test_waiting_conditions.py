"""Conditions at work: every source by name, crossings, latching, errors, and when they are looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from lobby import START, Lobby, X

from monitor.engine import events as ev
from monitor.engine.values import NS_PER_SECOND, Direction, WaitingKind

Y = "SHFE.y1"


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * NS_PER_SECOND


def _bars(lobby: Lobby, *closes: float) -> None:
    lobby.market.bars[X] = [*closes]
    lobby.room.moved((X,))
    lobby.settle()


MET: dict[str, tuple[Callable[[Lobby], None], Callable[[Lobby], None]]] = {
    "last(SHFE.x1) >= 560": (lambda m: m.quote(last=559.9), lambda m: m.quote(last=560)),
    "bid(SHFE.x1) < 10": (lambda m: m.quote(bid=10), lambda m: m.quote(bid=9)),
    "ask(SHFE.x1) > 10": (lambda m: m.quote(ask=10), lambda m: m.quote(ask=11)),
    "mark(SHFE.x1) == 10": (lambda m: m.quote(mark=9), lambda m: m.quote(mark=10)),
    "volume(SHFE.x1) >= 1000": (lambda m: m.quote(volume=999), lambda m: m.quote(volume=1000)),
    "spread(SHFE.x1) <= 0.04": (lambda m: m.quote(bid=1, ask=1.05), lambda m: m.quote(bid=1, ask=1.04)),
    "spread(SHFE.x1, SHFE.y1) > 5": (
        lambda m: (m.quote(last=15), m.quote(Y, last=10)),
        lambda m: m.quote(Y, last=9.9),
    ),
    "last(SHFE.x1) > last(SHFE.y1)": (
        lambda m: (m.quote(last=15), m.quote(Y, last=15)),
        lambda m: m.quote(last=16),
    ),
    "time in 09:00..10:15": (lambda m: m.wait(100), lambda m: m.wait(2_000)),
    "time >= 2026-11-08T09:00+08:00": (lambda m: m.wait(1_999), lambda m: m.wait(1)),
    "position(SHFE.x1) == 2": (
        lambda m: m.market.positions.update({("a", X, Direction.LONG): Decimal(3)}),
        lambda m: (m.market.positions.update({("a", X, Direction.SHORT): Decimal(1)}), m.wait(5)),
    ),
    "position(SHFE.x1, short) >= 1": (
        lambda m: m.market.positions.update({("a", X, Direction.LONG): Decimal(3)}),
        lambda m: (m.market.positions.update({("a", X, Direction.SHORT): Decimal(1)}), m.wait(5)),
    ),
    "profit() <= -500": (
        lambda m: (m.market.profits.update(a=Decimal(-499)), m.quote(last=1)),
        lambda m: (m.market.profits.update(a=Decimal(-500)), m.quote(last=1)),
    ),
    "profit(b) > 0": (
        lambda m: m.market.profits.update(a=Decimal(1)),
        lambda m: (m.market.profits.update(b=Decimal(1)), m.quote(Y, last=1)),
    ),
    "order(99) is Filled": (lambda m: m.places(99), lambda m: m.fills(99)),
    "ma(SHFE.x1, 3) > 2": (lambda m: _bars(m, 1, 2, 3), lambda m: _bars(m, 1, 2, 3, 4)),
    "ema(SHFE.x1, 3) >= 3": (lambda m: _bars(m, 1, 2, 3, 3.9), lambda m: _bars(m, 1, 2, 3, 4)),
    "highest(SHFE.x1, 2) == 387.6": (lambda m: _bars(m, 387.6, 1, 2), lambda m: _bars(m, 1, 387.6, 2)),
    "lowest(SHFE.x1, 2) == 1": (lambda m: _bars(m, 1, 2, 3), lambda m: _bars(m, 2, 1, 3)),
    "rsi(SHFE.x1, 2) > 70": (lambda m: _bars(m, 1, 2, 1.5), lambda m: _bars(m, 1, 2, 1.5, 3)),
}


@pytest.mark.parametrize("text", MET)
def test_every_source_holds_the_order_until_it_is_true(text: str) -> None:
    lobby = Lobby()
    lobby.give(99)
    not_yet, now = MET[text]
    lobby.give(1, conditions=(text,))
    not_yet(lobby)
    lobby.settle()
    assert lobby.sent == [99]
    now(lobby)
    assert lobby.released == [1]
    assert lobby.sent == [99, 1]


def test_a_window_over_midnight_and_its_end() -> None:
    lobby = Lobby()
    lobby.market.now_ns = at("2026-11-20T20:59:59+08:00")
    lobby.give(1, conditions=("time in 21:00..02:30",))
    assert lobby.sent == []
    lobby.market.now_ns = at("2026-11-21T02:30:00+08:00")
    lobby.settle()
    assert lobby.sent == []
    lobby.market.now_ns = at("2026-11-22T02:29:59+08:00")
    lobby.settle()
    assert lobby.sent == [1]


def test_the_zone_is_the_instruments() -> None:
    lobby = Lobby()
    lobby.market.instruments[X] = lobby.market.instruments[X].__class__(symbol=X, zone="America/New_York")
    lobby.market.now_ns = at("2026-11-20T09:30:00-05:00")
    lobby.give(1, conditions=("time in 09:30..16:00",))
    assert lobby.sent == [1]


# Crossings --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "prices", "fires_at"),
    [
        ("last(SHFE.x1) crosses up 10", [11, 12, 9, 9.5, 10], 10),
        ("last(SHFE.x1) crosses up 10", [10, 11, 9, 12], 12),
        ("last(SHFE.x1) crosses down 10", [9, 8, 11, 10.5, 9], 9),
        ("last(SHFE.x1) crosses down 10", [11, 10], 10),
    ],
)
def test_a_crossing_needs_the_other_side_first(text: str, prices: list[float], fires_at: float) -> None:
    lobby = Lobby()
    lobby.give(1, conditions=(text,))
    for price in prices[:-1]:
        lobby.quote(last=price)
        assert lobby.sent == []
    lobby.quote(last=prices[-1])
    assert lobby.sent == [1]
    assert prices[-1] == fires_at


def test_after_a_restart_the_first_look_only_primes_a_crossing() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(SHFE.x1) crosses up 10",))
    lobby.quote(last=9)
    after = lobby.restarted()
    after.quote(last=11)
    assert after.sent == []
    after.quote(last=9)
    after.quote(last=10)
    assert after.sent == [1]


# Together, or each at its own -------------------------------------------------------------------
BOTH = ("last(SHFE.x1) >= 10", "last(SHFE.y1) >= 10")


def test_all_conditions_are_true_at_one_moment() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=BOTH)
    lobby.quote(last=10)
    lobby.quote(last=9)
    lobby.quote(Y, last=10)
    assert lobby.sent == []
    assert lobby.row(1).truth == (False, True)
    lobby.quote(last=10)
    assert lobby.sent == [1]


def test_latched_conditions_come_true_each_at_its_own_and_stay_so_over_a_restart() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=BOTH, latched=True)
    lobby.quote(last=10)
    lobby.quote(last=9)
    after = lobby.restarted()
    after.settle()
    assert after.row(1).truth == (True, None)
    after.quote(Y, last=10)
    assert after.sent == [1]
    assert [(f.order_id, f.index) for f in after.of(ev.ConditionLatched)] == [(1, 0), (1, 1)]


# Errors -----------------------------------------------------------------------------------------
def test_an_error_marks_its_order_once_and_leaves_the_rest_alone() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(NOWHERE.z) > 1",))
    lobby.give(2, conditions=("order(77) is Filled",))
    lobby.give(3, conditions=("last(SHFE.x1) > 1",))
    for second in range(20):
        lobby.wait(second)
    lobby.quote(last=2)
    told = [(fact.order_id, fact.error) for fact in lobby.of(ev.ConditionFailed)]
    assert told == [(1, "NOWHERE.z is not known here."), (2, "There is no order 77.")]
    assert lobby.row(1).error == "NOWHERE.z is not known here."
    assert lobby.sent == [3]
    assert lobby.restarted().folded() == lobby.folded()


def test_an_unreadable_text_holds_its_order_until_somebody_looks() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(SHFE.x1) => 5",))
    lobby.wait(60)
    assert [fact.error for fact in lobby.of(ev.ConditionFailed)] == ["Equal is written ==."]
    assert lobby.sent == []
    lobby.cancel(1)
    assert lobby.canceled == [1]


def test_unknown_prices_are_no_error() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("bid(SHFE.x1) > 5", "ma(SHFE.x1, 3) > 1", "profit() > 0"))
    lobby.quote(last=6)
    assert lobby.of(ev.ConditionFailed) == []
    assert lobby.row(1).truth == (None, None, None)


# When -------------------------------------------------------------------------------------------
def test_conditions_are_looked_at_every_five_seconds_at_the_latest() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("position(SHFE.x1) > 0",))
    assert lobby.room.due_ns() == START + 5 * NS_PER_SECOND
    lobby.wait(4)
    assert lobby.row(1).evaluated_ns == START
    lobby.wait(1)
    assert lobby.row(1).evaluated_ns == START + 5 * NS_PER_SECOND


def test_a_row_says_what_is_waited_for() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(SHFE.x1)>=10 and bid(SHFE.x1)>5",))
    lobby.quote(last=10, bid=5)
    row = lobby.row(1)
    assert row.kind is WaitingKind.CONDITIONAL
    assert row.condition == "last(SHFE.x1) >= 10 and bid(SHFE.x1) > 5"
    assert row.detail == "for bid(SHFE.x1) > 5"
    assert row.truth == (True, False)
