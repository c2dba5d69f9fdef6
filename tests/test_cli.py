"""The command line: what is understood, what is refused in one sentence, and what it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from monitor import __version__, cli, machine
from monitor.arguments import UNSET_SPEED, build_parser, replay_options, venue_options
from monitor.bundled import sample_options
from monitor.cli import main
from monitor.engine.options import Matching, ReplayOptions
from monitor.errors import UserError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def bars(tmp_path: Path) -> str:
    """A file that exists; what is in it is not the command line's business."""
    file = tmp_path / "bars of gold.csv"
    file.write_text("datetime,open,high,low,close,volume\n")
    return str(file)


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MONITOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path))


class Started:
    """Stands in for the rooms behind the command line and remembers how they were entered."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def module(self, name: str, *functions: str) -> types.ModuleType:
        module = types.ModuleType(name)
        for function in functions:
            setattr(module, function, self._recorder(function))
        return module

    def _recorder(self, function: str) -> Any:
        def record(*arguments: Any, **options: Any) -> int:
            self.calls.append((function, arguments, options))
            return 7

        return record


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    rooms = Started()
    monkeypatch.setitem(sys.modules, "monitor.app", rooms.module("monitor.app", "run_window", "run_headless"))
    monkeypatch.setitem(sys.modules, "monitor.backtest", rooms.module("monitor.backtest", "run_backtest"))
    monkeypatch.setattr(machine, "screen_problem", lambda: "")
    return rooms


def options_of(*arguments: str) -> ReplayOptions | None:
    return replay_options(build_parser().parse_args(arguments))


# What is understood -------------------------------------------------------------------------


def test_a_replay_with_everything(bars: str) -> None:
    assert options_of(
        *("replay", bars, "--strategy", "mine.py", "--param", "fast=10", "--param", "name=a=b"),
        *("--symbol", "SHFE.au1912", "--matching", "vnpy", "--capital", "1e6", "--rate", "0.00005"),
        *("--commission-per-lot", "10", "--slippage", "1", "--multiplier", "1000", "--tick", "0.02"),
        *("--close-today-rate", "0", "--close-today-per-lot", "2.5", "--settle"),
        *("--margin-rate", "0.08", "--currency", "USD", "--zone", "UTC", "--participation", "1", "--strict"),
    ) == ReplayOptions(
        file=bars,
        strategy="mine.py",
        parameters={"fast": "10", "name": "a=b"},
        symbol="SHFE.au1912",
        matching=Matching.VNPY,
        capital=Decimal(1_000_000),
        rate=Decimal("0.00005"),
        commission_per_lot=Decimal(10),
        close_today_rate=Decimal(0),
        close_today_per_lot=Decimal("2.5"),
        settle=True,
        slippage=Decimal(1),
        multiplier=Decimal(1000),
        tick=Decimal("0.02"),
        margin_rate=Decimal("0.08"),
        currency="USD",
        zone="UTC",
        participation=Decimal(1),
        strict=True,
    )


def test_what_is_not_given_is_left_to_the_options(bars: str) -> None:
    for command in (["replay", bars], ["backtest", bars], ["serve", "--replay", bars]):
        assert options_of(*command) == ReplayOptions(file=bars, strategy="double_ma")


def test_without_a_file_it_is_the_sample() -> None:
    assert options_of() is None
    assert options_of("serve") is None


@pytest.mark.parametrize(("text", "speed"), [("2", 2.0), ("0.5", 0.5), ("max", None), ("MAX", None)])
def test_speed(bars: str, text: str, speed: float | None) -> None:
    assert build_parser().parse_args(["replay", bars, "--speed", text]).speed == speed
    assert build_parser().parse_args(["replay", bars]).speed == UNSET_SPEED


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_number_is_taken_exactly_or_refused(number: Decimal) -> None:
    try:
        options = options_of("replay", __file__, f"--capital={number}")
    except UserError:
        assert not (number.is_finite() and number > 0)
    else:
        assert options is not None
        assert options.capital == number


@pytest.mark.parametrize(
    "arguments", ["connect ws://a:1 ws://b:2 --account acc", "serve --connect ws://a:1 --connect ws://b:2"]
)
def test_venues_are_named_one_after_the_other(arguments: str) -> None:
    asked = build_parser().parse_args(arguments.split())
    options = venue_options(asked)
    assert options is not None
    assert options.urls == ("ws://a:1", "ws://b:2")
    assert options.accounts == (("acc",) if "--account" in arguments else ())


# What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "replya",
            "'replya' is not a command; there are replay, backtest, connect, serve, journal, venue-sim, "
            "doctor; did you mean replay?",
        ),
        ("replay --symbol X", "--symbol needs a K-line file: monitor replay FILE"),
        ("replay FILE --sybmol X", "--sybmol is not understood here; did you mean --symbol?"),
        ("replay FILE --sym X", "--sym is not understood here"),
        ("replay FILE --speed fast", "--speed: 'fast' is not a speed; allowed is a number above 0 or max"),
        ("replay FILE --speed 0", "--speed: '0' is not a speed"),
        ("backtest FILE --capital -5", "--capital: -5 is not allowed; it must be a number above 0"),
        ("backtest FILE --capital nan", "--capital: nan is not allowed"),
        ("backtest FILE --capital lots", "--capital: 'lots' is not a number; allowed is a number above 0"),
        ("backtest FILE --rate 1.5", "--rate: 1.5 is not allowed; it must be a fraction"),
        ("backtest FILE --tick 0", "--tick: 0 is not allowed"),
        ("backtest FILE --slippage -1", "--slippage: -1 is not allowed; it must be 0 or more"),
        ("backtest FILE --matching lucky", "--matching: 'lucky' is not one of standard, vnpy"),
        ("backtest FILE --param fast", "--param: 'fast' is not NAME=VALUE"),
        ("backtest FILE --param a=1 --param a=2", "--param a is given twice"),
        ("backtest FILE --zone Mars/Base", "--zone: there is no time zone 'Mars/Base'"),
        ("backtest FILE --json FOLDER", "is a folder; the name of a file is needed"),
        ("backtest FILE --json FOLDER/none/out.json", "there is no folder"),
        ("backtest FOLDER", "is a folder; a K-line file is needed"),
        ("backtest FOLDER/none.csv", "FILE: there is no file"),
        ("serve --symbol X", "--symbol needs a K-line file: monitor serve --replay FILE"),
        ("serve --param a=1", "--param needs a K-line file"),
        ("--port 99999", "--port is '99999'; allowed is a whole number from 0 to 65535"),
        ("connect", "URL"),
        ("connect http://127.0.0.1:1", "'http://127.0.0.1:1' is not an address such as ws://127.0.0.1:8770"),
        ("connect ws://a:1 ws://a:1", "ws://a:1 is given twice; give it once"),
        ("serve --connect ws://a:1 --connect ws://a:1", "ws://a:1 is given twice; give it once"),
        ("serve --account acc", "--account needs a venue: --connect URL"),
        ("serve --replay FILE --connect ws://a:1", "--connect and --replay exclude each other"),
        ("serve --no-mirror", "without a window the mirror is all there is to see"),
    ],
)
def test_a_slip_is_one_sentence_and_exit_code_2(
    bars: str, tmp_path: Path, capsys: Capture, arguments: str, sentence: str, started: Started
) -> None:
    words = [word.replace("FOLDER", str(tmp_path)).replace("FILE", bars) for word in arguments.split()]
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("monitor: ")
    assert shown.err.count("\n") == 1
    assert sentence in shown.err
    assert started.calls == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(bars: str, capsys: Capture) -> None:
    Path(bars).chmod(0)
    assert main(["backtest", bars]) == 2
    assert "cannot be read: permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    "kind",
    ["KlineError", "MirrorError", "ParameterError", "PlanError", "StoreError", "StrategyError", "UserError"],
)
def test_refusals_from_further_inside_are_sentences_too(
    bars: str, capsys: Capture, started: Started, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    kinds = {error.__name__: error for error in (*cli._refusals(), UserError)}

    def refuse(*_: Any) -> int:
        raise kinds[kind]("the file\nis no good")

    monkeypatch.setattr(sys.modules["monitor.backtest"], "run_backtest", refuse)
    assert main(["backtest", bars]) == 2
    assert capsys.readouterr().err == "monitor: the file is no good\n"


def test_a_mistake_of_ours_is_not_hidden(
    bars: str, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["monitor.backtest"], "run_backtest", fail)
    with pytest.raises(ZeroDivisionError):
        main(["backtest", bars])


# What is started ----------------------------------------------------------------------------


def test_the_window_is_the_default(started: Started) -> None:
    assert main([]) == 7
    ((name, (settings, start), options),) = started.calls
    assert (name, start, options) == ("run_window", None, {"speed": UNSET_SPEED, "paused": False})
    assert settings.mirror.port == 8765


def test_a_replay_without_a_file_is_the_sample_from_its_beginning(started: Started) -> None:
    main(["replay"])
    ((name, (_, start), _),) = started.calls
    assert (name, start) == ("run_window", sample_options())


def test_options_of_settings_stand_before_or_after_the_command(bars: str, started: Started) -> None:
    main(["--port", "9001", "replay", bars, "--speed", "max", "--paused"])
    main(["replay", "--no-mirror", bars, "--port", "9001"])
    (_, (before, start), pace), (_, (after, _), _) = started.calls
    assert before.mirror.port == after.mirror.port == 9001
    assert (before.mirror.enabled, after.mirror.enabled) == (True, False)
    assert start == ReplayOptions(file=bars, strategy="double_ma")
    assert pace == {"speed": None, "paused": True}


def test_without_a_screen_the_same_replay_runs_behind_the_web_page(
    bars: str, capsys: Capture, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "screen_problem", lambda: "nobody is watching")
    assert main(["replay", bars, "--speed", "3"]) == 7
    ((name, (_, start), options),) = started.calls
    assert (name, options) == ("run_headless", {"speed": 3.0, "paused": False, "loop": False})
    assert start == ReplayOptions(file=bars, strategy="double_ma")
    assert (
        capsys.readouterr().err
        == "There is no window: nobody is watching. The same engine runs without one.\n"
    )


def test_the_fatal_pair_is_refused_before_qt_is_loaded(
    capsys: Capture, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "installed_fatal_pair", lambda: machine.fatal_pair((3, 11), "6.12.0"))
    assert main([]) == 2
    assert "PySide6 6.12.0 crashes on Python 3.11" in capsys.readouterr().err
    assert started.calls == []


def test_serve(bars: str, started: Started) -> None:
    main(["serve", "--replay", bars, "--loop", "--port", "0"])
    ((name, (settings, start), options),) = started.calls
    assert (name, options) == ("run_headless", {"speed": UNSET_SPEED, "paused": False, "loop": True})
    assert settings.mirror.port == 0
    assert start is not None


def test_backtest(bars: str, tmp_path: Path, started: Started) -> None:
    main(["backtest", bars, "--json", str(tmp_path / "out.json"), "--quiet"])
    assert started.calls == [
        ("run_backtest", (ReplayOptions(file=bars, strategy="double_ma"), tmp_path / "out.json", True), {})
    ]


def test_ctrl_c_is_quiet(started: Started, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["monitor.app"], "run_headless", interrupt)
    assert main(["serve"]) == 130
    assert capsys.readouterr() == ("", "")


# As a process -------------------------------------------------------------------------------


def monitor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "monitor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_and_version() -> None:
    shown = monitor("--help")
    assert shown.returncode == 0
    assert "monitor doctor" in shown.stdout
    assert "closing.arm_ms" in shown.stdout
    assert monitor("--version").stdout == f"Trading Monitor {__version__}\n"
    assert "--commission-per-lot MONEY" in monitor("backtest", "--help").stdout


def test_help_loads_neither_qt_nor_numpy() -> None:
    code = "import sys, monitor.cli, monitor.arguments as a; a.build_parser(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"PySide6", "numpy", "sqlalchemy", "asyncio", "pyqtgraph"} & set(loaded)


def test_a_bad_file_shows_no_traceback(tmp_path: Path) -> None:
    done = monitor("backtest", str(tmp_path / "none.csv"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--strategy", "doubel_ma"],
            "there is no strategy 'doubel_ma'; shipped are channel_breakout, double_ma",
        ),
        (["--strategy", "none.py"], "none.py does not exist"),
        (["--param", "fast=10"], "has no parameter 'fast'; it has: fast_window, slow_window"),
        (["--param", "fast_window=ten"], "'ten' is not a whole number"),
        ([], "has a header but no bars"),
    ],
)
def test_what_only_the_engine_can_know_is_a_sentence_too(
    bars: str, capsys: Capture, arguments: list[str], sentence: str
) -> None:
    assert main(["backtest", bars, *arguments]) == 2
    shown = capsys.readouterr().err
    assert sentence in shown
    assert shown.count("\n") == 1
