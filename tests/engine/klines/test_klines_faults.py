"""Faulty K-line files: mended and reported, or refused in one sentence that says where."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from monitor.engine.klines import BarSeries, KlineError, make_bars, read_klines, write_klines

FIRST = 1_562_288_400_000
HEADER = "timestamp_ms,open,high,low,close,volume"


def row(minute: int, bar: str = "10,12,9,11,5") -> str:
    return f"{FIRST + minute * 60_000},{bar}"


def file(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "bars.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return path


def minutes(series: BarSeries) -> list[int]:
    return [(time // 1_000_000 - FIRST) // 60_000 for time in series.time_ns.tolist()]


def refused(path: Path, *, strict: bool = False) -> str:
    with pytest.raises(KlineError) as caught:
        read_klines(path, strict=strict)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_rows_out_of_order_are_sorted(tmp_path: Path) -> None:
    path = file(tmp_path, row(0), row(3), row(1), row(2), row(4))
    series = read_klines(path)
    assert minutes(series) == [0, 1, 2, 3, 4]
    assert series.report.disorder == 2
    assert series.report.repairs == ["2 rows out of order sorted, first in line 4"]
    assert "line 4" in refused(path, strict=True)


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    assert minutes(read_klines(file(tmp_path, row(2), row(1), row(0)))) == [0, 1, 2]


def test_repeated_bars_are_dropped_even_when_strict(tmp_path: Path) -> None:
    path = file(tmp_path, row(0), row(1), row(1), row(2))
    for strict in (False, True):
        series = read_klines(path, strict=strict)
        assert minutes(series) == [0, 1, 2]
        assert (series.report.duplicates, series.report.conflicts) == (1, 0)
        assert series.report.repairs == ["1 repeated bar dropped"]


def test_of_two_different_bars_of_one_time_the_last_is_kept(tmp_path: Path) -> None:
    path = file(tmp_path, row(0), row(1, "10,12,9,10,5"), row(1, "10,12,9,11,6"), row(2))
    series = read_klines(path)
    assert minutes(series) == [0, 1, 2]
    assert series.close.tolist() == [11.0, 11.0, 11.0]
    assert series.volume.tolist() == [5.0, 6.0, 5.0]
    assert series.report.conflicts == 1
    assert "lines 3 and 4" in refused(path, strict=True)


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        ("10,9,12,11,5", "the high is below the low"),
        ("13,12,9,11,5", "the open is outside high and low"),
        ("8,12,9,11,5", "the open is outside high and low"),
        ("10,12,9,12.5,5", "the close is outside high and low"),
        ("10,12,9,8,5", "the close is outside high and low"),
        ("10,12,nan,11,5", "a price or volume is not a finite number"),
        ("10,inf,9,11,5", "a price or volume is not a finite number"),
        ("10,12,9,11,nan", "a price or volume is not a finite number"),
        ("0,12,0,11,5", "a price is zero or negative"),
        ("-1,12,-2,11,5", "a price is zero or negative"),
        ("10,12,9,11,-5", "the volume is negative"),
    ],
)
def test_impossible_bars_are_left_out(tmp_path: Path, bar: str, reason: str) -> None:
    path = file(tmp_path, row(0), row(1), row(2, bar), row(3))
    series = read_klines(path)
    assert minutes(series) == [0, 1, 3]
    assert [(bad.line, bad.reason) for bad in series.report.impossible] == [(4, reason)]
    assert series.report.repairs == [f"1 impossible bar left out, first in line 4: {reason}"]
    assert refused(path, strict=True) == f"bars.csv, line 4: impossible bar, {reason}"


def test_lines_are_counted_with_comments_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(
        "\n".join(["# a comment", "", HEADER, row(0), "", "# more", row(1, "10,9,12,11,5"), row(2)])
    )
    assert [bad.line for bad in read_klines(path).report.impossible] == [7]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("1562288520000,10,12", "3 columns instead of 6"),
        (row(2) + ",7", "7 columns instead of 6"),
        (row(2, "10,,9,11,5"), "column high: '' is not a number"),
        (row(2, "10,12,9,x,5"), "column close: 'x' is not a number"),
        ("soon,10,12,9,11,5", "column timestamp_ms: 'soon' is not a time"),
        ("99999999999999999,10,12,9,11,5", "column timestamp_ms: '99999999999999999' is not a time"),
        ('"' + row(2), "column"),
        (",,,,,", "is not a time"),
    ],
)
def test_unreadable_rows_are_left_out(tmp_path: Path, broken: str, reason: str) -> None:
    path = file(tmp_path, row(0), row(1), broken, row(3))
    if broken.startswith('"'):
        assert minutes(read_klines(path)) == [0, 1, 2, 3]
        return
    series = read_klines(path)
    assert minutes(series) == [0, 1, 3]
    assert series.report.unreadable_count == 1
    assert series.report.unreadable[0].line == 4
    assert reason in series.report.unreadable[0].reason
    assert refused(path, strict=True).startswith("bars.csv, line 4: ")


def test_a_broken_first_time_does_not_change_how_the_others_are_read(tmp_path: Path) -> None:
    assert minutes(read_klines(file(tmp_path, "soon,10,12,9,11,5", row(1), row(2)))) == [1, 2]


def test_a_broken_text_time_is_left_out(tmp_path: Path) -> None:
    rows = ["2019-07-05 09:00,10,12,9,11,5", "2019-07-05 25:00,10,12,9,11,5", "2019-07-05 09:02,10,12,9,11,5"]
    path = file(tmp_path, *rows, header="datetime,open,high,low,close,volume")
    series = read_klines(path, zone="Asia/Shanghai")
    assert minutes(series) == [0, 2]
    assert [bad.line for bad in series.report.unreadable] == [3]


def test_years_that_nanoseconds_cannot_hold_are_left_out(tmp_path: Path) -> None:
    rows = ["2019-07-05 09:00,10,12,9,11,5", "9999-12-31 23:59,10,12,9,11,5"]
    path = file(tmp_path, *rows, header="datetime,open,high,low,close,volume")
    assert minutes(read_klines(path, zone="Asia/Shanghai")) == [0]


def test_unknown_open_interest_costs_no_bar(tmp_path: Path) -> None:
    rows = [row(0) + ",100", row(1) + ",", row(2) + ",102"]
    series = read_klines(file(tmp_path, *rows, header=HEADER + ",open_interest"))
    assert minutes(series) == [0, 1, 2]
    assert series.open_interest is not None
    assert series.open_interest[2] == 102
    assert series.open_interest[1] != series.open_interest[1]


def test_a_file_of_broken_rows_is_refused(tmp_path: Path) -> None:
    assert "line 2" in refused(file(tmp_path, *["a,b,c,d,e,f"] * 9, row(1)))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("timestamp_ms,open,high,low,volume", "bars.csv, line 1: the column 'close' is missing"),
        ("timestamp_ms,open,high,low,close", "bars.csv, line 1: the column 'volume' is missing"),
        ("timestamp_ms,open,high,low,close,close,volume", "the column 'close' appears 2 times"),
        ("datetime,datetime,open,high,low,close,volume", "the column 'datetime' appears 2 times"),
        ("open,high,low,close,volume", "no column holds the time"),
        ("1562288400000,10,12,9,11,5", "the first line must name the columns"),
        ("hello", "no column holds the time"),
    ],
)
def test_headers_that_do_not_do(tmp_path: Path, header: str, message: str) -> None:
    assert message in refused(file(tmp_path, row(0), header=header))


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "missing.csv")
    assert "is a directory" in refused(tmp_path)
    contents = {
        "empty.csv": (b"", "is empty"),
        "blank.csv": (b"\n\n# only a comment\n", "is empty"),
        "header.csv": (HEADER.encode(), "has a header but no bars"),
        "picture.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text"),
        "rubbish.csv": (bytes(range(128, 256)) * 20, "is not text"),
        "cut.csv.gz": (gzip.compress(HEADER.encode() * 99)[:-9], "is not a whole gz file"),
        "damaged.csv.gz": (b"\x1f\x8b\x08\0" + b"x" * 99, "is not a whole gz file"),
    }
    for name, (data, message) in contents.items():
        (tmp_path / name).write_bytes(data)
        assert message in refused(tmp_path / name), name


def test_finer_prices_than_nine_decimals_are_rounded_and_reported(tmp_path: Path) -> None:
    series = read_klines(file(tmp_path, row(0, "10,12,9,10.12345678912,5"), row(1)))
    assert series.close_units[0] == 10_123_456_789
    assert series.report.repairs == ["1 price rounded to 9 decimals"]


def test_session_breaks_are_not_gaps(tmp_path: Path) -> None:
    day = [*range(75), *range(90, 150), *range(270, 360)]
    present = [minute + 1440 * number for number in range(5) for minute in day]
    missing = {10 + 1440, 11 + 1440, 100 + 2 * 1440}
    report = read_klines(file(tmp_path, *(row(minute) for minute in present if minute not in missing))).report
    assert (report.session_breaks, report.gap_count, report.missing_bars) == (14, 2, 3)
    assert [gap.missing for gap in report.gaps] == [2, 1]
    assert report.gaps[0].after_ns == (FIRST + (9 + 1440) * 60_000) * 1_000_000
    assert report.gaps[0].before_ns == (FIRST + (12 + 1440) * 60_000) * 1_000_000


def test_a_holiday_is_a_break_though_it_comes_once(tmp_path: Path) -> None:
    days = [0, 1, 2, 3, 10, 11, 12]
    rows = [row(minute + 1440 * day) for day in days for minute in range(60)]
    report = read_klines(file(tmp_path, *rows)).report
    assert (report.session_breaks, report.gap_count) == (6, 0)


def test_the_summary_is_short_and_in_words(tmp_path: Path) -> None:
    path = file(tmp_path, row(0), row(1, "10,9,12,11,5"), row(2, "10,12,9,11,0"), row(3), row(6))
    assert read_klines(path).report.summary().splitlines() == [
        "bars.csv: 4 bars of 1 min, 2019-07-05 01:00 to 2019-07-05 01:06 UTC (bitfinex)",
        "2 gaps inside sessions, 3 bars missing",
        "1 bar without volume",
        "1 impossible bar left out, first in line 3: the high is below the low",
    ]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_shuffled_and_doubled_rows_give_the_same_bars(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    units = st.integers(1, 10**6)
    bars = data.draw(st.lists(st.tuples(units, units, units, units), min_size=1, max_size=20))
    rows = [(o / 100, max(b) / 100, min(b) / 100, c / 100, 1.0) for b in bars for o, _, _, c in [b]]
    clean = make_bars(rows)
    folder = tmp_path_factory.mktemp("bars")
    write_klines(folder / "clean.csv", clean)
    lines = (folder / "clean.csv").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("id,")) + 1
    head, body = lines[:start], lines[start:]
    doubled = body + data.draw(st.lists(st.sampled_from(body), max_size=10))
    mixed = data.draw(st.permutations(doubled))
    (folder / "mixed.csv").write_text("\n".join([*head, *mixed]))
    read = read_klines(folder / "mixed.csv")
    for column in ("time_ns", "open_units", "high_units", "low_units", "close_units"):
        assert getattr(read, column).tolist() == getattr(clean, column).tolist()
    assert read.report.duplicates == len(doubled) - len(body)
