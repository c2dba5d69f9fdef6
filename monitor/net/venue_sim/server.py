"""The venue behind a WebSocket on loopback: clients at `/`, the control connection at `/control`.

Owns the connections and the clock. A page in a browser is turned away: it sends an origin.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from monitor.net.venue_sim import control, wire, words
from monitor.net.venue_sim.adversary import ScriptRun
from monitor.net.venue_sim.line import ClientLine
from monitor.net.venue_sim.orders import Refusal
from monitor.net.venue_sim.script import NAMED, REQUESTS, Script, ScriptError, checked, read_script
from monitor.net.venue_sim.venue import Venue

LOOPBACK = "127.0.0.1"
CONTROL_PATH = "/control"


class VenueServerError(Exception):
    """Why the venue cannot listen, as a sentence."""


class SetScript(control.Control, frozen=True, kw_only=True, tag="script"):
    """The name of a shipped script, or a whole one."""

    script: str | Script


class Cut(control.Control, frozen=True, kw_only=True, tag="cut"):
    """Every client's line, now."""


class Halt(control.Control, frozen=True, kw_only=True, tag="halt"):
    """No synthetic quotes until told otherwise, so nothing that rests fills."""

    halted: bool = True


class Truth(control.Control, frozen=True, kw_only=True, tag="truth"):
    pass


_CONTROLS = msgspec.json.Decoder(control.AnyControl | SetScript | Cut | Halt | Truth)


class VenueServer:
    """`port` 0 takes any free one. `seed` of the mishaps; quotes have that of the venue's terms."""

    def __init__(
        self,
        venue: Venue,
        *,
        script: Script = NAMED["calm"],
        seed: int = 1,
        port: int = 0,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.venue = venue
        self.port = port
        self._script, self._seed = script, seed
        self._clock_ns = clock_ns
        self._lines: dict[int, ClientLine] = {}
        self._connections = 0
        self._halted = venue.terms.manual
        self._server: Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._run: ScriptRun | None = None

    @property
    def url(self) -> str:
        return f"ws://{LOOPBACK}:{self.port}/"

    @property
    def control_url(self) -> str:
        return f"ws://{LOOPBACK}:{self.port}{CONTROL_PATH}"

    async def start(self) -> None:
        """Listen. Raises `VenueServerError` when that cannot be."""
        self.play(self._script)
        try:
            self._server = await serve(
                self._serve,
                LOOPBACK,
                self.port,
                origins=[None],
                compression=None,
                ping_interval=None,
                max_size=wire.LARGEST_FRAME,
                close_timeout=1,
            )
        except OSError as error:
            raise VenueServerError(f"Port {self.port} cannot be used: {error.strerror}.") from error
        self.port = self._server.sockets[0].getsockname()[1]
        if not self._halted:
            self.venue.walk(self._clock_ns())
        self._ticking = asyncio.create_task(self._tick(), name="venue-sim quotes")

    async def stop(self) -> None:
        """Cut every line and free the port."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
            self._ticking = None
        if self._server is not None:
            for line in list(self._lines.values()):
                line.cut()
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        self.venue.close()

    async def serve_forever(self) -> None:
        """Until cancelled. Raises what ended the quotes, if something did."""
        assert self._ticking is not None
        await self._ticking

    def play(self, script: Script) -> None:
        """Begin a script, for lines that are there too."""
        self._script = script
        self._run = ScriptRun(script, self._seed, asyncio.get_running_loop().time())
        for number, line in self._lines.items():
            line.adversary = self._run.line(number)

    # Clients ---------------------------------------------------------------------------------
    async def _serve(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request is not None else "/"
        try:
            if path.partition("?")[0] == CONTROL_PATH:
                await self._obey(socket)
            else:
                await self._trade(socket)
        except ConnectionClosed:
            return

    async def _trade(self, socket: ServerConnection) -> None:
        assert self._run is not None
        self._connections += 1
        line = ClientLine(socket, self._connections, self._run.line(self._connections))
        self._lines[line.number] = line
        pump = asyncio.create_task(line.pump(), name=f"venue-sim line {line.number}")
        try:
            async for frame in socket:
                self._hear(line, frame)
        finally:
            del self._lines[line.number]
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    def _hear(self, line: ClientLine, frame: str | bytes) -> None:
        """A request arrives as the script lets it."""
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        loop = asyncio.get_running_loop()
        for one in line.adversary.passes(REQUESTS, text, loop.time()):
            if one.payload is None:
                line.cut()
                return
            if one.after_s:
                loop.call_later(one.after_s, self._answer, line, one.payload)
            else:
                self._answer(line, one.payload)

    def _answer(self, line: ClientLine, frame: str | bytes) -> None:
        asked = wire.read(frame)
        now_ns = self._clock_ns()
        if isinstance(asked, Refusal):
            line.say("answers", wire.answer(wire.number_of(frame), asked))
            return
        result = self.venue.ask(asked, now_ns, line.number)
        self._tell()
        line.say(f"answer:{asked.__struct_config__.tag}", wire.answer(asked.id, result))
        if isinstance(asked, wire.Subscribe) and not isinstance(result, Refusal):
            self._follow(line, result)

    def _follow(self, line: ClientLine, result: dict[str, Any]) -> None:
        line.accounts, line.symbols = frozenset(result["accounts"]), frozenset(result["symbols"])
        for push in self.venue.recent(line.accounts.__contains__, line.adversary.replays):
            line.say(push.channel, _frame(push.channel, push.data))
        for push in self.venue.quotes(line.symbols):
            line.say(push.channel, _frame(push.channel, push.data))

    def _tell(self) -> None:
        for push in self.venue.take_pushes():
            frame = _frame(push.channel, push.data)
            for line in self._lines.values():
                if line.follows(push):
                    line.say(push.channel, frame)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.venue.terms.pace_ms / 1000)
            now_ns = self._clock_ns()
            self.venue.pass_time(now_ns)
            if not self._halted:
                self.venue.walk(now_ns)
            self._tell()

    # Control ---------------------------------------------------------------------------------
    async def _obey(self, socket: ServerConnection) -> None:
        async for frame in socket:
            number, done = self._do(frame)
            await socket.send(wire.answer(number, done))

    def _do(self, frame: str | bytes) -> tuple[int | None, control.Done]:
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        if not text.lstrip().startswith("{"):
            said = words.command(text)
            if said is None:
                return None, Refusal("malformed", f"there are: {words.USAGE}")
            text = wire.encode(said)
        try:
            asked = _CONTROLS.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            return wire.number_of(text), Refusal("malformed", f"{error}")
        return asked.id, self._carry_out(asked)

    def _carry_out(self, asked: control.AnyControl | SetScript | Cut | Halt | Truth) -> control.Done:
        if isinstance(asked, Truth):
            return {**self.venue.truth(), "connections": self._connections}
        if isinstance(asked, Cut):
            lines = list(self._lines.values())
            for line in lines:
                line.cut()
            return {"lines": len(lines)}
        if isinstance(asked, Halt):
            self._halted = asked.halted
            return {"halted": self._halted}
        if isinstance(asked, SetScript):
            return self._set_script(asked.script)
        done = self.venue.control(asked, self._clock_ns())
        self._tell()
        return done

    def _set_script(self, script: str | Script) -> control.Done:
        try:
            self.play(named(script) if isinstance(script, str) else checked(script))
        except ScriptError as error:
            return Refusal("bad_script", f"{error}")
        return {"script": self._script.name}


def named(text: str) -> Script:
    """A shipped script by its name, or one in TOML. Raises `ScriptError`."""
    if text in NAMED:
        return NAMED[text]
    if "=" not in text:
        raise ScriptError(f"There is no script {text!r}; there are {', '.join(NAMED)}.")
    return read_script(text, toml=True)


def _frame(channel: str, data: dict[str, object]) -> str:
    return wire.encode({"channel": channel, "data": data})
