"""When a ticket may be answered: arming, disarming, one answer, and how it ends.

Owns the state of one question and of the hands on the keyboard. Time and facts are passed
in; knows no widget, no timer and no door. Times are monotonic ns unless they say engine.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from monitor.engine.commands import Reply
from monitor.ui.tickets.facts import Difference, Facts, differences, kept

MS = 1_000_000
SECOND = 1_000 * MS
LONGEST_LOOK_NS = 250 * MS
"""Between two frames: what is longer was a standstill."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the rules. `hold_ns` is how long a key or button is held in place of typing;
    `farewell_ns` how long a finished ticket stays to be read."""

    arm_ns: int = 350 * MS
    max_ticks: int = 5
    stale_ns: int = 2 * SECOND
    expire_ns: int = 30 * SECOND
    farewell_ns: int = 5 * SECOND
    hold_ns: int = SECOND


class Phase(StrEnum):
    ASKING = "asking"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"


class Ending(StrEnum):
    """Why a ticket closed."""

    LEFT = "left"
    EXPIRED = "expired"
    GONE = "gone"
    CLEARED = "cleared"


class Waiting(StrEnum):
    """What an unanswered ticket still waits for before it takes a confirmation."""

    NOTHING = "nothing"
    ACKNOWLEDGEMENT = "acknowledgement"
    KEYS = "keys"
    TIME = "time"
    CHOICE = "choice"
    WORD = "word"


EARLY = (Waiting.KEYS, Waiting.TIME)
"""It has not armed: no key is taken as an answer, whatever it would mean."""


class Hands:
    """Which keys are down, anywhere in the application.

    Fed with every press and release; auto-repeats say nothing new.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()

    def press(self, key: int) -> None:
        self._held.add(key)

    def release(self, key: int) -> None:
        self._held.discard(key)

    def clear(self) -> None:
        """Forget all: the releases went to another application."""
        self._held.clear()

    def holds(self, key: int) -> bool:
        return key in self._held

    def hold_other_than(self, key: int | None) -> bool:
        return bool(self._held - {key})


class _Hold:
    """A key (None: the mouse) that is being held. Time in which nobody looked does not count: after
    a standstill of the window the release may be heard of late."""

    def __init__(self, by: int | None, now_ns: int) -> None:
        self.by = by
        self.total_ns = 0
        self._looked_ns = now_ns

    def go_on(self, now_ns: int) -> None:
        self.total_ns += min(now_ns - self._looked_ns, LONGEST_LOOK_NS)
        self._looked_ns = now_ns


class Ticket:
    """One question, asked once, answered at most once.

    `seen` is what the asker has before them: it changes only when they acknowledge. `latest`
    is the present. `words` are the texts one of which must be typed, empty when none. `told` is
    how an earlier answer ended, `missed` what was missing when somebody last tried to confirm.
    """

    def __init__(
        self, key: str, facts: Facts, hands: Hands, now_ns: int, limits: Limits | None = None
    ) -> None:
        self.key = key
        self.seen = facts
        self.latest = facts
        self.changes: tuple[Difference, ...] = ()
        self.phase = Phase.ASKING
        self.ending: Ending | None = None
        self.reply: Reply | None = None
        self.words: tuple[str, ...] = ()
        self.typed = ""
        self.problem = ""
        self.told = ""
        self.missed: Waiting | None = None
        self.limits = limits or Limits()
        self._hands = hands
        self._painted_ns: int | None = None
        self._released = False
        self._opened = False
        self._at_once = False
        self._hold: _Hold | None = None
        self._changed_ns = now_ns
        self._touched_ns = now_ns

    # What the window tells it

    def painted(self, now_ns: int) -> None:
        """It is on the screen: only now the asker can have read it, so arming starts here."""
        if self._painted_ns is None:
            self._painted_ns = now_ns

    def hidden(self) -> None:
        """The window lost the keyboard or the numbers were replaced: arming starts anew."""
        self._painted_ns, self._released, self._hold = None, False, None
        self._at_once, self.missed = False, None

    def touch(self, now_ns: int) -> None:
        """Somebody does something with it; an auto-repeat is nobody."""
        self._touched_ns = now_ns

    def type(self, text: str, now_ns: int) -> None:
        self.typed, self.missed = text, None
        self.touch(now_ns)

    def observe(self, facts: Facts | None, engine_now_ns: int, now_ns: int) -> None:
        """Compare with the newest facts; None says that the cause is gone.

        A difference stays until it is acknowledged, also when the number comes back.
        """
        if self.phase is Phase.ASKING:
            if facts is None:
                self._close(Ending.GONE)
                return
            self.latest = facts
            self._note(facts, engine_now_ns, now_ns)
        self._expire(now_ns)

    def acknowledge(self, now_ns: int) -> bool:
        """The asker has read what is new: it is now what they saw, and arming starts anew. Not at
        once: a key that was meant for something else a moment ago acknowledges nothing."""
        if self.phase is not Phase.ASKING or not self.changes:
            return False
        if now_ns - self._changed_ns < self.limits.arm_ns:
            return False
        self.seen, self.changes, self.typed = self.latest, (), ""
        self.hidden()
        self.touch(now_ns)
        return True

    def reconsider(self, facts: Facts, now_ns: int, *, at_once: bool = False) -> None:
        """Another answer is being considered, on other facts: as if asked just now. One that
        sends nothing may be given at once: choosing it was a deliberate key already."""
        if self.phase is Phase.ASKING:
            self.seen = self.latest = facts
            self.changes, self.typed = (), ""
            self.hidden()
            self._at_once = at_once
            self.touch(now_ns)

    def ask_again(self, told: str, facts: Facts, key: str, now_ns: int) -> None:
        """What was sent did not do it: the question stands anew, under another key."""
        if self.phase is Phase.SENT:
            self.phase, self.key, self.told = Phase.ASKING, key, told
            self.reconsider(facts, now_ns, at_once=True)  # nothing is chosen any more

    # Whether it may be answered

    def waiting(self, now_ns: int, by: int | None = None) -> Waiting:
        """What is missing; `by` is the key that is being pressed to confirm."""
        if self.changes:
            return Waiting.ACKNOWLEDGEMENT
        if not (self._at_once and self._opened):
            if not self._all_released(by):
                return Waiting.KEYS
            if self._painted_ns is None or now_ns - self._painted_ns < self.limits.arm_ns:
                return Waiting.TIME
        if self.problem:
            return Waiting.CHOICE
        if self.words and self.typed.strip().casefold() not in {word.casefold() for word in self.words}:
            return Waiting.WORD
        return Waiting.NOTHING

    def takes_typing(self, now_ns: int, by: int | None = None) -> bool:
        """Keys that were down before it armed for the first time must not reach its fields and
        choices either; later ones may, also while it arms anew."""
        if not self._opened:
            self._opened = self.waiting(now_ns, by) not in EARLY
        if self._opened and self.missed in EARLY:
            self.missed = None
        return self._opened and self.phase is Phase.ASKING

    def comes_early(self, now_ns: int, by: int | None = None) -> bool:
        """Whether a key that means something is pressed before it armed; that is then `missed`."""
        waiting = self.waiting(now_ns, by)
        if self.phase is not Phase.ASKING or waiting not in EARLY:
            return False
        self.missed = waiting
        return True

    def arming(self, now_ns: int) -> float | None:
        """How far it has armed, 0 .. 1; None while it does not."""
        if self.phase is not Phase.ASKING or self.waiting(now_ns) not in EARLY:
            return None
        if self._painted_ns is None or not self._released:
            return 0.0
        return min(1.0, (now_ns - self._painted_ns) / self.limits.arm_ns)

    def armed(self, now_ns: int, by: int | None = None) -> bool:
        return self.phase is Phase.ASKING and self.waiting(now_ns, by) is Waiting.NOTHING

    def confirm(self, now_ns: int, by: int | None = None) -> Facts | None:
        """What was seen, to be sent now, once; None when it may not be sent."""
        self._expire(now_ns)
        if not self.armed(now_ns, by):
            self.missed = self.waiting(now_ns, by)
            return None
        self.phase = Phase.SENT
        self.touch(now_ns)
        return self.seen

    # Holding instead of typing

    def hold(self, now_ns: int, by: int | None = None) -> bool:
        """A key or the button goes down to be held; whether that counts: only a fresh one on an
        armed ticket where nothing but the word is missing."""
        fits = self.phase is Phase.ASKING and self.waiting(now_ns, by) is Waiting.WORD
        if fits and (by is None or self._hands.holds(by)):
            self._hold = _Hold(by, now_ns)
        self.touch(now_ns)
        return self._hold is not None

    def let_go(self) -> None:
        """The button is up."""
        self._hold = None

    def held(self, now_ns: int) -> float | None:
        """How much of the time it is held by now, 0 .. 1; None while it is not."""
        if self._hold is None:
            return None
        hold = self._hold
        if hold.by is not None and not self._hands.holds(hold.by):
            self._hold, self.missed = None, Waiting.WORD
            return None
        hold.go_on(now_ns)
        return min(1.0, hold.total_ns / self.limits.hold_ns)

    def hold_through(self) -> int | None:
        """It was held long enough: as if the word had been typed. The key that did it."""
        by = self._hold.by if self._hold is not None else None
        self._hold, self.typed = None, self.words[0]
        return by

    # How it ends

    def answered(self, reply: Reply, now_ns: int) -> None:
        """The engine's word about what was sent."""
        if self.phase is Phase.SENT:
            self.phase = Phase.ACCEPTED if reply.accepted else Phase.REFUSED
            self.touch(now_ns)
        self.reply = reply

    def leave(self) -> None:
        """Esc, at any moment. What was sent is not taken back."""
        if self.phase is not Phase.CLOSED:
            self._close(Ending.LEFT)

    def void(self) -> None:
        """What it asked about, or what became of its answer, was taken back. What was sent
        and has no answer yet goes on waiting for it."""
        if self.phase is Phase.ASKING:
            self._close(Ending.CLEARED)
        elif self.phase is not Phase.SENT:
            self.leave()

    @property
    def closed(self) -> bool:
        return self.phase is Phase.CLOSED

    def seconds_left(self, now_ns: int) -> float:
        return max(0.0, (self._touched_ns + self.limits.expire_ns - now_ns) / SECOND)

    def _all_released(self, by: int | None) -> bool:
        """Whether the hands have let go of every key since it was painted. From then on keys may
        overlap as they do in quick typing: each press after that moment is meant."""
        if not self._released and not self._hands.hold_other_than(by):
            self._released = self._painted_ns is not None
            return True
        return self._released

    def _note(self, facts: Facts, engine_now_ns: int, now_ns: int) -> None:
        limits = self.limits
        found = differences(self.seen, facts, engine_now_ns, limits.max_ticks, limits.stale_ns)
        if not found and not self.changes:
            return
        names = {(item.guard, item.what) for item in self.changes}
        fresh = tuple(item for item in found if (item.guard, item.what) not in names)
        if fresh:
            self.typed, self._changed_ns = "", now_ns
        exact = differences(self.seen, facts, engine_now_ns, 0, limits.stale_ns)
        self.changes = kept((*self.changes, *fresh), exact)

    def _expire(self, now_ns: int) -> None:
        """An answer that is on its way is waited for: nobody may think that nothing was sent."""
        if self.phase in (Phase.SENT, Phase.CLOSED):
            return
        patience = self.limits.farewell_ns if self.phase is Phase.ACCEPTED else self.limits.expire_ns
        if now_ns - self._touched_ns >= patience:
            self._close(Ending.EXPIRED)

    def _close(self, ending: Ending) -> None:
        self.phase, self.ending = Phase.CLOSED, ending
