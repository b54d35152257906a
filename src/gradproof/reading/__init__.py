"""Reading LaTeX: the formula as it is typed, as SymPy in gradproof's notation.

The way of a text: tokens.py and bars.py (rows, bars, wrappers), grammar.lark and syntax.py (its shape, a
tree of the parts in tree.py), evidence.py (what letters are by where they stand), heads.py (names with
scripts), binders.py and survey.py (what sums bind, ranges), then the values: meaning.py (names, terms,
products), operators.py (sums, derivatives), calls.py and words.py (functions), vectors.py (norms, softmax),
conditions.py (cases, bars, assumptions), numbers.py and powers.py, matrices.py, with doubts.py for what
stands side by side.  left.py and losses.py know the loss by its name; table.py holds what is known of the
letters; core.py, statement.py and reader.py are the way in.
"""

from gradproof.reading.errors import AmbiguityError, LatexError
from gradproof.reading.reader import Claimed, Lines, Reader, read_latex

__all__ = ["AmbiguityError", "Claimed", "LatexError", "Lines", "Reader", "read_latex"]
