"""What a node computes, read back into index notation, and whether that is what its line says.

The graph is made by heuristics (array_walk.py, contraction.py); this reads it by other code (forms/arrays.py, which reads
NumPy) and asks the prover, for every size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from gradproof.code.assignments import Assignment, name_of
from gradproof.code.nodes import COMPARISONS, Node
from gradproof.forms.arrays import Array, Axis, Known, Names, einsum, elementwise, names_of, readable, scalar
from gradproof.forms.numpy_functions import ONE_MEANING, numeric
from gradproof.inverse import Determinant, InverseBase, arrays_in
from gradproof.lines import publish
from gradproof.notation import read
from gradproof.precision.stable import plain
from gradproof.proof import decide
from gradproof.verdict import Verdict

__all__ = ["Meaning"]

_ONE = sp.Integer(1)
_RELATIONS = dict(zip(COMPARISONS, (sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.Eq, sp.Ne), strict=True))
_ENTRYWISE: Mapping[str, Callable[..., Any]] = {
    "add": sp.Add, "subtract": lambda u, v: u - v, "multiply": sp.Mul, "divide": lambda u, v: u / v, "power": sp.Pow,
    "negative": lambda u: -u, "maximum": sp.Max, "minimum": sp.Min, "real": lambda u: u, "sqrt": sp.sqrt,
    "log1p": log1p, "expm1": expm1, "floor": sp.floor, "sigmoid": lambda u: 1 / (1 + sp.exp(-u)), "erf": sp.erf, "erfc": sp.erfc,
    **{name: function for function, name in ONE_MEANING.items()},
}  # fmt: skip
_LOGICAL: Mapping[str, Callable[..., Any]] = {"and": sp.And, "or": sp.Or, "not": sp.Not, **_RELATIONS}


class UnreadableError(Exception):
    """A node that index notation does not say."""


class Meaning:
    """The arrays that nodes compute; a node that was given a name is that name from then on.

    known: the arguments and the named quantities.  bodies: all formulas, whose symbols are used.
    """

    def __init__(self, known: Mapping[str, Known], bodies: Sequence[sp.Expr]) -> None:
        bases = {name_of(b): b for e in bodies for b in arrays_in(e)}
        self.symbols = {s.name: s for e in bodies for s in e.free_symbols if type(s) is sp.Symbol}
        self.known = {name: Known(bases.get(name, k.base), k.axes) for name, k in known.items()}
        self.names: dict[Node, tuple[str, tuple[int, ...]]] = {}
        self.definitions: list[sp.Eq] = []

    def name(self, node: Node, a: Assignment, labels: Sequence[sp.Basic]) -> None:
        """From here on the node is the name that it was assigned."""
        self.names.setdefault(node, (a.name, tuple(map(a.indices.index, labels))))
        if a.kind != "largest":
            self.definitions.append(sp.Eq(a.target, read(publish(plain(a.body))), evaluate=False))

    def verdict(self, a: Assignment, node: Node, labels: Sequence[sp.Basic], relations: Sequence[Any]) -> Verdict:
        """Whether the node of a line computes what the line says, for every size; its axes are `labels`."""
        try:
            array = numeric(self.array(node, top=True))
        except UnreadableError as error:
            return Verdict("undecided", reason=str(error))
        axes = [Axis(*a.spans[i]) for i in labels]
        entry = array.at(axes, list(labels)) if array.axes else array.entry()
        shown = readable(entry, Names(names_of(entry, *labels)), {i: i for i in a.indices})
        formula, computed = read(publish(plain(a.body))), read(plain(shown))
        verdict = decide(formula, computed, relations, (), dict(a.spans))
        if verdict.status == "proved":
            return verdict
        return decide(
            formula, computed, relations, self.definitions, dict(a.spans)
        )  # a node may have a name that the line lacks

    def array(self, n: Node, top: bool = False) -> Array:
        """What a node computes; a named quantity is its name."""
        if n in self.names and not top:
            name, places = self.names[n]
            return self._named(self.known[name], places)
        args = [self.array(a) for a in n.args]
        if n.op in _ENTRYWISE:
            return elementwise(_ENTRYWISE[n.op], *map(numeric, args))
        if n.op in _LOGICAL:
            return elementwise(_LOGICAL[n.op], *args)
        reader: Callable[[Node, list[Array]], Array] | None = getattr(self, f"_{n.op}", None)
        if reader is None:
            raise UnreadableError(f"the operation {n.op} is not read back")
        return reader(n, args)

    def _symbol(self, name: str) -> sp.Symbol:
        return self.symbols.get(name, sp.Symbol(name))

    def _named(self, known: Known, places: tuple[int, ...]) -> Array:
        axes = tuple(known.axes[p] for p in places)

        def entry(*indices: sp.Expr) -> sp.Expr:
            at = dict(zip(places, indices, strict=True))
            every = tuple(at.get(p, axis.lo) for p, axis in enumerate(known.axes))
            return known.base[every] if every else self._symbol(name_of(known.base))

        return Array(axes, entry)

    # -- leaves -----------------------------------------------------------------------------------
    def _array(self, n: Node, _: list[Array]) -> Array:
        if n.data in self.known and self.known[str(n.data)].axes:
            return self.known[str(n.data)].array
        return scalar(self._symbol(str(n.data)))

    def _number(self, n: Node, _: list[Array]) -> Array:
        return scalar(n.data)

    _size = _number

    def _constant(self, n: Node, _: list[Array]) -> Array:
        return scalar(sp.pi if n.data == "pi" else sp.E)

    def _range(self, n: Node, _: list[Array]) -> Array:
        return Array((Axis(*n.data),), lambda i: i)

    def _eye(self, n: Node, _: list[Array]) -> Array:
        axis = Axis(_ONE, n.shape[0])
        return Array((axis, axis), sp.KroneckerDelta)

    # -- entry by entry and along axes --------------------------------------------------------------
    def _where(self, _: Node, args: list[Array]) -> Array:
        chosen, one, other = args
        return elementwise(lambda c, u, v: sp.Piecewise((u, c), (v, True)), chosen, numeric(one), numeric(other))

    def _bell(self, n: Node, args: list[Array]) -> Array:
        return elementwise(lambda u: sp.exp(-n.data * u**2), numeric(args[0]))

    def _sum(self, n: Node, args: list[Array]) -> Array:
        labels = range(len(args[0].axes))
        return einsum([labels], [k for k in labels if k not in n.data], numeric(args[0]))

    def _matmul(self, n: Node, args: list[Array]) -> Array:
        a, b = map(numeric, args)
        stack = [f"s{k}" for k in range(len(n.shape) - (len(a.axes) > 1) - (len(b.axes) > 1))]
        left = [*stack, *(["i"] if len(a.axes) > 1 else []), "k"]
        right = [*stack, "k", *(["j"] if len(b.axes) > 1 else [])]
        return einsum([left, right], [x for x in (*stack, "i", "j") if x in (*left, *right)], a, b)

    def _contract(self, n: Node, args: list[Array]) -> Array:
        batch, rows, gone, columns = (
            [f"{kind}{k}" for k in range(count)] for kind, count in zip("brgc", n.data, strict=True)
        )
        labels = [[*batch, *rows, *gone], [*batch, *gone, *columns]]
        return einsum(labels, [*batch, *rows, *columns], *map(numeric, args))

    def _dot(self, _: Node, args: list[Array]) -> Array:
        labels = range(len(args[0].axes))
        return einsum([labels, labels], [], *map(numeric, args))

    def _rowdot(self, _: Node, args: list[Array]) -> Array:
        labels = range(len(args[0].axes))
        return einsum([labels, labels], labels[:-1], *map(numeric, args))

    def _inv(self, n: Node, args: list[Array]) -> Array:
        base, axes = self._matrix(n)
        inverse = InverseBase.matrix(base, axes[0].lo, axes[0].hi)
        return Array(args[0].axes, lambda i, j: inverse[i, j])

    def _det(self, n: Node, _: list[Array]) -> Array:
        base, axes = self._matrix(n)
        return scalar(Determinant(base, axes[0].lo, axes[0].hi))

    def _matrix(self, n: Node) -> tuple[sp.IndexedBase, tuple[Axis, ...]]:
        """The named matrix that an inverse or a determinant is taken of."""
        (inner,) = n.args
        name, places = self.names.get(inner, (str(inner.data), (0, 1)))
        if places != (0, 1) or name not in self.known:
            raise UnreadableError("an inverse of what has no name is not read back")
        return self.known[name].base, self.known[name].axes

    # -- views ----------------------------------------------------------------------------------------
    def _permute(self, n: Node, args: list[Array]) -> Array:
        return einsum([range(n.rank)], n.data, args[0])

    def _expand(self, n: Node, args: list[Array]) -> Array:
        (inner,), own = args, [k for k in range(n.rank) if k not in n.data]
        sizes = iter(inner.axes)
        axes = tuple(next(sizes) if k in own else Axis(_ONE, _ONE) for k in range(n.rank))
        return Array(axes, lambda *i: inner.entry(*(i[k] for k in own)))

    def _squeeze(self, n: Node, args: list[Array]) -> Array:
        (inner,) = args
        kept = [k for k in range(len(inner.axes)) if k not in n.data]

        def entry(*indices: sp.Expr) -> sp.Expr:
            at = dict(zip(kept, indices, strict=True))
            return inner.entry(*(at.get(k, axis.lo) for k, axis in enumerate(inner.axes)))

        return Array(tuple(inner.axes[k] for k in kept), entry)

    def _slice(self, n: Node, args: list[Array]) -> Array:
        (inner,) = args
        plan: list[Any] = []
        axes: list[Axis] = []
        for place, axis in zip(n.data, inner.axes, strict=True):
            if place is None or isinstance(place, tuple):
                first, stop = place or (sp.Integer(0), axis.size)
                plan.append(len(axes))
                axes.append(Axis(sp.expand(axis.lo + first), sp.expand(axis.lo + stop - 1)))
            else:
                plan.append(axis.lo + place)
        return Array(tuple(axes), lambda *i: inner.entry(*(i[p] if isinstance(p, int) else p for p in plan)))

    def _gather(self, _: Node, args: list[Array]) -> Array:
        inner, *places = args
        starts = [axis.lo for axis in inner.axes]
        return elementwise(
            lambda *at: inner.entry(*(sp.expand(p + lo) for p, lo in zip(at, starts, strict=True))), *places
        )

    _guarded = _gather

    def _diagonal(self, _: Node, args: list[Array]) -> Array:
        return einsum(["ii"], "i", args[0])

    def _full(self, n: Node, args: list[Array]) -> Array:
        return Array((Axis(_ONE, n.shape[0]),), lambda _: args[0].entry())

    def _broadcast(self, n: Node, args: list[Array]) -> Array:
        (inner,) = args
        axes = tuple(Axis(_ONE, size) for size in n.shape)
        return Array(axes, lambda *i: inner.at(axes, i) if inner.axes else inner.entry())
