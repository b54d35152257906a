"""Independent checks of a derivation, one file each; none shares code with the rules.

steps.py: every step against SymPy's own `diff`.  remainder.py: the slope of the remainder.
second_prover.py: dual numbers (dual.py, fields.py) over python-flint's rational functions (flint_field.py,
flint_ring.py) at a few sizes, and size_bound.py, when these prove every size.  autodiff.py: JAX and PyTorch, on the
loss as array code (arrays.py).  enclosure.py: values as Arb's balls.
"""
