"""Inverses and determinants of what is not a named matrix: it gets a name and a definition.

(XᵀX + λI)⁻¹ is inv(M) where M[i, j] := Σ_k X[k, i]·X[k, j] + λ·δ(i, j).  A matrix that was proved
equal to one that has a name gets that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from gradproof.forms.arrays import Array, Names, names_of, readable
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import Bound, publish, replaced
from gradproof.notation import NotationError, read
from gradproof.proof import equal

__all__ = ["Inverses"]


class Inverses:
    """The matrices of which an inverse or a determinant is taken, each under one name.

    taken: names that may not be given.  definitions: equations that name matrices already.
    """

    def __init__(self, taken: Iterable[str] = (), definitions: Sequence[sp.Eq] = ()) -> None:
        self.taken = set(taken)
        self.definitions = list(definitions)

    def inverse(self, matrix: Array) -> Array:
        """The inverse of a square matrix."""
        base, turned = self._base(matrix)
        inverse = InverseBase.matrix(base, matrix.axes[0].lo, matrix.axes[0].hi)
        return Array(matrix.axes, (lambda i, j: inverse[j, i]) if turned else (lambda i, j: inverse[i, j]))

    def determinant(self, matrix: Array) -> sp.Expr:
        return Determinant(self._base(matrix)[0], matrix.axes[0].lo, matrix.axes[0].hi)

    def symmetries(self, assumptions: Sequence[Any] = ()) -> list[sp.Eq]:
        """The definitions' matrices that were proved to be symmetric, as assumptions."""
        found = []
        for d in self.definitions:
            i, j = d.lhs.indices
            turned = publish(replaced(read(d.rhs), {i: j, j: i}))
            if equal(d.rhs, turned, assumptions).status == "proved":
                found.append(sp.Eq(d.lhs, d.lhs.base[j, i], evaluate=False))
        return found

    def _base(self, matrix: Array) -> tuple[sp.IndexedBase, bool]:
        """The array that a matrix is, or is named; and whether it is that array's transpose."""
        lo, hi = matrix.axes[0].lo, matrix.axes[0].hi
        names = Names(self.taken | {s.name for s in (lo + hi).free_symbols})
        i = names.index(lo, hi)
        j = names.index(lo, hi, [str(i)])
        body = matrix.entry(i, j)
        if isinstance(body, sp.Indexed) and set(body.indices) == {i, j}:
            return body.base, body.indices == (j, i)
        body = readable(body, Names(names.taken | names_of(body)), {i: i, j: j})
        stray = [s for s in body.atoms(sp.Idx, Bound) if s not in (i, j) and s not in _bound(body)]
        if stray:
            raise NotationError(
                f"the inverse or determinant of a matrix that depends on the index {stray[0]} is not accepted"
            )
        for d in self.definitions:
            here = dict(zip(d.lhs.indices, (i, j), strict=True))
            if all(index.args[1:] == i.args[1:] for index in here):
                known = replaced(read(d.rhs), here)
                for turned, other in ((False, known), (True, replaced(known, {i: j, j: i}))):
                    if equal(body, publish(other)).status == "proved":
                        return d.lhs.base, turned
        base = sp.IndexedBase(next(n for n in (*"MKSHPQ", *(f"M{k}" for k in range(1, 99))) if n not in self.taken))
        self.taken.add(str(base))
        self.definitions.append(sp.Eq(base[i, j], body, evaluate=False))
        return base, False


def _bound(e: sp.Basic) -> set[sp.Basic]:
    return {limit[0] for total in e.atoms(sp.Sum) for limit in total.limits}
