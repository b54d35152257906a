"""Gradients to look up: losses, layers and matrix functions as they are used in machine learning.

`GROUPS` is the table of all entries, in the order of the site: each group's module, title and ids.
`softmax-cross-entropy` is made by `gradproof.reference.classification.softmax_cross_entropy()`; `REFERENCE`
gives an entry by its id.  To add one, write its function and put its id into the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradproof.reference.entry import Entry

__all__ = ["GROUPS", "IDS", "REFERENCE", "Entries", "locate"]

_TABLE = (
    ("regression", "Regression losses", """
        mean-squared-error linear-regression weighted-least-squares ridge-regression elastic-net
        mean-absolute-error huber pseudo-huber log-cosh quantile epsilon-insensitive
    """),
    ("likelihoods", "Likelihoods", """
        poisson-regression gamma-regression gaussian-likelihood student-likelihood
    """),
    ("classification", "Classification losses", """
        softmax-cross-entropy sparse-cross-entropy softmax-regression label-smoothing brier-score
    """),
    ("binary", "Losses of two classes", """
        binary-cross-entropy binary-cross-entropy-probabilities weighted-binary-cross-entropy logistic-loss
        hinge squared-hinge exponential-loss focal-loss dice-loss
    """),
    ("softmax", "Softmax and log-sum-exp", """
        softmax softmax-backward log-softmax log-softmax-backward softmax-temperature softmax-two-classes
        log-sum-exp boltzmann-maximum gumbel-softmax
    """),
    ("divergences", "Entropies and divergences", """
        entropy softmax-entropy cross-entropy kl-divergence kl-softmax reverse-kl-softmax jensen-shannon
        distillation gaussian-kl
    """),
    ("preference", "Contrastive and preference losses", """
        info-nce info-nce-embeddings clip triplet contrastive-pair margin-ranking bradley-terry dpo ipo
        policy-gradient ppo
    """),
    ("activations", "Activations", """
        sigmoid log-sigmoid tanh softplus relu leaky-relu elu silu gelu gelu-tanh mish softsign hardtanh
        hard-sigmoid hard-swish squared-relu
    """),
    ("norms", "Means, norms and normalisation", """
        mean variance standard-deviation layer-norm batch-norm rms-norm weight-norm euclidean-norm
        squared-norm one-norm p-norm unit-vector cosine-similarity euclidean-distance
    """),
    ("layers", "Layers and networks", """
        linear-layer two-layer-network three-layer-network residual-block tied-autoencoder attention embedding
        lora matrix-factorisation convolution dropout
    """),
    ("gates", "Gates and recurrent cells", """
        glu swiglu geglu recurrent-network lstm-cell gru-cell
    """),
    ("matrices", "Matrices", """
        quadratic-form symmetric-quadratic-form bilinear-form rayleigh-quotient mahalanobis trace-product
        trace-quadratic matrix-least-squares frobenius-norm orthogonality-penalty log-determinant determinant
        inverse-form gaussian-covariance
    """),
    ("curvature", "Second derivatives", """
        least-squares-hessian logistic-hessian logistic-hessian-vector poisson-hessian log-sum-exp-hessian
        softmax-cross-entropy-hessian softmax-hessian-vector softmax-regression-hessian gauss-newton
    """),
)  # fmt: skip

#: group, which is its module -> its title and the ids of its entries
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    module: (title, tuple(ids.split())) for module, title, ids in _TABLE
}

#: id -> the group that the entry belongs to
IDS: Mapping[str, str] = {identity: group for group, (_, ids) in GROUPS.items() for identity in ids}


def locate(identity: str) -> tuple[str, str]:
    """The module and the function that make the entry `identity`.

    Raises KeyError, listing the known ids, for any other.

    >>> locate("softmax-cross-entropy")
    ('classification', 'softmax_cross_entropy')
    """
    if identity not in IDS:
        raise KeyError(f"no entry has the id {identity!r}; known are {', '.join(IDS)}")
    return IDS[identity], identity.replace("-", "_")


class Entries(Mapping[str, "Entry"]):
    """Every entry by its id, in the order of the site; each is made when it is asked for."""

    def __getitem__(self, identity: str) -> Entry:
        module, function = locate(identity)
        made: Entry = getattr(import_module(f"gradproof.reference.{module}"), function)()
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(IDS)

    def __len__(self) -> int:
        return len(IDS)


REFERENCE = Entries()
