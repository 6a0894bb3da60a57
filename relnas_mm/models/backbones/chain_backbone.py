"""Chains as MMEngine backbones."""

from collections.abc import Sequence
from typing import Any, Literal

from mmengine.model import BaseModule
from mmengine.registry import MODELS

from relnas_mm.architectures import Chain, load_chain
from relnas_mm.models.backbones.staged import StagedBackbone
from relnas_mm.networks import ChainTrunk


@MODELS.register_module()
class ChainBackbone(StagedBackbone, ChainTrunk, BaseModule):
    """Stem and layers of a chain as a backbone with outputs at several strides.

    Stages end where the channels double: stage 0 has the chain's width (stride 8 with the ImageNet stem), stage 1 twice
    (16), stage 2 four times (32).  Any image size works; outputs have size `ceil(size / stride)`.

    Layers after the last output are set to `requires_grad=False`.

    Args:
        chain: A name of `relnas_mm.list_chains()`, the path of a `chain.json`, or a mapping with `width` and `layers`
            (`load_chain`).
        stem: 'imagenet' (three convolutions, stride 8 before the first layer) or 'cifar' (one of stride 1, as in the
            search).
        out_indices: Outputs in ascending order: stages 0 to 2, preceded by 'stem' for the feature map before the layers
            (stride 4 with the ImageNet stem).
        output_stride: Largest stride, 8, 16 or 32; layers beyond it are dilated instead, with the same weights.
        in_channels: Channels of the images.
        frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages, as in mmdet's ResNet.
        norm_cfg: Config of the normalization layers, as for mmcv's `build_norm_layer`.
        norm_eval: Whether batch normalization stays in evaluation mode during training.
        with_cp: Whether to recompute layers in the backward pass to save memory.
        backend: As for `CellBackbone`.
        pretrained: Path of weights of this architecture, as an older form of `init_cfg`; mm configs set it to None.
        init_cfg: As for any mm backbone; `type='Pretrained'` reports loaded, missing and unexpected keys.

    Attributes:
        out_channels: Channels of each output.
        out_strides: Stride of each output.

    Raises:
        UserError: An argument is out of range.
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
        pretrained: "str | None" = None,
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
            pretrained=pretrained,
            init_cfg=init_cfg,
        )
