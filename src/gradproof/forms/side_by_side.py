"""A result in three forms side by side: index notation, matrices, NumPy; each proved equal to the first.

`matrix_form` and `numpy_form` walk an expression; what they write is read back by another path
(matrices_in, numpy_in) and proved equal, or not returned at all.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from gradproof.assumptions import facts, read_assumptions
from gradproof.derivation import Derivation, axis_bounds
from gradproof.forms.arrays import Array, Axis, Known, Names, equal_sizes, names_of, readable, scalar
from gradproof.forms.inverses import Inverses
from gradproof.forms.matrices_in import MatrixReader
from gradproof.forms.matrix_latex import matrix_latex
from gradproof.forms.matrix_out import Matrices
from gradproof.forms.numpy_in import NumpyReader
from gradproof.forms.numpy_lines import source_lines
from gradproof.forms.numpy_out import Numpy
from gradproof.forms.python_nodes import safe_name
from gradproof.forms.tidy import tidied
from gradproof.forms.walk import NoFormError, Walk
from gradproof.inverse import Determinant, InverseBase, arrays_in
from gradproof.lines import head, index_range
from gradproof.notation import NotationError, read
from gradproof.proof import decide
from gradproof.ranges import hull
from gradproof.verdict import Evidence, Verdict

__all__ = ["Forms", "axes_of_result", "forms", "known_arrays", "matrix_form", "numpy_form", "read_numpy"]

Spans = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


def matrix_form(
    expr: Any, indices: Sequence[sp.Basic] = (), assumptions: Sequence[Any] = (), definitions: Sequence[sp.Eq] = ()
) -> Any:
    """The matrix whose entry at `indices` is `expr`, or None if none was found.

    indices: none for a scalar, one for a column, two for a matrix; with ranges.
    What is returned was read back and proved equal to `expr`.
    """
    return _Place(expr, indices, _spans(indices), (), assumptions, definitions).matrix()


def numpy_form(
    expr: Any, indices: Sequence[sp.Basic] = (), assumptions: Sequence[Any] = (), definitions: Sequence[sp.Eq] = ()
) -> str | None:
    """NumPy source for the array whose entry at `indices` is `expr`, or None if none was found.

    The last line is ``gradient = ...``; arrays go by their names, sizes are taken from shapes.
    What is returned was read back and proved equal to `expr`.
    """
    return _Place(expr, indices, _spans(indices), (), assumptions, definitions).code()


def read_numpy(
    source: str | Callable[..., Any], arrays: Mapping[str, sp.Expr], indices: Sequence[sp.Basic] = ()
) -> Any:
    """The entry at `indices` of what the source computes, in index notation; nothing is run.

    arrays: for each name in the source, an entry such as ``X[i, j]`` at indices with ranges, or a symbol.
    Raises NotationError, with the line, for anything that is not accepted.
    """
    given = {}
    for name, e in arrays.items():
        spans = [index_range(i) for i in getattr(e, "indices", ())]
        if not isinstance(e, (sp.Indexed, sp.Symbol)) or None in spans:
            raise NotationError(f"the array {name} is {e}; give an entry at indices with ranges, or a symbol")
        given[name] = Known(e.base, tuple(Axis(*s) for s in spans if s)).array if spans else scalar(e)
    return _entry_of(NumpyReader(given).read(source), indices, _spans(indices))


def forms(derivation: Derivation) -> Forms:
    """A derivation's result as index notation, as a matrix and as NumPy; a form that was not found is None."""
    wrt = derivation.wrt
    indices, bounds = axes_of_result(derivation.loss, derivation.definitions, wrt)
    others = [derivation.loss, wrt]
    place = _Place(derivation.closed, indices, bounds, others, derivation.assumptions, derivation.definitions)
    matrix = place.matrix()
    return Forms(
        derivation.closed, indices, matrix, None if matrix is None else matrix_latex(matrix), place.code(), place
    )


def axes_of_result(
    loss: sp.Expr, definitions: Sequence[sp.Eq], wrt: sp.Expr | None = None
) -> tuple[tuple[sp.Basic, ...], Spans]:
    """The indices of a loss' gradient, or of the loss where no `wrt` is given, and their ranges: those of the loss first."""
    bodies = [read(loss), *(read(d.rhs) for d in definitions)]
    bounds = {} if wrt is None else {**axis_bounds(bodies, wrt)}
    free = [i for i in _free(loss) if i not in bounds] + ([] if wrt is None else _free(wrt))
    bounds |= {i: s for i in free if i not in bounds and (s := index_range(i)) is not None}
    indices = tuple(dict.fromkeys(i for i in free if i in bounds))
    return indices, {i: bounds[i] for i in (*indices, *bounds)}


def _free(e: sp.Basic) -> list[sp.Basic]:
    """The indices that an expression leaves free, in the order in which they stand."""
    bound = {limit[0] for total in e.atoms(sp.Sum) for limit in total.limits}
    entries = [n for n in sp.preorder_traversal(e) if isinstance(n, sp.Indexed)]
    found = [s for n in entries for i in n.indices for s in sorted(i.free_symbols, key=str)]
    return [s for s in dict.fromkeys(found) if s not in bound and not s.is_positive]


@dataclass(frozen=True)
class Forms:
    """One result in several forms.

    index: in index notation, one entry; indices: its free indices.  matrix: the SymPy matrix (or scalar)
    with these entries; latex: that matrix.  code: NumPy source, which computes `gradient`.  Each may be None.
    """

    index: sp.Expr
    indices: tuple[sp.Basic, ...]
    matrix: Any
    latex: str | None
    code: str | None
    place: _Place = field(repr=False, compare=False)

    def verify(self) -> Verdict:
        """Whether each form that there is equals the index form, decided afresh."""
        evidence: list[Evidence] = []
        found: Verdict | None = None
        for kind, form, back in (
            ("matrix form", self.matrix, self.place.lowered), ("NumPy code", self.code, self.place.read_code),
        ):  # fmt: skip
            if form is None:
                evidence.append(Evidence(kind, "missing", "no such form was found", "the walk over products and sums"))
                continue
            found = self.place.verdict(back(form))
            if found.status != "proved":
                return found
            says = f"the {kind}, read back, equals the index form for every size"
            evidence.append(Evidence(kind, "agrees", says, found.evidence[0].rests_on))
        if found is None:
            return Verdict("undecided", evidence=tuple(evidence), reason="no matrix form and no code was found")
        return Verdict("proved", found.assumptions, None, tuple(evidence))


class _Place:
    """An expression with all that is needed to write it in another form, and to read that back."""

    def __init__(
        self, expr: Any, indices: Sequence[sp.Basic], spans: Spans, others: Sequence[sp.Basic],
        assumptions: Sequence[Any], definitions: Sequence[sp.Eq],
    ) -> None:  # fmt: skip
        self.expr, self.body, self.indices, self.spans = expr, read(expr), tuple(indices), dict(spans)
        self.definitions = tuple(definitions)
        hidden = [d for d in definitions if self._only_inverted(head(d.lhs))]
        self.relations = read_assumptions((*assumptions, *Inverses((), hidden).symmetries(assumptions)))
        self.tidy = tidied(self.body, self.relations)
        sides = [side for d in definitions for side in d.args]
        self.known = {**known_arrays([self.body], self.spans), **known_arrays([*others, *sides], self.spans)}
        self.symmetric = _symmetric(self.relations, self.known)
        self.symbols = {
            s for e in (expr, *others, *sides) for s in sp.sympify(e).free_symbols if isinstance(s, sp.Symbol)
        }

    def verdict(self, other: sp.Expr) -> Verdict:
        return decide(self.body, read(other), self.relations, self.definitions, self.spans)

    # -- matrices -----------------------------------------------------------------------------
    def matrix(self) -> Any:
        if len(self.indices) > 2:
            return None
        try:
            inverted: dict[str, sp.MatrixExpr] = {}
            notation = Matrices(self.known, self.symmetric, inverted)
            for d in self.definitions:
                if self._only_inverted(head(d.lhs)):
                    walk = Walk(notation, {i: _range(i) for i in d.lhs.indices})
                    inverted[str(d.lhs.base.label)] = notation.finished(walk.value(read(d.rhs)), d.lhs.indices)
        except (NoFormError, NotationError):
            return None
        for body in dict.fromkeys((self.tidy, self.body)):
            try:
                walk = Walk(notation, self.spans)
                found = notation.finished(walk.value(body), self.indices)
                if self.verdict(self.lowered(found)).status == "proved":
                    return found
            except (NoFormError, NotationError):
                continue
        return None

    def _only_inverted(self, base: sp.Basic) -> bool:
        return base in arrays_in(self.body) and not any(e.base == base for e in self.body.atoms(sp.Indexed))

    def lowered(self, matrix: Any) -> sp.Expr:
        """The entry of a matrix, whose arrays have the axes that they have in index notation."""
        reader = MatrixReader(Inverses(names_of(matrix), self.definitions), self.known)
        reader.note([matrix])
        if not isinstance(matrix, sp.MatrixExpr):
            return _shown(reader.scalar(matrix), self.indices)
        value = reader.array(matrix)
        if len(self.indices) == 1:
            value = Array(value.axes[:1], lambda i: reader.array(matrix).entry(i, _LOW))
        return _entry_of(value, self.indices, self.spans)

    # -- NumPy --------------------------------------------------------------------------------
    def code(self) -> str | None:
        most = [2, _MANY] if len(self.indices) <= 2 else [_MANY]  # of its axes an array should have no more than two
        for axes, body in itertools.product(most, dict.fromkeys((self.tidy, self.body))):
            try:
                notation = Numpy(self.known, self.symmetric, axes)
                source = source_lines(body, self.indices, self.spans, notation, self.definitions)
                if self.verdict(self.read_code(source)).status == "proved":
                    return source
            except (NoFormError, NotationError):
                continue
        return None

    def read_code(self, source: str) -> sp.Expr:
        """The entry of what the source computes; a line that defines a named quantity must say what its definition does."""
        defined = {safe_name(str(head(d.lhs))): d for d in self.definitions}
        given = {safe_name(s.name): scalar(s) for s in self.symbols}
        given |= {safe_name(n): k.array for n, k in self.known.items()}
        named = {n: (given[n], functools.partial(self._defines, d)) for n, d in defined.items()}
        known = {n: a for n, a in given.items() if n not in defined}
        reader = NumpyReader(known, Inverses((), self.definitions), named)
        return _entry_of(reader.read(source), self.indices, self.spans)

    def _defines(self, d: sp.Eq, array: Array) -> bool:
        """Whether an array has the entries that a definition says."""
        indices = getattr(d.lhs, "indices", ())
        spans = {i: _range(i) for i in indices}
        entry = _entry_of(array, indices, spans)
        return decide(read(d.rhs), read(entry), self.relations, (), spans).status == "proved"


_LOW = sp.Integer(1)
_MANY = 12  # axes


def _range(index: sp.Basic) -> tuple[sp.Expr, sp.Expr]:
    span = index_range(index)
    if span is None:
        raise NotationError(f"the index {index} has no range; declare it as Idx({str(index)!r}, (1, n))")
    return span


def _spans(indices: Sequence[sp.Basic]) -> Spans:
    return {i: _range(i) for i in indices}


def _entry_of(array: Array, indices: Sequence[sp.Basic], spans: Spans) -> sp.Expr:
    axes = [Axis(*spans[i]) for i in indices]
    if len(axes) != len(array.axes) or any(
        not equal_sizes(a.size, b.size) for a, b in zip(array.axes, axes, strict=True)
    ):
        raise NotationError(f"an array of shape {array.shape} is not one over the indices {tuple(indices)}")
    return _shown(array.at(axes, indices), indices)


def _shown(entry: sp.Expr, indices: Sequence[sp.Basic]) -> sp.Expr:
    return readable(entry, Names(names_of(entry, *indices)), {i: i for i in entry.atoms(sp.Idx)})


def known_arrays(bodies: Sequence[sp.Basic], spans: Spans) -> dict[str, Known]:
    """Each array, with all values that its indices take; those for which that cannot be said are left out."""
    found: dict[sp.IndexedBase, list[list[tuple[sp.Expr, sp.Expr]]]] = {}

    def visit(e: sp.Basic, env: Spans) -> None:
        if isinstance(e, sp.Sum):
            env = {**env, **{i: (lo, hi) for i, lo, hi in e.limits}}
        if isinstance(e, Determinant) or (isinstance(e, sp.Indexed) and isinstance(e.base, InverseBase)):
            matrix = e if isinstance(e, Determinant) else e.base
            for values in found.setdefault(matrix.of, [[], []]):
                values.append(matrix.span)
        elif isinstance(e, sp.Indexed):
            axes = found.setdefault(e.base, [[] for _ in e.indices])
            for values, index in zip(axes, e.indices, strict=True):
                values += _values(index, env)
        for a in e.args:
            visit(a, env)

    for body in bodies:
        visit(sp.sympify(body), spans)
    hulls = {base: [_hull(list(dict.fromkeys(v))) for v in axes] for base, axes in found.items()}
    known = {b: Known(b, tuple(Axis(*s) for s in h if s is not None)) for b, h in hulls.items() if None not in h}
    return {str(base.label): k for base, k in known.items()}


def _hull(values: Sequence[tuple[sp.Expr, sp.Expr]]) -> tuple[sp.Expr, sp.Expr] | None:
    """The range that holds all; a single place such as the 2 of x[2] lies in that of the others, or the entry is not there."""
    several = [v for v in values if not (v[0] == v[1] and v[0].is_Integer)]
    return hull(values) or hull(several)


def _symmetric(relations: Sequence[Any], known: Mapping[str, Known]) -> set[str]:
    """The names of the matrices that are assumed to be symmetric, in all of their entries."""
    found = set()
    for base, (template, orders) in facts(relations).swaps.items():
        k = known.get(str(base.label))
        if (
            k is not None
            and (1, 0) in orders
            and all(index_range(i) in (None, (a.lo, a.hi)) for i, a in zip(template, k.axes, strict=True))
        ):
            found.add(str(base.label))
    return found


def _values(index: sp.Expr, env: Spans) -> list[tuple[sp.Expr, sp.Expr]]:
    """The range of an index, or of a sum of indices and numbers such as n + j - 1; none where that cannot be said."""
    lo = hi = index
    for i in index.free_symbols:
        span, slope = env.get(i) or index_range(i), index.coeff(i, 1)
        if span is None:
            continue
        if (index - slope * i).has(i) or not slope.is_Integer:
            return []
        ends = span if slope > 0 else span[::-1]
        lo, hi = lo + slope * (ends[0] - i), hi + slope * (ends[1] - i)
    return [] if lo is index and not index.is_Integer else [(sp.expand(lo), sp.expand(hi))]
