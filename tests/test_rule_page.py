"""The rules as pages: each law, an example worked, and every derivation that uses it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sympy import Eq

from gradproof import CLAIMS, collection, page, rule_page
from gradproof.related import page_of_rule, rules_used
from gradproof.rules import RULES, SUM_RULES


def test_the_table_links_every_rule_with_its_law_to_its_page() -> None:
    html = rule_page.rules_table()
    assert all(f'<a href="site:{page_of_rule(r.name)}">{r.name}</a><small>' in html for r in (*RULES, *SUM_RULES))


def test_the_table_holds_the_rule_of_every_step_on_the_site() -> None:
    """What a reader meets beside a line can be looked up."""
    assert {name for identity in collection.IDS for name in rules_used(identity)} <= set(rule_page.laws())


def test_a_false_law_is_an_error() -> None:
    rule = next(rule for rule in RULES if rule.name == "identity")
    false = replace(rule, law=Eq(rule.law.lhs, -rule.law.rhs, evaluate=False))
    with pytest.raises(page.PageError, match="the law of the identity is refuted"):
        rule_page._row(false)


def test_a_sum_that_a_rule_changes_is_an_error() -> None:
    rule = SUM_RULES[0]
    with pytest.raises(page.PageError, match=f"the example of the {rule.name} is refuted"):
        rule_page._rewritten(replace(rule, rewrite=lambda total, scope: 2 * rule.rewrite(total, scope)))


def test_an_unknown_rule_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="no rule has the name 'chian rule'; known are constant, identity"):
        rule_page.law("chian rule")


@pytest.mark.parametrize("name", rule_page.laws())
def test_each_rule_has_a_law_and_an_example(name: str) -> None:
    """Each formula that stands on its own was printed from what was checked; a rule that is used has an example."""
    for html in (rule_page.law(name), rule_page.example(name)):
        assert html.count("katex-display") == len(
            re.findall(r'data-checked="[^"]+"><gp-tex><span class="katex-display', html)
        )
        assert "katex" in html


def test_every_derivation_that_uses_a_rule_is_counted() -> None:
    """Counted here from the steps themselves."""
    derivation = CLAIMS["backprop.5.12"].derivation
    assert derivation is not None
    steps = [step.rule.name for part in (*derivation.adjoints, derivation) for step in part.steps]
    found = {name: use for name in rule_page.laws() for use in rule_page.uses(name) if use.identity == "backprop.5.12"}
    assert {name: use.times for name, use in found.items()} == {name: steps.count(name) for name in steps}


def test_a_page_of_a_rule_lists_what_uses_it() -> None:
    html = rule_page.used("quotient rule")
    assert html.count("<tr ") == len({use.identity for use in rule_page.uses("quotient rule")})
    assert 'href="site:reference/softmax/#softmax"' in html
