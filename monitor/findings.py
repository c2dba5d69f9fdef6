"""What a check of `monitor doctor` reports: one sentence, how bad it is, how to mend it."""

from __future__ import annotations

from enum import Enum

import msgspec


class Level(Enum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "PROBLEM"


class Finding(msgspec.Struct, frozen=True):
    """`remedy` says how to mend it; it is empty when nothing needs mending."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


def ok(subject: str, message: str) -> Finding:
    return Finding(Level.OK, subject, message)


def warning(subject: str, message: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, subject, message, remedy)


def problem(subject: str, message: str, remedy: str) -> Finding:
    return Finding(Level.PROBLEM, subject, message, remedy)
