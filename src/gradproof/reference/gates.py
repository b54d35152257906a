"""Gates, and recurrent cells.  g is the gradient by a new state: the loss is the sum of their products."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Rational, Sum, erf, exp, pi, sqrt, tanh

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Wrong
from gradproof.reference.letters import D, H, L, W, d, g, h, i, sigmoid, x

C, S, U, c, inputs = map(sp.IndexedBase, ("C", "S", "U", "c", "x"))
one, gate, Phi, phi, result = sp.symbols("a s Phi varphi y")
GATE = Eq(gate, sigmoid(x))
NORMAL = (
    Eq(Phi, times(Rational(1, 2), 1 + erf(x / sqrt(2)))),
    Eq(phi, exp(-(x**2) / 2) / sqrt(2 * pi)),
)


def glu() -> Entry:
    """∂y/∂a = σ(x), ∂y/∂x = a σ(x)(1 − σ(x))."""
    return Entry(
        "glu",
        "Gated linear unit (GLU)",
        "One number $a$, times the sigmoid of another.",
        "glu gated linear unit gate activation function derivative",
        (GATE, Eq(result, one * gate)),
        (
            Gradient(one, gate),
            Gradient(
                x,
                one * gate * (1 - gate),
                (Wrong(gate * (1 - gate), "The gate's slope is multiplied by what it lets through."),),
            ),
        ),
        "Safe.",
        uses=("sigmoid",),
        see=("swiglu", "geglu"),
    )


def swiglu() -> Entry:
    """∂y/∂a = x s, ∂y/∂x = a (s + x s (1 − s))."""
    return Entry(
        "swiglu",
        "SwiGLU",
        "One number $a$, times the SiLU of another, as in the feed-forward layers of language models.",
        "swiglu silu gate llama feed forward gated activation function derivative",
        (GATE, Eq(result, one * x * gate)),
        (
            Gradient(one, x * gate),
            Gradient(
                x,
                one * (gate + x * gate * (1 - gate)),
                (Wrong(one * gate * (1 - gate), "That is the gate of a GLU; here the gate is $x\\sigma(x)$."),),
            ),
        ),
        "Safe.",
        uses=("silu",),
    )


def geglu() -> Entry:
    """∂y/∂a = x Φ(x), ∂y/∂x = a (Φ(x) + x φ(x))."""
    return Entry(
        "geglu",
        "GEGLU",
        "One number $a$, times the GELU of another.",
        "geglu gelu gate feed forward gated activation function derivative",
        (*NORMAL, Eq(result, one * x * Phi)),
        (
            Gradient(one, x * Phi),
            Gradient(
                x, one * (Phi + x * phi), (Wrong(one * Phi, "The product rule has a second term, $x\\varphi(x)$."),)
            ),
        ),
        "For negative $x$ compute $\\Phi$ by erfc: see GELU.",
        uses=("gelu",),
    )


def recurrent_network() -> Entry:
    """∂L/∂U_hi = Σ over the steps of δ_h times the state before."""
    s0, s1, s2, s3, x1, x2, x3, d1, d2, d3 = map(
        sp.IndexedBase, ("s0", "s1", "s2", "s3", "x1", "x2", "x3", "delta1", "delta2", "delta3")
    )
    at = {H: 1, D: 1, h: 1, i: 1, U: [[1]], W: [[1]], s0: [1], x1: [0], x2: [0], x3: [0], g: [1]}
    steps = [
        Eq(new[h], tanh(Sum(U[h, i] * old[i], i) + Sum(W[h, d] * seen[d], d)))
        for new, old, seen in ((s1, s0, x1), (s2, s1, x2), (s3, s2, x3))
    ]
    return Entry(
        "recurrent-network",
        "Recurrent network: back-propagation through time",
        "Three steps of a tanh recurrence with states $s$; the same weights are used at each, so the steps' terms are summed.",
        "rnn recurrent neural network bptt backpropagation through time unrolled shared weights vanishing gradient",
        (
            *steps,
            Eq(d3[h], g[h] * (1 - s3[h] ** 2)),
            Eq(d2[h], (1 - s2[h] ** 2) * Sum(U[i, h] * d3[i], i)),
            Eq(d1[h], (1 - s1[h] ** 2) * Sum(U[i, h] * d2[i], i)),
            Eq(L, Sum(g[h] * s3[h], h)),
        ),
        (
            Gradient(
                U[h, i],
                d3[h] * s2[i] + d2[h] * s1[i] + d1[h] * s0[i],
                (Wrong(d3[h] * s2[i], "Only the last step is taken: earlier states depend on the weights too.", at),),
            ),
            Gradient(W[h, d], d3[h] * x3[d] + d2[h] * x2[d] + d1[h] * x1[d]),
            Gradient(s0[h], Sum(U[i, h] * d1[i], i)),
        ),
        "Each step back multiplies by $U$ and by slopes below 1: gradients vanish, or explode. Clip their norm.",
        uses=("two-layer-network",),
        see=("lstm-cell", "gru-cell"),
    )


def lstm_cell() -> Entry:
    """By the four gates' inputs, one weight, the old cell and the old state."""
    ingoing, forget, outgoing, new, cell, old = map(sp.IndexedBase, ("i", "f", "o", "q", "c", "c0"))
    net = [sp.IndexedBase(f"a{count}") for count in range(1, 5)]
    w1, u1, state, flow = map(sp.IndexedBase, ("W1", "U1", "h0", "e"))
    gates = [Eq(gate[h], 1 / (1 + exp(-a_[h]))) for gate, a_ in zip((ingoing, forget, outgoing), net[:3], strict=True)]
    first = Eq(net[0][h], Sum(w1[h, d] * inputs[d], d) + Sum(u1[h, i] * state[i], i))
    cell_, tanh_ = cell[h], tanh(cell[h])
    delta = flow[h] * new[h] * ingoing[h] * (1 - ingoing[h])
    return Entry(
        "lstm-cell",
        "LSTM cell",
        "Input, forget and output gates $i, f, o$ and the candidate $q$, from their inputs $a^{(1)} \\ldots a^{(4)}$, each a linear layer as the first."
        " $g$ and $C$ are the gradients that arrive at the new state $s$ and the new cell $c$.",
        "lstm long short-term memory cell gates recurrent forget gate backward pass",
        (
            first,
            *gates,
            Eq(new[h], tanh(net[3][h])),
            Eq(cell_, forget[h] * old[h] + ingoing[h] * new[h]),
            Eq(S[h], outgoing[h] * tanh_),
            Eq(flow[h], C[h] + g[h] * outgoing[h] * (1 - tanh_**2)),
            Eq(L, Sum(g[h] * S[h] + C[h] * cell_, h)),
        ),
        (
            Gradient(
                old[h],
                flow[h] * forget[h],
                (
                    Wrong(
                        g[h] * outgoing[h] * (1 - tanh_**2) * forget[h],
                        "What arrives at the new cell itself, $C$, is forgotten.",
                    ),
                ),
            ),
            Gradient(net[1][h], flow[h] * old[h] * forget[h] * (1 - forget[h])),
            Gradient(net[2][h], g[h] * tanh_ * outgoing[h] * (1 - outgoing[h])),
            Gradient(
                net[3][h],
                flow[h] * ingoing[h] * (1 - new[h] ** 2),
                (
                    Wrong(
                        flow[h] * ingoing[h] * new[h] * (1 - new[h]), "The candidate is a tanh: its slope is $1 - q^2$."
                    ),
                ),
            ),
            Gradient(w1[h, d], delta * inputs[d]),
            Gradient(state[i], Sum(delta * u1[h, i], h)),
        ),
        "Safe: all gates are bounded. A forget gate near 1 lets the gradient through unchanged.",
        uses=("sigmoid", "tanh", "linear-layer"),
        see=("gru-cell",),
    )


def gru_cell() -> Entry:
    """By the update gate's, the reset gate's and the candidate's input, and the old state where nothing else sees it."""
    update, reset, new, state, old = map(sp.IndexedBase, ("z", "r", "q", "s", "s0"))
    a1, a2, a3 = map(sp.IndexedBase, ("a1", "a2", "a3"))
    flow = g[h] * (1 - update[h]) * (1 - new[h] ** 2)
    return Entry(
        "gru-cell",
        "GRU cell",
        "Update and reset gates $z, r$ and the candidate $q$; $a^{(1)}, a^{(2)}, a^{(3)}$ are the parts that come from the input, and $U$ acts on the old state.",
        "gru gated recurrent unit cell gates update reset recurrent backward pass",
        (
            Eq(update[h], 1 / (1 + exp(-a1[h]))),
            Eq(reset[h], 1 / (1 + exp(-a2[h]))),
            Eq(new[h], tanh(a3[h] + reset[h] * Sum(U[h, i] * old[i], i))),
            Eq(state[h], (1 - update[h]) * new[h] + update[h] * old[h]),
            Eq(c[h], flow),
            Eq(L, Sum(g[h] * state[h], h)),
        ),
        (
            Gradient(
                a1[h],
                g[h] * (old[h] - new[h]) * update[h] * (1 - update[h]),
                (Wrong(g[h] * old[h] * update[h] * (1 - update[h]), "The update gate stands in both terms."),),
            ),
            Gradient(a3[h], c[h]),
            Gradient(a2[h], c[h] * reset[h] * (1 - reset[h]) * Sum(U[h, i] * old[i], i)),
            Gradient(
                old[h],
                g[h] * update[h] + Sum(c[i] * reset[i] * U[i, h], i),
                (Wrong(g[h] * update[h], "The old state also acts through the candidate."),),
            ),
            Gradient(U[h, i], c[h] * reset[h] * old[i]),
        ),
        "Safe: all gates are bounded.",
        uses=("sigmoid", "tanh", "linear-layer"),
    )
