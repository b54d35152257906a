"""The certificates of the claims of the sources and of the reference, and of a user's derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp

from gradproof import reference, sources
from gradproof.claim import Claim, Slip
from gradproof.derivation import Derivation
from gradproof.formal.certificate import Certificate, Missing, Part
from gradproof.formal.existence import no_function
from gradproof.formal.gradient import Proved, closed, proved
from gradproof.formal.identity import following_part
from gradproof.formal.identity import identity as identity_of
from gradproof.formal.numbers import number_parts
from gradproof.formal.orders import differs_when, inequality
from gradproof.formal.points import differing_part, example, not_following, refutation
from gradproof.formal.remainders import order, order_too_high
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import is_partial
from gradproof.notation import NotationError
from gradproof.reference.entry import Entry, Gradient
from gradproof.statements import (
    Approximation,
    Differs,
    DiffersWhen,
    Equality,
    Follows,
    GradientCost,
    Induction,
    Inequality,
    NoFunction,
    NoMinimum,
    OnBox,
    Rounded,
    Substitutes,
)

__all__ = ["certificate_of", "certificates"]

Found = Certificate | Missing


def certificates(identity: str) -> tuple[Found, ...]:
    """The certificates of a claim or an entry, or for each why there is none.  Raises KeyError for an unknown id.

    A gradient of an entry, a statement of a claim and a slip have one each; a wrong formula for which none is found has
    an answer of its own.
    """
    if identity in reference.IDS:
        entry = reference.REFERENCE[identity]
        return tuple(found for n, g in enumerate(entry.gradients, 1) for found in _of_gradient(entry, n, g))
    return tuple(_of_claim(sources.CLAIMS[identity]))


def certificate_of(derivation: Derivation) -> Certificate:
    """The certificate of one derivation.  Raises NoCertificateError, which names the step that has none."""
    d = derivation
    return _certificate("derivation", proved(d.loss, d.wrt, d.closed, d.definitions, d.assumptions))


def _made(identity: str, make: Callable[[], Certificate]) -> Found:
    try:
        return make()
    except (NoCertificateError, NotationError, RecursionError) as error:
        return Missing(identity, str(error))


def _certificate(identity: str, general: Proved, parts: Sequence[Part] = ()) -> Certificate:
    """The theorem for every size, a point that meets its hypotheses, and what is said at other points."""
    return Certificate(identity, (general.part, example(general), *parts))


# -- the reference ------------------------------------------------------------------------------------
def _of_gradient(entry: Entry, n: int, gradient: Gradient) -> Iterator[Found]:
    identity, of = f"{entry.id}/{n}", entry.of(gradient)
    try:
        general = proved(of, gradient.wrt, gradient.formula, entry.definitions, entry.assumptions)
        whole = _certificate(identity, general)
    except (NoCertificateError, RecursionError) as error:
        yield Missing(identity, str(error))
        return
    wrong: list[Part] = []
    missing: list[Missing] = []
    for k, w in enumerate(gradient.wrong, 1):
        try:
            wrong.append(refutation(f"wrong_{k}", general, w.formula, w.at))
        except NoCertificateError as error:
            missing.append(Missing(f"{identity}/wrong-{k}", str(error)))
    yield Certificate(identity, (*whole.parts, *wrong))
    yield from missing


# -- the sources --------------------------------------------------------------------------------------
def _of_claim(claim: Claim) -> Iterator[Found]:
    for n, statement in enumerate(claim.statements, 1):
        name = f"{claim.id}/{n}"
        if isinstance(statement, Substitutes):
            if statement.verify().status != "proved":
                yield Missing(name, f"it is not proved that {statement}")
                continue
            statement = _substituted(statement)
        yield _made(name, partial(_of_statement, name, statement))
        yield from _each_derivative(name, statement)
    for n, slip in enumerate(claim.slips, 1):
        name = f"{claim.id}/slip-{n}"
        yield _made(name, partial(_of_slip, name, slip, claim))


def _of_statement(identity: str, statement: Any) -> Certificate:
    match statement:
        case Equality() if _one_derivative(statement.left):
            return _certificate(identity, _general(statement))
        case Equality():
            return Certificate(identity, _of_terms(statement))
        case Inequality():
            return Certificate(identity, _with_example(inequality(statement), statement.at))
        case DiffersWhen():
            return Certificate(identity, _with_example(differs_when(statement)))
        case Approximation():
            return Certificate(identity, order(statement))
        case NoFunction():
            return Certificate(identity, (no_function(statement),))
        case Follows():
            return Certificate(identity, (following_part(statement),))
        case Rounded() | OnBox():
            return Certificate(identity, number_parts(statement))
        case Differs() if statement.at is not None:
            return Certificate(identity, number_parts(_closed(statement)))
    raise NoCertificateError(f"{_NONE_YET.get(type(statement), 'a statement of this kind')} has no certificate yet")


#: kinds of statement, in words, that no theorem is made of
_NONE_YET: Mapping[type, str] = {
    GradientCost: "how many operations a computation takes",
    Induction: "what stays so at every step of gradient descent",
    NoMinimum: "that a loss has no minimum",
}


def _substituted(s: Substitutes) -> Equality:
    """What one equation says is what is given when others are put in; which of them have these numbers is no theorem."""
    return Equality(s.stated[s.into].rhs, s.stated[s.gives].rhs, definitions=s.definitions)


def _general(s: Equality) -> Proved:
    loss = closed(s.left.expr, s.definitions, s.assumptions) if s.left.expr.has(sp.Derivative) else s.left.expr
    return proved(loss, s.left.variables[0], s.right, s.definitions, s.assumptions)


def _of_terms(s: Equality) -> tuple[Part, ...]:
    """An equality of terms, with the derivatives in it taken."""
    sides = [closed(e, s.definitions, s.assumptions) for e in (s.left, s.right)]
    return _with_example(identity_of(sides[0], sides[1], s.definitions, s.assumptions))


def _with_example(general: Proved, at: Mapping[Any, Any] | None = None) -> tuple[Part, ...]:
    """A theorem, and a point that meets its hypotheses where it has any."""
    return (general.part, example(general, at)) if general.hypotheses else (general.part,)


def _each_derivative(identity: str, s: Any) -> Iterator[Found]:
    """Of each derivative in a statement about terms that it is what the proof of that takes it for."""
    sides: tuple[sp.Expr, ...]
    assumptions: tuple[Any, ...] = ()
    match s:
        case Equality() if _one_derivative(s.left):
            sides, assumptions = (s.left.expr,), s.assumptions
        case Equality() | DiffersWhen():
            sides, assumptions = (s.left, s.right), s.assumptions
        case NoFunction():
            sides = (s.source, s.target)
        case _:
            return
    nodes = dict.fromkeys(d for e in sides for d in _derivatives(e))
    for n, d in enumerate(nodes, 1):
        name = f"{identity}/derivative-{n}"
        yield _made(name, partial(_of_statement, name, Equality(d, d, d.variables[0], s.definitions, assumptions)))


def _derivatives(e: sp.Basic) -> Iterator[sp.Derivative]:
    """The derivatives in an expression that are taken."""
    if isinstance(e, sp.Derivative):
        if not is_partial(e):
            yield e
        return
    for a in e.args:
        yield from _derivatives(a)


def _one_derivative(e: sp.Expr) -> bool:
    return isinstance(e, sp.Derivative) and not is_partial(e) and len(e.variables) == 1


def _closed(s: Differs) -> Differs:
    return replace(
        s, left=closed(s.left, s.definitions, s.assumptions), right=closed(s.right, s.definitions, s.assumptions)
    )


def _of_slip(identity: str, slip: Slip, claim: Claim) -> Certificate:
    """What is printed is refuted, what is meant is proved."""
    reading = slip.reading
    if isinstance(reading, Follows):
        follows = slip.corrected or claim.statements[0]
        return Certificate(identity, (not_following("as_printed", reading), *_of_statement(identity, follows).parts))
    if isinstance(reading, Differs) and reading.at is None:  # it says that two sides differ, and they do not
        return _of_statement(
            identity, Equality(reading.left, reading.right, None, reading.definitions, reading.assumptions)
        )
    if isinstance(reading, Approximation):
        return Certificate(identity, order_too_high(reading))
    if isinstance(reading, Substitutes):
        raise NoCertificateError("which equation has a number is no theorem")
    if not isinstance(reading, Equality):
        raise NoCertificateError(f"{_NONE_YET.get(type(reading), 'a statement of this kind')} has no certificate yet")
    corrections = [slip.corrected] if slip.corrected is not None else claim.statements
    meant = next((s for s in corrections if isinstance(s, Equality)), None)
    if meant is not None and _one_derivative(reading.left) and reading.left == meant.left:
        wrong = closed(reading.right, reading.definitions, reading.assumptions)
        return _certificate(identity, _general(meant), [refutation("as_printed", _general(meant), wrong, slip.at)])
    sides = [closed(e, reading.definitions, reading.assumptions) for e in (reading.left, reading.right)]
    at = slip.at if slip.at is not None else reading.verify().witness
    if at is None:
        raise NoCertificateError("no point is given at which the two sides differ")
    part = differing_part("as_printed", sides[0], sides[1], at, reading.definitions, reading.assumptions)
    return Certificate(identity, (part, *(() if meant is None else _of_terms(meant))))
