"""Genotypes as MMEngine backbones."""

from collections.abc import Sequence
from typing import Any, Literal

from mmengine.model import BaseModule
from mmengine.registry import MODELS

from relnas_mm.architectures import Genotype, load_genotype
from relnas_mm.architectures.genotype import backbone_size
from relnas_mm.errors import UserError
from relnas_mm.models.backbones.staged import StagedBackbone
from relnas_mm.networks import CellTrunk


@MODELS.register_module()
class CellBackbone(StagedBackbone, CellTrunk, BaseModule):
    """Stem and cells of a genotype as a backbone with outputs at several strides.

    Stage 0 ends before the first reduction (stride 8 with the ImageNet stem), stage 1 before the second (16), stage 2
    with the last cell (32).  Any image size works; outputs have size `ceil(size / stride)`.  State-dict keys are those
    of the reference implementation, so its checkpoints load.

    Parameters on which no output depends (preprocessing of a node that is never read, cells after the last output) are
    set to `requires_grad=False`, as distributed training would wait for their gradients.

    Args:
        genotype: A name of the zoo, the path of a file, a mapping, or `Genotype(…)` as DARTS prints it
            (`load_genotype`).
        init_channels: Channels of the nodes of the first cell; `None` for those of the genotype, or 46 if it sets none.
        num_cells: Depth, at least 3; `None` for that of the genotype, or 14 if it sets none.
        stem: 'imagenet' (stride 8 before the first cell) or 'cifar' (stride 1).
        out_indices: Outputs in ascending order: stages 0 to 2, preceded by 'stem' for the feature map before the cells
            (stride 4 with the ImageNet stem).
        output_stride: Largest stride, 8, 16 or 32; reductions beyond it are dilated instead, with the same weights.
        drop_path_rate: Probability of drop path in training, 0 <= rate < 1.
        frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages, as in mmdet's ResNet.
        norm_cfg: Config of the normalization layers, as for mmcv's `build_norm_layer`.
        norm_eval: Whether batch normalization stays in evaluation mode during training.
        with_cp: Whether to recompute cells in the backward pass to save memory.
        backend: 'auto' is the fastest PyTorch on any device, 'reference' is bit-identical to the reference
            implementation, 'triton' uses Triton kernels on CUDA.
        pretrained: Path of weights of this architecture, as an older form of `init_cfg`; mm configs set it to None.
        init_cfg: As for any mm backbone; `type='Pretrained'` reports loaded, missing and unexpected keys.

    Attributes:
        out_channels: Channels of each output.
        out_strides: Stride of each output.

    Raises:
        UserError: An argument is out of range, or the genotype sets another size.
    """

    def __init__(
        self,
        genotype: "str | dict[str, Any] | Genotype" = "relativenas",
        init_channels: int | None = None,
        num_cells: int | None = None,
        stem: Literal["imagenet", "cifar"] = "imagenet",
        out_indices: "Sequence[int | Literal['stem']]" = (0, 1, 2),
        output_stride: int = 32,
        drop_path_rate: float = 0.0,
        frozen_stages: int = -1,
        norm_cfg: dict[str, Any] | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        backend: str = "auto",
        pretrained: "str | None" = None,
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        if not 0.0 <= drop_path_rate < 1.0:
            raise UserError(f"drop_path_rate is {drop_path_rate!r}; it must be at least 0 and below 1")
        cells = load_genotype(genotype)
        channels, depth = backbone_size(cells, init_channels, num_cells)
        super().__init__(
            cells,
            channels,
            depth,
            stem,
            output_stride,
            reductions=cells.reductions,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            with_cp=with_cp,
            backend=backend,
            pretrained=pretrained,
            init_cfg=init_cfg,
        )
        self.drop_path_rate = drop_path_rate
