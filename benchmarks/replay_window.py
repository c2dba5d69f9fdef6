"""Replay of 10,000 bars at full speed with window and mirror: blocks of the window, and memory.

Run with `python -m benchmarks.replay_window`. A 5 ms timer in the GUI thread measures how late
it is called: its worst delay is the longest time in which the window could not react. A
client follows both sockets meanwhile. Growth of memory is from the third run to the last.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import websockets
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.figures import print_figure
from monitor.app import SWITCH_INTERVAL, settle_memory
from monitor.assets import resource_path
from monitor.core.service import CoreThread, Setup
from monitor.engine.commands import PlayReplay, ResetReplay
from monitor.engine.options import ReplayOptions
from monitor.engine.values import ReplayState
from monitor.ui.theme import DARK, apply_theme
from monitor.ui.window import MainWindow

ROUNDS = 6
TICK_MS = 5


class Lateness:
    """How late a timer of the GUI thread is called."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self._due = time.perf_counter() + TICK_MS / 1000
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._called)
        self._timer.start(TICK_MS)

    def _called(self) -> None:
        now = time.perf_counter()
        self.delays.append(max(0.0, (now - self._due) * 1000))
        self._due = now + TICK_MS / 1000


def follow(url: str, received: list[int]) -> None:
    """A client in a thread of its own, as a browser would be in a process of its own."""

    async def read(path: str) -> None:
        async with websockets.connect(url.replace("http", "ws") + path, max_size=None) as socket:
            async for frame in socket:
                received[0] += len(frame)

    async def both() -> None:
        try:
            await asyncio.gather(read("/ws/live"), read("/ws/backtest/orders/1"))
        except (OSError, websockets.ConnectionClosed):
            return

    threading.Thread(target=lambda: asyncio.run(both()), daemon=True).start()


def play_through(window: MainWindow, core: CoreThread, bars: int) -> float:
    """Seconds from pressing play until the window shows the end."""
    loop = QEventLoop()

    left = [False]  # the end of the round before

    def look() -> None:
        replay = window.desk.replay
        if replay is None or replay.state is not ReplayState.FINISHED or replay.bar != bars:
            left[0] = True
        elif left[0]:
            loop.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    begin = time.perf_counter()
    core.submit(ResetReplay())
    core.submit(PlayReplay())
    timer.start(2)
    loop.exec()
    return time.perf_counter() - begin


def main() -> None:
    sys.setswitchinterval(SWITCH_INTERVAL)
    application = QApplication([])
    apply_theme(application, DARK)
    sample = resource_path("sample", "SIM.au9999.1m.csv.gz")
    options = ReplayOptions(file=str(sample), strategy="channel_breakout", multiplier=Decimal(1000))
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(
            database=f"sqlite+aiosqlite:///{folder}/bench.sqlite",
            start=options,
            fallback=options,
            speed=None,
            play=False,
            port=0,
            web_root=resource_path("web"),
        )
        core = CoreThread(setup)
        core.start()
        core.wait()
        window = MainWindow(core, Path(folder))
        window.resize(1440, 900)
        window.show()
        settle_memory()
        received = [0]
        follow(core.stats().mirror_url, received)
        warm = play_through(window, core, 9990)
        late, memory, seconds = Lateness(), [psutil.Process().memory_info().rss], []
        for _ in range(ROUNDS):
            seconds.append(play_through(window, core, 9990))
            gc.collect()
            memory.append(psutil.Process().memory_info().rss)
        delays = sorted(late.delays)
        worst, p99 = delays[-1], delays[int(len(delays) * 0.99)]
        growth = (memory[-1] - memory[3]) / 2**20
        print_figure("replay", "window: longest block at full speed", worst, "ms", goal="<= 50", p99_ms=p99)
        print_figure(
            "replay", "bars/s with window and mirror", 9990 / min(seconds), "bars/s", first_run_s=warm
        )
        print_figure(
            "replay", "memory growth over three runs", growth, "MB", goal="flat", rss_mb=memory[-1] / 2**20
        )
        print_figure("replay", "bytes a client received", received[0] / 2**20, "MB")
        window.finish()
        core.stop()


if __name__ == "__main__":
    main()
