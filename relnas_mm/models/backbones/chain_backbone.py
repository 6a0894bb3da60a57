"""A chain network as an MMEngine backbone."""

from collections.abc import Sequence
from typing import Any, Literal

from mmengine.model import BaseModule
from mmengine.registry import MODELS

from relnas_mm.architectures import Chain, load_chain
from relnas_mm.models.backbones.staged import StagedBackbone
from relnas_mm.networks import ChainTrunk


@MODELS.register_module()
class ChainBackbone(StagedBackbone, ChainTrunk, BaseModule):
    """Stem and layers of a chain, as the global search finds them, giving feature maps at several strides.

    Stages end where the channels double: stage 0 has the chain's width (stride 8 with the ImageNet stem), stage 1 twice
    (16), stage 2 four times (32).  Any image size works; sides are `ceil(side / stride)`.

    Layers after the last map are set to `requires_grad=False`: they could never get a gradient.

    Args:
        chain: A name of `relnas_mm.list_chains()`, the path of the `chain.json` that a search wrote, or a mapping
            with `width` and `layers` (`load_chain`).
        stem: 'imagenet' (three convolutions, stride 8 before the first layer) or 'cifar' (one, stride 1, as searched).
        out_indices: Which maps to give, in ascending order: stages 0 to 2, and 'stem' for the map before the layers
            (stride 4 with the ImageNet stem), which counts as the lowest.
        output_stride: Largest stride, 8, 16 or 32; layers beyond it dilate instead, weights stay valid.
        in_channels: Channels of the images.
        frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages; as in mmdet's ResNet.
        norm_cfg: Normalization layer, as mmcv's `build_norm_layer` takes it.
        norm_eval: Keep batch normalization in evaluation mode while training.
        with_cp: Recompute layers in the backward pass to save memory.
        backend: Who computes, as in `CellBackbone`.
        init_cfg: As in any mm backbone; for `type='Pretrained'` loaded, missing and unexpected keys are reported.

    Attributes:
        out_channels: Channels of each map given, in the order of `out_indices`.
        out_strides: Stride of each map given.

    Raises:
        UserError: An argument is out of its range.
    """

    def __init__(
        self,
        chain: "str | dict[str, Any] | Chain" = "macro_micro_cifar10_t",
        stem: Literal["imagenet", "cifar"] = "imagenet",
        out_indices: "Sequence[int | Literal['stem']]" = (0, 1, 2),
        output_stride: int = 32,
        in_channels: int = 3,
        frozen_stages: int = -1,
        norm_cfg: dict[str, Any] | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        backend: str = "auto",
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        super().__init__(
            load_chain(chain),
            stem,
            output_stride,
            in_channels,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            with_cp=with_cp,
            backend=backend,
            init_cfg=init_cfg,
        )
