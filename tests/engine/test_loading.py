"""Strategy files: the class is found, or one sentence says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.engine.loading import StrategyError, load_strategy
from monitor.engine.strategies import SHIPPED

HEAD = "from monitor.engine.strategy import Strategy, parameter\n\n"
ONE = HEAD + "class Mine(Strategy):\n    window: int = parameter(5)\n"
TWO = ONE + "class Other(Strategy):\n    pass\n"


def written(folder: Path, source: str) -> str:
    file = folder / "mine.py"
    file.write_text(source, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", ["double_ma", "channel_breakout"])
def test_a_shipped_strategy_is_known_by_name(name: str) -> None:
    assert load_strategy(name) == (name, SHIPPED[name])


def test_the_only_strategy_of_a_file_is_meant(tmp_path: Path) -> None:
    name, kind = load_strategy(written(tmp_path, ONE))
    assert (name, kind.__name__, set(kind.declared)) == ("Mine", "Mine", {"window"})


def test_one_of_several_is_named(tmp_path: Path) -> None:
    name, _ = load_strategy(written(tmp_path, TWO) + ":Other")
    assert name == "Other"


def test_a_class_that_is_only_imported_is_not_meant(tmp_path: Path) -> None:
    source = "from monitor.engine.strategies.double_ma import DoubleMa\n" + ONE
    assert load_strategy(written(tmp_path, source))[0] == "Mine"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("x = 1\n", "no class derived from Strategy"),
        (TWO, "several: Mine, Other; name one as mine.py:ClassName"),
        ("class Mine(\n", "SyntaxError"),
        ("import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('bye')\n", "SystemExit: bye"),
    ],
)
def test_a_file_without_a_usable_strategy_is_refused(tmp_path: Path, source: str, sentence: str) -> None:
    with pytest.raises(StrategyError) as refusal:
        load_strategy(written(tmp_path, source))
    assert sentence in str(refusal.value)
    assert "mine.py" in str(refusal.value)


def test_a_class_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match="has no strategy Third; it has: Mine, Other"):
        load_strategy(written(tmp_path, TWO) + ":Third")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("doublema", "there is no strategy 'doublema'; shipped are channel_breakout, double_ma"),
        ("nowhere/mine.py", "strategy file nowhere/mine.py does not exist"),
        ("", "there is no strategy ''"),
    ],
)
def test_what_does_not_exist_is_refused(source: str, sentence: str) -> None:
    with pytest.raises(StrategyError) as refusal:
        load_strategy(source)
    assert str(refusal.value).startswith(sentence)
