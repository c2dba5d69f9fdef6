"""Play, pause and speed: how many bars are due, on a clock that the test holds."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from monitor.engine.replay import BARS_PER_SECOND, SPEEDS, ReplayControl
from monitor.engine.values import ReplayState

MANY = 10**9


def playing(speed: float | None = 1.0, now: float = 0.0) -> ReplayControl:
    control = ReplayControl(speed)
    control.play(now)
    return control


@pytest.mark.parametrize("speed", SPEEDS)
def test_speed_one_is_ten_bars_a_second(speed: float) -> None:
    assert playing(speed).due(100.0, MANY) == int(100 * speed * BARS_PER_SECOND)


def test_nothing_is_due_before_it_plays_or_after_it_paused_or_finished() -> None:
    control = ReplayControl(1.0)
    assert (control.state, control.due(100.0, MANY)) == (ReplayState.PAUSED, 0)
    control.play(100.0)
    control.pause()
    assert control.due(200.0, MANY) == 0
    control.play(200.0)
    control.finish()
    assert (control.state, control.due(300.0, MANY)) == (ReplayState.FINISHED, 0)


def test_time_that_was_paused_does_not_count() -> None:
    control = playing()
    assert control.due(1.0, MANY) == 10
    control.pause()
    control.play(1000.0)
    assert control.due(1000.5, MANY) == 5


@given(st.sampled_from(SPEEDS), st.lists(st.floats(0.001, 0.4), min_size=1, max_size=50))
def test_however_often_it_is_asked_the_bars_add_up(speed: float, waits: list[float]) -> None:
    control, now, given_ = playing(speed), 0.0, 0
    for wait in waits:
        now += wait
        given_ += control.due(now, MANY)
    assert given_ == int(now * speed * BARS_PER_SECOND)


@given(st.sampled_from(SPEEDS), st.floats(0.0, 10.0))
def test_at_the_time_it_names_a_bar_is_due(speed: float, start: float) -> None:
    control = playing(speed, start)
    wait = control.next_due(start)
    assert 0 < wait <= 1 / (speed * BARS_PER_SECOND) + 1e-9
    assert control.due(start + wait * 0.99, MANY) == 0
    assert control.due(start + wait + 1e-6, MANY) == 1


def test_after_a_stall_it_goes_on_at_its_pace_instead_of_bursting() -> None:
    control = playing(1.0)
    assert control.due(60.0, 50) == 50  # a minute of nothing: six hundred were missed
    assert control.due(60.1, 50) == 1
    assert control.due(61.0, 50) == 9


def test_as_fast_as_possible_is_as_many_as_the_caller_can() -> None:
    control = playing(None)
    assert [control.due(now, 4096) for now in (0.0, 0.0, 0.1)] == [4096] * 3
    assert control.next_due(5.0) == 0.0


def test_a_new_speed_counts_from_now() -> None:
    control = playing(1.0)
    assert control.due(1.0, MANY) == 10
    control.set_speed(64, 1.0)
    assert control.due(1.0, MANY) == 0
    assert control.due(1.5, MANY) == 320


def test_the_rate_that_is_shown_is_what_was_done() -> None:
    control = playing(None)
    for step in range(1, 11):
        control.measured(100, step * 0.25)
    assert control.bars_per_second == pytest.approx(400)
    control.pause()
    assert control.bars_per_second == 0
