"""What backbones of three stages have in common: which maps they give, and what of them is frozen."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.cells.operations import Norm
from relnas_mm.compat import require
from relnas_mm.errors import UserError
from relnas_mm.models.pretrained import LoadsPretrained

STEM = "stem"
NUM_STAGES = 3


class StagedBackbone(LoadsPretrained, nn.Module):
    """Stem and three stages, for mm modules, which name their parts in `_body` and call `_set_stages` once built.

    Attributes:
        out_indices: Which maps are given: stages 0 to 2, and 'stem' for the map before the first stage.
        out_channels: Channels of each of them.
        out_strides: Stride of each of them.
    """

    def _set_stages(
        self,
        out_indices: "Sequence[int | str]",
        maps: "dict[int | str, tuple[int, int]]",
        ends: Sequence[int],
        frozen_stages: int,
        norm_eval: bool,
    ) -> None:
        """Keeps the choices, and freezes what they say.

        Args:
            out_indices: Which maps to give.
            maps: Channels and stride of each that there is.
            ends: The last part of the body of each stage.
            frozen_stages: -1 freezes nothing, 0 the stem, n the stem and the first n stages.
            norm_eval: Whether batch normalization stays in evaluation mode.
        """
        self.out_indices, self._stage_ends = tuple(out_indices), tuple(ends)
        self.frozen_stages, self.norm_eval = frozen_stages, norm_eval
        self.out_channels: tuple[int, ...] = tuple(maps[index][0] for index in self.out_indices)
        self.out_strides: tuple[int, ...] = tuple(maps[index][1] for index in self.out_indices)
        self._freeze()

    def train(self, mode: bool = True) -> "StagedBackbone":
        """Switches to training; what is frozen, and batch normalization with `norm_eval`, stays in evaluation mode."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze(self) -> None:
        for module in self._frozen_modules():
            module.eval()
            module.requires_grad_(False)

    @property
    def _body(self) -> nn.ModuleList:
        """The cells or layers that make up the stages."""
        raise NotImplementedError

    def _wanted_parts(self) -> list[int]:
        """Parts of the body whose outputs are maps."""
        return [self._stage_ends[index] for index in self.out_indices if isinstance(index, int)]

    def _chosen_maps(self, stem_map: Tensor, outputs: Iterable[Tensor]) -> tuple[Tensor, ...]:
        """The maps to give; of the body's outputs no more are computed than these need."""
        maps = [stem_map] if STEM in self.out_indices else []
        wanted = self._wanted_parts()
        for index, output in enumerate(outputs) if wanted else ():
            if index in wanted:
                maps.append(output)
            if index == wanted[-1]:
                break
        return tuple(maps)

    def _frozen_modules(self) -> list[nn.Module]:
        """The stem and the stages that are frozen."""
        if self.frozen_stages < 0:
            return []
        stem = [self.stem] if self.stem_kind == "cifar" else [self.stem0, self.stem1]
        last = self._stage_ends[self.frozen_stages - 1] if self.frozen_stages else -1
        return [*stem, *self._body[: last + 1]]  # type: ignore[list-item]


def check_stages(out_indices: Sequence[Any], frozen_stages: int) -> None:
    """Makes sure that the stages which a config names are there.

    Raises:
        UserError: They are not, or not in ascending order.
    """
    order = (STEM, *range(NUM_STAGES))
    known = isinstance(out_indices, (list, tuple)) and all(index in order for index in out_indices)
    if not known or not out_indices or list(out_indices) != [index for index in order if index in out_indices]:
        raise UserError(
            f"out_indices is {out_indices!r}; it must list, in ascending order and once, one or more of {order}"
        )
    if frozen_stages not in range(-1, NUM_STAGES + 1):
        raise UserError(f"frozen_stages is {frozen_stages!r}; it must be one of {list(range(-1, NUM_STAGES + 1))}")


def norm_of(norm_cfg: "dict[str, Any] | None") -> Norm:
    """Makes the normalization layers of a config; trained batch normalization if there is none."""
    require("mmcv", "backbones")
    from mmcv.cnn import build_norm_layer

    config = norm_cfg or {"type": "BN", "requires_grad": True}
    return lambda channels: build_norm_layer(config, channels)[1]
