"""The errors of advanced orders, by the names that the documents promise to programs.

They are raised where a caller asked for something impossible; on the way of an order they become
facts (`ConditionFailed`, a refusal) instead.
"""

from __future__ import annotations


class AdvancedOrderError(Exception):
    """Whatever is wrong with a queue, a condition, a record or a notification."""


class OrderQueueError(AdvancedOrderError):
    """The queue is full, or cannot take this order."""


class ConditionEvaluationError(AdvancedOrderError):
    """A condition that is well-formed cannot be answered; one sentence."""


class PositionRecordingError(AdvancedOrderError):
    """A change of a position could not be recorded or read."""


class NotificationError(AdvancedOrderError):
    """A notification could not be made or sent."""
