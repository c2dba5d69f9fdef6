"""Accounts at a venue: money and positions as a fold over facts in venue order.

`Account` is the door; `History` folds one symbol, `chain` orders fills of one instant,
`identities` tells whether the sums agree. Nothing here knows orders, venues or clocks.
"""

from monitor.engine.accounts.account import Account as Account, AccountState as AccountState
from monitor.engine.accounts.entries import (
    Booking as Booking,
    Correction as Correction,
    Fill as Fill,
    Roll as Roll,
    fill_of as fill_of,
)
from monitor.engine.accounts.identities import identities as identities
