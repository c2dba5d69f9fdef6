"""What a check of a session found, as values, and the verdict over all of them.

Owns the wording of differences between two rows. Reads nothing and prints nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

MOST_TOLD = 20
"""Of one kind; the rest is counted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found. `sound` None means that it could not be made. `seq` is the first
    fact that is wrong, where one can be named."""

    subject: str
    sound: bool | None
    text: str
    seq: int | None = None


def verdict(session_id: int, findings: list[Finding]) -> str:
    wrong = [finding for finding in findings if finding.sound is False]
    if wrong:
        numbers = [finding.seq for finding in wrong if finding.seq is not None]
        where = f", first at fact {min(numbers)}" if numbers else ""
        subjects = dict.fromkeys(finding.subject for finding in wrong)
        return f"Session {session_id} is WRONG{where}: see {', '.join(subjects)}."
    if any(finding.sound is None for finding in findings):
        return f"Session {session_id}: nothing is wrong, but not everything could be checked."
    return f"Session {session_id} is sound."


class Wrongs:
    """Collects sentences about one subject without keeping all of a great many."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._told: list[tuple[str, int | None]] = []
        self._count = 0

    def add(self, text: str, seq: int | None = None) -> None:
        self._count += 1
        if len(self._told) < MOST_TOLD:
            self._told.append((text, seq))

    def add_all(self, texts: Iterable[str], seq: int | None = None) -> None:
        for text in texts:
            self.add(text, seq)

    def __len__(self) -> int:
        return self._count

    def findings(self, sound: str) -> list[Finding]:
        """One a sentence; `sound` is what is said when nothing is wrong."""
        if not self._count:
            return [Finding(subject=self._subject, sound=True, text=sound)]
        told = [Finding(subject=self._subject, sound=False, text=text, seq=seq) for text, seq in self._told]
        if self._count > len(told):
            more = f"and {self._count - len(told):,} more like that"
            told.append(Finding(subject=self._subject, sound=False, text=more))
        return told


def row_differences(
    name: str, expected: Any, found: Any, *, where: str = "in the database", passed: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for each field that differs; `name` is of table and key, `found` is the row that stands
    `where`, and fields `passed` over are not looked at. None is no row."""
    if found == expected:
        return
    if found is None:
        yield f"{name} is missing {where}"
    elif expected is None:
        yield f"{name} is {where}, but never was"
    else:
        for field in expected.__struct_fields__:
            one, other = getattr(expected, field), getattr(found, field)
            if one != other and field not in passed:
                yield f"{name}: {field} is {_shown(other)} {where}, {_shown(one)} by the facts"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        value = ", ".join(map(str, value))
    return "empty" if value is None or value in ("", {}) else str(value)
