"""Layers and small networks.  G or g is the gradient by a layer's output: the loss is the sum of their products."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Sum, exp, sqrt, tanh

from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import (
    OVERFLOW,
    D,
    H,
    L,
    N,
    R,
    T,
    W,
    X,
    b,
    d,
    e,
    g,
    h,
    k,
    lam,
    n,
    r,
    t,
    u,
)

A, B, C, E, F, G, M, O, P, Q, S, U, V, Y, Z = map(
    sp.IndexedBase, ["A", "B", "C", "E", "F", "G", "M", "O", "P", "Q", "S", "U", "V", "Y", "Z"]
)
a, c, v, w, z, bias, inputs = map(sp.IndexedBase, ("a", "c", "v", "w", "z", "b", "x"))
output, target, rate = sp.symbols("f y p")
J = sp.Symbol("J", integer=True, positive=True)
j = sp.Idx("j", (1, J))
o = sp.Idx("v", (1, T))


def linear_layer() -> Entry:
    """∂L/∂W_dk = Σ_n X_nd G_nk, ∂L/∂X_nd = Σ_k G_nk W_dk, ∂L/∂b_k = Σ_n G_nk."""
    return Entry(
        "linear-layer",
        "Linear layer",
        "$Y = XW + b$ for $N$ examples. $G_{nk}$ is the gradient by the output $Y_{nk}$.",
        "dense fully connected linear affine layer weights bias backward pass matmul vjp",
        (Eq(Y[n, k], Sum(X[n, d] * W[d, k], d) + bias[k]), Eq(L, Sum(G[n, k] * Y[n, k], n, k))),
        (
            Gradient(
                W[d, k],
                Sum(X[n, d] * G[n, k], n),
                (
                    Wrong(
                        Sum(X[n, d], n) * Sum(G[n, k], n),
                        "The sum over the examples is of products: each input goes with its own gradient.",
                    ),
                ),
            ),
            Gradient(X[n, d], Sum(G[n, k] * W[d, k], k)),
            Gradient(
                bias[k],
                Sum(G[n, k], n),
                (
                    Wrong(
                        Sum(G[n, k], n) / N,
                        "The bias is added to every example, so that the gradients are summed; a mean belongs to the loss.",
                    ),
                ),
            ),
        ),
        "Safe. In half precision the sum over many examples belongs in single precision.",
    )


def two_layer_network() -> Entry:
    """∂L/∂W_hd = δ_h x_d, δ_h = (f − y) v_h (1 − z_h²)."""
    delta = sp.IndexedBase("delta")
    return Entry(
        "two-layer-network",
        "Network with one hidden layer",
        "A tanh layer and a linear output, with half the squared error for one example.",
        "mlp multilayer perceptron neural network hidden layer tanh backpropagation",
        (
            Eq(z[h], tanh(Sum(W[h, d] * inputs[d], d))),
            Eq(output, Sum(v[h] * z[h], h)),
            Eq(delta[h], (output - target) * v[h] * (1 - z[h] ** 2)),
            Eq(L, (output - target) ** 2 / 2),
        ),
        (
            Gradient(v[h], (output - target) * z[h]),
            Gradient(
                W[h, d],
                delta[h] * inputs[d],
                (
                    Wrong((output - target) * v[h] * inputs[d], "The slope of the activation is forgotten."),
                    Wrong(
                        (output - target) * (1 - z[h] ** 2) * inputs[d],
                        "The weight through which the unit is heard is forgotten.",
                    ),
                ),
            ),
            Gradient(inputs[d], Sum(delta[h] * W[h, d], h)),
        ),
        "Where units saturate, $1 - z^2$ is 0 in double precision where the input of tanh is beyond 20, and the gradient with it.",
        uses=("linear-layer", "tanh"),
    )


def three_layer_network() -> Entry:
    """Two hidden layers: each layer's error is the next one's, sent back through its weights."""
    z1, z2, w1, w2, d1, d2 = map(sp.IndexedBase, ("z1", "z2", "W1", "W2", "delta1", "delta2"))
    return Entry(
        "three-layer-network",
        "Network with two hidden layers",
        "One layer more: the errors $\\delta$ are computed from the last layer to the first, each once.",
        "deep mlp multilayer perceptron neural network backpropagation delta rule several layers",
        (
            Eq(z1[h], tanh(Sum(w1[h, d] * inputs[d], d))),
            Eq(z2[k], tanh(Sum(w2[k, h] * z1[h], h))),
            Eq(output, Sum(v[k] * z2[k], k)),
            Eq(d2[k], (output - target) * v[k] * (1 - z2[k] ** 2)),
            Eq(d1[h], (1 - z1[h] ** 2) * Sum(w2[k, h] * d2[k], k)),
            Eq(L, (output - target) ** 2 / 2),
        ),
        (
            Gradient(v[k], (output - target) * z2[k]),
            Gradient(w2[k, h], d2[k] * z1[h]),
            Gradient(
                w1[h, d],
                d1[h] * inputs[d],
                (
                    Wrong(
                        Sum(w2[k, h] * d2[k], k) * inputs[d], "The slope of the first layer's activation is forgotten."
                    ),
                ),
            ),
        ),
        "Each layer multiplies by its slopes and weights: with many layers the product vanishes or explodes.",
        uses=("linear-layer", "tanh"),
        see=("two-layer-network",),
    )


def residual_block() -> Entry:
    """∂L/∂x_d = g_d + Σ_h W_hd (1 − z_h²) Σ_e V_eh g_e."""
    return Entry(
        "residual-block",
        "Residual block",
        "A layer whose input is added to its output: the gradient has a way around the layer.",
        "residual connection skip connection resnet transformer block",
        (
            Eq(z[h], tanh(Sum(W[h, d] * inputs[d], d))),
            Eq(a[d], inputs[d] + Sum(V[d, h] * z[h], h)),
            Eq(L, Sum(g[d] * a[d], d)),
        ),
        (
            Gradient(
                inputs[d],
                g[d] + Sum(W[h, d] * (1 - z[h] ** 2) * Sum(V[e, h] * g[e], e), h),
                (
                    Wrong(
                        Sum(W[h, d] * (1 - z[h] ** 2) * Sum(V[e, h] * g[e], e), h),
                        "The direct way, $g_d$, is forgotten.",
                    ),
                ),
            ),
            Gradient(W[h, d], (1 - z[h] ** 2) * Sum(V[e, h] * g[e], e) * inputs[d]),
            Gradient(V[d, h], g[d] * z[h]),
        ),
        "The direct way carries the gradient through many layers undamped.",
        uses=("linear-layer", "tanh"),
    )


def tied_autoencoder() -> Entry:
    """∂L/∂W_hd has two terms: W is used twice."""
    recon, rest = sp.IndexedBase("f"), sp.IndexedBase("r")
    first, second = rest[d] * z[h], Sum(rest[e] * W[h, e], e) * (1 - z[h] ** 2) * inputs[d]
    at = {H: 1, D: 1, h: 1, d: 1, W: [[1]], inputs: [1]}
    return Entry(
        "tied-autoencoder",
        "Autoencoder with tied weights",
        "Encoder and decoder share $W$; what is used twice gets two terms.",
        "autoencoder tied weights shared parameters reconstruction",
        (
            Eq(z[h], tanh(Sum(W[h, d] * inputs[d], d))),
            Eq(recon[d], Sum(W[h, d] * z[h], h)),
            Eq(rest[d], recon[d] - inputs[d]),
            Eq(L, Sum(rest[d] ** 2, d) / 2),
        ),
        (
            Gradient(
                W[h, d],
                first + second,
                (
                    Wrong(first, "The use in the encoder is forgotten.", at),
                    Wrong(second, "The use in the decoder is forgotten.", at),
                ),
            ),
        ),
        "Safe.",
        uses=("two-layer-network",),
    )


def lora() -> Entry:
    """∂L/∂A_dr = (α/R) Σ_nk X_nd G_nk B_rk, ∂L/∂B_rk = (α/R) Σ_nd A_dr X_nd G_nk."""
    scale = sp.Symbol("alpha", positive=True)
    return Entry(
        "lora",
        "Low-rank adaptation (LoRA)",
        "A frozen layer $W$ with a product of two thin matrices added, scaled by $\\alpha/R$.",
        "lora low rank adapter fine-tuning peft factorised layer",
        (
            Eq(Z[n, r], Sum(X[n, d] * A[d, r], d)),
            Eq(Y[n, k], Sum(X[n, d] * W[d, k], d) + scale / R * Sum(Z[n, r] * B[r, k], r)),
            Eq(L, Sum(G[n, k] * Y[n, k], n, k)),
        ),
        (
            Gradient(
                A[d, r],
                scale / R * Sum(X[n, d] * Sum(G[n, k] * B[r, k], k), n),
                (Wrong(scale / R * Sum(X[n, d] * G[n, k], n, k), "What comes back must pass through $B$."),),
            ),
            Gradient(
                B[r, k],
                scale / R * Sum(Z[n, r] * G[n, k], n),
                (Wrong(Sum(Z[n, r] * G[n, k], n), "The scale $\\alpha/R$ multiplies the gradient too."),),
            ),
        ),
        "$B$ starts at 0, and so the gradient by $A$ is 0 in the first step: that is meant. Multiply from the thin side, never form $AB$.",
        uses=("linear-layer",),
        see=("matrix-factorisation",),
    )


def matrix_factorisation() -> Entry:
    """∂L/∂U_nr = −2 Σ_k M_nk (Y_nk − F_nk) V_kr + 2λ U_nr."""
    rest = M[n, k] * (F[n, k] - Y[n, k])
    return Entry(
        "matrix-factorisation",
        "Matrix factorisation",
        "A table $Y$, known where $M_{nk} = 1$, as a product of two thin matrices, with a penalty on both.",
        "matrix factorization recommender collaborative filtering low rank completion als embeddings",
        (
            Eq(F[n, k], Sum(U[n, r] * V[k, r], r)),
            Eq(
                L,
                Sum(M[n, k] * (Y[n, k] - F[n, k]) ** 2, n, k)
                + lam * (Sum(U[n, r] ** 2, n, r) + Sum(V[k, r] ** 2, k, r)),
            ),
        ),
        (
            Gradient(
                U[n, r],
                2 * Sum(rest * V[k, r], k) + 2 * lam * U[n, r],
                (
                    Wrong(
                        2 * Sum((F[n, k] - Y[n, k]) * V[k, r], k) + 2 * lam * U[n, r],
                        "The mask is forgotten: unknown entries would count as known ones.",
                    ),
                    Wrong(2 * Sum(rest * V[k, r], k) + lam * U[n, r], "The square's 2 belongs to the penalty too."),
                ),
            ),
            Gradient(V[k, r], 2 * Sum(rest * U[n, r], n) + 2 * lam * V[k, r]),
        ),
        "Safe. $U = V = 0$ is a stationary point: start from small random numbers.",
        see=("matrix-least-squares",),
    )


def embedding() -> Entry:
    """∂L/∂E_kd = Σ_n O_nk G_nd: the gradients of the places where token k stands."""
    return Entry(
        "embedding",
        "Embedding",
        "A table with one row per token; $O_{nk}$ is 1 where token $k$ stands at place $n$. In code it is a look-up, and its gradient a scatter-add.",
        "embedding lookup table gather scatter add one hot token word vectors",
        (Eq(Y[n, d], Sum(O[n, k] * E[k, d], k)), Eq(L, Sum(G[n, d] * Y[n, d], n, d))),
        (
            Gradient(
                E[k, d],
                Sum(O[n, k] * G[n, d], n),
                (
                    Wrong(
                        Sum(O[n, k] * G[n, d], n) / Sum(O[n, k], n),
                        "A token that occurs often gets the sum of its gradients, not the mean.",
                    ),
                ),
            ),
        ),
        "Scatter-add in parallel adds in any order: the last digits differ from run to run.",
        uses=("linear-layer",),
    )


def attention() -> Entry:
    """∂L/∂V = PᵀG, and with E = P ∘ (GVᵀ − row sums of P ∘ GVᵀ): ∂L/∂Q = E K/√D, ∂L/∂K = Eᵀ Q/√D."""
    keys, back, flow = map(sp.IndexedBase, ("K", "B", "E"))
    soft = Eq(P[t, u], exp(S[t, u]) / Sum(exp(S[t, o]), o))
    zero, first, pick = [[0, 0], [0, 0]], [[1, 0], [0, 0]], [[1], [0]]
    at = {T: 2, D: 2, H: 1, t: 1, d: 1, Q: zero, keys: first, V: pick, C: zero, G: pick}
    return Entry(
        "attention",
        "Attention",
        "Scaled dot-product attention of queries $Q$, keys $K$ and values $V$, with a mask $C$ that is added (0, or very negative where nothing may be read). $G$ is the gradient by the output.",
        "scaled dot product attention transformer self-attention queries keys values softmax causal mask backward pass flash attention dq dk dv",
        (
            Eq(S[t, u], Sum(Q[t, d] * keys[u, d], d) / sqrt(D) + C[t, u]),
            soft,
            Eq(O[t, h], Sum(P[t, u] * V[u, h], u)),
            Eq(back[t, u], Sum(G[t, h] * V[u, h], h)),
            Eq(flow[t, u], P[t, u] * (back[t, u] - Sum(P[t, o] * back[t, o], o))),
            Eq(L, Sum(G[t, h] * O[t, h], t, h)),
        ),
        (
            Gradient(
                V[u, h],
                Sum(P[t, u] * G[t, h], t),
                (
                    Wrong(
                        Sum(P[u, t] * G[t, h], t),
                        "The transpose is forgotten: a value is read by all positions $t$ that attend to it.",
                    ),
                ),
            ),
            Gradient(
                Q[t, d],
                Sum(flow[t, u] * keys[u, d], u) / sqrt(D),
                (
                    Wrong(Sum(flow[t, u] * keys[u, d], u), "The scale $1/\\sqrt{D}$ is forgotten on the way back.", at),
                    Wrong(
                        Sum(P[t, u] * back[t, u] * keys[u, d], u) / sqrt(D),
                        "The softmax's row mean is not subtracted.",
                    ),
                ),
            ),
            Gradient(keys[u, d], Sum(flow[t, u] * Q[t, d], t) / sqrt(D)),
        ),
        "$\\sum_u P_{tu} B_{tu} = \\sum_h G_{th} O_{th}$, so the row mean needs no second pass over the scores.",
        (
            Stable(
                soft.rhs,
                exp(S[t, u] - M[t]) / Sum(exp(S[t, o] - M[t]), o),
                {T: 2, t: 1, u: 1, S: [[1000, 1001], [0, 0]], M: [1001, 0]},
                OVERFLOW,
                {M: "S.max(axis=1)"},
            ),
        ),
        uses=("softmax-backward", "linear-layer"),
    )


def convolution() -> Entry:
    """∂L/∂w_j = Σ_t g_t x_{t+j−1}."""
    return Entry(
        "convolution",
        "Convolution in one dimension",
        "A kernel of $J$ weights slides over an input of $T + J - 1$ numbers, without padding. (Strictly, a cross-correlation.)",
        "convolution conv1d cross-correlation kernel filter weight sharing cnn",
        (Eq(a[t], Sum(w[j] * inputs[t + j - 1], j) + b), Eq(L, Sum(g[t] * a[t], t))),
        (
            Gradient(
                w[j],
                Sum(g[t] * inputs[t + j - 1], t),
                (Wrong(Sum(g[t] * inputs[t], t), "The shift by the weight's place is forgotten."),),
            ),
            Gradient(b, Sum(g[t], t)),
        ),
        "Safe. The gradient by the input is a convolution with the kernel reversed.",
        see=("linear-layer",),
    )


def dropout() -> Entry:
    """∂L/∂x_d = g_d m_d/(1 − p)."""
    mask = sp.IndexedBase("m")
    return Entry(
        "dropout",
        "Dropout",
        "Each number is kept ($m_d = 1$) or dropped ($m_d = 0$, with probability $p$); what is kept is scaled up.",
        "dropout inverted mask regularisation",
        (Eq(L, Sum(g[d] * inputs[d] * mask[d] / (1 - rate), d)),),
        (
            Gradient(
                inputs[d], g[d] * mask[d] / (1 - rate), (Wrong(g[d] * mask[d], "The scale acts on the way back too."),)
            ),
        ),
        "The mask of the forward pass is used again; a fresh one would be another function's gradient.",
    )
