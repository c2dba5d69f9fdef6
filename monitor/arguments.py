"""The words of the command line: which commands and options there are, and what they accept.

Turns texts into checked values (`ReplayOptions`, overrides of settings) and every slip into a
`UserError` of one sentence. Runs nothing and opens nothing but the files it is asked to check.
"""

from __future__ import annotations

import argparse
import difflib
import re
from typing import Any, NoReturn

from monitor import __version__, argument_types as types
from monitor.engine.options import Matching, ReplayOptions, VenueOptions
from monitor.errors import UserError
from monitor.journal_options import add_journal
from monitor.settings import CONFIG_FILE, FIELDS
from monitor.venue_options import add_venue_sim

UNSET_SPEED = "unset"
DEFAULT_STRATEGY = "double_ma"

_DESCRIPTION = "Trading Monitor: an order engine, its window and its web page."
_EXAMPLES = """\
examples:
  monitor                                    the window, replaying the sample data
  monitor replay bars.csv --symbol SHFE.au1912 --tick 0.02 --speed 5
  monitor replay bars.csv --strategy mine.py --param window=30 --speed max
  monitor backtest bars.csv --strategy double_ma --matching vnpy --json out.json
  monitor serve --port 9000                  no window, the web page only
  monitor journal --kind TradeExecuted       what was recorded: also export and verify
  monitor venue-sim --script late            a simulated venue to practise with
  monitor connect ws://127.0.0.1:8770        trade there
  monitor doctor                             what is wrong here, and how to mend it
"""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Wide enough that an option and its help share a line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=100)


class Parser(argparse.ArgumentParser):
    """Raises one sentence instead of printing a usage and ending the process."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _HelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self._plain(message)} (see: {self.prog} --help)")

    def _plain(self, message: str) -> str:
        if choice := re.match(r"argument (\S+): invalid choice: '([^']*)' \(choose from (.*)\)$", message):
            name, given, known = choice[1], choice[2], re.findall(r"[\w-]+", choice[3])
            what = (
                f"{name}: {given!r} is not one of"
                if name.startswith("-")
                else f"{given!r} is not a command; there are"
            )
            return f"{what} {', '.join(known)}{_did_you_mean(given, known)}"
        if unknown := re.match(r"unrecognized arguments: (.*)$", message):
            first = unknown[1].split()[0]
            others = [name for name in _option_names(self) if name != first]
            return f"{first} is not understood here{_did_you_mean(first, others)}"
        return message.removeprefix("argument ")


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _option_names(parser: argparse.ArgumentParser) -> list[str]:
    """All options of a parser and of its commands."""
    names: list[str] = []
    for action in parser._actions:
        names += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                names += _option_names(command)
    return names


# The parser ---------------------------------------------------------------------------------


def build_parser() -> Parser:
    """The whole command line. `command` of the result names the command, None is the window."""
    common = _common_options()
    parser = Parser(
        prog="monitor", description=_DESCRIPTION, epilog=_EXAMPLES + _settings_help(), parents=[common]
    )
    parser.add_argument("--version", action="version", version=f"Trading Monitor {__version__}")
    parser.set_defaults(speed=UNSET_SPEED, paused=False, loop=False, file=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    replay = commands.add_parser(
        "replay",
        parents=[common],
        usage="monitor replay [FILE] [options]",
        help="replay a K-line file, or the bundled sample, in the window",
        description="Replay a K-line file from its beginning in the window.",
    )
    replay.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=types.data_file,
        help="K-lines as CSV, also .gz; without it the bundled sample",
    )
    _add_replay_options(replay)
    _add_pace(replay)
    _add_backtest(commands, common)
    _add_connect(commands, common)
    _add_serve(commands, common)
    add_journal(commands, common, Parser)
    add_venue_sim(commands, Parser)
    commands.add_parser(
        "doctor",
        parents=[common],
        help="check this installation and say how to mend it",
        description="Check versions, Qt, fonts, data folder, database, port and time zones.\n"
        "The exit code is 1 when something is wrong.",
    )
    return parser


def _add_backtest(commands: Any, common: Parser) -> None:
    backtest = commands.add_parser(
        "backtest",
        parents=[common],
        usage="monitor backtest FILE [options]",
        help="run a strategy over a K-line file as fast as possible",
        description="Run a strategy over a K-line file as fast as possible and print its statistics.",
    )
    backtest.add_argument("file", metavar="FILE", type=types.data_file, help="K-lines as CSV, also .gz")
    _add_replay_options(backtest)
    backtest.add_argument(
        "--json", metavar="OUT", type=types.output_file, help="write trades, equity, orders, statistics"
    )
    backtest.add_argument("--quiet", action="store_true", help="no progress bar and no table")


def _add_serve(commands: Any, common: Parser) -> None:
    serve = commands.add_parser(
        "serve",
        parents=[common],
        usage="monitor serve [--replay FILE] [options]",
        help="the same engine and web page without a window",
        description="Run the engine and its web page without a window, until Ctrl+C.",
    )
    serve.add_argument(
        "--replay",
        dest="file",
        metavar="FILE",
        type=types.data_file,
        help="K-lines (else the last session)",
    )
    serve.add_argument(
        "--connect",
        dest="venues",
        metavar="URL",
        type=types.venue_url,
        action="append",
        help=f"a venue, {_VENUE}; repeatable",
    )
    _add_accounts(serve)
    _add_replay_options(serve)
    _add_pace(serve)
    serve.add_argument("--loop", action="store_true", help="start again when the file ends")


def _add_connect(commands: Any, common: Parser) -> None:
    connect = commands.add_parser(
        "connect",
        parents=[common],
        usage="monitor connect URL [URL ...] [options]",
        help="trade at a venue in the window",
        description="Trade at a venue, or at several in one session: the session that was had there before\n"
        "goes on, else a new one begins. A venue to practise with: monitor venue-sim",
    )
    connect.add_argument("venues", metavar="URL", type=types.venue_url, nargs="+", help=_VENUE)
    _add_accounts(connect)


_VENUE = "such as ws://127.0.0.1:8770"


def _add_accounts(parser: argparse.ArgumentParser) -> None:
    which = "an account to trade on, repeatable (sim2:ID of a second venue); without it all there are"
    parser.add_argument("--account", dest="venue_accounts", metavar="ID", action="append", help=which)


def _common_options() -> Parser:
    """Options that may stand before or after the command."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("settings")
    group.add_argument("--data-dir", metavar="FOLDER", help="folder of database, layout and config.toml")
    group.add_argument("--no-mirror", action="store_true", help="do not serve the web page")
    group.add_argument(
        "--port", metavar="PORT", help=f"port of the web page ({FIELDS['mirror.port'].default})"
    )
    return common


_MARKET_OPTIONS = (
    ("--capital", "MONEY", types.positive, "cash at the start"),
    ("--rate", "R", types.fraction, "commission as a fraction of the traded money"),
    ("--commission-per-lot", "MONEY", types.not_negative, "commission as money per lot"),
    ("--close-today-rate", "R", types.fraction, "--rate of closing what was opened the same day"),
    ("--close-today-per-lot", "MONEY", types.not_negative, "--commission-per-lot of such a close"),
    ("--slippage", "N", types.not_negative, "in ticks; with vnpy in price units per lot"),
    ("--multiplier", "N", types.positive, "units of the underlying per lot"),
    ("--tick", "N", types.positive, "smallest price step; without it the data tell"),
    ("--margin-rate", "R", types.share, "margin as a fraction of the money"),
    ("--currency", "CODE", str, "of the account"),
    ("--zone", "ZONE", types.zone, "time zone of the data, such as Asia/Shanghai; without it the data tell"),
    ("--participation", "R", types.share, "share of a bar's volume our orders may take"),
)


def _add_replay_options(parser: argparse.ArgumentParser) -> None:
    """Fields of ReplayOptions. Those not given are left to its defaults, which the help shows."""
    default = ReplayOptions(file="", strategy="")
    add = parser.add_argument_group("strategy and market").add_argument
    named = f"a strategy by name, or a file with one ({DEFAULT_STRATEGY})"
    add("--strategy", metavar="NAME|FILE.py", help=named)
    setting = "a parameter of the strategy; repeatable"
    add(
        "--param",
        dest="parameters",
        metavar="NAME=VALUE",
        type=types.parameter,
        action="append",
        help=setting,
    )
    add("--symbol", metavar="S", help="such as SHFE.au1912; without it the data tell")
    rules = f"rules of the simulated exchange ({default.matching})"
    add("--matching", choices=[matching.value for matching in Matching], help=rules)
    for option, metavar, reader, text in _MARKET_OPTIONS:
        usual = getattr(default, option[2:].replace("-", "_"))
        add(
            option,
            metavar=metavar,
            type=reader,
            help=f"{text} ({usual})" if usual not in (None, "") else text,
        )
    settling = "pay profit out at each day's settlement price, where the exchange does so"
    add("--settle", action="store_true", default=None, help=settling)
    add("--strict", action="store_true", default=None, help="refuse data that needs repair")


def _add_pace(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("replay")
    group.add_argument(
        "--speed",
        metavar="N|max",
        type=types.speed,
        default=argparse.SUPPRESS,
        help="1 is ten bars a second, max as fast as it goes",
    )
    group.add_argument("--paused", action="store_true", help="wait for play")


def _settings_help() -> str:
    title = f"\nsettings, in {CONFIG_FILE} in the data folder or as variables (MONITOR_MIRROR_PORT=9000):"
    told: dict[str, str] = {}
    for field in FIELDS.values():
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        told[field.key + (f" = {shown}" if shown != "" else "")] = field.description
    width = max(map(len, told))
    return "\n".join([title, *(f"  {setting:<{width}} {text}" for setting, text in told.items())])


# What was asked -----------------------------------------------------------------------------


def setting_overrides(asked: argparse.Namespace) -> dict[str, object]:
    """The options that are settings, keyed like "mirror.port"."""
    given = vars(asked)
    overrides: dict[str, object] = {}
    if "data_dir" in given:
        overrides["data_dir"] = given["data_dir"]
    if "port" in given:
        overrides["mirror.port"] = given["port"]
    if given.get("no_mirror"):
        overrides["mirror.enabled"] = False
    return overrides


def venue_options(asked: argparse.Namespace) -> VenueOptions | None:
    """The venues that were asked for; None when none was named."""
    urls: list[str] = getattr(asked, "venues", None) or []
    accounts = tuple(getattr(asked, "venue_accounts", None) or ())
    if not urls:
        if accounts:
            raise UserError("--account needs a venue: --connect URL")
        return None
    if getattr(asked, "file", None) is not None:
        raise UserError("--connect and --replay exclude each other")
    for url in urls:
        if urls.count(url) > 1:
            raise UserError(f"{url} is given twice; give it once")
    return VenueOptions(url=urls[0], further=tuple(urls[1:]), accounts=accounts)


_OPTION_FIELDS = tuple(name for name in ReplayOptions.__struct_fields__ if name != "file")


def replay_options(asked: argparse.Namespace) -> ReplayOptions | None:
    """The replay that was asked for; None when no file was named."""
    given = {name: value for name in _OPTION_FIELDS if (value := getattr(asked, name, None)) is not None}
    if asked.file is None:
        if given:
            option = "param" if "parameters" in given else next(iter(given)).replace("_", "-")
            file = "FILE" if asked.command == "replay" else "--replay FILE"
            raise UserError(f"--{option} needs a K-line file: monitor {asked.command} {file}")
        return None
    parameters: dict[str, str] = {}
    for name, value in given.pop("parameters", ()):
        if name in parameters:
            raise UserError(f"--param {name} is given twice; give it once")
        parameters[name] = value
    given["matching"] = Matching(given.get("matching", Matching.STANDARD))
    return ReplayOptions(file=asked.file, parameters=parameters, **{"strategy": DEFAULT_STRATEGY, **given})
