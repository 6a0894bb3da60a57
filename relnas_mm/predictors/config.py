"""How a predictor is built and trained."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.predictors.encodings import KINDS, Encoding
from relnas_mm.predictors.networks import Ensemble, LeNetRanker

NETWORKS = ("lenet", "ensemble")
LOSSES = ("pairwise", "mse")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class PredictorConfig:
    """Settings of a predictor; the defaults are those of ReNAS' released code.

    That code also repeats each gradient step once at the start of the next epoch; here each gradient is used once.

    Args:
        encoding: Kind of the encoding, 'tensor' or 'flow'.
        network: 'lenet' (for tensors) or 'ensemble' (of perceptrons, for vectors).
        loss: 'pairwise' or 'mse'.
        consistency: Weight of a third term on the features (`consistency_loss`), ours; for 'lenet' only.
        epochs: Passes over the samples.
        most_steps: At most so many steps of the optimizer, fewer passes if need be; 0 sets no limit.
        batch_size: Samples of a step.
        lr: Learning rate.
        weight_decay: Decoupled weight decay.
        schedule: 'constant', or 'cosine' to 0.
        keep_best: Keep the weights of the epoch whose outputs while training had the highest Kendall's tau.
        members: Perceptrons of an ensemble.
        hidden: Their width.

    Raises:
        UserError: A value is out of range, or network and encoding do not fit.
    """

    encoding: str = "tensor"
    network: str = "lenet"
    loss: str = "pairwise"
    consistency: float = 0.0
    epochs: int = 200
    most_steps: int = 0
    batch_size: int = 1024
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    keep_best: bool = True
    members: int = 1
    hidden: int = 128

    def __post_init__(self) -> None:
        choices = {"encoding": KINDS, "network": NETWORKS, "loss": LOSSES, "schedule": SCHEDULES}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise UserError(
                    f"{name} of the predictor is {getattr(self, name)!r}; allowed are {', '.join(map(repr, allowed))}"
                )
        for name in ("epochs", "members", "hidden"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} of the predictor is {getattr(self, name)!r}; it must be at least 1")
        if self.batch_size < 2:
            raise UserError(f"batch_size of the predictor is {self.batch_size!r}; pairs need at least 2")
        if (self.encoding == "tensor") != (self.network == "lenet"):
            raise UserError(
                f"the predictor's network {self.network!r} does not fit the encoding {self.encoding!r}; "
                "'lenet' takes 'tensor' and 'ensemble' takes 'flow'"
            )
        if self.consistency < 0 or (self.consistency and self.network != "lenet"):
            raise UserError(
                f"consistency of the predictor is {self.consistency!r} with network {self.network!r}; it must be at "
                "least 0, and 0 but for 'lenet'"
            )

    def build(self, encoding: Encoding) -> nn.Module:
        """The network for an encoding, with PyTorch's random state."""
        if self.network == "lenet":
            return LeNetRanker(encoding.shape)
        return Ensemble(encoding.views or encoding.shape, self.members, self.hidden)


PREDICTOR_CONFIGS = {
    "reference": PredictorConfig(),
    "reference-mse": PredictorConfig(loss="mse"),
    "consistent": PredictorConfig(consistency=0.5),
    "improved": PredictorConfig(
        encoding="flow",
        network="ensemble",
        epochs=200,
        most_steps=600,
        batch_size=128,
        lr=5e-3,
        weight_decay=0.3,
        schedule="cosine",
        keep_best=False,
        members=6,
    ),
}
"""By name: the released settings, the same with the mean squared error, with a third term of ours, and our own."""


def predictor_config(setting: "str | dict[str, Any] | PredictorConfig") -> PredictorConfig:
    """A config by name, or by its fields, of which `base` may name the config that they change.

    Raises:
        UserError: There is no such config, field or value.
    """
    if isinstance(setting, PredictorConfig):
        return setting
    fields = {"base": setting} if isinstance(setting, str) else dict(setting)
    base = fields.pop("base", "reference")
    if base not in PREDICTOR_CONFIGS:
        raise UserError(f"the predictor's config is {base!r}; known are {', '.join(map(repr, PREDICTOR_CONFIGS))}")
    known = PredictorConfig.__dataclass_fields__
    if unknown := sorted(set(fields) - set(known)):
        raise UserError(f"the predictor's config does not take {unknown}; it takes {sorted(known)}")
    return PredictorConfig(**{**vars(PREDICTOR_CONFIGS[base]), **fields})
