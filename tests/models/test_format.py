"""Numbers and times on the screen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from desk_rows import SECOND, START
from hypothesis import given, strategies as st

from monitor.models import format as fmt

SHANGHAI = fmt.zone("Asia/Shanghai")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Decimal("1234567.5"), 2, "1,234,567.50"),
        (Decimal("-12.345"), 2, "−12.34"),
        (Decimal("-0.001"), 2, "0.00"),
        (-1e-9, 2, "0.00"),
        (0, 2, "0.00"),
        (None, 2, "–"),
        (Decimal("1E+3"), 0, "1,000"),
    ],
)
def test_numbers_are_grouped_padded_and_have_a_real_minus(value, digits, text):
    assert fmt.number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("3120"), "+3,120.00"),
        (Decimal("-3120"), "−3,120.00"),
        (Decimal("0.001"), "0.00"),
        (Decimal(0), "0.00"),
        (None, "–"),
    ],
)
def test_a_profit_says_its_sign_unless_it_is_nothing(value, text):
    assert fmt.signed(value) == text


@given(st.decimals(-(10**12), 10**12, places=4), st.integers(0, 4))
def test_a_number_on_the_screen_reads_back_as_itself_rounded(value, digits):
    read = Decimal(fmt.number(value, digits).replace(",", "").replace("−", "-"))
    assert read == round(value, digits)


def test_a_price_keeps_the_digits_of_its_tick():
    assert fmt.price(Decimal("752.30")) == "752.30"
    assert fmt.price(Decimal("2801")) == "2,801"
    assert fmt.price(Decimal("752.3"), 2) == "752.30"
    assert fmt.price(None) == "–"


def test_volumes_are_counted_not_padded():
    assert [fmt.volume(Decimal(v)) for v in ("3", "3.00", "0.50", "100", "1200")] == [
        "3",
        "3",
        "0.5",
        "100",
        "1,200",
    ]


def test_milliseconds_are_zero_padded_in_the_zone_of_the_data():
    assert fmt.clock(START + 5_000_000, SHANGHAI) == "10:30:00.005"
    assert fmt.moment(START + 5_000_000, SHANGHAI) == "2019-06-12 10:30:00.005"
    assert fmt.clock(START, fmt.zone("UTC")) == "02:30:00.000"
    assert fmt.clock(None, SHANGHAI) == "–"


def test_an_unknown_zone_is_utc():
    assert fmt.clock(START, fmt.zone("Mars/Olympus")) == fmt.clock(START, fmt.zone("UTC"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0, "0 s"), (58, "58 s"), (240, "4 min"), (7500, "2 h 05"), (3 * 86400, "3 d")],
)
def test_ages(seconds, text):
    assert fmt.age(seconds * SECOND) == text


def test_percent():
    assert fmt.percent(-0.0125) == "−1.25 %"
    assert fmt.percent(None) == "–"
