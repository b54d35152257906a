"""Statements in as few loops as their order allows.

Statements over one range share a loop if each value that one of them reads in it was computed in the same turn.  Such a
quantity needs no axis for this loop; without any axis left it is a number.  What does not depend on a loop is
computed before it, and what is used twice in one place is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from gradproof.code.flat import Span, Statement, entry, parts, reads
from gradproof.lines import Bound, head, index_name, renamed, replaced, times

__all__ = ["Leaf", "Loop", "Nest", "nested"]


@dataclass(eq=False)
class Loop:
    """A loop: its index, the range, and what is done in each turn."""

    index: sp.Symbol
    span: Span
    inside: list[Loop | Leaf] = field(default_factory=list)


@dataclass(eq=False)
class Leaf:
    """One statement, with the loops around it as its indices."""

    statement: Statement
    path: tuple[Loop, ...]

    @property
    def start(self) -> int:
        """How many loops are round the place where its value is complete."""
        over = set(self.statement.over)
        return next((n for n, loop in enumerate(self.path) if loop.index in over), len(self.path))


@dataclass
class Nest:
    """The loops of a program; kept: the axes of each quantity that it is stored with."""

    nodes: list[Loop | Leaf]
    leaves: dict[str, Leaf]
    kept: dict[str, tuple[sp.Basic, ...]]


def nested(statements: Sequence[Statement], outputs: Sequence[str]) -> Nest:
    """Loops for statements, each of which comes after what it reads."""
    nodes = _scheduled(list(statements), ())
    leaves = {leaf.statement.name: leaf for leaf in _leaves(nodes)}
    nest = Nest(nodes, leaves, _kept(leaves, set(outputs)))
    for leaf in leaves.values():
        values = {}
        for name, node in reads(leaf.statement.body, leaves):
            s = leaves[name].statement
            places = [n for n, i in enumerate(s.axes) if i in nest.kept[name]]
            values[node] = entry(name, [node.indices[n] for n in places]) if s.axes else node
        leaf.statement = replace(leaf.statement, body=replaced(leaf.statement.body, values))
    _Hoisting(nest).everywhere(nodes)
    return nest


# -- which statements share a loop ----------------------------------------------------------------
def _scheduled(statements: list[Statement], path: tuple[Loop, ...]) -> list[Loop | Leaf]:
    """Loops for statements; those round them are in `path`."""
    outer = {loop.index for loop in path}
    found: list[Loop | Leaf] = []
    todo = list(statements)
    while todo:
        names = {s.name for s in todo}
        ready = [s for s in todo if not _needed(s, names)]
        done = next((s for s in ready if not _open(s, outer)), None)
        if done is not None:
            found.append(Leaf(done, path))
            todo.remove(done)
            continue
        first = ready[0]
        groups = [_group(first, index, todo, outer) for index in _outermost(first, outer)]
        chosen = max(groups, key=len)  # the first of the largest
        index = chosen[first.name]
        loop = Loop(sp.Dummy(_letter(index), integer=True), first.spans[index])
        inside = [_with_loop(s, chosen[s.name], loop) for s in todo if s.name in chosen]
        todo = [s for s in todo if s.name not in chosen]
        loop.inside = _scheduled(inside, (*path, loop))
        found.append(loop)
    return found


def _open(s: Statement, outer: set[sp.Basic]) -> list[sp.Basic]:
    """The indices of a statement that have no loop yet."""
    return [] if s.kind in ("inv", "det") else [i for i in s.indices if i not in outer]


def _needed(s: Statement, names: set[str]) -> set[str]:
    """Those of the names that a statement reads."""
    return {name for name, _ in reads(s.body, names)} | ({s.of} & names)


def _outermost(s: Statement, outer: set[sp.Basic]) -> list[sp.Basic]:
    """The indices that may have the outermost of the loops that are missing: not that along which memory is read."""
    left = _open(s, outer)
    if len(left) < 2:
        return left
    nodes = [*s.body.atoms(sp.Indexed), entry(s.name, s.axes)]
    counts = {
        i: sum(len(n.indices) ** 2 for n in nodes if isinstance(n, sp.Indexed) and n.indices[-1].has(i)) for i in left
    }
    inner = max(reversed(left), key=lambda i: counts[i])
    return [i for i in left if i != inner]


def _group(first: Statement, index: sp.Basic, todo: Sequence[Statement], outer: set[sp.Basic]) -> dict[str, sp.Basic]:
    """The statements that can share a loop over an index of the first, each with its own index for it."""
    group = {first.name: index}
    members = {first.name: first}
    names = {s.name for s in todo}
    for s in todo:
        needed = _needed(s, names)
        if s.name in group or not needed <= group.keys() or s.of in group:
            continue
        span = first.spans[index]
        for own in sorted(_outermost(s, outer), key=lambda i: _letter(i) != _letter(index)):
            if s.spans[own] == span and all(
                group[name] in members[name].axes and node.indices[members[name].axes.index(group[name])] == own
                for name, node in reads(s.body, needed)
            ):
                group[s.name], members[s.name] = own, s
                break
    return group


def _with_loop(s: Statement, index: sp.Basic, loop: Loop) -> Statement:
    """A statement whose index is that of a loop."""
    swap = {index: loop.index}
    axes, over = (tuple(swap.get(i, i) for i in indices) for indices in (s.axes, s.over))
    spans = {swap.get(i, i): span for i, span in s.spans.items()}
    return replace(s, axes=axes, over=over, body=replaced(s.body, swap), spans=spans)


def _letter(index: sp.Basic) -> str:
    """The letter that an index was written with."""
    origin = index.origin if isinstance(index, Bound) else index
    return index_name(origin).strip("_'")


def _leaves(nodes: Sequence[Loop | Leaf]) -> Iterator[Leaf]:
    for node in nodes:
        if isinstance(node, Leaf):
            yield node
        else:
            yield from _leaves(node.inside)


def _kept(leaves: Mapping[str, Leaf], outputs: set[str]) -> dict[str, tuple[sp.Basic, ...]]:
    """The axes that a quantity is stored with: not those of loops that all who read it are in."""
    kept = {name: set(leaf.statement.axes) if name in outputs else set() for name, leaf in leaves.items()}
    for leaf in leaves.values():
        around = {loop.index for loop in leaf.path}
        for name, _ in reads(leaf.statement.body, leaves):
            kept[name] |= {i for i in leaves[name].statement.axes if i not in around}
        if leaf.statement.of in leaves:
            kept[leaf.statement.of] |= set(leaves[leaf.statement.of].statement.axes)
    for name, leaf in leaves.items():
        if leaf.statement.kind == "inv":
            kept[name] = set(leaf.statement.axes)
    return {name: tuple(i for i in leaf.statement.axes if i in kept[name]) for name, leaf in leaves.items()}


# -- what is computed before a loop, and once ------------------------------------------------------
class _Hoisting:
    """Gives names to what does not depend on the loop that it stands in, and to what stands there twice."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        self.hoisted: dict[tuple[int, sp.Expr], str] = {}

    def everywhere(self, nodes: list[Loop | Leaf], path: tuple[Loop, ...] = ()) -> None:
        """Treat the statements in these loops."""
        for node in list(nodes):
            if isinstance(node, Loop):
                self.everywhere(node.inside, (*path, node))
        for leaf in [n for n in nodes if isinstance(n, Leaf)] if path else []:
            self._set(leaf, self._without_constants(leaf.statement.body, leaf.path, whole=True))
        self._once(nodes, path)

    @staticmethod
    def _set(leaf: Leaf, body: sp.Expr) -> None:
        leaf.statement = replace(leaf.statement, body=body)

    def _depth(self, e: sp.Basic, path: tuple[Loop, ...]) -> int:
        """How many of the loops an expression depends on."""
        depth = max((n + 1 for n, loop in enumerate(path) if e.has(loop.index)), default=0)
        for name, _ in reads(e, self.nest.leaves):
            leaf = self.nest.leaves[name]
            shared = sum(a is b for a, b in zip(leaf.path[: leaf.start], path, strict=False))
            depth = max(depth, shared)
        return depth

    def _without_constants(self, e: Any, path: tuple[Loop, ...], whole: bool = False) -> Any:
        """An expression in which what is constant in the innermost loop has a name."""
        if not e.args or isinstance(e, sp.Idx) or (isinstance(e, sp.Expr) and e.is_number):
            return e
        if self._depth(e, path) < len(path) and isinstance(e, sp.Expr) and not e.is_integer:
            if isinstance(e, sp.Pow) and e.exp.could_extract_minus_sign():  # what is divided by stays below
                return 1 / self._without_constants(1 / e, path)
            if isinstance(e, sp.Mul) and len(e.args) == 2 and e.args[0] == -1:
                return -self._without_constants(-e, path)
            return e if whole and isinstance(e, sp.Indexed) else self._named(e, path)
        if not parts(e):
            return e
        if isinstance(e, sp.Mul):
            e = self._grouped(e, path)
        args = [self._without_constants(a, path) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)

    def _grouped(self, e: sp.Mul, path: tuple[Loop, ...]) -> sp.Expr:
        """A product in which the constant factors are one, and those that it is divided by."""
        above, below, rest = [], [], []
        for f in e.args:
            if self._depth(f, path) == len(path):
                rest.append(f)
            elif isinstance(f, sp.Pow) and f.exp.could_extract_minus_sign():
                below.append(f)
            else:
                above.append(f)
        if len(above) > 1 and not times(*above).is_number:
            above = [self._named(times(*above), path)]
        if len(below) > 1:
            below = [1 / self._named(times(*(1 / f for f in below)), path)]
        return times(*above, *below, *rest)

    def _named(self, e: sp.Expr, path: tuple[Loop, ...]) -> sp.Expr:
        return sp.Symbol(self._name(e, path))

    def _name(self, e: sp.Expr, path: tuple[Loop, ...]) -> str:
        """The name of a constant, which is computed before the outermost loop that it does not depend on."""
        depth = self._depth(e, path)
        around = path[:depth]
        scope = around[-1].inside if around else self.nest.nodes
        key = (id(scope), e)
        if key not in self.hoisted:
            self.hoisted[key] = self._insert(scope, scope.index(path[depth]), e, around)
        return self.hoisted[key]

    def _insert(self, scope: list[Loop | Leaf], place: int, e: sp.Expr, around: tuple[Loop, ...]) -> str:
        """The name of a new number, computed at a place."""
        base = str(getattr(head(e), "label", "")) if isinstance(e, sp.Indexed) else ""
        name = f"{base}@{len(self.nest.leaves)}"
        leaf = Leaf(Statement(name, tuple(loop.index for loop in around), (), e, {}), around)
        scope.insert(place, leaf)
        self.nest.leaves[name], self.nest.kept[name] = leaf, ()
        return name

    def _once(self, nodes: list[Loop | Leaf], path: tuple[Loop, ...]) -> None:
        """Name what stands more than once in one place."""
        while True:
            counts: dict[sp.Expr, int] = {}
            here = [n for n in nodes if isinstance(n, Leaf)]
            for leaf in here:
                for node in _unconditional(leaf.statement.body):
                    if _is_long(node):
                        counts[node] = counts.get(node, 0) + 1
            repeated = [e for e, n in counts.items() if n > 1]
            if not repeated:
                return
            chosen = max(repeated, key=lambda e: (sp.count_ops(e), str(e)))
            first = next(leaf for leaf in here if chosen in _unconditional(leaf.statement.body))
            if (
                first.statement.body == chosen
                and first.statement.kind == "equal"
                and not self.nest.kept[first.statement.name]
            ):
                symbol = sp.Symbol(first.statement.name)  # it has a name already
            else:
                symbol = sp.Symbol(self._insert(nodes, nodes.index(first), chosen, path))
                self._set(first, replaced(first.statement.body, {chosen: symbol}))
            for leaf in here[here.index(first) + 1 :]:
                self._set(leaf, replaced(leaf.statement.body, {chosen: symbol}))


def _unconditional(e: sp.Basic) -> Iterator[Any]:
    """The parts of an expression that are always computed, and itself."""
    yield e
    for a in parts(e):
        yield from _unconditional(a)


def _is_long(e: sp.Basic) -> bool:
    return (
        isinstance(e, sp.Expr)
        and bool(e.args)
        and not isinstance(e, sp.Indexed)
        and not e.is_integer
        and sp.count_ops(e) > 1
    )
