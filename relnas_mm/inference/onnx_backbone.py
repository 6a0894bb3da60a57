"""Backbones run by onnxruntime."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from relnas_mm.analysis.export import export
from relnas_mm.analysis.network import Network
from relnas_mm.analysis.parity import INPUT
from relnas_mm.errors import UserError
from relnas_mm.onnx_export import require_packages

TRACED = (128, 128)


class OnnxBackbone(nn.Module):
    """Runs a backbone by onnxruntime on the CPU, for any batch and image size.

    It has no parameters, and uses as many threads as torch has at construction.

    Args:
        backbone: A backbone in evaluation mode, on the CPU.

    Raises:
        UserError: A package is missing, or torch cannot export the backbone.
    """

    def __init__(self, backbone: nn.Module):
        super().__init__()
        require_packages()
        import onnxruntime

        model: Any = nn.Module()
        model.backbone = backbone
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "backbone.onnx")
            export(Network(model.eval(), "backbone"), path, TRACED, dynamic_batch=True, dynamic_size=True)
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.eval()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of images, (n, 3, h, w), on the CPU.

        Raises:
            UserError: The module is in training mode.
        """
        if self.training:
            raise UserError("a backbone of onnxruntime only infers; train the model before accelerate()")
        outputs = self.session.run(None, {INPUT: x.detach().contiguous().float().numpy()})
        return tuple(map(torch.from_numpy, outputs))
