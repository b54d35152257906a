r"""Arrays without their last index, where it is clear what that means: norms, softmax, log-sum-exp.

\|x - c\|^2 is \sum_i (x_i - c_i)^2, where the range of i is that of the index that x has elsewhere.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy as sp

from gradproof.lines import summed
from gradproof.reading import tree
from gradproof.reading.calls import SCALARS
from gradproof.reading.heads import Head, label
from gradproof.reading.numbers import raised_number
from gradproof.reading.powers import power, quotient
from gradproof.reading.table import Range, Table

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning

__all__ = ["inner_product", "log_sum_exp", "norm_of_array", "rank_of", "softmax", "transposed", "unbold"]

ADVICE = (
    r"Write the sum, \sum_{i=1}^{n} x_i^2; or declare what x is: "
    'shapes={"x": "n"} for a vector, ranges={"i": "n"} for the index of x_i.'
)


def rank_of(table: Table, key: str) -> int:
    """How many indices an array has, as far as the texts say; 0 for a name of which nothing is known."""
    rank = table.ranks.get(key)
    if rank is None and not isinstance(table.names.get(key), sp.Symbol):
        indices = table.evidence.indices((*table.indices, *table.ranges), ())
        rank = max((len(row) for row in table.evidence.rows(key) if indices & set(row)), default=0)
    return rank or 0


def unbold(table: Table, head: Head) -> Head:
    r"""A name; \mathbf{x}_i, where x has more indices, is the row of which x_{ij} is an entry."""
    letter = head.key.removesuffix("bold")
    if letter == head.key or rank_of(table, letter) <= max(rank_of(table, head.key), len(head.indices)):
        return head
    return replace(head, key=letter)


def transposed(node: tree.Node, table: Table) -> tree.Node | None:
    r"""What x^\top, x_i^\top or (x - c)^T is the transpose of; None for anything else."""
    if not isinstance(node, tree.Scripted) or node.primes:
        return None
    above = node.above
    sign = isinstance(above, tree.Command) and above.name in ("top", "intercal")
    letter = isinstance(above, tree.Name) and above.name == "T" and "T" not in table.names
    if not sign and not letter:
        return None
    return node.base if node.below is None else tree.Scripted(node.at, node.end, node.base, node.below, None, 0)


class _Vector:
    """A part that is an array but for its last index, or its last two."""

    def __init__(self, m: Meaning, node: tree.Node, env: Env, lacking: int = 1) -> None:
        self.m, self.node, self.env, self.lacking = m, node, env, lacking
        self.names: list[Head] = []
        self.found = self._look(node)

    def _head(self, node: tree.Node) -> Head | None:
        found = self.m.heads.head(node) if isinstance(node, (tree.Name, tree.Scripted)) else None
        return None if found is None else unbold(self.m.table, found)

    def _look(self, node: tree.Node) -> bool:
        """Whether a part is one; collects the names that lack their indices."""
        match node:
            case tree.Terms():
                terms = [part for _, part in node.parts]
                found = [self._look(part) for part in terms]  # each of them: the names are collected
                if not any(found):
                    return False
                for part in terms:
                    head = self._head(part)
                    if head and not head.indices and not rank_of(self.m.table, head.key) and head.power is None:
                        self.names.append(head)
                return all(self._is_one(part) for part in terms)
            case tree.Product():
                vectors = [part for op, part in node.parts if self._look(part) and op in ("", "*")]
                doubtful = any(self._may_be_matrix(part) for _, part in node.parts) or self._may_be_called(node)
                return len(vectors) == 1 and not doubtful
            case tree.Group() if len(node.items) == 1 and node.kind in ("", "(", "["):
                return self._look(node.items[0])
            case tree.Frac():
                return self._look(node.top)
            case tree.Name() | tree.Scripted():
                head = self._head(node)
                if head is None or head.power is not None:
                    return False
                one = rank_of(self.m.table, head.key) - len(head.indices) == self.lacking
                self.names += [head] if one else []
                return one
        return False

    def _may_be_called(self, node: tree.Product) -> bool:
        r"""Whether a bracket may be the argument of what stands before it, as in f(x) and \tanh(x)."""
        for (_, before), (op, behind) in itertools.pairwise(node.parts):
            if op == "" and isinstance(behind, tree.Group) and behind.kind in ("(", "["):
                head = self._head(before)
                named = head is not None and isinstance(self.m.table.names.get(head.key), sp.Symbol)
                known = named or (head is not None and head.key in SCALARS)
                if not isinstance(before, (tree.Number, tree.Frac, tree.Group)) and not known:
                    return True
        return any(isinstance(part, tree.Command) for _, part in node.parts)

    def _may_be_matrix(self, node: tree.Node) -> bool:
        """Whether a factor is a capital letter of which nothing is known, as in A x - b."""
        head = self._head(node)
        if head is None or head.indices or head.key in self.m.table.names:
            return False
        letter = head.key.removesuffix("bold")[:1]
        return head.key.endswith("bold") or (letter.isupper() and not any(head == n for n in self.names))

    def adopt(self) -> None:
        """Take a bare name of which nothing is known for a vector, since it stands beside one."""
        head = self._head(self.node)
        known = head is not None and (head.key in self.m.table.names or rank_of(self.m.table, head.key))
        if head is None or head.indices or head.power is not None or known:
            raise self.m.fail(f"{self.m.shown(self.node)} is not known as a vector", self.node, ADVICE)
        self.names.append(head)

    def _is_one(self, node: tree.Node) -> bool:
        head = self._head(node)
        return (head is not None and any(head is n or head == n for n in self.names)) or self._look(node)

    def ranges(self) -> list[Range]:
        """What each of the indices that are lacking runs over."""
        m, spans = self.m, list[Range]()
        for place in range(self.lacking):
            found: dict[Range, None] = {}
            for head in self.names:
                axis = len(head.indices) + place
                found |= dict.fromkeys(m.table.axes.get((head.key, axis), ()))
                letters = {row[axis] for row in m.table.evidence.rows(head.key) if len(row) > axis}
                found |= {m.table.ranges[a]: None for a in letters if a in m.table.ranges}
            if not found:
                raise m.fail(f"{m.shown(self.node)}: nothing says what its entries are numbered by", self.node, ADVICE)
            if len(found) > 1:
                ways = tuple(f"{lo}..{hi}" for lo, hi in found)
                raise m.unclear(f"the entries of {m.shown(self.node)} have two ranges", self.node, ways, ADVICE)
            spans.append(next(iter(found)))
        for head in self.names:
            m.table.ranks.setdefault(head.key, len(head.indices) + self.lacking)
            for place, span in enumerate(spans):
                m.table.axes.setdefault((head.key, len(head.indices) + place), {})[span] = None
        return spans

    def indices(self) -> list[sp.Idx]:
        """New letters for the indices that are lacking."""
        taken = {*self.m.heads.letters, *self.m.table.names, *self.env, *self.m.table.seen, *self.m.heads.arrays}
        taken |= {*self.m.table.evidence.scripts, *self.m.table.evidence.alone}
        free = [a for a in "ijklmnpqrstuvabc" if a not in taken] or ["i'", "j'"]
        spans = self.ranges()
        free = [*[a for a, s in self.m.table.ranges.items() if s == spans[0] and a not in self.env], *free]
        return [sp.Idx(a, span) for a, span in zip(dict.fromkeys(free), spans, strict=False)]

    def entry(self, indices: list[Any], node: tree.Node | None = None) -> Any:
        """The entry with these indices."""
        m, node = self.m, self.node if node is None else node
        match node:
            case tree.Terms():
                return sp.Add(*(sign * self.entry(indices, part) for sign, part in node.parts))
            case tree.Product():
                above, below = list[Any](), list[Any]()
                for op, part in node.parts:
                    one = op != "/" and self._is_one(part)
                    (below if op == "/" else above).append(
                        self.entry(indices, part) if one else m.value(part, self.env)
                    )
                return quotient(m, sp.Mul(*above), sp.Mul(*below), node)
            case tree.Group():
                return self.entry(indices, node.items[0])
            case tree.Frac():
                return quotient(m, self.entry(indices, node.top), m.value(node.bottom, self.env), node)
        head = self._head(node)
        if head is None:
            raise m.fail(f"{m.shown(node)} is no array", node)
        return sp.Indexed(m.array(head), *(m.index(i, self.env) for i in head.indices), *indices)


def norm_of_array(m: Meaning, node: tree.Bars, below: tree.Node | None, above: tree.Node | None, env: Env) -> Any:
    r"""\|x\|, \|x\|_2^2, \|x - c\|_1, \|U\|_F^2, of arrays that have indices elsewhere."""
    kind = label(below)
    vector = _Vector(m, node.body, env, 2 if kind == "F" else 1)
    if not vector.found:
        raise m.fail(f"the norm {m.shown(node)} does not say over which index it sums", node, ADVICE)
    if kind not in ("", "1", "2", "F"):
        raise m.fail(
            f"the norm {m.shown(node)} is not read", node, r"Accepted are \|x\|, \|x\|_2, \|x\|_1 and \|A\|_F."
        )
    indices = vector.indices()
    entry = vector.entry(list(indices))
    total = sp.Abs(entry) if kind == "1" else entry**2
    for index in reversed(indices):
        total = summed(total, index, index.lower, index.upper)
    shown = label(above)
    m.table.note(f"{m.shown(node)} sums over all entries")
    if kind == "1":
        return power(m, total, above, node, env)
    if shown == "2":
        return total
    return power(m, raised_number(m, total, sp.Rational(1, 2), node), above, node, env)


def inner_product(m: Meaning, one: tree.Node, other: tree.Node, env: Env) -> Any | None:
    r"""w^\top x_i and \langle w, x_i \rangle; None where neither is an array that lacks its last index."""
    pair = [_Vector(m, one, env), _Vector(m, other, env)]
    if not any(vector.found for vector in pair):
        return None
    for vector in pair:
        if not vector.found:
            vector.adopt()
    known = next(vector for vector in pair if vector.found)
    (index,) = known.indices()
    span = (index.lower, index.upper)
    for vector in pair:
        for head in vector.names:
            axis = (head.key, len(head.indices))
            m.table.ranks.setdefault(head.key, len(head.indices) + 1)
            if span not in m.table.axes.setdefault(axis, {span: None}):
                raise m.fail(f"{m.shown(one)} and {m.shown(other)} have entries of different numbers", one, ADVICE)
    return summed(pair[0].entry([index]) * pair[1].entry([index]), index, *span)


def _argument(m: Meaning, word: str, bracket: tree.Group, env: Env) -> _Vector:
    if len(bracket.items) != 1:
        raise m.fail(f"{word} is read of one array", bracket, rf"Write \operatorname{{{word}}}(z)_k.")
    vector = _Vector(m, bracket.items[0], env)
    if not vector.found:
        inside = m.shown(bracket.items[0])
        if isinstance(bracket.items[0], tree.Scripted):
            raise m.unclear(
                f"{word}({inside})",
                bracket,
                (f"{word} of the whole array", f"{word} of the one entry {inside}"),
                _written_out(word),
            )
        raise m.fail(
            f"{word}({inside}): nothing says that {inside} is an array, or what its entries are numbered by",
            bracket,
            _written_out(word) + ' Or name an entry of it elsewhere, with its range declared: ranges={"k": "K"}.',
        )
    return vector


def _written_out(word: str) -> str:
    if word == "softmax":
        return r"Write \operatorname{softmax}(z)_k for its entry k, or \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}."
    return r"Write \log \sum_{j=1}^{K} e^{z_j}."


def _total(vector: _Vector) -> Any:
    (index,) = vector.indices()
    return summed(sp.exp(vector.entry([index])), index, index.lower, index.upper)


def softmax(m: Meaning, bracket: tree.Group, below: tree.Node | None, env: Env) -> Any:
    r"""\operatorname{softmax}(z)_k."""
    vector = _argument(m, "softmax", bracket, env)
    if below is None:
        raise m.fail(
            "softmax is an array, and which entry of it is meant is not written", bracket, _written_out("softmax")
        )
    total = _total(vector)
    return sp.exp(vector.entry([m.index(below, env)])) / total


def log_sum_exp(m: Meaning, bracket: tree.Group, env: Env) -> Any:
    r"""\operatorname{logsumexp}(z)."""
    return sp.log(_total(_argument(m, "logsumexp", bracket, env)))
