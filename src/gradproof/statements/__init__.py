"""Kinds of statement, one file each: what a source may say, as an object that decides itself.

Each is a frozen dataclass with `verify()`, a `Verdict`, and `latex()`, the formula that is shown,
printed from the very expressions that `verify` looks at:

- equality.py: equal for every size; different at a point, or exactly when something is;
- order.py: "≈", with the order of what is left out;
- inequality.py: an inequality for every size, as a sum of what cannot be negative;
- enclosure.py: inequalities on a box, numbers that are printed rounded;
- existence.py: no function gives the gradient from something else: two points;
- induction.py: what gradient descent keeps at every step;
- counting.py: numbers of operations, and how they grow;
- reference.py: what follows from which equation, and equations cited by a wrong number.
"""

from __future__ import annotations

from gradproof.statements.base import Statement
from gradproof.statements.counting import Counts, GradientCost
from gradproof.statements.enclosure import NoMinimum, OnBox, Rounded
from gradproof.statements.equality import Differs, DiffersWhen, Equality
from gradproof.statements.existence import NoFunction
from gradproof.statements.induction import Induction
from gradproof.statements.inequality import Inequality
from gradproof.statements.order import Approximation
from gradproof.statements.reference import Follows, Substitutes

__all__ = [
    "Approximation",
    "Counts",
    "Differs",
    "DiffersWhen",
    "Equality",
    "Follows",
    "GradientCost",
    "Induction",
    "Inequality",
    "NoFunction",
    "NoMinimum",
    "OnBox",
    "Rounded",
    "Statement",
    "Substitutes",
]
