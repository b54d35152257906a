"""The gradient as code: a loss and its gradients as one function that can be read, and that runs at the machine's limit.

    derivations ── assignments ──> lines in index notation ──┬── array_walk (contraction, nodes) ── array_source, numpy_source
                   (stable forms)                            └── loops (numba)

- assignments.py: named quantities, loss, adjoints and gradients, in forms that keep their digits;
- arguments.py: what a function takes, and how it refuses what does not fit;
- programs.py: the function, and its source.
"""

from __future__ import annotations

from gradproof.code.assignments import CodeError
from gradproof.code.programs import Program, program

__all__ = ["CodeError", "Program", "program"]
