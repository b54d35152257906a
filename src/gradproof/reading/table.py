"""What letters mean: the names, functions, indices and ranges that texts, declarations and expressions have given.

A name's key is what SymPy would call a symbol that prints so: `x_1`, `yhat`, `theta`, `w__1` for
w^{(1)}, `E_train`.  An array's key leaves its indices out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import tex_greek_dictionary

from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import Bound, index_name, index_range
from gradproof.notation import NotationError
from gradproof.reading.evidence import Evidence

if TYPE_CHECKING:
    from gradproof.reading.left import Defined

__all__ = ["Range", "Table", "object_key", "object_name", "size"]

Range = tuple[sp.Expr, sp.Expr]


def size(name: str) -> sp.Symbol:
    """A size: a positive integer."""
    return sp.Symbol(name, integer=True, positive=True)


def object_name(thing: sp.Basic) -> str:
    """The name of a symbol, an array or a function."""
    return str(getattr(thing, "label", None) or getattr(thing, "__name__", None) or thing)


def object_key(thing: sp.Basic) -> str:
    """The key of a symbol, an array or a function: how its name is read once it has been printed as LaTeX."""
    name = object_name(thing)
    if name.startswith("Delta_"):
        return "Delta_" + object_key(sp.Symbol(name.removeprefix("Delta_")))
    stem = name.rstrip("'")
    if "\\" in stem or "{" in stem:
        return _written(name)
    base, above, below = split_super_sub(stem)
    if isinstance(thing, sp.IndexedBase) and below and below[-1].isdigit():  # a layer: see latex.py
        above, below = [*above, below[-1]], below[:-1]
    base = re.sub(r"\\(mathrm)?|[{}]", "", tex_greek_dictionary.get(base, base))  # Alpha is printed as A
    return base + (f"_{''.join(below)}" if below else "") + "".join(f"__{a}" for a in above) + name[len(stem) :]


def _written(name: str) -> str:
    """The key of a symbol whose name is LaTeX itself; a name that is not read stands for itself."""
    from gradproof.reading.heads import key_of
    from gradproof.reading.syntax import parsed

    try:
        key = key_of(parsed(name)[0].node)
    except NotationError:
        key = None
    return "".join(name.split()) if key is None else key


@dataclass
class Table:
    """Everything that is known of the letters.

    names: key -> symbol, array, or class of an undefined function.  indices: the letters that
    may stand free.  ranges: declared, by letter.  seen: the ranges that sums gave to a letter.
    axes: (array, axis) -> the ranges of the indices that stood there.  ranks: how many indices an
    array has.  raised: arrays whose first index stands above, as x^{(n)}.  logistic: whether σ was read
    as the logistic function.  lengths: of the columns of ones in known expressions.  euler: whether e is known to be Euler's number.  notes: the conventions used.
    evidence: what texts say by where their letters stand.  defined: functions, by what they stand for.
    squares: names of which the square is defined, as sigma^2: the symbol or the array of the squares.
    key: the key of an object; in SymPy notation, its name.
    """

    names: dict[str, Any] = field(default_factory=dict)
    indices: dict[str, sp.Basic] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    seen: dict[str, dict[Range, None]] = field(default_factory=dict)
    axes: dict[tuple[str, int], dict[Range, None]] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    logistic: bool = False
    lengths: set[sp.Expr] = field(default_factory=set)
    euler: bool = False
    notes: list[str] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)
    defined: dict[str, Defined] = field(default_factory=dict)
    squares: dict[str, Any] = field(default_factory=dict)
    key: Callable[[sp.Basic], str] = object_key

    def copy(self) -> Table:
        """A copy to write on, which is thrown away where a text cannot be read."""
        return Table(
            dict(self.names),
            dict(self.indices),
            dict(self.ranges),
            {k: dict(v) for k, v in self.seen.items()},
            {k: dict(v) for k, v in self.axes.items()},
            dict(self.ranks),
            set(self.raised),
            self.logistic,
            set(self.lengths),
            self.euler,
            list(self.notes),
            self.evidence.copy(),
            dict(self.defined),
            dict(self.squares),
            self.key,
        )

    def has_matrices(self) -> bool:
        """Whether some letters are matrices."""
        return bool(self.lengths) or any(isinstance(thing, sp.MatrixSymbol) for thing in self.names.values())

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _square(self, array: sp.IndexedBase, span: Range) -> None:
        """A matrix of which there is an inverse or a determinant: its indices have one range."""
        key = self.key(array)
        self.known(key, array)
        self.ranks[key] = 2
        for axis in (0, 1):
            self.axes.setdefault((key, axis), {})[span] = None
        for part in span:
            self.learn(part)

    # -- what was declared -----------------------------------------------------------------
    def declare(self, names: Mapping[str, Any] | Iterable[Any], keys: Mapping[str, str]) -> None:
        """Known objects, by the LaTeX of their names where that is given (keys: LaTeX -> key)."""
        pairs = names.items() if isinstance(names, Mapping) else ((None, thing) for thing in names)
        for latex, thing in pairs:
            if isinstance(thing, sp.Idx):
                self.give(self.key(thing) if latex is None else keys[latex], thing)
            elif isinstance(thing, sp.MatrixSymbol):
                self.matrix(thing, None if latex is None else keys[latex])
            elif isinstance(thing, (sp.Symbol, sp.IndexedBase, UndefinedFunction)):
                self.known(self.key(thing) if latex is None else keys[latex], thing)
            else:
                raise NotationError(
                    f"{thing!r} ({type(thing).__name__}) is no name; accepted are Symbol, IndexedBase, MatrixSymbol, Idx and Function('f')"
                )

    def matrix(self, thing: sp.MatrixSymbol, key: str | None = None) -> None:
        """Enter a matrix under its letter, plain and bold, and its sizes."""
        key = self.key(sp.IndexedBase(thing.name)) if key is None else key
        base, sep, rest = key.partition("_")
        for name in {key, key if base.endswith("bold") else f"{base}bold{sep}{rest}"}:
            self.known(name, thing)
        for size in thing.shape:
            self.learn(size)

    def known(self, key: str, thing: Any) -> None:
        """Enter a name; NotationError where it means something else already."""
        if self.names.setdefault(key, thing) != thing:
            raise NotationError(f"two things are called {key}: {self.names[key]!r} and {thing!r}")
        shape = thing.shape if isinstance(thing, sp.IndexedBase) else None
        for axis, length in enumerate(shape or ()):
            self.axes.setdefault((key, axis), {(sp.Integer(1), length): None})
        if shape:
            self.ranks[key] = len(shape)

    def give(self, letter: str, index: sp.Basic) -> None:
        """Let a letter stand for a free index."""
        self.indices[letter] = index
        span = index_range(index)
        if span is not None:
            self.ranges.setdefault(letter, span)

    def learn(self, e: sp.Basic, bound: Mapping[sp.Basic, Range] | None = None) -> None:
        """Take over every name of an expression, and the ranges of its indices."""
        bound = bound or {}
        match e:
            case sp.Sum():
                for index, *span in e.limits:
                    if len(span) == 2:
                        bound = {**bound, index: tuple(span)}
                        self.seen.setdefault(index_name(index), {})[tuple(span)] = None
                        for part in span:
                            self.learn(part, bound)
                self.learn(e.function, bound)
                return
            case sp.OneMatrix():
                self.lengths |= set(e.shape) - {sp.Integer(1)}
            case sp.MatrixSymbol():
                self.matrix(e)
                return
            case Determinant():
                self._square(e.of, e.span)
                return
            case sp.Indexed():
                base = e.base
                if isinstance(base, InverseBase):
                    self._square(base.of, base.span)
                    base = base.of
                key = self.key(base)
                self.known(key, base)
                self.ranks.setdefault(key, len(e.indices))
                for axis, index in enumerate(e.indices):
                    span = bound.get(index) or index_range(index)
                    if span is not None:
                        self.axes.setdefault((key, axis), {})[span] = None
                    self.learn(index, bound)
                return
            case sp.Idx():
                if e not in bound:
                    self.give(self.key(e.label), e)
                for part in index_range(e) or ():
                    self.learn(part, bound)
                return
            case sp.Symbol():
                if e not in bound and not isinstance(e, (Bound, sp.Dummy)):
                    self.known(self.key(e), e)
                return
            case AppliedUndef():
                self.known(self.key(e.func), e.func)
            case sp.exp() | sp.core.numbers.Exp1():
                self.euler = True
        for part in e.args:
            self.learn(part, bound)
