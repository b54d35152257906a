"""Reading LaTeX: the formula as it is typed, as SymPy in gradproof's notation.

The way of a text: tokens.py (rows, bars, wrappers), grammar.lark and syntax.py (its shape, a tree of the
parts in tree.py), heads.py (names with scripts), binders.py and survey.py (what sums bind, ranges),
then the values: meaning.py (names, terms, products), operators.py (sums, derivatives), calls.py and
words.py (functions), conditions.py (cases, bars), numbers.py and powers.py, matrices.py, with doubts.py for
what stands side by side.  table.py holds what is known of the letters; reader.py is the way in.
"""

from gradproof.reading.errors import AmbiguityError, LatexError
from gradproof.reading.reader import Claimed, Lines, Reader, read_latex

__all__ = ["AmbiguityError", "Claimed", "LatexError", "Lines", "Reader", "read_latex"]
