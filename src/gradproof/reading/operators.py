"""What takes the product at its right: sums and derivatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp

from gradproof.inverse import Determinant
from gradproof.lines import derivative, summed
from gradproof.reading import tree
from gradproof.reading.binders import conditions_of, is_bracket, is_sum
from gradproof.reading.calls import function, of_matrix, word_of
from gradproof.reading.conditions import one, restricted
from gradproof.reading.heads import Head, key_of
from gradproof.reading.matrices import is_matrix, number
from gradproof.reading.powers import power
from gradproof.reading.vectors import inner_product, log_sum_exp, rank_of, softmax, transposed
from gradproof.reading.words import MANY, WORDS, entry_word

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning, Parts

__all__ = ["derivative_of", "derived_by", "evaluated", "operator"]

OF_MATRIX = ("tr", "trace", "det", "diag")

#: of a derivative: what is derived, how often, and the parts below
Split = tuple[tree.Node | None, int, list[tree.Node]]


def operator(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int] | None:
    """The value of a sum, a derivative or a function's name with what it takes; None for anything else."""
    node = parts[n][1]
    if is_sum(node):
        return _sum(m, parts, n, env), len(parts)
    column = None if m.table.has_matrices() else transposed(node, m.table)
    if column is not None and n + 1 < len(parts) and parts[n + 1][0] == "":
        found = inner_product(m, column, parts[n + 1][1], env)
        if found is not None:
            return found, n + 2
    base = node.base if isinstance(node, tree.Scripted) else node
    if isinstance(base, tree.Command):
        match base.name:
            case "partial":
                return _inline_derivative(m, parts, n, env)
            case "nabla":
                return _nabla(m, parts, n, env)
            case "one":
                return one(m, parts, n, env)
            case "det" if not m.table.has_matrices():
                return _determinant(m, parts, n, env)
            case name if name in OF_MATRIX:
                return of_matrix(m, parts, n, env)
            case name if name not in WORDS and name not in MANY:
                raise m.fail(f"{m.shown(node)} is not read as part of an expression", node, _ADVICE.get(name, ""))
    if (
        isinstance(base, tree.Name)
        and base.kind == "word"
        and base.name.lower() in OF_MATRIX
        and m.table.has_matrices()
    ):
        return of_matrix(m, parts, n, env)
    made = _of_array(m, parts, n, env)
    if made is not None:
        return made
    word = word_of(m, base)
    if word is not None:
        return function(m, parts, n, word, env)
    if isinstance(node, tree.Frac) and (wrt := _operator_wrt(m, node, env)) is not None:
        body = _rest(m, parts, n, env, "the derivative")
        behind = parts[n + 1 :]
        if len(behind) > 1 and is_bracket(behind[0][1]):
            raise m.unclear(
                f"{m.shown(node)} stands before a bracket and more factors",
                behind[1][1],
                ("the derivative of the bracket alone", "the derivative of the whole product"),
                "Put brackets round the derivative, or round the product.",
            )
        return _derivatives(body, wrt), len(parts)
    return None


def _of_array(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int] | None:
    r"""\operatorname{softmax}(z)_k and \operatorname{logsumexp}(z)."""
    behind = parts[n + 1][1] if n + 1 < len(parts) and parts[n + 1][0] == "" else None
    bracket = is_bracket(behind.base if isinstance(behind, tree.Scripted) else behind) if behind is not None else None
    if behind is None or bracket is None:
        return None
    word, below = entry_word(parts[n][1], behind)
    if word is None or word in m.table.names:
        return None
    value = softmax(m, bracket, below, env) if word == "softmax" else log_sum_exp(m, bracket, env)
    above = behind.above if isinstance(behind, tree.Scripted) else None
    return power(m, value, above, behind, env), n + 2


_ADVICE = {
    "ldots": "Write the sum with \\sum.",
    "dots": "Write the sum with \\sum.",
    "cdots": "Write the sum with \\sum.",
    "infty": "Sums and values are finite.",
    "top": 'Declare the matrix, shapes={"A": ("m", "n")}, or write the entries.',
}


def _rest(m: Meaning, parts: Parts, n: int, env: Env, what: str) -> sp.Expr:
    """The product behind an operator."""
    rest = parts[n + 1 :]
    if not rest or rest[0][0]:
        raise m.fail(f"there is nothing behind {what}", parts[n][1])
    return m.value(tree.Product(rest[0][1].at, rest[-1][1].end, rest) if len(rest) > 1 else rest[0][1], env)


# -- sums -------------------------------------------------------------------------------------------------
def _sum(m: Meaning, parts: Parts, n: int, env: Env) -> sp.Expr:
    node = parts[n][1]
    base = node.base if isinstance(node, tree.Scripted) else node
    if isinstance(base, tree.Command) and base.name == "prod":
        raise m.fail(
            "products over an index are not read: gradproof derives sums",
            node,
            r"Write the logarithm of it as a sum, \sum \log.",
        )
    binders = [b for (at, _), b in m.survey.binders.items() if at == node.at]
    if not binders:
        raise m.fail("the sum has no index", node, r"Write \sum_{i=1}^{N}.")
    opened: list[tuple[sp.Basic, sp.Expr, sp.Expr]] = []
    inner = dict(env)
    for binder in binders:
        if binder.dependent and binder.low is not None and binder.high is not None:
            low, high = m.bound(binder.low, inner), m.bound(binder.high, inner)
            index = sp.Symbol(binder.letter, integer=True)
        elif binder.span is not None:
            low, high = binder.span
            index = sp.Idx(binder.letter, (low, high))
        else:
            raise m.fail(f"the sum over {binder.letter} has no range", node)
        opened.append((index, low, high))
        inner[binder.letter] = (index, node.at)
    body = number(_rest(m, parts, n, inner, "the sum"))
    if is_matrix(body):
        raise m.fail(
            f"{m.shown(*(part for _, part in parts[n + 1 :]))} is {body.shape[0]} by {body.shape[1]}, and a sum adds numbers",
            node,
            "Write entries, \\sum_{j=1}^{d} w_j x_{ij}; or declare the whole matrix and write X w.",
        )
    for item in conditions_of(node):
        body = restricted(m, item, body, inner)
    for index, low, high in reversed(opened):
        body = summed(body, index, low, high)
    return body


def _determinant(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int]:
    r"""\det(A) and \det A, of an array whose entries were read before."""
    node = parts[n][1]
    behind = parts[n + 1][1] if n + 1 < len(parts) and not parts[n + 1][0] else node
    raised = behind if isinstance(behind, tree.Scripted) and is_bracket(behind.base) else None
    matrix = (is_bracket(raised.base if raised else behind) or tree.Group(behind.at, behind.end, "", (behind,))).items[
        0
    ]
    key = key_of(matrix)
    array = m.table.names.get(key or "")
    if key is not None and array is None and rank_of(m.table, key) == 2:  # its entries stand in a later formula
        array = m.array(Head(key, (), None, 0, matrix))
        m.table.ranks[key] = 2
    if key is None or not isinstance(array, sp.IndexedBase) or m.table.ranks.get(key) != 2:
        raise m.fail("\\det is read of a matrix whose entries stood in an earlier formula, or are declared", behind)
    value = Determinant(array, *m.side(key, behind))
    value = power(m, value, raised.above if raised else None, node, env)
    return power(m, value, node.above if isinstance(node, tree.Scripted) else None, node, env), n + 2


# -- derivatives ------------------------------------------------------------------------------------------
def derivative_of(m: Meaning, node: tree.Frac, env: Env) -> sp.Expr | None:
    """∂E/∂w as a fraction; None for a fraction that is no derivative."""
    split = _differentials(m, node)
    if split is None:
        return None
    top, times, bottom = split
    if top is None:
        raise m.fail("there is nothing behind the derivative", node)
    return _derivatives(m.value(top, env), _wrt(m, node, bottom, times, env))


def derived_by(node: tree.Node) -> tuple[tree.Node | None, tree.Node | None] | None:
    r"""(the variable, what is derived) of \frac{\partial L}{\partial w}, \partial L/\partial w, \nabla_w L; else None.

    The variable is None for \nabla L, which is derived by the one argument of L.
    """
    parts = node.parts if isinstance(node, tree.Product) else (("", node),)
    first = parts[0][1]
    rest = parts[1:]
    operand = tree.Product(rest[0][1].at, rest[-1][1].end, rest) if len(rest) > 1 else rest[0][1] if rest else None
    if isinstance(first, tree.Frac) and (split := split_derivative(first)) is not None and split[1] == 1:
        variables = [p for p in split[2] if sign_of(p) is None]
        if len(variables) != 1 or (split[0] is not None and rest):
            return None
        return variables[0], split[0] if split[0] is not None else operand
    base = first.base if isinstance(first, tree.Scripted) else first
    if isinstance(base, tree.Command) and base.name == "nabla":
        return (first.below if isinstance(first, tree.Scripted) else None), operand
    if isinstance(base, tree.Command) and base.name == "partial" and isinstance(first, tree.Scripted) and first.below:
        return first.below, operand
    slash = [n for n, (op, _) in enumerate(parts) if op == "/"]
    if sign_of(first) and len(slash) == 1 and slash[0] == len(parts) - 2 > 1 and sign_of(parts[-2][1]):
        inner = parts[1 : slash[0]]
        whole = tree.Product(inner[0][1].at, inner[-1][1].end, inner) if len(inner) > 1 else inner[0][1]
        return parts[-1][1], whole
    return None


def _operator_wrt(m: Meaning, node: tree.Frac, env: Env) -> list[sp.Expr] | None:
    split = _differentials(m, node)
    if split is None or split[0] is not None:
        return None
    return _wrt(m, node, split[2], split[1], env)


def _derivatives(body: sp.Expr, wrt: list[sp.Expr]) -> sp.Expr:
    for variable in reversed(wrt):
        body = derivative(body, variable)
    return body


def _differentials(m: Meaning, node: tree.Frac) -> Split | None:
    split = split_derivative(node)
    if split is not None and sign_of(split[2][0]) != ("∂", 1) and ("d" in m.table.names or "d" in m.survey.sizes):
        raise m.unclear(
            f"{m.shown(node)}",
            node,
            ("a derivative", "a fraction with the number d"),
            r"Write \partial for a derivative, and d \cdot x for a product.",
        )
    return split


def split_derivative(node: tree.Frac) -> Split | None:
    """(what is derived or None, how often, the parts below) of a fraction of ∂ or of d."""
    top, bottom = (p.parts if isinstance(p, tree.Product) else (("", p),) for p in (node.top, node.bottom))
    above, below = sign_of(top[0][1]), sign_of(bottom[0][1])
    if above is None or below is None or above[0] != below[0] or len(bottom) < 2:
        return None
    if any(op for op, _ in (*top, *bottom)):
        return None
    rest = top[1:]
    operand = tree.Product(rest[0][1].at, rest[-1][1].end, rest) if len(rest) > 1 else rest[0][1] if rest else None
    return operand, above[1], [p for _, p in bottom]


def sign_of(node: tree.Node) -> tuple[str, int] | None:
    """∂ or d, and how often: ∂² is 2."""
    times = 1
    if (
        isinstance(node, tree.Scripted)
        and isinstance(node.above, tree.Number)
        and node.below is None
        and not node.primes
    ):
        times = int(node.above.text) if node.above.text.isdigit() else 0
        node = node.base
    if isinstance(node, tree.Command) and node.name == "partial":
        return "∂", times
    if isinstance(node, tree.Name) and node.name == "d" and node.kind != "plain":
        return "d", times
    return None


def _wrt(m: Meaning, node: tree.Node, bottom: list[tree.Node], times: int, env: Env) -> list[sp.Expr]:
    """The variables below a derivative, as often as each stands."""
    found: list[sp.Expr] = []
    for part in bottom:
        if sign_of(part) is not None:
            continue
        power = 1
        if isinstance(part, tree.Scripted) and isinstance(part.above, tree.Number):
            power = int(part.above.text) if part.above.text.isdigit() and len(part.above.text) < 3 else 0
            part = replace(part, above=None)
        variable = m.value(part, env)
        if not isinstance(variable, (sp.Symbol, sp.Indexed)):
            raise m.fail(
                f"{m.shown(part)} is no variable that one derives by",
                part,
                "Accepted are a letter and an entry, w_{jk}.",
            )
        found += [variable] * power
    if len(found) != times or not found:
        raise m.fail(f"the derivative is taken {times} times above and {len(found)} times below", node)
    return found


def _inline_derivative(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int]:
    r"""\partial E / \partial w, on one line."""
    node = parts[n][1]
    slash = next((k for k in range(n + 1, len(parts)) if parts[k][0] == "/"), None)
    if (
        slash is None
        or slash == n + 1
        or sign_of(parts[slash][1]) is None
        or slash + 1 >= len(parts)
        or parts[slash + 1][0]
    ):
        raise m.fail(
            "a ∂ that belongs to no derivative", node, r"Write \frac{\partial E}{\partial w} or \partial E/\partial w."
        )
    top = tree.Product(node.at, parts[slash - 1][1].end, tuple(("", p) for _, p in parts[n:slash]))
    bottom = tree.Product(parts[slash][1].at, parts[slash + 1][1].end, (("", parts[slash][1]), parts[slash + 1]))
    value = derivative_of(m, tree.Frac(top.at, bottom.end, top, bottom), env)
    if value is None:
        raise m.fail("a ∂ that belongs to no derivative", node)
    return value, slash + 2


def _nabla(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int]:
    r"""\nabla_{w_k} E, one entry of the gradient."""
    node = parts[n][1]
    if not isinstance(node, tree.Scripted) or node.below is None or node.above is not None:
        raise m.fail("a gradient is read entry by entry", node, r"Write \frac{\partial E}{\partial w_k}.")
    return _derivatives(_rest(m, parts, n, env, "the gradient"), _wrt(m, node, [node.below], 1, env)), len(parts)


def evaluated(m: Meaning, node: tree.Evaluated, env: Env) -> sp.Expr:
    r"""\left. f(x) \right|_{x = u}."""
    if not (isinstance(node.point, tree.Sides) and node.point.relations == ("=",)):
        raise m.fail("behind the bar one letter is given a value", node.point, r"Write \right|_{x=u}.")
    letter, value = node.point.sides
    free = m.value(letter, env)
    if not isinstance(free, sp.Symbol):
        raise m.fail(f"{m.shown(letter)} is no letter that can be given a value", letter)
    return sp.Subs(m.value(node.body, env), (free,), (m.value(value, env),))
