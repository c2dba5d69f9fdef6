"""Words of the language of conditions, each with its place. Knows no grammar.

What cannot be read is a `ConditionError`, which points at the place; nothing else is raised.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum

import msgspec

from monitor.engine.advanced_errors import AdvancedOrderError

LONGEST_TEXT = 1_000


class ConditionError(AdvancedOrderError, ValueError):
    """A text that is no condition. `sentence` says why, `position` (from 0) where in `text`."""

    def __init__(self, text: str, position: int, sentence: str) -> None:
        self.text = text
        self.position = position
        self.sentence = sentence
        super().__init__(f"{sentence}\n{self.pointed}")

    @property
    def pointed(self) -> str:
        """The text and, in a line under it, a caret at the place."""
        return f"{self.text}\n{' ' * self.position}^"


class Kind(StrEnum):
    MOMENT = "a moment"
    CLOCK = "a time of day"
    NUMBER = "a number"
    WORD = "a word"
    QUOTED = "a quoted symbol"
    COMPARISON = "a comparison"
    MARK = "a mark"
    END = "the end"


class Token(msgspec.Struct, frozen=True):
    """`text` as it was written; of a quoted symbol what is between the quotes."""

    kind: Kind
    text: str
    position: int


_SHAPES = re.compile(
    r"""
    (?P<MOMENT> \d{4}-\d\d-\d\dT\d\d:\d\d (?: :\d\d (?: \.\d{1,6} )? )? (?: Z | [+-]\d\d:\d\d )? )
  | (?P<CLOCK> \d{1,2}:\d\d (?: :\d\d )? )
  | (?P<NUMBER> [+-]? \d+ (?: \.(?!\.)\d* )? (?: [eE][+-]?\d{1,3} )? ) (?! [A-Za-z0-9_@] )
  | (?P<WORD> [A-Za-z0-9_@] (?: [A-Za-z0-9_@&/-] | \.(?!\.) )* )
  | "(?P<QUOTED> [^"\n]{1,64} )"
  | (?P<COMPARISON> >= | <= | == | < | > )
  | (?P<MARK> \.\. | [(),|] )
    """,
    re.VERBOSE | re.ASCII,
)
_SPACE = re.compile(r"[ \t\r\n]*")
PLAIN_SYMBOL = re.compile(r"[A-Za-z_@](?:[A-Za-z0-9_@&/-]|\.(?!\.|$))*", re.ASCII)
"""A symbol that needs no quotes."""


def tokens(text: str) -> list[Token]:
    """All words of a text, an END after the last. Raises ConditionError."""
    if len(text) > LONGEST_TEXT:
        raise ConditionError(
            text[:60] + "…", 60, f"A condition has at most {LONGEST_TEXT:,} characters, not {len(text):,}."
        )
    found: list[Token] = []
    position = _skip(text, 0)
    while position < len(text):
        match = _SHAPES.match(text, position)
        if match is None or match.lastgroup is None:
            raise ConditionError(text, position, _unreadable(text[position]))
        kind = Kind[match.lastgroup]
        found.append(Token(kind, match.group(match.lastgroup), position))
        position = _skip(text, match.end())
    return [*found, Token(Kind.END, "", len(text))]


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match is not None else position


def _unreadable(sign: str) -> str:
    if sign == "=":
        return "Equal is written ==."
    if sign == '"':
        return "This quotation mark has no end, or too much between."
    return f"{sign!r} has no meaning here."


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """ " Did you mean last?" when there is a near miss, else the words there are."""
    near = get_close_matches(word[:40].lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
