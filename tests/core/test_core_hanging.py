"""A strategy that never returns: the program can still be ended, and what was saved is safe."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
from core_world import options, wave, write_bars
from test_core_killed import Program, left_behind, program

SPINNING = """
from monitor.engine.strategy import Strategy


class Spin(Strategy):
    def on_start(self):
        self.bars = 0

    def on_bar(self, bar):
        self.bars += 1
        while self.bars > 20:
            pass
"""


async def until_silent(child: Program) -> None:
    while True:
        try:
            await child.client.get("/healthz", timeout=1.5)
        except httpx.TimeoutException:
            return
        await asyncio.sleep(0.1)


async def test_a_hanging_strategy_does_not_keep_the_program_alive(tmp_path: Path) -> None:
    (tmp_path / "spin.py").write_text(SPINNING, encoding="utf-8")
    start = options(write_bars(tmp_path / "bars.csv", wave(100)))
    arguments = ("--replay", start.file, "--strategy", str(tmp_path / "spin.py"), "--speed", "2")
    async with program(tmp_path / "home", *arguments) as child:
        await until_silent(child)
        await asyncio.sleep(1.5)
        child.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.process.wait(), 5) == 1
    assert (await left_behind(tmp_path / "home" / "monitor.sqlite"))[0] <= 20
