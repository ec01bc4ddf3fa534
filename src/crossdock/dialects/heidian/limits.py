"""What is counted of whom; `desk.limiter` does the counting."""

from typing import Final

from crossdock.edge.limits import Window

LOGINS_OF_NAME: Final = Window(name="logins of a name", setting="heidian_logins_a_minute")
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", setting="heidian_logins_a_minute")
FETCHES_OF_ADDRESS: Final = Window(name="fetches of an address", setting="heidian_fetches_a_minute")
KEYS_OF_STAFF: Final = Window(name="keys of a person", setting="heidian_keys_a_minute")
"""check, consume and rollback together; where codes are masked also those that filters name."""
WRONG_KEYS_OF_STAFF: Final = Window(name="wrong keys of a person", setting="heidian_wrong_keys", seconds=600)
"""Codes that nobody has."""
PAUSE_S: Final = 60
"""How long a person's token rests once WRONG_KEYS_OF_STAFF is full."""
