"""Venue messages in any order, doubled or late, become facts, and each order finishes exactly once."""

from __future__ import annotations

from monitor.engine.tracker.terms import Desk as Desk, TrackerTerms as TrackerTerms
from monitor.engine.tracker.tracker import Tracker as Tracker
