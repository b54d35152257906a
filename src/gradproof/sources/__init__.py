"""The statements of the source texts, one function each; a claim's id names its function.

`IDS` is the table of all claims, in the order of the sources: the module that holds each.
`backprop.5.12` is made by `gradproof.sources.backprop.eq_5_12()`: a `Derivation` where the
statement is a gradient, otherwise a `Claim`.  `CLAIMS` gives the claim in both cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradproof.claim import Claim

__all__ = ["CLAIMS", "IDS", "MODULES", "Claims", "locate"]

_TABLE = (
    ("backprop_steps", "backprop", "1.1 2.1 2.steepest"),
    ("backprop", "backprop", "4.1 5.2 5.6 5.7 5.8.name 5.9 5.10 5.11 5.12 5.12.refs"),
    ("backprop_steps", "backprop", "6.1 6.2 6.2.refs 6.3 6.4 6.4.refs"),
    ("averages", "averages", "linearity linreg.m linreg.b sum-of-values mean-data isolated-sums answer1 mlp-process"),
    ("averages_layers", "averages", "sigmoid sigmoid.means sigmoid.when output-delta no-layer-g"),
    ("averages_costs", "averages", "unavoidable no-g nontrivial-g linear-cost optimising-needs-theta"),
    ("finite_step", "finite-step", "length taylor1 taylor2 hessian-size best-direction limit cost preconditioning"),
    ("symmetry", "symmetry", "general roles network zero linear update pathological vectors"),
)

#: id -> the module that makes the claim
IDS: Mapping[str, str] = {f"{text}.{name}": module for module, text, names in _TABLE for name in names.split()}

MODULES = tuple(dict.fromkeys(IDS.values()))


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(
            f"module 'gradproof.sources' has no attribute {name!r}; its modules are {', '.join(MODULES)}"
        )
    return import_module(f"gradproof.sources.{name}")


def locate(identity: str) -> tuple[str, str]:
    """The module and the function that make the claim `identity`.

    Raises KeyError, listing the known ids, for any other.

    >>> locate("backprop.5.12"), locate("averages.linreg.m")
    (('backprop', 'eq_5_12'), ('averages', 'linreg_m'))
    """
    if identity not in IDS:
        raise KeyError(f"no claim has the id {identity!r}; known are {', '.join(IDS)}")
    name = identity.partition(".")[2].replace(".", "_").replace("-", "_")
    return IDS[identity], f"eq_{name}" if name[0].isdigit() else name


class Claims(Mapping[str, "Claim"]):
    """Every claim of the sources by its id, in their order; each is made when it is asked for."""

    def __getitem__(self, identity: str) -> Claim:
        module, function = locate(identity)
        made = getattr(import_module(f"gradproof.sources.{module}"), function)()
        found: Claim = getattr(made, "claim", None) or made
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(IDS)

    def __len__(self) -> int:
        return len(IDS)


CLAIMS = Claims()
