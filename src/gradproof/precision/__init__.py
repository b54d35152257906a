"""Formulas in double precision: what they are worth there, and how they are rewritten to be worth more.

- accuracy.py says how many digits a gradient's formula keeps over the range of floats: program.py writes it as
  straight-line code, machine.py runs that in doubles and in Arb's balls, sampling.py chooses the points;
- stable.py is the table of rewritings, each proved: rewriting.py finds patterns, largest.py moves largest values;
- fold.py shows both on a page, with the plot of figures/precision.py.
"""
