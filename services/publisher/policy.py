"""Rules of step 4: who may publish by hand, try again, or take a dataset down."""

from typing import Final

from events.contracts import Actor
from events.rules import Rule
from web.tokens import Role

MAY_PUBLISH: Final = frozenset({Role.ADMIN_OPENDATA})
MAY_HAND_BACK: Final = MAY_PUBLISH | {Role.ATASAN_PPID}
"""The superior may recall an approval as long as the public does not see the data."""
RULES: Final[tuple[Rule, ...]] = ()
PUBLISHER: Final = Actor(id="jejak-publisher", name="Penerbit otomatis", role="admin_opendata")
"""Publication follows from the approval; the service itself carries it out and signs for it."""
