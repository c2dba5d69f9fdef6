"""vn.py's own result on real data, reproduced whole: each trade, each day, each figure to the cent."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.backtest import document, results
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.plans import make_plan

CENT = 0.005
ROOT = Path(__file__).resolve().parents[2]
FILE = Path("klines") / "DCE.m2005.1m.csv"


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict[str, Any]:
    with (shared_data / "reference" / "m2005_DoubleMaStrategy.json").open() as file:
        found: dict[str, Any] = json.load(file)
    return found


@pytest.fixture(scope="module")
def ours(shared_data: Path, reference: dict[str, Any]) -> dict[str, Any]:
    """The back-test's document, made in this process."""
    params = reference["params"]
    options = ReplayOptions(
        file=str(shared_data / FILE),
        strategy="double_ma",
        parameters={name: str(value) for name, value in params["setting"].items()},
        symbol="DCE.m2005",
        matching=Matching.VNPY,
        capital=exact(params["capital"]),
        rate=exact(params["rate"]),
        slippage=exact(params["slippage"]),
        multiplier=exact(params["size"]),
        tick=exact(params["pricetick"]),
    )
    plan = make_plan(options)
    run = plan.run()
    run.start()
    run.advance(len(plan.series))
    run.mark()
    return document(plan, options, run, *results(run, options))


@pytest.fixture(scope="module")
def told(shared_data: Path, reference: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same through the command line, as a process of its own."""
    params = reference["params"]
    out = tmp_path_factory.mktemp("backtest") / "out.json"
    command = [sys.executable, "-m", "monitor", "backtest", str(shared_data / FILE)]
    command += ["--strategy", "double_ma", "--symbol", "DCE.m2005", "--matching", "vnpy"]
    command += ["--capital", str(params["capital"]), "--rate", str(params["rate"])]
    command += ["--slippage", str(params["slippage"]), "--multiplier", str(params["size"])]
    command += ["--tick", str(params["pricetick"]), "--json", str(out)]
    for name, value in params["setting"].items():
        command += ["--param", f"{name}={value}"]
    environment = {**os.environ, "MONITOR_DATA_DIR": str(out.parent)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


def trades_of(found: dict[str, Any]) -> list[tuple[dt.datetime, str, str, float, float]]:
    return [
        (
            dt.datetime.fromisoformat(trade["datetime"]),
            trade["direction"],
            str(trade["offset"]),
            float(trade["price"]),
            float(trade["volume"]),
        )
        for trade in found["trades"]
    ]


def compare(found: dict[str, Any], reference: dict[str, Any]) -> None:
    assert len(reference["trades"]) == 1601
    assert trades_of(found) == trades_of(reference)
    assert [str(day["date"]) for day in found["daily"]] == [day["date"] for day in reference["daily"]]
    for ours, theirs in zip(found["daily"], reference["daily"], strict=True):
        for name in set(theirs) - {"date"}:
            assert float(ours[name]) == pytest.approx(theirs[name], abs=CENT), (theirs["date"], name)
    for name, value in reference["statistics"].items():
        if isinstance(value, float):
            assert float(found["statistics"][name]) == pytest.approx(value, abs=CENT), name
        else:
            assert str(found["statistics"][name]) == str(value), name


def test_every_trade_day_and_figure_is_vnpys(ours: dict[str, Any], reference: dict[str, Any]) -> None:
    compare(ours, reference)


def test_the_command_line_tells_the_same(told: dict[str, Any], reference: dict[str, Any]) -> None:
    compare(told, reference)


def test_the_account_agrees_with_the_daily_statistics(ours: dict[str, Any]) -> None:
    """Two computations that share nothing: the ledger bar by bar, and vn.py's sums day by day."""
    end = float(ours["statistics"]["end_balance"])
    assert ours["equity"][-1]["equity"] == pytest.approx(end, abs=CENT)
    assert float(ours["statistics"]["worst_end_balance"]) == pytest.approx(end, abs=CENT)
    commission = sum((trade["commission"] for trade in ours["trades"]), Decimal(0))
    assert float(commission) == pytest.approx(ours["statistics"]["total_commission"], abs=CENT)


def test_the_document_says_what_was_read(told: dict[str, Any]) -> None:
    data = told["data"]
    assert (data["file"], data["bars"]) == ("DCE.m2005.1m.csv", len(told["equity"]))
    assert data["first"].endswith("+08:00")
    assert told["parameters"]["setting"] == {"fast_window": 10, "slow_window": 20, "volume": 1}
