"""The rules of a ticket without any widget, and a storm of random events against them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st
from ticket_rows import NOON, SECOND, order, position

from monitor.engine.commands import accepted, refused
from monitor.ui.tickets.facts import Facts, Guard, Leg
from monitor.ui.tickets.rules import Ending, Hands, Limits, Phase, Ticket, Waiting

MS = 1_000_000
START = 100 * SECOND
KEY_X, KEY_ENTER = 45, 36


def facts(**changed: object) -> Facts:
    return Facts(legs=(Leg(position(**changed)),))


class Asked:
    """A ticket with its time and its hands."""

    def __init__(self, seen: Facts | None = None, limits: Limits | None = None) -> None:
        self.now = START
        self.hands = Hands()
        self.ticket = Ticket("k", seen or facts(), self.hands, self.now, limits)

    def painted_and_ready(self) -> Asked:
        self.ticket.painted(self.now)
        self.now += 350 * MS
        return self

    def observe(self, latest: Facts | None, engine_now: int = NOON) -> None:
        self.ticket.observe(latest, engine_now, self.now)

    @property
    def waiting(self) -> Waiting:
        return self.ticket.waiting(self.now)


def test_it_arms_350_ms_after_it_was_painted_not_after_it_was_made() -> None:
    asked = Asked()
    asked.now += 10 * SECOND
    assert asked.waiting is Waiting.TIME
    asked.ticket.painted(asked.now)
    asked.now += 350 * MS - 1
    assert asked.ticket.confirm(asked.now) is None
    asked.now += 1
    assert asked.ticket.confirm(asked.now) == facts()


def test_it_does_not_arm_while_any_key_is_down() -> None:
    asked = Asked()
    asked.hands.press(KEY_X)
    asked.painted_and_ready()
    assert asked.waiting is Waiting.KEYS
    asked.hands.release(KEY_X)
    assert asked.waiting is Waiting.NOTHING


def test_the_key_that_confirms_may_be_down_but_none_that_was_down_before() -> None:
    asked = Asked()
    asked.hands.press(KEY_X)
    asked.painted_and_ready()
    asked.hands.press(KEY_ENTER)
    assert asked.ticket.confirm(asked.now, by=KEY_ENTER) is None
    asked.hands.release(KEY_X)
    assert asked.ticket.confirm(asked.now, by=KEY_ENTER) is not None


def test_once_all_keys_were_released_quick_typing_may_overlap() -> None:
    asked = Asked().painted_and_ready()
    asked.observe(facts())
    assert asked.waiting is Waiting.NOTHING
    asked.hands.press(KEY_X)
    assert asked.ticket.takes_typing(asked.now, by=KEY_ENTER)
    assert asked.ticket.confirm(asked.now, by=KEY_ENTER) is not None


def test_keys_released_before_it_was_painted_do_not_count() -> None:
    asked = Asked()
    assert asked.waiting is Waiting.TIME
    asked.hands.press(KEY_X)
    asked.painted_and_ready()
    assert asked.waiting is Waiting.KEYS


def test_it_is_sent_once() -> None:
    asked = Asked().painted_and_ready()
    assert asked.ticket.confirm(asked.now) is not None
    assert asked.ticket.confirm(asked.now) is None
    asked.ticket.answered(refused("no"), asked.now)
    assert asked.ticket.confirm(asked.now) is None
    assert asked.ticket.phase is Phase.REFUSED


@pytest.mark.parametrize(("ticks", "disarmed"), [(0, False), (5, False), (-5, False), (6, True), (-6, True)])
def test_a_price_may_move_five_ticks(ticks: int, disarmed: bool) -> None:
    asked = Asked().painted_and_ready()
    asked.observe(facts(last_price=Decimal(2671 + ticks)))
    assert (asked.waiting is Waiting.ACKNOWLEDGEMENT) is disarmed
    if disarmed:
        (moved,) = asked.ticket.changes
        assert (moved.guard, moved.old, moved.new) == (Guard.MOVED, "2,671", f"{2671 + ticks:,}")


@pytest.mark.parametrize(("age_ms", "stale"), [(0, False), (2000, False), (2001, True)])
def test_a_quote_may_be_two_seconds_old_on_the_engines_clock(age_ms: int, stale: bool) -> None:
    asked = Asked().painted_and_ready()
    asked.observe(facts(), NOON + age_ms * MS)
    assert (asked.waiting is Waiting.ACKNOWLEDGEMENT) is stale


def test_a_missing_quote_is_stale() -> None:
    asked = Asked(facts(quote_ns=None)).painted_and_ready()
    asked.observe(facts(quote_ns=None))
    assert [item.guard for item in asked.ticket.changes] == [Guard.STALE]


@pytest.mark.parametrize(
    "latest",
    [
        facts(volume=Decimal(2), version=8),
        facts(version=8),
        Facts(legs=(Leg(position(), (order(9),)),)),
        Facts(legs=(Leg(position()), Leg(position(position_id="other")))),
        Facts(),
    ],
    ids=["volume", "version alone", "a new working order", "another position", "position gone from several"],
)
def test_a_change_of_position_or_orders_disarms(latest: Facts) -> None:
    asked = Asked().painted_and_ready()
    asked.observe(latest)
    assert asked.ticket.changes
    assert {item.guard for item in asked.ticket.changes} == {Guard.CHANGED}
    assert asked.ticket.confirm(asked.now) is None


def test_an_order_that_fills_further_disarms_but_one_that_is_merely_placed_does_not() -> None:
    created = order(5, status="Created")
    asked = Asked(Facts(orders=(created,))).painted_and_ready()
    asked.observe(Facts(orders=(order(5, status="Placed"),)))
    assert asked.waiting is Waiting.NOTHING
    asked.observe(Facts(orders=(order(5, filled_quantity=Decimal(1), status="Partial"),)))
    (change,) = asked.ticket.changes
    assert (change.old, change.new) == ("0 of 3 filled at 2,700", "1 of 3 filled at 2,700")


def test_a_disarmed_ticket_stays_so_when_the_price_comes_back() -> None:
    asked = Asked().painted_and_ready()
    asked.observe(facts(last_price=Decimal(2690)))
    asked.observe(facts())
    assert asked.waiting is Waiting.ACKNOWLEDGEMENT
    assert asked.ticket.changes[0].new == "as it was"


def test_acknowledging_takes_the_new_numbers_and_arms_anew() -> None:
    asked = Asked().painted_and_ready()
    latest = facts(last_price=Decimal(2690), volume=Decimal(2), version=8)
    asked.observe(latest)
    assert not asked.ticket.acknowledge(asked.now), "nobody reads that quickly"
    asked.now += 350 * MS
    assert asked.ticket.acknowledge(asked.now)
    assert asked.ticket.confirm(asked.now) is None
    asked.now += 10 * SECOND
    assert asked.waiting is Waiting.TIME, "the new numbers have not been on the screen"
    asked.painted_and_ready()
    assert asked.ticket.confirm(asked.now) == latest


def test_acknowledging_a_stale_quote_does_not_make_it_fresh() -> None:
    asked = Asked().painted_and_ready()
    asked.observe(facts(), NOON + 5 * SECOND)
    asked.now += SECOND
    assert asked.ticket.acknowledge(asked.now)
    asked.painted_and_ready()
    asked.observe(facts(), NOON + 5 * SECOND)
    assert asked.ticket.confirm(asked.now) is None


def test_nothing_to_acknowledge_is_not_acknowledged() -> None:
    assert not Asked().painted_and_ready().ticket.acknowledge(START)


def test_untouched_it_goes_after_30_s_and_a_touch_starts_them_anew() -> None:
    asked = Asked()
    asked.now += 29 * SECOND
    asked.ticket.touch(asked.now)
    asked.now += 29 * SECOND
    asked.observe(facts())
    assert not asked.ticket.closed
    asked.now += SECOND
    asked.observe(facts())
    assert asked.ticket.ending is Ending.EXPIRED


def test_a_confirmation_that_comes_after_the_time_out_is_too_late_without_a_frame_between() -> None:
    asked = Asked().painted_and_ready()
    asked.now += 31 * SECOND
    assert asked.ticket.confirm(asked.now) is None
    assert asked.ticket.closed


def test_a_gone_cause_closes_it() -> None:
    asked = Asked().painted_and_ready()
    asked.observe(None)
    assert asked.ticket.ending is Ending.GONE
    assert asked.ticket.confirm(asked.now) is None


def test_an_answer_is_waited_for_however_long_and_then_stays_to_be_read() -> None:
    asked = Asked().painted_and_ready()
    asked.ticket.confirm(asked.now)
    asked.now += 600 * SECOND
    asked.observe(None)
    assert asked.ticket.phase is Phase.SENT
    asked.ticket.answered(accepted(1), asked.now)
    asked.now += 4 * SECOND
    asked.observe(None)
    assert asked.ticket.phase is Phase.ACCEPTED
    asked.now += SECOND
    asked.observe(None)
    assert asked.ticket.closed


def test_a_word_must_be_typed_exactly_but_in_any_case() -> None:
    asked = Asked().painted_and_ready()
    asked.ticket.words = ("2", "DCE.m2005", "m2005")
    for wrong in ("", "1", "22", "m200"):
        asked.ticket.type(wrong, asked.now)
        assert asked.ticket.confirm(asked.now) is None
    asked.ticket.type(" M2005 ", asked.now)
    assert asked.ticket.confirm(asked.now) is not None


def test_a_change_wipes_what_was_typed() -> None:
    asked = Asked().painted_and_ready()
    asked.ticket.words = ("1",)
    asked.ticket.type("1", asked.now)
    asked.observe(facts(volume=Decimal(2), version=8))
    assert asked.ticket.typed == ""


EVENTS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([1, 50, 349, 350, 1000, 2001, 30_000])),
    st.tuples(st.just("press"), st.sampled_from([KEY_X, KEY_ENTER])),
    st.tuples(st.just("release"), st.sampled_from([KEY_X, KEY_ENTER])),
    st.tuples(st.just("price"), st.integers(2660, 2682)),
    st.tuples(st.just("volume"), st.integers(0, 4)),
    st.tuples(st.just("quote"), st.sampled_from([0, 2000, 2001])),
    st.tuples(
        st.sampled_from(["paint", "hide", "observe", "acknowledge", "confirm", "Enter", "answer"]), st.none()
    ),
    st.tuples(st.sampled_from(["paint", "confirm", "Enter", "observe"]), st.none()),
    st.tuples(st.just("Esc"), st.none()),
)


class Storm:
    """Random events, and beside them the simplest account of what the asker could know."""

    def __init__(self) -> None:
        self.asked = Asked()
        self.row = position()
        self.engine_now = NOON
        self.shown = Facts(legs=(Leg(self.row),))
        self.painted: int | None = None
        self.held: set[int] = set()
        self.released = False
        self.sent: list[Facts] = []
        self.left = False
        self.blocked = False

    def latest(self) -> Facts | None:
        return Facts(legs=(Leg(self.row),)) if self.row.volume else None

    def look(self) -> None:
        if self.asked.ticket.phase is Phase.ASKING:
            self.asked.observe(self.latest(), self.engine_now)
            seen = self.shown.legs[0].position
            moved = abs(self.row.last_price - seen.last_price) > 5
            stale = self.engine_now - self.row.quote_ns > 2 * SECOND
            if moved or stale or self.row.version != seen.version:
                self.blocked = True

    def do(self, what: str, amount: int | None) -> None:
        getattr(self, f"do_{what}")(amount)
        self.note_hands()

    def note_hands(self, by: int | None = None) -> None:
        self.released = self.painted is not None and (self.released or self.held <= {by})

    def do_pass(self, milliseconds: int) -> None:
        self.asked.now += milliseconds * MS

    def do_press(self, key: int) -> None:
        self.asked.hands.press(key)
        self.held.add(key)

    def do_release(self, key: int) -> None:
        self.asked.hands.release(key)
        self.held.discard(key)

    def do_price(self, value: int) -> None:
        self.row = msgspec.structs.replace(self.row, last_price=Decimal(value))

    def do_volume(self, value: int) -> None:
        self.row = msgspec.structs.replace(self.row, volume=Decimal(value), version=self.row.version + 1)

    def do_quote(self, age_ms: int) -> None:
        self.engine_now = self.row.quote_ns + age_ms * MS

    def do_paint(self, _: None) -> None:
        self.asked.ticket.painted(self.asked.now)
        self.painted = self.asked.now if self.painted is None else self.painted

    def do_hide(self, _: None) -> None:
        self.asked.ticket.hidden()
        self.painted = None

    def do_observe(self, _: None) -> None:
        self.look()

    def do_acknowledge(self, _: None) -> None:
        self.look()
        if self.asked.ticket.acknowledge(self.asked.now):
            self.shown, self.painted, self.blocked = self.asked.ticket.latest, None, False

    def do_confirm(self, _: None, by: int | None = None) -> None:
        self.look()
        result = self.asked.ticket.confirm(self.asked.now, by)
        if result is not None:
            assert not self.sent, "sent twice"
            assert not self.left, "sent after Esc"
            assert not self.blocked, "sent while disarmed"
            self.note_hands(by)
            assert self.released, "sent before all keys were released"
            assert self.painted is not None, "sent unseen"
            assert self.asked.now - self.painted >= 350 * MS, "sent before it armed"
            assert result == self.shown, "sent numbers that were not shown"
            self.sent.append(result)

    def do_Enter(self, _: None) -> None:
        self.do_press(KEY_ENTER)
        self.do_confirm(None, KEY_ENTER)
        self.do_release(KEY_ENTER)

    def do_answer(self, _: None) -> None:
        self.asked.ticket.answered(accepted(1), self.asked.now)

    def do_Esc(self, _: None) -> None:
        self.asked.ticket.leave()
        self.left = True


@given(st.lists(EVENTS, max_size=40))
def test_no_sequence_of_events_answers_by_accident(events: list[tuple[str, int | None]]) -> None:
    storm = Storm()
    for what, amount in events:
        storm.do(what, amount)


@given(st.lists(EVENTS.filter(lambda event: event[0] not in ("Esc", "pass")), max_size=20))
def test_whatever_came_before_a_patient_reader_can_still_answer(events: list[tuple[str, int | None]]) -> None:
    """The opposite of an accident: rules so strict that nothing could ever be sent would pass
    the test above."""
    storm = Storm()
    for what, amount in events:
        storm.do(what, amount)
    if storm.asked.ticket.phase is not Phase.ASKING or not storm.row.volume:
        return
    storm.do_quote(0)
    for key in (KEY_X, KEY_ENTER):
        storm.do_release(key)
    storm.look()
    storm.do_pass(350)
    storm.do_acknowledge(None)
    storm.do_paint(None)
    storm.do_pass(350)
    storm.do_Enter(None)
    assert len(storm.sent) == 1
