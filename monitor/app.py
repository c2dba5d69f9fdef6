"""The composition root: builds the core, the window and their connection, and takes them down.

The only file that knows everything. Two threads: the core's (engine, store, mirror) and this
one, where Qt runs with qasync. Nothing crosses but the core's door.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Literal

from monitor.assets import resource_path
from monitor.bundled import sample_options
from monitor.core.core import Core
from monitor.core.killswitch import KILL_FILE
from monitor.core.service import CoreThread, Setup, serve
from monitor.engine.commands import OpenReplay
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.errors import UserError
from monitor.journal.wording import sentence
from monitor.settings import Settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from monitor.ui.window import MainWindow

Start = ReplayOptions | VenueOptions | None
Speed = float | None | Literal["unset"]
SWITCH_INTERVAL = 0.0005  # measured: lets the core's thread in while the window paints
_LOOK_MS = 500
_SILENCE = 2.0  # seconds without a sign of life after which the core is not waited for


def sample_command() -> OpenReplay:
    """The same, as the command that opens it in a running program."""
    options = sample_options()
    default = ReplayOptions(file="", strategy="")
    changed = {
        name: str(value)
        for name in ReplayOptions.__struct_fields__
        if name not in ("file", "strategy", "parameters")
        and (value := getattr(options, name)) != getattr(default, name)
    }
    return OpenReplay(file=options.file, strategy=options.strategy, options=changed)


def run_headless(settings: Settings, start: Start, *, speed: Speed, paused: bool, loop: bool) -> int:
    """The same core without a window, until Ctrl+C or SIGTERM. It plays on what it restores:
    nobody is there to press a key."""
    _prepare(settings)
    setup = _setup(settings, start, speed, play=not paused, loop=loop, window=False)

    async def main() -> None:
        running = asyncio.get_running_loop()

        def ready(core: Core) -> None:
            _stop_on_signals(core, running)
            settle_memory()
            url = core.stats().mirror_url
            if not url:
                raise UserError(core.stats().mirror_error or "the mirror did not start")
            print(f"The web page is at {url} (Ctrl+C ends)", flush=True)  # noqa: T201 this is the interface

        await serve(setup, ready)

    asyncio.run(main())
    return 0


def _stop_on_signals(core: Core, loop: asyncio.AbstractEventLoop) -> None:
    """The first signal stops the core in order. When the core does not answer (a strategy that
    never returns), or at the second signal, the process ends at once: what was acknowledged is
    in the journal. Plain handlers, because those of a loop wait for the loop."""
    asked = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked or time.monotonic() - core.stats().beat_s > _SILENCE:
            os.write(2, b"monitor: the engine does not answer; ended at once. What was saved is safe.\n")
            os._exit(1)
        asked = True
        loop.call_soon_threadsafe(core.stop)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)


def run_window(settings: Settings, start: Start, *, speed: Speed, paused: bool) -> int:
    """The window, until it is closed."""
    _prepare(settings)
    play = False if paused else None
    core = CoreThread(_setup(settings, start, speed, play=play, loop=False, window=True))
    # Before the core's thread imports anything: PySide6 walks all modules while it sets itself up.
    import PySide6.QtCore  # noqa: F401

    core.start()  # works while the rest of Qt is imported
    try:
        return _show(settings, core)
    finally:
        core.stop()


def settle_memory() -> None:
    """What was made while starting stays: take it out of the garbage collector's sight.

    A full collection walked all modules and widgets and held every thread for 90-120 ms.
    """
    gc.collect()
    gc.freeze()


def _prepare(settings: Settings) -> None:
    """The folder for our files, logging, and what Python says when it crashes."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the data folder {settings.data_dir} cannot be made: {error.strerror}") from error
    logging.basicConfig(
        level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    for chatty in ("alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # its warnings are the server's notes
    faulthandler.enable()
    sys.setswitchinterval(SWITCH_INTERVAL)


def _setup(
    settings: Settings,
    start: Start,
    speed: Speed,
    *,
    play: bool | None,
    loop: bool,
    window: bool,
) -> Setup:
    return Setup(
        database=settings.database,
        start=start,
        fallback=sample_options(),
        speed=1.0 if speed == "unset" else speed,
        play=play,
        loop_replay=loop,
        window=window,
        mirror=settings.mirror.enabled,
        host=settings.mirror.host,
        port=settings.mirror.port,
        trading=settings.mirror.trading,
        web_root=resource_path("web"),
        kill_file=settings.data_dir / KILL_FILE,
        guards=settings.guards,
        keep_days=settings.records.keep_days,
    )


def _show(settings: Settings, core: CoreThread) -> int:
    import qasync

    application = _make_application()
    core.wait()
    with _reporting_errors() as failures:
        window = _make_window(settings, core)
        with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
            runner.run(_until_closed(application, window, core, failures))
    if core.failure is not None:
        raise core.failure
    return 1 if failures else 0


def _make_application() -> QApplication:
    from PySide6.QtWidgets import QApplication

    from monitor.ui.theme import DARK, apply_theme

    application = QApplication(sys.argv[:1])
    application.setApplicationName("Trading Monitor")
    application.setDesktopFileName("trading-monitor")
    application.setQuitOnLastWindowClosed(False)
    apply_theme(application, DARK)
    return application


def _make_window(settings: Settings, core: CoreThread) -> MainWindow:
    from monitor.ui.tickets.binding import attach_tickets
    from monitor.ui.tickets.rules import MS, SECOND, Limits
    from monitor.ui.window import MainWindow

    window = MainWindow(core, settings.data_dir, sample=sample_command(), wording=sentence)
    closing = settings.closing
    limits = Limits(
        arm_ns=closing.arm_ms * MS,
        max_ticks=closing.max_ticks,
        stale_ns=int(closing.stale_s * SECOND),
        expire_ns=int(closing.expire_s * SECOND),
    )
    attach_tickets(window, limits)
    return window


async def _until_closed(
    application: QApplication, window: MainWindow, core: CoreThread, failures: list[str]
) -> None:
    """Show the window and wait until it closed or a signal came. A core that dies is told; the
    window stays to be read."""
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(_sentence(context)))
    window.closed.connect(closed.set)
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, window.finish)
    application.commitDataRequest.connect(lambda _: window.save_layout())
    window.show()
    settle_memory()
    while not closed.is_set():
        try:
            await asyncio.wait_for(closed.wait(), _LOOK_MS / 1000)
        except TimeoutError:
            if not core.alive:
                window.lose_engine(_why_stopped(core.failure))
            while failures and not closed.is_set():
                window.show_message(failures.pop(0), "error")


def _why_stopped(failure: BaseException | None) -> str:
    if failure is None:
        return "it ended by itself."
    text = str(failure).strip() or "no reason was given"
    named = text if isinstance(failure, UserError) else f"{type(failure).__name__}: {text}"
    return named if named.endswith(".") else f"{named}."


def _sentence(context: dict[str, object]) -> str:
    error = context.get("exception")
    text = str(context.get("message", "")) if error is None else f"{type(error).__name__}: {error}"
    logging.getLogger("monitor.app").error("unexpected: %s", text, exc_info=error)  # type: ignore[arg-type]
    return f"Unexpected error, please report it: {text}"


@contextmanager
def _reporting_errors() -> Iterator[list[str]]:
    """Errors in Qt slots end nowhere by themselves: log them and show them in the window."""
    failures: list[str] = []

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logging.getLogger("monitor.app").error(
            "unexpected\n%s", "".join(traceback.format_exception(kind, error, trace))
        )
        failures.append(f"Unexpected error, please report it: {kind.__name__}: {error}")

    before, sys.excepthook = sys.excepthook, report
    try:
        yield failures
    finally:
        sys.excepthook = before
