"""Mistakes of the person at the keyboard, as opposed to mistakes of the program.

A `UserError` is one clear sentence; whoever started the program prints it to stderr without
a traceback and ends with `EXIT_USER_ERROR`. Knows nothing of where the mistake was made.
"""

from __future__ import annotations

EXIT_USER_ERROR = 2


class UserError(Exception):
    """`str(error)` is the sentence to show: what is wrong, and what would be right."""
