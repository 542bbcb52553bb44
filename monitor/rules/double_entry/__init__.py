"""Double entry: a pool's report beside what the venue says of it, to the last digit that the venue prints.

Its modules: `names` (what the venue's names mean), `moments` (whether both are of the same moment), `digits` and `figures`
(ours, theirs, residual, sentence), `parts` (which part differs, and what that hints at), `levels` (the worse number).
"""

from monitor.rules.double_entry.comparing import compare
from monitor.rules.double_entry.levels import Decision, decide

__all__ = ["Decision", "compare", "decide"]
