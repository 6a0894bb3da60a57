"""Base class of backbones with three stages: outputs, freezing and unused parameters."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.compat import require
from relnas_mm.errors import UserError
from relnas_mm.models.pretrained import LoadsPretrained
from relnas_mm.networks import Norm
from relnas_mm.networks.trunk import STEM, STEM_OUTPUT, Trunk

NUM_STAGES = 3

OTHER_NETWORKS = ("torchvision://", "open-mmlab://", "openmmlab://", "mmcls://", "modelzoo://", "pycls://")
"""Prefixes under which mm configs name weights of other networks."""


class StagedBackbone(LoadsPretrained, Trunk):
    """Stem and three stages as an mm backbone; precedes a `Trunk` in the method resolution order.

    Modules on which no output depends are set to `requires_grad=False`, as distributed training would wait for their
    gradients.

    Args:
        *args: For the trunk.
        out_indices: Outputs: stages 0 to 2, and 'stem' for the feature map before the first stage.
        frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages.
        norm_cfg: Config of the normalization layers, as for mmcv's `build_norm_layer`.
        norm_eval: Whether batch normalization stays in evaluation mode.
        pretrained: Weights to start from, as an older form of `init_cfg`.
        init_cfg: As for any mm backbone.
        **kwargs: For the trunk.

    Attributes:
        out_channels: Channels of each output.
        out_strides: Stride of each output.

    Raises:
        UserError: A stage does not exist, `out_indices` is not in ascending order, or `pretrained` is of another
            network or stands beside `init_cfg`.
    """

    def __init__(
        self,
        *args: Any,
        out_indices: "Sequence[int | str]",
        frozen_stages: int,
        norm_cfg: "dict[str, Any] | None",
        norm_eval: bool,
        pretrained: "str | None",
        init_cfg: Any,
        **kwargs: Any,
    ):
        _check_stages(out_indices, frozen_stages)
        init_cfg = _initialization(pretrained, init_cfg)
        super().__init__(*args, norm=_norm_of(norm_cfg), init_cfg=init_cfg, **kwargs)
        self.out_indices, self.frozen_stages, self.norm_eval = tuple(out_indices), frozen_stages, norm_eval
        info = [self.feature_info[index] for index in self.out_indices]
        self.out_channels = tuple(feature.channels for feature in info)
        self.out_strides = tuple(feature.stride for feature in info)
        self._freeze()
        for module in self.unused_modules(self.used_outputs()):
            module.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Computes the outputs, and nothing beyond the last of them.

        Args:
            x: Images, (n, c, h, w).

        Returns:
            One feature map for each of `out_indices`, (n, out_channels[i], ceil(h / out_strides[i]), …).
        """
        s0, s1 = self.forward_stem(x)
        used = self.used_outputs()
        outputs = [s0] if STEM_OUTPUT in used else []
        if used[-1] == STEM_OUTPUT:
            return tuple(outputs)
        for index, output in enumerate(self.forward_body(s0, s1)):
            if index in used:
                outputs.append(output)
            if index == used[-1]:
                break
        return tuple(outputs)

    def used_outputs(self) -> list[int]:
        """Indices of the body's parts that produce the outputs, or `STEM_OUTPUT`."""
        return [self.stage_ends[index] if isinstance(index, int) else STEM_OUTPUT for index in self.out_indices]

    def train(self, mode: bool = True) -> "StagedBackbone":
        """Sets the training mode, except for frozen stages and, with `norm_eval`, batch normalization."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze(self) -> None:
        if self.frozen_stages < 0:
            return
        last = self.stage_ends[self.frozen_stages - 1] if self.frozen_stages else -1
        for module in [*self.stems, *self.body[: last + 1]]:
            module.eval()
            module.requires_grad_(False)


def _check_stages(out_indices: Sequence[Any], frozen_stages: int) -> None:
    order = (STEM, *range(NUM_STAGES))
    known = isinstance(out_indices, (list, tuple)) and all(index in order for index in out_indices)
    if not known or not out_indices or list(out_indices) != [index for index in order if index in out_indices]:
        raise UserError(
            f"out_indices is {out_indices!r}; it must list, in ascending order and once, one or more of {order}"
        )
    if frozen_stages not in range(-1, NUM_STAGES + 1):
        raise UserError(f"frozen_stages is {frozen_stages!r}; it must be one of {list(range(-1, NUM_STAGES + 1))}")


def _initialization(pretrained: Any, init_cfg: Any) -> Any:
    """The `init_cfg` that `pretrained` stands for."""
    if pretrained is None:
        return init_cfg
    if init_cfg is not None:
        raise UserError(f"both pretrained={pretrained!r} and init_cfg={init_cfg!r} are given; a backbone takes one")
    if not isinstance(pretrained, str) or pretrained.startswith(OTHER_NETWORKS):
        raise UserError(
            f"pretrained is {pretrained!r}, the weights of another network; name a checkpoint of this architecture, "
            "or set pretrained=None"
        )
    return {"type": "Pretrained", "checkpoint": pretrained}


def _norm_of(norm_cfg: "dict[str, Any] | None") -> Norm:
    """Returns a builder of normalization layers; by default trainable batch normalization."""
    require("mmcv", "backbones")
    from mmcv.cnn import build_norm_layer

    config = norm_cfg or {"type": "BN", "requires_grad": True}
    return lambda channels: build_norm_layer(config, channels)[1]
