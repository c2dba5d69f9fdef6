"""What a question is: texts, facts, and the steps of its answer. Pure vocabulary, no widget.

`questions` and `leaving` implement it; `conversation` carries out the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import msgspec

from monitor.engine.commands import AnyCommand
from monitor.ui.tickets.facts import Facts
from monitor.ui.tickets.view import View


class Line(msgspec.Struct, frozen=True):
    """One fact on a ticket. `tone` is "", "gain", "loss", "warn" or "muted"."""

    label: str
    value: str
    tone: str = ""


class Send(msgspec.Struct, frozen=True):
    """Submit these together; all must be accepted before the next step is taken. A refusal
    by one of the `forgiven` guards counts as done: what was to end had ended already."""

    commands: tuple[AnyCommand, ...]
    forgiven: tuple[str, ...] = ()


class Wait(msgspec.Struct, frozen=True):
    """Go on when `done` says so of the newest rows, or when patience is over: the steps then
    look for themselves. `text` is shown meanwhile."""

    text: str
    done: Callable[[View], bool]
    patience_s: float = 10.0


class Quit(msgspec.Struct, frozen=True):
    """End the application."""


class Again(msgspec.Struct, frozen=True):
    """It cannot go on: no further step is taken, the same question is asked anew with the reason."""

    reason: str


Step: TypeAlias = Send | Wait | Quit | Again


class PlainQuestion:
    """What most questions are: one answer, that is sent once."""

    persists = False
    holds = False

    def problem(self) -> str:
        return ""

    def words(self, facts: Facts) -> tuple[str, ...]:
        return ()

    def declines(self) -> bool:
        return False

    def at_once(self) -> bool:
        return False

    def begin_again(self) -> None:
        """There is nothing to choose."""


class Question(Protocol):
    """What a ticket is about. Texts are of the facts as they are now; `steps` of those seen."""

    title: str
    keep: str
    persists: bool
    """Whether a refusal brings the question back, instead of ending the ticket."""
    holds: bool
    """Whether holding Enter or the button for a second answers it, in place of typing the word."""

    def look(self, view: View) -> Facts | None:
        """The facts of the moment, or None when there is nothing left to ask about."""
        ...

    def headline(self, facts: Facts) -> str: ...

    def consequence(self, facts: Facts) -> str: ...

    def verb(self, facts: Facts) -> str:
        """What the button does."""
        ...

    def words(self, facts: Facts) -> tuple[str, ...]:
        """One of these must be typed; empty when Enter is enough."""
        ...

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]: ...

    def problem(self) -> str:
        """Why the present choice cannot be sent, or ""."""
        ...

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]: ...

    def declines(self) -> bool:
        """Whether the present choice is to keep everything as it is."""
        ...

    def at_once(self) -> bool:
        """Whether the present choice, freely chosen on an armed ticket, needs no arming anew."""
        ...

    def begin_again(self) -> None:
        """Forget what was chosen."""
        ...

    def gone(self) -> str:
        """The sentence for a cause that vanished."""
        ...
