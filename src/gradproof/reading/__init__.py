"""Reading LaTeX: the formula as it is typed, as SymPy in gradproof's notation.

The way of a text: tokens.py (rows, bars, wrappers), grammar.lark and syntax.py (its shape, a tree),
heads.py (names with scripts), survey.py (what sums bind, ranges), meaning.py and operators.py
(values), with table.py for what is known of the letters; reader.py is the way in.
"""

from gradproof.reading.errors import AmbiguityError, LatexError
from gradproof.reading.reader import Claimed, Lines, Reader, read_latex

__all__ = ["AmbiguityError", "Claimed", "LatexError", "Lines", "Reader", "read_latex"]
