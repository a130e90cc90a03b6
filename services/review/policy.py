"""Rules of step 2: who may revise what."""

from typing import Final

from events.rules import Rule, same_opd
from web.tokens import Role

MAY_REVISE: Final = frozenset({Role.KETUA_PPID})
MAY_WITHDRAW: Final = frozenset({Role.TIM_PPID, Role.KETUA_PPID})
RULES: Final[tuple[Rule, ...]] = (same_opd,)
