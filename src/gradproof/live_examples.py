"""Examples for the live page: true claims and false ones, each one click away, and the answer that each has."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from gradproof.asking import fragment
from gradproof.problem import Problem

__all__ = ["EXAMPLES", "Example", "examples"]


class Example(NamedTuple):
    """A question, what it is called, and its answer."""

    title: str
    status: str
    problem: Problem


LINE = r"L = \frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
CROSS_ENTROPY = r"L = -\sum_{k=1}^{K} t_k \log \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}"

EXAMPLES = (
    Example(
        "1/N forgotten",
        "refuted",
        Problem(LINE, "w", r"2 \sum_{n=1}^{N} x_n (w x_n + b - y_n)"),
    ),
    Example(
        "Linear regression",
        "proved",
        Problem(LINE, "b", r"\frac{2}{N} \sum_{n=1}^{N} (w x_n + b - y_n)"),
    ),
    Example(
        "A published sign error",
        "refuted",
        Problem(
            r"J = (x_1 - f(x_0, \theta))^2",
            r"\theta",
            r"2 \frac{\partial f(x_0, \theta)}{\partial \theta} (x_1 - f(x_0, \theta))",
        ),
    ),
    Example(
        "Softmax cross-entropy",
        "proved",
        Problem(
            CROSS_ENTROPY,
            "z_a",
            r"\frac{e^{z_a}}{\sum_{j=1}^{K} e^{z_j}} - t_a",
            assume=(r"\sum_{k=1}^{K} t_k = 1",),
        ),
    ),
    Example(
        "Assumption forgotten",
        "refuted",
        Problem(CROSS_ENTROPY, "z_a", r"\frac{e^{z_a}}{\sum_{j=1}^{K} e^{z_j}} - t_a"),
    ),
    Example(
        "Tanh network (5.12)",
        "proved",
        Problem(
            r"E = \frac{1}{2} \sum_{k=1}^{K} (y_k - \hat y_k)^2",
            "w^{(1)}_{ji}",
            r"x_i (1 - z_j^2) \sum_{k=1}^{K} w^{(2)}_{kj} (y_k - \hat y_k)",
            where=(
                r"y_k = \sum_{j=1}^{M} w^{(2)}_{kj} z_j",
                r"z_j = \tanh(h_j)",
                r"h_j = \sum_{i=1}^{D} w^{(1)}_{ji} x_i",
            ),
        ),
    ),
    Example(
        "Logistic, turned round",
        "refuted",
        Problem(
            r"L = -\frac{1}{N} \sum_{n=1}^{N} \left[ y_n \log p_n + (1 - y_n) \log(1 - p_n) \right]",
            "w_d",
            r"\frac{1}{N} \sum_{n=1}^{N} (y_n - p_n) x_{nd}",
            where=(r"p_n = \sigma(s_n)", r"s_n = \sum_{d=1}^{D} w_d x_{nd}"),
        ),
    ),
    Example(
        "In matrices",
        "refuted",
        Problem(r"L = \|X w - y\|^2", "w", r"X^\top (X w - y)", shapes=("X = n x d, w = d, y = n",)),
    ),
    Example(
        "Line by line",
        "refuted",
        Problem(
            r"L = \sum_{n=1}^{N} (w x_n - y_n)^2",
            "w",
            "\\sum_n 2 (w x_n - y_n) x_n\n= 2 w \\sum_n x_n^2 - 2 \\sum_n x_n",
        ),
    ),
    Example(
        "Hinge loss",
        "proved",
        Problem(r"L = \sum_{n=1}^{N} \max(0, 1 - y_n w x_n)", "w", r"-\sum_{n=1}^{N} [1 - y_n w x_n > 0] y_n x_n"),
    ),
    Example(
        "In SymPy’s notation",
        "refuted",
        Problem("Sum((w*x[n] - y[n])**2, (n, 1, N))", "w", "Sum(x[n]*(w*x[n] - y[n]), (n, 1, N))"),
    ),
    Example(
        "An equation",
        "proved",
        Problem(equation=r"\frac{d}{dx} \tanh x = 1 - \tanh^2 x"),
    ),
    Example(
        "Undecided",
        "undecided",
        Problem(r"L = x \sqrt{5 + 2 \sqrt{6}}", "x", r"\sqrt{2} + \sqrt{3}"),
    ),
    Example(
        "Derive log-sum-exp",
        "proved",
        Problem(r"L = \log \sum_{k=1}^{K} e^{z_k}", "z_a"),
    ),
)


def examples() -> str:
    """Links that fill the form of the live page."""
    links = "".join(f'<li><a href="#{escape(fragment(e.problem))}">{escape(e.title)}</a></li>' for e in EXAMPLES)
    return f'<ul class="gp-examples" id="examples">{links}</ul>'
