"""Sums and channels over the last bars: the same as computed from scratch, exactly."""

from __future__ import annotations

from hypothesis import given, strategies as st

from monitor.engine.indicators import Channel, RollingSum

VALUES = st.lists(st.integers(-(10**12), 10**12), max_size=40)


@given(VALUES, st.integers(1, 12))
def test_a_rolling_sum_is_the_sum_of_its_window(values: list[int], window: int) -> None:
    rolling = RollingSum(window)
    for count, value in enumerate(values, start=1):
        rolling.push(value)
        seen = values[:count]
        assert rolling.total == sum(seen[-window:])
        assert rolling.previous == sum(seen[:-1][-window:])
        assert rolling.ready is (count >= window)


@given(
    st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 20)), min_size=1, max_size=40), st.integers(1, 9)
)
def test_a_channel_is_the_extremes_of_its_window(bars: list[tuple[int, int]], window: int) -> None:
    channel = Channel(window)
    for count, (low, height) in enumerate(bars, start=1):
        channel.push(low + height, low)
        seen = bars[:count][-window:]
        assert channel.high == max(low + height for low, height in seen)
        assert channel.low == min(low for low, _ in seen)
        assert channel.ready is (count >= window)
