"""What goes wrong between the exchange and its clients, as data: a list of rules, from TOML or JSON.

A rule is one kind of mishap, the frames it may befall, how likely, and when. Throws no dice.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from monitor.net.venue_sim.wire import CHANNELS

REQUESTS = "requests"
ANSWERS = "answers"
_ASKED = ("hello", "instruments", "subscribe", "ping", "place", "cancel", "replace", "order", "snapshot")
KINDS = (*CHANNELS, ANSWERS, REQUESTS, *(f"answer:{name}" for name in _ASKED))


class ScriptError(Exception):
    """Why a script cannot be used, as a sentence."""


class Mishap(StrEnum):
    """DELAY a frame; REORDER it among its neighbours; say it twice (DUPLICATE); DROP it; CORRUPT
    its text; CUT the connection at it; be SILENT from it on for a while; send GARBAGE before it;
    call an order's status by an UNKNOWN_STATUS; SKEW the clock in it; REPLAY what was said
    before to who subscribes."""

    DELAY = "delay"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    DROP = "drop"
    CORRUPT = "corrupt"
    CUT = "cut"
    SILENT = "silent"
    GARBAGE = "garbage"
    UNKNOWN_STATUS = "unknown_status"
    SKEW = "skew"
    REPLAY = "replay"


class Corruption(StrEnum):
    """FLIP characters into ones no JSON has; CUT_OFF its end; replace a value by one of a wrong
    TYPE, by a HUGE number, by NAN; send it as BINARY."""

    FLIP = "flip"
    CUT_OFF = "cut_off"
    TYPE = "type"
    HUGE = "huge"
    NAN = "nan"
    BINARY = "binary"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`on`: kinds of frames, () for everything sent. `p`: how likely, of each. Between `from_s` and
    `to_s` since the script began; not the first `skip` of its frames, and at most `times`.

    Of DELAY, and of the copies of DUPLICATE: uniformly `ms`, or exponentially `mean_ms`;
    `keep_order` among frames of one kind. REORDER: `window` frames. CUT: `after` the frame, or
    instead of it. SILENT: for `seconds`, with `pings` answered or not. SKEW: `skew_ms`. REPLAY:
    the last `count` messages.
    """

    do: Mishap
    on: tuple[str, ...] = ()
    p: float = 1.0
    from_s: float = 0.0
    to_s: float | None = None
    skip: int = 0
    times: int | None = None
    ms: tuple[float, float] = (0.0, 0.0)
    mean_ms: float = 0.0
    keep_order: bool = True
    window: int = 4
    copies: int = 1
    how: tuple[Corruption, ...] = tuple(Corruption)
    after: bool = True
    seconds: float = 1.0
    pings: bool = True
    skew_ms: float = 0.0
    count: int = 20

    def befalls(self, kind: str) -> bool:
        if not self.on:
            return kind != REQUESTS
        return kind in self.on or (ANSWERS in self.on and kind.startswith("answer:"))


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "unnamed"
    about: str = ""
    rules: tuple[Rule, ...] = ()


def read_script(text: str | bytes, *, toml: bool) -> Script:
    """A script from its text. Raises `ScriptError`."""
    try:
        decode = msgspec.toml.decode if toml else msgspec.json.decode
        script = decode(text, type=Script)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ScriptError(f"The script cannot be read: {error}.") from error
    return checked(script)


def load_script(path: Path) -> Script:
    """A script from a .toml or .json file. Raises `ScriptError`."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"The script {path} cannot be read: {error.strerror}.") from error
    return read_script(text, toml=path.suffix.lower() != ".json")


def checked(script: Script) -> Script:
    for number, rule in enumerate(script.rules, start=1):
        if unknown := [kind for kind in rule.on if kind not in KINDS]:
            raise ScriptError(f"Rule {number} is on {unknown[0]!r}; there are {', '.join(KINDS)}.")
        if not 0 <= rule.p <= 1:
            raise ScriptError(f"Rule {number}: p is a probability from 0 to 1.")
        if rule.window < 1 or rule.copies < 1 or not 0 <= rule.ms[0] <= rule.ms[1]:
            raise ScriptError(f"Rule {number}: a window, copies or ms that cannot be.")
        if not rule.how:
            raise ScriptError(f"Rule {number}: how names no corruption.")
    return script


def _script(name: str, about: str, *rules: Rule) -> Script:
    return Script(name=name, about=about, rules=rules)


_PUSHED = ("orders", "fills", "money", "settlement")
_ORDER_WORDS = (*_PUSHED, "answer:place", "answer:cancel", "answer:replace")

NAMED = {
    script.name: script
    for script in (
        _script("calm", "nothing goes wrong"),
        _script(
            "late",
            "everything is late, channels overtake one another",
            Rule(do=Mishap.DELAY, mean_ms=20),
            Rule(do=Mishap.DELAY, on=("fills",), p=0.3, ms=(50, 200)),
        ),
        _script(
            "doubled",
            "orders, fills and answers are said twice and more, old ones again at each connection",
            Rule(do=Mishap.DUPLICATE, on=(*_PUSHED, ANSWERS), p=0.5, copies=2, ms=(0, 60)),
            Rule(do=Mishap.DUPLICATE, on=(REQUESTS,), p=0.1),
            Rule(do=Mishap.REPLAY, count=50),
        ),
        _script(
            "shuffled",
            "neighbours change places, answers come after what they answer for",
            Rule(do=Mishap.REORDER, on=_ORDER_WORDS, window=6),
            Rule(do=Mishap.DELAY, on=("orders", "fills"), ms=(0, 30), keep_order=False),
        ),
        _script(
            "lossy",
            "one message in ten is lost, answers and requests too",
            Rule(do=Mishap.DROP, on=_ORDER_WORDS, p=0.1),
            Rule(do=Mishap.DROP, on=(REQUESTS,), p=0.03),
        ),
        _script(
            "corrupt",
            "frames that cannot be read, words nobody knows",
            Rule(do=Mishap.CORRUPT, on=_ORDER_WORDS, p=0.08),
            Rule(do=Mishap.GARBAGE, p=0.03),
            Rule(do=Mishap.UNKNOWN_STATUS, on=("orders",), p=0.1),
        ),
        _script(
            "cutting",
            "the line is cut, often between an order's acceptance and its answer",
            Rule(do=Mishap.CUT, on=("answer:place",), p=0.04, after=False),
            Rule(do=Mishap.CUT, on=("fills",), p=0.02),
            Rule(do=Mishap.CUT, on=(REQUESTS,), p=0.01),
            Rule(do=Mishap.REPLAY, count=20),
        ),
        _script(
            "silent",
            "from time to time nothing is heard, with pings answered or not",
            Rule(do=Mishap.SILENT, on=_ORDER_WORDS, p=0.02, seconds=0.5, pings=True),
            Rule(do=Mishap.SILENT, on=_ORDER_WORDS, p=0.01, seconds=1.5, pings=False),
        ),
        _script(
            "chaos",
            "all of it",
            Rule(do=Mishap.SKEW, skew_ms=-1_500),
            Rule(do=Mishap.DROP, on=_ORDER_WORDS, p=0.03),
            Rule(do=Mishap.DROP, on=(REQUESTS,), p=0.01),
            Rule(do=Mishap.DUPLICATE, on=(*_PUSHED, ANSWERS, REQUESTS), p=0.1, ms=(0, 50)),
            Rule(do=Mishap.UNKNOWN_STATUS, on=("orders",), p=0.02),
            Rule(do=Mishap.CORRUPT, on=_ORDER_WORDS, p=0.02),
            Rule(do=Mishap.GARBAGE, p=0.01),
            Rule(do=Mishap.DELAY, mean_ms=5, keep_order=False),
            Rule(do=Mishap.REORDER, on=("orders", "fills"), p=0.3, window=4),
            Rule(do=Mishap.SILENT, on=_ORDER_WORDS, p=0.003, seconds=0.5, pings=False),
            Rule(do=Mishap.CUT, on=("answer:place",), p=0.01, after=False),
            Rule(do=Mishap.CUT, on=("fills", "orders"), p=0.005),
            Rule(do=Mishap.REPLAY, count=30),
        ),
    )
}
