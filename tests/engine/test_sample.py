"""The bundled sample is what the generator makes, says that it is synthetic, and looks like a market."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.engine.klines import BarSeries, infer_tick, read_klines
from monitor.engine.sample import SEED, main, make_sample

BUNDLED = Path(__file__).resolve().parents[2] / "resources" / "sample" / "SIM.au9999.1m.csv.gz"


@pytest.fixture(scope="module")
def sample() -> BarSeries:
    return read_klines(BUNDLED, strict=True)


def test_the_generator_makes_the_committed_file(tmp_path: Path) -> None:
    """Compared unpacked: how tightly zlib packs differs between its builds."""
    path = tmp_path / "made.csv.gz"
    assert main([str(path)]) == 0
    assert gzip.decompress(path.read_bytes()) == gzip.decompress(BUNDLED.read_bytes())
    again = tmp_path / "again.csv.gz"
    main([str(again)])
    assert again.read_bytes() == path.read_bytes()


def test_the_packed_file_carries_no_time() -> None:
    assert BUNDLED.read_bytes()[4:8] == bytes(4)


def test_another_seed_makes_another_market() -> None:
    assert not np.array_equal(make_sample(SEED + 1).close_units, make_sample().close_units)


def test_its_first_line_says_what_it_is(sample: BarSeries) -> None:
    with gzip.open(BUNDLED, "rt") as lines:
        first = next(lines)
    assert first.startswith("# SYNTHETIC data")
    assert str(SEED) in first
    assert sample.synthetic


def test_it_is_a_clean_futures_series(sample: BarSeries) -> None:
    assert (sample.symbol, sample.zone, sample.tick) == ("SIM.au9999", "Asia/Shanghai", Decimal("0.02"))
    assert len(sample) == 9_990
    assert sample.report.clean
    assert (sample.report.gap_count, sample.report.session_breaks) == (0, 71)
    assert bool(np.all(sample.close_units % 2 == 0))
    assert infer_tick(sample) == Decimal("0.02")
    assert sample.volume.min() > 0
    assert sample.open_interest is not None
    assert sample.open_interest.min() > 0


def test_it_keeps_the_hours_of_shanghai(sample: BarSeries) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    times = [datetime.fromtimestamp(time // 10**9, zone) for time in sample.time_ns.tolist()]
    minutes = {time.hour * 60 + time.minute for time in times}
    day = {*range(540, 615), *range(630, 690), *range(810, 900)}
    night = {*range(1260, 1440), *range(150)}
    assert minutes == day | night
    assert all(time.weekday() < 5 or (time.weekday() == 5 and time.hour < 3) for time in times)


def test_its_volatility_clusters_and_its_tails_are_fat(sample: BarSeries) -> None:
    returns = np.diff(np.log(sample.close))
    sizes = np.abs(returns)
    assert np.corrcoef(sizes[:-5], sizes[5:])[0, 1] > 0.05
    assert np.mean((returns - returns.mean()) ** 4) / returns.var() ** 2 > 4
    assert abs(np.corrcoef(returns[:-1], returns[1:])[0, 1]) < 0.05


def test_the_command_needs_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
