"""Derivatives in matrix notation: which entry is asked for, and in which layout a claim states it.

A gradient has the shape of wrt (the denominator layout): its entry [a, b] is ∂E/∂X_ab.  A Jacobian
J has J_ij = ∂y_i/∂x_j.  A claim that holds for the transpose is proved, with a note that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import sympy as sp
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof import checking, derivation
from gradproof.assumptions import read_assumptions
from gradproof.forms.arrays import Array, Names, einsum, names_of, readable
from gradproof.forms.inverses import Inverses
from gradproof.forms.matrices_in import MatrixReader
from gradproof.lines import head, publish
from gradproof.model import Model
from gradproof.notation import NotationError, consistent, has_matrices, read
from gradproof.proof import confirmed, decide
from gradproof.verdict import Verdict

__all__ = ["asked_of_matrices", "defined_by_entries", "derive_matrices", "equal_matrices", "index_form"]

_WRT_LETTERS = ("ab", "cd", "pq", "rs", "uv", "gh", "fz")


def derive_matrices(
    loss: Any, wrt: Any, assumptions: Sequence[Any] = (), definitions: Sequence[sp.Eq] = (), backward: bool = False
) -> derivation.Derivation:
    """See `derive`, and `Model.derive` and `Model.gradient`: the derivation in index notation of a loss in matrix notation."""
    t = _Translation(loss, wrt, assumptions)
    model = Model([*definitions, *t.definitions])
    if not model.definitions:
        return derivation.derive(t.loss, t.wrt, t.assumptions)
    return (model.gradient if backward else model.derive)(t.loss, t.wrt, t.assumptions)


def gradients_of_matrices(
    loss: Any, wrts: Sequence[Any], assumptions: Sequence[Any], definitions: Sequence[sp.Eq]
) -> tuple[derivation.Derivation, ...]:
    """See `Model.gradients`: of a loss in matrix notation; where it names an inverse, each gradient by itself."""
    found = [_Translation(loss, wrt, assumptions) for wrt in wrts]
    if any(t.definitions for t in found):
        return tuple(derive_matrices(loss, wrt, assumptions, definitions, backward=True) for wrt in wrts)
    first = found[0]
    return Model(definitions).gradients(first.loss, [t.wrt for t in found], first.assumptions)


def asked_of_matrices(
    loss: Any, wrt: Any, assumptions: Sequence[Any] = (), definitions: Sequence[sp.Eq] = ()
) -> checking.Question:
    """See `checking.asked`, and `Model.asked`: the question, for a loss in matrix notation."""
    t = _Translation(loss, wrt, assumptions)
    model = Model([*definitions, *t.definitions])
    question = (model.asked if model.definitions else checking.asked)(t.loss, t.wrt, t.assumptions)
    return MatrixQuestion(**{f.name: getattr(question, f.name) for f in fields(question)}, translation=t)


def equal_matrices(a: Any, b: Any, assumptions: Sequence[Any] = ()) -> Verdict:
    """See `equal`: whether two matrices have equal entries."""
    t = _Translation(a, None, assumptions)
    note, other = next(t.claims(b))
    if note:
        raise NotationError(f"{a} and {b} differ in shape: one is the shape of the other's transpose")
    relations, more = (read_assumptions(r) for r in (t.assumptions, t.reader.inverses.symmetries(t.assumptions)))
    definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in t.definitions]
    left, right = read(t.loss), read(other)
    verdict = _assuming(decide(left, right, (*relations, *more), definitions), more)
    return confirmed(verdict, left, right, relations, {head(d.lhs): (tuple(d.lhs.indices), d.rhs) for d in definitions})


def index_form(expr: Any, indices: Sequence[sp.Basic] = ()) -> sp.Expr:
    """The entry of a matrix at the given indices, in index notation; with none, a scalar.

    A vector takes one index, a matrix two.  Raises NotationError where shapes do not fit.
    """
    reader = MatrixReader(Inverses(names_of(expr)))
    reader.note([expr])
    value = _value(reader, expr, {}, "the expression")
    if len(value.axes) != len(indices):
        raise NotationError(f"{expr} has {len(value.axes)} indices, not {len(indices)}")
    entry = value.entry(*indices)
    if reader.inverses.definitions:
        raise NotationError(f"{expr} needs a name for {reader.inverses.definitions[0].rhs}: put it into a Model")
    return readable(entry, Names(names_of(expr, *indices)), {i: i for i in entry.atoms(sp.Idx)})


def defined_by_entries(definition: sp.Eq) -> list[sp.Eq]:
    """A definition in matrix notation, entry by entry; after those of the inverses in it, which get a name."""
    t = _Translation(definition.rhs, None, ())
    t._note([definition.lhs])
    name = _value(t.reader, definition.lhs, t.env, "the name")
    shapes = [t.reader.array(e, t.env).shape if isinstance(e, sp.MatrixExpr) else (1, 1) for e in definition.args]
    if shapes[0] != shapes[1]:
        raise NotationError(f"the sides of the definition {definition} differ in shape: {shapes[0]} and {shapes[1]}")
    return [*t.definitions, sp.Eq(t._shown(name.entry(*t.outer)), t.loss, evaluate=False)]


def _dropped(m: Array) -> Array:
    """A row or a column as an array with one axis, a 1x1 matrix as one with none."""
    labels = "".join(label for label, size in zip("ij", m.shape, strict=True) if size != 1)
    return einsum(["ij"], labels, m)


def _value(reader: MatrixReader, e: Any, env: Any, what: str, keep: bool = False) -> Array:
    """A matrix as an array, with `keep` one of two axes; a scalar, or a 1x1 matrix, as one without axes."""
    if isinstance(e, (sp.MatrixExpr, sp.MatrixBase)):
        value = reader.array(e, env)
        return value if keep and value.shape != (1, 1) else _dropped(value)
    if isinstance(e, (sp.Expr, int, float)) and not isinstance(e, bool):
        scalar = reader.scalar(e, env)
        return Array((), lambda: scalar)
    raise TypeError(f"{what} is {e!r} ({type(e).__name__}), not a SymPy expression or matrix")


class _Translation:
    """A loss, wrt and assumptions in index notation, each entry at free indices; and claims, as they come."""

    def __init__(self, loss: Any, wrt: Any, assumptions: Sequence[Any]) -> None:
        if isinstance(assumptions, (Relational, AppliedPredicate)):
            assumptions = (assumptions,)
        given = [loss, wrt, *assumptions]
        self.names = Names()
        self.reader = MatrixReader(Inverses())
        self.env: dict[sp.Basic, sp.Expr] = {}
        self._note(given)
        self._free: dict[sp.Basic, sp.Basic] = {}
        value = _value(self.reader, loss, self.env, "the loss")
        self.outer = tuple(self._index(a) for a in value.axes)
        self.shapes = [self.reader.array(e).shape if isinstance(e, sp.MatrixExpr) else () for e in (loss, wrt)]
        self.wrt, self.inner = self._entry_of(wrt)
        self.loss = self._shown(value.entry(*self.outer))
        self.assumptions = tuple(self._assumption(a) for a in assumptions)

    @property
    def definitions(self) -> list[sp.Eq]:
        """The matrices that got a name because of their inverse or determinant."""
        return self.reader.inverses.definitions

    def _note(self, given: Sequence[Any]) -> None:
        """Take in the names, sizes and index symbols of more expressions."""
        expressions = [e for e in given if isinstance(e, sp.Basic)]
        taken = names_of(*expressions)
        self.names.taken |= taken
        self.reader.inverses.taken |= taken
        self.reader.note(expressions)
        self.env |= self._counted(expressions)

    def _index(self, axis: Any) -> sp.Idx:
        index = self.names.index(axis.lo, axis.hi, map(str, self._free))
        self._free[index] = index
        return index

    def _counted(self, expressions: Sequence[sp.Basic]) -> dict[sp.Basic, sp.Expr]:
        """Free index symbols of entries, counted from 0, as indices counted from 1."""
        found: dict[sp.Basic, Any] = {}
        for element, bound in (pair for e in expressions for pair in _elements(e, frozenset())):
            for index, size in zip(element.args[1:], element.args[0].shape, strict=True):
                if not isinstance(index, sp.Symbol) or isinstance(index, sp.Dummy) or index in bound:
                    continue
                if index.name in self.reader.sizes:
                    continue
                found.setdefault(index, self.env.get(index))
                here = sp.Idx(index.name, (1, self.reader.size(size))) - 1
                if found[index] not in (None, here):
                    raise NotationError(f"the index {index} of {element} runs over axes of two sizes")
                found[index] = here
        return found

    def _entry_of(self, wrt: Any) -> tuple[Any, tuple[sp.Basic, ...]]:
        """One entry of wrt, at free indices where it is a whole matrix."""
        if not isinstance(wrt, sp.MatrixExpr):
            return (self.reader.scalar(wrt, self.env) if isinstance(wrt, sp.Expr) else wrt), ()
        if not isinstance(wrt, sp.MatrixSymbol):
            raise NotationError(f"wrt is {wrt}; accepted are a MatrixSymbol, one of its entries, and a Symbol")
        matrix = _dropped(self.reader.array(wrt))
        used = self.names.taken | set(map(str, self._free)) | {n for own in self.names.owned.values() for n in own}
        letters = next((p for p in _WRT_LETTERS if not used & set(p)), ("a1", "a2"))
        indices = tuple(sp.Idx(n, (a.lo, a.hi)) for n, a in zip(letters, matrix.axes, strict=False))
        self._free |= {i: i for i in indices}
        return matrix.entry(*indices), indices

    def _shown(self, e: Any) -> Any:
        return readable(e, self.names, {**self._free, **{i: i for i in e.atoms(sp.Idx)}})

    def claims(self, claimed: Any) -> Iterator[tuple[str, sp.Expr]]:
        """(a note on the layout, the claimed entry): as stated, and transposed, where the shape allows it."""
        self._note([claimed])
        claim = _value(self.reader, claimed, self.env, "the claim", keep=True)
        target = (*self.outer, *self.inner)
        if not claim.axes and not target:
            yield "", self._shown(claim.entry())
            return
        if len(target) > 2:
            raise NotationError(
                f"the derivative has {len(target)} indices, {', '.join(map(str, target))}, which no matrix has;"
                " check one entry of the loss, such as Y[k, l]"
            )
        sizes = [i.args[1][1] for i in target]
        shape = sizes if self.outer and self.inner else [*(self.shapes[0 if self.outer else 1] or (1, 1))]
        layouts = [t for t in (False, True) if list(claim.shape) == (shape[::-1] if t else shape)]
        if not layouts:
            given = " by ".join(map(str, claim.shape)) or "a scalar"
            wanted = " by ".join(map(str, shape)) if target else "a scalar"
            turned = f", or {' by '.join(map(str, shape[::-1]))} in the transposed layout" if target else ""
            raise _ShapeError(f"the claim {claimed} is {given}; the derivative is {wanted}{turned}")
        for transposed in layouts:
            matrix = _dropped(einsum(["ij"], "ji", claim) if transposed else claim)
            layout = "denominator" if self.outer and self.inner else "numerator"
            note = f"in the transposed ({layout}) layout: the claim is the transpose of the derivative"
            yield note if transposed else "", self._shown(matrix.entry(*target))

    def _assumption(self, a: Any) -> Any:
        if isinstance(a, AppliedPredicate) and a.function == sp.Q.symmetric:
            a = sp.Eq(a.arg, a.arg.T, evaluate=False)
        if isinstance(a, AppliedPredicate):
            raise NotationError(f"the assumption {a} is not understood; of predicates, Q.symmetric is accepted")
        if not isinstance(a, Relational) or not has_matrices(a):
            return a
        left, right = (_value(self.reader, side, self.env, f"a side of {a}") for side in a.args)
        if left.shape != right.shape:
            raise NotationError(f"the sides of the assumption {a} differ in shape: {left.shape} and {right.shape}")
        names, used = Names(self.names.taken), list[sp.Idx]()
        for axis in left.axes:
            used.append(names.index(axis.lo, axis.hi, map(str, used)))
        free = {i: i for i in used}
        return a.func(*(readable(s.entry(*used), names, free) for s in (left, right)), evaluate=False)


class _ShapeError(NotationError):
    """A claim has another shape than the derivative."""


@dataclass(frozen=True)
class MatrixQuestion(checking.Question):
    """A question whose claims may be matrices."""

    translation: Any = None

    def read(self, claimed: Any) -> sp.Expr:
        """A claim, read, in the layout in which it holds; as it stands if it holds in none."""
        if not self._is_matrix(claimed):
            return super().read(claimed)
        found = list(self._decided(claimed))
        return next((claim for claim, verdict in found if verdict.status == "proved"), found[0][0])

    def check(self, claimed: Any) -> Verdict:
        """See `check`; both layouts are tried; a claim of another shape is refuted by that."""
        if not self._is_matrix(claimed):
            return super().check(claimed)
        try:
            found = [verdict for _, verdict in self._decided(claimed)]
        except _ShapeError as error:
            return Verdict("refuted", tuple(map(publish, self.relations)), reason=str(error))
        return next((v for v in found if v.status == "proved"), found[0])

    def _decided(self, claimed: Any) -> Iterator[tuple[sp.Expr, Verdict]]:
        """The claim in each layout, with its verdict, until one is proved."""
        for note, entry in self.translation.claims(claimed):
            claim = read(entry, "the claimed gradient")
            known = {d.lhs for d in self.definitions}
            more = [d for d in self.translation.definitions if d.lhs not in known]
            opened = tuple(sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in more)
            question = replace(self, definitions=(*self.definitions, *opened))
            consistent(self.loss, self.wrt, claim, *question.definitions)
            verdict = question.verdict(self.resolve(claim))
            yield claim, replace(verdict, reason=note) if verdict.status == "proved" else verdict
            if verdict.status == "proved":
                return

    def decided(self, claim: sp.Expr) -> Verdict:
        """See `Question`; what follows for a matrix that has a definition, that it is symmetric, is used too."""
        more = read_assumptions(self.translation.reader.inverses.symmetries(self.relations))
        if not more:
            return super().decided(claim)
        verdict = checking.Question.decided(replace(self, relations=(*self.relations, *more)), claim)
        return _assuming(verdict, more)

    def _is_matrix(self, claimed: Any) -> bool:
        if has_matrices(claimed) or isinstance(claimed, sp.MatrixBase):
            return True
        return isinstance(claimed, sp.Expr) and bool(claimed.free_symbols & self.translation.env.keys())


def _assuming(verdict: Verdict, follows: Sequence[Any]) -> Verdict:
    """The verdict without assumptions that follow from the others."""
    shown = set(map(publish, follows))
    return replace(verdict, assumptions=tuple(a for a in verdict.assumptions if a not in shown))


def _elements(e: sp.Basic, bound: frozenset[sp.Basic]) -> Iterator[tuple[MatrixElement, frozenset[sp.Basic]]]:
    """The entries of matrices in an expression, with the indices that sums bind there."""
    if isinstance(e, sp.Sum):
        bound = bound | {limit[0] for limit in e.limits}
    if isinstance(e, MatrixElement):
        yield e, bound
    for a in e.args:
        yield from _elements(a, bound)
