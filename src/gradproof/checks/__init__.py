"""Independent checks of a derivation, one file each; none shares code with the rules.

steps.py: every step against SymPy's own `diff`.  remainder.py: the slope of the remainder.
second_prover.py: dual numbers (dual.py, fields.py) over python-flint's rational functions (flint_field.py,
flint_ring.py) at a few sizes, and size_bound.py, when these prove every size.  slopes.py: a claim beside slopes of the
loss as array code (arrays.py), by complex steps on NumPy (complex_step.py), by JAX and PyTorch (autodiff.py).
guard.py: what stands round a check that may fail, hang or not be installed.  enclosure.py: values as Arb's balls (balls.py);
second_enclosure.py: numbers, inequalities and witnesses by them.
"""
