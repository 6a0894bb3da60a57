"""A genotype as an MMEngine backbone."""

from collections.abc import Sequence
from typing import Any, Literal

from mmengine.model import BaseModule
from mmengine.registry import MODELS

from relnas_mm.architectures import Genotype, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.models.backbones.staged import StagedBackbone
from relnas_mm.networks import CellTrunk


@MODELS.register_module()
class CellBackbone(StagedBackbone, CellTrunk, BaseModule):
    """Stem and cells of a genotype as a backbone that gives feature maps at several strides.

    Stage 0 ends before the first reduction (stride 8 with the ImageNet stem), stage 1 before the second (16),
    stage 2 is the rest (32).  Any image size works; sides are `ceil(side / stride)`.  State-dict keys are those
    of the original release, so that its checkpoints load without the classifier.

    Parameters that no chosen map depends on (RelativeNAS' reduction cells never read node 0; cells after the last
    map) are set to `requires_grad=False`: they could never get a gradient, and distributed training would wait for it.

    Args:
        genotype: A name of the zoo, the path of a JSON file, or a mapping (`load_genotype`).
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth, at least 3.
        stem: 'imagenet' (stride 8 before the first cell) or 'cifar' (stride 1).
        out_indices: Which maps to give, in ascending order: stages 0 to 2, and 'stem' for the map before the cells
            (stride 4 with the ImageNet stem), which counts as the lowest.
        output_stride: Largest stride, 8, 16 or 32; reductions beyond it dilate instead, weights stay valid.
        drop_path_rate: Probability, 0 <= rate < 1, of leaving out an operation in training.
        frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages; as in mmdet's ResNet.
        norm_cfg: Normalization layer, as mmcv's `build_norm_layer` takes it.
        norm_eval: Keep batch normalization in evaluation mode while training.
        with_cp: Recompute cells in the backward pass to save memory.
        backend: Who computes: 'auto' is the fastest PyTorch on any device, 'reference' adds in the order of the
            reference implementation, 'triton' uses kernels of our own on CUDA.
        init_cfg: As in any mm backbone; for `type='Pretrained'` loaded, missing and unexpected keys are reported.

    Attributes:
        out_channels: Channels of each map given, in the order of `out_indices`.
        out_strides: Stride of each map given.

    Raises:
        UserError: An argument is out of its range.
    """

    def __init__(
        self,
        genotype: "str | dict[str, Any] | Genotype" = "relativenas",
        init_channels: int = 46,
        num_cells: int = 14,
        stem: Literal["imagenet", "cifar"] = "imagenet",
        out_indices: "Sequence[int | Literal['stem']]" = (0, 1, 2),
        output_stride: int = 32,
        drop_path_rate: float = 0.0,
        frozen_stages: int = -1,
        norm_cfg: dict[str, Any] | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        backend: str = "auto",
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        if not 0.0 <= drop_path_rate < 1.0:
            raise UserError(f"drop_path_rate is {drop_path_rate!r}; it must be at least 0 and below 1")
        super().__init__(
            load_genotype(genotype),
            init_channels,
            num_cells,
            stem,
            output_stride,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            with_cp=with_cp,
            backend=backend,
            init_cfg=init_cfg,
        )
        self.drop_path_rate = drop_path_rate
