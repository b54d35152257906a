"""Independent checks of a derivation, one file each; none shares code with the rules.

steps.py: every step against SymPy's own `diff`.  remainder.py: the slope of the remainder.
"""
