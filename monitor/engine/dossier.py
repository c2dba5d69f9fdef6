"""What is known of an order that has more to it than one venue id: legs, changes, inferences.

Most orders never need one, and then cost nothing for it. Legs are chained by explicit links only:
a venue's ids are never compared. Owns no status; `weigh` says what all legs mean together.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine import events as ev

RANK: dict[type, int] = {ev.OrderRejected: 1, ev.OrderExpired: 2, ev.OrderCanceled: 3, ev.OrderDone: 4}


def weight(word: ev.Verdict) -> tuple[int, int, str]:
    """Of two final words the later counts; of one time the weightier; the rest only breaks ties."""
    return word.venue_ns or 0, RANK[type(word)], word.reason


Told = tuple[int, Decimal]
"""When the venue said a number (its clock), and the number: the greatest is the newest."""


class Leg:
    """What a venue said under one of its ids; under "" what it said of the order as a whole."""

    __slots__ = ("price", "quantity", "successor", "total", "trigger_price", "verdict")

    def __init__(self) -> None:
        self.verdict: ev.Verdict | None = None
        self.total: Decimal | None = None
        self.quantity: Told | None = None
        self.price: Told | None = None
        self.trigger_price: Told | None = None
        self.successor = ""

    def hear_verdict(self, word: ev.Verdict) -> None:
        if self.verdict is None or weight(word) > weight(self.verdict):
            self.verdict = word
        self.hear_total(word.cumulative)

    def hear_total(self, total: Decimal | None) -> None:
        if total is not None and (self.total is None or total > self.total):
            self.total = total

    def hear_terms(self, word: ev.OrderReported) -> None:
        """Quantity and prices as the venue has them."""
        age = word.venue_ns or 0
        self.quantity = _newest(self.quantity, age, word.quantity)
        self.price = _newest(self.price, age, word.price)
        self.trigger_price = _newest(self.trigger_price, age, word.trigger_price)

    def absorb(self, other: Leg) -> None:
        if other.verdict is not None:
            self.hear_verdict(other.verdict)
        self.hear_total(other.total)
        self.quantity = max(self.quantity, other.quantity, key=_age)
        self.price = max(self.price, other.price, key=_age)
        self.trigger_price = max(self.trigger_price, other.trigger_price, key=_age)
        self.successor = self.successor or other.successor


def _age(told: Told | None) -> Told:
    return told or (-1, Decimal(0))


def _newest(known: Told | None, age: int, number: Decimal | None) -> Told | None:
    if number is None:
        return known
    return (age, number) if known is None else max(known, (age, number))


class Dossier:
    """`links` are the changes that gave a new id, by predecessor; `changes` those that kept it,
    in the order of our requests; `asked` how many requests still wait for an answer.
    `released` is how much of the order may leave, None all of it."""

    __slots__ = (
        "absences",
        "asked",
        "changes",
        "conflict",
        "inferred",
        "legs",
        "links",
        "lost_ns",
        "merged_into",
        "provisional",
        "released",
        "reopened",
        "void",
    )

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self.links: dict[str, ev.OrderReplaced] = {}
        self.changes: list[ev.OrderReplaced] = []
        self.asked: list[ev.ReplaceRequested] = []
        self.inferred: ev.Verdict | None = None
        self.reopened = 0
        self.released: Decimal | None = None
        self.provisional: set[str] = set()
        self.void: set[str] = set()
        self.conflict = False
        self.lost_ns: int | None = None
        self.absences: tuple[int, int, int] | None = None
        self.merged_into: int | None = None

    def leg(self, venue_order_id: str) -> Leg:
        found = self.legs.get(venue_order_id)
        if found is None:
            found = self.legs[venue_order_id] = Leg()
        return found

    def named(self) -> dict[str, Leg]:
        return {name: leg for name, leg in self.legs.items() if name}

    def heads(self) -> dict[str, Leg]:
        """Those no other took the place of: usually one."""
        return {name: leg for name, leg in self.legs.items() if name and not leg.successor}

    def back_from(self, name: str) -> list[Leg]:
        """A leg, and those that it took the place of, the newest first."""
        before = {link.venue_order_id: old for old, link in self.links.items()}
        legs: list[Leg] = []
        at: str | None = name
        while at is not None and at in self.legs:
            legs.append(self.legs[at])
            at = before.pop(at, None)
        return legs

    def in_chain(self) -> list[ev.OrderReplaced]:
        """Changes from the first to the last."""
        successors = {link.venue_order_id for link in self.links.values()}
        chain: list[ev.OrderReplaced] = []
        for start in sorted(set(self.links) - successors):
            at = self.links.get(start)
            while at is not None and at not in chain:
                chain.append(at)
                at = self.links.get(at.venue_order_id)
        return chain + self.changes

    def total(self) -> Decimal | None:
        """What the venue says was filled under all ids, as far as it said."""
        told = [leg.total for name, leg in self.legs.items() if name and leg.total is not None]
        whole = self.legs[""].total if "" in self.legs else None
        if not told:
            return whole
        return sum(told, Decimal(0)) if whole is None else max(sum(told, Decimal(0)), whole)

    def totals_known(self) -> bool:
        whole = self.legs.get("")
        if whole is not None and whole.total is not None:
            return True
        named = self.named()
        return bool(named) and all(leg.total is not None for leg in named.values())

    def verdict(self) -> ev.Verdict | None:
        """The order ended when every head did. A change under way holds that back: the end of a
        leg may be the change."""
        whole = self.legs.get("")
        found = [whole.verdict] if whole is not None and whole.verdict is not None else []
        heads = list(self.heads().values())
        ended = [leg.verdict for leg in heads if leg.verdict is not None]
        if heads and len(ended) == len(heads) and not self.asked:
            found += ended
        return max(found, key=weight) if found else self.inferred
