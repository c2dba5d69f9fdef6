"""One ticket from the question to the engine's answer: rules, question, rows and commands joined.

Owns the ticket's state and the steps of its answer. Knows no widget: whatever paints it calls
its verbs and paints `picture()`. Each command leaves through `ask`, in the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from monitor.engine.commands import AnyCommand, PauseReplay, Reply, accepted, refused
from monitor.engine.values import ReplayState
from monitor.ui.tickets.facts import Facts
from monitor.ui.tickets.picture import Picture, picture
from monitor.ui.tickets.question import Again, Question, Quit, Send, Step, Wait
from monitor.ui.tickets.rules import SECOND, Hands, Limits, Phase, Ticket
from monitor.ui.tickets.view import Clock, View, engine_now_ns


class Asks(Protocol):
    """How commands leave (monitor.ui.answers.Answers): the callback comes in a later frame,
    in the GUI thread, so nothing here waits or locks."""

    def ask(self, command: AnyCommand, then: Callable[[AnyCommand, Reply], None]) -> None: ...


class Conversation:
    """`orphaned` gets the engine's answer when the ticket was left before it came."""

    def __init__(
        self,
        question: Question,
        facts: Facts,
        *,
        key: str,
        view: View,
        asks: Asks,
        clock: Clock,
        hands: Hands,
        limits: Limits,
        orphaned: Callable[[str, str], None],
        quit_application: Callable[[], None],
    ) -> None:
        self.question = question
        self.ticket = Ticket(key, facts, hands, clock.monotonic_ns(), limits)
        self.ticket.words = question.words(facts)
        self._view, self._asks, self._clock = view, asks, clock
        self._orphaned, self._quit = orphaned, quit_application
        self._steps: Iterator[Step] = iter(())
        self._wait: Wait | None = None
        self._wait_until_ns = 0
        self._doing = ""
        self._key, self._attempts = key, 1
        self._replies: list[Reply] = []
        self._awaited = 0
        self._forgiven: tuple[str, ...] = ()
        self._order_ids: tuple[int, ...] = ()
        self._told: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        return self.ticket.closed

    def refresh(self) -> None:
        """Compare with the newest rows and go on with what is waited for."""
        now, ticket = self._clock.monotonic_ns(), self.ticket
        asking = ticket.phase is Phase.ASKING
        facts = self.question.look(self._view) if asking else None
        ticket.observe(facts, engine_now_ns(self._view, self._clock), now)
        ticket.words = self.question.words(ticket.seen)
        ticket.problem = self.question.problem()
        if asking and self.ticket.held(now) == 1.0:
            self._answer(self.ticket.hold_through())
        if self._wait is not None and (now >= self._wait_until_ns or self._wait.done(self._view)):
            self._wait = None
            self._go_on()

    def picture(self) -> Picture:
        doing = self._doing or "Sent. Waiting for the engine's answer"
        now = self._clock.monotonic_ns()
        return picture(self.ticket, self.question, self._view, now, self._engine_now(), doing)

    # What somebody does with it

    def painted(self) -> None:
        self.ticket.painted(self._clock.monotonic_ns())

    def hidden(self) -> None:
        self.ticket.hidden()

    def touch(self) -> None:
        self.ticket.touch(self._clock.monotonic_ns())

    def may_type(self, by: int | None) -> bool:
        return self.ticket.takes_typing(self._clock.monotonic_ns(), by)

    def comes_early(self, by: int | None) -> bool:
        return self.ticket.comes_early(self._clock.monotonic_ns(), by)

    def type(self, text: str) -> None:
        self.ticket.type(text, self._clock.monotonic_ns())

    def acknowledge(self) -> bool:
        self.refresh()
        return self.ticket.acknowledge(self._clock.monotonic_ns())

    def reconsider(self) -> None:
        """The question has another answer now, which depends on other facts."""
        facts = self.question.look(self._view)
        if facts is not None:
            at_once = self.question.at_once()
            self.ticket.reconsider(facts, self._clock.monotonic_ns(), at_once=at_once)
        self.refresh()

    def leave(self) -> None:
        self.ticket.leave()

    def void(self) -> None:
        """The session was cleared. A cause that is gone with it is told in its own words."""
        self.refresh()
        self.ticket.void()

    def confirm(self, by: int | None = None) -> bool:
        """Send what was seen, if the rules allow it at this very moment."""
        self.refresh()
        if self.question.declines():
            if not self.comes_early(by):  # what was typed for another answer must not be "stay"
                self.leave()
            return False
        return self._answer(by)

    def hold(self, by: int | None = None) -> bool:
        """Begin to hold a key or the button, where that answers; whether it does."""
        if not self.question.holds:
            return False
        self.refresh()
        return self.ticket.hold(self._clock.monotonic_ns(), by)

    def let_go(self) -> None:
        self.ticket.let_go()

    def _answer(self, by: int | None) -> bool:
        seen = self.ticket.confirm(self._clock.monotonic_ns(), by)
        if seen is None:
            return False
        self._steps = self.question.steps(seen, self.ticket.key, self._view)
        self._go_on()
        return True

    def pause_replay(self) -> None:
        """Hold the market still to read; sent only while it plays."""
        replay = self._view.replay
        if replay is not None and replay.state is ReplayState.PLAYING:
            self._asks.ask(PauseReplay(), lambda _command, _reply: None)

    # What happens after a yes

    def _engine_now(self) -> int:
        return engine_now_ns(self._view, self._clock)

    def _go_on(self) -> None:
        if self.ticket.closed:
            return  # left meanwhile: what was not sent yet is not sent any more
        step = next(self._steps, None)
        if step is None:
            self._finish(accepted(*self._order_ids, reason=" ".join(self._told)))
        elif isinstance(step, Send):
            self._send(step)
        elif isinstance(step, Wait):
            self._wait, self._doing = step, step.text
            self._wait_until_ns = self._clock.monotonic_ns() + int(step.patience_s * SECOND)
        elif isinstance(step, Again):
            self._ask_again(step.reason)
        elif isinstance(step, Quit):
            self._finish(accepted(*self._order_ids))
            self._quit()

    def _send(self, step: Send) -> None:
        self._replies, self._awaited, self._forgiven = [], len(step.commands), step.forgiven
        for command in step.commands:
            self._asks.ask(command, self._replied)

    def _replied(self, _command: AnyCommand, reply: Reply) -> None:
        self._replies.append(reply)
        if len(self._replies) < self._awaited:
            return
        self._order_ids += tuple(one for answer in self._replies for one in answer.order_ids)
        self._told += tuple(answer.reason for answer in self._replies if answer.accepted and answer.reason)
        failed = [one for one in self._replies if not one.accepted and one.guard not in self._forgiven]
        if failed and self.question.persists:
            self._ask_again(f"Refused: {self._refusal(failed).reason}")
        elif failed:
            self._finish(self._refusal(failed))
        elif self.ticket.closed:
            self._orphaned(f"{self.question.title}: accepted.", "good")
        else:
            self._go_on()

    def _ask_again(self, reason: str) -> None:
        """The question comes back with what stands by now; when nothing does, it is gone."""
        self._steps, self._doing, self._order_ids, self._told = iter(()), "", (), ()
        if self.ticket.closed:
            self._orphaned(f"{self.question.title}: {reason}", "warn")
            return
        self._attempts += 1
        self.question.begin_again()
        facts = self.question.look(self._view) or Facts()
        key = f"{self._key}-again-{self._attempts}"
        self.ticket.ask_again(reason, facts, key, self._clock.monotonic_ns())

    def _refusal(self, failed: list[Reply]) -> Reply:
        """Several refusals as one, that also says how many were not refused."""
        reasons = list(dict.fromkeys(one.reason or one.guard for one in failed))
        done = self._awaited - len(failed)
        part = f"{done} of {self._awaited} were accepted; refused: " if done else ""
        return refused(part + " ".join(reasons), failed[0].guard)

    def _finish(self, reply: Reply) -> None:
        self._wait, self._doing = None, ""
        if self.ticket.closed and not reply.accepted:
            self._orphaned(f"{self.question.title} was refused: {reply.reason or reply.guard}", "error")
        self.ticket.answered(reply, self._clock.monotonic_ns())
