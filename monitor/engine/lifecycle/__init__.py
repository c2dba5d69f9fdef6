"""What becomes of an order after it was sent: auto-cancel, partial fills, failures, cancels that
do not get through. Decides by facts and the engine's clock alone; sends nothing itself."""

from monitor.engine.lifecycle.lifecycle import LifeCycle as LifeCycle
from monitor.engine.lifecycle.terms import LifeCycleTerms as LifeCycleTerms
