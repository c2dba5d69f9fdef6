"""Between the exchange and one client: plays a script on the frames that pass, by a seeded dice.

Pure but for the dice: told the time, it says what arrives, when, and where the line is cut. The
same script, seed, connection and frames give the same mishaps. Knows no sockets.
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from monitor.net.venue_sim.script import REQUESTS, Corruption, Mishap, Rule, Script

PING = "answer:ping"
HELD_AT_MOST_S = 0.1
_SECOND_NS = 1_000_000_000
_GARBAGE = (
    "",
    "{",
    "[]",
    "null",
    "42",
    '"orders"',
    '{"channel":"orders"}',
    "\x00\x01",
    "{" * 200,
    '{"id":1e999}',
)
_WRONG: tuple[Any, ...] = ([1], {"a": 1}, None)


class Delivery(msgspec.Struct):
    """A frame that arrives `after_s`. `payload` None: the line is cut here. `kind` where it has
    to stay behind what came before of the same kind, "" where it may overtake."""

    payload: str | bytes | None
    after_s: float = 0.0
    kind: str = ""


class ScriptRun:
    """A script being played at a venue: how often each rule has met a frame, on all lines."""

    def __init__(self, script: Script, seed: int, started_s: float) -> None:
        self.script = script
        self.seed = seed
        self.started_s = started_s
        self._met = [0] * len(script.rules)
        self._played = [0] * len(script.rules)

    def line(self, number: int) -> Adversary:
        """For the connection of this number."""
        return Adversary(self, Random(f"{self.seed}:{self.script.name}:{number}"))  # noqa: S311 - not for secrets

    def plays(self, index: int, kind: str, now_s: float, dice: Random) -> bool:
        rule = self.script.rules[index]
        since = now_s - self.started_s
        if not rule.befalls(kind) or since < rule.from_s or (rule.to_s is not None and since >= rule.to_s):
            return False
        self._met[index] += 1
        if self._met[index] <= rule.skip or (rule.times is not None and self._played[index] >= rule.times):
            return False
        if rule.p < 1 and dice.random() >= rule.p:
            return False
        self._played[index] += 1
        return True


class Adversary:
    """What befalls the frames of one connection, both ways."""

    def __init__(self, run: ScriptRun, dice: Random) -> None:
        self._run = run
        self._dice = dice
        self._silent_until_s = 0.0
        self._pings_answered = True
        self._held: list[Delivery] = []
        self._held_until_s: float | None = None

    @property
    def due_s(self) -> float | None:
        """When `release` should be asked although nothing passed."""
        return self._held_until_s

    @property
    def replays(self) -> int:
        """How many old messages who subscribes hears again."""
        return max((rule.count for rule in self._run.script.rules if rule.do is Mishap.REPLAY), default=0)

    def passes(self, kind: str, text: str, now_s: float) -> list[Delivery]:
        """What arrives instead of this frame, in order."""
        if now_s < self._silent_until_s and not (kind == PING and self._pings_answered):
            return []
        frames = [Delivery(text, kind=kind)]
        for index, rule in enumerate(self._run.script.rules):
            if rule.do is not Mishap.REPLAY and self._run.plays(index, kind, now_s, self._dice):
                frames = self._play(rule, frames, now_s)
                if not frames:
                    break
        return frames

    def release(self, now_s: float) -> list[Delivery]:
        """Frames held to be reordered, when they have been held long enough."""
        if self._held_until_s is None or now_s < self._held_until_s:
            return []
        return self._shuffled()

    def _shuffled(self) -> list[Delivery]:
        held, self._held, self._held_until_s = self._held, [], None
        self._dice.shuffle(held)
        return held

    def _play(self, rule: Rule, frames: list[Delivery], now_s: float) -> list[Delivery]:
        match rule.do:
            case Mishap.DROP:
                return []
            case Mishap.SILENT:
                self._silent_until_s, self._pings_answered = now_s + rule.seconds, rule.pings
                return []
            case Mishap.CUT:
                return [*frames, Delivery(None)] if rule.after else [Delivery(None)]
            case Mishap.REORDER:
                return self._hold(rule, frames, now_s)
            case Mishap.GARBAGE:
                return [Delivery(self._dice.choice(_GARBAGE)), *frames]
            case Mishap.DUPLICATE:
                copies = [self._late(rule, one) for one in frames * rule.copies]
                return [*frames, *copies]
            case Mishap.DELAY:
                return [self._late(rule, one) for one in frames]
            case _:
                return [Delivery(self._rewritten(rule, one.payload), one.after_s, one.kind) for one in frames]

    def _hold(self, rule: Rule, frames: list[Delivery], now_s: float) -> list[Delivery]:
        if not self._held:
            self._held_until_s = now_s + HELD_AT_MOST_S
        self._held += [Delivery(one.payload, one.after_s) for one in frames]
        return self._shuffled() if len(self._held) >= rule.window else []

    def _late(self, rule: Rule, frame: Delivery) -> Delivery:
        late_ms = self._dice.expovariate(1 / rule.mean_ms) if rule.mean_ms else self._dice.uniform(*rule.ms)
        kind = frame.kind if rule.keep_order and rule.do is Mishap.DELAY else ""
        return Delivery(frame.payload, frame.after_s + late_ms / 1000, kind)

    def _rewritten(self, rule: Rule, payload: str | bytes | None) -> str | bytes | None:
        if not isinstance(payload, str):
            return payload
        if rule.do is Mishap.CORRUPT:
            return corrupted(payload, self._dice.choice(rule.how), self._dice)
        document = _document(payload)
        if document is None:
            return payload
        if rule.do is Mishap.SKEW:
            _skew(document, int(rule.skew_ms * _SECOND_NS / 1000))
        elif isinstance(data := document.get("data"), dict) and "status" in data:
            data["status"] = self._dice.choice(("pendingReview", "siblingFilledSomething", "", "OPEN?"))
        return _text(document)


def corrupted(text: str, how: Corruption, dice: Random) -> str | bytes:
    """The frame made unreadable in one way. A value is never exchanged for another that could be
    true: no protocol without checksums finds that out."""
    if how is Corruption.BINARY:
        return bytes(dice.randrange(256) for _ in range(min(64, len(text))))
    if how is Corruption.CUT_OFF:
        return text[: dice.randrange(len(text))] if text else text
    document = _document(text)
    if how is Corruption.FLIP or document is None:
        place = dice.randrange(len(text)) if text else 0
        return text[:place] + chr(dice.randrange(1, 9)) + text[place + 1 :]
    inner = next(
        (document[name] for name in ("data", "result") if isinstance(document.get(name), dict)), document
    )
    key = dice.choice(sorted(inner)) if inner else ""
    if how is Corruption.TYPE:
        inner[key] = dice.choice(_WRONG)
        return _text(document)
    inner[key] = "@@"
    number = "NaN" if how is Corruption.NAN else dice.choice(("1e999", "-1e999", "9" * 400))
    return _text(document).replace('"@@"', number)


def _skew(value: Any, by_ns: int) -> None:
    """Every venue's time inside a document, moved."""
    if isinstance(value, list):
        for each in value:
            _skew(each, by_ns)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "time_ns" and isinstance(each, int):
                value[name] = each + by_ns
            else:
                _skew(each, by_ns)


def _document(text: str) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()


__all__ = ["PING", "REQUESTS", "Adversary", "Delivery", "ScriptRun", "corrupted"]
