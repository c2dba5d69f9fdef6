"""Commands to the core and their answers, without ever waiting.

Owns the futures that are under way. The core resolves them in its own thread; the answer is
put in a deque there and handed to its callback in the GUI thread by the frame timer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from monitor.boundary import Unavailable, WindowDoor
from monitor.engine.commands import AnyCommand, Reply, refused

A = TypeVar("A")
Answered = Callable[[AnyCommand, Reply], None]


class Answers:
    """`ask` may be called from the GUI thread only, and so are the callbacks."""

    def __init__(self, door: WindowDoor) -> None:
        self._door = door
        self._arrived: deque[tuple[AnyCommand, Answered, Reply]] = deque()
        self._told: deque[Callable[[], None]] = deque()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Commands whose answer has not been handed over yet."""
        return self._waiting

    def ask(self, command: AnyCommand, then: Answered) -> None:
        """Give the command to the core; `then` gets command and reply in a later frame."""
        self._waiting += 1

        def arrive(future: Future[Reply]) -> None:
            self._arrived.append((command, then, reply_of(future)))

        self._door.submit(command).add_done_callback(arrive)

    def hear(self, future: Future[A], then: Callable[[A], None], failed: Callable[[str], None]) -> None:
        """Hand what the door answers to `then` in a later frame, or to `failed` why it did not."""

        def arrive(done: Future[A]) -> None:
            problem = problem_of(done)
            self._told.append(lambda: failed(problem) if problem else then(done.result()))

        future.add_done_callback(arrive)

    def drain(self) -> None:
        """Hand over what arrived since the last frame."""
        while self._told:
            self._told.popleft()()
        while self._arrived:
            command, then, reply = self._arrived.popleft()
            self._waiting -= 1
            then(command, reply)


def reply_of(future: Future[Reply]) -> Reply:
    """The reply of a resolved future; a core that failed or went away has refused."""
    problem = problem_of(future)
    return refused(problem, "unknown") if problem else future.result()


def problem_of(future: Future[A]) -> str:
    """Why a resolved future has no answer, or ""."""
    try:
        error = future.exception()
    except CancelledError:
        return "The engine stopped before it answered."
    if error is None:
        return ""
    return str(error) if isinstance(error, Unavailable) else f"The engine failed: {error}"
