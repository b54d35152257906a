"""The statements of the source texts, one function each; a claim's id names its function.

`backprop.5.12` is made by `gradproof.sources.backprop.eq_5_12()`: a `Derivation` where the
statement is a gradient, otherwise a `Claim`.  `claim` gives the claim in both cases.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradproof.claim import Claim

__all__ = ["MODULES", "claim", "ids", "locate"]

MODULES = ("averages", "backprop")


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(
            f"module 'gradproof.sources' has no attribute {name!r}; its modules are {', '.join(MODULES)}"
        )
    return import_module(f"gradproof.sources.{name}")


def locate(identity: str) -> tuple[str, str]:
    """The module and the function that make the claim `identity`.

    >>> locate("backprop.5.12"), locate("averages.linreg.m")
    (('backprop', 'eq_5_12'), ('averages', 'linreg_m'))
    """
    module, _, name = identity.replace("-", "_").partition(".")
    name = name.replace(".", "_") or module
    return module, f"eq_{name}" if name[0].isdigit() else name


def ids() -> tuple[str, ...]:
    """The ids of all claims, in the order of the sources."""
    return tuple(i for m in MODULES for i in import_module(f"gradproof.sources.{m}").CLAIMS)


def claim(identity: str) -> Claim:
    """The claim of that id; raises KeyError, listing the known ids, for any other."""
    module, _ = locate(identity)
    makers = import_module(f"gradproof.sources.{module}").CLAIMS if module in MODULES else {}
    if identity not in makers:
        raise KeyError(f"no claim has the id {identity!r}; known are {', '.join(ids())}")
    made = makers[identity]()
    found: Claim = getattr(made, "claim", None) or made
    return found
