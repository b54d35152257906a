"""SymPy expressions as Coq terms, and back.

A `Names` gives each letter of a problem its Coq name and type.  Named quantities that change with the variable of
the derivative take that variable as their first argument, so that "replace this entry" is an argument too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.elementary import SPELLED_OUT, branched, spelled_out
from gradproof.formal.terms import Term, app, fresh_name, index, integer, num, number, op, sum_over, var
from gradproof.inverse import InverseBase
from gradproof.lines import head, index_name, is_partial

__all__ = ["FUNCTIONS", "Names", "NoCertificateError"]

#: functions of one real argument: SymPy's and Coq's names
FUNCTIONS: Mapping[type[sp.Basic], str] = {
    sp.exp: "exp", sp.log: "ln", sp.tanh: "tanh", sp.sinh: "sinh", sp.cosh: "cosh", sp.sin: "sin", sp.cos: "cos",
    sp.tan: "tan", sp.atan: "atan", sp.Abs: "Rabs", sp.sign: "sign", sp.asin: "asin", sp.acos: "acos",
    sp.asinh: "arcsinh", sp.acosh: "acosh", sp.atanh: "atanh", sp.coth: "coth", sp.sech: "sech", sp.csch: "csch",
    sp.erf: "erf", sp.erfc: "erfc",
}  # fmt: skip

#: words of Coq's language, names that statements use, of which a letter may not be one, and names of our library
_WORDS = (
    "forall exists exists2 fun fix cofix if is then else in let at as by with end match for where return using struct "
    "Type Prop Set SProp Theorem Lemma Definition Proof Qed Module Section End Variable Variables Hypothesis "
    "R Z Q nat O I True False not and or iff ex eq true false left right pos neg bool IZR INR Rlt_dec Rle_dec Req_EM_T "
    "sqrt Rpower Rmax Rmin Rsqr Rplus Rminus Rmult Rdiv Rinv Ropp Rlt Rle Rgt Rge pow powerRZ PI e Rbar RInt sum scal "
    "plus opp mult minus zero one is_derive Derive is_lim continuous "
    "Sum upto delta bigO bigO2 leads"
)
_RESERVED = frozenset(FUNCTIONS.values()).union(_WORDS.split())
#: names that parts and proofs of a certificate give to what they state and suppose
_OF_PROOFS = re.compile(
    r"holds|defined|here|refuted|differs|rounded|no_smaller|bounded|gap|factor|replace.*|[EP]?F\d+|H[A-Za-z]\w*|"
    r"(?:size|positive|nonnegative|range|given|slope|defined|first|second|box|zero)_.*"
)

LARGEST_POWER = 500


class NoCertificateError(ValueError):
    """What no formal proof can be made of, and the step or part that stands in the way."""


@dataclass
class Names:
    """The letters of one problem.

    letters: SymPy's symbol, array or function -> Coq's name.  types: of each Coq name.  definitions: name -> (the
    indices of its template, its body).  moving: the symbol or array that is varied; depends: names that change with it.  slopes: the derivatives of undefined functions, by function
    and argument.
    """

    definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]
    moving: sp.Basic | None = None
    depends: frozenset[sp.Basic] = frozenset()
    letters: dict[sp.Basic, str] = field(default_factory=dict)
    slopes: dict[tuple[str, int], str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    # -- names ------------------------------------------------------------------------------
    def name(self, letter: sp.Basic, kind: str) -> str:
        """The Coq name of a letter, which is new to the problem or has this type."""
        if letter not in self.letters:
            plain = "".join(c if c.isalnum() or c in "_'" else "_" for c in str(letter))
            plain = (
                plain if plain.isascii() and plain[:1].isalpha() else f"v_{plain.encode('ascii', 'ignore').decode()}"
            )
            taken = frozenset(self.letters.values()) | _RESERVED
            name = plain
            while name in taken or _OF_PROOFS.fullmatch(name):
                name = f"{name}_" if name in taken else f"v_{name}"
            self.letters[letter] = name
            self.types[name] = kind
        name = self.letters[letter]
        if self.types[name] != kind:
            raise NoCertificateError(f"{letter} is used as {self.types[name]} and as {kind}")
        return name

    # -- from SymPy ---------------------------------------------------------------------------
    def integer(self, e: sp.Basic, bound: Mapping[sp.Basic, str]) -> Term:
        """An index or a bound."""
        match e:
            case sp.Integer():
                return num(int(e))
            case sp.Add():
                plus = [a for a in e.args if not a.could_extract_minus_sign()]
                minus = [-a for a in e.args if a.could_extract_minus_sign()]
                first, *rest = [self.integer(a, bound) for a in plus] or [num(0)]
                for a in rest:
                    first = op("+", first, a)
                for a in minus:
                    first = op("-", first, self.integer(a, bound))
                return first
            case sp.Mul():
                first, *rest = (self.integer(a, bound) for a in e.args)
                for a in rest:
                    first = op("*", first, a)
                return first
            case sp.Indexed():
                kind = " -> ".join(["Z"] * (len(e.indices) + 1))
                return app(self.name(e.base.label, kind), *(index(self.integer(i, bound)) for i in e.indices))
        if e in bound:
            return var(bound[e])
        if isinstance(e, (sp.Symbol, sp.Idx)):
            return var(self.name(sp.Symbol(index_name(e)) if isinstance(e, sp.Idx) else e, "Z"))
        raise NoCertificateError(f"the index {e} has no Coq term yet")

    def term(self, e: sp.Basic, bound: Mapping[sp.Basic, str] | None = None) -> Term:
        """A real expression; bound: the names of the indices that are bound around it."""
        bound = bound or {}
        match e:
            case sp.Integer():
                return num(int(e))
            case sp.Rational():
                return number(int(e.p), int(e.q)) if e.p >= 0 else op("neg", number(-int(e.p), int(e.q)))
            case sp.Add():
                return self._sum_of_terms(e, bound)
            case sp.Mul():
                return self._product(e, bound)
            case sp.Pow():
                return self._power(e, bound)
            case sp.Sum():
                ((i, lo, hi),) = e.limits
                name = fresh_name(index_name(i), _RESERVED | set(self.letters.values()) | set(bound.values()))
                inside = {**bound, i: name}
                return sum_over(name, self.integer(lo, bound), self.integer(hi, bound), self.term(e.function, inside))
            case sp.Indexed():
                return self._entry(e, bound)
            case sp.KroneckerDelta():
                return app("delta", *(index(self.integer(a, bound)) for a in e.args[:2]))
            case AppliedUndef():
                return self._undefined(e, bound)
            case sp.Derivative() if is_partial(_innermost(e)):
                function, by = _innermost(e).expr, _variables(e)
                return self._partial(function, by, function.args, bound)
            case sp.Subs() if isinstance(e.expr, sp.Derivative) and is_partial(e.expr):
                function, by = e.expr.expr, e.variables[:1]
                return self._partial(function, by, [e.point[0] if a == by[0] else a for a in function.args], bound)
        if e is sp.pi:
            return app("PI")
        if e is sp.E:
            return app("exp", num(1))
        if isinstance(e, (sp.Max, sp.Min)):
            first, rest = e.args[0], e.func(*e.args[1:])
            return app("Rmax" if isinstance(e, sp.Max) else "Rmin", self.term(first, bound), self.term(rest, bound))
        if isinstance(e, (sp.Piecewise, sp.Heaviside)):
            return self._branches(list(branched(e).args), bound)
        if type(e) in SPELLED_OUT:
            return self.term(spelled_out(e, e.args[0]), bound)
        if type(e) in FUNCTIONS:
            return app(FUNCTIONS[type(e)], self.term(e.args[0], bound))
        if isinstance(e, sp.Symbol):
            if e.is_integer:
                return integer(self.integer(e, bound))
            return self._quantity(e, ())
        if isinstance(e, sp.Idx) or e in bound:
            return integer(self.integer(e, bound))
        raise NoCertificateError(f"{type(e).__name__} has no Coq term yet: {e}")

    def _branches(self, rows: Sequence[Sequence[sp.Basic]], bound: Mapping[sp.Basic, str]) -> Term:
        """The rows of a Piecewise: the first whose condition holds."""
        if not rows:
            raise NoCertificateError("a Piecewise without a branch for every case has no Coq term")
        (value, condition), *rest = rows
        if condition == sp.true:
            return self.term(value, bound)
        return self._test(condition, self.term(value, bound), self._branches(rest, bound), bound)

    def _test(self, condition: sp.Basic, yes: Term, no: Term, bound: Mapping[sp.Basic, str]) -> Term:
        """`yes` where the condition holds, `no` elsewhere."""
        match condition:
            case sp.And():
                for c in condition.args:
                    yes = self._test(c, yes, no, bound)
                return yes
            case sp.Or():
                for c in condition.args:
                    no = self._test(c, yes, no, bound)
                return no
            case sp.Not():
                return self._test(condition.args[0], no, yes, bound)
            case sp.Ne():
                return self._test(sp.Eq(*condition.args, evaluate=False), no, yes, bound)
            case sp.Eq():
                return Term("if", "=", (*(self.term(a, bound) for a in condition.args), yes, no))
            case sp.StrictLessThan() | sp.StrictGreaterThan() | sp.LessThan() | sp.GreaterThan():
                sign = "<" if isinstance(condition, (sp.Lt, sp.Gt)) else "<="
                return Term("if", sign, (self.term(condition.lts, bound), self.term(condition.gts, bound), yes, no))
        raise NoCertificateError(f"the condition {condition} has no Coq term yet")

    def _entry(self, e: sp.Indexed, bound: Mapping[sp.Basic, str]) -> Term:
        if isinstance(e.base, InverseBase):
            raise NoCertificateError(f"the inverse of a matrix has no Coq term yet: {e}")
        return self._quantity(e.base, tuple(index(self.integer(i, bound)) for i in e.indices))

    def _quantity(self, letter: sp.Basic, indices: tuple[Term, ...]) -> Term:
        """A letter or entry; of a named quantity that changes with the variable, with that as first argument."""
        kind = " -> ".join([*["Z"] * len(indices), "R"])
        if letter in self.depends and self.moving is not None:
            moved = self.name_of_moving()
            kind = f"({self.types[moved]}) -> {kind}" if "->" in self.types[moved] else f"{self.types[moved]} -> {kind}"
            first = app(moved) if "->" in self.types[moved] else var(moved)
            return app(self.name(letter, kind), first, *indices)
        if letter in self.definitions and not indices:
            return app(self.name(letter, kind))
        name = self.name(letter, kind)
        return app(name, *indices) if indices else var(name)

    def name_of_moving(self) -> str:
        if self.moving not in self.letters:
            raise NoCertificateError(f"the variable {self.moving} does not occur")
        return self.letters[self.moving]

    def _undefined(self, e: AppliedUndef, bound: Mapping[sp.Basic, str]) -> Term:
        whole = [(a.is_integer and a.is_number is False) or a in bound for a in e.args]
        kind = " -> ".join([*("Z" if w else "R" for w in whole), "R"])
        args = (index(self.integer(a, bound)) if w else self.term(a, bound) for a, w in zip(e.args, whole, strict=True))
        return app(self.name(e.func, kind), *args)

    def _partial(
        self, f: AppliedUndef, by: Sequence[sp.Basic], args: Sequence[sp.Basic], bound: Mapping[sp.Basic, str]
    ) -> Term:
        """A derivative of an undefined function by one of its arguments after the other, at `args`."""
        whole = self._undefined(f.func(*args), bound)
        name = whole.name
        for variable in by:
            name = self.slope(name, f.args.index(variable))
        return app(name, *whole.args)

    def slope(self, function: str, slot: int) -> str:
        """The name of the derivative of an undefined function."""
        kind = self.types[function]
        plain = f"{function}'" if kind.count("->") == 1 else f"{function}_{slot + 1}'"
        if (function, slot) not in self.slopes:
            name = fresh_name(plain, set(self.types))
            self.slopes[function, slot] = name
            self.types[name] = kind
        return self.slopes[function, slot]

    def _sum_of_terms(self, e: sp.Add, bound: Mapping[sp.Basic, str]) -> Term:
        terms = [self.term(a, bound) for a in e.as_ordered_terms()]
        first = next((t for t in terms if t.op != "neg"), terms[0])
        total = first
        for t in terms:
            if t is not first:
                total = op("-", total, t.args[0]) if t.op == "neg" else op("+", total, t)
        return total

    def _product(self, e: sp.Mul, bound: Mapping[sp.Basic, str]) -> Term:
        above: list[Term] = []
        below: list[Term] = []
        sign = False
        for f in e.args:
            if isinstance(f, sp.Rational):
                sign = sign != (f < 0)
                above += [num(abs(int(f.p)))] if abs(f.p) != 1 else []
                below += [num(int(f.q))] if f.q != 1 else []
            elif isinstance(f, sp.Pow) and f.exp.is_Rational and f.exp < 0:
                below.append(self.term(sp.Pow(f.base, -f.exp), bound))
            else:
                above.append(self.term(f, bound))
        top = _times(above or [num(1)])
        whole = op("/", top, _times(below)) if below else top
        return op("neg", whole) if sign else whole

    def _power(self, e: sp.Pow, bound: Mapping[sp.Basic, str]) -> Term:
        base, exponent = e.args
        if base == sp.E:
            return app("exp", self.term(exponent, bound))
        inner = self.term(base, bound)
        if exponent.is_Rational:
            n, half = abs(int(exponent.p)), exponent.q
            if n > LARGEST_POWER:
                raise NoCertificateError(f"a power above {LARGEST_POWER} is not multiplied out")
            if half in (1, 2):
                root = app("sqrt", inner) if half == 2 else inner
                power = root if n == 1 else Term("pow", str(n), (root,))
                return power if exponent > 0 else op("inv", power)
        return app("Rpower", inner, self.term(exponent, bound))


def _innermost(e: sp.Derivative) -> sp.Derivative:
    """The first derivative of those that are taken one after the other."""
    while isinstance(e.expr, sp.Derivative):
        e = e.expr
    return e


def _variables(e: sp.Derivative) -> list[sp.Basic]:
    """What is differentiated by, the first first."""
    return [*(_variables(e.expr) if isinstance(e.expr, sp.Derivative) else ()), *e.variables]


def _times(factors: Sequence[Term]) -> Term:
    result = factors[0]
    for f in factors[1:]:
        result = op("*", result, f)
    return result


def used(
    expressions: Iterable[sp.Basic], definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]
) -> list[sp.Basic]:
    """The named quantities that expressions use, directly or not, in the order of definition."""
    found: set[sp.Basic] = set()

    def visit(e: sp.Basic) -> None:
        for part in sp.preorder_traversal(e):
            name = head(part)
            if name in definitions and name not in found:
                found.add(name)
                visit(definitions[name][1])

    for e in expressions:
        visit(e)
    return [name for name in definitions if name in found]
