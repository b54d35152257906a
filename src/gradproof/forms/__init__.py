"""Matrix notation and NumPy beside index notation: in, out, and each proved equal to the others.

    SymPy's matrices ── matrices_in ──┐                      ┌── walk, matrix_out ──> matrices, LaTeX
                                      ├──> index notation ───┤
    NumPy's source ──── numpy_in ─────┘                      └── walk, numpy_out ───> NumPy's source

- arrays.py: symbolic arrays, which both readers build; inverses.py: names for what is inverted;
- layouts.py: what `derive` and `check` do with matrices;
- tidy.py, walk.py, matrix_out.py, matrix_latex.py, numpy_out.py, numpy_lines.py: the ways out;
- numpy_functions.py: the functions of NumPy that are read; side_by_side.py: all forms of one result.
"""

from __future__ import annotations

from gradproof.forms.layouts import index_form
from gradproof.forms.matrix_latex import matrix_latex
from gradproof.forms.side_by_side import Forms, forms, matrix_form, numpy_form, read_numpy

__all__ = ["Forms", "forms", "index_form", "matrix_form", "matrix_latex", "numpy_form", "read_numpy"]
