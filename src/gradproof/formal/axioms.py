"""What a theorem may rest on beside Coq's kernel: each assumption by its name, and nothing else.

`Print Assumptions` lists what Coq took for granted.  Real analysis in Coq needs four axioms, all of them theorems of
ordinary mathematics.  A proof by intervals computes with integers of 63 bits, which the kernel does by the machine's
own: their operations, and what is assumed of them, are on a second list, for such certificates only.  Floats of the
machine are on neither: the bounds are those of exact integers.
"""

from __future__ import annotations

import re

__all__ = ["INTEGERS", "REAL_ANALYSIS", "assumptions", "not_allowed"]

REAL_ANALYSIS = (
    "Classical_Prop.classic",  # a proposition holds or does not
    "ClassicalDedekindReals.sig_forall_dec",  # whether all natural numbers have a decidable property is decided
    "ClassicalDedekindReals.sig_not_dec",  # whether a negation holds is decided
    "FunctionalExtensionality.functional_extensionality_dep",  # functions with the same values are the same
)
_OPERATIONS = (
    "add addc addcarryc addmuldiv div diveucl diveucl_21 eqb compare head0 int land leb lor lsl lsr ltb lxor mod mul mulc sub"
    " subc subcarryc tail0"
)
_SPECIFIED = (
    "add_spec addc_def_spec addcarryc_def_spec addmuldiv_def_spec compare_def_spec div_spec diveucl_21_spec"
    " diveucl_def_spec eqb_correct eqb_refl head0_spec land_spec leb_spec lor_spec lsl_spec lsr_spec ltb_spec lxor_spec"
    " mod_spec mul_spec mulc_spec of_to_Z sub_spec subc_def_spec subcarryc_def_spec tail0_spec"
)
#: The kernel's integers of 63 bits, which Bignums computes with, and thereby `interval with (i_prec ...)`.
INTEGERS = (
    *(f"PrimInt63.{name}" for name in _OPERATIONS.split()),
    *(f"Uint63.{name}" for name in _SPECIFIED.split()),
)
_CLOSED = "Closed under the global context"
_ENTRY = re.compile(r"(\S+)(?: :.*)?")


def assumptions(printed: str) -> tuple[str, ...]:
    """The names in what `Print Assumptions` printed; a line that is no name with its type is given as it stands.

    Raises ValueError where nothing of that kind was printed.
    """
    head, found, rest = printed.partition("Axioms:")
    if not found:
        if printed.strip() != _CLOSED:
            raise ValueError(f"Coq did not print the assumptions, but {printed.strip()[:200]!r}")
        return ()
    lines = [line for line in (*head.splitlines(), *rest.splitlines()) if line.strip()]
    entries = [line for line in lines if not line[0].isspace()]
    named = (_ENTRY.fullmatch(entry) for entry in entries)
    return tuple(sorted({match[1] if match else entry for match, entry in zip(named, entries, strict=True)}))


def not_allowed(found: tuple[str, ...], uses_interval: bool) -> tuple[str, ...]:
    """Those of the assumptions that are on no list."""
    allowed = {*REAL_ANALYSIS, *(INTEGERS if uses_interval else ())}
    return tuple(name for name in found if name not in allowed)
