"""Risk guards: pure predicates over an order to be and what is so now. The ticket in the window
and the engine use the same ones, so they cannot disagree."""

from monitor.engine.guards.assess import (
    GUARDS as GUARDS,
    Assessment as Assessment,
    Guard as Guard,
    GuardVerdict as GuardVerdict,
    assess as assess,
)
from monitor.engine.guards.facts import (
    AccountFigures as AccountFigures,
    GuardFacts as GuardFacts,
    GuardView as GuardView,
    OrderIntent as OrderIntent,
    facts_of as facts_of,
    gather as gather,
)
from monitor.engine.guards.limits import Action as Action, GuardLimits as GuardLimits
