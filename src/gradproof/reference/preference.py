"""Contrastive losses, preferences between two answers, and policy gradients."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Eq, KroneckerDelta, Max, Min, Piecewise, Sum, exp, log
from sympy.codegen.cfunctions import log1p

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import (
    OVERFLOW,
    SHIFTED,
    SOFTMAX,
    L,
    M,
    N,
    beta,
    c,
    d,
    epsilon,
    k,
    m,
    n,
    p,
    q,
    s,
    sigmoid,
    tau,
    z,
)

A, B, P, Q, S, a, row_top, column_top = map(sp.IndexedBase, ["A", "B", "P", "Q", "S", "a", "M", "C"])
o = sp.Idx("o", (1, N))
TWO = sp.Integer(2)
F, Y, margin, distance = sp.symbols("f y mu D")
win, lose, advantage = sp.symbols("r_w r_l A")
new_win, new_lose, old_win, old_lose = sp.symbols("a_w a_l b_w b_l")
BY_ROWS = Eq(P[n, m], exp(S[n, m] / tau) / Sum(exp(S[n, o] / tau), o))
BY_COLUMNS = Eq(Q[n, m], exp(S[n, m] / tau) / Sum(exp(S[o, m] / tau), o))
TRIED = {N: 2, n: 1, m: 1, S: [["0.9", 1], [1, "0.9"]], row_top: [1, 1], column_top: [1, 1], tau: "0.001"}
ROWS = Stable(
    BY_ROWS.rhs,
    exp((S[n, m] - row_top[n]) / tau) / Sum(exp((S[n, o] - row_top[n]) / tau), o),
    {letter: value for letter, value in TRIED.items() if letter != column_top},
    "Any $M$ gives the same; each row's largest entry keeps the exponentials from overflowing.",
    {row_top: "S.max(axis=1)"},
)
COLUMNS = Stable(
    BY_COLUMNS.rhs,
    exp((S[n, m] - column_top[m]) / tau) / Sum(exp((S[o, m] - column_top[m]) / tau), o),
    {letter: value for letter, value in TRIED.items() if letter != row_top},
    "The same along columns.",
    {column_top: "S.max(axis=0)"},
)
LOG_SIGMOID = Stable(
    -log(sigmoid(F)),
    Max(-F, 0) + log1p(exp(-Abs(F))),
    {F: -800},
    "The sigmoid underflows, and its logarithm is infinite.",
)


def info_nce() -> Entry:
    """∂L/∂s_n = (p_n − δ_nm)/τ."""
    loss = sp.IndexedBase("L")
    return Entry(
        "info-nce",
        "InfoNCE, one anchor",
        "Among $N$ candidates with similarities $s_n$ to an anchor, the one that belongs to it is number $m$.",
        "infonce contrastive loss ntxent simclr moco negative sampling temperature",
        (Eq(p[n], exp(s[n] / tau) / Sum(exp(s[o] / tau), o)), Eq(loss[m], -log(p[m]))),
        (
            Gradient(
                s[n],
                (p[n] - KroneckerDelta(n, m)) / tau,
                (
                    Wrong(
                        p[n] - KroneckerDelta(n, m),
                        "The inner derivative, $1/\\tau$, is forgotten; at $\\tau = 0.07$ that is a factor of 14.",
                    ),
                    Wrong((p[n] - 1) / tau, "The 1 is subtracted for every candidate, not for the positive one only."),
                ),
            ),
        ),
        "Similarities divided by a small temperature are large logits.",
        (
            Stable(
                exp(s[n] / tau) / Sum(exp(s[o] / tau), o),
                exp((s[n] - M) / tau) / Sum(exp((s[o] - M) / tau), o),
                {N: 2, n: 1, s: ["0.9", 1], M: 1, tau: "0.001"},
                OVERFLOW,
                {M: "s.max()"},
            ),
        ),
        uses=("sparse-cross-entropy", "softmax-temperature"),
    )


def clip() -> Entry:
    """∂L/∂S_nm = (P_nm + Q_nm − 2δ_nm)/(2Nτ)."""
    return Entry(
        "clip",
        "Contrastive loss over a batch (CLIP, NT-Xent)",
        "$N$ pairs, all against all: cross-entropy along the rows ($P$) and along the columns ($Q$) of the similarities.",
        "clip ntxent symmetric infonce in-batch negatives image text two towers",
        (BY_ROWS, BY_COLUMNS, Eq(L, -Sum(log(P[n, n]) + log(Q[n, n]), n) / (2 * N))),
        (
            Gradient(
                S[n, m],
                (P[n, m] + Q[n, m] - 2 * KroneckerDelta(n, m)) / (2 * N * tau),
                (
                    Wrong(
                        (P[n, m] - KroneckerDelta(n, m)) / (N * tau),
                        "Only one of the two directions is taken; a similarity stands in a row and in a column.",
                    ),
                ),
            ),
        ),
        "Similarities divided by a small temperature are large logits.",
        (ROWS, COLUMNS),
        uses=("info-nce",),
    )


def info_nce_embeddings() -> Entry:
    """∂L/∂A_nd = (1/Nτ) Σ_m (P_nm − δ_nm) B_md."""
    score = Eq(S[n, m], Sum(A[n, d] * B[m, d], d))
    flow = (Sum(P[n, m] * B[m, d], m) - B[n, d]) / (N * tau)
    return Entry(
        "info-nce-embeddings",
        "InfoNCE by the embeddings",
        "The same along the rows, down to the vectors: $A_n$ is pulled to its partner $B_n$ and pushed from the others' weighted mean.",
        "infonce contrastive embeddings anchor positive negative gradient two towers",
        (score, BY_ROWS, Eq(L, -Sum(log(P[n, n]), n) / N)),
        (
            Gradient(
                A[n, d],
                flow,
                (
                    Wrong(
                        (P[n, n] - 1) * B[n, d] / (N * tau),
                        "Only the positive pair is taken; all negatives push as well.",
                    ),
                ),
            ),
            Gradient(
                B[m, d],
                (Sum(P[n, m] * A[n, d], n) - A[m, d]) / (N * tau),
                (
                    Wrong(
                        (Sum(P[m, n] * A[n, d], n) - A[m, d]) / (N * tau),
                        "The transposed matrix is used: $P$ is normalised along rows, and $B_m$ stands in a column.",
                    ),
                ),
            ),
        ),
        "With vectors of length one, see the cosine similarity for what is left of the gradient.",
        (ROWS,),
        uses=("info-nce",),
        see=("clip",),
    )


def triplet() -> Entry:
    """∂L/∂a_d = 2 (q_d − p_d) where the margin is violated, else 0."""
    near, far = Sum((a[d] - p[d]) ** 2, d), Sum((a[d] - q[d]) ** 2, d)
    violated = near - far + margin > 0
    return Entry(
        "triplet",
        "Triplet loss",
        "An anchor $a$ should be nearer to $p$ than to $q$, by a margin $\\mu$ in squared distance.",
        "triplet margin loss anchor positive negative metric learning facenet",
        (Eq(L, Max(0, near - far + margin)),),
        (
            Gradient(
                a[d],
                Piecewise((times(TWO, q[d] - p[d]), violated), (0, True)),
                (
                    Wrong(times(TWO, q[d] - p[d]), "The hinge is forgotten: a triplet that is right gives nothing."),
                    Wrong(
                        Piecewise((times(TWO, a[d] - p[d]), violated), (0, True)),
                        "The negative moves the anchor too; the anchor itself cancels.",
                    ),
                ),
            ),
            Gradient(p[d], Piecewise((times(TWO, p[d] - a[d]), violated), (0, True))),
            Gradient(q[d], Piecewise((times(TWO, a[d] - q[d]), violated), (0, True))),
        ),
        "Safe for squared distances. With plain distances it divides by them: 0/0 for equal vectors.",
        see=("contrastive-pair", "margin-ranking", "info-nce", "euclidean-distance"),
    )


def contrastive_pair() -> Entry:
    """∂L/∂D = 2 y D − 2 (1 − y) max(0, μ − D)."""
    return Entry(
        "contrastive-pair",
        "Contrastive loss of a pair",
        "Equal pairs ($y = 1$) are pulled together, others pushed apart to a margin $\\mu$, by their distance $D$.",
        "contrastive loss siamese network pair margin metric learning",
        (Eq(L, Y * distance**2 + (1 - Y) * Max(0, margin - distance) ** 2),),
        (
            Gradient(
                distance,
                2 * Y * distance - times(TWO, 1 - Y, Max(0, margin - distance)),
                (
                    Wrong(
                        2 * Y * distance + times(TWO, 1 - Y, Max(0, margin - distance)),
                        "The inner derivative of $\\mu - D$ is −1: unequal pairs are pushed apart.",
                    ),
                ),
            ),
        ),
        "Safe by the distance; by the vectors it divides by $D$, so add a small constant under its root.",
        see=("euclidean-distance", "squared-hinge"),
    )


def margin_ranking() -> Entry:
    """∂L/∂r_w = −1 where r_w − r_l < μ, else 0."""
    close = win - lose < margin
    return Entry(
        "margin-ranking",
        "Margin ranking loss",
        "The better of two should score higher than the other by a margin $\\mu$.",
        "margin ranking hinge pairwise learning to rank",
        (Eq(L, Max(0, margin - (win - lose))),),
        (
            Gradient(
                win,
                Piecewise((-1, close), (0, True)),
                (
                    Wrong(
                        Piecewise((-1, win < lose), (0, True)),
                        "The margin is forgotten: a pair in the right order may still cost.",
                    ),
                ),
            ),
            Gradient(lose, Piecewise((1, close), (0, True))),
        ),
        "Safe.",
        see=("hinge", "bradley-terry"),
    )


def bradley_terry() -> Entry:
    """∂L/∂r_w = −σ(−(r_w − r_l))."""
    return Entry(
        "bradley-terry",
        "Bradley–Terry preference loss",
        "The negative log-probability that the preferred answer, with reward $r_w$, beats the other; used to fit reward models.",
        "bradley terry reward model preference rlhf pairwise logistic elo ranknet",
        (Eq(F, win - lose), Eq(L, -log(sigmoid(F)))),
        (
            Gradient(
                win,
                -sigmoid(-F),
                (
                    Wrong(
                        -sigmoid(F),
                        "A pair that is already in order would be pushed most; the sigmoid has the other sign.",
                    ),
                    Wrong(
                        -1 / sigmoid(F), "The derivative of the logarithm is taken, and that of the sigmoid forgotten."
                    ),
                ),
            ),
            Gradient(lose, sigmoid(-F)),
        ),
        "Take the logarithm of the sigmoid as one function.",
        (LOG_SIGMOID,),
        uses=("log-sigmoid",),
        see=("logistic-loss",),
    )


def dpo() -> Entry:
    """∂L/∂a_w = −β σ(−f), f = β((a_w − b_w) − (a_l − b_l))."""
    score = Eq(F, beta * ((new_win - old_win) - (new_lose - old_lose)))
    return Entry(
        "dpo",
        "Direct preference optimisation (DPO)",
        "By the log-probabilities $a_w, a_l$ that a policy gives to the preferred and to the other answer; $b_w, b_l$ are the reference model's.",
        "dpo direct preference optimization rlhf alignment preference policy reference",
        (score, Eq(L, -log(sigmoid(F)))),
        (
            Gradient(
                new_win,
                -beta * sigmoid(-F),
                (
                    Wrong(-sigmoid(-F), "The inner derivative, $\\beta$, is forgotten."),
                    Wrong(-beta * sigmoid(F), "The weight is the probability of the wrong order, $\\sigma(-f)$."),
                ),
            ),
            Gradient(new_lose, beta * sigmoid(-F)),
        ),
        "Take the logarithm of the sigmoid as one function. The gradient depends on the difference only: both log-probabilities may fall.",
        (LOG_SIGMOID,),
        uses=("bradley-terry",),
    )


def ipo() -> Entry:
    """∂L/∂a_w = 2 (f − 1/(2β))."""
    score = Eq(F, (new_win - old_win) - (new_lose - old_lose))
    return Entry(
        "ipo",
        "Identity preference optimisation (IPO)",
        "The same difference of log-probabilities, held at a target by a square, so that it cannot grow without bound.",
        "ipo identity preference optimization regularised dpo alignment",
        (score, Eq(L, (F - 1 / (2 * beta)) ** 2)),
        (
            Gradient(
                new_win,
                times(TWO, F - 1 / (2 * beta)),
                (
                    Wrong(
                        TWO * beta * (F - 1 / (2 * beta)),
                        "Here $\\beta$ sets the target, and does not multiply the score.",
                    ),
                ),
            ),
            Gradient(new_lose, times(-TWO, F - 1 / (2 * beta))),
        ),
        "Safe.",
        see=("dpo",),
    )


def policy_gradient() -> Entry:
    """∂L/∂z_k = A (p_k − δ_kc)."""
    loss = sp.IndexedBase("L")
    return Entry(
        "policy-gradient",
        "Policy gradient (REINFORCE)",
        "Minus the advantage $A$ times the log-probability of the action $c$ that was taken; $A$ is held fixed.",
        "reinforce policy gradient advantage actor critic log probability",
        (SOFTMAX, Eq(loss[c], -advantage * log(p[c]))),
        (
            Gradient(
                z[k],
                advantage * (p[k] - KroneckerDelta(k, c)),
                (
                    Wrong(
                        advantage * p[k] * (p[k] - KroneckerDelta(k, c)),
                        "The gradient of $p_c$ is taken; that of $\\log p_c$ is this divided by $p_c$.",
                    ),
                    Wrong(
                        advantage * (KroneckerDelta(k, c) - p[k]),
                        "That is the direction of ascent of the reward; the loss has the other sign.",
                    ),
                ),
            ),
        ),
        "Take $\\log p_c$ from the logits. The estimate's variance, not rounding, is what limits it.",
        (SHIFTED,),
        uses=("log-softmax",),
        see=("ppo",),
    )


def ppo() -> Entry:
    """∂L/∂ρ = −A below 1 + ε, else 0; for an advantage −A it is A above 1 − ε, else 0."""
    ratio, good, bad = sp.symbols("rho L_+ L_-")
    return Entry(
        "ppo",
        "Clipped surrogate (PPO)",
        "By the ratio $\\rho$ of the new to the old probability of an action: $L_+$ for an advantage $A > 0$, $L_-$ for an advantage $-A$.",
        "ppo proximal policy optimization clip ratio surrogate grpo advantage",
        (Eq(bad, advantage * Max(ratio, 1 - epsilon)), Eq(good, -advantage * Min(ratio, 1 + epsilon))),
        (
            Gradient(
                ratio,
                Piecewise((-advantage, ratio < 1 + epsilon), (0, True)),
                (
                    Wrong(
                        Piecewise((-advantage, Abs(ratio - 1) < epsilon), (0, True)),
                        "Clipping is one-sided: a good action that became unlikely is still pulled back.",
                    ),
                ),
            ),
            Gradient(ratio, Piecewise((advantage, ratio > 1 - epsilon), (0, True)), of=bad),
        ),
        "Compute the ratio as the exponential of a difference of log-probabilities.",
        assumptions=(sp.Gt(advantage, 0), sp.Lt(epsilon, 1)),
        see=("dpo",),
    )
