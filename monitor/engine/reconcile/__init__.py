"""Reconciliation: what a venue says it has against what we know, and the steps to agreement."""

from monitor.engine.reconcile.comparison import (
    Comparison as Comparison,
    LookUp as LookUp,
    balance_taken_over as balance_taken_over,
)
from monitor.engine.reconcile.facts import Facts as Facts, KnownOrder as KnownOrder
from monitor.engine.reconcile.known import Known as Known, Owners as Owners
from monitor.engine.reconcile.reconciler import Reconciler as Reconciler
