"""The clock of a session: whatever the machine's clock does, it never goes back and never stands still."""

from __future__ import annotations

from hypothesis import given, strategies as st

from monitor.core.clock import Clock
from monitor.engine.values import NS_PER_SECOND

START = 1_700_000_000 * NS_PER_SECOND
HOUR = 3600


class Machine:
    """A wall clock that somebody sets, and a counter that nobody can."""

    def __init__(self) -> None:
        self.wall_ns, self.steady_ns = START, 5

    def clock(self, not_before_ns: int = 0) -> Clock:
        return Clock(not_before_ns, lambda: self.wall_ns, lambda: self.steady_ns)

    def passes(self, seconds: float) -> None:
        self.wall_ns += int(seconds * NS_PER_SECOND)
        self.steady_ns += int(seconds * NS_PER_SECOND)

    def is_set(self, seconds: float) -> None:
        self.wall_ns += int(seconds * NS_PER_SECOND)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1000, allow_nan=False),
            st.one_of(st.just(0.0), st.floats(-2 * HOUR, 2 * HOUR, allow_nan=False)),
        ),
        max_size=30,
    )
)
def test_it_goes_on_at_least_as_time_passes_and_is_never_far_behind(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    assert before == START
    for passed, is_set in steps:
        machine.passes(passed)
        machine.is_set(is_set)
        now = clock()
        assert now >= before + int(passed * NS_PER_SECOND)
        assert now >= machine.wall_ns - 2 * NS_PER_SECOND
        before = now


def test_a_clock_set_back_is_told_once_and_not_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.is_set(-HOUR)
    said = []
    for _ in range(100):
        machine.passes(1)
        clock()
        said.append(clock.news())
    assert clock() == START + 100 * NS_PER_SECOND
    assert "".join(said) == "The machine's clock was set back by 3,600 s. Ours goes on as it was."
    machine.is_set(HOUR)
    clock()
    machine.is_set(-HOUR)
    clock()
    assert clock.news()


def test_after_a_sleep_the_machines_clock_is_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.is_set(1)
    assert (clock(), clock.news()) == (START, "")
    machine.is_set(HOUR)
    assert clock() == machine.wall_ns
    assert clock.news().startswith("The machine's clock went 3,601 s ahead")
    machine.passes(1)
    assert (clock(), clock.news()) == (machine.wall_ns, "")


def test_it_begins_with_the_newest_fact_where_the_machines_clock_is_behind_it() -> None:
    machine = Machine()
    clock = machine.clock(START + HOUR * NS_PER_SECOND)
    machine.passes(3)
    assert clock() == START + (HOUR + 3) * NS_PER_SECOND
    assert clock.news().startswith("The machine's clock was set back by 3,600 s")
