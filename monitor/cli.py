"""Runs the command line: settings, then the one command that was asked for, then an exit code.

Imports what a command needs when it is needed, so that `--help` is instant and a server never
loads a window. Mistakes of the user end as one sentence and exit code 2. Knows no Qt.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from monitor.arguments import build_parser, replay_options, setting_overrides, venue_options
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.errors import EXIT_USER_ERROR, UserError
from monitor.instance import data_folder_held, database_file_held
from monitor.settings import Settings, load_settings

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Never raises for what a user can get wrong."""
    try:
        asked = build_parser().parse_args(arguments)
        settings = load_settings(setting_overrides(asked))
        code = COMMANDS[asked.command](settings, asked)
    except UserError as error:
        return _refuse(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _stop_writing()
    except _refusals() as error:
        return _refuse(error)
    return code


def _refuse(error: BaseException) -> int:
    sentence = " ".join(str(error).split())
    print(f"monitor: {sentence}", file=sys.stderr)
    return EXIT_USER_ERROR


def _stop_writing() -> int:
    """The reader of our output has gone (`monitor doctor | head`): end quietly. Python would
    complain once more when it flushes at exit, so what is left goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE


def _refusals() -> tuple[type[Exception], ...]:
    """What the rooms raise for files, strategies, databases and ports that cannot be used: each
    is a sentence for the user. Evaluated, and imported, only when something was raised."""
    from monitor.engine.klines import KlineError
    from monitor.engine.loading import StrategyError
    from monitor.engine.plans import PlanError
    from monitor.engine.strategy import ParameterError
    from monitor.net.mirror import MirrorError
    from monitor.net.venue_sim.command import VenueSimError
    from monitor.net.venues.hello import VenueError
    from monitor.store import StoreError

    return (
        KlineError,
        StrategyError,
        ParameterError,
        PlanError,
        StoreError,
        MirrorError,
        VenueError,
        VenueSimError,
    )


def run_window(settings: Settings, asked: argparse.Namespace) -> int:
    """The window; without a screen the same engine behind the web page."""
    from monitor.machine import installed_fatal_pair, screen_problem

    start = venue_options(asked) or _asked_replay(asked)
    if problem := screen_problem():
        print(f"There is no window: {problem}. The same engine runs without one.", file=sys.stderr)
        return _run_headless(settings, start, asked, loop=start is None)
    if fatal := installed_fatal_pair():
        raise UserError(fatal)
    from monitor.app import run_window as run

    with data_folder_held(settings.data_dir), database_file_held(settings.database_file):
        return run(settings, start, speed=asked.speed, paused=asked.paused)


def _asked_replay(asked: argparse.Namespace) -> ReplayOptions | None:
    """`monitor replay` without a file is the sample, from its beginning; plain `monitor` goes on
    with what was last open."""
    start = replay_options(asked)
    if start is None and asked.command == "replay":
        from monitor.bundled import sample_options

        return sample_options()
    return start


def run_serve(settings: Settings, asked: argparse.Namespace) -> int:
    start = venue_options(asked) or replay_options(asked)
    return _run_headless(settings, start, asked, loop=asked.loop)


def _run_headless(
    settings: Settings, start: ReplayOptions | VenueOptions | None, asked: argparse.Namespace, *, loop: bool
) -> int:
    from monitor.app import run_headless

    if not settings.mirror.enabled:
        raise UserError("without a window the mirror is all there is to see: leave out --no-mirror")
    with data_folder_held(settings.data_dir), database_file_held(settings.database_file):
        return run_headless(settings, start, speed=asked.speed, paused=asked.paused, loop=loop)


def run_backtest(settings: Settings, asked: argparse.Namespace) -> int:
    from monitor.backtest import run_backtest as run

    options = replay_options(asked)
    assert options is not None
    return run(options, asked.json, asked.quiet)


def run_journal(settings: Settings, asked: argparse.Namespace) -> int:
    from monitor.journal.command import run_journal as run
    from monitor.journal_options import journal_request

    return run(settings, journal_request(asked))


def run_venue_sim(settings: Settings, asked: argparse.Namespace) -> int:
    """The simulated venue: needs no data folder, and runs beside everything else."""
    from monitor.net.venue_sim.command import run_venue_sim as run, script_of, terms_of
    from monitor.venue_options import venue_request

    request = venue_request(asked)
    terms = terms_of(
        request.terms,
        name=request.name,
        accounts=request.accounts,
        seed=request.seed,
        pace_ms=request.pace_ms,
        manual=request.manual,
    )
    script = script_of(request.script)
    return run(terms, script, port=request.port, record=request.record, ready=_say)


def _say(line: str) -> None:
    print(line, flush=True)


def run_doctor(settings: Settings, asked: argparse.Namespace) -> int:
    from monitor.doctor import run_doctor as run

    return run(settings)


COMMANDS: dict[str | None, Callable[[Settings, argparse.Namespace], int]] = {
    None: run_window,
    "replay": run_window,
    "backtest": run_backtest,
    "serve": run_serve,
    "journal": run_journal,
    "venue-sim": run_venue_sim,
    "connect": run_window,
    "doctor": run_doctor,
}
