"""The language of conditions: what is understood, what is refused and where it points."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from monitor.engine.values import Direction, OrderStatus
from monitor.engine.waiting.conditions import Condition, ConditionError, canonical, parse, parse_all
from monitor.engine.waiting.conditions.tree import (
    Compared,
    Comparison,
    Crosses,
    Indicator,
    Number,
    OrderIs,
    PositionOf,
    PriceOf,
    ProfitOf,
    QuoteValue,
    SeriesOf,
    Spread,
    TimeCompared,
    TimeWithin,
)


@pytest.mark.parametrize(
    "text",
    [
        "last(SHFE.au2512) >= 560 and time in 09:00..10:15",
        "bid(BTC-PERPETUAL) < 60000.5",
        "ask(KQ.m@SHFE.au) == 560.02",
        "mark(ETH/USDC) > -1",
        "volume(SHFE.au2512) >= 100000",
        "spread(SHFE.au2512) <= 0.04",
        "spread(SHFE.au2512, SHFE.au2602) crosses down -1.5",
        "time in 21:00..02:30:30",
        "time >= 2026-11-20T09:00+08:00",
        "time < 2026-11-20T09:00:01.250000+00:00",
        "position(SHFE.au2512) == 0",
        "position(SHFE.au2512, short) > 3",
        "profit() <= -5000",
        "profit(acc-1) >= 100",
        "order(123) is Filled",
        "ma(X, 20) crosses up ma(X, 60)",
        "ema(X, 12) > ema(X, 26)",
        "last(X) > highest(X, 20)",
        "last(X) < lowest(X, 20)",
        "rsi(X, 14) crosses up 30",
        'last("BTC/USDT:USDT") > 1',
        'last("600000") > 1',
    ],
)
def test_the_canonical_text_of_a_canonical_text_is_itself(text: str) -> None:
    assert canonical(parse(text)) == text


@pytest.mark.parametrize(
    ("written", "canonically"),
    [
        ("LAST( X )>=5", "last(X) >= 5"),
        ("last(X)>=1e3\n AND order( 5 ) is filled", "last(X) >= 1000 and order(5) is Filled"),
        ("time in 9:00..10:15:00", "time in 09:00..10:15"),
        ("time >= 2026-11-20T09:00:00Z", "time >= 2026-11-20T09:00+00:00"),
        ("last(600000) > 1", 'last("600000") > 1'),
        ("last(X) > +0.50", "last(X) > 0.50"),
    ],
)
def test_what_may_be_written_otherwise(written: str, canonically: str) -> None:
    assert canonical(parse(written)) == canonically


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("lastt(X) > 5", "lastt", "did you mean last?"),
        ("last(X) => 5", "=>", "Equal is written ==."),
        ("last(X) = 5", "= 5", "Equal is written ==."),
        ("last(X) crosses upp 5", "upp", "did you mean up?"),
        ("last(X) cross up 5", "cross", "did you mean crosses?"),
        ("last(X > 5", "> 5", "')' is missing here."),
        ("last() > 5", ") > 5", "A symbol is missing here."),
        ("last(X) > 5 or last(X) < 3", "or", "'and' is missing here."),
        ("last(X) >", "", "A number or a source such as last(SYMBOL) is missing."),
        ("", "", "begins with a source"),
        ("order(5) is Fille", "Fille", "did you mean filled?"),
        ("order(x) is Filled", "x)", "An order's number is missing here."),
        ("order(1.5) is Filled", "1.5", "a whole number"),
        ("position(X, lng) > 1", "lng", "did you mean long?"),
        ("ma(X, 0) > 1", "0)", "a whole number from 1 to 1,000"),
        ("ma(X) > 1", ") > 1", "',' is missing here."),
        ("time in 25:00..26:00", "25:00", "There is no 25:00 in a day."),
        ("time in 09:00..09:00", "09:00", "empty or whole"),
        ("time == 2026-11-20T09:00Z", "==", "use >= or a window"),
        ("time >= 2026-11-20T09:00", "2026", "offset from UTC"),
        ("time >= 2026-13-20T09:00Z", "2026", "calendar"),
        ("time >= 09:00", "09:00", "A moment such as"),
        ('last("X) > 5', '"X', "quotation mark"),
        ("last(X) > 1e99", "1e99", "above"),
        ("5 < last(X)", "5 <", "begins with a source"),
        ("last(Ü) > 5", "Ü", "'Ü' has no meaning here."),
    ],
)
def test_an_error_points_at_its_place_and_says_one_sentence(text: str, at: str, says: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    error = caught.value
    assert says in error.sentence
    assert error.text[error.position :].startswith(at)
    line, caret = error.pointed.split("\n")
    assert (line, caret) == (text, " " * error.position + "^")


def test_an_order_has_at_most_five_conditions_however_they_are_written() -> None:
    one = "last(X) > 1"
    assert len(parse_all((one, " and ".join([one] * 4)))) == 5
    with pytest.raises(ConditionError, match="at most 5"):
        parse(" and ".join([one] * 6))
    with pytest.raises(ConditionError, match="at most 5"):
        parse_all((one, one, " and ".join([one] * 4)))


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ConditionError, match="at most 1,000 characters"):
        parse("last(X) > 1 and " * 100)


# Any condition, any text ------------------------------------------------------------------------
symbols = st.from_regex(r"[A-Za-z0-9_@.&/:-]{1,12}", fullmatch=True)
numbers = st.decimals(-(10**9), 10**9, allow_nan=False, places=4)
windows = st.integers(1, 1000)
sources = st.one_of(
    st.builds(QuoteValue, st.sampled_from(PriceOf), symbols),
    st.builds(Spread, symbols, st.none() | symbols),
    st.builds(PositionOf, symbols, st.none() | st.sampled_from(Direction)),
    st.builds(ProfitOf, st.just("") | symbols),
    st.builds(Indicator, st.sampled_from(SeriesOf), symbols, windows),
)
operands = sources | st.builds(Number, numbers)
seconds = st.integers(0, 86_399)
moments = st.datetimes(
    dt.datetime(1971, 1, 2),  # noqa: DTZ001 hypothesis wants it so
    dt.datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.builds(lambda m: dt.timezone(dt.timedelta(minutes=m)), st.integers(-840, 840)),
)
conditions = st.one_of(
    st.builds(Compared, sources, st.sampled_from(Comparison), operands),
    st.builds(Crosses, sources, st.booleans(), operands),
    st.tuples(seconds, seconds).filter(lambda p: p[0] != p[1]).map(lambda p: TimeWithin(*p)),
    st.builds(TimeCompared, st.sampled_from([c for c in Comparison if c is not Comparison.EQUAL]), moments),
    st.builds(OrderIs, st.integers(1, 10**9), st.sampled_from(OrderStatus)),
)


@given(st.lists(conditions, min_size=1, max_size=5))
def test_whatever_is_meant_can_be_written_and_read_again(meant: list[Condition]) -> None:
    text = canonical(tuple(meant))
    assert parse(text) == tuple(meant)
    assert canonical(parse(text)) == text


WORDS = [
    "last",
    "time",
    "in",
    "order",
    "is",
    "and",
    "crosses",
    "up",
    "(",
    ")",
    ",",
    "..",
    ">=",
    "X",
    "5",
    "09:00",
]


def refusal_of(text: str) -> ConditionError | None:
    try:
        parse(text)
    except ConditionError as error:
        return error
    return None


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_text_is_conditions_or_a_condition_error(text: str) -> None:
    error = refusal_of(text)
    if error is None:
        assert parse(canonical(parse(text))) == parse(text)
    else:
        assert 0 <= error.position <= len(text)
        assert error.sentence.endswith((".", "?"))


@given(conditions.map(str), st.data())
def test_a_damaged_condition_is_a_condition_error_at_worst(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(st.text(max_size=3)) + text[place + data.draw(st.integers(0, 3)) :]
    error = refusal_of(damaged)
    assert error is None or 0 <= error.position <= len(damaged)


def test_numbers_are_exact() -> None:
    (condition,) = parse("last(X) >= 560.02")
    assert isinstance(condition, Compared)
    assert condition.right == Number(Decimal("560.02"))
