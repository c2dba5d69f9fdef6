"""What a client still has to be told: the outbox every socket of the mirror is sent from.

A feed holds keys of what changed, never messages: values are read when they are sent, so a
slow reader's changes merge by themselves and memory stays bounded. No sockets, no waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Feed(Protocol):
    """`wake` is called when there is something to send."""

    wake: Callable[[], None]

    def take(self, budget: int) -> list[bytes]:
        """The next frames, roughly `budget` bytes; none when the client is up to date."""
        ...

    def heartbeat(self) -> bytes | None:
        """A frame that says "still here" when nothing changed, or None to say nothing."""
        ...


def asleep() -> None:
    """The `wake` of a feed that nobody sends from yet."""
