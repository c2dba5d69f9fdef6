"""A program that trades, as a child (`trading_child.py`): asked, killed, started again by tests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from trading_child import Answered, Asked, Shown
from venue_world import PATIENCE_S

from monitor.engine.commands import AnyCommand, Reply

HERE = Path(__file__).resolve().parent
_PATHS = os.pathsep.join(str(path) for path in (HERE.parents[1], HERE.parent))


class Gone(Exception):  # noqa: N818 what becomes of programs here is no error
    """The program ended before it answered: nobody knows whether it did what it was asked."""


class TradingProgram:
    """The running child. Several questions may be under way at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._number = 0
        self._standing: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[Answered]] = {0: self._standing}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if not line.endswith(b"\n"):
                break  # torn by the kill: that is no answer
            answered = msgspec.json.decode(line, type=Answered)
            answer = self._answers.pop(answered.number, None)
            if answer is not None and not answer.done():
                answer.set_result(answered)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Gone())
                answer.exception()  # whoever asked may be gone as well
        self._answers.clear()

    def asks(self, asked: Asked) -> asyncio.Future[Answered]:
        """Written at once; the answer comes, or `Gone`."""
        assert self._process.stdin is not None
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            answer.set_exception(Gone())
            return answer
        self._answers[asked.number] = answer
        self._process.stdin.write(msgspec.json.encode(asked) + b"\n")
        return answer

    def gives(self, command: AnyCommand) -> asyncio.Future[Answered]:
        self._number += 1
        return self.asks(Asked(number=self._number, command=command))

    async def does(self, command: AnyCommand) -> Reply:
        reply = (await self.gives(command)).reply
        assert reply is not None
        return reply

    async def shown(self) -> Shown:
        self._number += 1
        async with asyncio.timeout(PATIENCE_S):
            shown = (await self.asks(Asked(number=self._number))).shown
        assert shown is not None
        return shown

    async def stands(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._standing

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._ended()

    async def stop(self) -> int:
        """Cleanly; its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(Asked(number=0, stop=True)) + b"\n")
        return await self._ended()

    async def _ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.shield(self._reading)
            code = await self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        return code


@asynccontextmanager
async def trading_program(
    database: Path | str, url: str, log: Path, *, further: Sequence[str] = (), standing: bool = True
) -> AsyncIterator[TradingProgram]:
    """Standing (or on its way there), killed at the end if it still runs. What it says besides
    answers is added to `log`."""
    path = os.pathsep.join((_PATHS, os.environ.get("PYTHONPATH", "")))
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(HERE / "trading_child.py"),
            str(database),
            url,
            *further,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            env={**os.environ, "PYTHONPATH": path},
            limit=1 << 26,
        )
    child = TradingProgram(process)
    try:
        if standing:
            await child.stands()
        yield child
    finally:
        if process.returncode is None:
            await child.kill()
