"""Names with their scripts: which of them is an index, a label, a layer or a power.

Conventions.  Letters below a name are indices where each is one: bound by a sum of the text,
declared, or free in what was read before.  Digits below are an entry where the letter is an
array, else part of the name.  What stands above in round or square brackets is never a power:
digits are a layer, index letters an index that comes first, all else a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp
from sympy.core.function import UndefinedFunction
from sympy.printing.latex import translate

from gradproof.latex import to_latex
from gradproof.reading import tree
from gradproof.reading.errors import AmbiguityError, LatexError

if TYPE_CHECKING:
    from gradproof.reading.table import Table

__all__ = [
    "Head",
    "Heads",
    "inverse_entry",
    "items",
    "key_of",
    "label",
    "letters_of",
    "name_of",
    "names_in",
    "spelled",
]


@dataclass(frozen=True)
class Head:
    """A name with its scripts: its key, its indices ((): no entry), what it is raised to, and its primes."""

    key: str
    indices: tuple[tree.Node, ...]
    power: tree.Node | None
    primes: int
    node: tree.Node


def name_of(node: tree.Name) -> str:
    """The key of a bare name; a word that SymPy would print as something else stays as it is written."""
    if node.kind == "word" and (translate(node.name) != node.name or not node.name.isalpha()):
        return rf"\mathrm{{{node.name}}}"
    return node.name


def label(node: tree.Node | None) -> str:
    """A script as a label: its letters and digits in a row."""
    match node:
        case None:
            return ""
        case tree.Name():
            return name_of(node)
        case tree.Number():
            return node.text
        case tree.Lone():
            return node.sign
        case tree.Command():
            return node.name
        case tree.Group():
            return ",".join(map(label, node.items))
        case tree.Product():
            return "".join(op + label(part) for op, part in node.parts)
        case tree.Terms():
            return "".join(("-" if s < 0 else "+" if n else "") + label(p) for n, (s, p) in enumerate(node.parts))
        case tree.Entry():
            return f"{label(node.base)}[{label(node.below)}]"
        case tree.Scripted():
            return label(node.base) + "".join(f"_{b}" for b in [label(node.below)] if b) + "'" * node.primes
    return "?"


def spelled(key: str) -> str:
    """A key as LaTeX."""
    return to_latex(sp.Symbol(key))


def inverse_entry(node: tree.Node) -> tree.Scripted | None:
    """The name with the indices of an entry of an inverse, (A^{-1})_{ij}; None for anything else."""
    if not isinstance(node, tree.Scripted) or node.below is None or not isinstance(node.base, tree.Group):
        return None
    inner = node.base.items[0]
    if len(node.base.items) > 1 or not isinstance(inner, tree.Scripted) or label(inner.above) != "-1" or inner.primes:
        return None
    layer = inner.base
    if isinstance(layer, tree.Group) and layer.kind == "" and len(layer.items) == 1:
        layer = layer.items[0]
    if inner.below is not None or key_of(layer) is None:
        return None
    base, above = (layer.base, layer.above) if isinstance(layer, tree.Scripted) else (layer, None)
    return tree.Scripted(node.at, node.end, base, node.below, above, 0)


def key_of(node: tree.Node) -> str | None:
    """The key of a name all of whose scripts are labels; None for anything else."""
    if isinstance(node, tree.Name):
        return name_of(node)
    if not isinstance(node, tree.Scripted) or not isinstance(node.base, tree.Name):
        return None
    above = node.above
    layer = isinstance(above, tree.Lone) or (isinstance(above, tree.Group) and above.kind) or upright(above)
    if above is not None and not layer:
        return None
    if isinstance(node, tree.Entry):
        return label(node) if node.below is not None else name_of(node.base)
    key = name_of(node.base) + (f"_{label(node.below)}" if node.below is not None else "")
    return key + (f"__{label(above)}" if above is not None else "") + "'" * node.primes


def upright(node: tree.Node | None) -> bool:
    r"""Whether a script is a word set upright, which is a label; \mathrm{T} is a transpose."""
    return isinstance(node, tree.Name) and node.kind == "word" and node.name != "T"


def items(node: tree.Node) -> list[tree.Node]:
    """What commas separate."""
    return list(node.items) if isinstance(node, tree.Group) and node.kind == "" else [node]


def letters_of(node: tree.Node) -> list[tree.Node] | None:
    """The letters and digits that stand side by side in a script, if it is nothing but these."""
    if isinstance(node, tree.Product):
        if any(op for op, _ in node.parts):
            return None
        parts = [letters_of(part) for _, part in node.parts]
        return [p for part in parts for p in part or ()] if all(part is not None for part in parts) else None
    simple = isinstance(node, (tree.Name, tree.Number)) or (
        isinstance(node, tree.Scripted) and isinstance(node.base, tree.Name) and node.above is None
    )
    return [node] if simple else None


class Heads:
    """Reads names of one text.

    letters: the index letters.  arrays: keys that carry indices in this text.  free: whether
    unknown letters below a known array are free indices, as in a variable that one derives by.
    """

    def __init__(self, table: Table, text: str, letters: set[str], fail: Callable[..., LatexError], free: bool) -> None:
        self.table, self.text, self.letters, self.free = table, text, letters, free
        self.arrays: set[str] = {k for k, v in table.names.items() if isinstance(v, sp.IndexedBase)}
        self.fail = fail

    def head(self, node: tree.Node) -> Head | None:
        """A name with its scripts, or None where the node is none."""
        if isinstance(node, tree.Name):
            return Head(name_of(node), (), None, 0, node)
        if not isinstance(node, tree.Scripted) or not isinstance(node.base, tree.Name):
            return None
        key, power, primes = name_of(node.base), node.above, node.primes
        if isinstance(node, tree.Entry):
            return self._known_entry(node, key)
        first: tuple[tree.Node, ...] = ()
        function = self.is_function(key)
        above = node.above
        if upright(above) or (isinstance(above, tree.Lone) and not above.sign.startswith("odot")):
            key, power = f"{key}__{label(above)}", None
        elif isinstance(above, tree.Group) and above.kind in ("(", "[", "<"):
            power = None
            if self._is_index(above, key):
                first = above.items
                self.table.raised.add(key)
            else:
                whole = "".join(map(label, above.items))
                key += f"__{whole}"
        if not function:
            key, primes = key + "'" * primes, 0
        if node.below is None:
            return Head(key, first, power, primes, node)
        return self._below(node, node.below, key, first, power, primes)

    def _known_entry(self, node: tree.Entry, key: str) -> Head:
        """An entry by its form; where letters may stand free, those below it are indices."""
        indices = tuple(items(node.below)) if node.below is not None else ()
        unknown = [n for i in indices for n in names_in(i) if not self._plain_index(n)]
        if self.free:
            self.letters |= {label(n) for n in unknown if isinstance(n, tree.Name)}
        elif unknown:
            letter, shown = label(unknown[0]), self._shown(node)
            advice = f'Sum over it, or declare its range: ranges={{"{letter}": "{letter.upper()}"}}.'
            raise self.fail(f"{letter} in {shown} is no known index", unknown[0], advice)
        return Head(key, indices, node.above, 0, node)

    def is_function(self, key: str) -> bool:
        """Whether a name is declared a function, or is σ and nothing else."""
        named = self.table.names.get(key)
        return isinstance(named, UndefinedFunction) or key in self.table.defined or (key == "sigma" and named is None)

    def _is_index(self, above: tree.Group, key: str) -> bool:
        """Whether what stands above in brackets is an index: of index letters, or where index letters stood before."""
        names = [n for item in above.items for n in names_in(item)]
        known = [label(n) in self.letters or self._is_size(label(n)) for n in names]
        raised = key in self.table.raised
        if raised and self.free:
            self.letters |= {label(n) for n, is_known in zip(names, known, strict=True) if not is_known}
            return True
        if (raised or any(label(n) in self.letters for n in names)) and not all(known):
            raise self.fail(
                f"{self._shown(above)} above {key} mixes an index with a letter that is none",
                above,
                "Declare its range: ranges={..}.",
            )
        return raised or (bool(names) and all(known))

    def _below(
        self,
        node: tree.Scripted,
        below: tree.Node,
        key: str,
        first: tuple[tree.Node, ...],
        power: tree.Node | None,
        primes: int,
    ) -> Head:
        """The name with what stands below it: indices, or a label."""
        if any(isinstance(item, tree.Sides) for item in items(below)):
            raise self.fail(f"{self._shown(below)} stands below a name", below, r"Write \sum_{i=1}^{N} for a sum.")
        table = self.table
        whole = _with_label(key, label(below))
        named = whole in table.names and not isinstance(table.names[whole], sp.IndexedBase)
        parts = [p for item in items(below) for p in (letters_of(item) or [item])]
        words = [p for p in parts if isinstance(p, tree.Command) or _is_label(p)]
        rest = [p for p in parts if p not in words]
        if words:
            key = _with_label(key, "".join(map(label, words)))
            if not rest:
                return Head(key, first, power, primes, node)
        if named and not first:
            if key in self.arrays and rest and all(self._plain_index(p) for p in rest):
                self._two(node, key, whole)
            return Head(whole, (), power, primes, node)
        if isinstance(below, tree.Lone):
            raise self.fail(f"{self._shown(node)} is not read", below, "A sign below is read on a bracket only: (x)_+.")
        unknown = [p for p in rest if not self._plain_index(p)]
        if not unknown:
            return self._entry(node, key, first, rest, power, primes, below)
        rank = table.ranks.get(key)
        if (
            self.free
            and rank in (len(rest), len(rest) + len(first))
            and all(isinstance(p, (tree.Name, tree.Scripted)) for p in unknown)
        ):
            self.letters |= {label(p) for p in unknown}
            return Head(key, (*first, *rest), power, primes, node)
        if self._no_index(node, unknown):
            self.table.note(f"{spelled(whole)} is a name: nothing says that {label(unknown[0])} is an index")
            return Head(whole, first, power, primes, node)
        if self.free and rank is not None:
            raise self.fail(
                f"{self._shown(node)} has {len(first) + len(rest)} indices, and {key} has {rank} elsewhere", node
            )
        raise self._unclear(node, below, unknown[0], key)

    def _entry(
        self,
        node: tree.Scripted,
        key: str,
        first: tuple[tree.Node, ...],
        rest: list[tree.Node],
        power: tree.Node | None,
        primes: int,
        below: tree.Node,
    ) -> Head:
        digits = [p for p in rest if isinstance(p, tree.Number)]
        if len(digits) == len(rest) and not first:
            rank = self.table.ranks.get(key)
            if key not in self.arrays:
                return Head(_with_label(key, label(below)), (), power, primes, node)
            if len(rest) == 1 and rank == len(digits[0].text) != 1:
                rest = [tree.Number(p.at, p.end, d) for p in digits for d in p.text]
        whole = items(below)
        if digits and len(whole) < len(rest) and self.table.ranks.get(key) == len(first) + len(whole):
            rest = whole  # x_{2i} of an array with one index
        else:
            self._doubled(below, key)
        return Head(key, (*first, *rest), power, primes, node)

    def _doubled(self, below: tree.Node, key: str) -> None:
        """2i below a name: twice i, or the entries 2 and i."""
        for item in items(below):
            found = letters_of(item) or []
            kronecker = key == "delta" and len(found) == 2 and "delta" not in self.table.names
            if len(found) > 1 and any(isinstance(p, tree.Number) for p in found) and not kronecker:
                shown = self._shown(item)
                pair = ", ".join(map(label, found))
                raise AmbiguityError(
                    f"{shown} below {key}",
                    self.text,
                    item.at,
                    (f"the indices {pair}", "a product"),
                    f"Write {key}_{{{pair}}} for indices, or a \\cdot between the factors.",
                )

    def _plain_index(self, node: tree.Node) -> bool:
        """Whether a part below a name is an index for sure: a number, or made of index letters and sizes."""
        if isinstance(node, tree.Number):
            return True
        if isinstance(node, tree.Scripted) and label(node) not in self.letters:
            inner = isinstance(node.base, tree.Name) and node.below is not None and label(node.base) not in self.letters
            below = node.below or node
            return inner and all(self._plain_index(p) for p in letters_of(below) or [below])
        names = names_in(node)
        return bool(names) and all(label(n) in self.letters or self._is_size(label(n)) for n in names)

    def _no_index(self, node: tree.Scripted, unknown: list[tree.Node]) -> bool:
        """Whether all texts were seen, and none says that these letters are indices, or that the name is an array."""
        seen, name = self.table.evidence, node.base
        if not seen.whole or not isinstance(name, tree.Name) or name_of(name) in seen.arrays:
            return False
        rows = seen.rows(name_of(name))
        if not rows and len(unknown) == 1 and isinstance(unknown[0], tree.Name) and unknown[0].kind == "greek":
            return True  # the parameters of a function or a policy, r_\phi
        return bool(rows) and all(len(row) == 1 and row[0] not in self.letters for row in rows) and len(unknown) == 1

    def _is_size(self, key: str) -> bool:
        thing = self.table.names.get(key)
        return isinstance(thing, sp.Symbol) and bool(thing.is_integer)

    def _unclear(self, node: tree.Scripted, below: tree.Node, part: tree.Node, key: str) -> LatexError:
        letter, shown, name = label(part), self._shown(node), spelled(key)
        if isinstance(part, tree.Scripted):
            return AmbiguityError(
                f"{shown}: {letter} is no known index",
                self.text,
                part.at,
                (f"an entry of the array {name}", f"a name of its own, {shown}"),
                'For the label of one example write a letter, y, and declare its range: ranges={"y": "K"}; for those of'
                " many sum over them.",
            )
        return AmbiguityError(
            f"{shown}: {letter} is no known index",
            self.text,
            part.at,
            (f"an entry of the array {name}", f"a name of its own, {shown}"),
            f'For an entry, sum over {letter} with a range, or declare one: ranges={{"{letter}": "{letter.upper()}"}};'
            f" for a name write {name}_{{\\text{{{label(below)}}}}}, or declare it: names=[Symbol('{shown}')].",
        )

    def _two(self, node: tree.Node, key: str, whole: str) -> None:
        raise AmbiguityError(
            f"{self._shown(node)} is known as a name and as an entry",
            self.text,
            node.at,
            (f"the symbol {whole}", f"an entry of the array {key}"),
            "Give one of them another name.",
        )

    def _shown(self, node: tree.Node) -> str:
        return self.text[node.at : node.end]


def _is_label(node: tree.Node) -> bool:
    r"""Whether a script is a label: a word, or a letter in a script font, as in \mu_{\mathcal{B}}."""
    return isinstance(node, tree.Name) and (node.kind == "word" or node.name.endswith(("cal", "scr", "frak")))


def _with_label(key: str, text: str) -> str:
    """A key with a label below: before any label above, and before the primes."""
    stem = key.rstrip("'")
    base, sep, above = stem.partition("__")
    return f"{base}_{text}{sep}{above}" + key[len(stem) :]


def names_in(node: tree.Node) -> list[tree.Node]:
    """The names in an index expression."""
    match node:
        case tree.Name():
            return [node]
        case tree.Scripted():
            return [node]
        case tree.Product():
            return [n for _, part in node.parts for n in names_in(part)]
        case tree.Terms():
            return [n for _, part in node.parts for n in names_in(part)]
        case tree.Group():
            return [n for item in node.items for n in names_in(item)]
    return []
