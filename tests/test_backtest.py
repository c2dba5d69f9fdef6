"""`monitor backtest`: the file it writes, the sentence it refuses with, never half of either."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kline_files import kept
from market import bar, flat

from monitor import wholefile
from monitor.cli import main

SOURCE = """
from monitor.engine.strategy import Strategy, parameter


class Fixed(Strategy):
    at: int = parameter(1, minimum=0)
    lots: int = parameter(2)

    def on_start(self):
        self.bars = 0

    def on_bar(self, bar):
        if self.bars == self.at:
            self.buy(volume=self.lots)
        if self.bars == self.at + 3:
            self.sell(bar.close, volume=self.lots)
        self.bars += 1
"""

BARS = [
    flat(100),
    flat(100),
    flat(101),
    bar(101, 104, 100, 103),
    flat(103),
    bar(104, 105, 103, 104),
    flat(104),
]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def data(tmp_path: Path) -> str:
    return kept(tmp_path, BARS)


@pytest.fixture
def strategy(tmp_path: Path) -> str:
    file = tmp_path / "fixed.py"
    file.write_text(SOURCE)
    return str(file)


def command(data: str, strategy: str, *more: str) -> list[str]:
    return ["backtest", data, "--strategy", strategy, "--symbol", "SHFE.x1", *more]


@pytest.fixture
def document(data: str, strategy: str, tmp_path: Path) -> dict[str, Any]:
    out = tmp_path / "out.json"
    terms = ["--multiplier", "10", "--rate", "0.0001", "--tick", "0.1", "--participation", "1"]
    assert main(command(data, strategy, "--param", "lots=3", *terms, "--json", str(out), "--quiet")) == 0
    return json.loads(out.read_text(), parse_float=Decimal)  # type: ignore[no-any-return]


def test_the_document_has_all_its_parts(document: dict[str, Any]) -> None:
    parts = {"trades", "daily", "equity", "statistics", "log", "orders", "parameters", "data"}
    assert set(document) == parts


def test_a_trade_is_told_with_time_zone_direction_and_exact_money(document: dict[str, Any]) -> None:
    bought, sold = document["trades"]
    assert bought == {
        "datetime": "2019-07-05T09:02:00+08:00",
        "symbol": "SHFE.x1",
        "direction": "LONG",
        "offset": "OPEN",
        "price": Decimal("101.0"),
        "volume": 3,
        "order_id": 1,
        "trade_id": 1,
        "commission": Decimal("0.303"),
        "realised_profit": 0,
    }
    assert (sold["direction"], sold["offset"], sold["price"]) == ("SHORT", "CLOSE", Decimal("104.0"))
    assert sold["realised_profit"] == 90


def test_orders_are_told_with_their_times(document: dict[str, Any]) -> None:
    first, second = document["orders"]
    assert (first["status"], first["type"], second["type"]) == ("Filled", "MARKET", "LIMIT")
    assert (second["side"], second["price"], second["filled_quantity"]) == ("SELL", Decimal("103.0"), 3)
    assert dt.datetime.fromisoformat(first["created_time"]).utcoffset() == dt.timedelta(hours=8)
    assert first["created_time"] < first["executed_time"] or first["created_time"] == first["executed_time"]


def test_equity_is_one_sample_per_bar_and_ends_at_the_balance(document: dict[str, Any]) -> None:
    assert len(document["equity"]) == len(BARS)
    assert document["equity"][0]["equity"] == 1_000_000
    end = document["equity"][-1]["equity"]
    commission = sum(trade["commission"] for trade in document["trades"])
    assert end == pytest.approx(1_000_000 + 90 - commission)
    assert document["statistics"]["end_balance"] == pytest.approx(end)
    assert document["daily"][-1]["balance"] == pytest.approx(end)


def test_parameters_and_data_reproduce_the_run(document: dict[str, Any], strategy: str) -> None:
    parameters, data = document["parameters"], document["data"]
    assert (parameters["strategy"], parameters["setting"]) == ("Fixed", {"at": 1, "lots": 3})
    assert (parameters["matching"], parameters["multiplier"], parameters["rate"]) == (
        "standard",
        10,
        Decimal("0.0001"),
    )
    assert (data["file"], data["bars"], data["gaps"]) == ("bars.csv", len(BARS), [])
    assert (data["first"], data["last"]) == ("2019-07-05T09:00:00+08:00", "2019-07-05T09:06:00+08:00")


def test_fees_of_the_same_day_and_settlements_are_told(
    data: str, strategy: str, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out.json"
    terms = ["--tick", "0.1", "--multiplier", "10", "--participation", "1", "--rate", "0.001", "--settle"]
    assert main(command(data, strategy, *terms, "--close-today-per-lot", "7", "--json", str(out))) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "0.001 and 7 to close the same day" in shown
    assert "settled daily" in shown
    found = json.loads(out.read_text(), parse_float=Decimal)
    assert [trade["commission"] for trade in found["trades"]] == [Decimal("2.02"), Decimal("2.08") + 14]
    assert found["statistics"]["total_commission"] == Decimal("18.1")
    assert found["settlements"] == []  # all bars are of one day
    assert (found["parameters"]["settle"], found["parameters"]["close_today_rate"]) == (True, None)


def test_an_exchange_that_does_not_settle_by_day_is_said_so(
    data: str, strategy: str, capsys: Capture
) -> None:
    assert main(["backtest", data, "--strategy", strategy, "--symbol", "BINANCE.X", "--settle"]) == 0
    assert "never settled: BINANCE does not settle by day" in " ".join(capsys.readouterr().out.split())


def test_settlements_are_told_with_time_and_price(strategy: str, tmp_path: Path) -> None:
    data = kept(tmp_path, BARS, "days.csv", interval_ns=360 * 60_000_000_000)
    out = tmp_path / "out.json"
    assert main(command(data, strategy, "--tick", "0.1", "--settle", "--json", str(out), "--quiet")) == 0
    found = json.loads(out.read_text(), parse_float=Decimal)
    assert found["settlements"] == [
        {"datetime": "2019-07-05T21:00:00+08:00", "price": 100},
        {"datetime": "2019-07-06T21:00:00+08:00", "price": Decimal("102.8")},
    ]


def test_the_same_command_writes_the_same_bytes(data: str, strategy: str, tmp_path: Path) -> None:
    outs = [tmp_path / "one.json", tmp_path / "two.json"]
    for out in outs:
        assert main(command(data, strategy, "--json", str(out), "--quiet")) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_an_ambiguous_bar_is_counted_with_the_best_that_could_have_been(tmp_path: Path) -> None:
    source = SOURCE.replace(
        "self.sell(bar.close, volume=self.lots)",
        "self.sell(104, volume=self.lots), self.sell(stop=98, volume=self.lots)",
    )
    (tmp_path / "bracket.py").write_text(source)
    data = kept(tmp_path, [*[flat(100)] * 5, bar(100, 105, 97, 103)])
    out = tmp_path / "out.json"
    terms = ["--json", str(out), "--quiet", "--participation", "1"]
    assert main(command(data, str(tmp_path / "bracket.py"), *terms)) == 0
    figures = json.loads(out.read_text())["statistics"]
    assert figures["ambiguous_bars"] == 1
    assert figures["best_end_balance"] - figures["worst_end_balance"] == 12


# What is printed ----------------------------------------------------------------------------
def test_a_table_and_the_speed_are_printed(data: str, strategy: str, capsys: Capture) -> None:
    assert main(command(data, strategy)) == 0
    shown = capsys.readouterr().out
    assert "end balance" in shown
    assert "bars/s" in shown
    assert "SHFE.x1  Fixed" in shown


def test_orders_that_came_to_nothing_are_told_with_their_reason(data: str, capsys: Capture) -> None:
    terms = ["--symbol", "SHFE.x1", "--tick", "0.1", "--multiplier", "10"]
    assert main(["backtest", data, "--strategy", "double_ma", *terms]) == 0
    assert "The strategy gave no order." in capsys.readouterr().out


def test_a_refused_order_and_what_was_logged_are_told(tmp_path: Path, capsys: Capture, data: str) -> None:
    strategy = tmp_path / "trailing.py"
    strategy.write_text(
        "from monitor.engine.strategy import Strategy\n\n\nclass Trailing(Strategy):\n"
        "    def on_bar(self, bar):\n        self.log('trails')\n        self.sell(trail=5.0)\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.json"
    terms = ["--symbol", "SHFE.x1", "--tick", "0.1", "--multiplier", "300", "--matching", "vnpy"]
    assert main(["backtest", data, "--strategy", str(strategy), *terms, "--json", str(out)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "rejected: vn.py's matching has no TRAILING orders" in shown
    assert "Trailing: trails" in shown
    assert "multiplier 300" in shown
    log = json.loads(out.read_text())["log"]
    assert (log[0]["level"], log[0]["source"], log[0]["message"]) == ("info", "Trailing", "trails")


def test_quiet_is_quiet(data: str, strategy: str, capsys: Capture) -> None:
    assert main(command(data, strategy, "--quiet")) == 0
    assert capsys.readouterr().out == ""


# Refusals -----------------------------------------------------------------------------------
def run_process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refusal(capsys: Capture, *words: str) -> str:
    """Exit code 2 and one line on stderr."""
    try:
        code: Any = main(list(words))
    except SystemExit as ended:  # argparse
        code = ended.code
    assert code == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("monitor")
    return said


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "empty"),
        ("a,b,c\n1,2,3\n", "column"),
        ("id,datetime_ns,open,high,low,close,volume,open_oi,close_oi\n", ""),
        ("id,datetime_ns,open,high,low,close,volume,open_oi,close_oi\n1,x,1,1,1,1,1,1,1\n", ""),
        ("\x00\x01\x02" * 100, ""),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(
    content: str, part: str, strategy: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    said = refusal(capsys, *command(str(file), strategy))
    assert "bad.csv" in said
    assert part in said


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (["--param", "lots=many"], "parameter lots: 'many' is not a whole number"),
        (["--param", "at=-1"], "parameter at: -1 is below 0"),
        (["--param", "speed=1"], "has no parameter 'speed'"),
        (["--capital", "0"], "must be a number above 0"),
        (["--capital", "nan"], "must be a number above 0"),
        (["--participation", "2"], "fraction above 0"),
        (["--slippage", "0.5"], "whole ticks"),
        (["--matching", "wishful"], "is not one of standard, vnpy"),
        (["--json", "/nowhere/at/all.json"], "there is no folder /nowhere/at"),
        (["--zone", "Mars/Base"], "no time zone"),
    ],
)
def test_a_bad_argument_is_refused_in_one_sentence(
    more: list[str], part: str, data: str, strategy: str, capsys: Capture
) -> None:
    assert part in refusal(capsys, *command(data, strategy, *more))


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("x = 1\n", "no class derived from Strategy"),
        ("def broken(:\n", "SyntaxError"),
        ("raise RuntimeError('not today')\n", "not today"),
        (SOURCE.replace("self.bars = 0", "self.bars = 1 / 0"), "ZeroDivisionError"),
        (SOURCE.replace("self.bars += 1", "self.bars += 'x'"), "line 17 of mine.py"),
    ],
)
def test_a_bad_strategy_is_refused_in_one_sentence(
    source: str, part: str, data: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(source)
    assert part in refusal(capsys, *command(data, str(file)))


def test_a_refusal_shows_no_traceback_as_a_process_either(data: str, tmp_path: Path) -> None:
    for words in (
        command(data, "no_such_strategy"),
        command(str(tmp_path / "nothing.csv"), "double_ma"),
        ["backtest"],
    ):
        done = run_process(*words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


# The output file ----------------------------------------------------------------------------
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    data: str, strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    out = folder / "out.json"
    out.write_text("the old one")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wholefile.os, "replace", full)
    said = refusal(capsys, *command(data, strategy, "--json", str(out), "--quiet"))
    assert "No space left on device" in said
    assert out.read_text() == "the old one"
    assert [file.name for file in folder.iterdir()] == ["out.json"]


def test_the_file_is_readable_by_others(data: str, strategy: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    main(command(data, strategy, "--json", str(out), "--quiet"))
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o644


def test_it_can_be_written_to_a_pipe(data: str, strategy: str) -> None:
    done = run_process(*command(data, strategy, "--json", "/dev/stdout", "--quiet"))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["equity"]) == len(BARS)
