"""An entry of the reference: gradients that are proved, stable forms that are proved and tried, slips that are refuted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof.checks.enclosure import point_of
from gradproof.checks.second_enclosure import nearest, seconded
from gradproof.checks.steps import LineChecker
from gradproof.derivation import Derivation
from gradproof.doubles import in_doubles
from gradproof.forms.side_by_side import Forms, forms
from gradproof.lines import derivative
from gradproof.model import Model
from gradproof.precision.stable import plain
from gradproof.statements.base import compared_at, counterexample, joined, named, value_at
from gradproof.statements.equality import Equality
from gradproof.verdict import Evidence, Verdict

__all__ = ["Entry", "Gradient", "Measured", "Stable", "Wrong"]

ACCURATE = 1e-12  # relative error of a form that is called stable, at its point
LOST = 1e-8  # relative error from which a formula is said to fail: half of its digits are gone


@dataclass(frozen=True)
class Wrong:
    """A formula that is often taken for the gradient, and what leads to it; it must be refuted.

    at: a point that shows it, all numbers by name, where the one that is found shows it badly.
    """

    formula: sp.Expr
    why: str
    at: Mapping[Any, Any] | None = None


@dataclass(frozen=True)
class Gradient:
    """∂of/∂wrt = formula.  of: the entry's last definition unless given.  wrong: the usual slips."""

    wrt: sp.Expr
    formula: sp.Expr
    wrong: tuple[Wrong, ...] = ()
    of: sp.Expr | None = None


@dataclass(frozen=True)
class Measured:
    """What two forms of one value give in double precision at a point, and that value."""

    plain: float
    stable: float
    exact: float

    def __str__(self) -> str:
        return f"in double precision {self.plain!r}, in the stable form {self.stable!r}; the value is {self.exact!r}"


@dataclass(frozen=True)
class Stable:
    """form = of, written so that double precision keeps it accurate.

    form: may use log1p and expm1 of sympy.codegen.cfunctions.  at: a point, all numbers by name, at
    which `of` loses at least half of its digits, and `form` does not.  why: what goes wrong, for the reader.
    choose: where `form` holds for every value of a letter that `of` lacks, NumPy source for a good one.
    """

    of: sp.Expr
    form: sp.Expr
    at: Mapping[Any, Any]
    why: str
    choose: Mapping[sp.Basic, str] = field(default_factory=dict)

    def equality(self, definitions: tuple[sp.Eq, ...] = (), assumptions: tuple[Any, ...] = ()) -> Equality:
        return Equality(self.of, plain(self.form), definitions=definitions, assumptions=assumptions)

    def measured(self) -> Measured:
        """What both forms give at the point in doubles, and the double next to the value that they stand for."""
        exact = _rounded(value_at(plain(self.form), self.at))
        return Measured(in_doubles(self.of, self.at), in_doubles(self.form, self.at), exact)

    def tried(self) -> Verdict:
        """Proved if at the point the plain form fails in double precision and the stable one does not."""
        found = self.measured()
        off, close = (abs(form - found.exact) / abs(found.exact) for form in (found.plain, found.stable))
        if close <= ACCURATE and not off <= LOST:  # off may be nan
            verdict = Verdict(
                "proved", evidence=(Evidence("double precision", "agrees", str(found), "Python's floats"),)
            )
            form = plain(self.form)
            return seconded(verdict, lambda: nearest(point_of(self.at, [form]).value(form), found.exact))
        return Verdict("undecided", reason=str(found))


def _rounded(value: Any) -> float:
    """The double next to an exact number, or to any number of an interval; raises ValueError where that is unknown."""
    ends = [float(value)] if isinstance(value, Fraction) else [float(mp.mpf(end)) for end in (value.a, value.b)]
    if ends[0] != ends[-1] or not ends[0]:
        raise ValueError(f"a value of {ends[0]} to {ends[-1]} has no first digit to compare")
    return ends[0]


@dataclass(frozen=True)
class Entry:
    """Gradients of one function, as they are looked up.

    id: its anchor.  title, about: what it is, for the reader; formulas stand between dollar signs.
    keywords: other names people search by.  definitions: the named quantities, what is differentiated last.
    assumptions: relations over index templates.  stable: forms that are safe in double precision.
    stability: what else to know of its numerics.  uses: the ids of the entries that it is made of; see: others
    to look at, named on one of the two sides only.
    """

    id: str
    title: str
    about: str
    keywords: str
    definitions: tuple[sp.Eq, ...]
    gradients: tuple[Gradient, ...]
    stability: str
    stable: tuple[Stable, ...] = ()
    assumptions: tuple[Any, ...] = ()
    uses: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.title}: {'; '.join(map(str, self.statements))}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.statements[0].latex()}$"

    def derivation(self, gradient: Gradient) -> Derivation:
        """The steps to a gradient: of a loss by back-propagation, of an entry from the front."""
        of, model = self.of(gradient), Model(self.definitions)
        derived = model.gradient if isinstance(of, sp.Symbol) else model.derive
        return derived(of, gradient.wrt, self.assumptions)

    def forms(self, gradient: Gradient) -> Forms:
        """The gradient as a matrix and as NumPy code, where it has these forms; the code takes the stable ones."""
        safe = {s.of: plain(s.form) for s in self.stable}
        definitions = tuple(sp.Eq(d.lhs, safe.get(d.rhs, d.rhs), evaluate=False) for d in self.definitions)
        return forms(replace(self.derivation(gradient), result=gradient.formula, definitions=definitions))

    def code(self, found: Forms) -> str | None:
        """The NumPy code of a form, with a line for each letter whose value it may choose."""
        lines = [] if found.code is None else found.code.split("\n")
        for letter, source in (pair for s in self.stable for pair in s.choose.items()):
            name = str(getattr(letter, "label", letter))
            uses = [n for n, line in enumerate(lines) if re.search(rf"\b{name}\b", line)]
            if uses:
                lines.insert(uses[0], f"{name} = {source}  # any other gives the same")
        return "\n".join(lines) or None

    def of(self, gradient: Gradient) -> sp.Expr:
        """What is differentiated."""
        return self.definitions[-1].lhs if gradient.of is None else gradient.of

    @cached_property
    def statements(self) -> tuple[Equality, ...]:
        """Each gradient as an equality with its derivation."""
        return tuple(
            Equality(
                derivative(self.of(g), g.wrt),
                g.formula,
                g.wrt,
                self.definitions,
                self.assumptions,
                derive=lambda g=g: self.derivation(g),  # type: ignore[misc] # mypy cannot infer a default's type
            )
            for g in self.gradients
        )

    def _refuted(self, gradient: Gradient, wrong: Wrong) -> Verdict:
        left = derivative(self.of(gradient), gradient.wrt)
        if wrong.at is not None:
            return compared_at(left, wrong.formula, wrong.at, self.definitions, self.assumptions)
        return LineChecker(self.definitions, self.assumptions).compared(left, wrong.formula, gradient.wrt)

    def verify(self) -> Verdict:
        """Proved only if every gradient and stable form is, and every slip is refuted; `reason` names the first that is not."""
        return self.examined().joined()

    def examined(self) -> Examined:
        """The verdict on every part."""
        slips = tuple(self._refuted(gradient, wrong) for gradient in self.gradients for wrong in gradient.wrong)
        stable = tuple(
            joined([s.equality(self.definitions, self.assumptions).verify(), s.tried()]) for s in self.stable
        )
        found = tuple(map(self.forms, self.gradients))
        return Examined(self, tuple(s.verify() for s in self.statements), slips, stable, found)


@dataclass(frozen=True)
class Examined:
    """The verdicts on the parts of an entry: its gradients, its slips in their order, its stable forms.

    forms: each gradient as a matrix and as code.
    """

    entry: Entry
    gradients: tuple[Verdict, ...]
    slips: tuple[Verdict, ...]
    stable: tuple[Verdict, ...]
    forms: tuple[Forms, ...]

    def joined(self) -> Verdict:
        """The verdict on the whole."""
        parts = list(self.gradients)
        wrong = [w for g in self.entry.gradients for w in g.wrong]
        for slip, verdict in zip(wrong, self.slips, strict=True):
            if verdict.status == "refuted":
                parts.append(counterexample(str(slip.formula), verdict))
            else:
                why = f" ({verdict.reason})" if verdict.reason else ""
                says = f"the slip {slip.formula} is {verdict.status}, not refuted{why}"
                parts.append(Verdict("undecided", reason=says))
        parts += [named(v, f"the stable form {s.form}") for s, v in zip(self.entry.stable, self.stable, strict=True)]
        parts += [f.verify() for f in self.forms if f.latex is not None or f.code is not None]
        return joined(parts)
