"""The checkers on trial: what each kind of evidence finds of slips that were made on purpose, and of harmless rewritings.

Every gradient of the claims and of the reference is changed in one place (mutants.py), and written otherwise without
being changed (rewritings.py); each kind of evidence (checkers.py) is asked about both, by itself.  That a mutant is
false and a rewriting equal is seen at rational points, with numbers of the trial's own (numbers.py).  trial.py tries
and counts, tables.py shows it on a page that cannot be built if a checker fails, oracles.py keeps what JAX and PyTorch
say, which a build does not have.

The trial is no part of the engine: nothing in the engine knows it, and an edit here proves nothing anew.
"""
