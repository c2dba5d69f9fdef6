"""The desk of tickets: one question at a time, the others wait in a queue as data.

Owns the conversation under way, its panel and the queue. Takes rows from a `View`, sends
through `Asks`, stands in the window's ticket host. Has no timer: the window's frame timer
calls `refresh`, after the rows and the answers of that frame are in place.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from monitor.ui.theme import DARK, Theme
from monitor.ui.tickets.choices import Choices, CloseChoices, LeaveChoices
from monitor.ui.tickets.conversation import Asks, Conversation
from monitor.ui.tickets.keys import KeyWatch
from monitor.ui.tickets.leaving import LeaveQuestion, Leaving, must_ask
from monitor.ui.tickets.panel import TicketPanel
from monitor.ui.tickets.question import Question
from monitor.ui.tickets.questions import (
    CancelQuestion,
    CloseAllQuestion,
    CloseChoice,
    CloseQuestion,
)
from monitor.ui.tickets.rules import Ending, Limits, Phase
from monitor.ui.tickets.running import EndQuestion, ResetQuestion, StopQuestion
from monitor.ui.tickets.safety import EmergencyQuestion
from monitor.ui.tickets.view import Clock, SystemClock, View

QUEUE_LENGTH = 8
CLEARED = "the replay went back or another was opened, so nothing was sent."


class Host(Protocol):
    """The place in the window where a ticket stands (monitor.ui.tickethost)."""

    def show(self, ticket: QWidget) -> None: ...

    def clear(self) -> None: ...

    def focus_ticket(self) -> None: ...


class TicketDesk(QObject):
    """Opened by the window's commands. `show_message` takes a text and a tone (info, good, warn,
    error); `quit_application` is called when leaving was decided."""

    def __init__(
        self,
        host: Host,
        view: View,
        asks: Asks,
        *,
        show_message: Callable[[str, str], None],
        quit_application: Callable[[], None],
        clock: Clock | None = None,
        limits: Limits | None = None,
        theme: Theme = DARK,
        new_key: Callable[[], str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._host, self._view, self._asks = host, view, asks
        self._show_message, self._quit = show_message, quit_application
        self._clock = clock or SystemClock()
        self._limits = limits or Limits()
        self._theme = theme
        self._new_key = new_key or (lambda: uuid.uuid4().hex)
        self._queue: deque[Question] = deque(maxlen=QUEUE_LENGTH)
        self._conversation: Conversation | None = None
        self._panel: TicketPanel | None = None
        self._cleared = False
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._watch = KeyWatch(application, self)

    # -- what can be asked

    def close_position(self, position_id: str) -> None:
        self.ask(CloseQuestion(position_id, self._limits.max_ticks))

    def close_all(self) -> None:
        self.ask(CloseAllQuestion(self._limits.max_ticks))

    def cancel_orders(self, order_ids: Sequence[int]) -> None:
        self.ask(CancelQuestion(tuple(order_ids)))

    def cancel_all(self) -> None:
        self.ask(CancelQuestion(None))

    def stop_strategy(self, strategy_id: int) -> bool:
        """Ask before a strategy with orders or a position is stopped; False when there is
        nothing to ask about."""
        question = StopQuestion(strategy_id)
        if not question.matters(self._view):
            return False
        self.ask(question)
        return True

    def reset_replay(self) -> bool:
        """Ask before somebody's own orders are taken back; False when there are none."""
        own = self._view.own_orders()
        if own:
            self.ask(ResetQuestion(own))
        return bool(own)

    def emergency_stop(self) -> None:
        """Comes before whatever is asked: an open question is left, unless it is this one."""
        self._queue.clear()
        if self._conversation is not None and not isinstance(self._conversation.question, EmergencyQuestion):
            self.leave()
        self.ask(EmergencyQuestion())

    def ask_to_end(self, silent: Callable[[], bool]) -> None:
        """Quit while the engine does not answer: nothing it was asked can be waited for."""
        self._queue.clear()
        if self._conversation is not None and not isinstance(self._conversation.question, EndQuestion):
            self.leave()
        self.ask(EndQuestion(silent))

    def give_up(self) -> None:
        """The engine is gone: no question has an answer any more."""
        self._queue.clear()
        self.leave()

    def session_cleared(self) -> None:
        """Reset, seek back or another session: what was asked or answered before is void. Heeded
        at `refresh`, because an answer from before may arrive in the same frame. The emergency stop
        means the present, whatever is shown."""
        question = self._conversation.question if self._conversation is not None else None
        self._cleared = not isinstance(question, EmergencyQuestion)

    def ask_to_quit(self) -> None:
        """Quit at once when nothing is working, open or running; ask otherwise."""
        if must_ask(self._view):
            self.ask(LeaveQuestion(self._limits.max_ticks))
        else:
            self._quit()

    def ask(self, question: Question) -> None:
        """Ask now, or after the question that is open. The same question is not asked twice; a
        ticket that has its answer makes room, and so does one whose answer does not come when
        the same is asked anew."""
        if self.phase in (Phase.ACCEPTED, Phase.REFUSED) or self._is_stuck(question):
            self.leave()
        if self._conversation is None:
            self._open(question)
            return
        self._host.focus_ticket()
        waiting = [_subject(self._conversation.question), *map(_subject, self._queue)]
        if _subject(question) in waiting:
            return
        self._queue.append(question)
        self._show_message(f"{question.title}: asked when this ticket is answered.", "info")

    def _is_stuck(self, question: Question) -> bool:
        if self._conversation is None or self.phase is not Phase.SENT:
            return False
        return question.persists and _subject(self._conversation.question) == _subject(question)

    @property
    def panel(self) -> TicketPanel | None:
        """The ticket that is open."""
        return self._panel

    @property
    def phase(self) -> Phase | None:
        """How far the open ticket is."""
        return self._conversation.ticket.phase if self._conversation is not None else None

    @property
    def waiting(self) -> int:
        """Questions that wait for the open one."""
        return len(self._queue)

    def refresh(self) -> None:
        """Once a frame: newest rows into the open ticket, time-outs, and its picture."""
        if self._cleared:
            self._put_away()
        if self._conversation is not None:
            self._conversation.refresh()
            self._show()

    def stop(self) -> None:
        """Leave everything unasked; the window goes."""
        self._queue.clear()
        self._conversation = self._panel = None
        self._host.clear()
        self._watch.stop()

    # -- the verbs of the panel (Asker)

    def confirm(self, by: int | None = None) -> bool:
        done = self._conversation is not None and self._conversation.confirm(by)
        self._show()
        return done

    def hold(self, by: int | None = None) -> bool:
        holding = self._conversation is not None and self._conversation.hold(by)
        self._show()
        return holding

    def let_go(self) -> None:
        if self._conversation is not None:
            self._conversation.let_go()

    def leave(self) -> None:
        if self._conversation is not None:
            self._conversation.leave()
            self._show()

    def acknowledge(self) -> bool:
        conversation = self._conversation
        if conversation is None or not conversation.acknowledge():
            return False
        self._renew_shares(conversation)
        self._show()
        if self._panel is not None:
            self._panel.update()  # arming starts when the new numbers are on the screen
        return True

    def type(self, text: str) -> None:
        if self._conversation is not None:
            self._conversation.type(text)
            self._show()

    def touch(self) -> None:
        if self._conversation is not None:
            self._conversation.touch()

    def may_type(self, by: int | None) -> bool:
        return self._conversation is not None and self._conversation.may_type(by)

    def comes_early(self, by: int | None) -> bool:
        early = self._conversation is not None and self._conversation.comes_early(by)
        self._show()
        return early

    def painted(self) -> None:
        if self._conversation is not None:
            self._conversation.painted()

    def hidden(self) -> None:
        if self._conversation is not None:
            self._conversation.hidden()

    def pause_replay(self) -> None:
        if self._conversation is not None:
            self._conversation.pause_replay()

    # -- opening and closing

    def _open(self, question: Question) -> None:
        facts = question.look(self._view)
        if facts is None:
            self._show_message(question.gone(), "info")
            return
        self._conversation = Conversation(
            question,
            facts,
            key=self._new_key(),
            view=self._view,
            asks=self._asks,
            clock=self._clock,
            hands=self._watch.hands,
            limits=self._limits,
            orphaned=self._show_message,
            quit_application=self._quit,
        )
        self._conversation.refresh()
        self._panel = TicketPanel(self, self._theme, self._choices_for(question))
        self._panel.render_picture(self._conversation.picture())
        self._host.show(self._panel)

    def _choices_for(self, question: Question) -> Choices | None:
        if isinstance(question, CloseQuestion):
            row = self._view.position(question.position_id)
            assert row is not None
            return CloseChoices(row.volume, lambda choice: self._chose(question, choice))
        if isinstance(question, LeaveQuestion):
            choices = LeaveChoices(lambda leaving: self._chose_leaving(question, leaving))
            choices.offer(question.offers(self._view))
            return choices
        return None

    def _renew_shares(self, conversation: Conversation) -> None:
        """Half of another volume is another number."""
        choices = self._panel.choices if self._panel is not None else None
        if isinstance(choices, CloseChoices):
            choices.position_is(conversation.ticket.seen.legs[0].position.volume)

    def _chose(self, question: CloseQuestion, choice: CloseChoice) -> None:
        question.choice = choice
        self.touch()
        self.refresh()

    def _chose_leaving(self, question: LeaveQuestion, leaving: Leaving) -> None:
        question.choice = leaving
        if self._conversation is not None:
            self._conversation.reconsider()
            self._show()

    def _show(self) -> None:
        """Paint what there is now, or take a finished ticket away and ask the next question."""
        conversation, panel = self._conversation, self._panel
        if conversation is None or panel is None:
            return
        if conversation.closed:
            self._close(conversation)
            return
        if isinstance(panel.choices, LeaveChoices) and isinstance(conversation.question, LeaveQuestion):
            question = conversation.question
            panel.choices.offer(question.offers(self._view), question.why_not_flatten(self._view))
            panel.choices.show_choice(question.choice)
        panel.render_picture(conversation.picture())

    def _put_away(self) -> None:
        """The open ticket and those that wait are about what was cleared. Ending a silent engine
        is not, and an answered reset is what cleared it."""
        self._cleared = False
        self._queue.clear()
        conversation = self._conversation
        if conversation is None or isinstance(conversation.question, EndQuestion):
            return
        if isinstance(conversation.question, ResetQuestion) and self.phase is not Phase.ASKING:
            return
        conversation.void()
        self._show()

    def _close(self, conversation: Conversation) -> None:
        ending, question = conversation.ticket.ending, conversation.question
        self._conversation = self._panel = None
        self._host.clear()
        if ending is Ending.GONE:
            self._show_message(question.gone(), "warn")
        elif ending is Ending.CLEARED:
            self._show_message(f"{question.title}: {CLEARED}", "warn")
        elif ending is Ending.EXPIRED and conversation.ticket.reply is None:
            self._show_message(f"{question.title}: not answered, so nothing was sent.", "info")
        while self._queue and self._conversation is None:
            self._open(self._queue.popleft())


def _subject(question: Question) -> tuple[object, ...]:
    """What makes two questions the same one."""
    names = ("position_id", "order_ids", "strategy_id", "order_id", "resolution")
    return (type(question), *(getattr(question, name, None) for name in names))
