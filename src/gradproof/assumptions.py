"""Assumptions: SymPy relations over index templates, and what each of them says.

- ``Eq(S[i, j], S[j, i])``: entries of S with those indices exchanged are equal;
- ``Eq(Sum(y[k], k), 1)``, ``Eq(Sum(x[d]**2, d), 1)``: that sum has a value;
- ``Eq(Sum(x[i]*y[i], i), 2)``, ``Eq(Sum(P[i, j], i, j), 1)``: any sum without a free index has a value;
- ``Eq(Sum(U[k, i]*U[k, j], k), KroneckerDelta(i, j))``: the columns of U are orthonormal;
- ``Eq(y[n]**2, 1)``, ``Eq(Abs(y[n]), 1)``: an entry is one of two numbers, as is one with ``Eq(y[n]**2, y[n])``;
- ``Ge(y[n], 1)``, ``Le(y[n], K)`` of an array of whole numbers: its range;
- ``Eq(entry or symbol, expression)``: the left side has that value (definitions are such);
- ``Gt(x, 0)``, ``Gt(x[i], 0)`` (or ``<``): the sign is known;
- ``Lt(a, 1)``, ``Ge(s, t)`` without an index: the order is known;
- anything else, such as ``Ne``, restricts the points that are tried, and proves nothing.

An index of a template stands for every value in its range, and for nothing outside it; an
integer symbol that is declared positive is a size, not an index.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp
from sympy.core.relational import Relational

from gradproof.lines import head
from gradproof.notation import NotationError, read

__all__ = ["Facts", "SumFact", "Template", "facts", "read_assumption", "read_assumptions"]

Template = tuple[sp.Basic, ...]


def read_assumptions(relations: object) -> tuple[Relational, ...]:
    """Checked assumptions; one relation stands for itself alone."""
    if isinstance(relations, (Relational, bool, sp.logic.boolalg.BooleanAtom)):
        relations = (relations,)
    if not isinstance(relations, Iterable) or isinstance(relations, str):
        raise NotationError(f"the assumptions {relations!r} are not a list of relations, such as [Gt(s, 0)]")
    return tuple(map(read_assumption, relations))


def read_assumption(relation: object) -> Relational:
    """A checked assumption; raises NotationError for anything but a relation."""
    if relation in (sp.true, True):
        return sp.Eq(sp.Integer(0), 0, evaluate=False)
    if relation in (sp.false, False):
        return sp.Eq(sp.Integer(0), 1, evaluate=False)
    if not isinstance(relation, Relational):
        raise NotationError(f"the assumption {relation} is not a relation, such as Eq(S[i, j], S[j, i]) or Gt(s, 0)")
    left, right = (read(side, f"a side of the assumption {relation}") for side in relation.args)
    return relation.func(left, right, evaluate=False)


@dataclass(frozen=True)
class SumFact:
    """Σ over `axis` from lo to hi of entry**power is `value`; the other indices are those of `template`."""

    axis: int
    power: int
    lo: sp.Expr
    hi: sp.Expr
    template: Template
    value: sp.Expr


@dataclass
class Facts:
    """What relations say, by the array or symbol that they speak of."""

    values: dict[sp.Basic, tuple[Template, sp.Expr]] = field(default_factory=dict)
    swaps: dict[sp.Basic, tuple[Template, tuple[tuple[int, ...], ...]]] = field(default_factory=dict)
    sums: dict[sp.Basic, SumFact] = field(default_factory=dict)
    positive: dict[sp.Basic, Template] = field(default_factory=dict)
    roots: dict[sp.Basic, tuple[Template, tuple[sp.Rational, sp.Rational]]] = field(default_factory=dict)
    spans: dict[sp.Basic, tuple[Template, list[sp.Expr | None]]] = field(default_factory=dict)
    columns: dict[sp.Basic, SumFact] = field(default_factory=dict)
    totals: list[tuple[sp.Sum, sp.Expr]] = field(default_factory=list)
    signs: list[tuple[sp.Expr, bool]] = field(default_factory=list)


def facts(relations: Sequence[Relational]) -> Facts:
    """What each relation says; a relation of no known shape says nothing here."""
    found = Facts()
    for relation in relations:
        left, right = relation.args
        if isinstance(relation, sp.Eq):
            if not _equation(found, left, right):
                _equation(found, right, left)
        elif isinstance(relation, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            strict = isinstance(relation, (sp.Gt, sp.Lt))
            template = _template(relation.gts)
            if strict and relation.lts == 0 and template is not None:
                found.positive[head(relation.gts)] = template
            _range(found, relation.gts, 0, relation.lts + int(strict))
            _range(found, relation.lts, 1, relation.gts - int(strict))
            if not any(_is_index(s) for s in relation.free_symbols):
                found.signs.append((relation.gts - relation.lts, strict))
    return found


def _is_index(s: sp.Basic) -> bool:
    return isinstance(s, sp.Idx) or (isinstance(s, sp.Symbol) and s.is_integer is True and not s.is_positive)


def _template(e: sp.Basic) -> Template | None:
    """The indices of a symbol or entry, if they are distinct and free to take any value."""
    indices = tuple(getattr(e, "indices", ()))
    free = all(isinstance(i, sp.Idx) or (isinstance(i, sp.Symbol) and not i.is_positive) for i in indices)
    known = isinstance(e, (sp.Symbol, sp.Indexed)) and not isinstance(e, sp.Idx)
    return indices if known and free and len(set(indices)) == len(indices) else None


def _range(found: Facts, e: sp.Expr, end: int, bound: sp.Expr) -> None:
    """Note a bound of an array of whole numbers."""
    template = _template(e)
    if template is not None and e.is_integer and not any(_is_index(s) for s in bound.free_symbols):
        _, ends = found.spans.setdefault(head(e), (template, [None, None]))
        ends[end] = bound


def _equation(found: Facts, left: sp.Expr, right: sp.Expr) -> bool:
    """Note what ``left = right`` says of its left side."""
    fixed = [f for f in sp.Mul.make_args(left) if not f.has(sp.Indexed)]
    if isinstance(left, sp.Mul) and fixed and not any(_is_index(s) for f in fixed for s in f.free_symbols):
        factor = sp.Mul(*fixed)
        return _equation(found, sp.Mul(*(f for f in left.args if f not in fixed)), right / factor)
    if isinstance(left, sp.Pow) and left.exp == sp.Rational(1, 2) and right.is_nonnegative:
        return _equation(found, left.base, right**2)
    if isinstance(left, sp.Sum) and len(left.limits) == 1:
        return _sum(found, left, right) or _columns(found, left, right) or _total(found, left, right)
    if isinstance(left, sp.Abs) and right.is_nonnegative:
        return _root(found, left.args[0], right**2)
    if isinstance(left, sp.Pow) and left.exp == 2:
        return _root(found, left.base, right)
    template = _template(left)
    if template is None:
        return False
    base = head(left)
    if isinstance(right, sp.Indexed) and right.base == base:
        return _symmetry(found, base, template, _template(right))
    if right.has(left) or any(e.base == base for e in right.atoms(sp.Indexed)):
        return False
    found.values[base] = (template, right)
    return True


def _symmetry(found: Facts, base: sp.Basic, left: Template, right: Template | None) -> bool:
    if right is None or set(left) != set(right):
        return False
    old, orders = found.swaps.get(base, (left, ()))
    if [getattr(i, "args", i) for i in old] != [getattr(i, "args", i) for i in left]:
        return False
    group = {tuple(range(len(left))), tuple(left.index(i) for i in right), *orders}
    while True:  # all that the permutations generate
        grown = group | {tuple(a[b] for b in c) for a, c in itertools.product(group, group)}
        if grown == group:
            break
        group = grown
    found.swaps[base] = (left, tuple(sorted(group)))
    return True


def _root(found: Facts, entry: sp.Expr, square: sp.Expr) -> bool:
    """Note that an entry is one of two numbers, which are known by their square."""
    template = _template(entry)
    root = sp.sqrt(square)
    if template is None or not (square == entry or root.is_Rational):
        return False
    found.roots[head(entry)] = (template, (sp.Integer(1), sp.Integer(0)) if square == entry else (root, -root))
    return True


def _total(found: Facts, left: sp.Sum, right: sp.Expr) -> bool:
    """Note the value of a sum that leaves no index free."""
    bound = {limit[0] for total in left.atoms(sp.Sum) for limit in total.limits}
    if any(_is_index(s) for s in (left.free_symbols | right.free_symbols) - bound):
        return False
    found.totals.append((left, right))
    return True


def _columns(found: Facts, left: sp.Sum, right: sp.Expr) -> bool:
    """Note that the columns (or rows) of a matrix are orthonormal."""
    ((index, lo, hi),) = left.limits
    entries = sp.Mul.make_args(left.function)
    if len(entries) != 2 or not all(isinstance(e, sp.Indexed) and len(e.indices) == 2 for e in entries):
        return False
    one, other = entries
    axes = [n for n in (0, 1) if one.indices[n] == other.indices[n] == index]
    if one.base != other.base or len(axes) != 1:
        return False
    free = (one.indices[1 - axes[0]], other.indices[1 - axes[0]])
    if right != sp.KroneckerDelta(*free) or not all(isinstance(i, sp.Idx) for i in free):
        return False
    found.columns[one.base] = SumFact(axes[0], 2, lo, hi, free, right)
    return True


def _sum(found: Facts, left: sp.Sum, right: sp.Expr) -> bool:
    entry, power = left.function, 1
    if isinstance(entry, sp.Pow) and entry.exp == 2:
        entry, power = entry.base, 2
    if not isinstance(entry, sp.Indexed):
        return False
    ((index, lo, hi),) = left.limits
    axes = [n for n, i in enumerate(entry.indices) if i == index]
    others = tuple(i for i in entry.indices if i != index)
    free = all(isinstance(i, sp.Idx) or (isinstance(i, sp.Symbol) and not i.is_positive) for i in others)
    if len(axes) != 1 or not free or len(set(others)) != len(others) or any(right.has(i) for i in others):
        return False
    found.sums[entry.base] = SumFact(axes[0], power, lo, hi, others, right)
    return True
