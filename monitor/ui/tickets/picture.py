"""What a ticket looks like at one moment, as a value: the panel only paints it.

Pure: joins the state of the rules with the words of the question. No widget, no clock.
"""

from __future__ import annotations

import math

import msgspec

from monitor.engine.rows import OrderRow, SessionRow
from monitor.engine.values import EngineState, ReplayState, World
from monitor.models import format
from monitor.ui.tickets.facts import Difference, Facts, Guard
from monitor.ui.tickets.question import Line, Question
from monitor.ui.tickets.rules import EARLY, Phase, Ticket, Waiting
from monitor.ui.tickets.view import View

TOO_EARLY = "That came too early and was not taken. "


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """`tone` colours the status: "", "good", "warn", "error". `prompt` "" means that nothing
    need be typed, `left` "" that nothing runs out, `verb` "" that there is nothing to do.
    `arming` is how far it has armed (in tenths), None when it does not arm now; `held` how long
    the answer is held by now (in fiftieths), None when it is not. `holdable`: holding would begin."""

    title: str
    badge: str
    world: World | None
    engine_state: EngineState
    account: str
    headline: str
    consequence: str
    lines: tuple[Line, ...]
    changes: tuple[Difference, ...]
    status: str
    tone: str
    verb: str
    keep: str
    prompt: str
    typed: str
    left: str
    armed: bool
    asking: bool
    answered: bool
    arming: float | None
    held: float | None = None
    holdable: bool = False


def picture(
    ticket: Ticket, question: Question, view: View, now_ns: int, engine_now_ns: int, doing: str = ""
) -> Picture:
    """`doing` is what is being waited for after the answer."""
    asking = ticket.phase is Phase.ASKING
    facts = ticket.latest if asking else ticket.seen
    status, tone = _status(ticket, question, view, now_ns, doing)
    session = view.session
    accepted_words = question.words(ticket.seen)
    return Picture(
        title=question.title,
        badge=badge(session),
        world=session.world if session else None,
        engine_state=session.engine_state if session else EngineState.NORMAL,
        account=_accounts(facts, view),
        headline=question.headline(facts),
        consequence=question.consequence(facts),
        lines=tuple(question.lines(facts, view, engine_now_ns)),
        changes=ticket.changes if asking else (),
        status=status,
        tone=tone,
        verb="" if question.declines() else question.verb(facts),
        keep=question.keep if asking else "Stop waiting" if ticket.phase is Phase.SENT else "Done",
        prompt=f"Type {' or '.join(accepted_words[:2])}" if asking and accepted_words else "",
        typed=ticket.typed,
        left=_left(ticket, now_ns),
        armed=ticket.armed(now_ns),
        asking=asking,
        answered=ticket.phase in (Phase.ACCEPTED, Phase.REFUSED),
        arming=None if (arming := ticket.arming(now_ns)) is None else round(arming, 1),
        held=None if (held := ticket.held(now_ns)) is None else round(held * 50) / 50,
        holdable=question.holds and asking and ticket.waiting(now_ns) is Waiting.WORD,
    )


def badge(session: SessionRow | None) -> str:
    """The world in words, and what limits it."""
    if session is None:
        return "NO SESSION"
    if session.past_seq is not None:
        return session.world.value  # what a ticket asks in the past, it asks of the present
    limits = [] if session.engine_state is EngineState.NORMAL else [session.engine_state.replace("_", "-")]
    limits += ["READ-ONLY"] if session.read_only else []
    return " · ".join([session.world.value, *limits])


def _accounts(facts: Facts, view: View) -> str:
    names = {leg.position.account_id for leg in facts.legs} | {row.account_id for row in facts.orders}
    return ", ".join(sorted(names or {row.account_id for row in view.accounts()}))


def _left(ticket: Ticket, now_ns: int) -> str:
    if ticket.phase is not Phase.ASKING:
        return ""
    return f"goes away unanswered in {math.ceil(ticket.seconds_left(now_ns))} s"


def _status(ticket: Ticket, question: Question, view: View, now_ns: int, doing: str) -> tuple[str, str]:
    if ticket.phase is Phase.SENT:
        return f"{doing}. Esc leaves, but takes nothing back.", ""
    if ticket.phase in (Phase.ACCEPTED, Phase.REFUSED):
        return _answer(ticket, view)
    if ticket.held(now_ns) is not None:
        return "Keep holding.", "warn"
    waiting = ticket.waiting(now_ns)
    if waiting is Waiting.ACKNOWLEDGEMENT:
        return _disarmed(ticket.changes, view), "warn"
    early = TOO_EARLY if ticket.missed in EARLY else ""
    if question.declines() and waiting not in EARLY:
        return _choose(ticket.told, early)
    if waiting is Waiting.CHOICE:
        return ticket.problem, "warn"
    verb = question.verb(ticket.seen)
    return {
        Waiting.KEYS: ("Release all keys first.", ""),
        Waiting.TIME: (f"{early}Read first: it takes Enter when the line below is full.", ""),
        Waiting.WORD: _wanted(ticket, question, verb, early),
        Waiting.NOTHING: (
            f"{early}Enter: {verb}." if ticket.words else f"{early}Enter or y: {verb}.",
            "good",
        ),
    }[waiting]


def _choose(told: str, early: str) -> tuple[str, str]:
    how = f"{early}Choose an answer by its letter or the arrow keys."
    return (f"{told} {how}", "warn") if told else (f"{how} Nothing happens before Enter.", "")


def _wanted(ticket: Ticket, question: Question, verb: str, early: str) -> tuple[str, str]:
    """What to type; said with the very words after an Enter in vain."""
    words = question.words(ticket.seen)
    if question.holds:
        short = ticket.missed is Waiting.WORD
        said = "That was too short: nothing was sent. " if short else ""
        return f"{said}Hold Enter for one second, or type {words[0]}, then Enter.", "warn" if short else ""
    if ticket.missed is not Waiting.WORD:
        other = " The up or down key chooses another answer." if question.persists else ""
        return f"{early}Type {_either(words)}, then Enter: {verb}.{other}", ""
    wrong = f"“{ticket.typed.strip()}” is not it: t" if ticket.typed.strip() else "Nothing is typed yet: t"
    return f"{wrong}ype {' or '.join(words[:2])}, then Enter.", "warn"


def _either(words: tuple[str, ...]) -> str:
    if len(words) > 1:
        return "the count or the symbol"
    return words[0] if words and not words[0].isdecimal() else "the count"


def _disarmed(changes: tuple[Difference, ...], view: View) -> str:
    guards = {item.guard for item in changes}
    why = {
        Guard.CHANGED: "something changed since you looked",
        Guard.MOVED: "the price moved",
        Guard.STALE: "the price is too old",
    }
    reasons = " and ".join(text for guard, text in why.items() if guard in guards)
    replay = view.replay
    playing = replay is not None and replay.state is ReplayState.PLAYING
    hint = " Space pauses the replay." if playing else ""
    return f"Held back: {reasons}. Press u to go on with the new numbers.{hint}"


def _answer(ticket: Ticket, view: View) -> tuple[str, str]:
    reply = ticket.reply
    if reply is None:
        return "", ""
    if not reply.accepted:
        return f"Refused: {reply.reason or reply.guard}{_how_to_go_on(reply.guard)}", "error"
    orders = [row for one in reply.order_ids if (row := view.order(one)) is not None]
    if not orders:
        return f"Accepted. {reply.reason}".strip(), "good"
    told = "; ".join(
        f"order {row.order_id} {row.status}, "
        f"{format.volume(row.filled_quantity)} of {format.volume(row.quantity)} filled"
        for row in orders[:3]
    )
    return f"Accepted: {told}.{_fills_when(orders, view)}", "good"


def _how_to_go_on(guard: str) -> str:
    asks_anew = guard in {Guard.CHANGED, Guard.MOVED, Guard.STALE}
    return " Leave, then ask again with the numbers of now." if asks_anew else ""


def _fills_when(orders: list[OrderRow], view: View) -> str:
    """In a replay that stands still nothing fills, however long one looks."""
    replay = view.replay
    if replay is None or not any(row.status.active for row in orders):
        return ""
    return {
        ReplayState.PLAYING: "",
        ReplayState.PAUSED: " The replay is paused: it can fill when the replay moves.",
        ReplayState.FINISHED: " The replay is finished: no bar is left that could fill it.",
    }[replay.state]
