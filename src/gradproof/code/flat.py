"""Lines without nested sums: each sum, largest value, inverse and shared function becomes a statement of its own.

A statement says what one quantity is for all values of its indices: `name[axes] = body`, or the sum or the largest
value of the body over further indices.  Bodies are pointwise, so that statements over one range can share a loop.
Equal sums and functions are found up to the letters of their indices.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any, Literal

import sympy as sp

from gradproof.code.assignments import Assignment, name_of
from gradproof.elementary import ELEMENTARY, SPELLED_OUT, piecewise
from gradproof.forms.python_nodes import safe_name
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import head, renamed, replaced, summed, times
from gradproof.precision.rewriting import Largest

__all__ = ["Span", "Statement", "entry", "flattened", "parts", "reads"]

Span = tuple[sp.Expr, sp.Expr]
Spans = Mapping[sp.Basic, Span]
Kind = Literal["equal", "sum", "max", "inv", "det"]

_ZERO = sp.Integer(0)
_COSTLY = (*ELEMENTARY, *SPELLED_OUT)
_BRANCHING = (sp.Piecewise, sp.Heaviside, sp.KroneckerDelta)
_ANY_ORDER = (sp.Add, sp.Mul, sp.Max, sp.Min, sp.And, sp.Or, sp.Eq, sp.Ne, sp.KroneckerDelta)


@dataclass(frozen=True)
class Statement:
    """name[axes] = body; or the sum, or the largest value, of the body over further indices.

    of: the matrix of which it is the inverse or the determinant.
    """

    name: str
    axes: tuple[sp.Basic, ...]
    over: tuple[sp.Basic, ...]
    body: sp.Expr
    spans: Spans
    kind: Kind = "equal"
    of: str = ""

    @property
    def indices(self) -> tuple[sp.Basic, ...]:
        return (*self.axes, *self.over)


def entry(name: str, indices: Sequence[sp.Basic]) -> sp.Expr:
    """An entry of a quantity, or a number without indices."""
    return sp.Indexed(sp.IndexedBase(name), *indices) if indices else sp.Symbol(name)


def reads(e: sp.Basic, names: Container[str]) -> Iterator[tuple[str, sp.Expr]]:
    """The quantities of these names that an expression reads, with the node that does."""
    if isinstance(e, sp.Symbol):
        if type(e) is sp.Symbol and e.name in names:  # a bound index is called like what it is not
            yield e.name, e
    elif isinstance(e, sp.Indexed):
        if name_of(e.base) in names:
            yield name_of(e.base), e
        for i in e.indices:
            yield from reads(i, names)
    elif not isinstance(e, sp.Idx):
        for a in e.args:
            yield from reads(a, names)


def parts(e: sp.Basic) -> tuple[sp.Basic, ...]:
    """The parts of an expression that have a value wherever it has one: none of what branches."""
    if isinstance(e, (*_BRANCHING, sp.Indexed, sp.Idx)) or (
        isinstance(e, sp.Mul) and e.atoms(sp.KroneckerDelta) & set(e.args)
    ):
        return ()
    found: tuple[sp.Basic, ...] = e.args
    return found


def flattened(lines: Sequence[Assignment], taken: Iterable[str]) -> list[Statement]:
    """The statements of a program, each after what it reads.  taken: names that no new quantity may have."""
    flat = _Flat({*taken, *(a.name for a in lines), *(safe_name(a.name) for a in lines)})
    for a in lines:
        flat.line(a)
    return _Shared(flat).found


class _Flat:
    """Collects statements; `known` finds a quantity by what it is, `same` by another name of it."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.found: list[Statement] = []
        self.known: dict[Any, tuple[str, tuple[int, ...]]] = {}
        self.labels: dict[sp.Basic, str] = {}
        self.same: dict[str, tuple[tuple[sp.Basic, ...], sp.Expr]] = {}

    def line(self, a: Assignment) -> None:
        """The statements of a line."""
        spans = {i: a.spans[i] for i in a.indices}
        outer = _outermost(a.body)
        self.labels = {outer[0]: a.name} if len(outer) == 1 else {}
        if isinstance(a.body, (sp.Sum, Largest)):
            body = self.reduced(a.body, spans, sp.true, a)
        else:
            body = self.value(a.body, spans, sp.true)
        if a.kind not in ("loss", "gradient") and _is_entry(body, a.indices):
            self.same[a.name] = a.indices, body
        elif body != entry(a.name, a.indices):
            self.found.append(Statement(a.name, a.indices, (), body, spans))

    # -- expressions ----------------------------------------------------------------------------
    def value(self, e: Any, spans: Spans, guard: Any) -> Any:
        """A pointwise expression that is equal where the guard holds; sums in it become statements."""
        match e:
            case sp.Indexed() if isinstance(e.base, InverseBase):
                return entry(self._matrix("inv", e.base.of, e.base.span), e.indices)
            case Determinant():
                return entry(self._matrix("det", e.of, e.span), ())
            case sp.Sum() | Largest():
                return self.reduced(e, spans, guard)
            case sp.Piecewise():
                return self._branches(e, spans, guard)
        if isinstance(e, (sp.Indexed, sp.Symbol)) and name_of(head(e)) in self.same:
            indices, body = self.same[name_of(head(e))]
            return replaced(body, dict(zip(indices, getattr(e, "indices", ()), strict=True)))
        if not e.args or e in spans or isinstance(e, (sp.Indexed, sp.Idx)):
            return e
        args = [self.value(a, spans, guard) for a in e.args]
        if isinstance(e, sp.Mul):
            signs = [-1 for a in args if _is_turned(a)]
            return times(*signs, *(-a if _is_turned(a) else a for a in args))
        if isinstance(e, sp.Pow) and args[1].is_Integer and args[1] % 2 == 0 and _is_turned(args[0]):
            args[0] = -args[0]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)

    def _branches(self, e: sp.Piecewise, spans: Spans, guard: Any) -> sp.Expr:
        rows, before = [], guard
        for value, condition in e.args:
            holds = self.value(condition, spans, before)
            inside = before if holds == sp.true else sp.And(before, holds, evaluate=False)
            rows.append((self.value(value, spans, inside), holds))
            before = sp.And(before, sp.Not(holds), evaluate=False)
        return piecewise(*rows)

    def _matrix(self, kind: Literal["inv", "det"], of: sp.IndexedBase, span: Span) -> str:
        """The name of a matrix' inverse or determinant."""
        if (kind, of) not in self.known:
            name, axes = (
                self.new(f"{kind}_{name_of(of)}"),
                sp.symbols("row column", integer=True) if kind == "inv" else (),
            )
            self.found.append(Statement(name, tuple(axes), (), _ZERO, dict.fromkeys(axes, span), kind, name_of(of)))
            self.known[kind, of] = name, ()
        return self.known[kind, of][0]

    # -- sums and largest values ----------------------------------------------------------------
    def reduced(self, e: Any, spans: Spans, guard: Any, line: Assignment | None = None) -> Any:
        """What stands for a sum or a largest value: an entry of a statement's quantity."""
        kind: Kind = "sum" if isinstance(e, sp.Sum) else "max"
        body, over = _opened(e)
        if kind == "sum":
            split = _split(body, over, {**spans, **over})
            if split is not None:
                return self.value(split, spans, guard)
        body = self.value(body, {**spans, **over}, guard)
        for index in [i for i in over if not body.has(i)]:
            lo, hi = over.pop(index)
            body = times(hi - lo + 1, body) if kind == "sum" else body
        if not over:
            return body
        if guard != sp.true:
            body = piecewise((body, guard), (_ZERO, True))
        label = f"{kind}_{self.labels[e]}" if e in self.labels else _label(kind, body)
        return self.quantity(kind, body, tuple(over), {**spans, **over}, label, line)

    def quantity(
        self, kind: Kind, body: sp.Expr, over: tuple[sp.Basic, ...], spans: Spans, label: str, line: Assignment | None
    ) -> sp.Expr:
        """The entry of a quantity, which gets a statement if there is none yet: named by the line that it is, or by the label."""
        order, key = canonical(kind, body, over, spans)
        if key in self.known:
            name, places = self.known[key]
            return entry(name, [order[n] for n in places])
        axes = in_memory_order([i for i in spans if i in order and i not in over], body)
        if line is not None and set(axes) == set(line.indices):
            name, axes = line.name, list(line.indices)
        else:
            name = self.new(label)
        self.known[key] = name, tuple(order.index(i) for i in axes)
        self.found.append(Statement(name, tuple(axes), over, body, {i: spans[i] for i in (*axes, *over)}, kind))
        return entry(name, axes)

    def new(self, label: str) -> str:
        """A name that is not taken."""
        name = next(n for n in chain([label], (f"{label}_{k}" for k in count(2))) if n not in self.taken)
        self.taken.add(name)
        return name


def _is_entry(e: sp.Expr, indices: Sequence[sp.Basic]) -> bool:
    """Whether an expression is an array's entry at all of these indices, or a number without any."""
    return isinstance(e, (sp.Indexed, sp.Symbol)) and sorted(getattr(e, "indices", ()), key=str) == sorted(
        indices, key=str
    )


def _is_turned(e: Any) -> bool:
    """Whether a difference begins with a minus sign, so that its opposite is its plain form."""
    return isinstance(e, sp.Add) and e.could_extract_minus_sign()


def _outermost(e: sp.Basic) -> list[sp.Basic]:
    """The sums and largest values in an expression that stand in no other."""
    return [e] if isinstance(e, (sp.Sum, Largest)) else [found for a in e.args for found in _outermost(a)]


def _opened(e: Any) -> tuple[sp.Expr, dict[sp.Basic, Span]]:
    """The body of nested sums, or of nested largest values, and the range of each index."""
    over: dict[sp.Basic, Span] = {}
    body = e
    while type(body) is type(e):
        body, *limit = (body.function, *body.limits[0]) if isinstance(e, sp.Sum) else body.args
        over[limit[0]] = (limit[1], limit[2])
    return body, over


def _split(body: sp.Expr, over: Mapping[sp.Basic, Span], spans: Spans) -> sp.Expr | None:
    """A sum in which a Kronecker delta leaves one term of an index; None where none does."""
    if isinstance(body, sp.Add) and any(_fixed(t, over) for t in body.args):
        return sp.Add(*(_summed(t, over) for t in body.args))
    found = _fixed(body, over)
    if found is None:
        return None
    delta, index, other = found
    (lo, hi), rest = over[index], replaced(times(*(f for f in sp.Mul.make_args(body) if f != delta)), {index: other})
    if not isinstance(other, sp.Indexed) and spans.get(other) != (lo, hi):  # a label lies in the range of its index
        rest = piecewise((rest, sp.And(sp.Ge(other, lo), sp.Le(other, hi))), (_ZERO, True))
    return _summed(rest, {i: s for i, s in over.items() if i != index})


def _fixed(term: sp.Expr, over: Container[sp.Basic]) -> tuple[sp.Expr, sp.Basic, sp.Expr] | None:
    """(a delta among the factors, the index of a sum that it fixes, and at what)."""
    for f in sp.Mul.make_args(term):
        if isinstance(f, sp.KroneckerDelta):
            for index, other in (f.args[:2], f.args[1::-1]):
                if index in over and not other.has(index):
                    return f, index, other
    return None


def _summed(body: sp.Expr, over: Mapping[sp.Basic, Span]) -> sp.Expr:
    for index, (lo, hi) in reversed(list(over.items())):
        body = summed(body, index, lo, hi)
    return body


# -- what is shared -----------------------------------------------------------------------------
class _Shared:
    """Statements in which a function that is used twice, or does not depend on all indices, has a statement of its own."""

    def __init__(self, flat: _Flat) -> None:
        self.flat = flat
        self.counts: dict[Any, int] = {}
        self.found: list[Statement] = []
        for s in flat.found:
            self._count(s.body, s.spans)
        statements, flat.found = flat.found, self.found
        for s in statements:
            body = self._value(s.body, s, whole=s.kind == "equal")
            self.found.append(replace(s, body=body))
            if s.kind == "equal" and _is_costly(s.body) and all(s.body.has(i) for i in s.axes):
                order, key = canonical("equal", s.body, (), s.spans)
                flat.known.setdefault(key, (s.name, tuple(map(order.index, s.axes))))

    def _count(self, e: Any, spans: Spans) -> None:
        if _is_inverse_root(e):
            e = renamed(e, [e.base, -e.exp])
        if _is_costly(e):
            key = canonical("equal", e, (), spans)[1]
            self.counts[key] = self.counts.get(key, 0) + 1
            for a in parts(e) if self.counts[key] == 1 else ():  # the second time the whole has a name
                self._count(a, spans)

    def _value(self, e: Any, s: Statement, whole: bool = False) -> Any:
        if not _is_costly(e):
            return e
        if _is_inverse_root(e):
            return sp.Pow(self._value(renamed(e, [e.base, -e.exp]), s), -1)
        order, key = canonical("equal", e, (), s.spans)
        if key in self.flat.known:
            name, places = self.flat.known[key]
            return entry(name, [order[n] for n in places])
        if not whole and (0 < len(order) < len(s.indices) or self.counts.get(key, 0) > 1):
            axes = in_memory_order([i for i in s.indices if i in order], e)
            new = Statement(self.flat.new(_label("equal", e)), tuple(axes), (), e, {i: s.spans[i] for i in axes})
            self.found.append(replace(new, body=self._value(e, new, whole=True)))
            self.flat.known[key] = new.name, tuple(map(order.index, axes))
            return entry(new.name, axes)
        if not parts(e):
            return e
        args = [self._value(a, s) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)


def _is_costly(e: sp.Basic) -> bool:
    """Whether a function is computed for an expression, or a power that is no product."""
    if isinstance(e, _COSTLY) or (isinstance(e, sp.Pow) and not e.exp.is_Integer):
        return True
    return not isinstance(e, (sp.Indexed, sp.Idx)) and any(map(_is_costly, e.args))


def _is_inverse_root(e: sp.Basic) -> bool:
    return isinstance(e, sp.Pow) and e.exp.is_Rational and not e.exp.is_Integer and e.exp < 0


def canonical(kind: str, e: sp.Expr, over: Container[sp.Basic], spans: Spans) -> tuple[list[sp.Basic], Any]:
    """The indices of an expression in an order that does not depend on their letters, and what tells it from others."""
    seen: dict[sp.Basic, str] = {}
    order: dict[sp.Basic, int] = {}

    def shape(node: sp.Basic) -> str:
        if node not in seen:
            inner = (
                [] if node in spans or isinstance(node, (sp.Symbol, sp.IndexedBase)) else list(map(shape, node.args))
            )
            own = f"{spans[node]}{node in over}" if node in spans else type(node).__name__ if inner else str(node)
            seen[node] = f"{own}({','.join(sorted(inner) if isinstance(node, _ANY_ORDER) else inner)})"
        return seen[node]

    def visit(node: sp.Basic) -> None:
        if node in spans:
            order.setdefault(node, len(order))
        elif not isinstance(node, (sp.Symbol, sp.IndexedBase)):
            for a in sorted(node.args, key=shape) if isinstance(node, _ANY_ORDER) else node.args:
                visit(a)

    visit(e)
    places = {i: sp.Symbol(f" {n}", integer=True) for i, n in order.items()}
    return list(order), (kind, replaced(e, places), tuple((spans[i], i in over) for i in order))


def in_memory_order(indices: Sequence[sp.Basic], e: sp.Expr) -> list[sp.Basic]:
    """Indices in the order that most suits the arrays in an expression: what stands last there comes last."""
    ranks = dict.fromkeys(indices, 0)
    for node in e.atoms(sp.Indexed):
        for place, index in enumerate(reversed(node.indices)):
            if index in ranks:
                ranks[index] = max(ranks[index], place)
    return sorted(indices, key=lambda i: -ranks[i])


def _label(kind: Kind, e: sp.Expr) -> str:
    """A readable name: tanh_h, sum_x, or term."""
    size: Callable[[sp.Indexed], tuple[int, str]] = lambda node: (len(node.indices), name_of(node.base))
    largest = max(e.atoms(sp.Indexed), key=size, default=None)
    of = safe_name(name_of(largest.base)) if largest is not None else ""
    root = isinstance(e, sp.Pow) and e.exp == sp.Rational(1, 2)
    what = (
        kind if kind != "equal" else type(e).__name__.lower() if isinstance(e, _COSTLY) else "sqrt" if root else "term"
    )
    return f"{what}_{of}" if of else what
