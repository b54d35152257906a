"""Points that someone gives, rather than ones that are searched for: numbers by name.

`Given` implements `values.Scene`; named quantities are computed from their definitions unless
they are given too.  `gradient_at` evaluates a derivation's result there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from gradproof.arithmetic import Exact
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import array_name, head, index_range
from gradproof.notation import NotationError, read
from gradproof.values import evaluate

if TYPE_CHECKING:
    from gradproof.derivation import Derivation

__all__ = ["Given", "gradient_at", "point_text", "starts"]


class Given:
    """A point: rational numbers, nested lists of them, and functions as SymPy Lambdas, by name or object.

    bodies: the expressions that will be evaluated; they tell where each array's indices start.
    Raises NotationError, naming it, for a value that is missing or is no rational number.
    """

    def __init__(
        self, values: Mapping[Any, Any], bodies: Sequence[sp.Basic] = (), definitions: Sequence[sp.Eq] = ()
    ) -> None:
        self.values = {_name(k): v for k, v in values.items()}
        self.definitions = {head(d.lhs): d for d in definitions}
        self.starts = starts([*bodies, *(d.rhs for d in definitions)])

    def symbol(self, symbol: sp.Basic) -> Any:
        name = str(symbol)
        if name in self.values:
            return _rational(self.values[name], name)
        if symbol in self.definitions:
            return evaluate(self.definitions[symbol].rhs, self, Exact())
        raise NotationError(f"no value is given for {name}")

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        name = str(base.label)
        if name not in self.values:
            if base not in self.definitions:
                raise NotationError(f"no values are given for the array {name}")
            d = self.definitions[base]
            return evaluate(d.rhs, self, Exact(), env=dict(zip(d.lhs.indices, index, strict=True)))
        value = self.values[name]
        for axis, i in enumerate(index):
            offset = i - self.starts.get(name, (0,) * len(index))[axis]
            if not 0 <= offset < len(value):
                raise NotationError(
                    f"{name} has {len(value)} entries along axis {axis}, which begins at {i - offset};"
                    f" the entry {i} is out of range"
                )
            value = value[offset]
        return _rational(value, name)

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        given = self.values.get(function.__name__)
        if not isinstance(given, sp.Lambda):
            raise NotationError(f"the undefined function {function.__name__} has no value; give it as a Lambda")
        slope = given.expr
        for variable, order in zip(given.variables, orders, strict=True):
            slope = sp.diff(slope, variable, order) if order else slope
        scene = Given({str(v): a for v, a in zip(given.variables, args, strict=True)})
        return evaluate(slope, scene, Exact())


def _name(key: Any) -> str:
    return key.__name__ if isinstance(key, sp.core.function.FunctionClass) else str(getattr(key, "label", key))


def _rational(value: Any, name: str) -> Any:
    """The number; an enclosure that a function was called with is passed on."""
    if hasattr(value, "delta"):
        return value
    try:
        return Fraction(str(value)) if isinstance(value, (float, sp.Basic)) else Fraction(value)
    except (TypeError, ValueError):
        raise NotationError(
            f"the value of {name} is {value!r}; accepted are rational numbers and nested lists of them"
        ) from None


def point_text(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A given point as a reader sees it: names and values, and functions with their variables."""
    return {
        _name(k) + (f"({', '.join(map(str, v.variables))})" if isinstance(v, sp.Lambda) else ""): (
            v.expr if isinstance(v, sp.Lambda) else v
        )
        for k, v in values.items()
    }


def gradient_at(derivation: Derivation, values: Mapping[Any, Any]) -> Any:
    """See `Derivation.at`."""
    from gradproof.derivation import axis_bounds

    loss, wrt, result = read(derivation.loss), read(derivation.wrt), read(derivation.closed)
    definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
    bodies = [loss, result, *(d.rhs for d in definitions)]
    scene = Given(values, [*bodies, wrt], definitions)  # wrt's own range says where an axis starts
    evaluate(loss, scene, Exact(), off_kinks=True)
    bounds = axis_bounds(bodies, wrt)
    free = [i for i in dict.fromkeys(getattr(wrt, "indices", ())) if not i.is_number and str(i) not in scene.values]

    def nest(env: dict[sp.Basic, int], left: Sequence[sp.Basic]) -> Any:
        if not left:
            return evaluate(result, scene, Exact(), env=env)
        lo, hi = bounds[left[0]]
        span = range(int(evaluate(lo, scene)), int(evaluate(hi, scene)) + 1)
        return [nest({**env, left[0]: n}, left[1:]) for n in span]

    return nest({}, free)


def starts(bodies: Sequence[sp.Basic]) -> dict[str, list[int]]:
    """Where each axis begins: at 1, or at the lowest index used if that is lower."""
    found: dict[str, list[int]] = {}

    def visit(e: sp.Basic, env: Mapping[sp.Basic, sp.Expr]) -> None:
        if isinstance(e, sp.Sum):
            env = {**env, **{i: lo for i, lo, _ in e.limits}}
        if isinstance(e, Determinant):
            found.setdefault(str(e.of.label), [int(e.span[0])] * 2)
        if isinstance(e, sp.Indexed) and isinstance(e.base, InverseBase):
            found.setdefault(str(e.base.of.label), [int(e.base.span[0])] * 2)
        elif isinstance(e, sp.Indexed):
            lows = found.setdefault(array_name(e), [10**9] * len(e.indices))
            for axis, index in enumerate(e.indices):
                span = index_range(index)
                low = index.xreplace(dict(env)) if index.free_symbols & env.keys() else (span[0] if span else index)
                if low.is_Integer:
                    lows[axis] = min(lows[axis], int(low))
        for a in e.args:
            visit(a, env)

    for body in bodies:
        visit(body, {})
    return {name: [0 if n == 10**9 else min(n, 1) for n in lows] for name, lows in found.items()}
