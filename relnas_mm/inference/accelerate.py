"""Accelerates the backbone of a trained model for inference."""

from typing import Literal

import torch
from mmengine.logging import print_log
from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.inference.fuse import fuse_backbone
from relnas_mm.inference.onnx_backbone import OnnxBackbone
from relnas_mm.inference.pad import PaddedBackbone, can_be_padded
from relnas_mm.models import CellBackbone

Runtime = Literal["torch", "onnx"]
RUNTIMES = ("torch", "onnx")


def accelerate(model: nn.Module, runtime: Runtime = "torch") -> nn.Module:
    """Replaces every `CellBackbone` of a model by a faster one, whose feature maps differ by rounding only.

    Args:
        model: Any mm model with its final weights, such as `init_detector` returns, or a backbone.  A model is changed
            in place, and is for inference only afterwards: it can neither be trained nor load a checkpoint.
        runtime: 'torch' fuses batch normalization into convolutions and converts the model to channels-last, on any
            device; 'onnx' in addition runs the backbone by onnxruntime, with channels padded to multiples of 16, on
            CPUs.

    Returns:
        The model, in evaluation mode.

    Raises:
        UserError: The model has no `CellBackbone`, the runtime is unknown, or 'onnx' lacks its packages or the model is
            on a GPU.
    """
    if runtime not in RUNTIMES:
        raise UserError(f"runtime is {runtime!r}; it must be one of {RUNTIMES}")
    found = {path: module for path, module in model.named_modules() if isinstance(module, CellBackbone)}
    if not found:
        raise UserError(
            f"accelerate() found no CellBackbone in {type(model).__name__}; it makes no other backbone faster"
        )
    for path, backbone in found.items():
        fast = _faster(backbone, runtime)
        if path:
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, fast)
        else:
            model = fast
    print_log(f"the backbone is for inference only now: fused, runtime {runtime!r}", logger="current")
    return model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _faster(backbone: CellBackbone, runtime: Runtime) -> nn.Module:
    fast = fuse_backbone(backbone)
    if runtime == "torch":
        return fast
    device = next(backbone.parameters()).device
    if device.type != "cpu":
        raise UserError(f"runtime is 'onnx', but the model is on {device}; onnxruntime is used on CPUs only")
    return OnnxBackbone(PaddedBackbone(fast) if can_be_padded(fast) else fast)
