"""The reconciler with the books and the venue it is about, carrying out steps as Trading does."""

from __future__ import annotations

from model_venue import ACCOUNT, ModelBooks, ModelVenue, VenueOrder

from monitor.engine import events as ev
from monitor.engine.reconcile import LookUp, Reconciler
from monitor.engine.reconcile.reconciler import Work
from monitor.engine.values import LinkSide, LinkState
from monitor.engine.venue import FillReport, OrderReport, VenueSnapshot


class Desk:
    def __init__(self, venue: ModelVenue, books: ModelBooks) -> None:
        self.venue = venue
        self.books = books
        self.facts: list[ev.AnyEvent] = []
        self.alerts = 0
        self.reconciler = Reconciler({ACCOUNT: "sim"}, books, lambda: self.alerts + 1)
        self.line(LinkState.LIVE)

    def line(self, state: LinkState) -> None:
        self.reconciler.apply(
            ev.LinkChanged(venue="sim", side=LinkSide.ORDERS, state=state), self.venue.now_ns
        )

    def ask(self, since_ns: int | None = None) -> VenueSnapshot:
        self.reconciler.asked(ACCOUNT, self.venue.now_ns)
        return self.venue.snapshot(since_ns)

    def take(self, snapshot: VenueSnapshot) -> list[Work]:
        done: list[Work] = []
        for step in self.reconciler.take(snapshot, self.venue.now_ns):
            done.append(step)
            self.carry_out(step)
        return done

    def until_settled(self, since_ns: int | None = None) -> None:
        for _ in range(10):
            if self.reconciler.settled(ACCOUNT):
                return
            self.take(self.ask(since_ns))
            self.venue.wait(6)
        raise AssertionError("never settled")

    def hear(self, message: OrderReport | FillReport) -> None:
        """As the tracker would: what is new about fills is a fact that everybody is told."""
        self.books.hear(message, self.venue.now_ns)
        for fact in self.books.news:
            self.reconciler.apply(fact, self.venue.now_ns)
        self.books.news.clear()

    def carry_out(self, step: Work) -> None:
        if isinstance(step, LookUp):
            for answer in self.books.look_up(step, self.venue):
                self.hear(answer)
        elif isinstance(step, OrderReport | FillReport):
            self.hear(step)
        else:
            assert isinstance(step, ev.Event)
            self.facts.append(step)
            self.alerts += isinstance(step, ev.AlertRaised)
            self.books.now_ns = self.venue.now_ns
            if isinstance(step, ev.PositionCorrected | ev.MoneyMoved):
                self.books.take(step)
            self.reconciler.apply(step, self.venue.now_ns)


def sent(venue: ModelVenue, books: ModelBooks, client_id: str = "c1", quantity: int = 5) -> VenueOrder:
    books.send(client_id, "X", quantity, venue.now_ns)
    return venue.place(client_id, quantity=quantity)


def held_elsewhere(venue: ModelVenue, volume: int) -> None:
    """A position from before anything that the venue still tells of."""
    venue.fill(venue.place(quantity=volume), volume)
    venue.wait(7200)
