"""Multi-scale deformable attention on CUDA, by the same code as mmcv's on the CPU."""

import torch
from torch import Tensor

from relnas_mm.compat.ops.precision import refuse_if_deterministic

__all__ = ["ms_deform_attn_backward", "ms_deform_attn_forward"]


def ms_deform_attn_forward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    im2col_step: int,
) -> Tensor:
    """Returns (batch, queries, heads * width).  Levels must follow each other, as in mmdet and mmpose."""
    with torch.no_grad():
        out = _attend(value, value_spatial_shapes, sampling_locations, attention_weights)
    return out.to(value.dtype)


def ms_deform_attn_backward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Gradients by autograd through the recomputed forward pass."""
    refuse_if_deterministic("Deformable attention", grad_output)
    with torch.enable_grad():
        leaves = [t.detach().requires_grad_() for t in (value, sampling_locations, attention_weights)]
        out = _attend(leaves[0], value_spatial_shapes, leaves[1], leaves[2])
        grads = torch.autograd.grad(out, leaves, grad_output.to(out.dtype))
    for target, grad in zip((grad_value, grad_sampling_loc, grad_attn_weight), grads):
        target.copy_(grad)


def _attend(value: Tensor, shapes: Tensor, locations: Tensor, weights: Tensor) -> Tensor:
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch

    return multi_scale_deformable_attn_pytorch(value, shapes.tolist(), locations, weights)  # type: ignore[arg-type]
