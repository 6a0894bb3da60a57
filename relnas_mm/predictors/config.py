"""Settings of predictors."""

import math
from dataclasses import dataclass
from typing import Any

from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.predictors.encodings import KINDS, Encoding
from relnas_mm.predictors.networks import Ensemble, LeNetRanker

NETWORKS = ("lenet", "ensemble")
LOSSES = ("pairwise", "mse")
SCHEDULES = ("constant", "cosine")
MOST = {
    "epochs": 1_000_000,
    "most_steps": 1_000_000_000,
    "batch_size": 1_000_000,
    "members": 1000,
    "hidden": 65_536,
}
"""Largest values of the integers."""


@dataclass(frozen=True)
class PredictorConfig:
    """Settings of a predictor; the defaults are those of ReNAS' reference implementation.

    The reference implementation also repeats the last gradient step of an epoch at the start of the next; this one does
    not.

    Args:
        encoding: Kind of the encoding, 'tensor' or 'flow'.
        network: 'lenet' (for tensors) or 'ensemble' (of MLPs, for vectors).
        loss: 'pairwise' or 'mse'.
        consistency: Weight of an additional loss on the features (`consistency_loss`); for 'lenet' only.
        epochs: Number of epochs.
        most_steps: Maximum number of optimizer steps, which can shorten the epochs; 0 for no limit.
        batch_size: Samples per step.
        lr: Learning rate.
        weight_decay: Decoupled weight decay.
        schedule: Learning-rate schedule: 'constant', or 'cosine' to 0.
        keep_best: Whether to keep the weights of the epoch with the highest Kendall's tau on the training outputs.
        members: Number of MLPs in an ensemble.
        hidden: Hidden width of each MLP.

    Raises:
        UserError: A value is out of range, or network and encoding do not match.
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
        for name, most in MOST.items():
            least, value = int(name != "most_steps"), getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise UserError(f"{name} of the predictor is {value!r}; it must be an integer from {least} to {most}")
        for name in ("lr", "weight_decay", "consistency"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise UserError(f"{name} of the predictor is {value!r}; it must be a number")
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
        """Builds the network for an encoding, initialized by PyTorch's default generator.

        Raises:
            UserError: The encoding is of another kind.
        """
        if (len(encoding.shape) == 3) != (self.encoding == "tensor"):
            raise UserError(
                f"the predictor's config is for an encoding of kind {self.encoding!r}; {encoding.name!r} has the shape "
                f"{encoding.shape}"
            )
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
"""Configs by name: the reference implementation, with MSE loss, with the consistency loss, and our improved one."""


def predictor_config(setting: "str | dict[str, Any] | PredictorConfig") -> PredictorConfig:
    """Looks a config up by name, or builds it from fields, of which `base` names the config that they override.

    Raises:
        UserError: A name, field or value is invalid.
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
