"""What the life cycle knows of one order: a fold over its facts. Decides nothing."""

from __future__ import annotations

from monitor.engine import events as ev
from monitor.engine.orderplan import OrderPlan


class Life:
    """`away`: it was sent and may be at a venue; only a refusal makes it certain that it is not.
    `known`: the venue has shown that it has it. `attempt` is the newest, `tries` how many were
    made since it last began anew. `refusal` is what still has to be answered.

    `heir`: the order that was created to take its place at another venue.
    `wanted`: why it is to be cancelled, "" when nobody asked; `asked` how often the venue was.
    `ready_ns`: since when it could leave."""

    __slots__ = (
        "asked",
        "attempt",
        "away",
        "heir",
        "known",
        "manual",
        "partial_seen",
        "plan",
        "ready_ns",
        "refusal",
        "sent_ns",
        "tries",
        "venue",
        "wanted",
    )

    def __init__(self, plan: OrderPlan, venue: str) -> None:
        self.plan = plan
        self.venue = venue
        self.away = False
        self.known = False
        self.manual = False
        self.heir: int | None = None
        self.partial_seen = False
        self.attempt = 0
        self.tries = 0
        self.refusal: ev.OrderRefused | None = None
        self.sent_ns: int | None = None
        self.ready_ns: int | None = None
        self.wanted = ""
        self.asked = 0

    @property
    def divertible(self) -> bool:
        """Whether it is here for certain, ready to leave, and may go elsewhere."""
        here = not (self.away or self.manual or self.wanted) and self.heir is None
        return here and bool(self.plan.second_venue) and self.ready_ns is not None

    def send(self, sent: ev.OrderSent, time_ns: int) -> None:
        self.away = True
        self.known = self.manual = False
        self.refusal = None
        self.attempt = sent.attempt
        self.tries += 1
        self.venue = sent.venue or self.venue
        if self.sent_ns is None:
            self.sent_ns = time_ns

    def refuse(self, refused: ev.OrderRefused) -> bool:
        """Whether this is news: the answer to the newest attempt, whose fate was not known."""
        if not self.away or self.known or 0 < refused.attempt < self.attempt:
            return False
        self.away = False
        self.refusal = refused
        return True

    def show(self) -> None:
        """The venue has it, whatever it said before: then it is not sent again."""
        self.away = self.known = True
        self.refusal = None

    def queue(self, queued: ev.OrderQueued) -> None:
        self.refusal = None
        self.ready_ns = queued.not_before_ns

    def take_back(self, time_ns: int) -> None:
        """A person sends it again: it lives anew, with all its tries and its whole time."""
        self.manual = False
        self.tries = 0
        self.sent_ns = None
        self.ready_ns = time_ns
