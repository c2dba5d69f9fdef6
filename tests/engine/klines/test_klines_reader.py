"""Dialects of K-line files: the same bars are read from every way of writing them."""

from __future__ import annotations

import gzip
import hashlib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from monitor.engine.klines import BarSeries, KlineError, infer_tick, make_bars, read_klines, write_klines

FIRST = 1_562_288_760_000_000_000  # 2019-07-05 09:06 in Shanghai, 01:06 UTC
MINUTE = 60_000_000_000
TAIL = ("2746.0,2748.5,2745.0,2747.0,122", "2747.0,2747.0,2744.5,2745.0,84")


def file(folder: Path, text: str, name: str = "DCE.m2005.1m.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def check(series: BarSeries) -> None:
    assert series.time_ns.tolist() == [FIRST, FIRST + MINUTE]
    assert series.open.tolist() == [2746.0, 2747.0]
    assert series.high.tolist() == [2748.5, 2747.0]
    assert series.low.tolist() == [2745.0, 2744.5]
    assert series.close.tolist() == [2747.0, 2745.0]
    assert series.volume.tolist() == [122.0, 84.0]
    assert series.high_units.tolist() == [27485, 27470]
    assert series.report.clean


def with_times(header: str, first: str, second: str) -> str:
    return f"{header},open,high,low,close,volume\n{first},{TAIL[0]}\n{second},{TAIL[1]}\n"


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("datetime_ns", "1562288760000000000", "1562288820000000000"),
        ("datetime", "1562288760000000000", "1562288820000000000"),
        ("datetime", "1562288760000000000.0", "1562288820000000000.0"),
        ("datetime", "1.56228876e+18", "1.56228882e+18"),
        ("timestamp_us", "1562288760000000", "1562288820000000"),
        ("timestamp_ms", "1562288760000", "1562288820000"),
        ("open_time", "1562288760000", "1562288820000"),
        ("timestamp", "1562288760", "1562288820"),
        ("time", "1562288760.0", "1562288820.0"),
        ("datetime", "2019-07-05 09:06:00", "2019-07-05 09:07:00"),
        ("datetime", "2019-07-05T09:06", "2019-07-05T09:07"),
        ("datetime", "2019-07-05 09:06:00.000000000", "2019-07-05 09:07:00.000000000"),
        ("datetime", "2019-07-05 09:06:00+08:00", "2019-07-05 09:07:00+08:00"),
        ("datetime", "2019-07-05T01:06:00Z", "2019-07-05T01:07:00Z"),
        ("datetime", "2019-07-05 01:06:00 UTC", "2019-07-05 01:07:00 UTC"),
        ("datetime", "2019-07-04 21:06:00-04:00", "2019-07-05 09:07:00"),
        ("datetime", "2019/7/5 9:06", "2019/7/5 9:07"),
        ("datetime", "2019.07.05 09:06:00", "2019.07.05 09:07:00"),
        ("datetime", "20190705 090600", "20190705 090700"),
        ("datetime", "20190705090600", "20190705090700"),
        ("datetime", "201907050906", "201907050907"),
        ("datetime", '"2019-07-05 09:06:00"', '"2019-07-05 09:07:00"'),
        ("日期时间", "2019年7月5日 09:06", "2019年7月5日 09:07"),
    ],
)
def test_every_way_of_writing_a_time(tmp_path: Path, column: str, first: str, second: str) -> None:
    check(read_klines(file(tmp_path, with_times(column, first, second))))


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        ("date,time", "2019-07-05,09:06:00", "2019-07-05,09:07:00"),
        ("date,time", "20190705,0906", "20190705,0907"),
        ("<DATE>,<TIME>", "2019.07.05,09:06", "2019.07.05,09:07"),
        ("Date,Time", "2019/7/5,90600", "2019/7/5,90700"),
    ],
)
def test_date_and_time_apart(tmp_path: Path, header: str, first: str, second: str) -> None:
    check(read_klines(file(tmp_path, with_times(header, first, second))))


def test_tqsdk(tmp_path: Path) -> None:
    text = (
        "id,datetime_ns,open,high,low,close,volume,open_oi,close_oi\r\n"
        f"11391,{FIRST},{TAIL[0]},97528,97541\r\n"
        f"11392,{FIRST + MINUTE},{TAIL[1]},97541,97592\r\n"
    )
    series = read_klines(file(tmp_path, text))
    check(series)
    assert series.open_interest is not None
    assert series.open_interest.tolist() == [97541, 97592]
    assert (series.symbol, series.zone, series.interval_ns) == ("DCE.m2005", "Asia/Shanghai", MINUTE)
    assert series.report.dialect == "TqSdk"
    assert series.source == "DCE.m2005.1m.csv"
    assert series.digest == hashlib.sha256(text.encode()).hexdigest()
    assert not series.synthetic


PREFIXED = "datetime,datetime_nano,{0}.open,{0}.high,{0}.low,{0}.close,{0}.volume,{0}.open_oi,{0}.close_oi"


def test_tqsdk_download_with_prefixed_columns(tmp_path: Path) -> None:
    header = PREFIXED.format("DCE.m2005")
    rows = [f"2019-07-05 09:0{6 + i}:00,{FIRST + i * MINUTE},{TAIL[i]},1,2" for i in range(2)]
    series = read_klines(file(tmp_path, "\n".join([header, *rows]), "any.csv"))
    check(series)
    assert series.symbol == "DCE.m2005"


def test_one_of_several_symbols_must_be_named(tmp_path: Path) -> None:
    header = PREFIXED.format("DCE.m2005") + ",DCE.m2009.open,DCE.m2009.high,DCE.m2009.low,DCE.m2009.close"
    rows = [f"x,{FIRST + i * MINUTE},{TAIL[i]},1,2,1,1,1,1" for i in range(2)]
    path = file(tmp_path, "\n".join([header, *rows]), "two.csv")
    with pytest.raises(KlineError, match=r"two\.csv holds several symbols.*DCE\.m2005, DCE\.m2009"):
        read_klines(path)
    check(read_klines(path, symbol="DCE.m2005"))


def test_vnpy(tmp_path: Path) -> None:
    header = "symbol,exchange,datetime,open,high,low,close,volume,turnover,open_interest"
    rows = [f"m2005,DCE,2019-07-05 09:0{6 + i}:00,{TAIL[i]},0,97541" for i in range(2)]
    series = read_klines(file(tmp_path, "\n".join([header, *rows]), "export.csv"))
    check(series)
    assert (series.symbol, series.report.dialect) == ("DCE.m2005", "vn.py")
    assert series.report.notes == ["times without a zone were read as Asia/Shanghai"]


def test_bitfinex(tmp_path: Path) -> None:
    series = read_klines(
        file(tmp_path, with_times("timestamp_ms", "1562288760000", "1562288820000"), "BTCUSD.1m.bitfinex.csv")
    )
    check(series)
    assert (series.symbol, series.zone, series.report.dialect) == ("BTCUSD", "UTC", "bitfinex")
    assert series.open_interest is None


def test_naive_times_are_in_the_zone_that_was_named(tmp_path: Path) -> None:
    path = file(tmp_path, with_times("datetime", "2019-07-04 21:06:00", "2019-07-04 21:07:00"))
    series = read_klines(path, zone="America/New_York")
    check(series)
    assert series.zone == "America/New_York"
    assert series.report.notes == []


def test_summer_time_begins_inside_the_file(tmp_path: Path) -> None:
    rows = with_times("datetime", "2019-03-10 01:59:00", "2019-03-10 03:00:00")
    series = read_klines(file(tmp_path, rows), zone="America/New_York")
    assert np.diff(series.time_ns).tolist() == [MINUTE]


@pytest.mark.parametrize("zone", ["Nowhere/Land", "America", "../etc/passwd"])
def test_an_unknown_zone_is_refused(tmp_path: Path, zone: str) -> None:
    path = file(tmp_path, with_times("datetime", "2019-07-05 09:06:00", "2019-07-05 09:07:00"))
    with pytest.raises(KlineError, match="no time zone named"):
        read_klines(path, zone=zone)


def test_gz_whatever_its_name(tmp_path: Path) -> None:
    text = with_times("timestamp_ms", "1562288760000", "1562288820000")
    path = tmp_path / "m.csv"
    path.write_bytes(gzip.compress(text.encode()))
    check(read_klines(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    rows = [f"2019-07-05 09:0{6 + i}:00,{TAIL[i]},备注" for i in range(2)]
    text = end.join(["时间,开盘价,最高价,最低价,收盘价,成交量,说明", *rows, ""])
    check(read_klines(file(tmp_path, text, encoding=encoding)))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = with_times("datetime", "2019-07-05 09:06:00", "2019-07-05 09:07:00")
    check(read_klines(file(tmp_path, text.replace(",", delimiter))))


def test_comments_label_the_file(tmp_path: Path) -> None:
    text = with_times("timestamp_ms", "1562288760000", "1562288820000")
    labels = "# SYNTHETIC: seed 1\n# symbol: SIM.x1\n# zone: Asia/Shanghai\n# tick: 0.25\n\n"
    series = read_klines(file(tmp_path, labels + text))
    assert series.synthetic
    assert (series.symbol, series.zone, series.tick) == ("SIM.x1", "Asia/Shanghai", Decimal("0.25"))
    assert series.digits == 2
    assert series.high_units.tolist() == [274850, 274700]


def test_what_the_caller_says_wins(tmp_path: Path) -> None:
    text = "# symbol: SIM.x1\n# tick: 0.25\n" + with_times("timestamp_ms", "1562288760000", "1562288820000")
    series = read_klines(file(tmp_path, text), symbol="DCE.m2005", tick=Decimal("0.5"))
    assert (series.symbol, series.tick, series.digits) == ("DCE.m2005", Decimal("0.5"), 1)


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz"])
def test_what_was_written_is_read_back(tmp_path: Path, name: str) -> None:
    bars = make_bars(
        [(294.2, 294.5, 294.1, 294.45, 12), (294.45, 295, 294, 294.9, 0.5)],
        symbol="SIM.x1",
        tick=Decimal("0.05"),
    )
    write_klines(tmp_path / name, bars)
    series = read_klines(tmp_path / name)
    for column in ("time_ns", "open", "high", "low", "close", "volume", "open_units", "close_units"):
        assert getattr(series, column).tolist() == getattr(bars, column).tolist(), column
    assert (series.symbol, series.zone, series.tick) == (bars.symbol, bars.zone, bars.tick)
    again = tmp_path / f"again.{name}"
    write_klines(again, bars)
    assert again.read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "bars", "tick", "breaks", "gaps", "zero"),
    [
        ("SHFE.au1912.1m.csv", 33_969, "0.05", 247, 0, 2_442),
        ("CFFEX.IF2003.1m.csv", 12_279, "0.2", 102, 0, 0),
        ("DCE.m2005.1m.csv", 23_967, "1", 278, 0, 383),
        ("SHFE.cu2003.1m.springfestival_2020-01-20_2020-02-14.csv", 3_870, "10", 44, 0, 6),
    ],
)
def test_recorded_futures_are_whole(
    shared_data: Path, name: str, bars: int, tick: str, breaks: int, gaps: int, zero: int
) -> None:
    series = read_klines(shared_data / "klines" / name)
    report = series.report
    assert (len(series), infer_tick(series)) == (bars, Decimal(tick))
    assert (report.session_breaks, report.gap_count, report.zero_volume) == (breaks, gaps, zero)
    assert report.clean


def test_the_recorded_outage_is_found(shared_data: Path) -> None:
    name = "BTCUSD.1m.bitfinex.2019-01-05_11_outage.csv"
    report = read_klines(shared_data / "klines" / name).report
    assert max(gap.missing for gap in report.gaps) == 197
    assert report.bars + report.missing_bars == 7 * 24 * 60


def test_recorded_ticks_are_not_bars(shared_data: Path) -> None:
    with pytest.raises(KlineError, match="the column 'close' is missing"):
        read_klines(shared_data / "klines" / "CFFEX.IF2101.ticks.20210104.first5000.csv.gz")
