"""Functions by their names, and calls: what is their argument, and what is a product instead."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import UndefinedFunction

from gradproof.lines import derivative, publish, replaced
from gradproof.notation import read
from gradproof.reading import tree
from gradproof.reading.binders import is_bracket, is_sum
from gradproof.reading.heads import Head, name_of
from gradproof.reading.left import keys_in, plain
from gradproof.reading.matrices import diagonal, entrywise, is_matrix, settled
from gradproof.reading.numbers import real
from gradproof.reading.powers import power
from gradproof.reading.words import MANY, PREFIX, WORDS, WRITTEN_OUT, WRITTEN_OUT_IN_PYTHON, bare

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning, Parts

__all__ = ["SCALARS", "call", "function", "is_call", "of_matrix", "word_of"]


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
            f"\\{word} with an index is not read",
            node,
            r"Write its arguments in brackets, \max(0, x); a maximum over an index is not read."
            if word in MANY
            else "",
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
    if word in ("log", "ln") and isinstance(behind, tree.Bars) and not behind.double and m.table.has_matrices():
        inside = m.value(behind.body, env)
        if is_matrix(inside) and inside.shape[0] == inside.shape[1] != 1:
            m.table.note(f"{m.shown(node, behind)} is the logarithm of the determinant")
            return [sp.Determinant(inside)], n + 2
    with m.deeper(node):
        value, following = m.factor(parts, n + 1, env)
    if len(parts) == n + 3 and _as_one(m, behind, *parts[n + 2]):
        return [value * m.value(parts[n + 2][1], env)], n + 3
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


def _is_letter(m: Meaning, node: tree.Node) -> bool:
    """Whether a part is a name or an entry, and no power."""
    head = m.heads.head(node) if isinstance(node, (tree.Name, tree.Scripted)) else None
    return head is not None and head.power is None


def _as_one(m: Meaning, number: tree.Node, op: str, node: tree.Node) -> bool:
    r"""Whether a number and a name are one argument: \sin 2x, \log 2\pi."""
    if op or not isinstance(number, tree.Number) or not isinstance(node, tree.Name):
        return False
    between = m.text[number.end : node.at]
    return between == "" or (node.name == "pi" and between.isspace())


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
    if bracket.called:
        return _surely_called(m, name, bracket)
    primed = isinstance(name.node, tree.Scripted) and name.node.primes
    if name.indices and not bracket.spaced and not primed and all(_is_letter(m, item) for item in bracket.items):
        shown, inside = m.shown(name.node), m.shown(bracket)
        raise m.unclear(
            f"{shown}{inside}",
            name.node,
            (f"a function {shown} at {inside}", f"a product {shown} \\cdot {inside}"),
            r"Write \phi_{nj}, an array, for the values \phi_j(x_n) of functions; for a product write \cdot.",
        )
    if name.indices or name.key in env:
        return False
    if name.key in m.table.defined:
        return _calls_defined(m, name, bracket)
    if "|" in bracket.joins:
        raise m.fail(
            f"{m.shown(name.node, bracket)}: a bar between two things is read at the left of a loss only",
            bracket,
            "Write a letter for it.",
        )
    if isinstance(known, UndefinedFunction):
        return True
    if known is not None and name.primes == 0:
        return False
    if name.key == "sigma" and bracket.kind == "(":
        if "sigma" in m.survey.alone | m.table.evidence.alone:
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
    if _scalar(m, name, bracket):
        m.table.note(f"{shown} before a bracket with more than a letter in it is a factor")
        return False
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


def _surely_called(m: Meaning, name: Head, bracket: tree.Group) -> bool:
    """True, if what is called by its form is a function."""
    known, shown = m.table.names.get(name.key), m.shown(name.node)
    if name.key in m.table.defined:
        return _calls_defined(m, name, bracket)
    if isinstance(known, UndefinedFunction):
        return True
    if known is not None or name.key in m.heads.letters or name.key == "pi":
        raise m.fail(f"{shown} is called, and is no function elsewhere", name.node, "Write * for a product.")
    if name.key == "sigma" and len(bracket.items) == 1:
        m.table.logistic = True
        m.table.note("sigma(x) is the logistic function 1/(1 + exp(-x))")
        return True
    near = get_close_matches(name.key, [*WORDS, *MANY, "Sum", "Derivative", "Piecewise"], 2, 0.7)
    advice = WRITTEN_OUT_IN_PYTHON.get(name.key.lower(), f'Declare it as a function: functions=["{shown}"].')
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise m.fail(f"the function {shown} is not known{hint}", name.node, advice)


#: Greek letters that no one uses for functions
SCALARS = frozenset(("alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "eta", "lambda", "nu", "tau", "omega"))
#: letters that are as often functions
_FUNCTIONS = frozenset(
    (*"fghuvkpqFGHKPQ", "phi", "varphi", "psi", "Phi", "Psi", "rho", "sigma", "pi", "Gamma", "zeta", "mu")
)


def _scalar(m: Meaning, name: Head, bracket: tree.Group) -> bool:
    r"""Whether a bracket is a factor as it is printed everywhere: \lambda(\sum_j w_j^2 - 1), \alpha(e^x - 1)."""
    inside = bracket.items[0]
    whole = isinstance(inside, tree.Terms) and len(inside.parts) > 1
    whole = whole or (isinstance(inside, tree.Product) and is_sum(inside.parts[0][1]))
    base = name.node.base if isinstance(name.node, tree.Scripted) else name.node
    if not whole or len(bracket.items) > 1 or not isinstance(base, tree.Name):
        return False
    return base.name in SCALARS or (name.key in m.table.evidence.alone and base.name not in _FUNCTIONS)


def _calls_defined(m: Meaning, name: Head, bracket: tree.Group) -> bool:
    """Whether a name that was defined with arguments has them here: f(x) f(1 - f) is a call and a product."""
    defined = m.table.defined[name.key]
    if plain(m.text[bracket.at : bracket.end]) == defined.given:
        return True
    if any(name.key in keys_in(item) for item in bracket.items):
        return False
    if len(defined.params) == len(bracket.items):
        return True
    shown = m.shown(name.node)
    raise m.unclear(
        f"{m.shown(name.node, bracket)}",
        name.node,
        (f"{shown} at other arguments than {defined.given}", f"a product {shown} \\cdot {m.shown(bracket)}"),
        rf"Write {shown} \cdot .. for a product; for {shown} as it was defined write {shown}{defined.given}.",
    )


def _defined_at(m: Meaning, name: Head, bracket: tree.Group, env: Env) -> Any:
    """f(x), f(u) and f'(u), where f(x) = .. was read."""
    defined = m.table.defined[name.key]
    value = defined.value
    if name.primes:
        if len(defined.params) != 1 or name.primes != 1 or is_matrix(value):
            raise m.fail("one prime, on a function of one letter, is read", name.node)
        value = derivative(value, defined.params[0])
    if plain(m.text[bracket.at : bracket.end]) != defined.given:
        at = tuple(m.value(item, env) for item in bracket.items)
        same = dict(zip(defined.params, at, strict=True))
        value = sp.Subs(value, tuple(same), at) if name.primes else publish(replaced(read(value), same))
    return power(m, value, name.power, name.node, env)


def call(m: Meaning, name: Head, bracket: tree.Group, env: Env) -> sp.Expr:
    """f(x, θ); f'(x) is its derivative there; σ(x) is the logistic function."""
    if isinstance(name.power, tree.Terms):
        raise m.unclear(
            f"{m.shown(name.node)}",
            name.node,
            ("the inverse function", "the reciprocal"),
            r"Write \frac{1}{..} for the reciprocal; the inverse function by what it is, as \log\frac{x}{1-x}.",
        )
    if name.key in m.table.defined:
        return _defined_at(m, name, bracket, env)
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
