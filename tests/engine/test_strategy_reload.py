"""A strategy file that was edited is what runs, however quickly it was edited."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from monitor.engine.loading import load_strategy

SOURCE = "from monitor.engine.strategy import Strategy\n\n\nclass Mine(Strategy):\n    title = '{}'\n"


def test_an_edit_within_the_same_second_and_of_the_same_size_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's cache of compiled files would take the second version for the first."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "mine.py"
    for title in ("a", "b"):
        file.write_text(SOURCE.format(title), encoding="utf-8")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        _, strategy = load_strategy(str(file))
        assert strategy.title == title
    assert not (tmp_path / "__pycache__").exists()
