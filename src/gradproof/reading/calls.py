"""Functions by their names, and calls: what is their argument, and what is a product instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import UndefinedFunction

from gradproof.lines import derivative, replaced
from gradproof.reading import tree
from gradproof.reading.binders import is_bracket, is_sum
from gradproof.reading.heads import Head, name_of
from gradproof.reading.matrices import diagonal, entrywise, is_matrix, settled
from gradproof.reading.numbers import real
from gradproof.reading.powers import power
from gradproof.reading.words import MANY, PREFIX, WORDS, WRITTEN_OUT, bare

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning, Parts

__all__ = ["call", "function", "is_call", "of_matrix", "word_of"]


def word_of(m: Meaning, base: tree.Node) -> str | None:
    """The function that a command, or a word set upright, names."""
    if isinstance(base, tree.Command):
        return base.name
    if isinstance(base, tree.Name) and base.kind == "word" and name_of(base) not in m.table.names:
        return bare(base.name)
    return None


def function(m: Meaning, parts: Parts, n: int, word: str, env: Env) -> tuple[sp.Expr, int]:
    """A function by its name, with its power or its base, and its argument."""
    node = parts[n][1]
    phrase = _phrase(m, parts, n)
    if phrase is not None:
        return phrase, n + 2
    above, base, primes = None, None, 0
    if isinstance(node, tree.Scripted):
        above, base, primes = node.above, node.below, node.primes
    if base is not None and word != "log":
        raise m.fail(
            f"\\{word} with an index is not read", node, "Write its arguments in brackets." if word in MANY else ""
        )
    arguments, following = _arguments(m, parts, n, word, env)
    if word in MANY and primes:
        raise m.fail(f"a prime at \\{word} is not read", node)
    if word in MANY:
        if len(arguments) < 2:
            raise m.fail(f"\\{word} takes two arguments or more", node, rf"Write \{word}(0, x).")
        value = entrywise(m, MANY[word], arguments, node)
    elif len(arguments) != 1:
        raise m.fail(f"{word} takes one argument, and has {len(arguments)}", node)
    elif primes:
        value = _derived(m, WORDS[word], arguments[0], primes, node)
    else:
        value = real(m, entrywise(m, WORDS[word], arguments, node), node)
    if base is not None:
        value = value / sp.log(m.value(base, env))
    if isinstance(above, tree.Terms):
        raise m.unclear(
            f"{m.shown(node)}",
            node,
            ("the inverse function", "the reciprocal"),
            rf"Write \operatorname{{arc{word}}} or \frac{{1}}{{\{word} ..}}.",
        )
    value = power(m, value, above, node, env)
    behind = parts[following - 1][1]
    if isinstance(behind, tree.Scripted) and is_bracket(behind.base) and word in (*MANY, *set(WORDS) - PREFIX):
        value = power(m, value, behind.above, behind, env)
    return value, following


def _phrase(m: Meaning, parts: Parts, n: int) -> Any:
    r"""A symbol whose name is a function and its argument, such as \cos\theta."""
    if n + 1 < len(parts):
        text = re.sub(r"\s+", "", m.text[parts[n][1].at : parts[n + 1][1].end])
        return m.table.names.get(text)
    return None


def _arguments(m: Meaning, parts: Parts, n: int, word: str, env: Env) -> tuple[list[sp.Expr], int]:
    """The values that a function is given, and the place behind them."""
    node = parts[n][1]
    if n + 1 >= len(parts) or parts[n + 1][0]:
        raise m.fail(f"there is nothing behind {m.shown(node)}", node)
    behind = parts[n + 1][1]
    scripted = behind if isinstance(behind, tree.Scripted) else None
    group = is_bracket(scripted.base if scripted else behind) or _curly(scripted.base if scripted else behind)
    if group is not None:
        if scripted is not None and (word in PREFIX or scripted.below is not None or scripted.primes):
            name = m.shown(node)
            inside = m.shown(group)
            raise m.unclear(
                f"{m.shown(node, behind)}",
                behind,
                (f"({name} {inside})^..", f"{name} ({inside}^..)"),
                f"Write {name}^{{2}}{inside} for a power of the value, or one more bracket round the argument.",
            )
        return [m.value(i, env) for i in group.items], n + 2
    if word in MANY:
        raise m.fail(f"\\{word} needs brackets round its arguments", node, rf"Write \{word}(0, x).")
    with m.deeper(node):
        value, following = m.factor(parts, n + 1, env)
    if following < len(parts) and not _new_factor(m, parts, following):
        rest = parts[following][1]
        inside = m.shown(parts[n + 1][1], parts[following - 1][1])
        op = parts[following][0]
        raise m.unclear(
            f"{m.shown(node)} without brackets, and {m.shown(rest)} behind its argument",
            rest,
            (rf"{m.shown(node)}({inside}) {op} {m.shown(rest)}", rf"{m.shown(node)}({inside} {op} {m.shown(rest)})"),
            "Put the argument in brackets.",
        )
    return [value], following


def _curly(node: tree.Node) -> tree.Group | None:
    return node if isinstance(node, tree.Group) and node.kind == "{" else None


def _new_factor(m: Meaning, parts: Parts, n: int) -> bool:
    r"""Whether what follows an argument without brackets cannot belong to it: a \cdot, a sum, a function."""
    op, node = parts[n]
    base = node.base if isinstance(node, tree.Scripted) else node
    return op == "*" or (op == "" and (is_sum(node) or word_of(m, base) is not None))


def _derived(m: Meaning, function: Any, argument: sp.Expr, primes: int, node: tree.Node) -> sp.Expr:
    """The derivative of a known function at a value."""
    free = sp.Dummy("u")
    slope = sp.diff(function(free), free, primes)
    if slope.has(sp.Heaviside, sp.Derivative, sp.DiracDelta, sp.Subs) or slope == 0:
        raise m.fail(f"{m.shown(node)} is not read: the function has a kink or a jump", node)
    return entrywise(m, lambda value: replaced(slope, {free: value}), [argument], node)


def of_matrix(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[Any, int]:
    r"""\operatorname{tr}(A), \det(A), \operatorname{diag}(v)."""
    node = parts[n][1]
    base = node.base if isinstance(node, tree.Scripted) else node
    word = base.name.lower() if isinstance(base, (tree.Command, tree.Name)) else ""
    arguments, following = _arguments(m, parts, n, word, env)
    if len(arguments) != 1 or not is_matrix(arguments[0]):
        raise m.fail(f"\\{word} is read of a matrix that is declared with its shape", node)
    (matrix,) = arguments
    if word == "diag":
        return diagonal(m, matrix, node), following
    settled(m, matrix, node)
    if matrix.shape[0] != matrix.shape[1]:
        raise m.fail(
            f"\\{word} is read of a square matrix, and this one is {matrix.shape[0]} by {matrix.shape[1]}", node
        )
    return (sp.Determinant(matrix) if word == "det" else sp.Trace(matrix)), following


# -- calls ------------------------------------------------------------------------------------------------
def is_call(m: Meaning, name: Head, bracket: tree.Group, env: Env) -> bool:
    """Whether a name and the bracket behind it are a call; AmbiguityError where both readings stand."""
    known = m.table.names.get(name.key)
    if name.indices or name.key in env:
        return False
    if isinstance(known, UndefinedFunction):
        return True
    if known is not None and name.primes == 0:
        return False
    if name.key == "sigma" and bracket.kind == "(":
        if "sigma" in m.survey.alone:
            raise m.unclear(
                r"\sigma stands with a bracket here, and without one elsewhere",
                name.node,
                ("the logistic function", "a factor"),
                r"Write \operatorname{sigmoid}(x) for the function, \sigma \cdot (x) for the product.",
            )
        m.table.logistic = True
        m.table.note("σ(x) is the logistic function 1/(1 + e^(-x))")
        return True
    shown = m.shown(name.node)
    base = name.node.base if isinstance(name.node, tree.Scripted) else name.node
    word = base if isinstance(base, tree.Name) and base.kind == "word" else None
    if word is not None and (
        len(bracket.items) > 1 or not (bracket.spaced or name.key in m.survey.alone or name.key in m.heads.letters)
    ):
        advice = f'Write it out, or declare it as a function that is not defined: functions=[r"{shown}"].'
        raise m.fail(f"the function {shown} is not known", name.node, WRITTEN_OUT.get(word.name.lower(), advice))
    if len(bracket.items) > 1:
        return True
    if bracket.spaced or name.key == "pi" or name.key in m.survey.alone or name.key in m.heads.letters:
        return False
    inside = m.shown(bracket)
    if name.power is not None:
        return False
    raise m.unclear(
        f"{shown}{inside}",
        name.node,
        (f"a call of the function {shown}", f"a product {shown} \\cdot {inside}"),
        rf'Write {shown} \cdot {inside} for a product; for a call declare it: functions=[r"{shown}"].',
    )


def call(m: Meaning, name: Head, bracket: tree.Group, env: Env) -> sp.Expr:
    """f(x, θ); f'(x) is its derivative there; σ(x) is the logistic function."""
    arguments = [m.value(i, env) for i in bracket.items]
    known = m.table.names.get(name.key)
    if name.key == "sigma" and known is None and len(arguments) == 1:
        value = (
            _derived(m, WORDS["sigmoid"], arguments[0], name.primes, name.node)
            if name.primes
            else entrywise(m, WORDS["sigmoid"], arguments, name.node)
        )
    else:
        if known is None:
            known = sp.Function(name.key)
            m.table.known(name.key, known)
            m.table.note(f"{name.key} is a function: a comma stands in the bracket behind it")
        value = entrywise(m, known, arguments, name.node)
        if name.primes:
            if len(arguments) != 1 or name.primes != 1:
                raise m.fail("one prime, on a function of one argument, is read", name.node)
            value = _slope(known, arguments[0])
    return power(m, value, name.power, name.node, env)


def _slope(function: Any, argument: sp.Expr) -> sp.Expr:
    """f'(u)."""
    if isinstance(argument, (sp.Symbol, sp.Indexed)):
        return derivative(function(argument), argument)
    free = sp.Dummy("xi")
    return sp.Subs(derivative(function(free), free), (free,), (argument,))
