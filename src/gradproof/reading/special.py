"""Names that mean something of their own unless they are declared: e, and a delta with two indices."""

from __future__ import annotations

from gradproof.reading import tree
from gradproof.reading.heads import Head
from gradproof.reading.table import Table

__all__ = ["is_euler", "is_kronecker", "is_plain"]


def is_kronecker(head: Head, table: Table) -> bool:
    r"""Whether a delta with two indices is Kronecker's: unless it is an array by declaration, or by its form."""
    return (
        head.key == "delta"
        and len(head.indices) == 2
        and "delta" not in table.names
        and not isinstance(head.node, tree.Entry)
    )


def is_plain(head: Head) -> bool:
    """Whether a name stands in SymPy notation."""
    name = head.node.base if isinstance(head.node, tree.Scripted) else head.node
    return isinstance(name, tree.Name) and name.kind == "plain"


def is_euler(head: Head) -> bool:
    """Whether a name may be Euler's number: in SymPy notation that is E."""
    return head.key == "e" and not is_plain(head)
