"""What the composition root hands the window, and what it does when the core dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from monitor import app
from monitor.boundary import CoreStats
from monitor.core.service import CoreThread, Setup
from monitor.engine.options import ReplayOptions
from monitor.errors import UserError
from monitor.ui.window import MainWindow


def test_the_sample_as_a_command_opens_what_a_newcomer_sees() -> None:
    command = app.sample_command()
    fields = {
        **command.options,
        "file": command.file,
        "strategy": command.strategy,
        "parameters": command.parameters,
    }
    assert msgspec.convert(fields, ReplayOptions, strict=False) == app.sample_options()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (RuntimeError("a row is missing"), "RuntimeError: a row is missing."),
        (UserError("The disk is full."), "The disk is full."),
        (KeyError(), "KeyError: no reason was given."),
        (None, "it ended by itself."),
    ],
)
def test_why_the_engine_stopped_is_one_sentence(failure: BaseException | None, said: str) -> None:
    assert app._why_stopped(failure) == said


class DeadCore(CoreThread):
    """A core whose thread never lived."""

    def stats(self) -> CoreStats:
        return CoreStats()


def test_a_window_outlives_its_core_until_it_is_closed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "settle_memory", lambda: None)
    setup = Setup(database="", start=None, fallback=app.sample_options(), web_root=tmp_path)
    core = DeadCore(setup)
    core.failure = RuntimeError("a row is missing")
    window = MainWindow(core, tmp_path)
    application = QApplication.instance()
    assert isinstance(application, QApplication)

    async def watch() -> None:
        lost = asyncio.Event()
        window.engine_lost.connect(lost.set)
        until = asyncio.create_task(app._until_closed(application, window, core, []))
        await lost.wait()
        assert window.isVisible()
        assert "The engine stopped: RuntimeError: a row is missing." in window.notice.text()
        assert not until.done()
        window.close()
        await until

    asyncio.run(asyncio.wait_for(watch(), 10))
    assert not window.isVisible()
    window.deleteLater()
