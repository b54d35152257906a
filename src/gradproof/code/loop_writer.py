"""Nests of loops as lines of Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

import sympy as sp

from gradproof.code.arguments import Argument
from gradproof.code.array_source import size_expression
from gradproof.code.assignments import name_of
from gradproof.code.flat import Span, entry, reads
from gradproof.code.fusion import Leaf, Loop, Nest
from gradproof.code.scalar_code import ScalarCode
from gradproof.forms.python_nodes import safe_name
from gradproof.lines import replaced

__all__ = ["SCRATCH", "LoopWriter"]

BLOCK = 4096  # so many terms are added up before they are added to a total, whose digits they would not reach
SCRATCH = "scratch"
_LETTERS = "rstuvgqfcd"
_RESERVED = {
    SCRATCH,
    "label",
    "np",
    "math",
    "numba",
    "range",
    "min",
    "max",
    "abs",
    "float",
    "start",
    "stop",
    "ValueError",
}

Node = Loop | Leaf


class LoopWriter:
    """The lines of a function's body.

    arguments: what is given.  written: the names that the lines of the program have, in their order.
    given: the arrays among them that are filled.  room: how many numbers all others need, which are parts of one array.
    """

    def __init__(self, nest: Nest, arguments: Sequence[Argument], written: Sequence[str], given: Sequence[str]) -> None:
        self.nest, self.given, self.room = nest, given, sp.Integer(0)
        self.taken = _RESERVED | {a.parameter for a in arguments} | {s for a in arguments for s in a.size_names}
        self.taken |= {safe_name(n) for n in written}
        self.names = {a.name: a.parameter for a in arguments}
        self.letters: dict[sp.Basic, str] = {}
        self._name_loops(nest.nodes, ())
        self.taken |= set(self.letters.values())
        self.into = _in_place(nest, set(written))
        starts: dict[str, Sequence[sp.Expr]] = {a.name: [lo for lo, _ in a.spans] for a in arguments}
        for leaf in nest.leaves.values():
            s = leaf.statement
            self.names[s.name] = safe_name(s.name) if s.name in written else self._new(s.name, leaf)
            starts[s.name] = [s.spans[i][0] for i in nest.kept[s.name]]
        for name_, other in self.into.items():
            self.names[name_] = self.names[other]
        self.code = ScalarCode(self.names, starts)
        self.values: dict[sp.Basic, sp.Expr] = {
            loop.index: sp.Symbol(self.letters[loop.index], integer=True) + loop.span[0]
            for leaf in nest.leaves.values() for loop in leaf.path
        }  # fmt: skip
        self.written = [n for n in written if n in nest.leaves]
        self.parts: dict[tuple[Leaf, int], str] = {}

    def lines(self) -> list[str]:
        """All lines, without indentation of their own."""
        found: list[str] = []
        for node in self.nest.nodes:
            leaves = list(_leaves([node]))
            if isinstance(node, Loop):
                names = [leaf.statement.name for leaf in leaves]
                shown = [n for n in self.written if n in names] or [n for n in names if "@" not in n]
                found.append(
                    f"# over {self.letters[node.index]}: {', '.join(dict.fromkeys(self.names[n] for n in shown))}"
                )
            found += [line for leaf in leaves for line in self._allocated(leaf)]
            found += self._node(node, 0)
        return found

    # -- names ------------------------------------------------------------------------------------
    def _name_loops(self, nodes: Sequence[Node], around: tuple[str, ...]) -> None:
        for node in nodes:
            if isinstance(node, Loop):
                letter = safe_name(node.index.name) or "i"
                while letter in self.taken or letter in around:
                    letter += "_"
                self.letters[node.index] = letter
                self._name_loops(node.inside, (*around, letter))

    def _new(self, label: str, leaf: Leaf) -> str:
        """A name for a quantity that has none in the formulas: x_p for an entry, or a letter."""
        base, at, _ = label.partition("@")
        entry = leaf.statement.body
        if at and base:
            base = f"{safe_name(base)}_{''.join(self.letters.get(i, '') for i in entry.indices)}".rstrip("_")
        choices = [base] if base else [*_LETTERS]
        found = next(n for n in chain(choices, (f"{c}{k}" for k in count(1) for c in choices)) if n not in self.taken)
        self.taken.add(found)
        return found

    # -- loops ------------------------------------------------------------------------------------
    def _node(self, node: Node, depth: int) -> list[str]:
        if isinstance(node, Leaf):
            return self._leaf(node)
        sums = [leaf for leaf in _leaves([node]) if leaf.statement.over and leaf.start <= depth]
        totals = [leaf for leaf in sums if _run(leaf) <= depth]
        size, letter = ast.unparse(size_expression(_size(node.span))), self.letters[node.index]
        lines = [line for leaf in sums if leaf.start == depth for line in self._cleared(leaf)]
        lines += [f"{self._total(leaf, depth)} = {_FIRST[leaf.statement.kind]}" for leaf in totals]
        slices = self._slices(node) if depth == 0 and totals and not node.span[1].is_number else None
        if slices is not None:
            lines += self._in_blocks(node, totals, size, slices)
        else:
            lines.append(f"for {letter} in range({size}):")
            lines += _indented([line for inner in node.inside for line in self._node(inner, depth + 1)])
        for leaf in totals:
            lines += self._carried(leaf, depth)
        return lines

    def _slices(self, node: Loop) -> dict[sp.Indexed, tuple[str, sp.Expr]] | None:
        """The array and the shift of each entry that a loop takes along a first axis; None where it does more than that."""
        found: dict[sp.Indexed, tuple[str, sp.Expr]] = {}
        for leaf in node.inside:
            if isinstance(leaf, Loop):
                return None
            s = leaf.statement
            for e in (*sp.preorder_traversal(s.body), entry(s.name, self.nest.kept[s.name])):
                if isinstance(e, sp.Indexed) and e.has(node.index):
                    of, first = name_of(e.base), e.indices[0]
                    shift = sp.expand(first - node.index + node.span[0] - self.code.starts[of][0])
                    if sp.Tuple(shift, *e.indices[1:]).has(node.index) or not shift.is_nonnegative:
                        return None
                    found[e] = of, shift
        return found

    def _in_blocks(
        self, node: Loop, totals: Sequence[Leaf], size: str, slices: Mapping[sp.Indexed, tuple[str, sp.Expr]]
    ) -> list[str]:
        """A long pass in blocks, each with totals of its own, over slices of the arrays: so numba knows that no index is negative."""
        letter, taken = self.letters[node.index], set(self.taken)
        lines, after, parts = [f"stop = min(start + {BLOCK}, {size})"], list[str](), dict[tuple[str, sp.Expr], str]()
        for of, shift in slices.values():
            if (of, shift) not in parts:
                parts[of, shift] = part = self._unused(f"{self.names[of]}_part")
                first, last = (
                    ast.unparse(size_expression(sp.Symbol(end, integer=True) + shift)) for end in ("start", "stop")
                )
                lines.append(f"{part} = {self.names[of]}[{first}:{last}]")
                self.names[part], self.code.starts[part] = part, (node.span[0], *self.code.starts[of][1:])
        before, turn = self.values, self.values[node.index]
        own = {
            e: sp.Indexed(sp.IndexedBase(parts[at]), turn, *map(self._counted, e.indices[1:]))
            for e, at in slices.items()
        }
        self.values = {**before, node.index: turn + sp.Symbol("start", integer=True), **own}
        for leaf in totals:
            whole, kind = self._total(leaf, 0), leaf.statement.kind
            self.parts[leaf, 0] = part = self._unused(f"{whole}_part")
            lines.append(f"{part} = {_FIRST[kind]}")
            after.append(_joined(kind, whole, part))
        lines += [f"for {letter} in range(stop - start):"]
        lines += _indented([line for inner in node.inside for line in self._node(inner, 1)])
        for leaf in totals:
            del self.parts[leaf, 0]
        self.values, self.taken = before, taken  # the next pass may use the names again
        return [f"for start in range(0, {size}, {BLOCK}):", *_indented([*lines, *after])]

    def _leaf(self, leaf: Leaf) -> list[str]:
        s = leaf.statement
        if s.kind in ("inv", "det"):
            return [f"{self.names[s.name]} = np.linalg.{s.kind}({self.names.get(s.of, safe_name(s.of))})"]
        body = ast.unparse(self.code.real(self._counted(s.body)))
        if not s.over:
            return [f"{self._target(leaf)} = {body}"]
        depth = len(leaf.path) - 1
        target = self._total(leaf, depth) if _run(leaf) <= depth else self._target(leaf)
        return [_joined(s.kind, target, body)]

    def _counted(self, e: Any) -> Any:
        """An expression in which each index counts from the first turn of its loop."""
        return replaced(e, self.values)

    # -- totals -----------------------------------------------------------------------------------
    def _total(self, leaf: Leaf, depth: int) -> str:
        """What a sum adds up in, within one turn of the loops outside of `depth`."""
        if (leaf, depth) not in self.parts:
            s = leaf.statement
            own = _run(leaf) == leaf.start == depth and not self.nest.kept[s.name]
            self.parts[leaf, depth] = (
                self.names[s.name]
                if own
                else self._unused(f"{self.names[s.name]}_{self.letters[leaf.path[depth].index]}")
            )
        return self.parts[leaf, depth]

    def _unused(self, base: str) -> str:
        found = next(n for n in chain([base], (f"{base}{k}" for k in count(1))) if n not in self.taken)
        self.taken.add(found)
        return found

    def _carried(self, leaf: Leaf, depth: int) -> list[str]:
        """What is done with a total after its loop."""
        kind, total = leaf.statement.kind, self._total(leaf, depth)
        if depth > _run(leaf):
            return [_joined(kind, self._total(leaf, depth - 1), total)]
        if depth > leaf.start:
            return [_joined(kind, self._target(leaf), total)]
        target = self._target(leaf)
        return [] if target == total else [f"{target} = {total}"]

    # -- arrays -----------------------------------------------------------------------------------
    def _target(self, leaf: Leaf) -> str:
        s = leaf.statement
        kept = self.nest.kept[s.name]
        if not kept:
            return self.names[s.name]
        return ast.unparse(self.code.value(self._counted(entry(s.name, kept))))

    def _allocated(self, leaf: Leaf) -> list[str]:
        s = leaf.statement
        kept = self.nest.kept[s.name]
        if not kept or s.kind == "inv" or s.name in self.into.values():
            return []
        own, filled = self.names[s.name], bool(s.over) and _run(leaf) != leaf.start and self._is_clear(leaf)
        clear = [f"{own}[{', '.join(':' for _ in kept)}] = {_FIRST[s.kind]}"] if filled else []
        if own in self.given:
            return clear
        sizes = [_size(s.spans[i]) for i in kept]
        first, self.room = self.room, sp.expand(self.room + sp.prod(sizes))
        start, stop, *shape = (ast.unparse(size_expression(e)) for e in (first, self.room, *sizes))
        part = f"{SCRATCH}[{start if first != 0 else ''}:{stop}]"
        return [f"{own} = {part}" + (f".reshape({', '.join(shape)})" if len(shape) > 1 else ""), *clear]

    def _is_clear(self, leaf: Leaf) -> bool:
        """Whether each entry is added up but once, so that the array may be filled when it is made."""
        return {loop.index for loop in leaf.path[: leaf.start]} <= set(self.nest.kept[leaf.statement.name])

    def _cleared(self, leaf: Leaf) -> list[str]:
        """A line that begins a sum in an array."""
        if _run(leaf) == leaf.start or self._is_clear(leaf):
            return []
        s = leaf.statement
        outside = {loop.index for loop in leaf.path[: leaf.start]}
        places = [self.letters[i] if i in outside else ":" for i in self.nest.kept[s.name]]
        return [f"{self.names[s.name]}[{', '.join(places)}] = {_FIRST[s.kind]}"]


_FIRST: Mapping[str, str] = {"sum": "0.0", "max": "-np.inf"}


def _joined(kind: str, total: str, value: str) -> str:
    return f"{total} += {value}" if kind == "sum" else f"{total} = max({total}, {value})"


def _run(leaf: Leaf) -> int:
    """Where the loops begin that end the path and are all summed over."""
    n = len(leaf.path)
    while n and leaf.path[n - 1].index in leaf.statement.over:
        n -= 1
    return n


def _size(span: Span) -> sp.Expr:
    return sp.expand(span[1] - span[0] + 1)


def _leaves(nodes: Sequence[Node]) -> Iterator[Leaf]:
    for node in nodes:
        if isinstance(node, Leaf):
            yield node
        else:
            yield from _leaves(node.inside)


def _in_place(nest: Nest, written: set[str]) -> dict[str, str]:
    """Sums that one array is made of, entry by entry, and that nothing else reads: they are added up in that array."""
    readers: dict[str, list[tuple[Leaf, Any]]] = {}
    for leaf in nest.leaves.values():
        for other, node in reads(leaf.statement.body, nest.leaves):
            readers.setdefault(other, []).append((leaf, node))
    found: dict[str, str] = {}
    for of, uses in readers.items():
        (leaf, node), *more = uses
        s, kept = nest.leaves[of].statement, nest.kept[leaf.statement.name]
        if not more and s.over and of not in written and nest.kept[of] and leaf.statement.kind == "equal":
            same = kept == leaf.statement.axes == node.indices and len(nest.kept[of]) == len(s.axes)
            if same and name_of(node.base) == of and leaf.statement.name not in found.values():
                found[of] = leaf.statement.name
    return found


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
