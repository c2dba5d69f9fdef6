"""`verify` of a session at a venue: folds its facts, and on the way holds rows, books and checkpoints
against what they make.

Owns the order of that and how much is held in memory: a stretch of the journal, the engine, and
the few engines that began at checkpoints. Changes nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing

import msgspec

from monitor.core.live import LiveConfig
from monitor.engine.journal import JournalRecord
from monitor.engine.klines.report import counted
from monitor.engine.trading.checkpoint import FORMAT, decoded as checkpoint_of, load
from monitor.engine.trading.trading import Trading
from monitor.journal.findings import Finding, Wrongs
from monitor.journal.selection import decoded
from monitor.journal.venue_rows import RowCheck
from monitor.journal.venue_states import broken_identities, state_differences
from monitor.journal.wording import sentence
from monitor.store.archive import Archive, FactQuery, SessionSummary
from monitor.store.checkpoints import Head

_PART = 1_000
_TWINS = 3
"""Engines that run beside the full fold: the newest checkpoints, which a start uses, to the end; each
of the older ones at least to the next, as far as looking back goes from it."""
UNFOLDABLE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, AssertionError)
"""What a fact that somebody has written into the journal can make of a fold."""


class Twin(msgspec.Struct):
    """An engine that began at the checkpoint of fact `seq`."""

    seq: int
    trading: Trading

    @property
    def where(self) -> str:
        return f"from the checkpoint at fact {self.seq}"


async def check_at_venue(archive: Archive, session: SessionSummary, every: int = 0) -> list[Finding]:
    """All checks, in the order in which later ones stand on earlier ones. With `every` the books are
    checked after so many facts each, else only at the end."""
    try:
        config = msgspec.json.decode(session.config, type=LiveConfig)
    except ValueError as error:
        text = f"how the session was made cannot be read: {error}"
        return [Finding(subject="run", sound=False, text=text)]
    return await _Check(archive, session, config, every).findings()


class _Check:
    def __init__(self, archive: Archive, session: SessionSummary, config: LiveConfig, every: int) -> None:
        self._archive, self._session, self._config, self._every = archive, session, config, every
        self._trading = Trading(config.terms)
        self._trading.take_changes()  # the first is everything, later ones what is new
        self._rows = RowCheck(archive, session.session_id)
        self._kinds: Counter[str] = Counter()
        self._checkpoints, self._books = Wrongs("starts"), Wrongs("books")
        self._heads: dict[int, Head] = {}
        self._twins: deque[Twin] = deque()
        self._looked = 0
        self._damage: Finding | None = None

    async def findings(self) -> list[Finding]:
        heads = await self._archive.checkpoint_heads(self._session.session_id)
        self._heads = {head.seq: head for head in heads}
        async for part in self._parts():
            await self._fold(part)
            if self._damage is not None:
                return [self._damage, *self._not_checked()]
        return await self._finish(heads)

    async def _parts(self) -> AsyncIterator[list[JournalRecord]]:
        part: list[JournalRecord] = []
        records = self._archive.records(self._session.session_id, FactQuery())
        async with aclosing(records):
            async for record in records:
                part.append(record)
                if len(part) == _PART or record.seq in self._heads:
                    yield part
                    part = []
        if part:
            yield part

    # The fold ------------------------------------------------------------------------------------
    async def _fold(self, part: list[JournalRecord]) -> None:
        """Take in some facts; `_damage` is the first that cannot be."""
        for record in part:
            self._damage = self._unsound(record) or self._taken(record)
            if self._damage is not None:
                return
            if self._every and record.seq % self._every == 0:
                self._look_at_books()
        await self._rows.take(self._trading.take_changes())
        self._trading.take_notes()
        self._trading.records.rows_for_review()  # each is an alert in the journal
        for twin in self._twins:
            _forget_news(twin.trading)
        head = self._heads.get(part[-1].seq)
        if head is not None:
            await self._begin_twin(head)

    def _unsound(self, record: JournalRecord) -> Finding | None:
        expected = self._trading.journal.seq + 1
        if record.seq != expected:
            which = (
                f"fact {expected} is"
                if record.seq == expected + 1
                else f"facts {expected} to {record.seq - 1} are"
            )
            return Finding(subject="numbers", sound=False, text=f"{which} missing", seq=expected)
        event = decoded(record)
        if event is not None and type(event).__name__ == record.kind:
            self._kinds[record.kind] += 1
            return None
        what = "cannot be read" if event is None else f"is in truth {type(event).__name__}"
        text = f"fact {record.seq} ({record.kind}) {what}"
        return Finding(subject="contents", sound=False, text=text, seq=record.seq)

    def _taken(self, record: JournalRecord) -> Finding | None:
        try:
            _restore(self._trading, (record,))
        except UNFOLDABLE:
            event = decoded(record)
            told = record.kind if event is None else sentence(event)
            text = f"fact {record.seq} cannot follow what is before it: {told}"
            return Finding(subject="run", sound=False, text=text, seq=record.seq)
        for twin in list(self._twins):
            try:
                _restore(twin.trading, (record,))
            except UNFOLDABLE as error:
                self._twins.remove(twin)
                what = f"fact {record.seq} cannot be folded {twin.where}: {error!r}"
                self._checkpoints.add(what, record.seq)
        return None

    def _look_at_books(self) -> None:
        self._looked += 1
        seq = self._trading.journal.seq
        self._books.add_all((f"after fact {seq}: {text}" for text in broken_identities(self._trading)), seq)

    # Checkpoints ---------------------------------------------------------------------------------
    async def _begin_twin(self, head: Head) -> None:
        """Load it where the full fold has just arrived, and let it run beside."""
        if head.format != FORMAT:
            return
        name = f"the checkpoint at fact {head.seq}"
        payload = await self._archive.checkpoint(self._session.session_id, head)
        if payload is None:
            self._checkpoints.add(f"{name} is damaged: its parts are not what its digest says")
            return
        trading = Trading(self._config.terms)
        try:
            for _ in load(trading, checkpoint_of(payload)):
                pass
        except UNFOLDABLE as error:
            self._checkpoints.add(f"{name} cannot be loaded: {error}")
            return
        if trading.journal.seq != head.seq:
            self._checkpoints.add(f"{name} is of fact {trading.journal.seq}")
            return
        _forget_news(trading)
        twin = Twin(head.seq, trading)
        self._compare(twin)
        self._twins.append(twin)
        if len(self._twins) > _TWINS:
            self._compare(self._twins.popleft())

    def _compare(self, twin: Twin) -> None:
        at = f"{twin.where}, at fact {self._trading.journal.seq}"
        self._checkpoints.add_all(state_differences(self._trading, twin.trading, at))

    # The end -------------------------------------------------------------------------------------
    async def _finish(self, heads: list[Head]) -> list[Finding]:
        last = self._trading.journal.seq
        if not last:
            text = "there are no facts yet"
            return [Finding(subject=name, sound=True, text=text) for name in ("numbers", "run", "rows")]
        self._look_at_books()
        for twin in self._twins:
            self._compare(twin)
        for head in heads:
            if head.seq > last:
                self._checkpoints.add(f"the checkpoint at fact {head.seq} is ahead of the journal's {last}")
        kinds = f"{counted(last, 'fact')} of {counted(len(self._kinds), 'kind')} can be read"
        looked = f"the books add up at {counted(self._looked, 'moment')}"
        return [
            Finding(subject="numbers", sound=True, text=f"1 to {last:,}, none is missing"),
            Finding(subject="contents", sound=True, text=kinds),
            Finding(subject="run", sound=True, text=f"folded to fact {last:,}"),
            *await self._rows.finish(self._trading),
            *self._books.findings(looked),
            *self._of_checkpoints(heads),
        ]

    def _of_checkpoints(self, heads: list[Head]) -> list[Finding]:
        other = [head for head in heads if head.format != FORMAT]
        readable = counted(len(heads) - len(other), "checkpoint")
        found = self._checkpoints.findings(f"{readable}, each with its tail the same as all facts")
        if other:
            text = f"{counted(len(other), 'checkpoint')} of another version of the program"
            found.append(Finding(subject="starts", sound=None, text=text))
        return found

    def _not_checked(self) -> Iterable[Finding]:
        why = "the journal is damaged, see above"
        return (Finding(subject=name, sound=None, text=why) for name in ("rows", "books", "starts"))


def _forget_news(trading: Trading) -> None:
    """What changed is asked of the full fold only."""
    trading.fold.changed.clear()
    trading.take_notes()
    trading.records.rows_changed()
    trading.records.rows_for_review()


def _restore(trading: Trading, records: Iterable[JournalRecord]) -> None:
    for _ in trading.restore(records):
        pass
