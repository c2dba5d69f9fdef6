"""The options of `monitor venue-sim`, and what was asked for as one checked value. Opens nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from monitor import argument_types as types

USUAL_PORT = 8770
_LAST_PORT = 65_535


class VenueRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`port` 0 is any free one. `script` a shipped one's name, or a file; `terms` a file."""

    port: int = USUAL_PORT
    name: str | None = None
    accounts: tuple[str, ...] = ()
    script: str = "calm"
    seed: int = 1
    pace_ms: int | None = None
    manual: bool = False
    terms: Path | None = None
    record: Path | None = None


def add_venue_sim(commands: Any, make: Callable[..., Any]) -> None:
    """Add the command. `make` builds a parser."""
    venue = commands.add_parser(
        "venue-sim",
        usage="monitor venue-sim [options]",
        help="a simulated venue to practise and test with",
        description="A simulated venue on this machine: synthetic quotes, orders, fills and money over a\n"
        "WebSocket, with what a script makes go wrong on the way. Nothing of it is real. It runs until\n"
        "Ctrl+C; docs/venue-sim.md has the protocol, the scripts and the commands of /control.",
    )
    default = VenueRequest()
    add = venue.add_argument_group("venue").add_argument
    add(
        "--port",
        dest="venue_port",
        metavar="PORT",
        type=_between(0, _LAST_PORT),
        default=default.port,
        help=f"({default.port}); 0 is any free one",
    )
    add("--name", dest="venue_name", metavar="NAME", help="what the venue calls itself (sim)")
    about = "an account, repeatable: ID, or ID:hedged for long and short apart (sim-1:hedged, sim-2)"
    add("--account", dest="accounts", metavar="ID[:hedged]", action="append", default=[], help=about)
    add("--terms", metavar="FILE", type=_file, help="instruments, accounts, habits as .toml or .json")
    add("--record", metavar="FILE", type=types.output_file, help="keep all inputs; go on from them if there")
    add = venue.add_argument_group("quotes and matching").add_argument
    add(
        "--seed",
        metavar="N",
        type=_between(0, 2**63 - 1),
        default=default.seed,
        help="of quotes and mishaps (1)",
    )
    add("--pace", metavar="MS", dest="pace_ms", type=_between(1, 3_600_000), help="between quotes (200)")
    add("--manual", action="store_true", help="nothing is quoted or filled but by /control")
    add = venue.add_argument_group("mishaps").add_argument
    shipped = "calm, late, doubled, shuffled, lossy, corrupt, cutting, silent, chaos"
    add("--script", metavar="NAME|FILE", default=default.script, help=f"{shipped}, or a .toml or .json file")


def venue_request(asked: argparse.Namespace) -> VenueRequest:
    return VenueRequest(
        port=asked.venue_port,
        name=asked.venue_name,
        accounts=tuple(asked.accounts),
        script=asked.script,
        seed=asked.seed,
        pace_ms=asked.pace_ms,
        manual=asked.manual,
        terms=asked.terms,
        record=asked.record,
    )


def _between(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.strip().isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path
