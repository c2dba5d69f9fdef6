"""`monitor venue-sim`: the venue and its server from what was asked, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from monitor.net.venue_sim.record import RecordError
from monitor.net.venue_sim.script import NAMED, Script, ScriptError, load_script
from monitor.net.venue_sim.server import VenueServer, VenueServerError, named
from monitor.net.venue_sim.terms import AccountTerms, VenueTerms
from monitor.net.venue_sim.venue import Venue


class VenueSimError(Exception):
    """Why the venue cannot run, as a sentence for the user."""


def script_of(text: str) -> Script:
    """A shipped script's name, or a file. Raises `VenueSimError`."""
    try:
        return load_script(Path(text)) if text not in NAMED and Path(text).is_file() else named(text)
    except ScriptError as error:
        raise VenueSimError(str(error)) from error


def terms_of(
    file: Path | None,
    *,
    name: str | None = None,
    accounts: tuple[str, ...] = (),
    seed: int = 1,
    pace_ms: int | None = None,
    manual: bool = False,
) -> VenueTerms:
    """The file's terms, and over them what the command line says. Raises `VenueSimError`."""
    said: dict[str, object] = {"seed": seed, "venue": name, "pace_ms": pace_ms, "manual": manual or None}
    if accounts:
        said["accounts"] = tuple(_account(one) for one in accounts)
    given = {name: value for name, value in said.items() if value is not None}
    return msgspec.structs.replace(_read_terms(file), **given)


def _read_terms(file: Path | None) -> VenueTerms:
    if file is None:
        return VenueTerms()
    try:
        decode = msgspec.json.decode if file.suffix.lower() == ".json" else msgspec.toml.decode
        return decode(file.read_bytes(), type=VenueTerms)
    except OSError as error:
        raise VenueSimError(f"{file} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise VenueSimError(f"{file} is no description of a venue: {error}.") from error


def _account(text: str) -> AccountTerms:
    account_id, colon, mode = text.partition(":")
    if not account_id or (colon and mode != "hedged"):
        raise VenueSimError(f"{text!r} is not an account; allowed is ID or ID:hedged.")
    return AccountTerms(account_id=account_id, hedged=bool(colon))


def run_venue_sim(
    terms: VenueTerms, script: Script, *, port: int, record: Path | None, ready: Callable[[str], None]
) -> int:
    """Until SIGINT or SIGTERM. `ready` is told a line with the addresses. Raises `VenueSimError`."""
    try:
        venue = Venue(terms, record=record)
    except RecordError as error:
        raise VenueSimError(str(error)) from error
    server = VenueServer(venue, script=script, seed=terms.seed, port=port)
    try:
        asyncio.run(_serve(server, ready))
    except VenueServerError as error:
        raise VenueSimError(str(error)) from error
    return 0


async def _serve(server: VenueServer, ready: Callable[[str], None]) -> None:
    await server.start()
    serving = asyncio.current_task()
    assert serving is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C raises KeyboardInterrupt
            loop.add_signal_handler(number, serving.cancel)
    ready(f"{server.venue.terms.venue} listens at {server.url}, its control at {server.control_url}")
    try:
        await server.serve_forever()
    except asyncio.CancelledError:
        return
    finally:
        await server.stop()
