r"""A loss, and what is claimed of its gradient, as an author writes them, field by field: LaTeX, or SymPy notation.

    loss: \frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2
    wrt: w
    gradient: \frac{2}{N} \sum_{n=1}^{N} x_n (w x_n + b - y_n)

The same fields make a block of an author's page, a cell of a notebook, a file, the options of the command line, and
the address of the live page.  Here a text is cut into its fields; answer.py reads the formulas and decides.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

__all__ = ["FIELDS", "NOTATIONS", "Block", "Problem", "ProblemError", "blocks", "listed", "problems_of", "read_problem"]

#: The fields, and whether each may be given more than once.
FIELDS = {
    "loss": False,
    "wrt": False,
    "gradient": False,
    "equation": False,
    "where": True,
    "assume": True,
    "ranges": True,
    "functions": True,
    "numbers": True,
    "sizes": True,
    "labels": True,
    "shapes": True,
    "notation": False,
    "id": False,
}
NOTATIONS = ("latex", "sympy")

_FIELD = re.compile(r"(\w+) ?:(?!=)(.*)")
_RANGE = re.compile(r"\s*(.+?)\s*=\s*(.+?)\s*(?:\.\.\.?|…|\\l?dots)\s*(.+?)\s*")
_SHAPE = re.compile(
    r"\s*(\S+?)\s*(?:=|\\in\s*\\(?:mathbb|mathbf|R)\s*(?:\{?\s*R\s*\}?)?\s*\^\s*\{?)"
    r"\s*([^\s{}]+?)(?:\s*(?:\\times(?![a-z])|×|\bx\b|\*)\s*([^\s{}]+?))?\s*\}?\s*"
)
#: What stands in one notation only.  A backslash says more than SymPy's signs, and these more than ^ and {, since many
#: type x^2 beside Sum(..): then it is an error that names the sign, not another formula.
_LATEX = re.compile(r"\\")
_SYMPY = re.compile(
    r"\*\*|==|!=|\w\.T\b|\)\.T\b|\b[A-Za-z_]\w*\[|\b(?:Sum|Derivative|Piecewise|Max|Min|Abs|Eq|KroneckerDelta|Heaviside|Rational)\("
    r"|(?<![A-Za-z_])(?:log|exp|sqrt|sin|cos|tanh|sigmoid|softplus|relu|erf|max|min|abs|sign)\("
)
_LATEX_TOO = re.compile(r"\^|(?<!\bin )\{")
_FENCE = re.compile(r"(?P<indent>[\s>]*)(?P<marks>`{3,}|~{3,})\s*(?P<info>[^`]*?)\s*")


class ProblemError(ValueError):
    """The fields do not make a problem; the message names the line or the field, and what is accepted."""


@dataclass(frozen=True)
class Problem:
    """A loss, and what is claimed of its gradient; or an equation.

    loss, wrt, gradient: formulas; wrt may be "" where the gradient is an equation, ∂L/∂w = …; a gradient
    with several equality signs is a derivation, each line of which is checked; without a gradient
    nothing is claimed, and the loss is derived.  equation: A = B, decided as it stands, without these three.
    notation: of all formulas, "latex" or "sympy"; "" where they tell it.  where: definitions of named quantities.
    assume: relations.  ranges: such as "k = 1..K".  functions, numbers, sizes, labels: letters that are
    functions, real numbers, sizes of arrays, arrays of whole numbers, where the formulas leave it open.
    shapes: such as "X = n x d" for a matrix, "w = d" for a vector.  id: an anchor.
    """

    loss: str = ""
    wrt: str = ""
    gradient: str = ""
    where: tuple[str, ...] = ()
    assume: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    id: str = ""
    equation: str = ""
    notation: str = ""

    def __post_init__(self) -> None:
        if self.notation not in ("", *NOTATIONS):
            raise ProblemError(f"the notation is {self.notation!r}; accepted are {', '.join(NOTATIONS)}")
        if self.equation.strip():
            beside = [name for name in ("loss", "wrt", "gradient") if getattr(self, name).strip()]
            if beside:
                raise ProblemError(f"an equation is decided as it stands, without {' and '.join(beside)}")
            return
        if not self.loss.strip():
            raise ProblemError("the loss is missing")
        if not self.wrt.strip() and not self.gradient.strip():
            raise ProblemError("wrt is missing: name the variable, such as w or w_{kj}")

    @property
    def told(self) -> str:
        """The notation: as it is given, or by the signs that only one has; "" where there is none."""
        names = (*self.functions, *self.numbers, *self.sizes, *self.labels)
        whole = "\n".join((self.loss, self.wrt, self.gradient, self.equation, *self.where, *self.assume, *names))
        signs = ((_LATEX, "latex"), (_SYMPY, "sympy"), (_LATEX_TOO, "latex"))
        return self.notation or next((notation for sign, notation in signs if sign.search(whole)), "")

    @property
    def spans(self) -> Mapping[str, tuple[str, str]]:
        """The declared ranges by index; raises ProblemError for one that is not like k = 1..K."""
        found = {}
        for text in listed(self.ranges):
            match = _RANGE.fullmatch(text)
            if match is None:
                raise ProblemError(f"the range {text!r} is not of the form k = 1..K")
            found[match[1]] = match[2], match[3]
        return found

    @property
    def matrices(self) -> Mapping[str, tuple[str, ...]]:
        """The sizes of matrices and vectors by letter; raises ProblemError for what is not like X = n x d."""
        found = {}
        for text in listed(self.shapes):
            match = _SHAPE.fullmatch(text)
            if match is None:
                raise ProblemError(
                    f"the shape {text!r} is not of the form X = n x d, which is a matrix, or w = d, which is a vector"
                )
            found[match[1]] = tuple(size for size in match.groups()[1:] if size)
        return found


def listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """What stands between commas, in every value."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def read_problem(text: str) -> Problem:
    """The problem that the lines `field: value` of a text state; any other line goes on with the one above.

    Raises ProblemError, naming the line.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for number, line in enumerate(dedent(text).splitlines(), 1):
        match = _FIELD.match(line)
        if match is not None:
            name = match[1].lower()
            if name not in FIELDS:
                raise ProblemError(f"line {number}: there is no field {match[1]!r}; the fields are {', '.join(FIELDS)}")
            if name in found and not FIELDS[name]:
                raise ProblemError(f"line {number}: {name} is given twice")
            found.setdefault(name, []).append(match[2].strip())
        elif name:
            found[name][-1] += f"\n{line.strip()}"
        elif line.strip():
            raise ProblemError(f"line {number}: {line.strip()!r} is no field, such as loss: x^2")
    single = {n: found[n][0].strip() for n in found if not FIELDS[n]}
    several = {n: tuple(value.strip() for value in found[n]) for n in found if FIELDS[n]}
    return Problem(**single, **several)  # type: ignore[arg-type] # each has its own field's type


class Block(NamedTuple):
    """A fenced block of a Markdown text.

    first, last: the lines with its fences, counted from 0.  indent: what stands before each line.
    text: the lines between, without it.  fault: why the block cannot be read, or "".
    """

    first: int
    last: int
    indent: str
    text: str
    fault: str


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks of a Markdown text that are fenced as `gradproof`, save those that another fence quotes."""
    first, opening, kept = 0, None, list[str]()
    for number, line in enumerate([*lines, ""]):
        fence = _FENCE.fullmatch(line)
        ends = number == len(lines)
        if opening is None:
            if fence is not None:
                first, opening, kept = number, fence, []
        elif ends or (fence is not None and not fence["info"] and fence["marks"].startswith(opening["marks"])):
            if opening["info"].split()[:1] == ["gradproof"]:
                yield Block(first, number, opening["indent"], "\n".join(kept), _fault(opening, ends))
            opening = None
        else:
            kept.append(line.removeprefix(opening["indent"]))


def _fault(opening: re.Match[str], unfinished: bool) -> str:
    if unfinished:
        return "the block has no closing fence"
    if ">" in opening["indent"]:
        return "the block stands in a quotation, where it is not read"
    if opening["info"] != "gradproof":
        return f"only gradproof may stand behind the opening fence, not {opening['info']!r}; write options as fields"
    return ""


def problems_of(name: str) -> Iterator[tuple[str, str, str]]:
    """The problems of a file: where each stands, its text, and what is wrong with its fence.

    name: "-" is the standard input.  Raises ProblemError where it is no text, or a Markdown text without a problem.
    """
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError(f"{name} is not a text in UTF-8: {error.reason} at byte {error.start}") from None
    except FileNotFoundError:
        raise ProblemError(f"there is no file {name}") from None
    except IsADirectoryError:
        raise ProblemError(f"{name} is a directory; name a file in it") from None
    fenced = list(blocks(text.splitlines()))
    for block in fenced:
        yield f"{name}:{block.first + 1}", block.text, block.fault
    if not fenced and name.endswith((".md", ".markdown")):
        raise ProblemError(f"{name} has no block that is fenced as gradproof")
    if not fenced:
        yield name, text, ""
