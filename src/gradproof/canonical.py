"""The normal form of index expressions: polynomials over atoms, summed over index ranges.

Notation.  A `Poly` is a sum of terms; a `Term` is a product of powers of atoms, summed over
the bound indices it owns, each with its range; an `Atom` is whatever is not added or
multiplied here: a symbol, an entry ``w[k, j]``, an index, a function of normal forms, a sum
that stands in a denominator, a Kronecker delta, the indicator ``[u > 0]``.

Two polynomials with the same `key` are equal for all sizes and all values at which both are
defined.  A key is text in which bound indices were renamed canonically, so that the name and
the order of a summation index never matter.

Implementation notes.
- Bound indices are integers that are unique to a term's owner; a copy that meets its
  original in a product gets fresh ones (`Algebra.product`).
- The canonical numbering of a term's indices is found by colour refinement; what is left
  tied is tried in every order, and the smallest text is taken.  Indices whose swap changes
  nothing are tried once.  A budget bounds the work: `BudgetExceededError` ends in "undecided".
- Nothing here knows a law about a function: see algebra.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import count

__all__ = [
    "Atom",
    "BudgetExceededError",
    "Factors",
    "Number",
    "Poly",
    "Term",
    "add_exponents",
    "anonymous",
    "content",
    "fresh_index",
    "independent",
    "sign_of",
    "tidy",
]

Number = int | Fraction
Names = Mapping[int, str]
Factors = dict[str, tuple["Atom", "Number | Poly"]]

_fresh = count(1)
_NO_LABELS: frozenset[int] = frozenset()

MAX_ORDERS = 720  # numberings tried for one term


class BudgetExceededError(Exception):
    """The expression is too large to decide within the work budget."""


def fresh_index() -> int:
    """A bound index that was never used before."""
    return next(_fresh)


class Atom:
    """An indivisible factor.  `kind` and `head` name it; `args` are normal forms.

    `swaps` lists the permutations of `args` under which the atom keeps its value (an entry
    of a symmetric array).
    """

    __slots__ = ("args", "head", "height", "key", "kind", "labels", "swaps")

    def __init__(
        self,
        kind: str,
        head: object,
        args: tuple[Poly, ...] = (),
        swaps: tuple[tuple[int, ...], ...] = (),
    ) -> None:
        self.kind, self.head, self.args, self.swaps = kind, head, args, swaps
        if kind == "index" and isinstance(head, int):
            self.labels = frozenset((head,))
        elif args:
            self.labels = frozenset().union(*(a.labels for a in args))
        else:
            self.labels = _NO_LABELS
        self.height: int = max((a.height for a in args), default=0)
        self.key: str = self.write({})

    def write(self, names: Names) -> str:
        """The atom as text, with the indices in `names` written by those names."""
        if names and self.labels.isdisjoint(names):
            return self.key
        if self.kind == "index":
            return names.get(self.head, f"~{self.head}")  # type: ignore[call-overload,no-any-return]
        if not self.args:
            return f"{self.kind}:{self.head}"
        texts = [a.write(names) for a in self.args]
        if self.swaps:
            texts = min([texts[p] for p in order] for order in self.swaps)
        return f"{self.kind}:{self.head}({';'.join(texts)})"


class Term:
    """A product of powers, summed over `bound`: index -> text of its range.

    `factors` maps an atom's key to (atom, exponent); an exponent is a rational or, for
    exp(u) and x**u, a `Poly`.
    """

    __slots__ = ("bound", "factors", "height", "labels")

    def __init__(self, bound: dict[int, str], factors: Factors) -> None:
        self.bound, self.factors = bound, factors
        labels: set[int] = set()
        height = 0
        for atom, exponent in factors.values():
            labels |= atom.labels
            height = max(height, atom.height)
            if isinstance(exponent, Poly):
                labels |= exponent.labels
                height = max(height, exponent.height)
        self.labels = frozenset(labels.difference(bound))
        self.height = height + 1 if bound else height

    def texts(self, names: Names) -> list[str]:
        return sorted(
            f"{atom.write(names)}^({exponent.write(names) if isinstance(exponent, Poly) else exponent})"
            for atom, exponent in self.factors.values()
        )

    def write(self, names: Names) -> str:
        if not self.bound:
            return "*".join(self.texts(names))
        outer = {i: n for i, n in names.items() if i not in self.bound}
        if len(self.bound) == 1:
            ((index, span),) = self.bound.items()
            outer[index] = f"#{self.height}.0"
            return f"S[{span}]" + "*".join(self.texts(outer))
        return _Numbering(self, outer).text()


class _Numbering:
    """The smallest text of a term over all numberings of its indices."""

    def __init__(self, term: Term, outer: dict[int, str]) -> None:
        self.term, self.outer = term, outer
        self.left = MAX_ORDERS

    def text(self) -> str:
        spans = sorted(set(self.term.bound.values()))
        return self._best({i: spans.index(s) for i, s in self.term.bound.items()})

    def _refine(self, colour: dict[int, int]) -> dict[int, int]:
        """Split colours by how each index occurs, until nothing splits any more."""
        while True:
            signs: dict[int, tuple[int, list[str]]] = {}
            for index, old in colour.items():
                names = self.outer | {i: f"?{c}" for i, c in colour.items()}
                names[index] = "@"
                signs[index] = (old, self.term.texts(names))
            order = sorted({(s[0], repr(s)) for s in signs.values()})
            ranks = {text: rank for rank, (_, text) in enumerate(order)}
            new = {i: ranks[repr(s)] for i, s in signs.items()}
            if len(set(new.values())) == len(set(colour.values())):
                return new
            colour = new

    def _best(self, colour: dict[int, int]) -> str:
        colour = self._refine(colour)
        classes: dict[int, list[int]] = {}
        for index, c in colour.items():
            classes.setdefault(c, []).append(index)
        tied = next((members for _, members in sorted(classes.items()) if len(members) > 1), None)
        if tied is None:
            return self._leaf(colour)
        best: str | None = None
        for index in self._without_twins(tied):
            chosen = {i: 2 * c for i, c in colour.items()}
            chosen[index] -= 1
            text = self._best(chosen)
            best = text if best is None else min(best, text)
        return best or ""

    def _without_twins(self, tied: list[int]) -> Iterator[int]:
        """One of each set of indices whose swap leaves the term as it is."""
        kept: list[int] = []
        for index in tied:
            if not any(self._swappable(index, other) for other in kept):
                kept.append(index)
                yield index

    def _swappable(self, a: int, b: int) -> bool:
        names = self.outer | {i: f"~{i}" for i in self.term.bound}
        straight = self.term.texts(names | {a: "@1", b: "@2"})
        return straight == self.term.texts(names | {a: "@2", b: "@1"})

    def _leaf(self, colour: dict[int, int]) -> str:
        self.left -= 1
        if self.left < 0:
            raise BudgetExceededError(f"more than {MAX_ORDERS} orders of the indices of one term")
        order = sorted(colour, key=lambda i: colour[i])
        names = self.outer | {i: f"#{self.term.height}.{n}" for n, i in enumerate(order)}
        spans = ",".join(self.term.bound[i] for i in order)
        return f"S[{spans}]" + "*".join(self.term.texts(names))


class Poly:
    """A sum of terms with rational coefficients; like terms are collected by their key."""

    __slots__ = ("_key", "height", "labels", "terms")

    def __init__(self, terms: Iterable[tuple[Number, Term]] = ()) -> None:
        collected: dict[str, tuple[Number, Term]] = {}
        for coefficient, term in terms:
            key = term.write({})
            if key in collected:
                coefficient += collected[key][0]
            if coefficient:
                collected[key] = (coefficient, term)
            else:
                collected.pop(key, None)
        self._adopt(collected)

    def _adopt(self, collected: dict[str, tuple[Number, Term]]) -> None:
        self.terms = collected
        parts = [t for _, t in collected.values()]
        self.labels: frozenset[int] = frozenset().union(*(t.labels for t in parts)) if parts else _NO_LABELS
        self.height: int = max((t.height for t in parts), default=0)
        self._key: str | None = None

    @classmethod
    def number(cls, value: Number) -> Poly:
        return cls([(value, Term({}, {}))] if value else [])

    @classmethod
    def atom(cls, atom: Atom, exponent: Number | Poly = 1) -> Poly:
        return cls([(1, Term({}, {atom.key: (atom, exponent)}))])

    @property
    def key(self) -> str:
        if self._key is None:
            self._key = "+".join(sorted(f"{c}*{k}" for k, (c, _) in self.terms.items()))
        return self._key

    def write(self, names: Names) -> str:
        if not any(i in names for i in self.labels):
            return self.key
        return "+".join(sorted(f"{c}*{t.write(names)}" for c, t in self.terms.values()))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __iter__(self) -> Iterator[tuple[Number, Term]]:
        return iter(self.terms.values())

    def __len__(self) -> int:
        return len(self.terms)

    def __add__(self, other: Poly) -> Poly:
        collected = dict(self.terms)
        for key, (coefficient, term) in other.terms.items():
            total = coefficient + collected[key][0] if key in collected else coefficient
            if total:
                collected[key] = (total, term)
            else:
                del collected[key]
        result = Poly.__new__(Poly)
        result._adopt(collected)
        return result

    def scaled(self, factor: Number) -> Poly:
        result = Poly.__new__(Poly)
        result._adopt({k: (c * factor, t) for k, (c, t) in self.terms.items()} if factor else {})
        return result

    def __neg__(self) -> Poly:
        return self.scaled(-1)

    def __sub__(self, other: Poly) -> Poly:
        return self + (-other)

    @property
    def constant(self) -> Number | None:
        """The value, if the polynomial is a plain number."""
        if not self.terms:
            return 0
        if len(self.terms) == 1:
            ((coefficient, term),) = self.terms.values()
            if not term.factors and not term.bound:
                return coefficient
        return None

    @property
    def single(self) -> Atom | None:
        """The atom, if the polynomial is one atom and nothing else."""
        if len(self.terms) == 1:
            ((coefficient, term),) = self.terms.values()
            if coefficient == 1 and not term.bound and len(term.factors) == 1:
                ((atom, exponent),) = term.factors.values()
                return atom if exponent == 1 else None
        return None


# -- what algebra needs to know of a form ----------------------------------------------
def add_exponents(a: Number | Poly, b: Number | Poly) -> Number | Poly:
    """The exponent of a product of two powers of one atom."""
    if not isinstance(a, Poly) and not isinstance(b, Poly):
        return tidy(a + b)
    return (a if isinstance(a, Poly) else Poly.number(a)) + (b if isinstance(b, Poly) else Poly.number(b))


def tidy(value: Number) -> Number:
    """An int where a fraction is whole."""
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def independent(bound: dict[int, str], factors: Factors) -> list[Term]:
    """The term as a product of terms that share no bound index; e^(a+b) is split as e^a e^b."""
    pieces: list[tuple[str, Atom, Number | Poly]] = []
    for key, (atom, exponent) in factors.items():
        if isinstance(exponent, Poly) and atom.kind == "exp":
            pieces += [(key, atom, Poly([part])) for part in exponent]
        else:
            pieces.append((key, atom, exponent))
    groups: list[tuple[set[int], list[tuple[str, Atom, Number | Poly]]]] = []
    for piece in pieces:
        exponent = piece[2]
        used = piece[1].labels | (exponent.labels if isinstance(exponent, Poly) else frozenset())
        labels, members = set(used & bound.keys()), [piece]
        for group in [g for g in groups if g[0] & labels or g[0] == labels]:
            groups.remove(group)
            labels, members = labels | group[0], members + group[1]
        groups.append((labels, members))
    terms = []
    for labels, members in groups:
        joined: Factors = {}
        for key, atom, exponent in members:
            if key in joined:
                exponent = add_exponents(joined[key][1], exponent)
            joined[key] = (atom, exponent)
        terms.append(Term({i: bound[i] for i in bound if i in labels}, joined))
    return terms


def anonymous(poly: Poly) -> dict[int, str]:
    """Names that hide which index is which."""
    return dict.fromkeys(poly.labels, "?")


def sign_of(poly: Poly) -> int:
    """+1 or −1, chosen so that u and −u get opposite signs whatever their indices are called."""
    names = anonymous(poly)
    weights: dict[str, Number] = {}
    for c, t in poly:
        text = t.write(names)
        weights[text] = weights.get(text, 0) + c
    leading = next((weights[k] for k in sorted(weights) if weights[k]), 1)
    return 1 if leading > 0 else -1


def content(poly: Poly) -> Fraction:
    """The positive rational that leaves coprime integer coefficients."""
    top = math.gcd(*(Fraction(c).numerator for c, _ in poly))
    bottom = math.lcm(*(Fraction(c).denominator for c, _ in poly))
    return Fraction(top, bottom) if top else Fraction(1)
