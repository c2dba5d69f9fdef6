"""Fuzzy matching of a few typed letters against titles, for the command palette. Pure."""

from __future__ import annotations

START_BONUS = 8
RUN_BONUS = 5


def score(typed: str, title: str) -> int | None:
    """How well `typed` fits `title`: None when its letters do not appear in this order.

    Letters at the start of words and letters in a row count more, gaps and length count
    against. Higher is better; an empty text fits everything alike.
    """
    wanted = typed.lower().replace(" ", "")
    text = title.lower()
    if not wanted:
        return 0
    best: int | None = None
    for start in (index for index, letter in enumerate(text) if letter == wanted[0]):
        found = _score_from(wanted, text, start)
        if found is not None and (best is None or found > best):
            best = found
    return best


def _score_from(wanted: str, text: str, start: int) -> int | None:
    total = 0
    previous = start - 1
    at = start
    for letter in wanted:
        at = text.find(letter, at)
        if at < 0:
            return None
        if at == 0 or not text[at - 1].isalnum():
            total += START_BONUS
        if at == previous + 1:
            total += RUN_BONUS
        else:
            total -= min(3, at - previous)
        previous = at
        at += 1
    return total - len(text) // 10
